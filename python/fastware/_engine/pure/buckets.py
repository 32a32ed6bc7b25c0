"""Token buckets, each kept as one number: its theoretical arrival time."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from typing import Any, Final

from fastware._engine.contract import MAX_BUCKET_CAPACITY
from fastware._engine.pure.arguments import as_text
from fastware._fork import give_lock

_MIN_PERIOD: Final = 10**9
_MAX_PERIOD: Final = 2**53
_NOW: Final = range(2**63)
_SHARDS: Final = 256
_LONGEST_TICK: Final = 1_000
_LONGEST_KEY: Final = 64


class TokenBuckets:
    """Buckets by key. Full buckets are not kept: one shard after another is swept as calls come in."""

    _lock: threading.Lock

    def __init__(self, capacity: int, period: int) -> None:
        if not (_is_natural(capacity, 1, MAX_BUCKET_CAPACITY) and _is_natural(period, _MIN_PERIOD, _MAX_PERIOD)):
            raise ValueError("capacity must be 1 to 10**9 tokens, period 10**9 to 2**53 nanoseconds")
        self._period = period
        self._ticks_per_token = max(1, -(-period // (capacity * _LONGEST_TICK)))
        self._ticks_per_period = self._ticks_per_token * capacity
        self._hash_key = os.urandom(16)
        self._shards: list[dict[str | bytes, int]] = [{} for _ in range(_SHARDS)]
        self._swept_at = 0
        self._next_shard = 0
        give_lock(self, threading.Lock)

    def take(self, key: str, now: int) -> int:
        text = key if type(key) is str else as_text(key)
        if text is None:
            raise TypeError("a bucket key must be str")
        if not isinstance(now, int):
            raise TypeError("now must be int")
        if now not in _NOW:
            raise OverflowError("now must be 0 to 2**63 - 1 nanoseconds")
        now = now * self._ticks_per_period // self._period
        kept_key = text if len(text) <= _LONGEST_KEY else self._fingerprint(text)
        shard = self._shards[hash(kept_key) % _SHARDS]
        with self._lock:
            if now >= self._swept_at - (-self._ticks_per_period // _SHARDS):
                self._sweep(now)
            now = max(now, self._swept_at)
            arrival = max(shard.get(kept_key, 0), now) + self._ticks_per_token
            wait = arrival - now - self._ticks_per_period
            if wait <= 0:
                shard[kept_key] = arrival
                return 0
        return -(-wait * self._period // self._ticks_per_period)

    def take_by_client(self, request: Any) -> int:
        client = request.scope.get("client")
        host = as_text(client[0]) if client else None
        return self.take(host or "unknown", time.monotonic_ns())

    def __len__(self) -> int:
        return sum(map(len, self._shards))

    def _fingerprint(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16, key=self._hash_key).digest()

    def _sweep(self, now: int) -> None:
        """Sweep one shard, in place: every bucket that has filled up goes within two periods."""
        self._swept_at = now
        shard = self._shards[self._next_shard]
        self._next_shard = (self._next_shard + 1) % _SHARDS
        for key in [key for key, arrival in shard.items() if arrival <= now]:
            del shard[key]


def _is_natural(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most
