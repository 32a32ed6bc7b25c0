"""A SQLite database that threads and processes share: the storage of revocations, refresh tokens and tickets."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from fastware._internal.fork import give_lock, hold_locks_while_forking
from fastware.auth.storage_error import StorageError

if TYPE_CHECKING:
    import sqlite3

LOCK_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that writes."""

_PAUSE: Final = 0.01
_FORK_TIMEOUT: Final = 1.0
"""A thread that waits for another process delays a fork for at most this time."""

_BUSY: Final = 5
_NO_SHARED_MEMORY: Final = (10, 14, 15)

_FIXES: Final = {  # by the primary result code, https://www.sqlite.org/rescode.html
    5: "another process is writing and did not finish in time",
    8: "the file and its folder must be writable for this process",
    10: "the file must be on a local disk with file locks",
    11: "restore it from a backup, or delete it while no process uses it",
    13: "free space on its disk",
    14: "the file and its folder must be writable for this process",
    15: "the file must be on a local disk with file locks",
    26: "choose another path",
}


class _Creation:
    """The lock that one thread holds while it creates and opens a file."""

    _lock: threading.Lock


_creation = _Creation()
give_lock(_creation, threading.Lock)

_files: WeakSet[SQLiteFile] = WeakSet()

_inherited: list[Any] = []
"""A connection must not be used, nor closed, in a forked child (https://www.sqlite.org/howtocorrupt.html, 2.6)."""


class SQLiteFile:
    """The tables of one *part* in the database at *path*, or in memory.

    Several parts may share a file. A transaction that is acknowledged is on disk; one that is interrupted leaves no
    trace. Only the owner of the file can read and write it. Stop the processes before you replace or delete the file:
    they notice it, and raise ``StorageError`` from then on.

    Args:
        path: the file, created on first use together with its folder. ``None``: a database in memory.
        part: the name under which the file records *version*, for example ``"revocations"``.
        version: the version of *schema*.
        schema: the statements that create the tables and indexes, separated by semicolons.
        timeout: seconds to wait for another process that writes.

    """

    _lock: threading.RLock

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        part: str,
        version: int,
        schema: str,
        *,
        timeout: float = LOCK_TIMEOUT,
    ) -> None:
        self.path = None if path is None else os.path.abspath(os.fsdecode(path))
        self._part, self._version, self._schema, self._timeout = part, version, schema, timeout
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._process = os.getpid()
        give_lock(self, threading.RLock)
        _files.add(self)

    def with_timeout(self, timeout: float) -> SQLiteFile:
        """Return another connection to the same tables. It has its own lock, and waits for *timeout* seconds."""
        other = SQLiteFile(self.path, self._part, self._version, self._schema, timeout=timeout)
        other._identity = self._identity
        return other

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is None:
            return
        if self._process == os.getpid():
            connection.close()
        else:
            _inherited.append(connection)

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
        """Yield the connection in a transaction. No other process or thread writes at the same time.

        The transaction is committed at the end, and rolled back if an exception leaves the block.

        Raises:
            StorageError: the database cannot be used, or another process writes for too long.

        """
        with self._lock, self._errors(), _transaction(self._open()) as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import sqlite3  # noqa: PLC0415 - not needed by applications without a database

        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(f"{self.path or 'the database in memory'}: {explain(error)}") from None

    def _open(self) -> sqlite3.Connection:
        if self._process != os.getpid() and self.path is not None:
            _inherited.append(self._connection)
            self._connection, self._process = None, os.getpid()
        if self._connection is None:
            self._connection = self._connect()
        else:
            self._check_identity()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        lock = _creation._lock
        if not lock.acquire(timeout=self._timeout):
            raise StorageError(f"{self.path}: another thread is opening a database and did not finish in time")
        try:
            if self.path is not None and self._identity is None:
                create(self.path, self._timeout)
                self._identity = identity_of(self.path)
            self._check_identity()
            connection = _connection_to(self.path or ":memory:", self._timeout)
            try:
                # A commit is on disk when it returns.
                connection.execute("PRAGMA synchronous = FULL")
                self._prepare(connection)
                self._check_identity()
            except BaseException:
                connection.close()
                raise
        finally:
            lock.release()
        return connection

    def _check_identity(self) -> None:
        if self.path is not None and self._identity != identity_of(self.path):
            raise StorageError(f"{self.path}: it was replaced or deleted; restart the processes that use it")

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Create the tables of the part, unless they exist."""
        if self._has_tables(connection):
            return
        with _transaction(connection):
            if self._has_tables(connection):
                return
            connection.execute("CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, version INTEGER NOT NULL)")
            for statement in self._schema.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO parts VALUES (?, ?)", (self._part, self._version))

    def _has_tables(self, connection: sqlite3.Connection) -> bool:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'parts'").fetchall():
            return False
        found = connection.execute("SELECT version FROM parts WHERE name = ?", (self._part,)).fetchall()
        if found and found[0][0] != self._version:
            raise StorageError(
                f"{self.path}: its {self._part} have version {found[0][0]}, and this fastware reads version "
                f"{self._version}; use one version of fastware for all processes, or another file"
            )
        return bool(found)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    import sqlite3  # noqa: PLC0415

    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _connection_to(path: str, timeout: float) -> sqlite3.Connection:
    import sqlite3  # noqa: PLC0415

    return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)


def create(path: str, timeout: float) -> None:
    """Create the file, unless it exists, for its owner only. SQLite gives the files beside it the same mode."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # An existing file is not opened: to close it would release the locks that SQLite holds in this process.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        is_empty = os.path.getsize(path) == 0
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}: {error.filename}") from None
    if is_empty:
        _use_write_ahead_log(path, timeout)


def _use_write_ahead_log(path: str, timeout: float) -> None:
    """Let readers and writers of a new file work without waiting, if its file system has shared memory."""
    import sqlite3  # noqa: PLC0415

    deadline = time.monotonic() + timeout
    code = _BUSY
    # Two processes that switch at once do not wait for each other in SQLite.
    while code == _BUSY and time.monotonic() <= deadline:
        with closing(_connection_to(path, timeout)) as connection:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.Error as error:
                code = _code_of(error)
        if code == _BUSY:
            time.sleep(_PAUSE)
    if code in _NO_SHARED_MEMORY:
        with closing(_connection_to(path, timeout)) as connection:
            # A connection that excludes others needs no shared memory.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = DELETE")


def identity_of(path: str) -> tuple[int, int] | None:
    """Return what distinguishes the file from another that replaces it."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def explain(error: sqlite3.Error) -> str:
    """Return the reason of *error* with the fix, if there is one."""
    fix = _FIXES.get(_code_of(error))
    return f"{error}; {fix}" if fix else str(error)


def _code_of(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


# A child that is forked while a thread is in SQLite would wait forever for a lock that SQLite holds in the thread.
hold_locks_while_forking(_files, _FORK_TIMEOUT)
