"""HTTP/1.1 on a socket, as plain as a besieger needs it: bytes go out as they are, and one answer is read."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any, Self

HOST = "127.0.0.1"
_MAX_HEAD = 1024 * 1024
_BODILESS = frozenset((204, 304))


class Closed(Exception):  # noqa: N818 - it is often what is expected
    """The server ended the connection before its answer was whole, or did not take it."""


class NotHTTP(Exception):  # noqa: N818
    """The server answered, but not in HTTP/1."""


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)


def request(method: str, target: str, headers=(), body: bytes | None = None) -> bytes:
    """Return the bytes of a request; a *body* has its length announced."""
    lines = [f"{method} {target} HTTP/1.1", "Host: besieged", *(f"{name}: {value}" for name, value in headers)]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class Connection:
    """A connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, address: str = HOST) -> Self:
        """Connect from *address*, one of the loopback's."""
        try:
            streams = await asyncio.open_connection(HOST, port, local_addr=(address, 0), limit=_MAX_HEAD)
        except ConnectionError as error:
            raise Closed from error
        return cls(*streams)

    async def send(self, data: bytes) -> None:
        # What the server says before it hangs up can still be read: `answer` finds out.
        if self._writer.is_closing():
            return
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    def end(self) -> None:
        """Say that nothing more comes; the answer can still be read."""
        with contextlib.suppress(OSError):
            self._writer.write_eof()

    def close(self) -> None:
        self._writer.close()

    def abort(self) -> None:
        """Hang up: whatever the server still sends is refused (RST)."""
        self._writer.transport.abort()

    async def answer(self, method: str = "GET") -> Answer:
        """Read one answer to a request of *method*. Raises ``Closed`` or ``NotHTTP``."""
        try:
            return await self._answer(method)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise Closed from error

    async def _answer(self, method: str) -> Answer:
        status = 100
        while status < 200:
            status, headers = _parsed(await self._head())
            if status == 101:
                raise NotHTTP("switched protocols")
        body = b"" if method == "HEAD" or status in _BODILESS else await self._body(dict(headers))
        return Answer(status, headers, body)

    async def _head(self) -> bytes:
        start = await self._reader.readexactly(5)
        if start != b"HTTP/":
            raise NotHTTP(repr(start))
        return start + await self._reader.readuntil(b"\r\n\r\n")

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


def _parsed(head: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    first, *lines = head[:-4].split(b"\r\n")
    pairs = (line.partition(b":") for line in lines)
    return int(first.split(b" ")[1]), [(name.strip().lower(), value.strip()) for name, _, value in pairs]
