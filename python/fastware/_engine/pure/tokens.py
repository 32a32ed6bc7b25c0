"""HS256 tokens: the MAC is PyJWT's, the rules are those of the engine contract."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import time
from collections.abc import Iterator
from typing import Any, Final

from fastware._engine import refusals
from fastware._engine.arguments import as_items, as_octets, as_text, as_utf8
from fastware._engine.contract import MAX_TOKEN_LENGTH, SECONDS_PER_HOUR, Secrets
from fastware._engine.pure.json import read_claims, read_jose_header
from fastware._extras import require

_HEADER: Final = {"alg": "HS256", "typ": "JWT"}
_HEADER_SEGMENT: Final = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]+\Z")
_SIGNATURE_LENGTH: Final = 32
_INT64: Final = range(-(2**63), 2**63)
_EARLIEST: Final = -(2.0**63)
_ABSENT: Final = object()

_PEM_MARKS: Final = (b"-----BEGIN ", b"---- BEGIN ")
_SSH_KEY_TYPES: Final = (
    b"ssh-ed25519",
    b"ssh-rsa",
    b"ssh-dss",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
    b"ssh-ed448",
    b"sk-ssh-ed25519@openssh.com",
    b"sk-ecdsa-sha2-nistp256@openssh.com",
)
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DER_SEQUENCE: Final = 0x30
_FIRST_OF_A_KEY: Final = (b"\x30", b"\x02")
_JSON_BRACKETS: Final = ((b"{", b"}"), (b"[", b"]"))
_ASCII_SPACE: Final = b" \t\n\x0c\r"


def has_fit_secret(secrets: object) -> bool:
    """Return whether one of *secrets* is fit to sign and verify with. Rules: ``Engine.has_fit_secret``."""
    try:
        return any(secret is not None for secret in _fit_secrets(refusals.normalized(secrets)))
    except Exception:  # noqa: BLE001 - a sequence of the caller's may raise anything
        return False


def create_token(username: str, role: str, secret: Secrets, expires_hours: int = 720) -> str:
    """Return a signed JWT with the claims ``sub``, ``role``, ``iat`` and ``exp`` (HS256).

    Args:
        username: the subject, ``sub``.
        role: the role, ``role``.
        secret: at least 32 random bytes, as ``str`` (UTF-8) or ``bytes``; of a sequence of secrets the first signs.
            A shorter one warns, once a process, with ``InsecureKeyLengthWarning``.
        expires_hours: hours until the token expires; a negative number makes an expired token.

    Raises:
        TypeError: an argument of another type; the message names it and never shows its value.
        ValueError: an empty secret, a secret that is a PEM, SSH, DER or JWK key (RFC 8725 section 2.1), a lone
            surrogate in *username* or *role*, a time beyond 64 bits, or a token beyond 65,536 characters.

    """
    algorithm = require("jwt").get_algorithm_by_name("HS256")
    secrets: Any = refusals.normalized(secret)
    key = next(_fit_secrets(secrets), None)
    payload = _payload(username, role, expires_hours)
    if key is None or payload is None:
        raise refusals.refusal(username, role, secrets, expires_hours, key is not None)
    signing_input = _HEADER_SEGMENT + b"." + _base64url(payload)
    token = signing_input + b"." + _base64url(algorithm.sign(signing_input, key))
    if len(token) > MAX_TOKEN_LENGTH:
        raise refusals.refusal(username, role, secrets, expires_hours, True)
    refusals.warn_if_short(len(key), 2)
    return token.decode("ascii")


def verify_token(token: str, secret: Secrets, *, leeway: float = 0.0) -> dict[str, Any] | None:
    """Return the claims of *token*, or ``None`` on any error: it never raises, whatever *token* and *secret* are.

    The token must be HS256, signed with *secret* (of a sequence, with one of them), within ``exp``, ``nbf`` and
    ``iat``, and spelled canonically. The rules, with their sources, are those of ``Engine.verify_token`` in
    ``fastware/_engine/contract.py``.

    Args:
        token: a JWT in compact serialization, at most 65,536 characters.
        secret: ``str`` (UTF-8) or ``bytes``, or a sequence of secrets for key rotation.
        leeway: seconds by which clocks may differ (RFC 7519 section 4.1.4).

    Raises:
        TypeError: a *leeway* that is no number.
        ValueError: a *leeway* below zero or over 2**53.

    """
    algorithm = require("jwt").get_algorithm_by_name("HS256")
    leeway = refusals.checked_leeway(leeway)
    text = as_text(token)
    if text is None or len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        return None
    signing_input, _, signature_segment = text.encode("ascii").rpartition(b".")
    try:
        signature = _decode(signature_segment)
        if len(signature) != _SIGNATURE_LENGTH:
            return None
        keys = _fit_secrets(refusals.normalized(secret))
        if not any(key is not None and algorithm.verify(signing_input, key, signature) for key in keys):
            return None
    except Exception:  # noqa: BLE001 - a sequence of the caller's may raise anything
        return None
    now = _seconds()
    header_segment, _, payload_segment = signing_input.partition(b".")
    try:
        if header_segment != _HEADER_SEGMENT and not _is_accepted_header(read_jose_header(_decode(header_segment))):
            return None
        claims = read_claims(_decode(payload_segment))
    except (ValueError, RecursionError):
        return None
    return claims if _hold(claims, now, leeway) else None


def _payload(username: object, role: object, expires_hours: object) -> bytes | None:
    """The JSON of the four claims, or ``None`` where it cannot be made of these."""
    if as_utf8(username) is None or as_utf8(role) is None or type(expires_hours) is not int:
        return None
    issued_at = int(_seconds())
    expires_at = issued_at + expires_hours * SECONDS_PER_HOUR
    if expires_at not in _INT64:
        return None
    claims = {"sub": as_text(username), "role": as_text(role), "iat": issued_at, "exp": expires_at}
    return json.dumps(claims, separators=(",", ":")).encode("ascii")


def _seconds() -> float:
    """What ``time.time()`` returns, as the float that C reads of it, whatever a test has put in its place."""
    return math.ldexp(time.time(), 0)


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
    is_moment = _EARLIEST <= now - leeway and now + leeway < -_EARLIEST
    for name in ("exp", "nbf", "iat"):
        if name in claims and (type(claims[name]) not in (int, float) or not is_moment):
            return False
    return (
        ("exp" not in claims or int(claims["exp"]) > now - leeway)
        and ("nbf" not in claims or int(claims["nbf"]) <= now + leeway)
        and ("iat" not in claims or int(claims["iat"]) <= now + leeway)
        and isinstance(claims.get("sub", ""), str)
        and isinstance(claims.get("jti", ""), str)
        and not claims.get("aud")
    )
