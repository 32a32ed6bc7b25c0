"""What runs in Redis: scripts of one key each, which a server executes atomically."""

from __future__ import annotations

from typing import Final, TypeAlias

from fastware.auth.redis_script import Script

# A bucket is stored as its theoretical arrival time, the moment when it will be full: "microseconds", or "microseconds
# fraction", with the fraction in units of 1 / unit microseconds. The key expires at that moment. All numbers are below
# 2**53, so the doubles of Lua are exact.
_ARRIVAL: Final = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local unit, period = tonumber(ARGV[3]), tonumber(ARGV[4])
local arrival, fraction = now, 0
local stored = redis.call('GET', KEYS[1])
if stored then
  local whole, part = string.match(stored, '^(%d+) ?(%d*)$')
  if not whole then
    return redis.error_reply('WRONGTYPE not a bucket')
  end
  whole = tonumber(whole)
  -- A later arrival was stored before the clock was set back.
  if whole >= now and whole <= now + 2 * period + 1 then
    arrival, fraction = whole, tonumber(part) or 0
  end
end
local function store()
  local value = string.format('%.0f', arrival)
  if fraction > 0 then
    value = value .. string.format(' %.0f', fraction)
  end
  local ttl = tonumber(ARGV[2]) or math.floor((arrival - now) / 1000) + 1
  redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', ttl))
end
"""

TAKE: Final = Script(
    _ARRIVAL
    + """
local rest, wanted, granted = tonumber(ARGV[5]), tonumber(ARGV[6]), 0
for i = 6, #ARGV, 3 do
  local later, part = arrival + tonumber(ARGV[i + 1]), fraction + tonumber(ARGV[i + 2])
  if part >= unit then
    later, part = later + 1, part - unit
  end
  local over = later - now - period
  if over < 0 or over == 0 and part <= rest then
    arrival, fraction, granted = later, part, granted + tonumber(ARGV[i])
    if granted >= wanted then
      break
    end
  end
end
if granted > 0 then
  store()
end
return {granted, arrival - now, fraction}
"""
)
"""Takes tokens. Arguments: the time or "", the milliseconds to live or "", the units of a microsecond, the period in
microseconds and units, and for each number of tokens to try, in descending order: the number, and the time in which
they are refilled, in microseconds and units. The first one is all that is wanted; if there are not enough tokens, the
others, of which each is at most half of the one before, add up to what there is.

Returns the number of tokens taken, and the time until the bucket is full, in microseconds and units."""

GIVE_BACK: Final = Script(
    _ARRIVAL
    + """
arrival, fraction = arrival - tonumber(ARGV[5]), fraction - tonumber(ARGV[6])
if fraction < 0 then
  arrival, fraction = arrival - 1, fraction + unit
end
if arrival < now or arrival == now and fraction == 0 then
  redis.call('UNLINK', KEYS[1])
else
  store()
end
return 0
"""
)
"""Returns tokens. The arguments are those of ``TAKE`` up to the period, without its units, and the time in which the
tokens are refilled, in microseconds and units."""

RESET: Final = Script("return redis.call('UNLINK', KEYS[1])")
"""Refills a bucket."""

COUNT_WORKERS: Final = Script(
    """
local now = redis.call('TIME')[1]
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
"""
)
"""Registers a worker, and returns the number of those that did so in the last seconds. Arguments: the worker, and the
seconds."""


Arguments: TypeAlias = "tuple[bytes, ...]"
"""Numbers as text. redis-py passes on bytes in a third of the time that it takes for an ``int``."""


class Amounts:
    """The arguments of the scripts for one rate, and what their replies mean.

    Times are integers in units of ``1 / capacity`` nanoseconds, in which a token takes exactly *period*.
    """

    def __init__(self, capacity: int, period: int) -> None:
        self.capacity: Final = capacity
        self.period: Final = period
        self.full: Final = capacity * period
        self._unit = 1000 * capacity
        whole, part = divmod(self.full, self._unit)
        self._rate = _as_text(self._unit, whole, part)
        self._tries: dict[tuple[int, int], Arguments] = {}

    def to_take(self, cost: int, lease: int, now: int | None = None) -> Arguments:
        """Return the arguments of ``TAKE``: for *lease* tokens, or a smaller multiple of *cost*."""
        tries = self._tries.get((cost, lease))
        if tries is None:
            wanted = lease // cost
            parts = [1 << bit for bit in reversed(range(wanted.bit_length())) if 1 << bit < wanted]
            numbers = [number * cost for number in (wanted, *parts)]
            tries = _as_text(*(each for number in numbers for each in (number, *self._refill_time(number))))
            self._tries[cost, lease] = tries = self._rate + tries
        return _moment(now) + tries

    def to_give_back(self, cost: int, now: int | None = None) -> Arguments:
        """Return the arguments of ``GIVE_BACK``."""
        return _moment(now) + self._rate[:2] + _as_text(*self._refill_time(cost))

    def level(self, whole: int, part: int) -> int:
        """Return the time until a bucket is full, from a reply."""
        return whole * self._unit + part

    def wait(self, level: int, cost: int) -> int:
        """Return the nanoseconds until a bucket has *cost* tokens; not positive if it has them."""
        return -(-(level + cost * self.period - self.full) // self.capacity)

    def counts(self, level: int) -> tuple[int, int]:
        """Return the tokens of a bucket, and the nanoseconds until it is full."""
        return (self.full - level) // self.period, -(-level // self.capacity)

    def _refill_time(self, tokens: int) -> tuple[int, int]:
        return divmod(tokens * self.period, self._unit)


_TEST_TTL: Final = 3_600_000


def _moment(now: int | None) -> Arguments:
    """Return the time for a script, and the milliseconds for which it stores the bucket."""
    # A bucket of a time that does not pass must not expire with the time that does.
    return (b"", b"") if now is None else _as_text(now // 1000, _TEST_TTL)


def _as_text(*numbers: int) -> Arguments:
    return tuple(b"%d" % number for number in numbers)
