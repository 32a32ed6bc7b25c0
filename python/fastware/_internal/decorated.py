"""What a decorator of handlers may be applied to."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from fastware._internal.names import name_of
from fastware._internal.routed_handlers import is_routed, route_classes


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
    while isinstance(handler, functools.partial):
        handler = handler.func
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)
