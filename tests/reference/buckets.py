"""Token buckets, counted in exact fractions. No bucket is ever removed.

``Buckets(capacity, period)`` returns what ``TokenBuckets`` returns: it reads the clock in the ticks of the contract.
``PlainBucket`` is one bucket on a clock that is not rounded.
"""

from fractions import Fraction
from math import ceil, floor

MAX_TICK = 1_000
SWEEPS_PER_PERIOD = 4_096


class Rate:
    """Values that the contract derives from *capacity* and *period*; times are nanoseconds."""

    def __init__(self, capacity: int, period: int) -> None:
        self.capacity = capacity
        self.period = period
        self.ticks_per_token = max(1, ceil(Fraction(period, capacity * MAX_TICK)))
        self.ticks_per_period = capacity * self.ticks_per_token
        self.tick = Fraction(period, self.ticks_per_period)
        self.tokens_per_nanosecond = Fraction(capacity, period)


class PlainBucket:
    """One bucket: a level, and the moment at which it had that level.

    Moments may be fractions. At a moment before the last one the level is lower.
    """

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._level = Fraction(rate.capacity)
        self._moment = Fraction(0)

    def level(self, moment: Fraction) -> Fraction:
        return min(
            Fraction(self.rate.capacity), self._level + (moment - self._moment) * self.rate.tokens_per_nanosecond
        )

    def wait(self, moment: Fraction, cost: int = 1) -> Fraction:
        """Return the nanoseconds until *cost* tokens are available: zero or negative if they are available now."""
        return (cost - self.level(moment)) / self.rate.tokens_per_nanosecond

    def take(self, moment: Fraction, cost: int = 1) -> None:
        """Take *cost* tokens, even if they are not available."""
        self._level = self.level(moment) - cost
        self._moment = Fraction(moment)

    def give_back(self, cost: int = 1) -> None:
        """Return *cost* tokens. A level above the capacity counts as the capacity."""
        self._level += cost

    def is_full(self, moment: Fraction) -> bool:
        return self.level(moment) == self.rate.capacity


class TickClock:
    """The clock of one ``TokenBuckets``: whole ticks, and never before the latest sweep."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._ticks_between_sweeps = ceil(Fraction(rate.ticks_per_period, SWEEPS_PER_PERIOD))
        self.swept_at = 0

    @property
    def next_sweep(self) -> int:
        return self.swept_at + self._ticks_between_sweeps

    def was_set_back(self, now: int) -> bool:
        """Return whether *now* is more than a period before the latest sweep."""
        return floor(now / self._rate.tick) < self.swept_at - self._rate.ticks_per_period

    def read(self, now: int) -> int:
        """Return the tick that *now* counts as."""
        ticks = floor(now / self._rate.tick)
        if self.was_set_back(now) or ticks >= self.next_sweep:
            self.swept_at = ticks
        return max(ticks, self.swept_at)

    def moment(self, now: int) -> Fraction:
        """Return the moment that *now* counts as, without rounding it down to a tick."""
        return max(Fraction(now), self.swept_at * self._rate.tick)


class Buckets:
    """The buckets of all keys. Moments are rounded down to ticks, everything else is exact."""

    def __init__(self, capacity: int, period: int) -> None:
        self.rate = Rate(capacity, period)
        self.clock = TickClock(self.rate)
        self.buckets: dict[object, PlainBucket] = {}

    def take(self, key: object, now: int, cost: int = 1) -> int:
        """Return what ``TokenBuckets.take`` returns."""
        return self.take_counted(key, now, cost)[0]

    def take_counted(self, key: object, now: int, cost: int = 1) -> tuple[int, int, int]:
        """Return what ``TokenBuckets.take_counted`` returns."""
        moment = self._read(now)
        bucket = self.buckets.setdefault(key, PlainBucket(self.rate))
        wait = max(0, ceil(bucket.wait(moment, cost)))
        if wait == 0:
            bucket.take(moment, cost)
        remaining = max(0, floor(bucket.level(moment)))
        return wait, remaining, ceil(bucket.wait(moment, self.rate.capacity))

    def give_back(self, key: object, now: int, cost: int = 1) -> None:
        """Return *cost* tokens."""
        self._read(now)
        if key in self.buckets:
            self.buckets[key].give_back(cost)

    def _read(self, now: int) -> Fraction:
        if self.clock.was_set_back(now):
            self.reset()
        return self.clock.read(now) * self.rate.tick

    def take_until_rejected(self, key: object, now: int) -> int:
        """Take all tokens at *now*, and return their number."""
        count = 0
        while self.take(key, now) == 0:
            count += 1
        return count

    def reset(self, key: object = None) -> None:
        """Refill the bucket of *key*, or every bucket."""
        if key is None:
            self.buckets.clear()
        else:
            self.buckets.pop(key, None)

    def not_full(self) -> int:
        """Return the number of buckets that are not full at the latest sweep. These must be kept."""
        moment = self.clock.swept_at * self.rate.tick
        return sum(not bucket.is_full(moment) for bucket in self.buckets.values())
