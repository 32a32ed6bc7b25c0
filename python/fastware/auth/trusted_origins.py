"""Checks the origins that an application trusts, and spells them as the engines compare them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

_ORIGIN: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_DEFAULT_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_NO_PORT: Final = -1
_MAX_PORT: Final = 65_535
_EXAMPLE: Final = '["https://app.example.com"]'


def normalized_origins(trusted_origins: Iterable[str]) -> tuple[bytes, ...]:
    """Return the origins in lower case and without default ports (RFC 6454 section 6.2).

    Raises:
        TypeError: *trusted_origins* is a single ``str``, or contains something other than ``str``.
        ValueError: one of them is not ``scheme://host[:port]``. The message says which, and names the fix.

    """
    if isinstance(trusted_origins, (str, bytes)) or not isinstance(trusted_origins, Iterable):
        raise TypeError(f"trusted_origins must be a list of origins: {_EXAMPLE}")
    return tuple(_normalized(origin, f"trusted_origins[{index}]") for index, origin in enumerate(trusted_origins))


def _normalized(origin: Any, name: str) -> bytes:
    if not isinstance(origin, str):
        raise TypeError(f"{name} must be str, not {type(origin).__name__}")
    found = _ORIGIN.fullmatch(origin.lower()) if origin.isascii() else None
    host = _host(found[2]) if found else None
    port = int(found[3] or _NO_PORT) if found else 0
    if found is None or host is None or port > _MAX_PORT or port == 0:
        problem = _problem(origin)
        del origin, found, host  # an invalid one may have a password
        raise ValueError(f"{name} {problem}")
    has_port = port not in (_NO_PORT, _DEFAULT_PORTS.get(found[1]))
    return f"{found[1]}://{host}{f':{port}' if has_port else ''}".encode("ascii")


def _host(host: str) -> str | None:
    """Return *host* as browsers spell it, or ``None`` if it is an invalid IPv6 address."""
    if not host.startswith("["):
        return host
    import ipaddress  # noqa: PLC0415 - only for an IPv6 address

    try:
        address = ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return None
    return host if address.ipv4_mapped else f"[{address.compressed}]"


def _problem(origin: str) -> str:
    """Return what is wrong with an invalid *origin*, without its text."""
    scheme, separator, rest = origin.partition("://")
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if origin.lower() == "null":
        return "is null: any site can send that origin, from a sandboxed frame; list the origin of the page itself"
    if "*" in origin:
        return "has a wildcard: list each origin, as scheme://host[:port]"
    if not origin.isascii():
        return 'is not ASCII: write the host as browsers send it, such as "https://xn--bcher-kva.example"'
    if not separator or not scheme:
        return 'has no scheme: write scheme://host[:port], such as "https://app.example.com"'
    if "@" in authority:
        return "has a username or a password: write scheme://host[:port] without them"
    if authority != rest:
        return "has a path, a query or a fragment: write scheme://host[:port], without a slash at the end"
    return 'is not scheme://host[:port], such as "https://app.example.com" or "http://localhost:8000"'
