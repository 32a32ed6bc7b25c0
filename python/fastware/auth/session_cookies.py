"""The two cookies of a browser session: the token and the CSRF token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from fastware.cookies import CSRF_COOKIE, HOST_PREFIX, SESSION_COOKIE, SameSite, delete_cookie, set_cookie

if TYPE_CHECKING:
    from datetime import timedelta

_BROWSERS_DROP_IT: Final = "browsers drop a __Host- cookie otherwise (RFC 6265bis section 4.1.3.2)"


def session_cookie_name(host_prefix: bool) -> str:
    """Return the name of the cookie that holds the token."""
    return HOST_PREFIX + SESSION_COOKIE if host_prefix else SESSION_COOKIE


def csrf_cookie_name(host_prefix: bool) -> str:
    """Return the name of the cookie that holds the CSRF token."""
    return HOST_PREFIX + CSRF_COOKIE if host_prefix else CSRF_COOKIE


def set_session_cookies(  # noqa: PLR0913 - the options of the cookies
    token: str,
    csrf_token: str,
    *,
    max_age: float | timedelta | Literal["exp"] | None = None,
    secure: bool = False,
    host_prefix: bool = False,
    domain: str | None = None,
    path: str = "/",
    samesite: SameSite | None = "lax",
    partitioned: bool = False,
) -> list[str]:
    """Return the two ``Set-Cookie`` values that start a session.

    ``session`` holds *token* and is hidden from JavaScript. ``csrf_token`` holds *csrf_token*; JavaScript reads it and
    sends it back as ``X-CSRF-Token``. Both have the same attributes otherwise.

    Send them with ``Cache-Control: no-store``; the responses of ``fastware`` add it (OWASP Session Management Cheat
    Sheet, "Web Content Caching").

    Warns with ``CookieSizeWarning`` if a token is too large for a cookie (4,096 bytes with the cookie's name).

    Args:
        token: the token that :func:`~fastware.auth.create_token` returned.
        csrf_token: a random string, ``secrets.token_urlsafe(32)``, or a token of
            :func:`~fastware.auth.create_csrf_token`.
        max_age: lifetime in seconds, a number or a ``timedelta``, rounded down to whole seconds; ``"exp"`` for the rest
            of the lifetime of *token*, which its claim ``exp`` ends. Without it the cookies end with the browser
            session.
        secure: send them over HTTPS only. Turn it on in production (OWASP Session Management Cheat Sheet).
        host_prefix: name them ``__Host-session`` and ``__Host-csrf_token``, which other subdomains cannot set (RFC
            6265bis section 4.1.3.2). Implies *secure*. Pass it to ``Auth`` and ``CSRFMiddleware`` too.
        domain: the host, with its subdomains, that they are sent to; by default only the host that set them.
        path: the URL path prefix that they are sent to.
        samesite: ``"lax"``, ``"strict"``, ``"none"`` (needs *secure*), or ``None`` for no such attribute.
        partitioned: keep other cookies for each top-level site that embeds the page (CHIPS); needs *secure*, and
            ``samesite="none"`` to be sent there.

    Raises:
        TypeError: an argument has another type.
        ValueError: a token has a character that a cookie value cannot contain; *max_age* is ``"exp"`` and *token* is no
            token with ``exp``; or an option excludes another one. The message does not show the tokens.

    """
    attributes = _attributes(secure, host_prefix, domain, path, samesite, partitioned)
    lifetime = _lifetime(max_age, token)
    return [
        set_cookie(session_cookie_name(host_prefix), token, max_age=lifetime, httponly=True, **attributes),
        set_cookie(csrf_cookie_name(host_prefix), csrf_token, max_age=lifetime, **attributes),
    ]


def clear_session_cookies(
    *,
    secure: bool = False,
    host_prefix: bool = False,
    domain: str | None = None,
    path: str = "/",
    samesite: SameSite | None = "lax",
    partitioned: bool = False,
) -> list[str]:
    """Return the two ``Set-Cookie`` values that end a session in the browser. Pass the options of the session.

    The token itself stays valid until it expires.
    """
    attributes = _attributes(secure, host_prefix, domain, path, samesite, partitioned)
    names = (session_cookie_name(host_prefix), csrf_cookie_name(host_prefix))
    return [delete_cookie(name, **attributes) for name in names]


def _attributes(
    secure: bool, host_prefix: bool, domain: str | None, path: str, samesite: SameSite | None, partitioned: bool
) -> dict[str, Any]:
    """Return the attributes that both cookies have."""
    if host_prefix and domain is not None:
        raise ValueError(f"host_prefix=True excludes domain: {_BROWSERS_DROP_IT}; leave out one of them")
    if host_prefix and path != "/":
        raise ValueError(f"host_prefix=True needs path='/': {_BROWSERS_DROP_IT}; leave out host_prefix or path")
    return {
        "secure": secure or host_prefix,
        "domain": domain,
        "path": path,
        "samesite": samesite,
        "partitioned": partitioned,
    }


def _lifetime(max_age: float | timedelta | str | None, token: object) -> float | timedelta | None:
    if not isinstance(max_age, str):
        return max_age
    if max_age != "exp":
        raise ValueError("max_age must be a number of seconds, a timedelta, 'exp' or None, not another str")
    return _seconds_left(token)


def _seconds_left(token: object) -> int:
    """Return the seconds until *token* expires; 0 for an expired one, which deletes the cookies."""
    import time  # noqa: PLC0415 - as the next one, needed for this option only

    from fastware._engine.pure.tokens import unverified_claims  # noqa: PLC0415

    claims = unverified_claims(token.encode("ascii", "replace")) if isinstance(token, str) else {}
    expires: Any = claims.get("exp")
    if type(expires) not in (int, float):
        raise ValueError("max_age='exp' needs a token with the claim exp, as create_token makes it; or pass seconds")
    return max(0, int(expires) - int(time.time()))
