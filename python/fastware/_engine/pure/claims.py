"""The registered claims (RFC 7519 section 4.1): step 5 of ``verify_token`` in the engine contract."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from fastware._engine.arguments import Expected

Problem: TypeAlias = tuple[str, str]
"""Why claims are rejected: the reason of a ``TokenReport``, and the name of the claim."""

_EARLIEST: Final = -(2.0**63)


def problem(claims: dict[str, Any], now: float, expected: Expected) -> Problem | None:
    """Return the first problem of *claims*, or ``None`` if they are valid."""
    invalid = _of_another_type(claims)
    if invalid is not None:
        return "invalid claims", invalid
    leeway, audience, issuer = expected
    is_moment = is_valid_clock(now, leeway)
    if "nbf" in claims and not (is_moment and int(claims["nbf"]) <= now + leeway):
        return "not yet valid", "nbf"
    if "iat" in claims and not (is_moment and int(claims["iat"]) <= now + leeway):
        return "issued in the future", "iat"
    if "exp" in claims and not (is_moment and int(claims["exp"]) > now - leeway):
        return "expired", "exp"
    if claims.get("aud") if audience is None else not _is_for(claims.get("aud"), audience):
        return "wrong audience", "aud"
    # `iss` may be any JSON value; only an equal str equals a str.
    if issuer is not None and claims.get("iss") != issuer:
        return "wrong issuer", "iss"
    return None


def is_valid_clock(now: float, leeway: float) -> bool:
    """Return whether *now* and *leeway* are numbers whose sum and difference fit in 64 bits."""
    return _EARLIEST <= now - leeway and now + leeway < -_EARLIEST


def _of_another_type(claims: dict[str, Any]) -> str | None:
    """Return the name of the first claim that has an invalid type."""
    for name in ("exp", "nbf", "iat"):
        if name in claims and type(claims[name]) not in (int, float):
            return name
    if not isinstance(claims.get("sub", ""), str):
        return "sub"
    return None if isinstance(claims.get("jti", ""), str) else "jti"


def _is_for(aud: Any, audience: tuple[str, ...]) -> bool:
    """Return whether *aud* is one of the names in *audience*, or a list of names with one of them."""
    names = [aud] if isinstance(aud, str) else aud
    return (
        isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        and any(name in audience for name in names)
    )
