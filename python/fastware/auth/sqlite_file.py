"""A SQLite database that threads and processes share: the storage of revocations, refresh tokens and tickets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from fastware._internal.fork import give_lock

if TYPE_CHECKING:
    import sqlite3
    import threading

_LOCK_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that writes."""


class StorageError(OSError):
    """A database cannot be used. The message names the file and the reason."""


class SQLiteFile:
    """The tables of one *part* in the database at *path*, or in memory.

    Several parts may share a file. A transaction that is acknowledged is on disk; one that is interrupted leaves no
    trace. The file is readable and writable by its owner only.

    Args:
        path: the file, made on first use together with its folder. ``None``: a database in memory.
        part: the name of the tables' owner, under which the file records *version*.
        version: the version of *schema*.
        schema: the statements that create the tables and indexes, separated by semicolons.

    """

    _lock: threading.RLock

    def __init__(self, path: str | os.PathLike[str] | None, part: str, version: int, schema: str) -> None:
        import threading  # noqa: PLC0415

        self.path = None if path is None else os.path.abspath(path)
        self._part, self._version, self._schema = part, version, schema
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._inherited: list[Any] = []
        give_lock(self, threading.RLock)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for statements that only read.

        Raises:
            StorageError: the database cannot be used.

        """
        with self._lock, self._errors():
            yield self._open()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in a transaction, which no other process or thread writes in at the same time.

        The transaction is committed at the end, and rolled back if an exception leaves the block.

        Raises:
            StorageError: the database cannot be used, or another process has been writing for five seconds.

        """
        with self._lock, self._errors():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                import sqlite3  # noqa: PLC0415

                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import sqlite3  # noqa: PLC0415 - not needed by applications without a database

        problem = None
        try:
            yield
        except sqlite3.Error as error:
            problem = str(error)
        # Raised outside the `except`: the error of SQLite may refer to a statement's values.
        if problem is not None:
            raise StorageError(f"{self.path or 'the database in memory'}: {problem}")

    def _open(self) -> sqlite3.Connection:
        if self._process != os.getpid():
            # A connection must not be used, nor closed, in a forked child (https://www.sqlite.org/howtocorrupt.html).
            self._inherited.append(self._connection)
            self._process = os.getpid()
            self._connection = self._connect() if self.path is not None else self._connection
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        import sqlite3  # noqa: PLC0415

        if self.path is not None:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            # The files beside it, -wal and -shm, get the same mode from SQLite.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            self.path or ":memory:", timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            # With a write-ahead log, readers do not wait for writers. FULL: a commit is on disk when it returns.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._create_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _create_tables(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, version INTEGER NOT NULL)")
            found = connection.execute("SELECT version FROM parts WHERE name = ?", (self._part,)).fetchone()
            if found is None:
                for statement in self._schema.split(";"):
                    connection.execute(statement)
                connection.execute("INSERT INTO parts VALUES (?, ?)", (self._part, self._version))
            elif found[0] != self._version:
                raise StorageError(
                    f"{self.path}: its {self._part} have version {found[0]}, and this fastware reads version "
                    f"{self._version}; use one version of fastware for all processes, or another file"
                )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
