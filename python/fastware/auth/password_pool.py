"""Runs bcrypt in a few threads of its own, with a bounded queue.

bcrypt deliberately takes a core a quarter of a second. In the threads that an event loop shares between all blocking
calls, a burst of logins would delay all of them, and wait without a limit.
"""

from __future__ import annotations

import atexit
import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from fastware._internal.threads import _is_in_trio
from fastware.errors import HTTPError

ResultT = TypeVar("ResultT")

MAX_WAIT: Final = 10.0
"""Seconds after which a call should start. The queue is full if it would take longer."""

_MAX_THREADS: Final = 4
_FIRST_ESTIMATE: Final = 0.25  # seconds of a call before one has been measured: bcrypt at cost 12
_LOWEST_ESTIMATE: Final = 0.05  # bounds the queue to 200 calls per thread, also after a hundred cheap ones
_NICENESS: Final = 10
_CPU_MAX: Final = "/sys/fs/cgroup/cpu.max"


async def run(function: Callable[..., ResultT], /, *args: Any, **kwargs: Any) -> ResultT:
    """Return ``function(*args, **kwargs)``, called in a thread of the pool, under asyncio or trio.

    A call that is cancelled while it waits leaves the queue.

    Raises:
        HTTPError: 503 with ``Retry-After``: the call would wait for more than ten seconds.

    """
    call = partial(function, *args, **kwargs)
    del args, kwargs  # error reporters show the local variables of a traceback's frames
    event, call_soon = _new_event()
    job = _Job(call, partial(call_soon, event.set))
    del call
    pool = _pool
    pool.add(job)
    try:
        await event.wait()
    except BaseException:
        pool.withdraw(job)
        raise
    return job.take_result()  # type: ignore[no-any-return]


def _new_event() -> tuple[Any, Callable[..., Any]]:
    """Return an event of the running loop, and its function that calls another one from any thread."""
    if _is_in_trio():
        import trio  # noqa: PLC0415

        return trio.Event(), trio.lowlevel.current_trio_token().run_sync_soon
    import asyncio  # noqa: PLC0415

    return asyncio.Event(), asyncio.get_running_loop().call_soon_threadsafe


class _Job:
    """A call, and then its result or its error."""

    __slots__ = ("_announce", "_call", "_error", "_result")

    def __init__(self, call: Callable[[], Any], announce: Callable[[], Any]) -> None:
        self._call: Callable[[], Any] | None = call
        self._announce = announce
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        call, self._call = self._call, None
        try:
            self._result = call() if call else None
        except BaseException as error:  # noqa: BLE001 - it is raised in the task that waits
            self._error = error
        with suppress(RuntimeError):  # the loop is closed, or trio has ended
            self._announce()

    def take_result(self) -> Any:
        error, self._error = self._error, None
        if error is None:
            return self._result
        try:
            raise error
        finally:
            del error  # the frame and the error would refer to each other until a garbage collection


class _Pool:
    """Threads that start when there is work and end when there is none: no idle thread delays the exit."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.call_seconds = _FIRST_ESTIMATE
        self._lock = threading.RLock()  # a garbage collection may close a coroutine that waits, which withdraws its job
        self._waiting: deque[_Job] = deque()
        self._threads: set[threading.Thread] = set()

    def add(self, job: _Job) -> None:
        """Start *job*, or let it wait for a thread."""
        with self._lock:
            if len(self._threads) < self.size and self._start_thread(job):
                return
            wait = (len(self._waiting) + 1) * self.call_seconds / self.size
            if wait > MAX_WAIT:
                raise _too_many(wait)
            self._waiting.append(job)

    def withdraw(self, job: _Job) -> None:
        """Remove *job* from the queue. One that runs already cannot be stopped; its result is dropped."""
        with self._lock, suppress(ValueError):
            self._waiting.remove(job)

    def close(self) -> None:
        """Drop the calls that wait, and wait for those that run: a thread must not be in bcrypt at the exit."""
        with self._lock:
            self._waiting.clear()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _start_thread(self, job: _Job) -> bool:
        thread = threading.Thread(target=self._work, args=(job,), name="fastware-passwords", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no further thread
            if not self._threads:
                raise
            return False
        self._threads.add(thread)
        return True

    def _work(self, job: _Job | None) -> None:
        _lower_priority()
        while job is not None:
            started = time.perf_counter()
            job.run()
            self._note_duration(time.perf_counter() - started)
            job = self._next()

    def _next(self) -> _Job | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._threads.discard(threading.current_thread())
            return None

    def _note_duration(self, seconds: float) -> None:
        with self._lock:
            self.call_seconds += (max(seconds, _LOWEST_ESTIMATE) - self.call_seconds) / 8


def _too_many(wait: float) -> HTTPError:
    return HTTPError(503, "Too many logins at once; try again later", {"Retry-After": str(math.ceil(wait))})


def _lower_priority() -> None:
    """Let the event loops of all workers run first. On Linux, each thread has a priority of its own (sched(7)).

    Beside 200 logins and other programs that use both cores, the median of an unrelated request is 0.4 ms, and without
    this 1.5 to 2.3 ms (``python -m benches.logins``).
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.nice(_NICENESS)


def _processors() -> int:
    """Return the number of processors that this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota() -> float:
    """Return the processors' worth of time that the container may use (cgroup v2, ``cpu.max``).

    One that has used it up is stopped for the rest of the period, event loop and all.
    """
    try:
        with open(_CPU_MAX, encoding="ascii") as file:
            quota, period = file.read().split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf  # no limit, or another system


def _new_pool() -> _Pool:
    # One processor is left for the event loop.
    return _Pool(max(1, int(min(_processors() - 1, _quota() - 1, _MAX_THREADS))))


def _start_anew() -> None:
    global _pool  # noqa: PLW0603 - the threads and the locks of the parent do not exist in a forked child
    _pool = _new_pool()


def _close() -> None:
    _pool.close()


_pool = _new_pool()
atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
