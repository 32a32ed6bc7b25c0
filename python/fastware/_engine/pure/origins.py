"""Origins (RFC 6454 section 6.2): which are trusted, and which are the host of a request."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_ORIGIN: Final = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)\Z")
_DEFAULT_PORTS: Final = {b"http": b":80", b"ws": b":80", b"https": b":443", b"wss": b":443"}


def is_trusted(origin: bytes, trusted: Collection[bytes]) -> bool:
    """Return whether *origin* is one of *trusted*, which are in lowercase and without default ports."""
    match = _ORIGIN.match(origin)
    if match is None:
        return False
    scheme, authority = match[1].lower(), match[2].lower()
    return scheme + b"://" + _without_default_port(authority, scheme) in trusted


def is_host(origin: bytes, host: bytes) -> bool:
    """Return whether *origin*, with any scheme, has the host and the port of the Host header *host*."""
    match = _ORIGIN.match(origin)
    if match is None:
        return False
    scheme = match[1].lower()
    return _without_default_port(match[2].lower(), scheme) == _without_default_port(host.lower(), scheme)


def _without_default_port(authority: bytes, scheme: bytes) -> bytes:
    port = _DEFAULT_PORTS.get(scheme)
    return authority if port is None else authority.removesuffix(port)
