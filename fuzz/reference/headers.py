"""What a request's headers say: the rules of ``header``, ``cookies``, ``credential`` and ``csrf_verdict``."""

from urllib.parse import parse_qsl

Headers = list[tuple[bytes, bytes]]

_BLANKS = " \t"
_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def header(headers: Headers, name: bytes) -> bytes:
    return next((value for found, value in headers if _lowercase(found) == name), b"")


def cookies(headers: Headers) -> dict[str, str]:
    joined = "; ".join(value.decode("latin-1") for name, value in headers if _lowercase(name) == b"cookie")
    found = {}
    for pair in joined.split(";"):
        name, equals, value = pair.partition("=")
        if equals and name.strip(_BLANKS):
            found[name.strip(_BLANKS)] = _unquoted(value.strip(_BLANKS))
    return found


def bearer(headers: Headers) -> str:
    """The token of the first Authorization header, or an empty one."""
    authorization = header(headers, b"authorization").decode("latin-1")
    scheme, space, token = authorization.partition(" ")
    return token.strip(_BLANKS) if space and scheme.isascii() and scheme.lower() == "bearer" else ""


def credential(headers: Headers, query_string: bytes, cookie_name: str, allow_query: bool) -> str | None:
    token = bearer(headers) or cookies(headers).get(cookie_name, "")
    if not token and allow_query:
        pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, encoding="latin-1", separator="&")
        token = next((value for name, value in pairs if name == "token"), "")
    return token or None


def csrf_verdict(headers: Headers) -> int:
    segments = bearer(headers).split(".")
    if len(segments) == 3 and all(segment and all(one in _BASE64URL for one in segment) for segment in segments):
        return 0
    cookie = cookies(headers).get("csrf_token", "")
    submitted = header(headers, b"x-csrf-token").decode("latin-1")
    if not cookie or not submitted:
        return 1
    return 0 if cookie == submitted else 2


def _lowercase(name: bytes) -> bytes:
    return bytes(octet + 32 if ord("A") <= octet <= ord("Z") else octet for octet in name)


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    value, result, at = value[1:-1], "", 0
    while at < len(value):
        digits = value[at + 1 : at + 4]
        if value[at] != "\\" or value[at + 1 : at + 2] in ("", "\n"):
            result, at = result + value[at], at + 1
        elif len(digits) == 3 and digits[0] in "0123" and digits[1] in "01234567" and digits[2] in "01234567":
            result, at = result + chr(int(digits, 8)), at + 4
        else:
            result, at = result + value[at + 1], at + 2
    return result
