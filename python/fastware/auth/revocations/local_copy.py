"""The entries of a list of revoked tokens in the memory of one process.

A look-up must be fast while a million entries are outside the caches of the processor: each access to memory that is
not in a cache takes as long as ten instructions of Python.
"""

from __future__ import annotations

from array import array
from heapq import heappop, heappush
from typing import Final

_SMALLEST_INDEX: Final = 2**12
_LARGEST_INDEX: Final = 2**20


class ExpiringKeys:
    """Keys that are kept until a second, or permanently."""

    __slots__ = ("_buckets", "_ends", "_order", "keys")

    def __init__(self) -> None:
        self.keys: set[str] = set()
        """Those of ``_ends``. To look up a missing key in a large set is twice as fast as in a dict."""
        self._ends: dict[str, int | None] = {}
        # For each second in which keys end: the one `int` that all of them share, and the keys.
        self._buckets: dict[int, tuple[int, list[str]]] = {}
        self._order: list[int] = []

    def add(self, key: str, end: int | None) -> None:
        """Keep *key* until the second *end*, or longer if it is kept longer already."""
        known = self._ends.get(key, -1)
        if known is None:
            return
        if end is None:
            self._ends[key] = None
        elif end > known:
            self._ends[key] = self._put(key, end)
        self.keys.add(key)

    def end_of(self, key: str) -> int | None:
        """Return the second until which *key* is kept, or ``None`` if it is kept permanently."""
        return self._ends[key]

    def items(self) -> list[tuple[str, int | None]]:
        """Return each key with its end, as :meth:`end_of`. Other threads may change the keys meanwhile."""
        return list(self._ends.items())

    def remove_before(self, second: float, limit: int) -> None:
        """Remove keys that were kept until an earlier second, *limit* of them at most."""
        while limit and self._order and self._order[0] < second:
            end, keys = self._buckets[self._order[0]]
            while limit and keys:
                limit -= 1
                key = keys.pop()
                if self._ends.get(key) == end:  # otherwise it is kept longer
                    del self._ends[key]
                    self.keys.discard(key)
            if not keys:
                del self._buckets[heappop(self._order)]

    def _put(self, key: str, end: int) -> int:
        if end not in self._buckets:
            self._buckets[end] = (end, [])
            heappush(self._order, end)
        shared, keys = self._buckets[end]
        keys.append(key)
        return shared


class UserNumbers:
    """The revocation number of each user."""

    __slots__ = ("highest", "numbers")

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.highest = _new_index(_SMALLEST_INDEX)
        """An array and a mask: no user has a number above that at ``hash(username) & mask``.

        One access to memory tells that a token is newer than the last revocation of its user. With a million users and
        another one at each check, a check takes 0.45 R, and 0.76 R with a set and a dict alone
        (``benches/bench_revocations.py``).
        """

    def set(self, username: str, number: int) -> None:
        """Set the number of *username*, unless it is larger already."""
        if number <= self.numbers.get(username, 0):
            return
        self.numbers[username] = number
        _raise_in(self.highest, username, number)
        if len(self.numbers) > len(self.highest[0]) and len(self.highest[0]) < _LARGEST_INDEX:
            index = _new_index(len(self.highest[0]) * 16)
            for known in self.numbers.items():
                _raise_in(index, *known)
            self.highest = index


def _new_index(size: int) -> tuple[array[int], int]:
    return array("q", bytes(8 * size)), size - 1


def _raise_in(index: tuple[array[int], int], username: str, number: int) -> None:
    numbers, mask = index
    slot = hash(username) & mask
    numbers[slot] = max(numbers[slot], number)
