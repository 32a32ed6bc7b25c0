"""HS256 tokens: PyJWT computes the MAC, and the engine contract defines the rules."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from typing import Any, Final

from fastware._engine import token_errors
from fastware._engine.arguments import as_leeway, as_secrets, as_text, as_utf8
from fastware._engine.contract import DEFAULT_EXPIRES_HOURS, MAX_TOKEN_LENGTH, SECONDS_PER_HOUR, Secrets
from fastware._engine.pure.json import read_claims, read_jose_header
from fastware._engine.pure.secrets import keys_of
from fastware._internal.extras import require

_HEADER: Final = {"alg": "HS256", "typ": "JWT"}
_HEADER_SEGMENT: Final = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]+\Z")
_SIGNATURE_LENGTH: Final = 32
_INT64: Final = range(-(2**63), 2**63)
_EARLIEST: Final = -(2.0**63)
_ABSENT: Final = object()


def create_token(username: str, role: str, secret: Secrets, expires_hours: int = DEFAULT_EXPIRES_HOURS) -> str:
    """Return a signed JWT with the claims ``sub``, ``role``, ``iat`` and ``exp`` (HS256).

    Args:
        username: the subject, ``sub``.
        role: the role, ``role``.
        secret: at least 32 random bytes, as ``str`` (UTF-8) or ``bytes``. The first of a sequence of secrets signs.
            A shorter one causes an ``InsecureKeyLengthWarning``, once per process.
        expires_hours: hours until the token expires; a negative number makes an expired token.

    Raises:
        TypeError: an argument has another type. The message names the argument and never shows its value.
        ValueError: an empty secret, a secret that is a PEM, SSH, DER or JWK key (RFC 8725 section 2.1), a lone
            surrogate in *username* or *role*, a time beyond 64 bits, or a token over 65,536 characters.

    """
    algorithm = require("jwt").get_algorithm_by_name("HS256")
    secrets: Any = as_secrets(secret)
    key = next(keys_of(secrets), None)
    payload = _payload(username, role, expires_hours)
    if key is None or payload is None:
        raise token_errors.create_token_error(username, role, secrets, expires_hours, key is not None)
    signing_input = _HEADER_SEGMENT + b"." + _base64url(payload)
    token = signing_input + b"." + _base64url(algorithm.sign(signing_input, key))
    if len(token) > MAX_TOKEN_LENGTH:
        raise token_errors.create_token_error(username, role, secrets, expires_hours, True)
    token_errors.warn_if_short(len(key), 2)
    return token.decode("ascii")


def verify_token(token: str, secret: Secrets, *, leeway: float = 0.0) -> dict[str, Any] | None:
    """Return the claims of *token*, or ``None`` on any error. It never raises for an invalid *token* or *secret*.

    The token must be HS256, signed with *secret* (or with one of a sequence), within ``exp``, ``nbf`` and ``iat``, and
    spelled canonically. The rules and their sources are in ``Engine.verify_token`` in ``fastware/_engine/contract.py``.

    Args:
        token: a JWT in compact serialization, at most 65,536 characters.
        secret: ``str`` (UTF-8) or ``bytes``, or a sequence of secrets for key rotation.
        leeway: seconds by which clocks may differ (RFC 7519 section 4.1.4).

    Raises:
        TypeError: *leeway* is not a number.
        ValueError: *leeway* is negative or over 2**53.

    """
    algorithm = require("jwt").get_algorithm_by_name("HS256")
    leeway = as_leeway(leeway)
    text = as_text(token)
    if text is None or len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        return None
    signing_input, _, signature_segment = text.encode("ascii").rpartition(b".")
    try:
        signature = _decode(signature_segment)
        if len(signature) != _SIGNATURE_LENGTH:
            return None
        keys = keys_of(as_secrets(secret))
        if not any(key is not None and algorithm.verify(signing_input, key, signature) for key in keys):
            return None
    except Exception:  # noqa: BLE001 - a sequence of another class may raise anything
        return None
    now = float(time.time())
    header_segment, _, payload_segment = signing_input.partition(b".")
    try:
        if header_segment != _HEADER_SEGMENT and not _is_accepted_header(read_jose_header(_decode(header_segment))):
            return None
        claims = read_claims(_decode(payload_segment))
    except (ValueError, RecursionError):
        return None
    return claims if _are_valid(claims, now, leeway) else None


def _payload(username: object, role: object, expires_hours: object) -> bytes | None:
    """Return the JSON of the four claims, or ``None`` if an argument is invalid."""
    if as_utf8(username) is None or as_utf8(role) is None or type(expires_hours) is not int:
        return None
    issued_at = int(float(time.time()))
    expires_at = issued_at + expires_hours * SECONDS_PER_HOUR
    if expires_at not in _INT64:
        return None
    claims = {"sub": as_text(username), "role": as_text(role), "iat": issued_at, "exp": expires_at}
    return json.dumps(claims, separators=(",", ":")).encode("ascii")


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(segment: bytes) -> bytes:
    """Return the bytes of a canonical base64url segment. Raises ``ValueError`` for any other spelling."""
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
    has_valid_crit = crit is _ABSENT or (
        b64 is not _ABSENT
        and isinstance(crit, list)
        and len(crit) > 0
        and all(isinstance(name, str) and name == "b64" for name in crit)
    )
    return (
        header.get("alg") == "HS256" and isinstance(header.get("kid", ""), str) and b64 is not False and has_valid_crit
    )


def _are_valid(claims: dict[str, Any], now: float, leeway: float) -> bool:
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
