"""The two cookies of a browser session: the token and the CSRF token."""

from __future__ import annotations

from typing import Final

from fastware.cookies import delete_cookie, set_cookie

SESSION_COOKIE: Final = "session"
CSRF_COOKIE: Final = "csrf_token"


def set_session_cookies(token: str, csrf_token: str, *, max_age: int | None = None, secure: bool = False) -> list[str]:
    """Return the two ``Set-Cookie`` values that start a session.

    ``session`` holds *token* and is hidden from JavaScript. ``csrf_token`` holds *csrf_token*; JavaScript reads it and
    sends it back as ``X-CSRF-Token``. Both have ``Path=/`` and ``SameSite=lax``.

    Warns with ``CookieSizeWarning`` if a token is too large for a cookie (4,096 bytes with the cookie's name).

    Args:
        token: the token that :func:`~fastware.auth.create_token` returned.
        csrf_token: a random string: ``secrets.token_urlsafe(32)``.
        max_age: lifetime in seconds; without it the cookies end with the browser session.
        secure: send them over HTTPS only. Turn it on in production (OWASP Session Management Cheat Sheet).

    Raises:
        ValueError: a token has a character that a cookie value cannot contain. The message does not show the value.

    """
    return [
        set_cookie(SESSION_COOKIE, token, max_age=max_age, secure=secure, httponly=True),
        set_cookie(CSRF_COOKIE, csrf_token, max_age=max_age, secure=secure),
    ]


def clear_session_cookies(*, secure: bool = False) -> list[str]:
    """Return the two ``Set-Cookie`` values that end a session in the browser. Pass the *secure* of the session.

    The token itself stays valid until it expires.
    """
    return [delete_cookie(name, secure=secure) for name in (SESSION_COOKIE, CSRF_COOKIE)]
