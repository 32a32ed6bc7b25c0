"""What is timed, and how.

pytest-benchmark keeps the times, their statistics, the JSON and the comparison of runs. It does not time the calls
itself: it cannot await, it cannot make new arguments for each of the many calls of a round, and its loop adds 8 ns to
each of them, a fifth of the fastest call here. So a loop is compiled for each call, as ``timeit`` does, and R, one
``hmac.digest`` of 150 bytes, is measured in the same way before and after each round.
"""

import asyncio
import atexit
import functools
import hmac
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

clock = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-6 else time.perf_counter
"""The CPU time of the thread, which other processes do not change; on Windows it is too coarse."""

_ROUND_SECONDS = 0.0004
"""Shorter than the time slice of a scheduler, and long enough for the clock."""
_MAX_ROUNDS = 1_000
_MAX_CALLS = 1_000_000
_WARM_UP = 8
"""Calls of each round before the clock starts, because the measurement of R has changed the processor's caches."""


@dataclass(frozen=True)
class Each:
    """An argument that is made for each call, before the clock starts, as a server makes a scope.

    *at_once* arguments are made for a round: few enough to stay in the processor's caches.
    """

    make: Callable[[], Any]
    at_once: int = 50


@dataclass(frozen=True)
class Call:
    """A call to time. *raises* are exceptions that count as results; the time of *baseline* is subtracted."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    raises: type[Exception] | tuple[()] = ()
    baseline: "Call | None" = None
    is_awaited: bool = False

    def result(self) -> Any:
        """Make the call once; return its result, or the exception that counts as one."""
        try:
            result = self.function(*(each.make() if isinstance(each, Each) else each for each in self.arguments))
            return run(result) if self.is_awaited else result
        except self.raises as error:
            return error

    @functools.cached_property
    def max_calls(self) -> int:
        return min((each.at_once for each in self.arguments if isinstance(each, Each)), default=_MAX_CALLS)

    def seconds_of(self, count: int) -> float:
        """Return the seconds that *count* calls take, after a few calls that are not timed."""
        warm_up, items = self._items(min(count // 8, _WARM_UP)), self._items(count)
        seconds = self._loop(warm_up, items, clock, self.function, self.raises, *self.arguments)
        return run(seconds) if self.is_awaited else seconds

    def _items(self, count: int) -> Any:
        make = next((each.make for each in self.arguments if isinstance(each, Each)), None)
        return [make() for _ in range(count)] if make else repeat(None, count)

    @functools.cached_property
    def _loop(self) -> Callable[..., Any]:
        """Compile ``for each in items: function(argument0, each)``; ``Each`` may be used once."""
        names = [f"argument{index}" for index in range(len(self.arguments))]
        given = ["each" if isinstance(each, Each) else name for name, each in zip(names, self.arguments, strict=True)]
        statement = f"{'await ' * self.is_awaited}function({', '.join(given)})"
        if self.raises != ():
            statement = f"\n        try: {statement}\n        except raises: pass"
        namespace: dict[str, Any] = {}
        source = f"""
{"async " * self.is_awaited}def loop({", ".join(["warm_up", "items", "clock", "function", "raises", *names])}):
    for each in warm_up: {statement}
    start = clock()
    for each in items: {statement}
    return clock() - start
"""
        exec(source, namespace)
        return namespace["loop"]


def call(function, *arguments, **options) -> Call:
    return Call(function, arguments, **options)


def awaited(function, *arguments, **options) -> Call:
    """Return a call that is awaited: one coroutine makes all calls of a round, so that no event loop is in the time."""
    return Call(function, arguments, is_awaited=True, **options)


def run(awaitable) -> Any:
    """Await *awaitable* on the event loop that all benchmarks share."""
    return _event_loop().run_until_complete(awaitable)


@functools.cache
def _event_loop():
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


_R = call(hmac.digest, b"k" * 32, b"m" * 150, "sha256")


def _empty_loop(count: int) -> float:
    items = repeat(None, count)
    start = clock()
    for _ in items:
        pass
    return clock() - start


class Yardstick(NamedTuple):
    """R, one pass of an empty loop, and one reading of the clock, in seconds, measured at one moment."""

    r: float
    empty_pass: float
    reading: float

    @classmethod
    def now(cls) -> "Yardstick":
        reading = min(_empty_loop(0) for _ in range(3))
        yardstick = cls(0.0, (_empty_loop(1_000) - reading) / 1_000, reading)
        return yardstick._replace(r=yardstick.net(_R.seconds_of(100), 100))

    def net(self, seconds: float, count: int) -> float:
        """Return the seconds of one call, given that *count* calls took *seconds* in their loop."""
        return (seconds - self.reading) / count - self.empty_pass


class Rounds:
    """Many short rounds of one call, each with R before and after it."""

    def __init__(self, timed: Call) -> None:
        self._calls = [timed, timed.baseline] if timed.baseline else [timed]
        self._counts = [_calls_a_round(each) for each in self._calls]
        self._before = Yardstick.now()
        self._ratios: list[float] = []
        self._baselines: list[float] = []
        self._rs: list[float] = []

    def number_within(self, seconds: float, minimum: int) -> int:
        """Return the number of rounds that take *seconds*; the rounds that measure this are a warm-up."""
        start = time.perf_counter()
        for _ in range(5):
            self.measure()
        quickest = (time.perf_counter() - start) / 5
        self._ratios, self._baselines, self._rs = [], [], []
        return max(minimum, min(math.ceil(seconds / quickest), _MAX_ROUNDS))

    def measure(self) -> float:
        """Measure a round; return the seconds of one call, the baseline included."""
        seconds = [each.seconds_of(count) for each, count in zip(self._calls, self._counts, strict=True)]
        after = Yardstick.now()
        between = Yardstick(*map(statistics.fmean, zip(self._before, after, strict=True)))
        self._before = after
        net, *baseline = map(between.net, seconds, self._counts)
        self._ratios.append((net - sum(baseline)) / between.r)
        self._baselines.append(sum(baseline) / between.r)
        self._rs.append(between.r)
        return net

    @property
    def ratio(self) -> float:
        """The median time of a call in R, without the baseline."""
        return statistics.median(self._ratios)

    @property
    def baseline(self) -> float:
        """The median time of the baseline in R."""
        return statistics.median(self._baselines)

    @property
    def r_seconds(self) -> float:
        return statistics.median(self._rs)


def _calls_a_round(timed: Call) -> int:
    count = 1
    while count < timed.max_calls:
        seconds = min(timed.seconds_of(count) for _ in range(3))  # one of three is not interrupted
        if seconds >= _ROUND_SECONDS / 4:
            return max(1, min(round(count * _ROUND_SECONDS / seconds), timed.max_calls))
        count *= 4
    return timed.max_calls
