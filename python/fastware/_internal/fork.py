"""Locks that a forked child can take, even if another thread held them in the parent."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

_owners: WeakValueDictionary[int, Any] = WeakValueDictionary()


def give_lock(owner: Any, make_lock: Callable[[], Any]) -> None:
    """Set ``owner._lock`` to a new lock, and to another new one in each forked child."""
    owner._make_lock = make_lock
    owner._lock = make_lock()
    _owners[id(owner)] = owner


def _renew() -> None:
    # The thread that held a lock does not exist in the child, so nothing would ever release it.
    for owner in list(_owners.values()):
        owner._lock = owner._make_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
