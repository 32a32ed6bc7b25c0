"""Revoked tokens in Redis or Valkey, which the processes of all machines share."""

from __future__ import annotations

import secrets
import threading
import time
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet, ref

from fastware._engine.contract import Duration
from fastware._internal.fork import give_lock, hold_locks_while_forking
from fastware.auth.durations import as_seconds
from fastware.auth.redis_script import Script
from fastware.auth.redis_storage import TIMEOUT, RedisStorage
from fastware.auth.revocations.base import MAX_REMOVALS, Revocations, RevocationsUnavailableError
from fastware.auth.storage_error import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fastware.auth.revocations.base import TokenEntry, UserEntry

_CHUNK: Final = 1_000
"""Entries in a reply: the server needs less than a millisecond for them."""

_BATCH: Final = 200
"""Entries that are written in one call."""

_BATCHES: Final = 250
"""Calls between two updates. All that they write is in the log at the next one, and does not fill it."""

_MAX_REPLIES: Final = 1_000

# Two keys. The hash `entries` has a field for each token (`s...`, `j...` or `c...`, the keys of `token_keys`) with 1 if
# it is revoked, else 0, and its end; one for each user (`u...`) with its number; `g`, a random name of the list, and
# `l`, the leeway. The stream `log` has the last changes, so that a process reads only what is new.
#
# A server that was flushed, replaced or restored has another `g`. One that lost the last changes, in a failover, does
# not have the last change that a process has read. Both have lost entries, which the process then writes back.

_CHANGE: Final = Script("""
local entries, log = KEYS[1], KEYS[2]
local leeway = tonumber(redis.call('HGET', entries, 'l') or '0')
local kept = math.min(tonumber(ARGV[2]), tonumber(redis.call('TIME')[1])) - math.max(leeway, tonumber(ARGV[3]))

-- First, so that a server without memory can replace entries that ended.
local found = redis.call('HSCAN', entries, ARGV[4], 'COUNT', 20)
for i = 1, #found[2], 2 do
    local field, ends = found[2][i], tonumber(string.sub(found[2][i + 1], 2))
    if ends and ends < kept and string.find(field, '^[sjc]') then
        redis.call('HDEL', entries, field)
    end
end

if redis.call('HEXISTS', entries, 'g') == 0 or redis.call('EXISTS', log) == 0 then
    redis.call('HSET', entries, 'g', ARGV[1])
    redis.call('DEL', log)
    redis.call('XADD', log, '*', 'g', '')
end
if leeway < tonumber(ARGV[3]) then
    redis.call('HSET', entries, 'l', ARGV[3])
end

local values = {found[1]}
for i = 5, #ARGV, 2 do
    local field, value = ARGV[i], ARGV[i + 1]
    local known = redis.call('HGET', entries, field)
    if string.sub(field, 1, 1) == 'u' then
        local number, last = tonumber(value), tonumber(known or '0')
        if string.sub(value, 1, 1) == '+' then
            last = last + 1
        end
        value = string.format('%.0f', math.max(number, last))
    elseif known then
        local first, second = tonumber(string.sub(known, 2)), tonumber(string.sub(value, 2))
        local is_revoked = math.max(string.sub(known, 1, 1), string.sub(value, 1, 1))
        value = is_revoked .. (first and second and string.format('%.0f', math.max(first, second)) or '')
    end
    if value ~= known then
        redis.call('HSET', entries, field, value)
        redis.call('XADD', log, 'MAXLEN', '~', 100000, '*', field, value)
    end
    values[#values + 1] = value
end
return values
""")

_READ: Final = Script("""
local state, last = redis.call('HMGET', KEYS[1], 'g', 'l'), redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
return {state[1], state[2], last, redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2])}
""")

# Texts that are joined take 2.2 microseconds for an entry here, and 3.3 as replies that redis-py reads one by one.
_SCAN: Final = Script("""
local found, lengths = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2]), {}
for i, text in ipairs(found[2]) do
    lengths[i] = #text
end
return {found[1], table.concat(lengths, ' '), table.concat(found[2])}
""")


class RedisRevocations(Revocations):
    """A list of revoked tokens in Redis or Valkey, which the processes of all machines share.

    A call that revokes returns when the server has the entry. The entry takes effect in this process at once, and in
    every other process within *refresh* seconds and one round trip: each has a copy in memory, which a thread updates.
    If the server cannot be read, the copy is used until it is *max_stale* seconds old; then
    :class:`RevocationsUnavailableError` is raised. No check waits for the server, except for the first in a forked
    child, which waits for at most a second.

    The constructor reads the whole list: 100,000 entries in 0.3 seconds. If the server cannot be read, it logs the
    reason, and checks raise :class:`RevocationsUnavailableError` until the list was read. All threads, event loops and
    forked children may use the object.

    Args:
        url_or_client: the URL of the server (``redis://``, ``rediss://`` or ``unix://``), or a client of redis-py,
            whose connection options are used.
        refresh: seconds, or a ``timedelta``, between two updates of the copy.
        max_stale: seconds, or a ``timedelta``, for which a copy is used.
        prefix: how the keys on the server begin. Lists with one prefix are one list.

    Raises:
        TypeError: an argument has another type.
        ValueError: the URL is invalid, or *max_stale* is not larger than *refresh*.
        ImportError: redis-py is not installed.

    """

    _lock: threading.Lock

    def __init__(
        self,
        url_or_client: Any,
        *,
        refresh: Duration = 1.0,
        max_stale: Duration = 60,
        prefix: str = "fastware:",
    ) -> None:
        super().__init__()
        if not isinstance(prefix, str):
            raise TypeError(f"prefix must be a str, not {type(prefix).__name__}")
        self._refresh, self._max_stale = as_seconds("refresh", refresh), as_seconds("max_stale", max_stale)
        if self._max_stale <= self._refresh:
            raise ValueError("max_stale must be larger than refresh, or each copy is too old before the next one")
        self._storage = RedisStorage(url_or_client)
        # The braces keep both keys on one node of a cluster.
        self._keys = (f"{prefix}{{revocations}}:entries", f"{prefix}{{revocations}}:log")
        self._list = self._position = b""
        self._scan_from = secrets.randbits(32)
        self._unwritten: list[str] = []
        self._new: list[str] = []
        self._stored_leeway = 0.0
        self._read_at = -inf
        self._is_failing = False
        self._has_checked_eviction = False
        self._thread: threading.Thread | None = None
        self._has_looked = threading.Event()
        self._wait_until = 0.0
        give_lock(self, threading.Lock)
        _lists.add(self)
        self._update(monotonic())
        self._look_at = 0.0
        self._start_thread()

    def __repr__(self) -> str:
        return f"<RedisRevocations: {self._storage.address}>"

    # Checks

    def _look(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._start_thread()
        if not self._has_looked.is_set():
            # A forked child may have been idle before this first check.
            self._has_looked.wait(max(0.0, self._wait_until - monotonic()))
        if monotonic() - self._read_at > self._max_stale:
            self._look_at = 0.0
            raise RevocationsUnavailableError
        self._look_at = self._read_at + self._max_stale if self._has_looked.is_set() else 0.0

    def _start_thread(self) -> None:
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            now, self._has_looked = monotonic(), threading.Event()
            self._wait_until = now + TIMEOUT if now - self._read_at > self._refresh else now
            self._thread = threading.Thread(
                target=_update_repeatedly,
                args=(ref(self), self._refresh, self._has_looked),
                name="fastware-revocations",
                daemon=True,
            )
            self._thread.start()

    # The thread

    def _update(self, until: float) -> None:
        """Read what is new. Then write entries back that the server has lost, until the time *until*."""
        now, problem = monotonic(), None
        with self._lock:
            # The server may lose a change before it is read, and keep the one that was read last.
            self._unwritten += self._new
            self._new.clear()
        try:
            self._read()
            self._read_at = now
            if not self._has_checked_eviction:
                self._check_eviction()
            # A server that cannot be written, because it is full or a replica, is no reason to reject tokens.
            if not self._list or self._stored_leeway < self._leeway:
                self._change([])
                self._read()
            for _ in range(_BATCHES):
                if not self._unwritten or monotonic() >= until:
                    break
                self._write_back(self._unwritten[-_BATCH:])
                del self._unwritten[-_BATCH:]
        except StorageError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - the thread must go on
            problem = f"Redis at {self._storage.address}: {self._keys[0]} is damaged ({type(error).__name__})"
        if problem is None:
            self._is_failing = False
        elif not self._is_failing:
            self._is_failing = True
            _logger().error("The revoked tokens cannot be read or restored: %s", problem)

    def _read(self) -> None:
        count = 0
        for _ in range(_MAX_REPLIES):
            name, leeway, last, changes = self._storage.run(_READ, self._keys, self._position or "-", _CHUNK)
            self._stored_leeway = float(leeway or 0)
            self._leeway = max(self._leeway, self._stored_leeway)
            is_whole = name is not None and bool(last)
            if not is_whole or name != self._list or not changes or changes[0][0] != self._position:
                if self._read_at != -inf:
                    self._unwritten = self._listed()
                count += self._read_all()
                self._list, self._position = (name, last[0][0]) if is_whole else (b"", b"")
                if not is_whole:
                    break  # the next change begins a list
            else:
                self._list_entries([entry for _, entry in changes[1:]])
                self._position = changes[-1][0]
                count += len(changes)
                if len(changes) < _CHUNK:
                    break
        else:
            raise StorageError(f"Redis at {self._storage.address}: {self._keys[0]} changes faster than it is read")
        with self._lock:
            # More than there can be new ones, so that the copy does not grow.
            self._remove_ended(time.time(), MAX_REMOVALS + 2 * count)

    def _read_all(self) -> int:
        cursor, count = b"0", 0
        while True:
            cursor, lengths, text = self._storage.run(_SCAN, self._keys[:1], cursor, _CHUNK)
            found = _split(text, map(int, lengths.split()))
            self._list_entries(zip(found[::2], found[1::2], strict=True))
            count += len(found)
            if cursor == b"0":
                return count

    def _list_entries(self, entries: Iterable[Sequence[bytes]]) -> None:
        with self._lock:
            for field, value in entries:
                self._list_entry(field, value)

    def _list_entry(self, field: bytes, value: bytes) -> None:
        if field[:1] == b"u":
            self._list_user(_as_text(field[1:]), int(value))
        elif field[:1] in b"sjc":
            self._list_token(_as_text(field), int(value[1:]) if value[1:] else None, value[:1] == b"1")

    def _listed(self) -> list[str]:
        """Return the fields of the entries in memory."""
        with self._lock:
            users, tokens = list(self._users.numbers), list(self._tokens.keys)
            sessions = list(self._sessions.keys), list(self._longer_sessions.keys)
        return [f"u{name}" for name in users] + [f"s{sid}" for sids in sessions for sid in sids] + tokens

    def _write_back(self, fields: Sequence[str]) -> None:
        with self._lock:
            entries = [(_as_bytes(field), value) for field in fields for value in self._values_of(field)]
        self._change(entries)

    def _values_of(self, field: str) -> Iterator[str]:
        name = field[1:]
        if field[0] == "u":
            yield str(self._users.numbers[name])
        elif field[0] != "s":
            if field in self._tokens.keys:
                yield _as_value(self._tokens.end_of(field), True)
        else:
            for keys, is_revoked in ((self._sessions, True), (self._longer_sessions, False)):
                if name in keys.keys:
                    yield _as_value(keys.end_of(name), is_revoked)

    def _check_eviction(self) -> None:
        self._has_checked_eviction = True
        try:
            memory = self._storage.command("INFO", "memory")
        except StorageError:
            return  # a user of the server may be forbidden to run the command
        policy = str(memory.get("maxmemory_policy", ""))
        if memory.get("maxmemory") and policy.startswith("allkeys"):
            _logger().warning(
                "Redis at %s may delete the revoked tokens when its memory is full: its maxmemory-policy is %s. Use "
                "noeviction, or volatile-lru for a server that is also a cache",
                self._storage.address,
                policy,
            )

    # Changes

    def _change(self, entries: Sequence[tuple[bytes, str]]) -> list[bytes]:
        """Store *entries*, each unless the server has a better one. Returns the values that the server has now."""
        words = [word for entry in entries for word in entry]
        values: list[bytes] = self._storage.run(
            _CHANGE, self._keys, secrets.token_hex(16), int(time.time()), self._leeway, self._scan_from, *words
        )
        self._scan_from = int(values[0])
        return values[1:]

    def _store_token(self, key: str, end: int | None, is_revoked: bool, now: float) -> None:
        field = _as_bytes(key)
        values = self._change([(field, _as_value(end, is_revoked))])
        with self._lock:
            self._list_entry(field, values[0])
            self._new.append(key)
            self._remove_ended(now)

    def _store_user(self, username: str) -> None:
        field = _as_bytes(f"u{username}")
        values = self._change([(field, f"+{self._next_number(username, 0)}")])
        with self._lock:
            self._list_entry(field, values[0])
            self._new.append(f"u{username}")

    def _stored_number(self, username: str) -> int:
        field = _as_bytes(f"u{username}")
        value = self._storage.command("HGET", self._keys[0], field)
        if value is None:
            return 0
        # Once a new token may have this number, earlier ones must be revoked here too.
        self._list_entries([(field, value)])
        return int(value)

    def _store_leeway(self, seconds: float) -> None:
        """Leave it to the thread and the next change: an application starts even if the server cannot be used."""

    def _list_stored(self) -> None:
        self._read_all()

    def _merge(self, tokens: Sequence[TokenEntry], users: Sequence[UserEntry]) -> None:
        entries = [(_as_bytes(key), _as_value(end, is_revoked)) for key, end, is_revoked in tokens]
        entries += [(_as_bytes(f"u{username}"), str(number)) for username, number in users]
        for start in range(0, len(entries), _BATCH):
            fields = [field for field, _ in entries[start : start + _BATCH]]
            self._list_entries(zip(fields, self._change(entries[start : start + _BATCH]), strict=True))


def _update_repeatedly(reference: ref[RedisRevocations], seconds: float, has_looked: threading.Event) -> None:
    """Update the copy until its owner is deleted."""
    while True:
        until = monotonic() + seconds
        revocations = reference()
        if revocations is None:
            return
        revocations._update(until)
        has_looked.set()
        del revocations
        time.sleep(max(0.0, until - monotonic()))


def _split(text: bytes, lengths: Iterable[int]) -> list[bytes]:
    parts, start = [], 0
    for length in lengths:
        parts.append(text[start : start + length])
        start += length
    return parts


def _as_value(end: int | None, is_revoked: bool) -> str:
    return f"{int(is_revoked)}{'' if end is None else end}"


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _as_text(octets: bytes) -> str:
    return str(octets, "utf-8", "surrogatepass")


def _logger() -> Any:
    import logging  # noqa: PLC0415

    return logging.getLogger("fastware")


_lists: WeakSet[RedisRevocations] = WeakSet()


def _begin_in_child(revocations: RedisRevocations) -> None:
    revocations._thread = None
    revocations._look_at = 0.0


# A forked child has no thread, and must not have a copy that the thread was changing.
hold_locks_while_forking(_lists, TIMEOUT, _begin_in_child)
