"""What one worker knows of buckets that it shares with others: the tokens that it may spend, and when to reject."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from fastware._internal.fork import give_lock

MAX_BUCKETS: Final = 10_000
"""The number of buckets that one limit remembers in a worker: 3 MB with keys of 70 characters."""

_MAX_PAUSE: Final = 50_000_000
"""Nanoseconds."""


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

    A worker measures ``arrival - s`` from the moment before it sent the request, so it is never too large, except for
    the difference in the speed of two clocks: 100 ppm are one token of 10,000. The tokens of one lease are not added to
    those of another: each has its own arrival.

    A server that has fewer tokens than a lease is asked again when it has refilled a lease, or after 50 ms if that is
    sooner. Otherwise, a client beyond the limit would cost a round trip for each token. Until then, its calls are
    rejected. It loses nothing: the bucket is far from full.

    Times are in units of ``1 / capacity`` nanoseconds. At most *most* buckets are remembered. The oldest is forgotten
    first, with its unspent tokens.
    """

    _lock: threading.Lock

    def __init__(self, capacity: int, period: int, lease: int = 1, most: int = MAX_BUCKETS) -> None:
        self._capacity = capacity
        self._period = period
        self._full = capacity * period
        self._pause = min(lease * period // capacity, _MAX_PAUSE) if lease > 1 else 0
        self._most = most
        self._buckets: OrderedDict[str, tuple[int, int, int]] = OrderedDict()
        """The arrival of each bucket, the unspent tokens of this worker, and when to ask the server again."""
        give_lock(self, self._start)

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, cost: int, now: int) -> tuple[int, int] | None:
        """Spend *cost* tokens at *now*, in nanoseconds. Returns 0 or the nanoseconds to wait, and the level.

        The level is the time until the bucket is full, without the tokens that this worker has not spent. Returns
        ``None`` if the server must be asked.
        """
        with self._lock:
            known = self._buckets.get(key)
            if known is None:
                return None
            arrival, unspent, ask_at = known
            level = arrival - now * self._capacity
            usable = min(unspent, level // self._period)
            if cost <= usable:
                self._buckets[key] = arrival, usable - cost, ask_at
                return 0, level - (usable - cost) * self._period
            wait = max(-(-(level + cost * self._period - self._full) // self._capacity), ask_at - now)
            if wait > 0:
                return wait, max(level, 0)
            if usable <= 0:
                del self._buckets[key]
            return None

    def learn(self, key: str, level: int, unspent: int, sent_at: int, *, is_short: bool = False) -> None:
        """Remember the reply to a request that was sent at *sent_at*, if it is of use.

        Args:
            key: identifies the bucket.
            level: the time until the bucket is full.
            unspent: tokens that the request took, and nobody has spent.
            sent_at: nanoseconds, on the clock of :meth:`take`, before the request was sent.
            is_short: the server had fewer tokens than a lease.

        """
        if not unspent and level + self._period <= self._full:
            return
        ask_at = sent_at + self._pause if is_short else 0
        with self._lock:
            known = self._buckets.pop(key, None)
            if known is not None and known[1] and not unspent:
                self._buckets[key] = known
                return
            self._buckets[key] = level + sent_at * self._capacity, unspent, ask_at
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
