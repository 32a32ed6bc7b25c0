"""The check of logins and other handlers that have no CSRF token yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastware._engine import engine
from fastware._internal.framework_dependency import framework_dependency
from fastware.auth.csrf_rejections import ORIGIN_DETAILS, record_rejection
from fastware.auth.trusted_origins import normalized_origins
from fastware.cookies import CSRF_COOKIE, SESSION_COOKIE
from fastware.errors import HTTPError


@framework_dependency
def reject_cross_site(request: Any, *, trusted_origins: Iterable[str] = ()) -> None:
    """Raise a 403 if the browser says that a page of another site or origin sent *request*.

    ``CSRFMiddleware`` does not check exempt paths. Without this check, a form of another site can log a visitor in to
    an account of its choice (OWASP CSRF Prevention Cheat Sheet, "Login CSRF"). A request without ``Sec-Fetch-Site`` and
    ``Origin`` passes: no current browser sends such a form.

    It is also a dependency: ``deps={"_": reject_cross_site}`` in fastware, ``Depends(reject_cross_site)`` in FastAPI,
    ``guards=[reject_cross_site]`` in Litestar. In Starlette, and to pass *trusted_origins*, call it in the handler.

    Args:
        request: any object with an ASGI ``scope`` (HTTP or WebSocket), or the scope itself.
        trusted_origins: those of ``CSRFMiddleware``.

    Raises:
        HTTPError: 403 with the reason. The audit event ``csrf_rejected`` is recorded.
        TypeError: *trusted_origins* is a single ``str``, or contains something other than ``str``.
        ValueError: an origin is not ``scheme://host[:port]``.

    """
    scope = None
    try:
        scope = getattr(request, "scope", request)
        detail = cross_site_detail(scope, trusted_origins)
        if detail is not None:
            record_rejection(scope, detail)
            raise HTTPError(403, detail)
    finally:
        request = scope = None  # error reporters show the local variables of a traceback's frames


def cross_site_detail(scope: Any, trusted_origins: Iterable[str] = ()) -> str | None:
    """Return how the browser says that a page of another site or origin sent the request, or ``None``."""
    try:
        check = engine.CSRFCheck(
            session_cookie=SESSION_COOKIE,
            csrf_cookie=CSRF_COOKIE,
            check_origin=True,
            trusted_origins=normalized_origins(trusted_origins),
        )
        # The steps for the token come last, and their result does not matter here.
        return ORIGIN_DETAILS.get(check.verdict(scope["headers"], True))
    finally:
        scope = None
