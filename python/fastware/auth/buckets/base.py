"""What a rate limit asks of the place where it is counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from fastware._internal.threads import run_in_thread

ResultT = TypeVar("ResultT")


class Buckets(ABC):
    """A place where rate limits are counted: the base of ``SharedBuckets`` and ``RedisBuckets``."""

    @abstractmethod
    def open(self, name: str, capacity: int, period: int, *, gives_back: bool = False) -> LimitBuckets:
        """Return the buckets of one limit.

        Args:
            name: identifies the limit in all processes.
            capacity: tokens in a full bucket, 1 to 1,000,000,000.
            period: nanoseconds in which an empty bucket is refilled, 10**9 to 2**53.
            gives_back: whether tokens may be given back. A process must then not remember what it knows of a bucket.

        Raises:
            ValueError: a limit of this name has another rate.

        """


class LimitBuckets(ABC):
    """The token buckets of one limit, one per key.

    Attributes:
        blocks: whether a call may wait for a server or another process. The twins with the prefix ``a`` never block
            the event loop: if ``blocks`` is true, they make the call in a thread by default.
        engine_buckets: the buckets of the engine that count, or ``None``. If no call ``blocks``, their methods do the
            same as these, and save the call of a wrapper.

    """

    blocks: bool
    engine_buckets: Any = None

    @abstractmethod
    def take(self, key: str, cost: int = 1) -> int:
        """Take *cost* tokens. Returns 0, or the nanoseconds until there are enough; then none is taken."""

    @abstractmethod
    def take_counted(self, key: str, cost: int = 1) -> tuple[int, int, int]:
        """Take *cost* tokens. Returns the result of :meth:`take`, the tokens left, and the nanoseconds until full."""

    @abstractmethod
    def give_back(self, key: str, cost: int = 1) -> None:
        """Return *cost* tokens to a bucket, but not to a full one."""

    @abstractmethod
    def reset(self, key: str | None = None) -> None:
        """Refill the bucket of *key*, or every bucket of the limit."""

    async def atake(self, key: str, cost: int = 1) -> int:
        """Do what :meth:`take` does."""
        return await self._call(self.take, key, cost)

    async def atake_counted(self, key: str, cost: int = 1) -> tuple[int, int, int]:
        """Do what :meth:`take_counted` does."""
        return await self._call(self.take_counted, key, cost)

    async def agive_back(self, key: str, cost: int = 1) -> None:
        """Do what :meth:`give_back` does."""
        await self._call(self.give_back, key, cost)

    async def areset(self, key: str | None = None) -> None:
        """Do what :meth:`reset` does."""
        await self._call(self.reset, key)

    async def _call(self, function: Callable[..., ResultT], *args: Any) -> ResultT:
        return await run_in_thread(function, *args) if self.blocks else function(*args)
