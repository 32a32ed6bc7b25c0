"""The plain token bucket, in exact fractions: a level, the moment that it is of, and a refill in proportion to time."""

from fractions import Fraction
from math import ceil, floor

LONGEST_TICK = 1000
STEPS = 4096


class Rate:
    """What the contract derives from capacity and period: the tick, and how many of them a token is."""

    def __init__(self, capacity, period):
        self.capacity = capacity
        self.period = period
        self.ticks_of_a_token = max(1, ceil(Fraction(period, capacity * LONGEST_TICK)))
        self.tick = Fraction(period, capacity * self.ticks_of_a_token)
        self.a_nanosecond = Fraction(capacity, period)
        """Tokens that come in a nanosecond."""

    def whole_ticks(self, now):
        return floor(now / self.tick)


class PlainBucket:
    """One bucket. A moment may be a fraction, and may lie before the last one: then less has come back."""

    def __init__(self, rate):
        self.rate = rate
        self._level = Fraction(rate.capacity)
        self._moment = Fraction(0)

    def level(self, now):
        return min(Fraction(self.rate.capacity), self._level + (now - self._moment) * self.rate.a_nanosecond)

    def wait(self, now):
        """Nanoseconds, a fraction, until a token is there; below zero for as long as one is."""
        return (1 - self.level(now)) / self.rate.a_nanosecond

    def take(self, now):
        """Take a token, whether one is there or not."""
        self._level = self.level(now) - 1
        self._moment = Fraction(now)

    def is_full(self, now):
        return self.level(now) == self.rate.capacity


class TickClock:
    """The clock as all buckets of one engine read it: in whole ticks, and never before full buckets were looked for."""

    def __init__(self, rate):
        self._rate = rate
        self._step = ceil(Fraction(rate.capacity * rate.ticks_of_a_token, STEPS))
        self.looked_for_full_at = 0

    @property
    def next_look(self):
        return self.looked_for_full_at + self._step

    def read(self, now):
        """The tick that *now* counts as."""
        ticks = self._rate.whole_ticks(now)
        if ticks >= self.next_look:
            self.looked_for_full_at = ticks
        return max(ticks, self.looked_for_full_at)

    def moment(self, now):
        """The moment, unrounded, that *now* counts as."""
        return max(Fraction(now), self.looked_for_full_at * self._rate.tick)


class BucketsModel:
    """The buckets of all keys, none of which ever goes away; moments are rounded down to ticks, all else is exact."""

    def __init__(self, capacity, period):
        self.rate = Rate(capacity, period)
        self.clock = TickClock(self.rate)
        self.buckets = {}

    def take(self, key, now):
        """What ``TokenBuckets.take`` answers."""
        moment = self.clock.read(now) * self.rate.tick
        bucket = self.buckets.setdefault(key, PlainBucket(self.rate))
        wait = bucket.wait(moment)
        if wait > 0:
            return ceil(wait)
        bucket.take(moment)
        return 0

    def taken_until_refused(self, key, now):
        """How many takes at *now* are admitted, one after another."""
        count = 0
        while self.take(key, now) == 0:
            count += 1
        return count

    def not_full(self):
        """How many buckets are not full by the clock: these must be kept."""
        moment = self.clock.looked_for_full_at * self.rate.tick
        return sum(not bucket.is_full(moment) for bucket in self.buckets.values())
