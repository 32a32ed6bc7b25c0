"""The answers of a limit while the server that counts it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from fastware._engine import engine
from fastware._engine.contract import MAX_BUCKET_CAPACITY, MAX_BUCKET_PERIOD, TokenBuckets
from fastware.errors import HTTPError

if TYPE_CHECKING:
    from fastware.auth.buckets.worker_count import WorkerCount

OnError: TypeAlias = Literal["local", "open", "closed"]

_MOST_SIZES: Final = 8
"""There is one size, unless a call costs more than a share. Then there is one for each number of workers."""


class LocalShare:
    """Buckets in memory that admit 1 / *workers* of a rate.

    A worker may take ``capacity / workers`` tokens at once, or the cost of one call if that is more. In the long run,
    all workers together admit the rate. The buckets are kept: another outage does not fill them.

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
            if len(self._buckets) >= _MOST_SIZES:
                self._buckets.clear()
            period = min(self._period * size // self._capacity, MAX_BUCKET_PERIOD)
            buckets = self._buckets.setdefault(size, engine.TokenBuckets(size, period))
        return buckets, units, workers


class WithoutServer:
    """The answers of one limit while the server that counts it cannot be used.

    Args:
        on_error: ``"local"`` counts this worker's share, ``"open"`` admits every call, ``"closed"`` raises 503.
        capacity: of the limit, in tokens.
        period: of the limit, in nanoseconds.
        workers: how many share it.

    """

    def __init__(self, on_error: OnError, capacity: int, period: int, workers: WorkerCount) -> None:
        self._on_error: Final[OnError] = on_error
        self._capacity: Final = capacity
        self._workers = workers
        self._share = LocalShare(capacity, period, lambda: workers.value)

    def server_answered(self) -> None:
        """Note that the server can be used: this worker may register there."""
        if self._on_error == "local":
            self._workers.refresh()

    def take_counted(self, key: str, cost: int) -> tuple[int, int, int]:
        """Take *cost* tokens.

        Raises:
            HTTPError: 503; calls are rejected while they cannot be counted.

        """
        if self._on_error == "local":
            return self._share.take_counted(key, cost)
        if self._on_error == "open":
            return 0, self._capacity, 0
        raise unavailable()

    def give_back(self, key: str, cost: int) -> None:
        """Return *cost* tokens to the share."""
        self._share.give_back(key, cost)

    def reset(self, key: str | None = None) -> None:
        """Refill the share of *key*, or every one."""
        self._share.reset(key)


def unavailable() -> HTTPError:
    """Return the 503 of a request whose limit cannot be counted."""
    return HTTPError(503, "Rate limits cannot be checked; try again later", {"Retry-After": "1"})
