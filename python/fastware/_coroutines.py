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

    Awaiting in it would make a second coroutine around the first, which every await then goes through.
    """
    if sys.implementation.name == "cpython":
        # An instruction of the code makes a coroutine there, the flag only says so to who asks. The mark below would be
        # copied by functools.wraps, to functions that return something else.
        plain = cast(FunctionType, function)
        plain.__code__ = plain.__code__.replace(co_flags=plain.__code__.co_flags | inspect.CO_COROUTINE)
    elif sys.version_info >= (3, 12):
        inspect.markcoroutinefunction(function)
    return function
