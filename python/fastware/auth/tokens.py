"""JSON Web Tokens (RFC 7519) signed with HMAC-SHA256."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from fastware._engine import engine
from fastware._engine.contract import MAX_LEEWAY, MAX_TOKEN_LENGTH

Secret: TypeAlias = str | bytes
Secrets: TypeAlias = Secret | Sequence[Secret]

_SHORTEST_SECRET: Final = 32
_SECONDS_PER_HOUR: Final = 3_600
_HOW_TO_MAKE_ONE: Final = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'

_has_warned = False


class InsecureKeyLengthWarning(UserWarning):
    """The secret is shorter than the 32 bytes that HS256 asks for (RFC 7518 section 3.2)."""


def create_token(username: str, role: str, secret: Secrets, expires_hours: int = 720) -> str:
    """Return a signed JWT with the claims ``sub``, ``role``, ``iat`` and ``exp`` (HS256).

    Args:
        username: the subject, ``sub``.
        role: the role, ``role``.
        secret: at least 32 random bytes, as ``str`` (UTF-8) or ``bytes``; of a sequence of secrets the first signs.
            A shorter one warns, once a process, with :class:`InsecureKeyLengthWarning`.
        expires_hours: hours until the token expires; a negative number makes an expired token.

    Raises:
        TypeError: an argument of another type; the message names it and never shows its value.
        ValueError: an empty secret, a secret that is a PEM, SSH, DER or JWK key (RFC 8725 section 2.1), a lone
            surrogate in *username* or *role*, a time beyond 64 bits, or a token beyond 65,536 characters.

    """
    if type(expires_hours) is not int:
        raise _wrong_type("expires_hours", "int", expires_hours)
    issued_at = int(time.time())
    secrets: Any = _normalized(secret)
    expires_at = issued_at + expires_hours * _SECONDS_PER_HOUR
    token = engine.sign(username, role, issued_at, expires_at, secrets)
    if token is None:
        raise _refusal(username, role, expires_at, secrets)
    if not _has_warned:
        _warn_if_short(secrets)
    return token


def verify_token(token: str, secret: Secrets, *, leeway: float = 0.0) -> dict[str, Any] | None:
    """Return the claims of *token*, or ``None`` on any error: it never raises, whatever *token* and *secret* are.

    The token must be HS256, signed with *secret* (of a sequence, with one of them), within ``exp``, ``nbf`` and
    ``iat``, and spelled canonically. The rules, with their sources, are those of ``Engine.verify`` in
    ``fastware/_engine/contract.py``.

    Args:
        token: a JWT in compact serialization, at most 65,536 characters.
        secret: ``str`` (UTF-8) or ``bytes``, or a sequence of secrets for key rotation.
        leeway: seconds by which clocks may differ (RFC 7519 section 4.1.4).

    Raises:
        TypeError: a *leeway* that is no number.
        ValueError: a *leeway* below zero or over 2**53.

    """
    if leeway != 0.0:
        leeway = _checked_leeway(leeway)
    try:
        secrets = _normalized(secret)
    except Exception:  # noqa: BLE001 - a sequence of the caller's may raise anything
        return None
    return engine.verify(token, secrets, time.time(), leeway)


def is_usable(secret: Secrets) -> bool:
    """Whether *secret*, or one of a sequence, can sign and verify."""
    return engine.has_fit_secret(_normalized(secret))


def _checked_leeway(leeway: object) -> float:
    if not isinstance(leeway, (int, float)):
        raise _wrong_type("leeway", "a number of seconds", leeway)
    if not 0 <= leeway <= MAX_LEEWAY:
        raise ValueError("leeway must be a number of seconds from 0 to 2**53")
    return float(leeway)


def _normalized(secret: Secrets) -> Any:
    """A sequence of the caller's own kind becomes a tuple: engines know ``list`` and ``tuple``."""
    if isinstance(secret, (str, bytes, list, tuple, bytearray, memoryview)) or not isinstance(secret, Sequence):
        return secret
    return tuple(secret)


def _wrong_type(name: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {expected}, not {type(value).__name__}")


def _refusal(username: object, role: object, expires_at: int, secrets: Any) -> Exception:
    """Why the engine refused to sign."""
    for name, value in (("username", username), ("role", role)):
        if not issubclass(type(value), str):
            return _wrong_type(name, "str", value)
        if not _is_unicode(str(value)):
            return ValueError(f"{name} has a lone surrogate, which UTF-8 cannot encode")
    if isinstance(secrets, (list, tuple)):
        if not secrets:
            return ValueError("secret is an empty sequence; it must hold at least one secret")
        refusal = _secret_refusal("secret[0]", "str or bytes", secrets[0])
    else:
        refusal = _secret_refusal("secret", "str, bytes or a sequence of them", secrets)
    if refusal is not None:
        return refusal
    if not -(2**63) <= expires_at < 2**63:
        return ValueError("expires_hours is out of range: exp must fit in 64 bits")
    return ValueError(f"username and role are too long: the token would be over {MAX_TOKEN_LENGTH} characters")


def _secret_refusal(name: str, expected: str, secret: Any) -> Exception | None:
    if not issubclass(type(secret), (str, bytes)):
        return _wrong_type(name, expected, secret)
    if not secret:
        return ValueError(f"{name} is empty; {_HOW_TO_MAKE_ONE}")
    if isinstance(secret, str) and not _is_unicode(secret):
        return ValueError(f"{name} has a lone surrogate, which UTF-8 cannot encode")
    if not engine.has_fit_secret(secret):
        return ValueError(
            f"{name} is a PEM, SSH, DER or JWK key, not a shared secret (RFC 8725 section 2.1); {_HOW_TO_MAKE_ONE}"
        )
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _warn_if_short(secrets: Any) -> None:
    secret = secrets[0] if isinstance(secrets, (list, tuple)) else secrets
    length = len(secret.encode("utf-8") if isinstance(secret, str) else secret)
    if length < _SHORTEST_SECRET:
        global _has_warned  # noqa: PLW0603 - once a process
        warnings.warn(
            f"secret is {length} bytes long; HS256 needs at least {_SHORTEST_SECRET} (RFC 7518 section 3.2); "
            f"{_HOW_TO_MAKE_ONE}",
            InsecureKeyLengthWarning,
            stacklevel=3,
        )
        _has_warned = True
