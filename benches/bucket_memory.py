"""Measure a million rate-limit keys: bytes per key, the slowest calls, and threads that share the buckets.

Each client calls once during half a period. Then the clients make no calls for two periods, while a hundred others
call. fastware takes the time as an argument, so its periods pass in small steps; the peers have real periods. Every
measurement runs in a separate process, which also checks that each key is admitted exactly as often as it should be.
"""

import argparse
import gc
import multiprocessing
import os
import random
import statistics
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import engines
from checks.processes import exit_on_sigterm, resident_bytes
from checks.tables import duration, machine, table

from benches.by_hand import DictBuckets
from benches.jobs import BY_HAND, OURS, PYTHON, RUST

_START = 10**12
_OTHERS, _SAMPLE = 100, 1_000
_CLOCKS = {"wall": time.perf_counter_ns, "cpu": time.thread_time_ns}
_PHASES = ("arriving", "going stale", "nothing")
_GOALS = {
    "live, bytes per key": 64,
    "stale, bytes per key": 8,
    "arriving, worst call": 500_000,
    "going stale, worst call": 500_000,
    "arriving, worst call, CPU time": 500_000,
    "going stale, worst call, CPU time": 500_000,
    "arriving, p99.9": 2_000,
    "going stale, p99.9": 2_000,
}
"""The largest figures, in bytes or nanoseconds, that the Rust engine should have."""

Take = Callable[[str, int], Any]


class Limiter(NamedTuple):
    """*make* takes a capacity and a period in seconds; its function returns *admitted* if a token was taken."""

    make: Callable[[int, int], Take]
    admitted: Any
    takes_now: bool = False


def _by_hand(capacity: int, seconds: int) -> Take:
    take = DictBuckets(capacity, seconds).take
    return lambda key, now: take(key)


def _limits(strategy: str) -> Callable[[int, int], Take]:
    def make(capacity, seconds):
        from limits import RateLimitItemPerSecond, strategies
        from limits.storage import MemoryStorage

        hit, item = getattr(strategies, strategy)(MemoryStorage()).hit, RateLimitItemPerSecond(capacity, seconds)
        return lambda key, now: hit(item, key)

    return make


def _rust_py_rate_limit(capacity: int, seconds: int) -> Take:
    from rust_py_rate_limit import RateLimiter

    allow = RateLimiter(limit=capacity, window_seconds=seconds, cleanup_interval=seconds).allow
    return lambda key, now: allow(key)


def _fastware(engine: str) -> Limiter:
    def make(capacity, seconds):
        return engines.engine(engine).TokenBuckets(capacity, seconds * 10**9).take

    return Limiter(make, 0, takes_now=True)


_LIMITERS = {
    RUST: _fastware("rust"),
    PYTHON: _fastware("python"),
    BY_HAND: Limiter(_by_hand, 0),
    "limits (fixed window)": Limiter(_limits("FixedWindowRateLimiter"), True),
    "limits (moving window)": Limiter(_limits("MovingWindowRateLimiter"), True),
    "rust-py-rate-limit": Limiter(_rust_py_rate_limit, True),
}


def _client(number: int) -> str:
    """Return the address of a client, a new string as in a server, which keeps no reference to it."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def measure(name: str, keys: int, seconds: int, clock: str) -> dict[str, Any] | str:
    """Return bytes per key, and percentiles of the nanoseconds of a call; or why the limiter is missing."""
    limiter, period, read_clock = _LIMITERS[name], seconds * 10**9, _CLOCKS[clock]
    gc.disable()
    nanoseconds = {phase: array("q", bytes(8 * keys)) for phase in _PHASES}

    def time_each(phase: str, take: Take, callers: Iterable[str], times: Iterable[int]) -> int:
        """Return the number of calls that were admitted."""
        admitted, taken = 0, nanoseconds[phase]
        for index, (key, now) in enumerate(zip(callers, times, strict=True)):
            start = read_clock()
            result = take(key, now)
            taken[index] = read_clock() - start
            admitted += result == limiter.admitted
        return admitted

    def again(now: int) -> int:
        sample = random.Random(2).sample(range(keys), _SAMPLE)
        return sum(take(_client(number), now) == limiter.admitted for number in sample)

    time_each("nothing", lambda key, now: None, map(_client, range(keys)), _steps(_START, period, keys))
    try:
        _check_capacity(limiter, seconds)
        take = limiter.make(1, seconds)
    except ImportError as error:
        return str(error)
    take("warm-up", _START)
    empty, begin = _resident(), time.monotonic()
    admitted = time_each("arriving", take, map(_client, range(keys)), _steps(_START, period // 2, keys))
    all_are_live = limiter.takes_now or time.monotonic() - begin < seconds
    live = _resident()
    _expect("clients admitted at their first call", admitted, [keys])
    if all_are_live:
        _expect("clients admitted at their second call", again(_START + period // 2), [0])
    others = (f"192.0.2.{number % _OTHERS}" for number in range(keys))
    later = _START + period // 2
    times = _steps(later, 2 * period, keys) if limiter.takes_now else _real_times(2 * seconds, keys)
    admitted = time_each("going stale", take, others, times)
    stale = _resident()
    # Each is admitted at once, again a period later, and perhaps again at the end of the second period.
    _expect("calls of the others admitted", admitted, range(2 * _OTHERS, 3 * _OTHERS + 1))
    _expect("clients admitted two periods later", again(later + 2 * period), [_SAMPLE])
    result = {"live, bytes per key": (live - empty) / keys, "stale, bytes per key": (stale - empty) / keys}
    for phase, taken in nanoseconds.items():
        ordered = sorted(taken)
        for point, part in {"p50": 0.5, "p99.9": 0.999, "worst call": 1.0}.items():
            result[f"{phase}, {point}"] = ordered[round(part * (keys - 1))]
    return result


def _resident() -> int:
    gc.collect()
    return resident_bytes(os.getpid())


def _check_capacity(limiter: Limiter, seconds: int) -> None:
    take = limiter.make(3, seconds)
    calls = [*range(_SAMPLE)] * 5
    random.Random(1).shuffle(calls)
    admitted = [0] * _SAMPLE
    for number in calls:
        admitted[number] += take(_client(number), _START) == limiter.admitted
    _expect("admissions of a key with a capacity of 3", *{*admitted}, [3])


def _expect(what: str, found: int, right: Iterable[int]) -> None:
    if found not in right:
        raise ValueError(f"{what}: {found}, expected {right}")


def _steps(start: int, span: int, count: int) -> Iterator[int]:
    return (start + span * index // (count - 1) for index in range(count))


def _real_times(seconds: float, count: int) -> Iterator[int]:
    """Yield the real time *count* times, spread over *seconds*."""
    start = time.monotonic()
    for index in range(count):
        if index % 100 == 0:
            time.sleep(max(0, start + seconds * index / (count - 100) - time.monotonic()))
        yield time.monotonic_ns()


def threads_a_second(engine: str, threads: int, keys: int = 100_000) -> float:
    """Return calls a second, all *threads* together; they share the buckets."""
    take = engines.engine(engine).TokenBuckets(1_000, 3_600 * 10**9).take
    drawn = [_client(number) for number in random.Random(keys).choices(range(keys), k=keys)]
    for key in drawn:
        take(key, _START)
    barrier = threading.Barrier(threads + 1)

    def run(mine: list[str]) -> None:
        barrier.wait()
        for key in mine:
            take(key, _START)

    workers = [threading.Thread(target=run, args=(drawn[index::threads],)) for index in range(threads)]
    for worker in workers:
        worker.start()
    barrier.wait()
    start = time.perf_counter()
    for worker in workers:
        worker.join()
    return keys / (time.perf_counter() - start)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.bucket_memory", description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000, help="default: 1,000,000")
    parser.add_argument("--runs", type=int, default=5, help="of each engine, with either clock (default: 5)")
    parser.add_argument("--peer-period", type=int, default=30, help="period of the peers in seconds; 0 leaves them out")
    arguments = parser.parse_args()
    exit_on_sigterm()
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    turns = [(name, clock, 60) for _ in range(arguments.runs) for clock in _CLOCKS for name in OURS]
    if arguments.peer_period:
        turns += [(name, "wall", arguments.peer_period) for name in _LIMITERS if name not in OURS]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        for name, clock, seconds in turns:
            result = pool.submit(measure, name, arguments.keys, seconds, clock).result()
            print(f"{name}, {clock} clock: {result if isinstance(result, str) else 'measured'}", flush=True)
            if not isinstance(result, str):
                runs.setdefault((name, clock), []).append(result)
    best = {
        key: {figure: _of_runs(figure)(run[figure] for run in each) for figure in each[0]} for key, each in runs.items()
    }
    figures = [*next(iter(best.values()))]
    rows = [(*key, *(_shown(figure, each[figure]) for figure in figures)) for key, each in best.items()]
    print(f"\n{table(('limiter', 'clock', *figures), rows, 2)}\n")
    rust = best.get((RUST, "wall"), {})
    rust |= {f"{figure}, CPU time": value for figure, value in best.get((RUST, "cpu"), {}).items()}
    goals = [
        (figure, _shown(figure, most), _shown(figure, rust[figure]), "yes" if rust[figure] <= most else "NO")
        for figure, most in _GOALS.items()
        if figure in rust
    ]
    print(f"{table(('goal of the Rust engine', 'at most', 'measured', 'met'), goals)}\n")
    for engine in engines.BUILT:
        rates = [f"{threads} threads {threads_a_second(engine, threads) / 1e6:.2f} M/s" for threads in (1, 2, 4)]
        print(f"{engine} engine, one table of 100,000 keys: {', '.join(rates)}")
    print(machine())
    return 0


def _of_runs(figure: str) -> Callable[[Iterable[float]], float]:
    """Return the figure of several runs. The smallest worst call counts: the others contain an interruption."""
    return max if "bytes" in figure else min if "worst" in figure else statistics.median


def _shown(figure: str, value: float) -> str:
    return f"{value:.1f}" if "bytes" in figure else duration(value / 1e9)


if __name__ == "__main__":
    sys.exit(main())
