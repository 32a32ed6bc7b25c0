"""Rate limits that all processes of a machine count together, in a file that they map."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from fastware._engine import engine
from fastware._internal.threads import run_in_thread
from fastware.auth.buckets.base import Buckets, LimitBuckets
from fastware.auth.storage_arguments import is_url
from fastware.errors import HTTPError

if TYPE_CHECKING:
    from fastware._engine.contract import SharedTokenBuckets
    from fastware.auth.buckets.file_lock import FileLock

ResultT = TypeVar("ResultT")

_MAX_CLIENTS: Final = 2**30
_TIMEOUT: Final = 1.0
"""Seconds to wait for the lock of the file, with the Python engine."""


class SharedBuckets(Buckets):
    """Counts rate limits in a file that all processes of this machine share.

    Usage::

        limits = SharedBuckets("/run/myapp/limits")

        @app.get("/api/search")
        @rate_limit("5/minute", buckets=limits, name="search")
        async def search(q: str): ...

    The count is exact across processes and threads. It survives ``kill -9`` of any process at any instant, and a
    restart of all of them; a restart of the machine refills all buckets. The file needs a local file system, for
    example a disk or a tmpfs such as ``/run`` or ``/dev/shm``. A second file beside it, ``.lock``, is used while
    processes start. Do not copy, replace or truncate a file that is in use: truncating it ends the processes.

    With the Rust engine a call takes no lock and makes no system call. With the Python engine it locks the second
    file; if another process has that lock for over a second, the call raises ``HTTPError(503)``.

    Args:
        path: the file, created with the mode 0600 on first use, together with its folder.
        clients: the number of buckets, in all limits together, that may be not full at one moment. The file has
            65,536 + 32 * *clients* bytes from the start, 3.3 MB by default. With more clients, some of the buckets that
            are nearest to full are refilled.

    Raises:
        TypeError: *path* is not a path, or *clients* is not an ``int``.
        ValueError: *path* is empty or a URL, or *clients* is not 1 to 2**30.
        StorageError: the file is not one of ``SharedBuckets``, has another format or size, belongs to another user, or
            is in use by processes with another engine. The message says what to do.
        NotImplementedError: the system has no file locks (Windows).

    """

    def __init__(self, path: str | os.PathLike[str], *, clients: int = 100_000) -> None:
        if sys.platform == "win32":
            raise NotImplementedError(
                "SharedBuckets needs the file locks of POSIX; on Windows, use RedisBuckets or a single process"
            )
        name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
        if not isinstance(name, str):
            raise TypeError(f"path must be the path of a file, not {type(path).__name__}")
        if not name:
            raise ValueError("path must not be empty")
        if is_url(name):
            del path, name  # error reporters show the local variables of a traceback's frames
            raise ValueError("path is a URL; pass the path of a file, or use RedisBuckets for Redis")
        if not isinstance(clients, int):
            raise TypeError(f"clients must be int, not {type(clients).__name__}")
        if not 1 <= clients <= _MAX_CLIENTS:
            raise ValueError(f"clients must be 1 to {_MAX_CLIENTS:,}")
        from fastware.auth.buckets.shared_file import SharedFile  # noqa: PLC0415 - not on Windows

        self._file = SharedFile(os.path.abspath(name), clients)

    def __repr__(self) -> str:
        return f"SharedBuckets({self._file.path!r})"

    def open(self, name: str, capacity: int, period: int, *, gives_back: bool = False) -> LimitBuckets:
        """Return the buckets of one limit; see :meth:`~fastware.auth.buckets.base.Buckets.open`.

        Raises:
            ValueError: a limit of this name has another rate, in this process or another one that is running.
            StorageError: the file has 1,022 other limits.

        """
        engine.TokenBuckets(capacity, period)  # checks the rate
        limit_at = self._file.limit_at(name, capacity, period)
        buckets = engine.SharedTokenBuckets(self._file.memory, limit_at, capacity, period)
        return _AtomicLimit(buckets) if engine.NAME == "rust" else _LockedLimit(buckets, self._file.lock)


class _AtomicLimit(LimitBuckets):
    """Every call is a few atomic operations."""

    blocks = False
    engine_buckets: SharedTokenBuckets

    def __init__(self, buckets: SharedTokenBuckets) -> None:
        self.engine_buckets = buckets

    def take(self, key: str, cost: int = 1) -> int:
        return self.engine_buckets.take(key, cost)

    def take_counted(self, key: str, cost: int = 1) -> tuple[int, int, int]:
        return self.engine_buckets.take_counted(key, cost)

    def give_back(self, key: str, cost: int = 1) -> None:
        self.engine_buckets.give_back(key, cost)

    def reset(self, key: str | None = None) -> None:
        self.engine_buckets.reset(key)


class _LockedLimit(LimitBuckets):
    blocks = True
    engine_buckets: SharedTokenBuckets

    def __init__(self, buckets: SharedTokenBuckets, lock: FileLock) -> None:
        self.engine_buckets = buckets
        self._lock = lock

    def take(self, key: str, cost: int = 1) -> int:
        if not self._lock.acquire(_TIMEOUT):
            del key  # error reporters show the local variables of a traceback's frames
            raise _unavailable()
        with _released(self._lock):
            return self.engine_buckets.take(key, cost)

    def take_counted(self, key: str, cost: int = 1) -> tuple[int, int, int]:
        if not self._lock.acquire(_TIMEOUT):
            del key  # error reporters show the local variables of a traceback's frames
            raise _unavailable()
        with _released(self._lock):
            return self.engine_buckets.take_counted(key, cost)

    def give_back(self, key: str, cost: int = 1) -> None:
        if not self._lock.acquire(_TIMEOUT):
            del key  # error reporters show the local variables of a traceback's frames
            raise _unavailable()
        with _released(self._lock):
            self.engine_buckets.give_back(key, cost)

    def reset(self, key: str | None = None) -> None:
        if not self._lock.acquire(_TIMEOUT):
            del key  # error reporters show the local variables of a traceback's frames
            raise _unavailable()
        with _released(self._lock):
            self.engine_buckets.reset(key)

    async def _call(self, function: Callable[..., ResultT], *args: Any) -> ResultT:
        if self._lock.acquire(0):  # nearly always: a thread would cost more than the call
            with _released(self._lock):
                result: ResultT = getattr(self.engine_buckets, function.__name__)(*args)
                return result
        return await run_in_thread(function, *args)


@contextmanager
def _released(lock: FileLock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


def _unavailable() -> HTTPError:
    return HTTPError(503, "Rate limits are unavailable", {"Retry-After": "1"})
