"""A call measured in many short rounds, R before and after each of them."""

import math
import statistics
from time import perf_counter
from typing import NamedTuple

from . import yardstick
from .call import Call
from .loop import Loop, loop_of

_SLICE_SECONDS = 0.0004
"""How long the calls of a round take together: shorter than a scheduler's time slice, long enough for the clock."""


_MOST_ROUNDS = 1_000
_MOST_CALLS = 1_000_000


class _Round(NamedTuple):
    """Seconds of one call, of one call of its baseline, and of R at that moment."""

    call: float
    baseline: float
    r: float


class Interleaved:
    """The rounds of one call."""

    def __init__(self, call: Call) -> None:
        self._call = _Slice(call)
        self._baseline = _Slice(call.baseline) if call.baseline else None
        self._rounds: list[_Round] = []
        self._before = yardstick.measure()

    def round(self) -> float:
        """Measure once more; return the seconds of one call, nothing subtracted but the loop."""
        baseline = self._baseline.measure() if self._baseline else 0.0
        call = self._call.measure()
        after = yardstick.measure()
        now = yardstick.between(self._before, after)
        self._before = after
        measured = _Round(
            now.net(call, self._call.count),
            now.net(baseline, self._baseline.count) if self._baseline else 0.0,
            now.r,
        )
        self._rounds.append(measured)
        return measured.call

    def rounds_within(self, seconds: float, minimum: int) -> int:
        """How many rounds last *seconds* where nothing disturbs them, at least *minimum* and at most a thousand.

        The rounds made to find out warm up, and do not count.
        """
        quickest = min(self._seconds_of_a_round() for _ in range(5))
        self._rounds.clear()
        return max(minimum, min(math.ceil(seconds / quickest), _MOST_ROUNDS))

    def _seconds_of_a_round(self) -> float:
        start = perf_counter()
        self.round()
        return perf_counter() - start

    @property
    def cost_in_r(self) -> float:
        """Median of the call's time, its baseline's subtracted, in R."""
        return statistics.median((each.call - each.baseline) / each.r for each in self._rounds)

    @property
    def baseline_in_r(self) -> float:
        """Median of the baseline's time in R."""
        return statistics.median(each.baseline / each.r for each in self._rounds)

    @property
    def r_seconds(self) -> float:
        """Median of R."""
        return statistics.median(each.r for each in self._rounds)


class _Slice:
    """As many calls as fill a slice of time."""

    def __init__(self, call: Call) -> None:
        self._loop = loop_of(call)
        self.count = _calls_within(_SLICE_SECONDS, self._loop, call.most_at_once or _MOST_CALLS)

    def measure(self) -> float:
        """Return the seconds that all calls of the slice take."""
        return self._loop(self.count)


def _calls_within(seconds: float, loop: Loop, most: int) -> int:
    count = 1
    while count < most:
        elapsed = min(loop(count) for _ in range(3))  # of three, one is not interrupted by other processes
        if elapsed >= seconds / 4:
            return max(1, min(round(count * seconds / elapsed), most))
        count *= 4
    return most
