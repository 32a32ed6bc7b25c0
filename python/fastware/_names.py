"""What to call a function in an error."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def name_of(function: Callable[..., Any]) -> str:
    """The name of *function*, or of the kind of callable that it is.

    Never its ``repr``: that of a ``functools.partial`` or of a dataclass shows what it holds, a secret for example.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__qualname__", type(function).__qualname__))
