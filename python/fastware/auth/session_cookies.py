"""The two cookies of a browser session: the token and the CSRF token."""

from __future__ import annotations

from typing import Final

from fastware.cookies import delete_cookie, set_cookie

SESSION_COOKIE: Final = "session"
CSRF_COOKIE: Final = "csrf_token"
_HOST_PREFIX: Final = "__Host-"


def session_cookie_name(host_prefix: bool) -> str:
    """Return the name of the cookie that holds the token."""
    return _HOST_PREFIX + SESSION_COOKIE if host_prefix else SESSION_COOKIE


def csrf_cookie_name(host_prefix: bool) -> str:
    """Return the name of the cookie that holds the CSRF token."""
    return _HOST_PREFIX + CSRF_COOKIE if host_prefix else CSRF_COOKIE


def set_session_cookies(
    token: str, csrf_token: str, *, max_age: int | None = None, secure: bool = False, host_prefix: bool = False
) -> list[str]:
    """Return the two ``Set-Cookie`` values that start a session.

    ``session`` holds *token* and is hidden from JavaScript. ``csrf_token`` holds *csrf_token*; JavaScript reads it and
    sends it back as ``X-CSRF-Token``. Both have ``Path=/`` and ``SameSite=lax``.

    Warns with ``CookieSizeWarning`` if a token is too large for a cookie (4,096 bytes with the cookie's name).

    Args:
        token: the token that :func:`~fastware.auth.create_token` returned.
        csrf_token: a random string: ``secrets.token_urlsafe(32)``.
        max_age: lifetime in seconds; without it the cookies end with the browser session.
        secure: send them over HTTPS only. Turn it on in production (OWASP Session Management Cheat Sheet).
        host_prefix: name them ``__Host-session`` and ``__Host-csrf_token``, which other subdomains cannot set (RFC
            6265bis section 4.1.3.2). Implies *secure*. Pass it to ``Auth`` and ``CSRFMiddleware`` too.

    Raises:
        ValueError: a token has a character that a cookie value cannot contain. The message does not show the value.

    """
    secure = secure or host_prefix
    return [
        set_cookie(session_cookie_name(host_prefix), token, max_age=max_age, secure=secure, httponly=True),
        set_cookie(csrf_cookie_name(host_prefix), csrf_token, max_age=max_age, secure=secure),
    ]


def clear_session_cookies(*, secure: bool = False, host_prefix: bool = False) -> list[str]:
    """Return the two ``Set-Cookie`` values that end a session in the browser. Pass the options of the session.

    The token itself stays valid until it expires.
    """
    names = (session_cookie_name(host_prefix), csrf_cookie_name(host_prefix))
    return [delete_cookie(name, secure=secure or host_prefix) for name in names]
