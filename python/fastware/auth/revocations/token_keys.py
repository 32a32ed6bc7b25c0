"""What a revoked token is listed under, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, isfinite
from typing import Any, Final

from fastware._engine.arguments import wrong_type

_MARGIN: Final = 60
"""Extra seconds that an entry is kept, for a renewal that was in progress when the token was revoked."""

_STEP: Final = 64
"""Ends are multiples of it: a token that is revoked again within a minute changes nothing in the storage."""

_LAST_SECOND: Final = 2**53


def checked(claims: object) -> Mapping[str, Any]:
    """Return *claims*. Raises ``TypeError`` if they are not a mapping."""
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
    if not isinstance(sub, str) or not isinstance(role, str) or not is_number(iat) or not is_number(exp):
        return None
    # The lengths make the concatenation unambiguous.
    return f"c{len(sub)} {len(role)} {_spelled(iat)} {_spelled(exp)} {sub}{role}"


def end_of_session(claims: Mapping[str, Any], now: float, expires_in: int | None) -> int | None:
    """Return the second until which an entry for *claims* is kept, or ``None`` for permanently.

    No token of the session is valid then: a renewed token lives no longer than the lifetime of the one that it
    replaces. Others end after *expires_in*.

    Raises:
        TypeError: ``exp`` or ``iat`` is not a number.

    """
    exp, iat = claims.get("exp"), claims.get("iat")
    for name, value in (("exp", exp), ("iat", iat)):
        if value is not None and not is_number(value):
            raise wrong_type(name, "a finite number of seconds", value)
    ends = [] if exp is None else [_in_range(exp), now + lifetime_of(claims)]
    ends += [] if expires_in is None else [now + expires_in]
    return end_after(max(ends)) if ends else None


def lifetime_of(claims: Mapping[str, Any]) -> float:
    """Return the seconds between ``iat`` and ``exp``, or 0 if one of them is missing."""
    exp, iat = claims.get("exp"), claims.get("iat")
    return _in_range(exp) - _in_range(iat) if is_number(exp) and is_number(iat) else 0


def outlives(claims: Mapping[str, Any], second: float) -> bool:
    """Return whether the token of *claims* is valid after *second*."""
    exp = claims.get("exp")
    return exp is None or (is_number(exp) and _in_range(exp) > second)


def end_of_renewed(claims: Mapping[str, Any], second: float) -> int | None:
    """Return the end of an entry whose token of *claims* is renewed until *second*; ``None`` if it is kept for good."""
    exp = claims.get("exp")
    return None if exp is None else end_after(max(second, _in_range(exp) if is_number(exp) else second))


def end_after(second: float) -> int | None:
    """Return until when an entry is kept whose tokens are valid until *second*, or ``None`` for permanently."""
    return (floor(second + _MARGIN) // _STEP + 1) * _STEP if second < _LAST_SECOND else None


def is_number(value: object) -> bool:
    """Return whether *value* is a finite number of seconds."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and isfinite(value))


def _in_range(second: Any) -> float:
    within: float = max(-_LAST_SECOND, min(second, _LAST_SECOND))
    return within


def _spelled(number: Any) -> str:
    return number.hex() if isinstance(number, float) else hex(number)
