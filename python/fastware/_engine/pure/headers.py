"""Header and cookie lookup, and the credential of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from fastware._engine.arguments import as_octets, as_text
from fastware._engine.contract import Headers
from fastware._internal.http_syntax import OPTIONAL_WHITESPACE

_MALFORMED: Final = "ASGI headers are an iterable of (name, value) pairs of bytes"
_NOT_ITERABLE: Final = (TypeError, ValueError, StopIteration)
_ESCAPE: Final = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")
_BEARER: Final = re.compile(rb"bearer (.*)\Z", re.IGNORECASE | re.DOTALL)


def header(headers: Headers, name: bytes) -> bytes:
    """Return the first value whose header name is `name` (lowercase bytes), or ``b""``. Rules: ``Engine.header``."""
    name = octets_argument(name, "name")
    for header_name, value in pairs(headers):
        if header_name.lower() == name:
            return value
    return b""


def cookie(headers: Headers, cookie_name: str) -> str:
    """Return the value of the cookie `cookie_name`, or ``""``. Rules: ``Engine.cookie``."""
    cookie_name = text_argument(cookie_name, "cookie_name")
    found = None
    for header_name, value in pairs(headers):
        if header_name.lower() == b"cookie":
            found = last_cookie(value, cookie_name, found)
    return unquote(found or "")


def cookies(headers: Headers) -> dict[str, str]:
    """Return all cookies by name. Rules: ``Engine.cookies``."""
    found: dict[str, str] = {}
    for header_name, value in pairs(headers):
        if header_name.lower() == b"cookie":
            for name, quoted in _cookie_pairs(value):
                found[name] = unquote(quoted)
    return found


def credential(headers: Headers, query_string: bytes | None, cookie_name: str) -> str | None:
    """Return the token that a request presents, or ``None``. Rules: ``Engine.credential``."""
    if query_string is not None:
        query_string = octets_argument(query_string, "query_string")
    cookie_name = text_argument(cookie_name, "cookie_name")
    saw_authorization = False
    found = None
    for header_name, value in pairs(headers):
        lowered = header_name.lower()
        if lowered == b"authorization" and not saw_authorization:
            saw_authorization = True
            if token := bearer(value):
                return token.decode("latin-1")
        elif lowered == b"cookie":
            found = last_cookie(value, cookie_name, found)
    if session := unquote(found or ""):
        return session
    return None if query_string is None else _query_token(query_string) or None


def octets_argument(argument: object, name: str) -> bytes:
    octets = as_octets(argument)
    if octets is None:
        raise TypeError(f"{name} must be bytes")
    return octets


def text_argument(argument: object, name: str) -> str:
    text = as_text(argument)
    if text is None:
        raise TypeError(f"{name} must be str")
    return text


def pairs(headers: Iterable[Iterable[bytes]]) -> Iterator[tuple[bytes, bytes]]:
    try:
        iterator = iter(headers)
    except _NOT_ITERABLE:
        raise TypeError(_MALFORMED) from None
    for item in iterator:
        try:
            name, value = item
        except _NOT_ITERABLE:
            raise TypeError(_MALFORMED) from None
        if type(name) is bytes and type(value) is bytes:
            yield name, value
            continue
        exact_name, exact_value = as_octets(name), as_octets(value)
        if exact_name is None or exact_value is None:
            raise TypeError(_MALFORMED)
        yield exact_name, exact_value


def _cookie_pairs(value: bytes) -> Iterator[tuple[str, str]]:
    for pair in value.decode("latin-1").split(";"):
        name, equals, quoted = pair.partition("=")
        name = name.strip(" \t")
        if equals and name:
            yield name, quoted.strip(" \t")


def last_cookie(value: bytes, cookie_name: str, before: str | None) -> str | None:
    for pair in reversed(value.decode("latin-1").split(";")):
        name, equals, quoted = pair.partition("=")
        if equals and cookie_name and name.strip(" \t") == cookie_name:
            return quoted.strip(" \t")
    return before


def unquote(quoted: str) -> str:
    if len(quoted) < 2 or quoted[0] != '"' or quoted[-1] != '"':
        return quoted
    return _ESCAPE.sub(_unescape, quoted[1:-1]) if "\\" in quoted else quoted[1:-1]


def _unescape(escape: re.Match[str]) -> str:
    octal, character = escape.groups()
    return chr(int(octal, 8)) if octal else str(character)


def bearer(authorization: bytes) -> bytes:
    match = _BEARER.match(authorization)
    return match[1].strip(OPTIONAL_WHITESPACE) if match else b""


def _query_token(query_string: bytes) -> str:
    for pair in query_string.split(b"&"):
        name, _, value = pair.partition(b"=")
        if _form_decode(name) == b"token":
            return _form_decode(value).decode("latin-1")
    return ""


def _form_decode(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))
