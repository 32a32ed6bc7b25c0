"""How many workers use a Redis server: each counts its share of a limit while the server cannot be used."""

from __future__ import annotations

import os
import threading
from time import monotonic
from typing import Final

from fastware._internal.fork import give_lock
from fastware.auth import worker_processes
from fastware.auth.buckets.redis_calls import RedisCalls
from fastware.auth.buckets.redis_scripts import COUNT_WORKERS

_FIRST_INTERVAL: Final = 1.0
_INTERVAL: Final = 10.0
_FORGOTTEN_AFTER: Final = 30
"""Seconds between the first two registrations of a worker, between the later ones, and after the last one."""


class WorkerCount:
    """The number of workers that registered in the last 30 seconds. A process is one worker, with one limit or many.

    Args:
        calls: those of the server.
        key: of the sorted set in which workers are registered.

    Attributes:
        value: what Redis last said, and at least the workers that the server of this process starts: others may not
            have registered yet, or have had no request lately.

    """

    _lock: threading.Lock
    _due: float
    _interval: float

    def __init__(self, calls: RedisCalls, key: str) -> None:
        self._calls = calls
        self._key = key
        self._least = self.value = worker_processes.worker_count()
        give_lock(self, self._start)

    def refresh(self) -> None:
        """Register this worker when it is due, in a thread, so that no request waits for it."""
        if monotonic() < self._due:
            return
        with self._lock:
            now = monotonic()
            if now < self._due:
                return
            self._due, self._interval = now + self._interval, _INTERVAL
        threading.Thread(target=self._register, name="fastware-workers", daemon=True).start()

    def _start(self) -> threading.Lock:
        # A forked child is another worker, which registers at once. Those that start with it may do so a little later.
        self._due, self._interval = 0.0, _FIRST_INTERVAL
        return threading.Lock()

    def _register(self) -> None:
        reply = self._calls.call(COUNT_WORKERS, self._key, _worker.name, _FORGOTTEN_AFTER)
        if reply:
            self.value = max(int(reply), self._least)


class _Worker:
    """The name of this process, which a forked child does not inherit."""

    name: str

    def __init__(self) -> None:
        give_lock(self, self._start)

    def _start(self) -> threading.Lock:
        self.name = os.urandom(12).hex()
        return threading.Lock()


_worker: Final = _Worker()
