"""Threads that take from one table of buckets: operations a second, all threads together."""

import random
import threading
import time
from functools import partial

import engines

from .bucket_series import Table, key, take_each

NUMBERS = (1, 2, 4)
_KEYS = 100_000
_CALLS = 100_000  # by all threads together
_STARTS_AT = 2 * 10**9


def operations_a_second(rounds: int, calls: int = _CALLS) -> dict[str, dict[int, float]]:
    """Return the best of *rounds* by engine and number of threads; they take turns."""
    tables = {engine: Table(engine, _KEYS) for engine in engines.BUILT}
    draw = random.Random(calls).randrange
    keys = [key(draw(_KEYS)) for _ in range(calls)]
    best: dict[str, dict[int, float]] = {engine: dict.fromkeys(NUMBERS, 0.0) for engine in tables}
    for _ in range(rounds):
        for engine, table in tables.items():
            for threads in NUMBERS:
                jobs = [partial(take_each, table.take, keys[index::threads], _STARTS_AT) for index in range(threads)]
                best[engine][threads] = max(best[engine][threads], calls / _run(jobs))
    return best


def check() -> None:
    """Raise ``ValueError`` unless four threads are admitted exactly what a bucket holds."""
    for engine in engines.BUILT:
        admitted = _admitted_by_four_threads(engine)
        if admitted != 1_000:
            raise ValueError(f"{engine} engine: four threads were admitted {admitted} times, right is 1,000")


def _admitted_by_four_threads(engine: str) -> int:
    take = engines.engine(engine).TokenBuckets(1_000, 3_600 * 10**9).take
    admitted: list[int] = []
    _run([lambda: admitted.append(sum(take("k", _STARTS_AT) == 0 for _ in range(1_000)))] * 4)
    return sum(admitted)


def _run(jobs) -> float:
    """Run each job in a thread; return the seconds from the moment when all may start to that when all have ended."""
    barrier = threading.Barrier(len(jobs) + 1)

    def wait_and_run(job):
        barrier.wait()
        job()

    threads = [threading.Thread(target=wait_and_run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    started = time.perf_counter()
    barrier.wait()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started
