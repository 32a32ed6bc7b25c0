"""Rate-limit buckets: one token taken, by the number of keys that have a bucket."""

import random
from functools import partial

import engines

from .series import Series, Workload

_HOUR = 3_600 * 10**9
_CAPACITY = 1_000  # one token is back after 3.6 s: the clock below never gets there, so that every bucket is kept
_STARTS_AT = 10**9
_STEP = 1_000
_BATCH = 10_000


def key(number: int) -> str:
    """Return a client's address, a new string like those that a server reads."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


class Table:
    """Buckets of *count* keys, and a clock that goes on a microsecond a call."""

    def __init__(self, engine: str, count: int) -> None:
        self.take = engines.engine(engine).TokenBuckets(_CAPACITY, _HOUR).take
        self._count = count
        self._random = random.Random(count)
        self._now = _STARTS_AT
        for number in range(count):
            self.take(key(number), self._now)

    def batch(self):
        """Return a call that takes from buckets of keys drawn at random."""
        keys = [key(self._random.randrange(self._count)) for _ in range(_BATCH)]
        self._now += _STEP * _BATCH
        return partial(take_each, self.take, keys, self._now)


def take_each(take, keys, now):
    for each in keys:
        take(each, now)
        now += _STEP


def _admitted(engine: str, count: int, capacity: int) -> set[int]:
    """Return how many of its calls each of *count* keys was admitted, their calls mixed."""
    take = engines.engine(engine).TokenBuckets(capacity, _HOUR).take
    calls = [*range(count)] * (capacity + 2)
    random.Random(count).shuffle(calls)
    admitted = [0] * count
    for number in calls:
        admitted[number] += take(key(number), _STARTS_AT) == 0
    return set(admitted)


def _take(engine: str, size: int) -> Workload:
    table = Table(engine, size)
    return Workload(table.batch, partial(_admitted, engine, min(size, 10_000), 3), {3}, operations=_BATCH)


SERIES = [
    Series(
        "TokenBuckets.take",
        "keys drawn at random",
        "live keys",
        tuple(10**power for power in range(7)),
        _take,
        most={"python": 100_000},
    )
]
