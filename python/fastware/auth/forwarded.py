"""The hosts in ``X-Forwarded-For`` and ``Forwarded``, from the end: the host that the nearest proxy saw comes first.

A proxy adds an element to the end of what it receives. The client may have written what is before the elements of known
proxies. That is only read if the caller asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from fastware._engine import engine
from fastware.auth.addresses import without_port

MAX_ELEMENTS: Final = 32
"""The number of elements that are read at most."""

_MAX_ELEMENT_LENGTH: Final = 1_024
_BLANKS: Final = b" \t"
_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR: Final = re.compile(
    rb"""[ \t]*+(?:(%b)=(?:([^\s",;=\\]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*+(;[; \t]*+|\Z)""" % _TOKEN, re.DOTALL
)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)


def hosts_in(headers: Any, name: str) -> Iterator[str]:
    """Return the hosts in the elements of the header *name*, from the end, each without its port.

    Args:
        headers: the headers of an ASGI scope.
        name: one of ``HEADERS``.

    """
    return _READERS[name](_pieces(headers, name.encode()))


def _pieces(headers: Any, name: bytes) -> Iterator[bytes]:
    """Yield what is between the commas of the header, from the end. Several lines are one list (RFC 9110 section 5.3).

    The engine finds the last line in 100 ns, where a loop over 15 headers takes 500. The others are rarely needed.
    """
    try:
        headers = [*headers][::-1]
        pieces = _split_from_the_end(engine.header(headers, name), MAX_ELEMENTS)
        yield from pieces
        others = [value for found, value in headers if found.lower() == name][:0:-1]
        yield from _split_from_the_end(b",".join(others), MAX_ELEMENTS - len(pieces))
    finally:
        headers = None  # error reporters show the local variables of a traceback's frames


def _split_from_the_end(line: bytes, count: int) -> list[bytes]:
    return line.rsplit(b",", count)[: -count - 1 : -1]


def _read_x_forwarded_for(pieces: Iterator[bytes]) -> Iterator[str]:
    for piece in pieces:
        if element := piece.strip(_BLANKS):  # an empty element does not count (RFC 9110 section 5.6.1.2)
            yield without_port(element.decode("latin-1"))


def _read_forwarded(pieces: Iterator[bytes]) -> Iterator[str]:
    """Yield the ``for`` of each element (RFC 7239 section 4), up to the first that is malformed or has none.

    A quoted string may contain commas. So pieces are joined, from the end, until they are a valid element. The rest of
    a quoted string after one of its commas is never valid alone: within the string, each quotation mark is escaped.
    """
    element = b""
    for piece in pieces:
        element = b"%b,%b" % (piece, element) if element else piece.strip(_BLANKS)
        if not element:
            continue
        if len(element) > _MAX_ELEMENT_LENGTH:
            return
        host = _for_of(element)
        if host is not None:
            yield host
            element = b""


_READERS: Final[dict[str, Callable[[Iterator[bytes]], Iterator[str]]]] = {
    "x-forwarded-for": _read_x_forwarded_for,
    "forwarded": _read_forwarded,
}
HEADERS: Final = tuple(_READERS)
"""The headers that can be read."""


def _for_of(element: bytes) -> str | None:
    """Return the host in the ``for`` of an *element* of ``Forwarded``, or ``None`` if it is malformed or has none."""
    hosts = []
    position, end = 0, b";"
    while end:
        pair = _PAIR.match(element, position)
        if pair is None:
            return None
        name, token, quoted, end = pair.groups()
        if name is not None and name.lower() == b"for":
            hosts.append(_ESCAPED.sub(rb"\1", quoted) if token is None else token)
        position = pair.end()
    return without_port(hosts[0].decode("latin-1")) if len(hosts) == 1 and hosts[0] else None
