"""The names of the contenders that stand in several tables."""

from collections.abc import Callable
from functools import partial
from typing import Any

RUST = "fastware (Rust)"
PYTHON = "fastware (Python)"
BY_HAND = "by hand"
STARLETTE = "Starlette"

OURS = frozenset((RUST, PYTHON))


def on_both_engines(contender: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """*contender* twice: its first argument is the name of the engine."""
    return {RUST: partial(contender, "rust"), PYTHON: partial(contender, "python")}
