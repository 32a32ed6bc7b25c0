"""What a rate limit asks of the place where it is counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol


class Buckets(ABC):
    """A place where rate limits are counted: the base of ``SharedBuckets`` and ``RedisBuckets``."""

    @abstractmethod
    def open(self, name: str, capacity: int, period: int, *, gives_back: bool = False) -> LimitBuckets:
        """Return the buckets of one limit.

        Args:
            name: identifies the limit in all processes.
            capacity: tokens in a full bucket, 1 to 1,000,000,000.
            period: nanoseconds in which an empty bucket is refilled, 10**9 to 2**53.
            gives_back: tokens may be given back, so what one process knows of a bucket is soon wrong.

        Raises:
            ValueError: a limit of this name has another rate.

        """


class LimitBuckets(Protocol):
    """The token buckets of one limit, one per key.

    The methods without the prefix ``a`` may wait for a server or another process if ``blocks``. Their twins with the
    prefix never block the event loop.
    """

    blocks: bool

    def take(self, key: str, cost: int = 1) -> int:
        """Take *cost* tokens. Returns 0, or the nanoseconds until there are enough; then none is taken."""
        ...

    def take_counted(self, key: str, cost: int = 1) -> tuple[int, int, int]:
        """Do what :meth:`take` does. Returns its result, the tokens that remain, and the nanoseconds until it is full."""
        ...

    def give_back(self, key: str, cost: int = 1) -> None:
        """Return *cost* tokens to a bucket, but not to a full one."""
        ...

    def reset(self, key: str | None = None) -> None:
        """Refill the bucket of *key*, or every bucket of the limit."""
        ...

    async def atake(self, key: str, cost: int = 1) -> int: ...

    async def atake_counted(self, key: str, cost: int = 1) -> tuple[int, int, int]: ...

    async def agive_back(self, key: str, cost: int = 1) -> None: ...

    async def areset(self, key: str | None = None) -> None: ...
