"""Benchmarks of the hot paths, one file each: ``python -m pytest benches``. README.md says how to read them."""

import checks  # noqa: F401 - adds the folder of shared helpers to the path
