"""HTTP/1.1 over plain sockets: bytes are sent unchanged, valid or not, and one response is read.

A *kind* of request is the action of a client with its allowed outcomes.
"""

import asyncio
import contextlib
import json
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from checks.processes import HOST

Header = tuple[str, str]
Outcome = int | str
"""A status, or one of these."""

CLOSED: Final = "closed"
"""The server closed the connection."""
LEFT: Final = "left"
"""The client closed the connection, as it intended to."""
LOST: Final = "lost"
"""The server closed the connection, and a worker had just been killed."""
NOT_HTTP: Final = "not HTTP/1"

UNREADABLE: Final = (400, 431, CLOSED)
"""The outcomes of bytes that are not HTTP, or are longer than servers read."""

NOTHING: Mapping[int, Any] = MappingProxyType({})
_MAX_HEAD = 1024 * 1024
_STATUSES_WITHOUT_BODY = (204, 304)


class Closed(Exception):  # noqa: N818 - it is often the expected outcome
    """The server closed the connection before it sent a whole response."""


class NotHTTP(Exception):  # noqa: N818
    """The server sent something other than HTTP/1."""


class Wrong(Exception):  # noqa: N818
    """A response with a correct status and wrong content."""


class Response(NamedTuple):
    """A whole response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)


class Request(NamedTuple):
    """A request, and the JSON of its response by status. *body* is sent with its length."""

    method: str
    target: str
    headers: Sequence[Header] = ()
    body: bytes | None = None
    expected: Mapping[int, Any] = NOTHING

    def encode(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: stressed"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (self.body or b"")

    def check(self, response: Response) -> int:
        """Return the status of *response*. Raises ``Wrong`` if it does not have the JSON expected of its status."""
        if response.status in self.expected:
            is_right = json.loads(response.body) == self.expected[response.status]
        else:
            is_right = not (self.expected and 200 <= response.status < 300)
        if not is_right:
            raise Wrong(f"{self.method} {self.target[:80]}: {response.status} {response.body[:200]!r}")
        return response.status


def get(target: str, *headers: Header, ok: object = None) -> Request:
    """Return a GET request; *ok* is the JSON of a response with status 200."""
    return Request("GET", target, headers, None, NOTHING if ok is None else {200: ok})


def post(target: str, *headers: Header, body: bytes = b"", expected: Mapping[int, Any] = NOTHING) -> Request:
    return Request("POST", target, headers, body, expected)


def post_json(target: str, value: object, *headers: Header, expected: Mapping[int, Any] = NOTHING) -> Request:
    json_header = ("Content-Type", "application/json")
    return Request("POST", target, [*headers, json_header], json.dumps(value).encode(), expected)


class Connection:
    """A connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        # After a write that fails, what the server sent before it closed the connection can still be read.
        if not self._writer.is_closing():
            with contextlib.suppress(ConnectionError):
                self._writer.write(data)
                await self._writer.drain()

    def end(self) -> None:
        """Shut down the sending side."""
        with contextlib.suppress(OSError):
            self._writer.write_eof()

    def abort(self) -> None:
        self._writer.transport.abort()

    async def response(self, method: str = "GET") -> Response:
        """Read one response to a request of *method*. Raises ``Closed`` or ``NotHTTP``."""
        try:
            status = 100
            while status < 200:
                status, headers = await self._head()
                if status == 101:
                    raise NotHTTP("switched protocols")
            has_body = method != "HEAD" and status not in _STATUSES_WITHOUT_BODY
            return Response(status, headers, await self._body(dict(headers)) if has_body else b"")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise Closed from error

    async def _head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        start = await self._reader.readexactly(5)
        if start != b"HTTP/":
            raise NotHTTP(repr(start))
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
        pairs = (line.partition(b":") for line in lines)
        return int(first.split(b" ")[1]), [(name.strip().lower(), value.strip()) for name, _, value in pairs]

    async def _body(self, headers: dict[bytes, bytes]) -> bytes:
        if b"content-length" in headers:
            return await self._reader.readexactly(int(headers[b"content-length"]))
        if b"chunked" not in headers.get(b"transfer-encoding", b""):
            return await self._reader.read()
        chunks = []
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            chunks.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readuntil(b"\r\n")
        return b"".join(chunks)


class Client:
    """Client *number*: it has its own address, kept connection and random decisions."""

    def __init__(self, number: int, port: int, seed: object = 0) -> None:
        self.number = number
        self.random = random.Random(f"{seed} {number}")
        self.address = HOST if number % 2 else "127.0.0.2"
        self.own_users: deque[str] = deque()
        self.exposed_since = time.monotonic()
        """Since when the connection has been open without a response: a worker killed later may have served it."""
        self._port = port
        self._kept: Connection | None = None
        self._kept_since = 0.0

    async def exchange(self, request: Request) -> Response:
        """Send *request* over the connection that is kept, and read the response."""
        if self._kept:
            self.exposed_since = self._kept_since
        connection = self._kept = self._kept or await self._open()
        try:
            await connection.send(request.encode())
            response = await connection.response(request.method)
        except BaseException:
            self.close()
            raise
        self._kept_since = time.monotonic()
        if response.header(b"connection") == b"close":
            self.close()
        return response

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Open a connection for the block."""
        connection = await self._open()
        try:
            yield connection
        finally:
            connection.abort()

    async def exchange_alone(self, request: Request) -> Response:
        """Send *request* over a new connection, and read the response."""
        async with self.connection() as connection:
            await connection.send(request.encode())
            return await connection.response(request.method)

    def close(self) -> None:
        if self._kept:
            self._kept.abort()
            self._kept = None

    async def _open(self) -> Connection:
        try:
            options = {"local_addr": (self.address, 0), "limit": _MAX_HEAD}
            return Connection(*await asyncio.open_connection(HOST, self._port, **options))
        except ConnectionError as error:
            raise Closed from error


class Kind(NamedTuple):
    """*play* does the action once and returns an outcome; one that is not in *outcomes* is a failure."""

    name: str
    outcomes: Collection[Outcome]
    weight: int
    play: Callable[[Client], Awaitable[Outcome]]


Make = Callable[[Client], Request] | Sequence[Request]
"""A function that makes the request, or the requests among which the client chooses at random."""


def kind(name: str, outcomes: Collection[Outcome], weight: int, make: Make) -> Kind:
    """Return the kind that sends a request over the connection that the client keeps."""

    async def play(client: Client) -> Outcome:
        request = _choose(client, make)
        return request.check(await client.exchange(request))

    return Kind(name, outcomes, weight, play)


def kind_alone(name: str, outcomes: Collection[Outcome], weight: int, make: Make) -> Kind:
    """Return the kind that sends a request over a new connection, which the server may close."""

    async def play(client: Client) -> Outcome:
        request = _choose(client, make)
        try:
            response = await client.exchange_alone(request)
        except Closed:
            if CLOSED in outcomes:
                return CLOSED
            raise
        except NotHTTP:
            return NOT_HTTP
        return request.check(response)

    return Kind(name, outcomes, weight, play)


def _choose(client: Client, make: Make) -> Request:
    return make(client) if callable(make) else client.random.choice(make)
