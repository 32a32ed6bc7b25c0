"""What goes wrong on the wire: bodies that break off, clients that leave or dawdle, and what is no HTTP at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from . import settings
from .besieger import Besieger
from .credentials import ADMIN, TOKENS, bearer
from .good_requests import JSON, profile_of
from .kind import CLOSED, LEFT, NOT_HTTP, REFUSED, Ask, Kind, Outcome, check
from .wire import Closed, NotHTTP, request

_CHUNKED = ("Transfer-Encoding", "chunked")
_ECHOED = {"text": "x" * 1_000}
_SECONDS_OF_PATIENCE = 2


async def _outcome_of(besieger: Besieger, data: bytes, *, ends: bool = False) -> Outcome:
    """Send bytes on a connection of their own; *ends* shuts its sending half."""
    async with besieger.connection() as connection:
        await connection.send(data)
        if ends:
            connection.end()
        try:
            return (await connection.answer()).status
        except Closed:
            return CLOSED
        except NotHTTP:
            return NOT_HTTP


def _sends(
    name: str, outcomes: set[Outcome] | frozenset[Outcome], make: Callable[[Besieger], bytes], *, ends=False, weight=2
):
    async def play(besieger: Besieger) -> Outcome:
        return await _outcome_of(besieger, make(besieger), ends=ends)

    return Kind(name, frozenset(outcomes), play, weight)


def _chunks(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


async def _chunked(besieger: Besieger) -> Outcome:
    ask = Ask("POST", "/echo", [ADMIN, JSON, _CHUNKED], answers={200: _ECHOED})
    async with besieger.connection() as connection:
        await connection.send(ask.encode() + _chunks(json.dumps(_ECHOED).encode(), besieger.chance.choice([1, 7, 500])))
        answer = await connection.answer()
    check(ask, answer)
    return answer.status


def _chunked_without_end(besieger: Besieger) -> bytes:
    return request("POST", "/echo", [ADMIN, _CHUNKED]) + _chunks(b" " * (settings.MAX_BODY_SIZE + 100_000), 10_000)


def _broken_off(besieger: Besieger) -> bytes:
    rest = besieger.chance.choice(
        [
            b"Content-Length: 100\r\n\r\n{",
            b"Content-Length: 1\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc",
            b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc",
            b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
        ]
    )
    return b"POST /login HTTP/1.1\r\nHost: besieged\r\n" + rest


def _wrong_length(besieger: Besieger) -> bytes:
    lengths = ["-1", "+2", "2, 3", "2\r\nContent-Length: 3", "0x2", "2 ", "9" * 30, "", "²", "1" * 5_000]
    length = besieger.chance.choice(lengths)
    return f"POST /login HTTP/1.1\r\nHost: besieged\r\nContent-Length: {length}\r\n\r\n{{}}".encode("latin-1")


def _smuggled(besieger: Besieger) -> bytes:
    """Two ways to tell where the body ends: the admin page behind it must not be answered to the wrong request."""
    coding = besieger.chance.choice(["chunked", "xchunked", "chunked, identity", "Chunked", "\tchunked", "identity"])
    head = f"POST /login HTTP/1.1\r\nHost: besieged\r\nContent-Length: 4\r\nTransfer-Encoding: {coding}\r\n\r\n"
    return head.encode() + b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: besieged\r\n\r\n"


def _no_http(besieger: Besieger) -> bytes:
    return besieger.chance.choice(
        [
            besieger.chance.randbytes(300) + b"\r\n\r\n",
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
        ]
    )


def _websocket(besieger: Besieger) -> bytes:
    headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", besieger.chance.choice(["websocket", "WebSocket", "h2c", "none"])),
        ("Sec-WebSocket-Key", besieger.chance.choice(["dGhlIHNhbXBsZSBub25jZQ==", "", "x"])),
        ("Sec-WebSocket-Version", besieger.chance.choice(["13", "0", "x"])),
    ]
    return request(
        besieger.chance.choice(["GET", "POST"]), besieger.chance.choice(["/admin", "/login", "/none"]), headers
    )


async def _pipelined(besieger: Besieger) -> Outcome:
    """Several requests at once: their answers come in turn, each to its own."""
    asks = [
        Ask("GET", "/profile", [bearer(TOKENS[name])], answers=profile_of(name)) for name in ("ada", "grace", "Zoë") * 3
    ]
    async with besieger.connection() as connection:
        await connection.send(b"".join(ask.encode() for ask in asks))
        for ask in asks:
            answer = await connection.answer()
            if answer.status != 200:
                return answer.status
            check(ask, answer)
    return 200


async def _leaves(besieger: Besieger) -> Outcome:
    """Hang up before the answer is read, or in the middle of the body."""
    whole = Ask("POST", "/echo", [ADMIN, JSON], json.dumps(_ECHOED).encode()).encode()
    async with besieger.connection() as connection:
        await connection.send(whole[: besieger.chance.choice([len(whole), len(whole) - 500, 30, 1])])
        await asyncio.sleep(besieger.chance.choice([0, 0.001, 0.05]))
    return LEFT


async def _dawdles(besieger: Besieger) -> Outcome:
    """Send a whole request, a little at a time."""
    ask = Ask("POST", "/echo", [ADMIN, JSON], json.dumps(_ECHOED).encode(), {200: _ECHOED})
    async with besieger.connection() as connection:
        async for piece in _slowly(ask.encode(), 100):
            await connection.send(piece)
        answer = await connection.answer()
    check(ask, answer)
    return answer.status


async def _never_ends(besieger: Besieger) -> Outcome:
    """Begin a request, keep the server waiting, and go."""
    begun = besieger.chance.choice(
        [b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{", b"GET /status HTTP/1.1\r\nX-"]
    )
    async with besieger.connection() as connection:
        await connection.send(begun)
        await asyncio.sleep(_SECONDS_OF_PATIENCE)
    return LEFT


async def _slowly(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
        await asyncio.sleep(0.02)


async def _reads_nothing(besieger: Besieger) -> Outcome:
    """Ask for many large answers, and read none of them."""
    ask = Ask("POST", "/echo", [ADMIN, JSON], json.dumps("x" * 100_000).encode()).encode()
    async with besieger.connection() as connection:
        try:
            async with asyncio.timeout(_SECONDS_OF_PATIENCE):
                for _ in range(20):
                    await connection.send(ask)
        except TimeoutError:
            pass
    return LEFT


def _whole(besieger: Besieger) -> bytes:
    return Ask("POST", "/echo", [ADMIN, JSON, ("Connection", "close")], b'{"a":1}').encode()


KINDS = (
    Kind("chunked body", frozenset({200}), _chunked),
    _sends("chunked body over the limit", {413, CLOSED}, _chunked_without_end, weight=1),
    _sends("body that breaks off", {400, CLOSED}, _broken_off, ends=True, weight=4),
    _sends("wrong Content-Length", {400, 413, CLOSED}, _wrong_length, ends=True, weight=4),
    _sends("Content-Length and Transfer-Encoding", {400, 501, CLOSED}, _smuggled, ends=True),
    _sends("no HTTP", REFUSED | {200, 403, 404, 405, 505, NOT_HTTP}, _no_http, ends=True, weight=4),
    _sends("websocket upgrade", {400, 401, 403, 404, 405, 426, CLOSED}, _websocket, ends=True, weight=3),
    Kind("pipelined requests", frozenset({200}), _pipelined, weight=3),
    Kind("client that leaves", frozenset({LEFT}), _leaves, weight=6),
    Kind("client that dawdles", frozenset({200}), _dawdles, weight=1),
    Kind("client that never ends", frozenset({LEFT}), _never_ends, weight=1),
    Kind("client that reads no answer", frozenset({LEFT}), _reads_nothing, weight=1),
    # Granian takes a client that ends its side for one that left, where it notices before it has the answer.
    _sends("client that ends its side", {200, CLOSED}, _whole, ends=True),
)
