"""Clients of a Redis or Valkey server: one for threads, and one for each event loop."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fastware._internal.fork import give_lock

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

URL_SCHEMES: Final = ("redis://", "rediss://", "unix://")
"""How the URL of a Redis server begins."""

_PORTABLE: Final = frozenset(
    (
        *("host", "port", "path", "db", "username", "password", "credential_provider", "client_name"),
        *("protocol", "socket_keepalive", "socket_keepalive_options"),
    )
)
"""The options that both kinds of clients have. Those of TLS begin with ``ssl_``."""
_OF_A_NODE: Final = frozenset(("db", "host", "path", "port"))
_MOST_CONNECTIONS: Final = 10_000
"""The number that a server accepts by default. In redis-py 8, the default is 100, and one more is an error."""
_Maker: TypeAlias = "Callable[[bool], Any]"
"""Makes a client: an asynchronous one if the argument is true."""

_inherited: list[Any] = []
"""Clients in a forked child. Another thread may have held the lock of their pool, so nothing must use or close them."""


class RedisClients:
    """The clients of one server or cluster. They connect when a command is executed, and return ``bytes``.

    They do not retry: redis-py retries ten times by default, which takes many times the *timeout*. A client for threads
    has a connection for each thread that uses it at the same time, whatever ``max_connections`` says.

    Args:
        url_or_client: a URL, or a client of redis-py, synchronous or asynchronous, also of a cluster. The client itself
            is not used, only its connection options.
        timeout: seconds that connecting may take, and each reply.

    Raises:
        TypeError: *url_or_client* is something else, or has an option that the other kind of client lacks.
        ValueError: the URL is invalid. The message does not show it: it may contain a password.
        ImportError: redis-py is not installed.

    """

    _lock: threading.Lock

    def __init__(self, url_or_client: Any, *, timeout: float) -> None:
        self._make = _maker(url_or_client, timeout)
        self._for_threads: Any = None
        self._process = os.getpid()
        self._by_loop: dict[AbstractEventLoop, tuple[Any, AsyncGenerator[None, None]]] = {}
        give_lock(self, threading.Lock)

    def for_threads(self) -> Any:
        """Return the client that all threads share. The first call for a cluster asks for its nodes."""
        client = self._for_threads
        if client is None or self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    _inherited.append(self._for_threads)
                    self._for_threads, self._process = None, os.getpid()
                client = self._for_threads = self._for_threads or self._make(False)
        return client

    def for_running_loop(self) -> Any:
        """Return the ``redis.asyncio`` client of the running event loop of asyncio. It is closed with the loop.

        Raises:
            RuntimeError: no event loop of asyncio is running, for example under trio.

        """
        import asyncio  # noqa: PLC0415 - a third of the import time of fastware.auth

        loop = asyncio.get_running_loop()
        known = self._by_loop.get(loop)
        return known[0] if known else self._new_for(loop)

    def _new_for(self, loop: AbstractEventLoop) -> Any:
        self._abandon_closed_loops()
        client = self._make(True)
        closing = _closing(client)
        with suppress(StopIteration):
            # Runs to the `yield`. The event loop then knows the generator, and closes it in `shutdown_asyncgens`, which
            # asyncio.run and the servers call.
            closing.__anext__().send(None)
        self._by_loop[loop] = client, closing
        return client

    def _abandon_closed_loops(self) -> None:
        for loop in list(self._by_loop):
            if loop.is_closed() and (known := self._by_loop.pop(loop, None)):
                _abandon(known[0])

    def __del__(self) -> None:
        if hasattr(self, "_by_loop"):
            self._abandon_closed_loops()


async def _closing(client: Any) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await client.aclose()


def redis_py() -> Any:
    """Return the module ``redis``, with ``redis.asyncio``. Raises ``ImportError`` that says what to install."""
    try:
        import redis  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ImportError('Redis needs the package redis: pip install "fastware[redis]"', name="redis") from error
    import redis.asyncio  # noqa: PLC0415

    return redis


def _maker(url_or_client: Any, timeout: float) -> _Maker:
    redis = redis_py()
    if isinstance(url_or_client, str):
        return _maker_for_server(_parsed(url_or_client), timeout)
    if isinstance(url_or_client, (redis.RedisCluster, redis.asyncio.RedisCluster)):
        nodes = [(node.host, node.port) for node in url_or_client.nodes_manager.startup_nodes.values()]
        return _maker_for_cluster(nodes, url_or_client.get_connection_kwargs(), timeout)
    if isinstance(url_or_client, (redis.Redis, redis.asyncio.Redis)):
        pool = url_or_client.connection_pool
        if hasattr(pool, "sentinel_manager"):
            raise TypeError("a client of Redis Sentinel is not supported; pass the URL of the primary or of a proxy")
        return _maker_for_server({**pool.connection_kwargs, "connection_class": pool.connection_class}, timeout)
    raise TypeError(f"a Redis server must be a URL or a client of redis-py, not {type(url_or_client).__name__}")


def _parsed(url: str) -> Mapping[str, Any]:
    redis = redis_py()
    if url.startswith(URL_SCHEMES):
        with suppress(ValueError):
            options: Mapping[str, Any] = redis.connection.parse_url(url)
            return options
    # Raised outside the `with`: the error of redis-py may contain the password.
    raise ValueError(
        'invalid Redis URL: write "redis://user:password@host:6379/0", "rediss://..." or "unix://...", with special '
        "characters in the password percent-encoded (urllib.parse.quote_plus)"
    )


def _maker_for_server(given: Mapping[str, Any], timeout: float) -> _Maker:
    import inspect  # noqa: PLC0415 - slow to import

    redis = redis_py()
    options = _portable(given, timeout)
    if "path" in options:
        options["unix_socket_path"] = options.pop("path")
    for kind in (redis.Redis, redis.asyncio.Redis):
        for name in options.keys() - inspect.signature(kind).parameters.keys():
            if options.pop(name):
                raise TypeError(f"{kind.__module__}.{kind.__name__} has no option {name}, which the given client uses")
    return _maker_of(redis.Redis, redis.asyncio.Redis, lambda kind: options)


def _maker_for_cluster(nodes: list[tuple[str, int]], given: Mapping[str, Any], timeout: float) -> _Maker:
    redis = redis_py()
    options = _portable({name: each for name, each in given.items() if name not in _OF_A_NODE}, timeout)

    def options_for(kind: Any) -> Mapping[str, Any]:
        node = (redis.cluster if kind is redis.RedisCluster else redis.asyncio.cluster).ClusterNode
        return {**options, "startup_nodes": [node(*each) for each in nodes]}

    return _maker_of(redis.RedisCluster, redis.asyncio.RedisCluster, options_for)


def _maker_of(for_threads: Any, for_loops: Any, options_for: Callable[[Any], Mapping[str, Any]]) -> _Maker:
    from redis.asyncio.retry import Retry as AsyncRetry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    def make(is_async: bool) -> Any:
        kind, retry = (for_loops, AsyncRetry) if is_async else (for_threads, Retry)
        return kind(**options_for(kind), retry=retry(NoBackoff(), 0))

    return make


def _portable(given: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """Return the options in *given* that both kinds of clients have, with the *timeout* and with TLS if it is used."""
    options = {name: value for name, value in given.items() if name in _PORTABLE or name.startswith("ssl_")}
    if given.get("ssl") or "SSL" in getattr(given.get("connection_class"), "__name__", ""):
        options["ssl"] = True
    # RESP2 needs no handshake, and its replies are the same in all versions of redis-py.
    return {"protocol": 2, **{name: each for name, each in options.items() if each is not None}} | {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "max_connections": _MOST_CONNECTIONS,
    }


def _abandon(client: Any) -> None:
    """Close the sockets of a client whose event loop was closed before it closed its asynchronous generators.

    Such a loop closes no transport, and asyncio has no public call for it.
    """
    nodes = getattr(client, "nodes_manager", None)
    if nodes is None:
        pool = client.connection_pool
        connections = [*pool._available_connections, *pool._in_use_connections]
    else:
        connections = [each for node in nodes.nodes_cache.values() for each in node._connections]
    for connection in connections:
        writer, connection._writer, connection._reader = connection._writer, None, None
        if writer is not None:
            with suppress(RuntimeError):  # "Event loop is closed", after the transport is marked as closing
                writer.transport.abort()
            # A loop that is not of the standard library closes its sockets itself.
            with suppress(AttributeError, RuntimeError):
                writer.transport._call_connection_lost(None)
