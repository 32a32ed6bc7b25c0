"""Token buckets, each kept as one number: its theoretical arrival time."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from typing import Any, Final

from fastware._engine.arguments import as_text
from fastware._engine.contract import MAX_BUCKET_CAPACITY
from fastware._fork import give_lock

_MIN_PERIOD: Final = 10**9
_MAX_PERIOD: Final = 2**53
_NOW: Final = range(2**63)
_SHARDS: Final = 1024
_STEPS: Final = 4096
_STEPS_A_SHARD: Final = _STEPS // _SHARDS
_MOST_STEPS_AT_ONCE: Final = _STEPS // 256
_LONGEST_TICK: Final = 1_000
_LONGEST_KEY: Final = 64


class TokenBuckets:
    """Buckets by key. Full buckets are not kept: a few after another are swept away as calls come in."""

    _lock: threading.Lock

    def __init__(self, capacity: int, period: int) -> None:
        if not (_is_natural(capacity, 1, MAX_BUCKET_CAPACITY) and _is_natural(period, _MIN_PERIOD, _MAX_PERIOD)):
            raise ValueError("capacity must be 1 to 10**9 tokens, period 10**9 to 2**53 nanoseconds")
        self._period = period
        self._ticks_per_token = max(1, -(-period // (capacity * _LONGEST_TICK)))
        self._ticks_per_period = self._ticks_per_token * capacity
        self._hash_key = os.urandom(16)
        self._shards: list[dict[str | bytes, int]] = [{} for _ in range(_SHARDS)]
        self._ticks_per_step = -(-self._ticks_per_period // _STEPS)
        self._swept_at = 0
        self._steps = 0
        give_lock(self, threading.Lock)

    def take(self, key: str, now: int | None = None) -> int:
        text = key if type(key) is str else as_text(key)
        if text is None:
            raise TypeError("a bucket key must be str")
        if now is None:
            now = time.monotonic_ns()
        if not isinstance(now, int):
            raise TypeError("now must be int")
        if now not in _NOW:
            raise OverflowError("now must be 0 to 2**63 - 1 nanoseconds")
        now = now * self._ticks_per_period // self._period
        kept_key = text if len(text) <= _LONGEST_KEY else self._fingerprint(text)
        with self._lock:
            if now >= self._swept_at + self._ticks_per_step:
                self._sweep(now)
            now = max(now, self._swept_at)
            shard = self._shards[hash(kept_key) % _SHARDS]
            arrival = max(shard.get(kept_key, 0), now) + self._ticks_per_token
            wait = arrival - now - self._ticks_per_period
            if wait <= 0:
                shard[kept_key] = arrival
                return 0
        return -(-wait * self._period // self._ticks_per_period)

    def take_by_client(self, request: Any) -> int:
        client = request.scope.get("client")
        host = as_text(client[0]) if client else None
        return self.take(host or "unknown")

    def __len__(self) -> int:
        return sum(map(len, self._shards))

    def _fingerprint(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16, key=self._hash_key).digest()

    def _sweep(self, now: int) -> None:
        """Sweep as much as the time since the last sweep calls for: what has filled up goes within two periods."""
        ticks = self._ticks_per_period // _STEPS
        first = self._steps
        self._steps += min(now // ticks - self._swept_at // ticks, _MOST_STEPS_AT_ONCE)
        self._swept_at = now
        for number in range(-(-first // _STEPS_A_SHARD), -(-self._steps // _STEPS_A_SHARD)):
            shard = self._shards[number % _SHARDS]
            # A dict keeps the memory of what is deleted from it.
            kept = {key: arrival for key, arrival in shard.items() if arrival > now}
            if len(kept) < len(shard):
                self._shards[number % _SHARDS] = kept


def _is_natural(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most
