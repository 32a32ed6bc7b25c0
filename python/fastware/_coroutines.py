"""Functions that return another's coroutine instead of awaiting it, and are coroutine functions all the same."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, cast

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def returns_coroutine(function: FunctionT) -> FunctionT:
    """Mark *function* as what ``inspect.iscoroutinefunction`` and servers are to take for an ``async def``.

    Awaiting in it would make a second coroutine around the first, which every await then goes through. From 3.12 on,
    ``functools.wraps`` copies the mark to what wraps the function.
    """
    if sys.version_info >= (3, 12):
        inspect.markcoroutinefunction(function)
    elif sys.implementation.name == "cpython":
        # An instruction of the code makes a coroutine there; the flag only says so to who asks.
        plain = cast(FunctionType, function)
        plain.__code__ = plain.__code__.replace(co_flags=plain.__code__.co_flags | inspect.CO_COROUTINE)
    return function
