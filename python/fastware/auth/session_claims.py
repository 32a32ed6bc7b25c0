"""The claims that make a token revocable, and the claims of a renewed token.

``sid`` identifies the session, and is the same in all of its tokens. ``rev`` is the revocation number of the user at
the login: a token is revoked when the current number is larger.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fastware._engine.arguments import as_expires_in
from fastware._engine.contract import DEFAULT_EXPIRES_HOURS, SECONDS_PER_HOUR

if TYPE_CHECKING:
    from datetime import timedelta

_OF_ONE_TOKEN: Final = ("sub", "role", "iat", "exp", "jti")


def new_session(revision: int) -> dict[str, Any]:
    """Return the claims of a new session: ``sid``, 128 random bits, and ``rev``."""
    import secrets  # noqa: PLC0415 - a fifth of the import time of Auth, and only needed with revocations

    return {"sid": secrets.token_urlsafe(16), "rev": revision}


def session_of(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``sid`` and ``rev`` of *claims*, if it has them."""
    return {name: claims[name] for name in ("sid", "rev") if name in claims}


def checked_session(session: Any, has_revocations: bool) -> dict[str, Any]:
    """Return ``sid`` and ``rev`` of *session*, which ``Auth.new_session`` returned.

    Raises:
        TypeError: *session* is not a mapping.
        ValueError: ``sid`` or ``rev`` is missing or invalid, or *session* is not empty without revocations.

    """
    if not isinstance(session, Mapping):
        raise TypeError(f"session must be what new_session returns, not {type(session).__name__}")
    if not has_revocations:
        if session:
            raise ValueError("session must be empty without revocations; pass revocations to Auth")
        return {}
    sid, rev = session.get("sid"), session.get("rev")
    if not isinstance(sid, str) or not sid or type(rev) is not int:
        raise ValueError("session must have sid, a str, and rev, an int: what new_session returns")
    return {"sid": sid, "rev": rev}


def kept_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the further *claims* that a renewed token keeps: all but those that belong to one token (``jti``)."""
    return {name: value for name, value in claims.items() if name not in _OF_ONE_TOKEN}


def lifetime_of_renewed(claims: Any, expires_in: float | timedelta | None) -> int:
    """Return the lifetime of a renewed token in seconds: *expires_in*, or that of the token of *claims*.

    Raises:
        TypeError: *claims* is not a mapping, or *expires_in* is not a duration.
        ValueError: *claims* has no ``sub`` or no ``role``, or *expires_in* is out of range.

    """
    if not isinstance(claims, Mapping):
        raise TypeError(f"claims must be the claims of a valid token, not {type(claims).__name__}")
    if "sub" not in claims or "role" not in claims:
        raise ValueError("claims must have sub and role: the claims of a token that create_token made")
    if expires_in is not None:
        return as_expires_in(expires_in)
    times = claims.get("exp"), claims.get("iat")
    if not all(isinstance(each, (int, float)) for each in times):
        return DEFAULT_EXPIRES_HOURS * SECONDS_PER_HOUR
    return int(times[0]) - int(times[1])  # type: ignore[arg-type]


def has_expired(claims: Mapping[str, Any], leeway: float) -> bool:
    """Return whether the token of *claims*, which was valid, has expired since (RFC 7519 section 4.1.4)."""
    expires = claims.get("exp")
    return isinstance(expires, (int, float)) and expires <= time.time() - leeway
