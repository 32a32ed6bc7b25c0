"""Reads the body of a request, up to a limit."""

from __future__ import annotations

from typing import Final

from fastware._engine import engine
from fastware._internal.http_syntax import OPTIONAL_WHITESPACE
from fastware.asgi import Receive, Scope
from fastware.errors import HTTPError

BODILESS: Final = frozenset(("GET", "HEAD"))
"""Methods whose body has no meaning and is not read (RFC 9110 section 9.3)."""


async def read_body(scope: Scope, receive: Receive, max_size: int) -> bytes:
    """Return the body, at most *max_size* bytes.

    Raises:
        HTTPError: 413 for a larger body, which is not read if its Content-Length is larger; 400 if it ends early.

    """
    # Leading zeros change nothing (RFC 9110 section 8.6), and a long number is never converted.
    announced = engine.header(scope["headers"], b"content-length").strip(OPTIONAL_WHITESPACE).lstrip(b"0")
    if announced.isdigit() and (len(announced) > len(str(max_size)) or int(announced) > max_size):
        raise _too_large(max_size)
    message = await receive()
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            # The client may have closed only its sending side: without a response some servers send a 500.
            raise HTTPError(400, "The request ended before its body was complete")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_size:
            raise _too_large(max_size)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        message = await receive()


def _too_large(max_size: int) -> HTTPError:
    return HTTPError(413, f"The body is larger than {max_size} bytes")
