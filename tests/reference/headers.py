"""Headers of requests: the rules of ``header``, ``cookies`` and ``credential``."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

Headers = Iterable[tuple[bytes, bytes]]

BLANKS = " \t"
OCTAL = "01234567"


def header(headers: Headers, name: bytes) -> bytes:
    """Return the first value of the header *name* (lowercase), or ``b""``."""
    for found, value in headers:
        if lowercase(found) == name:
            return value
    return b""


def lowercase(name: bytes) -> bytes:
    """Return *name* with the ASCII letters in lowercase."""
    return bytes(octet + 32 if ord("A") <= octet <= ord("Z") else octet for octet in name)


def cookie(headers: Headers, cookie_name: str) -> str:
    return cookies(headers).get(cookie_name, "")


def cookies(headers: Headers) -> dict[str, str]:
    """Return all cookies by name; the last of duplicate cookies counts, at the place of the first."""
    joined = "; ".join(value.decode("latin-1") for name, value in headers if lowercase(name) == b"cookie")
    found = {}
    for pair in joined.split(";"):
        name, equals, value = pair.partition("=")
        name = name.strip(BLANKS)
        if equals and name:
            found[name] = unquoted(value.strip(BLANKS))
    return found


def unquoted(value: str) -> str:
    """Return a cookie's value without its double quotes and backslash escapes."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    inside, result, at = value[1:-1], "", 0
    while at < len(inside):
        escaped = inside[at + 1 : at + 2]
        digits = inside[at + 1 : at + 4]
        if inside[at] != "\\" or escaped in ("", "\n"):
            result += inside[at]
            at += 1
        elif len(digits) == 3 and digits[0] in "0123" and digits[1] in OCTAL and digits[2] in OCTAL:
            result += chr(int(digits, 8))
            at += 4
        else:
            result += escaped
            at += 2
    return result


def bearer(headers: Headers) -> str:
    """Return the token of the first Authorization header, or ``""``."""
    authorization = header(headers, b"authorization").decode("latin-1")
    scheme, space, token = authorization.partition(" ")
    return token.strip(BLANKS) if space and scheme.isascii() and scheme.lower() == "bearer" else ""


def credential(headers: Headers, query_string: bytes | None, cookie_name: str) -> str | None:
    """Return the token that a request presents, or ``None``."""
    token = bearer(headers) or cookie(headers, cookie_name)
    if not token and query_string is not None:
        pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, encoding="latin-1", separator="&")
        token = next((value for name, value in pairs if name == "token"), "")
    return token or None
