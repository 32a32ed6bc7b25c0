"""The names of functions in error messages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def name_of(function: Callable[..., Any]) -> str:
    """Return the qualified name of *function*, or of its class if it is a callable object.

    The ``repr`` is never used: that of a ``functools.partial`` or a dataclass shows its values, which may be secrets.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__qualname__", type(function).__qualname__))
