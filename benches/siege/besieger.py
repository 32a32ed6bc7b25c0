"""One of the clients that make the siege: it has an address, a connection that it keeps, and some chance."""

import contextlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator

from .admissions import Admissions
from .ledger import Ledger
from .wire import HOST, Answer, Connection


class Besieger:
    """Client *number* of the server at *port*."""

    def __init__(self, number: int, port: int, chance: random.Random, ledger: Ledger, admissions: Admissions) -> None:
        self.number = number
        self.chance = chance
        self.ledger = ledger
        self.admissions = admissions
        self.own_users: deque[str] = deque()
        self.address = HOST if number % 2 else "127.0.0.2"
        self._port = port
        self._kept: Connection | None = None
        self._kept_since = 0.0
        self.exposed_since = 0.0
        """Since when the connection in use was there without an answer on it."""

    def begin(self) -> None:
        self.exposed_since = time.monotonic()

    async def ask(self, method: str, data: bytes) -> Answer:
        """Send a request over the connection that is kept, and read its answer."""
        if self._kept:
            self.exposed_since = self._kept_since
        connection = self._kept = self._kept or await Connection.open(self._port, self.address)
        try:
            await connection.send(data)
            answer = await connection.answer(method)
        except BaseException:
            self.hang_up()
            raise
        self._kept_since = time.monotonic()
        if answer.header(b"connection") == b"close":
            self.hang_up()
        return answer

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Open a connection for the block."""
        connection = await Connection.open(self._port, self.address)
        try:
            yield connection
        finally:
            connection.abort()

    def hang_up(self) -> None:
        if self._kept:
            self._kept.abort()
            self._kept = None
