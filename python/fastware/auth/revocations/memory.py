"""Revoked tokens in the memory of one process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fastware._internal.fork import give_lock
from fastware.auth.revocations.base import Revocations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastware.auth.revocations.base import TokenEntry, UserEntry


class MemoryRevocations(Revocations):
    """A list of revoked tokens in memory: for an application with one process, and for tests.

    It ends with the process: revoked tokens are valid again after a restart. :class:`SQLiteRevocations` keeps the list
    in a file, which all processes of a machine share.
    """

    _lock: threading.Lock

    def __init__(self) -> None:
        super().__init__()
        give_lock(self, threading.Lock)

    def _store_token(self, key: str, end: int | None, is_revoked: bool, now: float) -> None:
        with self._lock:
            self._remove_ended(now)
            self._list_token(key, end, is_revoked)

    def _store_user(self, username: str) -> None:
        with self._lock:
            self._list_user(username, self._next_number(username, 0))

    def _stored_number(self, username: str) -> int:
        return self._users.numbers.get(username, 0)

    def _store_leeway(self, seconds: float) -> None:
        pass

    def _list_stored(self) -> None:
        pass

    def _merge(self, tokens: Sequence[TokenEntry], users: Sequence[UserEntry]) -> None:
        with self._lock:
            self._list_entries_of(tokens, users)
