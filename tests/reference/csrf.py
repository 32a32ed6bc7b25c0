"""Cross-site request forgery: the rules of ``CSRFCheck``."""

import base64
import hashlib
import hmac
import re
import struct
from collections.abc import Iterable
from typing import NamedTuple

from tests.reference import json_text
from tests.reference.headers import BLANKS, bearer, cookie, header, lowercase
from tests.reference.tokens import is_canonical

Headers = list[tuple[bytes, bytes]]

PASSED, MISSING, MISMATCH, CROSS_SITE, ORIGIN, NULL_ORIGIN, FORM, WRONG_SESSION = range(8)

MAX_LENGTH = 65_536
HOST = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
ADDRESS = "0123456789abcdef:."
SCHEME = "abcdefghijklmnopqrstuvwxyz0123456789+.-"
DIGITS = "0123456789"
DEFAULT_PORTS = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}


class Check(NamedTuple):
    """The settings of a check."""

    session_cookie: str
    csrf_cookie: str
    check_origin: bool
    trusted_origins: tuple[bytes, ...] = ()
    keys: tuple[bytes, ...] = ()
    form: bool = False


def verdict(check: Check, headers: Headers, needs_token: bool) -> int:
    if is_b64token(bearer(headers)):
        return PASSED
    if not needs_token and not cookie(headers, check.session_cookie):
        return PASSED
    if check.check_origin and (problem := problem_of_origin(check, headers)) is not None:
        return problem
    if not needs_token:
        return PASSED
    submitted = text_of(headers, "x-csrf-token")
    if not submitted:
        return FORM if check.form else MISSING
    return verdict_of_token(check, headers, submitted)


def verdict_of_form(check: Check, headers: Headers, submitted: bytes) -> int:
    return verdict_of_token(check, headers, submitted.decode("latin-1")) if submitted else MISSING


def is_b64token(token: str) -> bool:
    """Return whether *token* is a b64token (RFC 6750 section 2.1)."""
    return re.fullmatch(r"[a-zA-Z0-9._~+/-]+={0,}", token) is not None


def text_of(headers: Headers, name: str) -> str | None:
    """Return the first value of a header without the blanks around it, or ``None``."""
    if not any(lowercase(found) == name.encode() for found, _ in headers):
        return None
    return header(headers, name.encode()).decode("latin-1").strip(BLANKS)


def problem_of_origin(check: Check, headers: Headers) -> int | None:
    site, origin = text_of(headers, "sec-fetch-site"), text_of(headers, "origin")
    normal = None if origin is None else normalized(origin)
    is_trusted = normal is not None and "://".join(normal).encode() in check.trusted_origins
    if site is not None:
        return None if site in ("same-origin", "none") or is_trusted else CROSS_SITE
    if origin is None or is_trusted:
        return None
    if origin == "null":
        return NULL_ORIGIN
    if normal is None:
        return ORIGIN
    scheme, authority = normal
    host = lowercase(header(headers, b"host")).decode("latin-1").strip(BLANKS)
    return None if without_default_port(scheme, host) == authority else ORIGIN


def normalized(origin: str) -> tuple[str, str] | None:
    """Return the scheme and the ``host[:port]`` of an origin, or ``None`` if it is no origin."""
    scheme, separator, authority = lowercase(origin.encode("latin-1")).decode("latin-1").partition("://")
    if not separator or not scheme or scheme[0] not in SCHEME[:26] or not set(scheme) <= set(SCHEME):
        return None
    if authority.startswith("["):
        address, bracket, port = authority[1:].partition("]")
        is_host = bool(bracket and address) and set(address) <= set(ADDRESS)
    else:
        name, colon, digits = authority.partition(":")
        is_host, port = name != "" and set(name) <= set(HOST), colon + digits
    is_port = port == "" or (port[0] == ":" and 1 <= len(port[1:]) <= 5 and set(port[1:]) <= set(DIGITS))
    return (scheme, without_default_port(scheme, authority)) if is_host and is_port else None


def without_default_port(scheme: str, authority: str) -> str:
    port = DEFAULT_PORTS.get(scheme, "")
    return authority[: len(authority) - len(port)] if authority.endswith(port) else authority


def verdict_of_token(check: Check, headers: Headers, submitted: str) -> int:
    session, expected = cookie(headers, check.session_cookie), cookie(headers, check.csrf_cookie)
    if check.keys and session:
        return PASSED if verifies(submitted, session, check.keys) else WRONG_SESSION
    if not expected:
        return MISSING
    return PASSED if expected == submitted else MISMATCH


def verifies(token: str, session_cookie: str, keys: Iterable[bytes]) -> bool:
    """Return whether *token* is the one that a key signs for the session and for its own random bytes."""
    segments = token.split(".")
    if list(map(len, segments)) != [22, 43] or not all(map(is_canonical, segments)):
        return False
    random = base64.urlsafe_b64decode(segments[0] + "==")
    return token in [signed(session_of(session_cookie), random, key) for key in keys]


def signed(session: bytes, random: bytes, key: bytes) -> str:
    """Return the token of a session."""
    message = struct.pack(">I", len(session)) + session + struct.pack(">I", len(random)) + random
    mac = hmac.new(key, message, hashlib.sha256).digest()
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (random, mac))


def session_of(session_cookie: str) -> bytes:
    """Return the ``sid`` of a token, or else the whole cookie."""
    whole, segments = session_cookie.encode("latin-1"), session_cookie.split(".")
    if len(whole) > MAX_LENGTH or len(segments) != 3 or not is_canonical(segments[1]):
        return whole
    claims = json_text.token_object(base64.urlsafe_b64decode(segments[1] + "==="))
    sid = (claims or {}).get("sid")
    return sid.encode("utf-8") if isinstance(sid, str) and sid else whole
