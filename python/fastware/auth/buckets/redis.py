"""Rate limits that all workers on all machines count together, in Redis or Valkey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from fastware.auth.buckets.base import Buckets
from fastware.auth.buckets.redis_calls import RedisCalls
from fastware.auth.buckets.redis_limit import RedisLimit, keys_of_limit
from fastware.auth.buckets.redis_scripts import Amounts
from fastware.auth.buckets.without_server import OnError, WithoutServer
from fastware.auth.buckets.worker_count import WorkerCount
from fastware.auth.durations import as_seconds
from fastware.auth.redis_clients import RedisClients

if TYPE_CHECKING:
    from datetime import timedelta


class RedisBuckets(Buckets):
    """Counts rate limits in Redis or Valkey, for all workers on all machines.

    Usage::

        buckets = RedisBuckets("redis://localhost:6379/0", lease=10)

        @rate_limit("100/minute", buckets=buckets)
        async def search(request: Request): ...

    A call takes one round trip to the server, whose clock counts. No connection is made before the first call.

    Args:
        url_or_client: ``"redis://user:password@host:6379/0"``, ``"rediss://..."`` with TLS, ``"unix://..."``, or a
            client of redis-py, whose connection options are used. For a cluster, pass a ``RedisCluster``.
        lease: tokens that a worker takes in one round trip and spends without asking again, at most a tenth of the
            limit. The limit is never exceeded, but tokens that a worker does not spend are missing elsewhere until
            they are refilled. Choose at most a tenth of the limit divided by the workers that a client reaches.
        on_error: what happens while the server cannot be used: ``"local"`` counts this worker's share of the limit in
            memory, ``"open"`` admits every call, ``"closed"`` responds with 503.
        timeout: seconds, or a ``timedelta``, that a call may wait for the server. After a failure, only one call per
            second waits, to find out whether the server can be used again.
        prefix: how all keys in Redis begin. Give each application its own.

    Raises:
        TypeError: an argument has another type.
        ValueError: the URL is invalid, or another argument is out of range.
        ImportError: redis-py is not installed: ``pip install "fastware[redis]"``.

    """

    def __init__(
        self,
        url_or_client: Any,
        *,
        lease: int = 1,
        on_error: OnError = "local",
        timeout: float | timedelta = 0.25,
        prefix: str = "fastware:",
    ) -> None:
        if not isinstance(lease, int) or isinstance(lease, bool):
            raise TypeError(f"lease must be int, not {type(lease).__name__}")
        if lease < 1:
            raise ValueError("lease must be 1 or more tokens")
        if on_error not in get_args(OnError):
            raise ValueError('on_error must be "local", "open" or "closed"')
        if not isinstance(prefix, str):
            raise TypeError(f"prefix must be str, not {type(prefix).__name__}")
        seconds = as_seconds("timeout", timeout)
        self._lease: Final = lease
        self._on_error: Final[OnError] = on_error
        self._prefix: Final = prefix
        self._calls = RedisCalls(RedisClients(url_or_client, timeout=seconds), seconds)
        self._workers = WorkerCount(self._calls, f"{prefix}workers")
        self._limits: dict[str, RedisLimit] = {}

    def __repr__(self) -> str:
        return f"RedisBuckets(lease={self._lease}, on_error={self._on_error!r}, prefix={self._prefix!r})"

    def open(self, name: str, capacity: int, period: int, *, gives_back: bool = False) -> RedisLimit:
        """Return the buckets of one limit. A limit that is open already is returned again."""
        limit = self._limits.get(name)
        if limit is None:
            keys = keys_of_limit(self._prefix, name, capacity, period)
            without = WithoutServer(self._on_error, capacity, period, self._workers)
            lease = 0 if gives_back else max(1, min(self._lease, capacity // 10))
            limit = RedisLimit(self._calls, keys, Amounts(capacity, period), lease, without)
            limit = self._limits.setdefault(name, limit)
        if limit.rate != (capacity, period) or limit.gives_back != gives_back:
            raise ValueError(f"the limit {name!r} has another rate in these buckets; give each limit its own name")
        return limit
