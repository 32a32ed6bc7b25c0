"""Token buckets in memory that processes share. The callers exclude each other with a lock."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from fastware._engine.contract import (
    SHARED_EPOCH_AT,
    SHARED_GROUP,
    SHARED_KEY_AT,
    SHARED_SLOTS_AT,
)
from fastware._engine.pure.bucket_rate import Rate, host_of, moment_of, text_of

_TWO_WORDS: Final = struct.Struct("=QQ")
_WORD: Final = 8
_KEY_LENGTH: Final = 16
_WORDS_IN_GROUP: Final = SHARED_GROUP // _WORD
_SLOTS_AT: Final = SHARED_SLOTS_AT // _WORD
_FAR_AHEAD: Final = 2**55
"""Over twice the longest period: an arrival time so far ahead is from before the clock was set back."""

_WORD_MASK: Final = 2**64 - 1
_SPREAD: Final = 0x9E37_79B9_7F4A_7C15
"""An odd number, by which epochs change all bits of a fingerprint (2**64 divided by the golden ratio)."""


class _Entry(NamedTuple):
    """What the slot at word *at* holds: a bucket, which is full after *arrival* (nanoseconds)."""

    at: int
    fingerprint: int
    arrival: int

    def is_idle(self, now: int) -> bool:
        """Return whether the bucket is full, whatever its limit."""
        return self.arrival < now or not self.fingerprint or self.arrival > now + _FAR_AHEAD


class SharedTokenBuckets:
    """The buckets of one limit in *memory*.

    A write may be interrupted, because the process is killed. So it changes one word after another: in between, the
    bucket is full, or has the arrival time that it had before.
    """

    def __init__(self, memory: Any, limit_at: int, capacity: int, period: int) -> None:
        octets = memoryview(memory)
        size = octets.nbytes
        if (
            octets.readonly
            or size < SHARED_SLOTS_AT + 2 * SHARED_GROUP
            or (size - SHARED_SLOTS_AT) % SHARED_GROUP
            or limit_at % _WORD
            or not 0 <= limit_at < SHARED_SLOTS_AT - SHARED_EPOCH_AT
        ):
            raise ValueError("memory must be a header and at least two groups of slots")
        self._rate = Rate(capacity, period)
        # A word is written by one instruction, so that a killed process never leaves half of it; `struct` writes bytes.
        self._words = octets.cast("Q")
        self._groups = (size - SHARED_SLOTS_AT) // SHARED_GROUP
        self._epoch_at = (limit_at + SHARED_EPOCH_AT) // _WORD
        self._key = bytes(octets[limit_at + SHARED_KEY_AT : limit_at + SHARED_KEY_AT + _KEY_LENGTH])

    def take(self, key: str, cost: int = 1, now: int | None = None) -> int:
        return self.take_counted(key, cost, now)[0]

    def take_counted(self, key: str, cost: int = 1, now: int | None = None) -> tuple[int, int, int]:
        rate = self._rate
        fingerprint, groups = self._window(key)
        cost_in_ticks = rate.ticks_of_tokens(cost)
        now = moment_of(now)
        tick = rate.ticks(now)
        entry = next(self._entries_of(fingerprint, groups), None) or self._victim(groups, now)
        arrival = max(self._arrival(entry, now) if entry.fingerprint == fingerprint else 0, tick)
        wait = arrival + cost_in_ticks - tick - rate.ticks_per_period
        if wait <= 0:
            arrival += cost_in_ticks
            self._write(entry, fingerprint, rate.nanoseconds_down(arrival))
        return rate.counted(wait, arrival - tick)

    def give_back(self, key: str, cost: int = 1, now: int | None = None) -> None:
        rate = self._rate
        fingerprint, groups = self._window(key)
        cost_in_ticks = rate.ticks_of_tokens(cost)
        now = moment_of(now)
        for entry in self._entries_of(fingerprint, groups):
            arrival = self._arrival(entry, now) - cost_in_ticks
            is_full = arrival <= rate.ticks(now)
            self._write(entry, fingerprint, 0 if is_full else rate.nanoseconds_down(arrival))

    def take_by_client(self, request: Any, cost: int = 1) -> int:
        return self.take(host_of(request), cost)

    def reset(self, key: str | None = None) -> None:
        if key is None:
            self._words[self._epoch_at] = (self._words[self._epoch_at] + 1) & _WORD_MASK
            return
        fingerprint, groups = self._window(key)
        for entry in self._entries_of(fingerprint, groups):
            self._write(entry, fingerprint, 0)

    def _window(self, key: object) -> tuple[int, tuple[int, int]]:
        """Return the fingerprint of *key*, and where the two groups of slots start that may hold it."""
        octets = text_of(key).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(octets, digest_size=_TWO_WORDS.size, key=self._key).digest()
        first, second = _TWO_WORDS.unpack(digest)
        one = (second >> 32) * self._groups >> 32
        # Another group than the first.
        other = (one + 1 + ((second & 0xFFFF_FFFF) * (self._groups - 1) >> 32)) % self._groups
        fingerprint = max(1, first ^ (self._words[self._epoch_at] * _SPREAD & _WORD_MASK))
        return fingerprint, (_SLOTS_AT + one * _WORDS_IN_GROUP, _SLOTS_AT + other * _WORDS_IN_GROUP)

    def _entries(self, group: int) -> list[_Entry]:
        words = self._words
        return [_Entry(at, words[at], words[at + 1]) for at in range(group, group + _WORDS_IN_GROUP, 2)]

    def _entries_of(self, fingerprint: int, groups: tuple[int, int]) -> Iterator[_Entry]:
        return (entry for group in groups for entry in self._entries(group) if entry.fingerprint == fingerprint)

    def _victim(self, groups: tuple[int, int], now: int) -> _Entry:
        """Return an idle entry in the group with more of them, else that of the bucket that is the nearest to full."""
        entries = sorted(map(self._entries, groups), key=lambda group: sum(not entry.is_idle(now) for entry in group))
        all_entries = [entry for group in entries for entry in group]
        idle = next((entry for entry in all_entries if entry.is_idle(now)), None)
        return idle or min(all_entries, key=lambda entry: entry.arrival)

    def _arrival(self, entry: _Entry, now: int) -> int:
        """Return the tick when the bucket of *entry* is full: 0 if the clock was set back since."""
        return 0 if entry.arrival > now + 2 * self._rate.period else self._rate.ticks_up(entry.arrival)

    def _write(self, entry: _Entry, fingerprint: int, arrival: int) -> None:
        if entry.fingerprint != fingerprint:
            self._words[entry.at + 1] = 0
            self._words[entry.at] = fingerprint
        self._words[entry.at + 1] = arrival
