"""What a decorator of handlers may be applied to."""

from __future__ import annotations

import functools
import inspect
import sys
from types import CodeType
from typing import Any

from fastware._internal.coroutines import is_generator_function
from fastware._internal.framework_dependency import Dependency
from fastware._internal.names import name_of
from fastware._internal.routed_handlers import is_routed, route_classes
from fastware._internal.signatures import written_function


def check_is_handler(handler: Any) -> None:
    """Raise ``TypeError`` if *handler* is no handler, or already has a route, which the limit would not affect."""
    if isinstance(handler, (staticmethod, classmethod)):
        kind = type(handler).__name__
        raise TypeError(f"{name_of(handler.__func__)} is a {kind}: put @rate_limit below @{kind}")
    if isinstance(handler, type):
        raise TypeError(f"{handler.__qualname__} is a class: put @rate_limit on its methods that handle requests")
    if isinstance(handler, route_classes()):
        raise TypeError(
            "the handler already has a route, which the limit would not affect: put @rate_limit below @get(...)"
        )
    if not callable(handler):
        raise TypeError(f"@rate_limit decorates a function that handles requests, not {type(handler).__name__}")
    if is_routed(handler):
        raise TypeError(
            f"{name_of(handler)} already has a route, which the limit would not affect: "
            "put @rate_limit below @router.get(...)"
        )


def is_async(handler: Any) -> bool:
    """Return whether a call of *handler*, also of a callable object, returns a coroutine."""
    return any(map(inspect.iscoroutinefunction, _functions_of(handler)))


def always_returns_coroutine(handler: Any) -> bool:
    """Return whether every call of *handler* returns a coroutine.

    A :class:`Dependency` returns one to a framework only. Called by hand it must be rejected at once: the caller does
    not await the result, and would go on without the user.
    """
    return is_async(handler) and not is_dependency(handler)


def is_dependency(handler: Any) -> bool:
    """Return whether *handler* is a :class:`Dependency`, which shows frameworks another signature."""
    return written_function(handler) is Dependency.__call__


def is_generator(handler: Any) -> bool:
    """Return whether a call of *handler* returns a generator."""
    return any(map(is_generator_function, _functions_of(handler)))


def is_async_generator(handler: Any) -> bool:
    """Return whether a call of *handler* returns an async generator."""
    return any(map(inspect.isasyncgenfunction, _functions_of(handler)))


def with_flag_of_generator(code: CodeType, handler: Any) -> CodeType:
    """Return *code*, which returns what *handler* returns, with the flag of a generator function if that is one.

    Frameworks recognize a dependency that yields by the flag. Without it, they inject the generator itself, and its
    code does not run.
    """
    flag = inspect.CO_GENERATOR if is_generator(handler) else 0
    flag |= inspect.CO_ASYNC_GENERATOR if is_async_generator(handler) else 0
    # In CPython, an instruction of the code creates the generator; only `inspect` reads the flag.
    return code.replace(co_flags=code.co_flags | flag) if sys.implementation.name == "cpython" else code


def _functions_of(handler: Any) -> tuple[Any, Any]:
    while isinstance(handler, functools.partial):
        handler = handler.func
    return handler, type(handler).__call__
