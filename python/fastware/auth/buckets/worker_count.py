"""How many workers use a Redis server: each counts its share of a limit while the server cannot be used."""

from __future__ import annotations

import os
import threading
from time import monotonic
from typing import Final

from fastware._internal.fork import give_lock
from fastware.auth.buckets.redis_calls import RedisCalls
from fastware.auth.buckets.redis_scripts import COUNT_WORKERS

_INTERVAL: Final = 10.0
_FORGOTTEN_AFTER: Final = 30
"""Seconds between the registrations of a worker, and after the last one."""


class WorkerCount:
    """The number of workers that registered in the last 30 seconds. A process is one worker, with one limit or many.

    Args:
        calls: those of the server.
        key: of the sorted set in which workers are registered.

    Attributes:
        value: what the server last said; before, ``WEB_CONCURRENCY``, or 1.

    """

    _lock: threading.Lock
    _due: float

    def __init__(self, calls: RedisCalls, key: str) -> None:
        self._calls = calls
        self._key = key
        hint = os.environ.get("WEB_CONCURRENCY", "")
        self.value = int(hint) if hint.isascii() and hint.isdigit() and 0 < len(hint) < 5 and int(hint) else 1
        give_lock(self, self._start)

    def refresh(self) -> None:
        """Register this worker every ten seconds, in a thread, so that no request waits for it."""
        if monotonic() < self._due:
            return
        with self._lock:
            now = monotonic()
            if now < self._due:
                return
            self._due = now + _INTERVAL
        threading.Thread(target=self._register, name="fastware-workers", daemon=True).start()

    def _start(self) -> threading.Lock:
        # A forked child is another worker, which registers at once.
        self._due = 0.0
        return threading.Lock()

    def _register(self) -> None:
        reply = self._calls.call(COUNT_WORKERS, self._key, _worker.name, _FORGOTTEN_AFTER)
        if reply:
            self.value = int(reply)


class _Worker:
    """The name of this process, which a forked child does not inherit."""

    name: str

    def __init__(self) -> None:
        give_lock(self, self._start)

    def _start(self) -> threading.Lock:
        self.name = os.urandom(12).hex()
        return threading.Lock()


_worker: Final = _Worker()
