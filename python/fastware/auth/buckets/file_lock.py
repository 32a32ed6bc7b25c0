"""A lock that one thread of one process holds, on a file."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final
from weakref import WeakSet

from fastware._internal.fork import give_lock
from fastware.auth.buckets.private_file import open_private
from fastware.auth.storage_error import StorageError

_FIRST_PAUSE: Final = 0.0001
_LONGEST_PAUSE: Final = 0.01


class FileLock:
    """The lock on the file at *path*, which is created. It ends with the process that holds it, also by ``kill -9``."""

    _lock: threading.Lock

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor: int | None = None
        give_lock(self, threading.Lock)
        _locks.add(self)

    def acquire(self, timeout: float) -> bool:
        """Wait for at most *timeout* seconds. Returns whether this thread holds the lock now.

        Raises:
            StorageError: the file cannot be used, or its file system has no locks.

        """
        import fcntl  # noqa: PLC0415 - not on Windows

        deadline = time.monotonic() + timeout
        if not self._lock.acquire(timeout=timeout):
            return False
        try:
            pause = _FIRST_PAUSE
            while True:
                # The inner lock is held: no other thread of this process opens the file.
                if self._descriptor is None:
                    self._descriptor = open_private(self._path)
                try:
                    fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                except BlockingIOError:
                    if time.monotonic() + pause > deadline:
                        break
                    time.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                except OSError as error:
                    raise StorageError(f"{self._path}: {error.strerror}; use a file system with file locks") from None
        except BaseException:
            self._lock.release()
            raise
        self._lock.release()
        return False

    def release(self) -> None:
        """Let another thread or process have the lock."""
        import fcntl  # noqa: PLC0415

        if self._descriptor is not None:  # it is None in a child that was forked while the lock was held
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._lock.release()

    def __del__(self) -> None:
        self._close()

    def _close(self, close: Callable[[int], None] = os.close) -> None:  # a global may be gone at the end of the process
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            close(descriptor)


_locks: WeakSet[FileLock] = WeakSet()


def _close_all() -> None:
    # A child shares the lock of its parent. If the parent is killed, the child would go on holding it.
    for lock in list(_locks):
        lock._close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_all)
