"""The entries of a list of revoked tokens in the memory of one process."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final

_SECONDS_PER_BUCKET: Final = 64
_REMOVALS_PER_CALL: Final = 32


class ExpiringKeys:
    """Keys that are kept until a second, or for good."""

    __slots__ = ("_buckets", "_order", "ends")

    def __init__(self) -> None:
        self.ends: dict[str, int | None] = {}
        self._buckets: dict[int, list[str]] = {}
        self._order: list[int] = []

    def add(self, key: str, end: int | None) -> None:
        """Keep *key* until the second *end*, or longer if it is kept longer already."""
        bucket = None if end is None else end // _SECONDS_PER_BUCKET
        if key in self.ends:
            known = self.ends[key]
            if known is None or (bucket is not None and bucket <= known):
                return
        self.ends[key] = bucket
        if bucket is None:
            return
        if bucket not in self._buckets:
            self._buckets[bucket] = []
            heappush(self._order, bucket)
        self._buckets[bucket].append(key)

    def end_of(self, key: str) -> int | None:
        """Return the last second in which *key* is kept, or ``None`` if it is kept for good."""
        bucket = self.ends[key]
        return None if bucket is None else (bucket + 1) * _SECONDS_PER_BUCKET - 1

    def remove_before(self, second: float) -> None:
        """Remove some of the keys that were kept until an earlier second."""
        budget = _REMOVALS_PER_CALL
        while self._order and (self._order[0] + 1) * _SECONDS_PER_BUCKET <= second:
            keys = self._buckets[self._order[0]]
            while keys and budget:
                budget -= 1
                key = keys.pop()
                if self.ends.get(key) == self._order[0]:
                    del self.ends[key]
            if keys:
                return
            del self._buckets[heappop(self._order)]
