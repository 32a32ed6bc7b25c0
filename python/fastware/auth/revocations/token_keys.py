"""What a revoked token is listed under, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, isfinite
from typing import Any, Final

from fastware._engine.arguments import wrong_type

MARGIN: Final = 60
"""Seconds that an entry is kept longer, for a renewal that was in progress when the token was revoked."""

_LAST_SECOND: Final = 2**53


def checked(claims: object) -> Mapping[str, Any]:
    """Return *claims*. Raises ``TypeError`` if they are no mapping."""
    if not isinstance(claims, Mapping):
        raise wrong_type("claims", "the mapping that verify_token returns", claims)
    return claims


def session_of(claims: Mapping[str, Any]) -> str | None:
    """Return the ``sid`` of *claims*, if it is a ``str``."""
    sid = claims.get("sid")
    return str(sid) if isinstance(sid, str) else None


def key_of(claims: Mapping[str, Any]) -> str | None:
    """Return what the token of *claims* is listed under, or ``None`` if nothing tells it from other tokens.

    The first letter is the kind: keys of two kinds are never equal.
    """
    sid = session_of(claims)
    if sid is not None:
        return "s" + sid
    jti = claims.get("jti")
    if isinstance(jti, str):
        return "j" + jti
    sub, role, iat, exp = (claims.get(name) for name in ("sub", "role", "iat", "exp"))
    if not isinstance(sub, str) or not isinstance(role, str) or not _is_number(iat) or not _is_number(exp):
        return None
    # The lengths make the concatenation unambiguous.
    return f"c{len(sub)} {len(role)} {iat!r} {exp!r} {sub}{role}"


def last_second(claims: Mapping[str, Any], now: float) -> int | None:
    """Return the second after which no token of the session of *claims* is valid, or ``None`` if there is none.

    A renewed token lives no longer than the lifetime of the one that it replaces.

    Raises:
        TypeError: ``exp`` or ``iat`` is not a number.

    """
    exp, iat = claims.get("exp"), claims.get("iat")
    for name, value in (("exp", exp), ("iat", iat)):
        if value is not None and not _is_number(value):
            raise wrong_type(name, "a finite number of seconds", value)
    if exp is None:
        return None
    lifetime = 0 if iat is None else exp - iat
    return capped(max(exp, now + lifetime) + MARGIN)


def lifetime_of(claims: Mapping[str, Any]) -> float:
    """Return the seconds between ``iat`` and ``exp``, or 0 if one of them is missing."""
    exp, iat = claims.get("exp"), claims.get("iat")
    return exp - iat if _is_number(exp) and _is_number(iat) else 0  # type: ignore[operator]


def capped(second: float) -> int | None:
    """Return *second*, rounded up, or ``None`` if it is so late that the entry is kept for good."""
    return ceil(second) if second < _LAST_SECOND else None


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and isfinite(value))
