"""How errors name a function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def name_of(function: Callable[..., Any]) -> str:
    """Return the qualified name of *function*, or of its class where it is a callable object.

    Never its ``repr``: that of a ``functools.partial`` or a dataclass shows the values inside, which may be secrets.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__qualname__", type(function).__qualname__))
