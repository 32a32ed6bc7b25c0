"""Calls of scripts in Redis that are answered in time, or count as an outage."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fastware._internal.threads import run_in_thread
from fastware.auth.outage import Outage
from fastware.auth.redis_clients import RedisClients, redis_py
from fastware.auth.redis_script import Script

if TYPE_CHECKING:
    import logging

Call: TypeAlias = "tuple[Script, str, tuple[bytes | int | str, ...]]"
"""A script, its key, and its further arguments."""

_MOST_AT_ONCE: Final = 500
"""The calls of one round trip: about 100 KB, and 5 ms of the server's time."""
_LAG: Final = 0.01
"""Seconds by which a timer is late if something blocks the event loop."""


class RedisCalls:
    """Calls scripts of one server. During an outage, a call returns ``None`` at once, without waiting for the server.

    Args:
        clients: those of the server, with the *timeout*.
        timeout: seconds in which a call returns.

    """

    def __init__(self, clients: RedisClients, timeout: float) -> None:
        errors = redis_py().exceptions
        self._no_script: type[Exception] = errors.NoScriptError
        self._answers: type[Exception] = errors.ResponseError
        self._clients = clients
        self._timeout = timeout
        self._outage = Outage()
        self._was_late = self._found_other_content = False
        self._by_loop: dict[asyncio.AbstractEventLoop, _Batches] = {}

    @property
    def clients(self) -> RedisClients:
        """The clients of the server."""
        return self._clients

    def call(self, script: Script, key: str, *args: bytes | int | str) -> Any:
        """Return what *script* returns for *key*, or ``None`` if the server cannot be used."""
        if self._outage.must_wait():
            return None
        try:
            client = self._clients.for_threads()
            try:
                reply = client.execute_command("EVALSHA", script.digest, 1, key, *args)
            except self._no_script:
                reply = client.execute_command("EVAL", script.text, 1, key, *args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the request must be answered
            reply = error
        return self.checked(reply)

    async def acall(self, script: Script, key: str, *args: bytes | int | str) -> Any:
        """Do what :meth:`call` does, without blocking the event loop."""
        try:
            future = self.send(script, key, *args)
        except RuntimeError:  # trio, which the asyncio client of redis-py does not support
            return await run_in_thread(self.call, script, key, *args)
        return await future

    def send(self, script: Script, key: str, *args: bytes | int | str) -> asyncio.Future[Any]:
        """Return a future of what :meth:`call` returns.

        Raises:
            RuntimeError: no event loop of asyncio is running.

        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if self._outage.must_wait():
            future.set_result(None)
        else:
            batches = self._by_loop.get(loop) or self._new_batches(loop)
            batches.add((script, key, args), future)
        return future

    async def execute(self, batch: Sequence[Call], deadline: float) -> list[Any] | None:
        """Return the reply to each call, or ``None`` if there is none before *deadline*, on the clock of the loop."""
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with asyncio.timeout_at(deadline):
                replies = await self._executed(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the requests must be answered
            # If the event loop is too busy, the reply may be there. The second time, it is an outage.
            is_late = clock() - deadline > _LAG or deadline - started < self._timeout / 2
            if isinstance(error, TimeoutError) and is_late and not self._was_late:
                self._was_late = True
            else:
                self.checked(error)
            return None
        self._was_late = False
        return [self.checked(reply) for reply in replies]

    def checked(self, reply: Any) -> Any:
        """Return *reply*, or ``None`` if it is an error. An error begins an outage, unless it is that of one key."""
        if not isinstance(reply, Exception):
            if self._outage.ended():
                logger = _logger()
                logger.info("the Redis server of RedisBuckets can be used again")
            return reply
        is_answer = isinstance(reply, self._answers)
        if is_answer and "WRONGTYPE" in str(reply):
            if not self._found_other_content:
                self._found_other_content = True
                logger = _logger()
                logger.error("RedisBuckets cannot count a key that another program has written")
            return None
        # Other errors may contain anything, for example those of a `credential_provider`.
        shows_text = is_answer or isinstance(reply, (OSError, redis_py().RedisError))
        text = f"{type(reply).__name__}: {reply}" if shows_text and str(reply) else type(reply).__name__
        if self._outage.failed():
            logger = _logger()
            logger.error("the Redis server of RedisBuckets cannot be used: %s", text)
        return None

    async def _executed(self, batch: Sequence[Call]) -> list[Any]:
        client = self._clients.for_running_loop()
        replies = await _replies(client, [("EVALSHA", script.digest, 1, key, *args) for script, key, args in batch])
        unknown = [number for number, reply in enumerate(replies) if isinstance(reply, self._no_script)]
        if unknown:
            calls = [batch[number] for number in unknown]
            again = await _replies(client, [("EVAL", script.text, 1, key, *args) for script, key, args in calls])
            for number, reply in zip(unknown, again, strict=True):
                replies[number] = reply
        return replies

    def _new_batches(self, loop: asyncio.AbstractEventLoop) -> _Batches:
        for other in list(self._by_loop):
            if other.is_closed():
                self._by_loop.pop(other, None)
        self._by_loop[loop] = batches = _Batches(self, loop, self._timeout)
        return batches


class _Batches:
    """Sends what the tasks of one event loop call at the same time in one round trip, over one connection.

    With 50 tasks, a call takes 28 µs of the loop's time, rather than 50 µs over a connection for each (redis-py 8.1).
    And a task that is cancelled leaves no connection in the middle of a reply.
    """

    def __init__(self, calls: RedisCalls, loop: asyncio.AbstractEventLoop, timeout: float) -> None:
        self._calls = calls
        self._loop = loop
        self._timeout = timeout
        self._waiting: list[tuple[Call, asyncio.Future[Any], float]] = []
        self._sending: asyncio.Task[None] | None = None

    def add(self, call: Call, future: asyncio.Future[Any]) -> None:
        self._waiting.append((call, future, self._loop.time() + self._timeout))
        if self._sending is None or self._sending.done():
            self._sending = self._loop.create_task(self._send())

    async def _send(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            replies = None
            try:
                replies = await self._calls.execute([call for call, _, _ in batch], batch[0][2])
            finally:
                if replies is None:  # also if the loop cancels its tasks
                    batch, self._waiting = batch + self._waiting, []
                    replies = [None] * len(batch)
                for (_, future, _), reply in zip(batch, replies, strict=True):
                    if not future.done():
                        future.set_result(reply)


def _logger() -> logging.Logger:
    import logging  # noqa: PLC0415 - not needed while the server answers

    return logging.getLogger("fastware.auth")


async def _replies(client: Any, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Return the reply to each command, or its error. Raises an error of the connection."""
    if len(commands) == 1:
        errors = redis_py().exceptions.ResponseError
        try:
            return [await client.execute_command(*commands[0])]
        except errors as error:
            return [error]
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    replies: list[Any] = await pipeline.execute(raise_on_error=False)
    return replies
