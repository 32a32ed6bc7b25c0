"""How long a session lasts, and when its token is replaced (OWASP Session Management Cheat Sheet, session expiration).

``auth_time`` is the second in which the user logged in (OpenID Connect Core 1.0 section 2), and is the same in every
token of a session. A session whose token has none starts when that token was issued.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastware.auth.durations import as_seconds
from fastware.auth.revocations.token_keys import is_number

_TEXTS: Final = ("sub", "role", "sid")


class SessionLimits:
    """The idle limit and the absolute limit of sessions.

    Args:
        idle_limit: the age of a token, in seconds or as a ``timedelta``, at which its session ends; ``None`` for the
            lifetime of each token.
        absolute_limit: the age of a session at which it ends.
        leeway: seconds by which the clocks of servers may differ.

    Raises:
        TypeError: a limit is not a duration.
        ValueError: a limit is below one second, or the idle limit is the longer one.

    """

    def __init__(self, idle_limit: Any, absolute_limit: Any, leeway: float) -> None:
        self._idle = None if idle_limit is None else _whole_seconds("idle_limit", idle_limit)
        self._absolute = _whole_seconds("absolute_limit", absolute_limit)
        self._leeway = leeway
        if self._idle is not None and self._idle > self._absolute:
            raise ValueError("idle_limit is longer than absolute_limit, which ends every session; pass a shorter one")

    def are_over(self, claims: Mapping[str, Any], now: int) -> bool:
        """Return whether the session of valid *claims* has ended. The age of a token without ``iat`` is unknown."""
        if not is_number(claims.get("iat")):
            return True
        oldest = now - self._leeway
        is_idle = self._idle is not None and int(claims["iat"]) + self._idle <= oldest
        return is_idle or start_of_session(claims) + self._absolute <= oldest

    def renewed_lifetime(self, claims: Mapping[str, Any], now: int) -> int | None:
        """Return the lifetime of the token that replaces that of *claims*, or ``None`` if it is not replaced now.

        It is replaced after half of its lifetime, or of the idle limit if that is shorter, unless the absolute limit
        would end the new token no later.
        """
        if not is_number(claims.get("exp")):
            return None
        issued = int(claims["iat"])
        lifetime = int(claims["exp"]) - issued
        wanted = lifetime if self._idle is None else self._idle
        lifetime = min(lifetime, wanted)
        if 2 * (now - issued) < lifetime or not _can_be_renewed(claims):
            return None
        seconds = min(wanted, start_of_session(claims) + self._absolute - now)
        return seconds if seconds > 0 and now + seconds > issued + lifetime else None


def start_of_session(claims: Mapping[str, Any]) -> int:
    """Return the second in which the session of *claims* started.

    ``auth_time`` after ``iat`` would be a login in the future of the token: it does not count.
    """
    issued, login = int(claims["iat"]), claims.get("auth_time", claims["iat"])
    return min(int(login), issued) if is_number(login) else issued


def _can_be_renewed(claims: Mapping[str, Any]) -> bool:
    """Return whether ``Auth`` made the token. Without ``sid``, its session could not be ended after a renewal."""
    return all(isinstance(claims.get(name), str) for name in _TEXTS) and isinstance(claims.get("iss", ""), str)


def _whole_seconds(name: str, value: Any) -> int:
    seconds = int(as_seconds(name, value))
    if seconds < 1:
        raise ValueError(f"{name} must be at least one second: the times of tokens are whole seconds")
    return seconds
