"""What one worker knows of buckets that it shares with others: the tokens that it may spend, and when to reject."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from fastware._internal.fork import give_lock

MAX_BUCKETS: Final = 10_000
"""The number of buckets that one limit remembers in a worker: 4 MB with keys of 64 characters."""


class KnownBuckets:
    """Buckets as the last reply about each said, on the clock of this worker.

    A bucket that is kept elsewhere has an *arrival*, the moment when it is full. Each token that is taken, by any
    worker, moves it later by *T*, the time of a token. A worker that takes several tokens at once, a *lease*, spends
    one of them at a moment *s* only if ``unspent * T <= arrival - s``, with the arrival in the reply. So the unspent
    tokens vanish when the bucket would overflow. Then no interval has more spent tokens than the exact bucket allows:

    1. Number the leases in the order of their replies, with arrivals ``a[1] <= a[2] <= ...``. At each moment *s*, the
       unspent tokens of the leases 1 to *k* take ``U[k] <= max(a[k] - s, 0)``. By induction: lease *k* of *g* tokens
       has ``a[k] >= a[k-1] + g * T``. If ``a[k-1] >= s``, then ``U[k] <= U[k-1] + g * T <= a[k] - s``. Otherwise the
       earlier leases have none left, and the rule bounds those of *k*.
    2. Let *b* be the arrival of an exact bucket from which the tokens are taken when they are spent, and *a* that of
       the bucket elsewhere. Then ``max(b, s) + U <= max(a, s)`` always: taking and leasing add the same to both sides,
       spending moves *T* from *U* to *b*, and when time passes, 1 bounds the left side where *s* is the maximum.
    3. So the exact bucket admits each spent token: ``max(b, s) + T <= a <= s + period``.

    A worker measures ``arrival - s`` from the moment before it sent the request, so it is never too large. The tokens
    of one lease are not added to those of another: each has its own arrival.

    Times are in units of ``1 / capacity`` nanoseconds. At most *most* buckets are remembered. The oldest is forgotten
    first, with its unspent tokens.
    """

    _lock: threading.Lock

    def __init__(self, capacity: int, period: int, most: int = MAX_BUCKETS) -> None:
        self._capacity = capacity
        self._period = period
        self._full = capacity * period
        self._most = most
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """The arrival of each bucket, and the unspent tokens of this worker."""
        give_lock(self, self._start)

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, cost: int, now: int) -> tuple[bool, int] | None:
        """Spend *cost* tokens at *now*, in nanoseconds. Returns whether they were spent, and the level.

        The level is the time until the bucket is full, without the tokens that this worker has not spent. Returns
        ``None`` if only the server knows.
        """
        with self._lock:
            known = self._buckets.get(key)
            if known is None:
                return None
            arrival, unspent = known
            level = arrival - now * self._capacity
            usable = min(unspent, level // self._period)
            if cost <= usable:
                self._buckets[key] = arrival, usable - cost
                return True, level - (usable - cost) * self._period
            if level + cost * self._period > self._full:
                return False, level
            if usable <= 0:
                del self._buckets[key]
            return None

    def learn(self, key: str, level: int, unspent: int, sent_at: int) -> None:
        """Remember the reply to a request that was sent at *sent_at*, if it is of use.

        Args:
            key: identifies the bucket.
            level: the time until the bucket is full.
            unspent: tokens that the request took, and nobody has spent.
            sent_at: nanoseconds, on the clock of :meth:`take`, before the request was sent.

        """
        if not unspent and level + self._period <= self._full:
            return
        with self._lock:
            known = self._buckets.pop(key, None)
            if known is not None and known[1] and not unspent:
                self._buckets[key] = known
                return
            self._buckets[key] = level + sent_at * self._capacity, unspent
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)

    def forget(self, key: str | None = None) -> None:
        """Forget the bucket of *key*, or every one."""
        with self._lock:
            if key is None:
                self._buckets.clear()
            else:
                self._buckets.pop(key, None)

    def _start(self) -> threading.Lock:
        # A forked child must not spend the tokens of its parent a second time.
        self._buckets.clear()
        return threading.Lock()
