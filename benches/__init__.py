"""Benchmarks of the hot paths, one file each: ``python -m pytest benches``. README.md says how to read them."""

import checks  # noqa: F401 - it puts the folder of shared helpers on the path
