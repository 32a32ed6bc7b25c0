"""Which functions a router holds: a decorator applied to one of them later would change nothing for its route."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

_routed: WeakSet[Callable[..., Any]] = WeakSet()


def note_as_routed(handler: Callable[..., Any]) -> None:
    """Remember that a router holds *handler*."""
    # A handler that cannot be hashed or weakly referenced is not one that decorators are applied to.
    with suppress(TypeError):
        _routed.add(handler)


def is_routed(handler: Callable[..., Any]) -> bool:
    """Return whether a router holds *handler*."""
    try:
        return handler in _routed
    except TypeError:
        return False
