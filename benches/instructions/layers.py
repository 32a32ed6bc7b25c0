"""What is counted apart: each engine by itself, and the public API on the Rust engine."""

import importlib
import importlib.util

from benches.instructions import engine_jobs, public_jobs

RUST_EXTENSION = "fastware._engine._rust"

LAYERS = {
    "rust engine": lambda: engine_jobs.jobs(importlib.import_module(RUST_EXTENSION)),
    "python engine": lambda: engine_jobs.jobs(importlib.import_module("fastware._engine.pure")),
    "public API, rust": public_jobs.jobs,
}
"""The jobs of each layer, by its name."""


def is_rust_installed():
    return importlib.util.find_spec(RUST_EXTENSION) is not None


def installed():
    """The names of the layers of this installation."""
    return [name for name in LAYERS if is_rust_installed() or "rust" not in name]
