"""One worker's share of a limit, for the time in which workers cannot count together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastware._engine import engine
from fastware._engine.contract import MAX_BUCKET_CAPACITY, MAX_BUCKET_PERIOD, TokenBuckets


class LocalShare:
    """Buckets in memory that admit 1 / *workers* of a rate.

    A worker may take ``capacity / workers`` tokens at once, or the cost of one call if that is more. In the long run,
    all workers together admit the rate. The buckets are kept, so a server that fails again and again does not fill them.

    Args:
        capacity: of the limit, in tokens.
        period: of the limit, in nanoseconds.
        workers: returns their number.

    """

    def __init__(self, capacity: int, period: int, workers: Callable[[], int]) -> None:
        self._capacity: Final = capacity
        self._period: Final = period
        self._workers = workers
        self._buckets: dict[int, TokenBuckets] = {}

    def take_counted(self, key: str, cost: int) -> tuple[int, int, int]:
        """Do what ``TokenBuckets.take_counted`` does, for the share."""
        buckets, units, workers = self._for(cost)
        wait, left, until_full = buckets.take_counted(key, None, units)
        return wait, left // workers, until_full

    def give_back(self, key: str, cost: int) -> None:
        """Return *cost* tokens to the share."""
        buckets, units, _ = self._for(cost)
        buckets.give_back(key, None, units)

    def reset(self, key: str | None = None) -> None:
        """Refill the share of *key*, or every one."""
        for buckets in list(self._buckets.values()):
            buckets.reset(key)

    def _for(self, cost: int) -> tuple[TokenBuckets, int, int]:
        """Return buckets, and what *cost* is in units of ``1 / workers`` tokens, of which they have *capacity*."""
        workers = self._workers()
        units = min(cost * workers, MAX_BUCKET_CAPACITY)
        size = max(self._capacity, units)
        buckets = self._buckets.get(size)
        if buckets is None:
            period = min(self._period * size // self._capacity, MAX_BUCKET_PERIOD)
            buckets = self._buckets.setdefault(size, engine.TokenBuckets(size, period))
        return buckets, units, workers
