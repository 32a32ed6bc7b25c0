"""Tokens: PyJWT, and the rules by which the engine contract is stricter.

``verified`` returns what ``verify_token`` returns, ``created`` what ``create_token`` returns. The clock is PyJWT's:
tests stop it, and that of the engines, with ``stopped_clock``.
"""

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any

import jwt
import jwt.api_jwt

from tests.reference import json_text, secrets

MAX_LENGTH = 65_536
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SPARE_BITS = {0: 0, 2: 4, 3: 2}
"""Bits of the last character that are not used, by the segment's length modulo 4."""


def verified(token: str, secret: Any, leeway: float = 0.0, **expected: Any) -> dict[str, Any] | None:
    """Return the claims that ``verify_token`` returns: those of PyJWT, unless a stricter rule rejects the token."""
    several = secret if isinstance(secret, (list, tuple)) else [secret]
    for each in several:
        claims = pyjwt_claims(token, each, leeway, **expected)
        if claims is not None and stricter_rule(token, each) is None:
            return claims
    return None


def pyjwt_claims(token: str, secret: str | bytes, leeway: float = 0.0, **expected: Any) -> dict[str, Any] | None:
    """Return PyJWT's claims, or ``None`` if it raises any exception. *expected* is an audience or an issuer."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return jwt.decode(token, secret, algorithms=["HS256"], leeway=leeway, **expected)
    except Exception:
        return None


def stricter_rule(token: str, secret: str | bytes) -> str | None:
    """Return the rule of the contract that rejects a token that PyJWT accepts, or ``None``."""
    if len(token) > MAX_LENGTH:
        return "at most 65,536 characters"
    segments = token.split(".")
    if len(segments) != 3 or not all(map(is_canonical, segments)):
        return "three segments of canonical base64url"
    if not secrets.is_usable(secret):
        return "a usable secret"
    header, claims = (json_text.token_object(jwt.utils.base64url_decode(segment)) for segment in segments[:2])
    if header is None or claims is None:
        return "strict JSON"
    if any(type(claims[name]) not in (int, float) for name in ("exp", "nbf", "iat") if name in claims):
        return "times are numbers"
    if "crit" in header and "b64" not in header:
        return "a critical header parameter is present"
    return None


def is_canonical(segment: str) -> bool:
    """Return whether *segment* is base64url without padding, its spare bits zero (RFC 4648 section 3.5)."""
    spare = SPARE_BITS.get(len(segment) % 4)
    is_base64url = segment != "" and set(segment) <= set(BASE64URL)
    return is_base64url and spare is not None and BASE64URL.index(segment[-1]) % 2**spare == 0


def created(
    username: str,
    role: str,
    secret: str | bytes,
    expires_hours: Any,
    now: float,
    *,
    expires_in: int | float | None = None,
    claims: dict[Any, Any] | None = None,
) -> str | None:
    """Return the token that ``create_token`` returns at *now*: PyJWT's, byte for byte. ``None`` if it raises."""
    if type(expires_hours) is not int or json_text.has_surrogate(username + role) or not secrets.is_usable(secret):
        return None
    further = claims or {}
    if not all(isinstance(name, str) and name not in ("sub", "role", "iat", "exp") for name in further):
        return None
    lifetime = expires_hours * 3_600 if expires_in is None else math.floor(expires_in)
    expires_at = int(now) + lifetime
    fits = -(2**63) <= expires_at < 2**63 and (expires_in is None or -(2**63) <= lifetime < 2**63)
    if not fits:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            every_claim = {"sub": username, "role": role, "iat": int(now), "exp": expires_at, **further}
            token = jwt.encode(every_claim, secret, algorithm="HS256")
    except (TypeError, ValueError, RecursionError):
        return None
    is_readable = json_text.token_object(jwt.utils.base64url_decode(token.split(".")[1])) is not None
    return token if is_readable and len(token) <= MAX_LENGTH else None


class _StoppedDatetime(datetime):
    moment = 0.0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_StoppedDatetime":
        return cls.fromtimestamp(cls.moment, tz or UTC)


@contextmanager
def stopped_clock(moment: float) -> Iterator[None]:
    """Stop ``time.time`` and PyJWT's clock at *moment*, in seconds since the epoch."""
    before = time.time, jwt.api_jwt.datetime
    _StoppedDatetime.moment = moment
    time.time, jwt.api_jwt.datetime = (lambda: moment), _StoppedDatetime
    try:
        yield
    finally:
        time.time, jwt.api_jwt.datetime = before
