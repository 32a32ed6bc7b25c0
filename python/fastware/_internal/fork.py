"""Locks that a forked child can take, even if another thread held them in the parent."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

OwnerT = TypeVar("OwnerT")

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


def hold_locks_while_forking(
    owners: Iterable[OwnerT], timeout: float, begin_in_child: Callable[[OwnerT], None] | None = None
) -> None:
    """Let no other thread have the ``_lock`` of one of the *owners* while a process forks.

    So a child has no state that a thread of the parent was changing. *owners* is read at each fork.

    Args:
        owners: objects that :func:`give_lock` has given a lock, for example a ``WeakSet``.
        timeout: seconds to wait for each lock. The process then forks without it.
        begin_in_child: is called with each of the *owners* in the child.

    """
    held: list[Any] = []

    def acquire() -> None:
        for owner in list(owners):
            lock = owner._lock  # type: ignore[attr-defined]
            if lock.acquire(timeout=timeout):
                held.append(lock)

    def release() -> None:
        while held:
            held.pop().release()

    def begin() -> None:
        held.clear()  # `give_lock` gives the child new locks
        if begin_in_child is not None:
            for owner in list(owners):
                begin_in_child(owner)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=acquire, after_in_parent=release, after_in_child=begin)
