"""HS256 tokens: the MAC is PyJWT's, the rules are those of the engine contract."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from fastware._engine.contract import MAX_TOKEN_LENGTH
from fastware._engine.pure.arguments import as_items, as_octets, as_text, as_utf8
from fastware._engine.pure.json import read_claims, read_jose_header
from fastware._extras import require

_HEADER: Final = {"alg": "HS256", "typ": "JWT"}
_HEADER_SEGMENT: Final = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]+\Z")
_SIGNATURE_LENGTH: Final = 32
_INT64: Final = range(-(2**63), 2**63)
_ABSENT: Final = object()

_PEM_MARKS: Final = (b"-----BEGIN ", b"---- BEGIN ")
_SSH_KEY_TYPES: Final = (
    b"ssh-ed25519",
    b"ssh-rsa",
    b"ssh-dss",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
)
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DER_SEQUENCE: Final = 0x30
_FIRST_OF_A_KEY: Final = (b"\x30", b"\x02")
_JSON_BRACKETS: Final = ((b"{", b"}"), (b"[", b"]"))
_ASCII_SPACE: Final = b" \t\n\x0c\r"


def has_fit_secret(secrets: object) -> bool:
    """Return whether one of *secrets* is fit to sign and verify with. Rules: ``Engine.sign``."""
    return any(secret is not None for secret in _fit_secrets(secrets))


def sign(subject: object, role: object, issued_at: object, expires_at: object, secrets: object) -> str | None:
    """Return the HS256 JWT of four claims, or ``None``. Rules: ``Engine.sign``."""
    algorithm = require("jwt").get_algorithm_by_name("HS256")
    if as_utf8(subject) is None or as_utf8(role) is None or not (_is_time(issued_at) and _is_time(expires_at)):
        return None
    secret = next(_fit_secrets(secrets), None)
    if secret is None:
        return None
    claims = {"sub": as_text(subject), "role": as_text(role), "iat": _integer(issued_at), "exp": _integer(expires_at)}
    payload = json.dumps(claims, separators=(",", ":")).encode("ascii")
    signing_input = _HEADER_SEGMENT + b"." + _base64url(payload)
    token = signing_input + b"." + _base64url(algorithm.sign(signing_input, secret))
    return token.decode("ascii") if len(token) <= MAX_TOKEN_LENGTH else None


def verify(token: object, secrets: object, now: float, leeway: float) -> dict[str, Any] | None:
    """Return the claims of a valid token, or ``None``. Rules: ``Engine.verify``."""
    algorithm = require("jwt").get_algorithm_by_name("HS256")
    text = as_text(token)
    if text is None or len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        return None
    signing_input, _, signature_segment = text.encode("ascii").rpartition(b".")
    header_segment, dot, payload_segment = signing_input.partition(b".")
    if not dot or b"." in payload_segment:
        return None
    try:
        signature = _decode(signature_segment)
        if len(signature) != _SIGNATURE_LENGTH:
            return None
        if not any(
            secret is not None and algorithm.verify(signing_input, secret, signature)
            for secret in _fit_secrets(secrets)
        ):
            return None
        if header_segment != _HEADER_SEGMENT and not _is_accepted_header(read_jose_header(_decode(header_segment))):
            return None
        claims = read_claims(_decode(payload_segment))
    except (ValueError, RecursionError):
        return None
    return claims if _hold(claims, now, leeway) else None


def _is_time(value: object) -> bool:
    return issubclass(type(value), int) and _integer(value) in _INT64


def _integer(value: object) -> int:
    return int.__int__(value)  # type: ignore[arg-type]


def _fit_secrets(secrets: object) -> Iterator[bytes | None]:
    """The secrets in their order, ``None`` for each that is unfit."""
    items = as_items(secrets)
    for secret in (secrets,) if items is None else items:
        key = as_octets(secret)
        if key is None:
            key = as_utf8(secret)
        yield key if key is not None and _is_fit(key) else None


def _is_fit(key: bytes) -> bool:
    return bool(key) and not (
        key.startswith(_SSH_KEY_TYPES) or any(mark in key for mark in _PEM_MARKS) or _is_jwk(key) or _is_der_key(key)
    )


def _is_der_key(key: bytes) -> bool:
    """Whether *key* is one whole DER SEQUENCE that begins with a SEQUENCE or an INTEGER."""
    outer = _der_value(key)
    if outer is None or key[0] != _DER_SEQUENCE or outer[1]:
        return False
    return outer[0][:1] in _FIRST_OF_A_KEY and _der_value(outer[0]) is not None


def _der_value(data: bytes) -> tuple[bytes, bytes] | None:
    """The content of the value that *data* begins with, and what follows it (ITU-T X.690 section 10.1)."""
    if len(data) < 2:
        return None
    start = 2
    length = data[1]
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
        # The shortest spelling of the length, in one to four bytes.
        if not 3 <= start <= 6 or length < 0x80 or data[2] == 0:
            return None
    end = start + length
    return (data[start:end], data[end:]) if end <= len(data) else None


def _is_jwk(key: bytes) -> bool:
    """Whether *key* is JSON that may hold a JWK. NULs aside, UTF-16 and UTF-32 are ASCII too."""
    json_text = key.replace(b"\0", b"")
    for mark in _BYTE_ORDER_MARKS:
        json_text = json_text.removeprefix(mark)
    json_text = json_text.strip(_ASCII_SPACE)
    is_enclosed = len(json_text) > 1 and (json_text[:1], json_text[-1:]) in _JSON_BRACKETS
    return is_enclosed and (b"kty" in json_text or b"\\" in json_text)


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(segment: bytes) -> bytes:
    """The bytes of a segment in its one canonical spelling; ``ValueError`` for any other."""
    if not _BASE64URL.match(segment):
        raise ValueError("not base64url")
    try:
        data = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if _base64url(data) != segment:
        raise ValueError("not canonical")
    return data


def _is_accepted_header(header: dict[str, Any]) -> bool:
    b64 = header.get("b64", _ABSENT)
    crit = header.get("crit", _ABSENT)
    has_fit_crit = crit is _ABSENT or (
        b64 is not _ABSENT
        and isinstance(crit, list)
        and len(crit) > 0
        and all(isinstance(name, str) and name == "b64" for name in crit)
    )
    return header.get("alg") == "HS256" and isinstance(header.get("kid", ""), str) and b64 is not False and has_fit_crit


def _hold(claims: dict[str, Any], now: float, leeway: float) -> bool:
    for name in ("exp", "nbf", "iat"):
        if name in claims and type(claims[name]) not in (int, float):
            return False
    return (
        ("exp" not in claims or int(claims["exp"]) > now - leeway)
        and ("nbf" not in claims or int(claims["nbf"]) <= now + leeway)
        and ("iat" not in claims or int(claims["iat"]) <= now + leeway)
        and isinstance(claims.get("sub", ""), str)
        and isinstance(claims.get("jti", ""), str)
        and not claims.get("aud")
    )
