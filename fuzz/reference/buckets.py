"""Token buckets that count tokens in exact fractions, and keep every bucket."""

from fractions import Fraction
from math import ceil, floor

_LONGEST_TICK = 1_000
_STEPS = 4_096


class ExactBuckets:
    def __init__(self, capacity: int, period: int) -> None:
        self._capacity = capacity
        self._ticks_per_token = max(1, ceil(Fraction(period, capacity * _LONGEST_TICK)))
        self._tick = Fraction(period, capacity * self._ticks_per_token)
        self._ticks_per_step = ceil(Fraction(capacity * self._ticks_per_token, _STEPS))
        self._looked_at = 0
        self._buckets: dict[str, tuple[Fraction, int]] = {}

    def take(self, key: str, now: int) -> int:
        moment = floor(now / self._tick)
        if moment >= self._looked_at + self._ticks_per_step:
            self._looked_at = moment
        moment = max(moment, self._looked_at)
        tokens, since = self._buckets.get(key, (Fraction(self._capacity), moment))
        # A moment between two steps may lie before that of the call before it: what was taken then is gone already.
        tokens = min(Fraction(self._capacity), tokens + Fraction(moment - since, self._ticks_per_token))
        if tokens >= 1:
            self._buckets[key] = (tokens - 1, moment)
            return 0
        return ceil((1 - tokens) * self._ticks_per_token * self._tick)
