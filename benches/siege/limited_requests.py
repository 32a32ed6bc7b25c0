"""Rate limits: a few keys that everybody hammers at, and many that nobody had before."""

import asyncio
from collections import Counter

from . import settings
from .admissions import Limit
from .besieger import Besieger
from .kind import Ask, Kind, Outcome, check
from .wire import Connection

_SECOND = Limit(settings.PER_SECOND, 1)
_HOUR = Limit(settings.PER_HOUR, 3600)
_HOT_KEYS = ("hot", "%F0%9F%94%A5")


async def _call(besieger: Besieger, path: str, key: str, limit: Limit, answer: object) -> int:
    ask = Ask("GET", path, answers={200: answer, 429: {"detail": "Rate limit exceeded"}})
    answered = await besieger.ask("GET", ask.encode())
    check(ask, answered)
    besieger.admissions.note(key, limit, answered.status)
    return answered.status


async def _by_client(besieger: Besieger) -> Outcome:
    host = besieger.address
    return await _call(besieger, "/limited", f"client {host}", _SECOND, {"client": host})


async def _by_key(besieger: Besieger) -> Outcome:
    key = besieger.chance.choice(_HOT_KEYS)
    return await _call(besieger, f"/limited/{key}", f"/limited/{key}", _SECOND, {"key": _decoded(key)})


async def _by_key_an_hour(besieger: Besieger) -> Outcome:
    return await _call(besieger, "/hourly/hot", "/hourly/hot", _HOUR, {"key": "hot"})


async def _by_a_new_key(besieger: Besieger) -> Outcome:
    key = f"{besieger.chance.randrange(10**12)}"
    return await _call(besieger, f"/hourly/{key}", "each new key", Limit(10**9, 1), {"key": key})


def _decoded(key: str) -> str:
    return "\N{FIRE}" if key.startswith("%") else key


_OUTCOMES = frozenset({200, 429})

KINDS = (
    Kind("rate limit by client", _OUTCOMES, _by_client, weight=10),
    Kind("rate limit by key", _OUTCOMES, _by_key, weight=10),
    Kind("rate limit by key, an hour", _OUTCOMES, _by_key_an_hour, weight=10),
    Kind("rate limit, a new key each", frozenset({200}), _by_a_new_key, weight=3),
)


async def exactly_admitted(port: int) -> tuple[int, int]:
    """Call one worker from many connections at once, three times too often; return how many it let in, and refused."""
    ask = Ask("GET", "/hourly/exact").encode()

    async def calls(count: int) -> list[int]:
        connection = await Connection.open(port)
        try:
            statuses = []
            for _ in range(count):
                await connection.send(ask)
                statuses.append((await connection.answer()).status)
            return statuses
        finally:
            connection.abort()

    connections = 20
    answers = await asyncio.gather(*(calls(3 * settings.PER_HOUR // connections) for _ in range(connections)))
    statuses = Counter(status for each in answers for status in each)
    return statuses[200], statuses[429]
