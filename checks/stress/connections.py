"""Connections that misbehave: incomplete bodies, clients that leave or are slow, and bytes that are not HTTP."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Collection, Sequence

from checks.stress.client import (
    CLOSED,
    LEFT,
    NOT_HTTP,
    UNREADABLE,
    Client,
    Closed,
    Kind,
    NotHTTP,
    Outcome,
    Request,
    get,
    post,
)
from checks.stress.settings import MAX_BODY_SIZE
from checks.stress.valid import ADMIN, JSON, TOKENS, bearer, profile_of

_CHUNKED = ("Transfer-Encoding", "chunked")
_VALUE = {"text": "x" * 1_000}
_ECHO = post("/echo", ADMIN, JSON, body=json.dumps(_VALUE).encode(), expected={200: _VALUE})
_PATIENCE = 2
"""Seconds."""


def _sends(
    name: str, outcomes: Collection[Outcome], weight: int, make: Sequence[bytes] | Callable[[Client], bytes]
) -> Kind:
    """Return the kind that sends bytes on a new connection, and shuts down its sending side."""

    async def play(client: Client) -> Outcome:
        async with client.connection() as connection:
            await connection.send(make(client) if callable(make) else client.random.choice(make))
            connection.end()
            try:
                return (await connection.response()).status
            except Closed:
                return CLOSED
            except NotHTTP:
                return NOT_HTTP

    return Kind(name, outcomes, weight, play)


def _chunks(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


async def _expect(client: Client, request: Request, pieces: Sequence[bytes], pause: float = 0) -> Outcome:
    """Send *pieces*, and check that the response is that of *request*."""
    async with client.connection() as connection:
        for piece in pieces:
            await connection.send(piece)
            await asyncio.sleep(pause)
        return request.check(await connection.response())


async def _chunked(client: Client) -> Outcome:
    request = _ECHO._replace(headers=[ADMIN, JSON, _CHUNKED], body=None)
    chunks = _chunks(_ECHO.body or b"", client.random.choice([1, 7, 500]))
    return await _expect(client, request, [request.encode() + chunks])


async def _chunked_over_the_limit(client: Client) -> Outcome:
    data = Request("POST", "/echo", [ADMIN, _CHUNKED]).encode() + _chunks(b" " * (MAX_BODY_SIZE + 100_000), 10_000)
    async with client.connection() as connection:
        await connection.send(data)
        try:
            return (await connection.response()).status
        except Closed:
            return CLOSED


async def _slow(client: Client) -> Outcome:
    data = _ECHO.encode()
    return await _expect(client, _ECHO, [data[start : start + 100] for start in range(0, len(data), 100)], 0.02)


async def _pipelined(client: Client) -> Outcome:
    """Send several requests at once: the responses arrive in the same order."""
    requests = [get("/profile", bearer(token), ok=profile_of(name)) for name, token in TOKENS.items()] * 3
    async with client.connection() as connection:
        await connection.send(b"".join(request.encode() for request in requests))
        statuses = {request.check(await connection.response()) for request in requests}
    return 200 if statuses == {200} else str(statuses)


async def _leaves(client: Client) -> Outcome:
    """Close the connection before the response is read, or in the middle of the body."""
    data = _ECHO.encode()
    async with client.connection() as connection:
        await connection.send(data[: client.random.choice([len(data), len(data) - 500, 30, 1])])
        await asyncio.sleep(client.random.choice([0, 0.001, 0.05]))
    return LEFT


async def _never_finishes(client: Client) -> Outcome:
    """Start a request, keep the server waiting, and leave."""
    starts = [b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{", b"GET /status HTTP/1.1\r\nX-"]
    async with client.connection() as connection:
        await connection.send(client.random.choice(starts))
        await asyncio.sleep(_PATIENCE)
    return LEFT


async def _reads_nothing(client: Client) -> Outcome:
    """Request many large responses, and read none of them."""
    data = post("/echo", ADMIN, JSON, body=json.dumps(["x" * 100_000]).encode()).encode()
    async with client.connection() as connection:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                for _ in range(20):
                    await connection.send(data)
    return LEFT


_POST = b"POST /login HTTP/1.1\r\nHost: stressed\r\n"
_BROKEN_BODIES = (
    b"Content-Length: 100\r\n\r\n{",
    b"Content-Length: 1\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc",
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc",
    b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
)
_WRONG_LENGTHS = ("-1", "+2", "2, 3", "2\r\nContent-Length: 3", "0x2", "2 ", "9" * 30, "", "²", "1" * 5_000)
_CODINGS = ("chunked", "xchunked", "chunked, identity", "Chunked", "\tchunked", "identity")
_SMUGGLED = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: stressed\r\n\r\n"


_NOT_HTTP = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /status\r\n\r\n",
    b"GET  /status  HTTP/1.1\r\n\r\n",
    b"GET /status HTTP/1.1\nHost: x\n\n",
    b"\r\n" * 100,
    b"\x00" * 1_000,
    b"GET /status HTTP/1.0\r\n\r\n",
    b"GET /status HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"A" * 100_000,
)


def _not_http(client: Client) -> bytes:
    return client.random.choice([*_NOT_HTTP, client.random.randbytes(300) + b"\r\n\r\n"])


def _upgrade(client: Client) -> bytes:
    choice = client.random.choice
    headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", choice(["websocket", "WebSocket", "h2c", "none"])),
        ("Sec-WebSocket-Key", choice(["dGhlIHNhbXBsZSBub25jZQ==", "", "x"])),
        ("Sec-WebSocket-Version", choice(["13", "0", "x"])),
    ]
    return Request(choice(["GET", "POST"]), choice(["/admin", "/login", "/none"]), headers).encode()


KINDS = [
    Kind("chunked body", {200}, 2, _chunked),
    Kind("chunked body over the limit", {413, CLOSED}, 1, _chunked_over_the_limit),
    _sends("incomplete body", {400, CLOSED}, 4, [_POST + rest for rest in _BROKEN_BODIES]),
    _sends(
        "wrong Content-Length",
        {400, 413, CLOSED},
        4,
        [_POST + f"Content-Length: {length}\r\n\r\n{{}}".encode("latin-1") for length in _WRONG_LENGTHS],
    ),
    # Two ways to find the end of the body: a second request hidden in the first must not get a response.
    _sends(
        "Content-Length and Transfer-Encoding",
        {400, 501, CLOSED},
        2,
        [
            _POST + f"Content-Length: 4\r\nTransfer-Encoding: {coding}\r\n\r\n".encode() + _SMUGGLED
            for coding in _CODINGS
        ],
    ),
    _sends("not HTTP", {200, 403, 404, 405, 505, NOT_HTTP, *UNREADABLE}, 4, _not_http),
    _sends("websocket upgrade", {400, 401, 403, 404, 405, 426, CLOSED}, 3, _upgrade),
    Kind("pipelined requests", {200}, 3, _pipelined),
    Kind("client that leaves", {LEFT}, 6, _leaves),
    Kind("client that is slow", {200}, 1, _slow),
    Kind("client that never finishes", {LEFT}, 1, _never_finishes),
    Kind("client that reads no response", {LEFT}, 1, _reads_nothing),
    # Granian treats a client that shuts down its sending side as gone, if it notices before it has the response.
    _sends(
        "client that shuts down its side",
        {200, CLOSED},
        2,
        [post("/echo", ADMIN, JSON, ("Connection", "close"), body=b'{"a":1}').encode()],
    ),
]
