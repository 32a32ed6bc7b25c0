"""Records which handlers have a route: a decorator that is applied to one of them later has no effect on its route."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

_routed: WeakSet[Callable[..., Any]] = WeakSet()


def note_as_routed(handler: Callable[..., Any]) -> None:
    """Record that *handler* has a route."""
    # Decorators are not applied to handlers that cannot be hashed or weakly referenced.
    with suppress(TypeError):
        _routed.add(handler)


def is_routed(handler: Callable[..., Any]) -> bool:
    """Return whether *handler* has a route."""
    try:
        return handler in _routed
    except TypeError:
        return False
