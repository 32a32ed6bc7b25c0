"""Benchmarks of the hot paths, one file each. README.md says how to run and read them."""
