"""Token buckets, each kept as one number: its theoretical arrival time."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from itertools import islice
from typing import Any, Final

from fastware._engine.pure.bucket_rate import Rate, host_of, moment_of, text_of
from fastware._internal.fork import give_lock

_SHARDS: Final = 1024
_STEPS: Final = 4096
_STEPS_PER_SHARD: Final = _STEPS // _SHARDS
_MAX_STEPS_PER_CALL: Final = _STEPS // 256
_MAX_KEY_LENGTH: Final = 64
_ONE: Final = 1
"""The usual cost, of which there is one object in the process."""


class TokenBuckets:
    """Buckets by key. Full buckets are not kept: each sweep removes those of a few shards."""

    _lock: threading.Lock

    def __init__(self, capacity: int, period: int) -> None:
        self._rate = Rate(capacity, period)
        self._period = period
        self._ticks_per_token = self._rate.ticks_per_token
        self._ticks_per_period = self._rate.ticks_per_period
        self._ticks_per_step = -(-self._ticks_per_period // _STEPS)
        self._hash_key = os.urandom(16)
        self._shards: list[dict[str | bytes, int]] = [{} for _ in range(_SHARDS)]
        self._swept_at = 0
        self._steps = 0
        self._nearly_full: deque[str | bytes] = deque()
        """Keys whose buckets are full, and kept until the next sweep: a moment before this one may still be used."""
        give_lock(self, threading.Lock)

    def take(self, key: str, now: int | None = None, cost: int = 1) -> int:
        kept_key = key if type(key) is str and len(key) <= _MAX_KEY_LENGTH else self._kept_key(key)
        cost_in_ticks = self._ticks_per_token if cost is _ONE else self._rate.ticks_of_tokens(cost)
        with self._lock:
            tick = self._tick(now)
            shard = self._shards[hash(kept_key) % _SHARDS]
            arrival = shard.get(kept_key, 0)
            if arrival < tick:  # noqa: PLR1730 - a call of max() is 9 % of this method
                arrival = tick
            arrival += cost_in_ticks
            wait = arrival - tick - self._ticks_per_period
            if wait <= 0:
                shard[kept_key] = arrival
                return 0
        return -(-wait * self._period // self._ticks_per_period)

    def take_counted(self, key: str, now: int | None = None, cost: int = 1) -> tuple[int, int, int]:
        kept_key = self._kept_key(key)
        cost_in_ticks = self._rate.ticks_of_tokens(cost)
        with self._lock:
            tick = self._tick(now)
            shard = self._shards[hash(kept_key) % _SHARDS]
            arrival = max(shard.get(kept_key, 0), tick)
            wait = arrival + cost_in_ticks - tick - self._ticks_per_period
            if wait <= 0:
                arrival += cost_in_ticks
                shard[kept_key] = arrival
        return self._rate.counted(wait, arrival - tick)

    def give_back(self, key: str, now: int | None = None, cost: int = 1) -> None:
        kept_key = self._kept_key(key)
        cost_in_ticks = self._rate.ticks_of_tokens(cost)
        with self._lock:
            tick = self._tick(now)
            shard = self._shards[hash(kept_key) % _SHARDS]
            arrival = shard.get(kept_key, 0) - cost_in_ticks
            if arrival > self._swept_at:
                shard[kept_key] = arrival
                if arrival <= tick:
                    self._nearly_full.append(kept_key)
            else:
                shard.pop(kept_key, None)
            self._remove_nearly_full(tick)

    def take_by_client(self, request: Any, cost: int = 1) -> int:
        return self.take(host_of(request), None, cost)

    def reset(self, key: str | None = None) -> None:
        kept_key = None if key is None else self._kept_key(key)
        with self._lock:
            if kept_key is None:
                self._forget_all()
            else:
                self._shards[hash(kept_key) % _SHARDS].pop(kept_key, None)

    def __len__(self) -> int:
        return sum(map(len, self._shards))

    def _tick(self, now: int | None) -> int:
        """Return the tick that *now* counts as, after the sweep that is due. Called under the lock."""
        # Under the lock: a thread that waits for the lock must not use an old time.
        tick = moment_of(now) * self._ticks_per_period // self._period
        swept_at = self._swept_at
        if tick >= swept_at + self._ticks_per_step:
            self._sweep(tick)
        elif tick < swept_at:
            if tick + self._ticks_per_period >= swept_at:
                return swept_at
            self._start_again(tick)
        return tick

    def _kept_key(self, key: object) -> str | bytes:
        text = text_of(key)
        if len(text) <= _MAX_KEY_LENGTH:
            return text
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._hash_key).digest()

    def _sweep(self, now: int) -> None:
        """Sweep the shards that are due since the last sweep, so that a full bucket is removed within two periods."""
        ticks = self._ticks_per_period // _STEPS
        first = self._steps
        self._steps += min(now // ticks - self._swept_at // ticks, _MAX_STEPS_PER_CALL)
        self._swept_at = now
        for number in range(-(-first // _STEPS_PER_SHARD), -(-self._steps // _STEPS_PER_SHARD)):
            shard = self._shards[number % _SHARDS]
            # A new dict: the old one would keep the memory of the deleted entries.
            kept = {key: arrival for key, arrival in shard.items() if arrival > now}
            if len(kept) < len(shard):
                self._shards[number % _SHARDS] = kept

    def _remove_nearly_full(self, tick: int) -> None:
        """Remove two buckets that are full since the latest sweep: more than a call adds."""
        for key in list(islice(self._nearly_full, 2)):
            shard = self._shards[hash(key) % _SHARDS]
            arrival = shard.get(key, 0)
            if self._swept_at < arrival <= tick:
                return
            if arrival <= self._swept_at:
                shard.pop(key, None)
            self._nearly_full.popleft()

    def _start_again(self, now: int) -> None:
        """Forget all buckets: the clock was set back, so their arrival times are meaningless."""
        self._swept_at = now
        self._forget_all()

    def _forget_all(self) -> None:
        self._shards = [{} for _ in range(_SHARDS)]
        self._nearly_full.clear()
