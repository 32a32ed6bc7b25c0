"""The arithmetic of token buckets: ticks, exact in integers. And the arguments that their calls share."""

from __future__ import annotations

import time
from typing import Any, Final

from fastware._engine.arguments import as_text
from fastware._engine.contract import MAX_BUCKET_CAPACITY, MAX_BUCKET_PERIOD, MIN_BUCKET_PERIOD

_LAST_MOMENT: Final = 2**63 - 1
_MAX_TICK: Final = 1_000


class Rate:
    """A bucket's size and refill, counted in ticks: a token is a whole number of them."""

    __slots__ = ("capacity", "period", "ticks_per_period", "ticks_per_token")

    def __init__(self, capacity: int, period: int) -> None:
        if not (
            _is_integer(capacity, 1, MAX_BUCKET_CAPACITY) and _is_integer(period, MIN_BUCKET_PERIOD, MAX_BUCKET_PERIOD)
        ):
            raise ValueError("capacity must be 1 to 10**9 tokens, period 10**9 to 2**53 nanoseconds")
        self.capacity = capacity
        self.period = period
        self.ticks_per_token = max(1, -(-period // (capacity * _MAX_TICK)))
        self.ticks_per_period = self.ticks_per_token * capacity

    def ticks(self, nanoseconds: int) -> int:
        """Return nanoseconds in ticks, rounded down. A tick is never shorter than a nanosecond."""
        return nanoseconds * self.ticks_per_period // self.period

    def nanoseconds(self, ticks: int) -> int:
        """Return ticks in nanoseconds, rounded up."""
        return -(-ticks * self.period // self.ticks_per_period)

    def nanoseconds_down(self, ticks: int) -> int:
        """Return ticks in nanoseconds, rounded down."""
        return ticks * self.period // self.ticks_per_period

    def ticks_up(self, nanoseconds: int) -> int:
        """Return the ticks of which :meth:`nanoseconds_down` made *nanoseconds*."""
        return -(-nanoseconds * self.ticks_per_period // self.period)

    def ticks_of_tokens(self, cost: object) -> int:
        """Return the ticks of *cost* tokens."""
        if not isinstance(cost, int):
            raise TypeError("cost must be int")
        if not 1 <= cost <= self.capacity:
            raise ValueError(f"cost must be 1 to {self.capacity} tokens, the capacity")
        return cost * self.ticks_per_token

    def counted(self, wait: int, until_full: int) -> tuple[int, int, int]:
        """Return what ``take_counted`` returns, from a wait and the time until the bucket is full, in ticks."""
        # Below zero only at a moment before that of an earlier call.
        remaining = max(0, self.ticks_per_period - until_full) // self.ticks_per_token
        return self.nanoseconds(max(0, wait)), remaining, self.nanoseconds(until_full)


def moment_of(now: int | None) -> int:
    """Return *now*, by default that of ``time.monotonic_ns()``. Call it under the lock: it must not be old."""
    if now is None:
        now = time.monotonic_ns()
    if not isinstance(now, int):
        raise TypeError("now must be int")
    if not 0 <= now <= _LAST_MOMENT:
        raise OverflowError("now must be 0 to 2**63 - 1 nanoseconds")
    return now


def text_of(key: object) -> str:
    text = as_text(key)
    if text is None:
        raise TypeError("a bucket key must be str")
    return text


def host_of(request: Any) -> str:
    """Return the host that *request* comes from, or ``"unknown"``."""
    try:
        scope = request.scope
    except AttributeError:
        if not issubclass(type(request), dict):
            raise
        scope = request
    client = scope.get("client")
    host = as_text(client[0]) if client else None
    return host or "unknown"


def _is_integer(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most
