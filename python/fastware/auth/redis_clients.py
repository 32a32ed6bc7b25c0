"""Connections to Redis or Valkey: one client for threads, and one for each event loop."""

from __future__ import annotations

from typing import Any, Final

URL_SCHEMES: Final = ("redis://", "rediss://", "unix://")
"""How the URL of a Redis server begins."""


class RedisClients:
    """The clients of one server. A connection is made by the first command.

    Args:
        url_or_client: a URL, or a client of redis-py, synchronous or asynchronous, whose connection options are used.
        timeout: seconds that a connection and each command may take.

    Raises:
        TypeError: *url_or_client* is something else.
        ValueError: the URL is invalid. The message does not show it: it may contain a password.
        ImportError: redis-py is not installed.

    """

    def __init__(self, url_or_client: Any, *, timeout: float) -> None:
        redis = _redis()
        self._timeout = timeout
        self._for_threads: Any = redis.Redis.from_url(
            url_or_client, socket_timeout=timeout, socket_connect_timeout=timeout
        )

    def for_threads(self) -> Any:
        """Return the ``redis.Redis`` that all threads share."""
        return self._for_threads

    def for_running_loop(self) -> Any:
        """Return the ``redis.asyncio.Redis`` of the running event loop."""
        raise NotImplementedError


def _redis() -> Any:
    try:
        import redis  # noqa: PLC0415
    except ImportError:
        raise ImportError('Redis needs the package redis: pip install "fastware[redis]"') from None
    return redis
