"""User records, and the base class of user stores."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

from fastware._internal.fork import give_lock
from fastware.auth.passwords import hash_password

User = dict[str, str]
"""``username``, ``password_hash``, ``role``, ``created_at`` (ISO 8601, UTC) and further fields, all ``str``."""

_INVALID_IN_NAME: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

REQUIRED_FIELDS: Final = ("username", "password_hash", "role", "created_at")


class UserStore:
    """The base class of user stores. A subclass defines :meth:`load_users` and :meth:`save_users`.

    A user is a ``dict`` of ``str``: ``username``, ``password_hash``, ``role``, ``created_at`` (ISO 8601, UTC) and
    further fields. :meth:`load_users` returns the list of all users, and :meth:`save_users` replaces it.

    A store is safe to share between threads. A subclass whose storage is shared between processes extends the context
    manager ``_exclusive``, which surrounds a load and the save that depends on it.
    """

    _lock: threading.RLock

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the lock here, so that a subclass need not call ``__init__``."""
        store = super().__new__(cls)
        give_lock(store, threading.RLock)
        return store

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the lock: a copy of the store has its own, even in another process."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_make_lock")}

    def load_users(self) -> list[User]:
        """Return all users."""
        raise NotImplementedError(f"{type(self).__name__} must define load_users")

    def save_users(self, users: list[User]) -> None:
        """Replace all users."""
        raise NotImplementedError(f"{type(self).__name__} must define save_users")

    def find_user(self, username: str) -> User | None:
        """Return the user *username*, or ``None``."""
        return next((user for user in self.load_users() if user["username"] == username), None)

    def create_user(self, username: str, password: str, role: str) -> User:
        """Hash *password*, add the user, and return the new record.

        Raises:
            ValueError: *username* already exists; *username* or *role* is empty or has a control character or a lone
                surrogate; *password* is invalid for :func:`~fastware.auth.hash_password`.
            TypeError: an argument is not a ``str``.
            ImportError: bcrypt is not installed.

        """
        _check_name("username", username)
        _check_name("role", role)
        self._check_not_duplicate(username, self.load_users())
        # Hash outside the lock: it takes a quarter of a second.
        password_hash = hash_password(password)
        del password  # error reporters show the local variables of a traceback's frames
        user = {
            "username": username,
            "password_hash": password_hash,
            "role": role,
            "created_at": _now(),
        }
        with self._exclusive():
            users = self.load_users()
            self._check_not_duplicate(username, users)
            self.save_users([*users, user])
        return user

    def delete_user(self, username: str) -> None:
        """Delete the user *username*. Raises ``LookupError`` if it does not exist."""
        with self._exclusive():
            users = self.load_users()
            others = [user for user in users if user["username"] != username]
            if len(others) == len(users):
                raise LookupError(f"user {username!r} not found")
            self.save_users(others)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold this around a load and the save that depends on it."""
        with self._lock:
            yield

    @staticmethod
    def _check_not_duplicate(username: str, users: list[User]) -> None:
        if any(user["username"] == username for user in users):
            raise ValueError(f"user {username!r} already exists")


def _now() -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 - not needed to verify a token

    return datetime.now(UTC).isoformat(timespec="seconds")


def _check_name(argument: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{argument} must be str, not {type(value).__name__}")
    if not value or _INVALID_IN_NAME.search(value):
        raise ValueError(f"{argument} must not be empty or have control characters or lone surrogates")
