"""Cookies in the headers of an ASGI request, and of the response to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

Headers: TypeAlias = list[tuple[bytes, bytes]]

_CACHE_FIELDS: Final = (b"cache-control", b"surrogate-control")
"""The last words of the fields that caches obey; a CDN prefers ``CDN-Cache-Control`` (RFC 9213)."""


def without_cookie(headers: Iterable[tuple[bytes, bytes]], name: str) -> Headers:
    """Return the headers of a request without every cookie *name*. The other cookies stay as they are."""
    changed = ((field, _without(value, name) if field.lower() == b"cookie" else value) for field, value in headers)
    return [(field, value) for field, value in changed if value or field.lower() != b"cookie"]


def sets_cookie(headers: Headers, name: str) -> bool:
    """Return whether a response sets or deletes the cookie *name*, or clears all cookies.

    ``Clear-Site-Data`` clears them (https://www.w3.org/TR/clear-site-data/#header).
    """
    for field, value in headers:
        match field.lower():
            case b"set-cookie" if _name_of(value) == name:
                return True
            case b"clear-site-data" if b'"cookies"' in value or b'"*"' in value:
                return True
    return False


def with_set_cookies(headers: Headers, values: Iterable[str]) -> Headers:
    """Return the headers of a response that also sets these cookies, and that no cache may store."""
    kept = [(field, value) for field, value in headers if not field.lower().endswith(_CACHE_FIELDS)]
    cookies = [(b"set-cookie", value.encode("latin-1")) for value in values]
    return [*kept, *cookies, (b"cache-control", b"no-store")]


def _without(pairs: bytes, name: str) -> bytes:
    return b";".join(pair for pair in pairs.split(b";") if _name_of(pair) != name).strip(b" \t")


def _name_of(pair: bytes) -> str:
    # Some readers of cookies strip all white space of Latin-1.
    return pair.partition(b"=")[0].decode("latin-1").strip()
