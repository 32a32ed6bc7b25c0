"""Counts a rate limit in the memory of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastware._engine import engine
from fastware.auth.buckets.base import LimitBuckets

if TYPE_CHECKING:
    from fastware._engine.contract import TokenBuckets


class MemoryBuckets(LimitBuckets):
    """The buckets of one limit, in the memory of this process."""

    blocks = False
    engine_buckets: TokenBuckets

    def __init__(self, capacity: int, period: int) -> None:
        self.engine_buckets = engine.TokenBuckets(capacity, period)

    def take(self, key: str, cost: int = 1) -> int:
        """Take *cost* tokens."""
        return self.engine_buckets.take(key, cost=cost)

    def take_counted(self, key: str, cost: int = 1) -> tuple[int, int, int]:
        """Take *cost* tokens, and count those that are left."""
        return self.engine_buckets.take_counted(key, cost=cost)

    def give_back(self, key: str, cost: int = 1) -> None:
        """Return *cost* tokens."""
        self.engine_buckets.give_back(key, cost=cost)

    def reset(self, key: str | None = None) -> None:
        """Refill the bucket of *key*, or every bucket."""
        self.engine_buckets.reset(key)
