"""The connections of this process to a SQL database."""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from fastware._internal.fork import give_lock
from fastware.auth.outage import Outage
from fastware.auth.sqlite_file import LOCK_TIMEOUT, create, identity_of
from fastware.auth.storage_error import StorageError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from fastware.auth.sql_address import SQLAddress

STATEMENT_TIMEOUT: Final = 10.0
"""Seconds to wait for the answer to the statements of one call."""

_CONNECT_TIMEOUT: Final = 5
_POOL_TIMEOUT: Final = 5.0
_WATCH_STEP: Final = 0.25
_WATCH_STEPS_WITHOUT_CALLS: Final = 40

# A lower limit of the role or of the database is kept. The last one frees the rows of a client that is cut off.
_SET_TIMEOUTS: Final = f"""
    SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES
        ('statement_timeout', '{STATEMENT_TIMEOUT * 1000:.0f}'),
        ('lock_timeout', '{LOCK_TIMEOUT * 1000:.0f}'),
        ('idle_in_transaction_session_timeout', '30000')
    ) AS limits (setting_name, wanted) ON name = setting_name
    WHERE CAST(setting AS bigint) = 0 OR CAST(setting AS bigint) > CAST(wanted AS bigint)
"""  # noqa: S608 - the values are the numbers above

_ENDED: Final = ("57P01", "57P02", "57P05")
"""The server shuts down, has crashed, or ends idle connections."""

_inherited: list[Any] = []
"""A connection must not be used, nor closed, in a forked child: the parent uses it."""


class SQLConnections:
    """The pool of connections to one database, which all objects of the process with its URL share.

    At most 15 connections are open at once, of which 5 stay open. A forked child gets a pool of its own.
    """

    _lock: threading.Lock

    def __init__(self, address: SQLAddress) -> None:
        self._address = address
        self._pool: _Pool | None = None
        self._identity: tuple[int, int] | None = None
        self.outage = Outage(_CONNECT_TIMEOUT)
        """While the server does not answer: a worker thread that waits for it cannot make other calls."""
        give_lock(self, threading.Lock)

    @contextmanager
    def connection(self, timeout: float) -> Iterator[Connection]:
        """Yield a connection. One to a server is cut when the block takes *timeout* seconds."""
        pool = self._opened()
        with pool.engine.connect() as connection, pool.watch.limited(connection, timeout):
            yield connection

    def _opened(self) -> _Pool:
        pool = self._pool
        if pool is None or (pool.process != os.getpid() and not self._address.is_memory):
            pool = self._open()
        if self._identity is not None and self._identity != identity_of(str(self._address.path)):
            raise StorageError(f"{self._address.path}: it was replaced or deleted; restart the processes that use it")
        return pool

    def _open(self) -> _Pool:
        with self._lock:
            if self._pool is not None and self._pool.process != os.getpid():
                _inherited.append(self._pool)
                self._pool = None
            if self._pool is None:
                path = self._address.path
                if path is not None and self._identity is None:
                    create(path, LOCK_TIMEOUT)
                    self._identity = identity_of(path)
                self._pool = _Pool(self._address)
            return self._pool


class _Pool:
    """An engine of SQLAlchemy, whose connections close with it."""

    def __init__(self, address: SQLAddress) -> None:
        self.process = os.getpid()
        self.watch = _Watch()
        self.engine = _engine_for(address, self.watch)
        weakref.finalize(self, _dispose, self.engine, self.process)


def _engine_for(address: SQLAddress, watch: _Watch) -> Engine:
    from sqlalchemy import create_engine, event  # noqa: PLC0415
    from sqlalchemy.pool import QueuePool  # noqa: PLC0415

    is_sqlite = address.backend == "sqlite"
    options: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if address.is_memory else {}
    arguments: dict[str, Any] = {"timeout": LOCK_TIMEOUT, "check_same_thread": False} if is_sqlite else {}
    if not is_sqlite and "connect_timeout" not in address.url.query:
        arguments["connect_timeout"] = _CONNECT_TIMEOUT
    engine = create_engine(
        address.url,
        # Statements are committed one by one; SQLDatabase begins transactions itself. A look-up takes one round trip.
        isolation_level="AUTOCOMMIT",
        poolclass=QueuePool,
        pool_timeout=_POOL_TIMEOUT,
        hide_parameters=True,
        connect_args=arguments,
        **options,
    )

    def set_up(connection: Any, _record: object) -> None:
        if is_sqlite:
            connection.execute("PRAGMA synchronous = FULL").close()  # a commit is on disk when it returns
            return
        watch.limit(connection, _CONNECT_TIMEOUT)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(_SET_TIMEOUTS)

    event.listen(engine, "connect", set_up, insert=True)  # before SQLAlchemy asks for the version of the server
    event.listen(engine, "handle_error", _note_end_of_connection)
    return engine


def _note_end_of_connection(context: Any) -> None:
    """Let the pool drop a connection that the server ends, which libpq notices later than its message."""
    if getattr(context.original_exception, "sqlstate", None) in _ENDED:
        context.is_disconnect = True


def _dispose(engine: Engine, process: int) -> None:
    if process == os.getpid():
        with suppress(Exception):  # the interpreter may be exiting
            engine.dispose()


class _Watch:
    """Cuts the connections of calls that take too long: they would wait for a paused server without end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deadlines: dict[int, tuple[float, Any]] = {}
        self._is_running = False

    @contextmanager
    def limited(self, connection: Connection, timeout: float) -> Iterator[None]:
        """Cut *connection* if the block takes *timeout* seconds."""
        driver_connection: Any = connection.connection.driver_connection
        self.limit(driver_connection, timeout)
        try:
            yield
        finally:
            with self._lock:
                self._deadlines.pop(id(driver_connection), None)

    def limit(self, driver_connection: Any, timeout: float) -> None:
        """Cut the connection after *timeout* seconds, unless :meth:`limited` ends before."""
        if not hasattr(driver_connection, "fileno"):  # SQLite
            return
        with self._lock:
            self._deadlines[id(driver_connection)] = time.monotonic() + timeout, driver_connection
            if not self._is_running:
                threading.Thread(target=self._run, name="fastware-sql-watch", daemon=True).start()
                self._is_running = True

    def _run(self) -> None:
        idle_steps = 0
        while True:
            time.sleep(_WATCH_STEP)
            with self._lock:
                idle_steps = 0 if self._deadlines else idle_steps + 1
                if idle_steps > _WATCH_STEPS_WITHOUT_CALLS:
                    self._is_running = False
                    return
                now = time.monotonic()
                for key, (deadline, driver_connection) in list(self._deadlines.items()):
                    if deadline <= now:
                        del self._deadlines[key]
                        _cut(driver_connection)


def _cut(driver_connection: Any) -> None:
    """Let every call that waits for the connection fail at once."""
    with suppress(Exception), socket.socket(fileno=os.dup(driver_connection.fileno())) as connected:
        connected.shutdown(socket.SHUT_RDWR)


class _Pools:
    """The pools of this process by their URLs."""

    _lock: threading.Lock

    def __init__(self) -> None:
        self._by_url: WeakValueDictionary[URL, SQLConnections] = WeakValueDictionary()
        give_lock(self, threading.Lock)

    def connections_to(self, address: SQLAddress) -> SQLConnections:
        """Return the connections to *address*, of which a database in memory has its own."""
        if address.is_memory:
            return SQLConnections(address)
        with self._lock:
            found = self._by_url.get(address.url)
            if found is None:
                found = self._by_url[address.url] = SQLConnections(address)
            return found


connections_to: Final = _Pools().connections_to
