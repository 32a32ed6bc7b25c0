"""How long each call takes, one by one."""

import time
from array import array
from collections.abc import Iterable, Iterator

from .limiters import Take

CLOCKS = {"wall": time.perf_counter_ns, "cpu": time.thread_time_ns}
"""What goes by for everyone, and what this thread was running of it: other processes are not in that."""


class Latencies:
    """The nanoseconds of each call, in memory that is there before the first."""

    def __init__(self, count: int, clock: str) -> None:
        self._clock = CLOCKS[clock]
        self._nanoseconds = array("q", bytes(8 * count))

    def time_each(self, take: Take, keys: Iterable[str], clock: Iterable[int], admitted: object) -> int:
        """Take a token for each of *keys* at the next time of *clock*; return how many results were *admitted*."""
        count, read_clock, nanoseconds = 0, self._clock, self._nanoseconds
        for index, (key, now) in enumerate(zip(keys, clock, strict=True)):
            started = read_clock()
            result = take(key, now)
            nanoseconds[index] = read_clock() - started
            count += result == admitted
        return count

    def clock_cost(self, count: int = 100_000) -> int:
        """Return the median of what two readings of the clock in a row are apart: it is part of each latency."""
        read_clock = self._clock
        return sorted(-(read_clock() - read_clock()) for _ in range(count))[count // 2]

    def summary(self) -> dict[str, int]:
        """Return the percentiles that are reported."""
        ordered = sorted(self._nanoseconds)
        last = len(ordered) - 1
        points = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "worst": 1.0}
        return {name: ordered[round(part * last)] for name, part in points.items()}


def steps(start: int, span: int, count: int) -> Iterator[int]:
    """Yield *count* times from *start* to *start + span*, in equal steps."""
    return (start + span * index // (count - 1) for index in range(count))


def paced(seconds: float, count: int) -> Iterator[int]:
    """Yield the real time *count* times, spread over *seconds* by waiting now and then."""
    start = time.monotonic_ns()
    for index in range(count):
        if index % 100 == 0:
            ahead = start / 1e9 + seconds * index / (count - 100) - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
        yield time.monotonic_ns()
