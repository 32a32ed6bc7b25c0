"""HS256 tokens: PyJWT computes the MAC, and the engine contract defines the rules."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from typing import Any, Final

from fastware._engine import token_errors
from fastware._engine.arguments import Expected, as_expected, as_expires_in, as_secrets, as_text, as_utf8
from fastware._engine.contract import DEFAULT_EXPIRES_HOURS, MAX_TOKEN_LENGTH, SECONDS_PER_HOUR, Duration, Secrets
from fastware._engine.further_claims import further_members
from fastware._engine.pure import base64url, jose_header
from fastware._engine.pure import claims as claim_rules
from fastware._engine.pure.secrets import keys_of
from fastware._engine.token_json import read_claims, read_jose_header
from fastware._internal.extras import require

HEADER_SEGMENT: Final = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
"""``{"alg":"HS256","typ":"JWT"}``"""
SIGNATURE_LENGTH: Final = 32
_INT64: Final = range(-(2**63), 2**63)


class _Hours(int):
    """An ``int`` whose identity shows that no argument was passed. Its ``repr`` in the signature is the number."""


_DEFAULT_HOURS: Final = _Hours(DEFAULT_EXPIRES_HOURS)


def create_token(
    username: str,
    role: str,
    secret: Secrets,
    expires_hours: int = _DEFAULT_HOURS,
    *,
    expires_in: Duration | None = None,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """Return a signed JWT with the claims ``sub``, ``role``, ``iat`` and ``exp`` (HS256), and then those of *claims*.

    Args:
        username: the subject, ``sub``.
        role: the role, ``role``.
        secret: at least 32 random bytes, as ``str`` (UTF-8) or ``bytes``. The first of a sequence of secrets signs.
            A shorter one causes an ``InsecureKeyLengthWarning``, once per process.
        expires_hours: hours until the token expires; a negative number makes an expired token.
        expires_in: the same as seconds or a ``timedelta``, rounded down to whole seconds; replaces *expires_hours*.
        claims: a mapping of further claims, whose values are JSON; ``nbf`` may be a ``datetime``.

    Raises:
        TypeError: an argument has another type, a claim is not JSON, or both *expires_hours* and *expires_in* are
            given. The message names the argument or the claim and never shows its value.
        ValueError: an empty secret, a secret that is a PEM, SSH, DER or JWK key (RFC 8725 section 2.1), a lone
            surrogate, a time beyond 64 bits, a token over 65,536 characters, a claim that is one of the four, or one
            that ``verify_token`` would reject as JSON, such as NaN.

    """
    algorithm = require("jwt").get_algorithm_by_name("HS256")
    secrets: Any = as_secrets(secret)
    if expires_in is not None:
        if expires_hours is not _DEFAULT_HOURS:
            raise TypeError("pass expires_hours or expires_in, not both")
        expires_in = as_expires_in(expires_in)
    if expires_hours is _DEFAULT_HOURS:
        expires_hours = DEFAULT_EXPIRES_HOURS
    members = b"" if claims is None else further_members(claims)
    key = next(keys_of(secrets), None)
    payload = _payload(username, role, expires_hours, expires_in, members)
    token = b""
    if key is not None and payload is not None:
        signing_input = HEADER_SEGMENT + b"." + base64url.encode(payload)
        token = signing_input + b"." + base64url.encode(algorithm.sign(signing_input, key))
    if key is None or not 0 < len(token) <= MAX_TOKEN_LENGTH:
        has_claims = claims is not None
        raise token_errors.create_token_error(
            username, role, secrets, expires_hours, key is not None, expires_in, has_claims
        )
    token_errors.warn_if_short(len(key), 2)
    return token.decode("ascii")


def verify_token(
    token: str,
    secret: Secrets,
    *,
    leeway: Duration = 0.0,
    audience: str | Collection[str] | None = None,
    issuer: str | None = None,
) -> dict[str, Any] | None:
    """Return the claims of *token*, or ``None`` on any error. It never raises for an invalid *token* or *secret*.

    The token must be HS256, signed with *secret* (or with one of a sequence), within ``exp``, ``nbf`` and ``iat``, and
    spelled canonically. The rules and their sources: ``docs/behavior.md``.

    Args:
        token: a JWT in compact serialization, at most 65,536 characters.
        secret: ``str`` (UTF-8) or ``bytes``, or a sequence of secrets for key rotation.
        leeway: time by which clocks may differ (RFC 7519 section 4.1.4), as seconds or a ``timedelta``.
        audience: the name of this service, or a collection of names; ``aud`` must have one of them. Without *audience*,
            a token that has an audience is rejected (RFC 7519 section 4.1.3).
        issuer: the value that ``iss`` must have (RFC 7519 section 4.1.1).

    Raises:
        TypeError: *leeway*, *audience* or *issuer* has another type.
        ValueError: *leeway* is negative or over 2**53, or *audience* is empty.

    """
    return verified(token, secret, as_expected(leeway, audience, issuer))


def verified(token: str, secret: Secrets, expected: Expected) -> dict[str, Any] | None:
    """Return the claims of *token* if it is valid, otherwise ``None``."""
    algorithm = require("jwt").get_algorithm_by_name("HS256")
    text = as_text(token)
    if text is None or len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        return None
    signing_input, _, signature_segment = text.encode("ascii").rpartition(b".")
    try:
        signature = base64url.decode(signature_segment)
        if len(signature) != SIGNATURE_LENGTH:
            return None
        keys = keys_of(as_secrets(secret))
        if not any(key is not None and algorithm.verify(signing_input, key, signature) for key in keys):
            return None
    except Exception:  # noqa: BLE001 - a sequence of another class may raise anything
        return None
    now = float(time.time())
    header_segment, _, payload_segment = signing_input.partition(b".")
    try:
        if header_segment != HEADER_SEGMENT:
            header = read_jose_header(base64url.decode(header_segment))
            if jose_header.problem(header) is not None:
                return None
        found = read_claims(base64url.decode(payload_segment))
    except (ValueError, RecursionError):
        return None
    return found if claim_rules.problem(found, now, expected) is None else None


def unverified_claims(token: bytes) -> dict[str, Any]:
    """Return the claims of *token*, or none if it is no token. Never use them to let a request in."""
    segments = token.split(b".") if len(token) <= MAX_TOKEN_LENGTH else []
    try:
        return read_claims(base64url.decode(segments[1])) if len(segments) == 3 else {}
    except (ValueError, RecursionError):
        return {}


def _payload(
    username: object, role: object, expires_hours: object, expires_in: int | None, members: bytes
) -> bytes | None:
    """Return the JSON of the claims, or ``None`` if an argument is invalid."""
    if as_utf8(username) is None or as_utf8(role) is None or type(expires_hours) is not int:
        return None
    issued_at = int(float(time.time()))
    expires_at = issued_at + (expires_hours * SECONDS_PER_HOUR if expires_in is None else expires_in)
    if expires_at not in _INT64:
        return None
    claims = {"sub": as_text(username), "role": as_text(role), "iat": issued_at, "exp": expires_at}
    payload = json.dumps(claims, separators=(",", ":")).encode("ascii")
    return payload[:-1] + b"," + members + b"}" if members else payload
