"""Finds out whether a handler has a route: a decorator that is applied to it later has no effect on its route.

fastware's own router records its handlers. The routes of other frameworks are found among the objects that refer to the
handler.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any, Final
from weakref import WeakSet

_ROUTES: Final = (("starlette.routing", "BaseRoute"), ("litestar.handlers.base", "BaseRouteHandler"))
_routed: WeakSet[Callable[..., Any]] = WeakSet()


def note_as_routed(handler: Callable[..., Any]) -> None:
    """Record that *handler* has a route."""
    # Decorators are not applied to handlers that cannot be hashed or weakly referenced.
    with suppress(TypeError):
        _routed.add(handler)


def is_routed(handler: Callable[..., Any]) -> bool:
    """Return whether *handler*, or a function that it wraps (``functools.wraps``), has a route."""
    usual, usual_of_wrapped = _usual_reference_counts()
    while not _has_route(handler, usual):
        handler = getattr(handler, "__wrapped__", None)  # type: ignore[assignment]
        if handler is None:
            return False
        usual = usual_of_wrapped
    return True


def _has_route(handler: Callable[..., Any], usual: int) -> bool:
    try:
        if handler in _routed:
            return True
    except TypeError:
        pass
    # Almost all handlers are decorated when they are made: no route refers to them yet, which is seen in 1 µs. To count
    # the modules that refer to one takes 0.1 ms, and to search all objects 15 ms if there are 64,000.
    others = _reference_count(handler) - usual
    return others > 0 and others > _references_of_modules(handler) and _has_framework_route(handler)


def route_classes() -> tuple[type, ...]:
    """Return the classes of routes of the frameworks that are loaded."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _ROUTES)
    return tuple(each for each in found if each is not None)


def _has_framework_route(handler: Callable[..., Any]) -> bool:
    classes = route_classes()
    return bool(classes) and any(
        issubclass(type(referrer), classes) or _is_state_of_a_route(referrer, handler)
        for referrer in gc.get_referrers(handler)
    )


def _is_state_of_a_route(referrer: Any, handler: Callable[..., Any]) -> bool:
    """Return whether *referrer* is the ``__dict__`` of a route of Starlette, which refers to *handler* in its place."""
    return type(referrer) is dict and referrer.get("endpoint") is handler and "path_regex" in referrer


def _reference_count(handler: Callable[..., Any]) -> int:
    # Other interpreters have no reference counts, and routes of frameworks are not found.
    return sys.getrefcount(handler) if hasattr(sys, "getrefcount") else 0


def _references_of_modules(handler: Callable[..., Any]) -> int:
    """Return the number of modules that define or import *handler* by its name."""
    name = getattr(handler, "__name__", "")
    modules = [module for module in sys.modules.values() if isinstance(module, ModuleType)]
    return sum(vars(module).get(name) is handler for module in modules)


@functools.cache
def _usual_reference_counts() -> tuple[int, int]:
    """Return the counts that :func:`is_routed` sees for a new function, and for one that only its wrapper refers to.

    They differ between versions of CPython, and depend on the number of calls on the way.
    """

    def decorator(handler: Callable[..., Any]) -> tuple[int, int]:
        return check(handler)

    def check(handler: Callable[..., Any]) -> tuple[int, int]:
        return is_routed(handler)

    def is_routed(handler: Callable[..., Any]) -> tuple[int, int]:
        count = has_route(handler)
        handler = getattr(handler, "__wrapped__", None)  # type: ignore[assignment]
        return count, has_route(handler)

    def has_route(handler: Callable[..., Any]) -> int:
        return _reference_count(handler)

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper() -> Any:
            return function()

        return wrapper

    return decorator(wrap(lambda: None))
