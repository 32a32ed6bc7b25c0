"""Revoked tokens in a SQLite file, which all processes of a machine share."""

from __future__ import annotations

import os
import threading
import time
from time import monotonic
from typing import TYPE_CHECKING, Final

from fastware._internal.fork import give_lock
from fastware.auth.revocations.base import MAX_REMOVALS, Revocations, RevocationsUnavailableError
from fastware.auth.sqlite_file import SQLiteFile
from fastware.auth.storage_arguments import path_of
from fastware.auth.storage_error import StorageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from fastware.auth.revocations.base import TokenEntry, UserEntry

_SECONDS_BETWEEN_LOOKS: Final = 0.05
_LOOK_TIMEOUT: Final = 0.1
_MAX_STALE: Final = 5.0

_BATCH: Final = 1_000
"""Entries of another list that are stored in one transaction, which takes 10 ms."""

# `number` grows with each change: a process reads the rows above the highest that it has read.
_SCHEMA: Final = """
    CREATE TABLE revoked_tokens (
        number INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, ends INTEGER, is_revoked INTEGER NOT NULL
    );
    CREATE INDEX revoked_tokens_by_end ON revoked_tokens (ends);
    CREATE TABLE revoked_users (
        number INTEGER PRIMARY KEY AUTOINCREMENT, username BLOB NOT NULL UNIQUE, revision INTEGER NOT NULL
    );
    CREATE TABLE revocation_leeway (seconds REAL NOT NULL);
    INSERT INTO revocation_leeway VALUES (0)
"""


class SQLiteRevocations(Revocations):
    """A list of revoked tokens in a SQLite database, which all processes of a machine share.

    A call that revokes returns when the entry is on disk. The entry takes effect in this process at once, and in every
    other process within 100 ms: each has a copy in memory, and looks every 50 ms at most whether the file has changed.
    If the file cannot be read, the copy is used for 5 seconds; then :class:`RevocationsUnavailableError` is raised.

    The constructor reads the whole file, which takes 2 seconds for a million entries. Call it before the server accepts
    requests. All threads and forked children may use the object.

    Args:
        path: the file, on a local disk. If it is missing, it is created with its folder, readable and writable by its
            owner only.

    Raises:
        TypeError: *path* is not a path.
        ValueError: *path* is a URL, or empty.
        StorageError: the file cannot be created or read. The message names it and the reason.

    """

    _lock: threading.Lock

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        checked = path_of("path", path, instead_of_url=", or use RedisRevocations for Redis")
        self._file = SQLiteFile(checked, "revocations", 1, _SCHEMA)
        self._connection: sqlite3.Connection | None = None
        self._version = self._last_token = self._last_user = 0
        self._is_failing = False
        give_lock(self, threading.Lock)
        self._read_at = monotonic()
        with self._file.reading() as connection:
            self._read(connection)
        # A look waits for no writer: neither for its lock on the file, nor for a thread of this process that waits.
        self._reader = self._file.with_timeout(0)
        self._look_at = self._try_at = self._read_at + _SECONDS_BETWEEN_LOOKS

    def __repr__(self) -> str:
        return f"<SQLiteRevocations: {self._file.path}>"

    def _look(self) -> None:
        now = monotonic()
        lock = self._lock
        if now >= self._try_at and lock.acquire(timeout=_LOOK_TIMEOUT):
            try:
                if now >= self._try_at:
                    self._try_at = now + _SECONDS_BETWEEN_LOOKS
                    self._try_to_read(now)
            finally:
                lock.release()
        if now - self._read_at > _MAX_STALE:
            self._look_at = 0.0
            raise RevocationsUnavailableError
        self._look_at = self._try_at

    def _try_to_read(self, now: float) -> None:
        problem = None
        try:
            with self._reader.reading() as connection:
                self._read(connection)
        except StorageError as error:
            problem = str(error)
        if problem is None:
            self._read_at = now
            self._is_failing = False
        elif not self._is_failing:
            self._is_failing = True
            import logging  # noqa: PLC0415

            logger = logging.getLogger("fastware")
            logger.error("The revoked tokens cannot be read: %s", problem)

    def _read(self, connection: sqlite3.Connection) -> None:
        """List the rows that are new since the last call."""
        # The version is read before the rows: a change in between is read again.
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if connection is self._connection and version == self._version:
            return
        count = 0
        for number, key, ends, is_revoked in connection.execute(
            "SELECT number, key, ends, is_revoked FROM revoked_tokens WHERE number > ? ORDER BY number",
            (self._last_token,),
        ):
            self._list_token(_as_text(key), ends, bool(is_revoked))
            self._last_token = number
            count += 1
        for number, username, revision in connection.execute(
            "SELECT number, username, revision FROM revoked_users WHERE number > ? ORDER BY number", (self._last_user,)
        ):
            self._list_user(_as_text(username), revision)
            self._last_user = number
        self._leeway = max(self._leeway, _leeway_in(connection))
        # More than there can be new ones, so that the copy does not grow.
        self._remove_ended(time.time(), MAX_REMOVALS + 2 * count)
        self._connection, self._version = connection, version

    def _store_token(self, key: str, end: int | None, is_revoked: bool, now: float) -> None:
        with self._file.writing() as connection:
            end, is_revoked = _put_token(connection, key, end, is_revoked)
            connection.execute(
                "DELETE FROM revoked_tokens WHERE number IN "
                "(SELECT number FROM revoked_tokens WHERE ends < ? ORDER BY ends LIMIT ?)",
                (now - max(self._leeway, _leeway_in(connection)), MAX_REMOVALS),
            )
        with self._lock:
            self._list_token(key, end, is_revoked)
            self._remove_ended(now)

    def _store_user(self, username: str) -> None:
        with self._file.writing() as connection:
            revision = self._next_number(username, _revision_in(connection, _as_blob(username)))
            _put_user(connection, username, revision)
        with self._lock:
            self._list_user(username, revision)

    def _stored_number(self, username: str) -> int:
        with self._file.reading() as connection:
            revision = _revision_in(connection, _as_blob(username))
        if revision:
            # Once a new token may have this number, earlier ones must be revoked here too.
            with self._lock:
                self._list_user(username, revision)
        return revision

    def _store_leeway(self, seconds: float) -> None:
        with self._file.writing() as connection:
            connection.execute("UPDATE revocation_leeway SET seconds = max(seconds, ?)", (seconds,))

    def _list_stored(self) -> None:
        with self._lock, self._file.reading() as connection:
            self._read(connection)

    def _merge(self, tokens: Sequence[TokenEntry], users: Sequence[UserEntry]) -> None:
        for start in range(0, max(len(tokens), len(users)), _BATCH):
            some_tokens, some_users = tokens[start : start + _BATCH], users[start : start + _BATCH]
            began = monotonic()
            with self._file.writing() as connection:
                for token in some_tokens:
                    _put_token(connection, *token)
                for user in some_users:
                    _put_user(connection, *user)
            with self._lock:
                self._list_entries_of(some_tokens, some_users)
            # A process that waits to write tries it from time to time. Without a pause, it could miss each chance.
            time.sleep(monotonic() - began)


def _put_token(connection: sqlite3.Connection, key: str, end: int | None, is_revoked: bool) -> tuple[int | None, bool]:
    """Store an entry, unless the file has a better one. Returns the end that it has now, and whether it is revoked."""
    blob = _as_blob(key)
    rows = connection.execute("SELECT ends, is_revoked FROM revoked_tokens WHERE key = ?", (blob,)).fetchall()
    known = rows[0] if rows else None
    if known is not None:
        end = None if end is None or known[0] is None else max(end, known[0])
        is_revoked = is_revoked or bool(known[1])
    if known != (end, int(is_revoked)):
        connection.execute("DELETE FROM revoked_tokens WHERE key = ?", (blob,))
        connection.execute(
            "INSERT INTO revoked_tokens (key, ends, is_revoked) VALUES (?, ?, ?)", (blob, end, int(is_revoked))
        )
    return end, is_revoked


def _put_user(connection: sqlite3.Connection, username: str, revision: int) -> None:
    """Store the number of a user, unless the file has a larger one."""
    blob = _as_blob(username)
    if revision > _revision_in(connection, blob):
        connection.execute("DELETE FROM revoked_users WHERE username = ?", (blob,))
        connection.execute("INSERT INTO revoked_users (username, revision) VALUES (?, ?)", (blob, revision))


def _revision_in(connection: sqlite3.Connection, username: bytes) -> int:
    rows = connection.execute("SELECT revision FROM revoked_users WHERE username = ?", (username,)).fetchall()
    return int(rows[0][0]) if rows else 0


def _leeway_in(connection: sqlite3.Connection) -> float:
    return float(connection.execute("SELECT seconds FROM revocation_leeway").fetchone()[0])


def _as_blob(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _as_text(blob: bytes) -> str:
    return str(blob, "utf-8", "surrogatepass")
