"""A Redis or Valkey server as the storage of revocations, refresh tokens and tickets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastware.auth.outage import Outage
from fastware.auth.redis_clients import RedisClients
from fastware.auth.redis_script import Script
from fastware.auth.storage_error import StorageError

TIMEOUT: Final = 1.0
"""Seconds that a connection and each command may take."""

_FIXES: Final = (  # by the first class of redis-py that the error is an instance of
    ("AuthenticationError", "check the username and the password in its URL"),
    ("NoPermissionError", "let its user run the commands in docs/redis.md on the keys of the prefix"),
    ("OutOfMemoryError", "raise its maxmemory, or use a server of its own"),
    ("ReadOnlyError", "pass the URL of the primary, not of a replica"),
    ("BusyLoadingError", "it is reading its data, and answers when it has finished"),
    ("TimeoutError", "start it, and check that this machine can reach it"),
    ("ConnectionError", "start it, and check that this machine can reach it"),
)


class RedisStorage:
    """The commands to one server. Each touches one key, or keys with one hash tag: a cluster can run them.

    Args:
        url_or_client: a URL, or a client of redis-py, whose connection options are used.

    Raises:
        TypeError: *url_or_client* is something else.
        ValueError: the URL is invalid. The message does not show it: it may contain a password.
        ImportError: redis-py is not installed.

    """

    def __init__(self, url_or_client: Any) -> None:
        self._clients = RedisClients(url_or_client, timeout=TIMEOUT)
        self.address = _address_of(url_or_client)
        """The path of the socket, or the host and the port."""
        self._silence = Outage(TIMEOUT)
        self._problem_of_silence = ""

    def command(self, *words: Any, is_repeatable: bool = True) -> Any:
        """Return the reply to a command.

        Args:
            words: its name and its arguments.
            is_repeatable: the reply is the same if the server runs the command twice.

        Raises:
            StorageError: the server cannot be reached, or reports an error. The message names it and the reason.

        """
        return self._call(lambda client: client.execute_command(*words), is_repeatable)

    def commands(self, commands: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Return the replies to several commands, which the server gets in order, in one round trip.

        Raises:
            StorageError: as :meth:`command`. Commands before the one that failed were run, and later ones may be.

        """

        def send(client: Any) -> Any:
            with client.pipeline(transaction=False) as pipeline:
                for words in commands:
                    pipeline.execute_command(*words)
                return pipeline.execute()

        replies: list[Any] = self._call(send)
        return replies

    def run(self, script: Script, keys: Iterable[str | bytes], *args: Any) -> Any:
        """Return the reply of *script*.

        Raises:
            StorageError: as :meth:`command`.

        """
        names = tuple(keys)

        def send(client: Any) -> Any:
            from redis.exceptions import NoScriptError  # noqa: PLC0415

            try:
                return client.evalsha(script.digest, len(names), *names, *args)
            except NoScriptError:
                return client.eval(script.text, len(names), *names, *args)

        return self._call(send)

    def _call(self, send: Any, is_repeatable: bool = True) -> Any:
        from redis.exceptions import ConnectionError as Disconnected  # noqa: PLC0415 - an optional dependency
        from redis.exceptions import RedisClusterException, RedisError  # noqa: PLC0415
        from redis.exceptions import TimeoutError as Silent  # noqa: PLC0415

        # The second attempt is for a connection that was idle, and that the server or a firewall has closed. There is
        # none after a timeout: all worker threads would wait, and the calls behind them for much longer.
        attempts = 0 if self._silence.must_wait() else 1 + is_repeatable
        problem = self._problem_of_silence
        for attempt in range(attempts):
            try:
                reply = send(self._clients.for_threads())
            except (RedisError, RedisClusterException, OSError) as error:
                problem = _problem_of(error)
                if isinstance(error, Silent):
                    self._problem_of_silence = problem
                    self._silence.failed()
                elif type(error) is Disconnected and attempt < attempts - 1:
                    continue
                else:
                    self._silence.ended()
                break
            self._silence.ended()
            return reply
        # Raised outside the `except`: the frames of redis-py hold the password and the arguments.
        raise StorageError(f"Redis at {self.address}: {problem}")


def _address_of(url_or_client: Any) -> str:
    if isinstance(url_or_client, str):
        from urllib.parse import urlsplit  # noqa: PLC0415

        url = urlsplit(url_or_client)
        return url.path if url.scheme == "unix" else f"{url.hostname or 'localhost'}:{url.port or 6379}"
    if hasattr(url_or_client, "nodes_manager"):
        return str(next(iter(url_or_client.nodes_manager.startup_nodes)))
    options = url_or_client.connection_pool.connection_kwargs
    return str(options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}")


def _problem_of(error: Exception) -> str:
    from redis import exceptions  # noqa: PLC0415

    # An unknown command is reported with the first arguments, which may be the hash of a token.
    text = str(error).partition(", with args")[0].rstrip(". ") or type(error).__name__
    for name, fix in _FIXES:
        if isinstance(error, getattr(exceptions, name)):
            return f"{text}; {fix}"
    return text
