"""The buckets of one limit in Redis: which keys they have, and how their tokens are leased."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from concurrent.futures import Future as ThreadFuture
from itertools import islice
from time import monotonic_ns
from typing import Any, Final, NamedTuple, TypeAlias

from fastware._internal.fork import give_lock
from fastware._internal.threads import run_in_thread
from fastware.auth.buckets.base import LimitBuckets
from fastware.auth.buckets.leases import KnownBuckets
from fastware.auth.buckets.redis_calls import RedisCalls
from fastware.auth.buckets.redis_scripts import GIVE_BACK, RESET, TAKE, Amounts
from fastware.auth.buckets.without_server import WithoutServer, unavailable

Counts: TypeAlias = tuple[int, int, int]
"""The nanoseconds to wait, the tokens left, and the nanoseconds until the bucket is full."""

_MAX_LITERAL: Final = 64
_LITERAL_NAME: Final = re.compile(r"[A-Za-z0-9_.<>-]{1,64}\Z")
_KEYS_AT_ONCE: Final = 1000


class RedisLimit(LimitBuckets):
    """The buckets of one limit.

    Args:
        calls: those of the server.
        keys: how the keys in Redis begin.
        amounts: the numbers of the rate.
        lease: tokens to take in one round trip; 0 if nothing may be remembered, because tokens are given back.
        without: answers while the server cannot be used.

    """

    blocks = True
    _lock: threading.Lock

    def __init__(self, calls: RedisCalls, keys: str, amounts: Amounts, lease: int, without: WithoutServer) -> None:
        self._calls = calls
        self._keys = keys
        self._amounts = amounts
        self._lease = lease
        self._known = KnownBuckets(*self.rate, lease)
        self._without = without
        self._flights: dict[Any, _Flight] = {}
        give_lock(self, self._start)

    @property
    def rate(self) -> tuple[int, int]:
        """The capacity and the period."""
        return self._amounts.capacity, self._amounts.period

    @property
    def gives_back(self) -> bool:
        """Whether tokens are given back."""
        return self._lease == 0

    def take(self, key: str, cost: int = 1, *, now: int | None = None) -> int:
        """Take *cost* tokens.

        Args:
            key: identifies the client.
            cost: number of tokens.
            now: nanoseconds, of which whole microseconds count. By default the clock of the server counts.

        """
        return self.take_counted(key, cost, now=now)[0]

    def take_counted(self, key: str, cost: int = 1, *, now: int | None = None) -> Counts:
        """Take *cost* tokens, and say what is left. The arguments are those of :meth:`take`."""
        name = self._name(key, cost)
        counts = self._counts_if_known(name, cost) if now is None else None
        if counts is not None:
            return counts
        if now is not None or not self._is_leased(cost):
            sent_at = monotonic_ns()
            reply = self._calls.call(TAKE, name, *self._amounts.to_take(cost, cost, now))
            self._learn(name, reply, cost, cost, sent_at)
            return self._counts(key, cost, reply)
        boarded = self._board(name, cost, None)
        if not isinstance(boarded, _Seat):
            return boarded
        flight, position = boarded
        if position == 0:
            reply = None
            try:
                reply = self._calls.call(TAKE, name, *self._amounts.to_take(cost, self._lease))
            finally:
                self._land(flight, reply)
                flight.future.set_result(reply)
        return self._counts(key, cost, flight.future.result(), position)

    async def atake(self, key: str, cost: int = 1) -> int:
        """Do what :meth:`take` does, without blocking the event loop."""
        return (await self.atake_counted(key, cost))[0]

    async def atake_counted(self, key: str, cost: int = 1) -> Counts:
        """Do what :meth:`take_counted` does, without blocking the event loop."""
        name = self._name(key, cost)
        counts = self._counts_if_known(name, cost)
        if counts is not None:
            return counts
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # trio, under which the asyncio client of redis-py does not run
            return await run_in_thread(self.take_counted, key, cost)
        if not self._is_leased(cost):
            sent_at = monotonic_ns()
            reply = await self._calls.send(TAKE, name, *self._amounts.to_take(cost, cost))
            self._learn(name, reply, cost, cost, sent_at)
            return self._counts(key, cost, reply)
        boarded = self._board(name, cost, loop)
        if not isinstance(boarded, _Seat):
            return boarded
        flight, position = boarded
        if position == 0:
            sent = self._calls.send(TAKE, name, *self._amounts.to_take(cost, self._lease))
            sent.add_done_callback(lambda sent: self._land(flight, sent.result()))
            flight.future = sent
        # Another task may wait for the same reply.
        return self._counts(key, cost, await asyncio.shield(flight.future), position)

    def give_back(self, key: str, cost: int = 1, *, now: int | None = None) -> None:
        """Return *cost* tokens to a bucket, but not to a full one. The arguments are those of :meth:`take`."""
        name = self._name(key, cost)
        if self._calls.call(GIVE_BACK, name, *self._amounts.to_give_back(cost, now)) is None:
            self._without.give_back(key, cost)

    async def agive_back(self, key: str, cost: int = 1) -> None:
        """Do what :meth:`give_back` does, without blocking the event loop."""
        name = self._name(key, cost)
        if await self._calls.acall(GIVE_BACK, name, *self._amounts.to_give_back(cost)) is None:
            self._without.give_back(key, cost)

    def reset(self, key: str | None = None) -> None:
        """Refill the bucket of *key*, or every bucket of the limit.

        Other workers keep the tokens that they have leased, and the rejections that they know of, until these end.
        While the server cannot be used, a *key* is refilled in the memory of this worker only: a correct login needs no
        more.

        Raises:
            HTTPError: 503; the server cannot be used, so not every bucket of the limit is refilled.

        """
        if key is None:
            self._reset_all()
        else:
            self._calls.call(RESET, self._forgotten(key))

    async def areset(self, key: str | None = None) -> None:
        """Do what :meth:`reset` does, without blocking the event loop."""
        if key is None:
            await run_in_thread(self._reset_all)
        else:
            await self._calls.acall(RESET, self._forgotten(key))

    def _forgotten(self, key: str) -> str:
        name = self._name(key)
        self._known.forget(name)
        self._without.reset(key)
        return name

    def _reset_all(self) -> None:
        self._known.forget()
        self._without.reset()
        try:
            client = self._calls.clients.for_threads()
            names = client.scan_iter(match=re.sub(r"([*?\[\]\\])", r"\\\1", self._keys) + "*", count=_KEYS_AT_ONCE)
            while batch := list(islice(names, _KEYS_AT_ONCE)):
                client.unlink(*batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server cannot be used
            self._calls.checked(error)
        else:
            return
        raise unavailable()

    # Leases

    def _is_leased(self, cost: int) -> bool:
        return self._lease >= 2 * cost

    def _board(self, name: str, cost: int, loop: asyncio.AbstractEventLoop | None) -> _Seat | Counts:
        """Return a request that has *cost* tokens for the caller, who sends it if their position is 0.

        Returns the counts instead if another thread has learned them since the caller looked: a second lease would take
        the place of the first, and lose its tokens.
        """
        key = (name, cost, loop)
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                counts = self._counts_if_known(name, cost)
                if counts is not None:
                    return counts
            if flight is None or flight.claimed + cost > self._lease:
                flight = self._flights[key] = _Flight(key)
            position = flight.claimed
            flight.claimed += cost
        return _Seat(flight, position)

    def _land(self, flight: _Flight, reply: Any) -> None:
        name, cost, _ = flight.key
        with self._lock:
            if self._flights.get(flight.key) is flight:
                del self._flights[flight.key]
            self._learn(name, reply, self._lease // cost * cost, flight.claimed, flight.sent_at)

    def _start(self) -> threading.Lock:
        # The thread that sent a request does not exist in a forked child.
        self._flights.clear()
        return threading.Lock()

    # Replies

    def _learn(self, name: str, reply: Any, wanted: int, claimed: int, sent_at: int) -> None:
        """Remember a reply of ``TAKE`` for *wanted* tokens, of which the callers have *claimed* some."""
        if reply is None:
            return
        self._without.server_answered()
        if self._lease:
            granted, whole, part = reply
            level, unspent = self._amounts.level(whole, part), max(granted - claimed, 0)
            self._known.learn(name, level, unspent, sent_at, is_short=granted < wanted)

    def _counts(self, key: str, cost: int, reply: Any, position: int = 0) -> Counts:
        """Return what *reply* says to the caller whose tokens begin at *position*."""
        if reply is None:
            return self._without.take_counted(key, cost)
        granted, whole, part = reply
        level = self._amounts.level(whole, part)
        later = granted - position - cost
        if later < 0:
            return self._amounts.wait(level, cost), *self._amounts.counts(level)
        return 0, *self._amounts.counts(level - later * self._amounts.period)

    def _counts_if_known(self, name: str, cost: int) -> Counts | None:
        known = self._known.take(name, cost, monotonic_ns()) if self._lease else None
        if known is None:
            return None
        wait, level = known
        return wait, *self._amounts.counts(level)

    def _name(self, key: str, cost: int = 1) -> str:
        """Return the key in Redis. Raises an error if *key* or *cost* is invalid."""
        if not isinstance(key, str):
            raise TypeError("a bucket key must be str")
        if not isinstance(cost, int):
            raise TypeError("cost must be int")
        if not 1 <= cost <= self._amounts.capacity:
            raise ValueError(f"cost must be 1 to {self._amounts.capacity} tokens, the capacity")
        is_literal = len(key) <= _MAX_LITERAL and key.isascii() and key[:1] != "#"
        return self._keys + (key if is_literal else _digest(key))


class _Flight:
    """A request for several tokens that is on its way. Callers may claim some of them until the reply is there."""

    __slots__ = ("claimed", "future", "key", "sent_at")

    def __init__(self, key: tuple[str, int, asyncio.AbstractEventLoop | None]) -> None:
        self.key = key
        self.claimed = 0
        self.sent_at = monotonic_ns()
        self.future: Any = ThreadFuture()


class _Seat(NamedTuple):
    """The part of a flight that belongs to one caller: its tokens begin at *position*."""

    flight: _Flight
    position: int


def keys_of_limit(prefix: str, name: str, capacity: int, period: int) -> str:
    """Return how the keys of a limit begin: a limit with another rate has its own."""
    rate = f"{capacity}/{period // 10**9}s" if period % 10**9 == 0 else f"{capacity}/{period}ns"
    return f"{prefix}limit:{name if _LITERAL_NAME.match(name) else _digest(name)}:{rate}:"


def _digest(text: str) -> str:
    return "#" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
