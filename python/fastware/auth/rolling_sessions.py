"""Sessions that last while they are used: middleware that renews the token in the session cookie."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Any

from fastware._engine import engine
from fastware._internal.coroutines import returns_coroutine
from fastware.asgi import ASGIApp
from fastware.auth.cookie_headers import sets_cookie, with_set_cookies, without_cookie
from fastware.auth.session_cookies import (
    clear_session_cookies,
    csrf_cookie_name,
    session_cookie_name,
    set_session_cookies,
)
from fastware.auth.session_limits import SessionLimits, start_of_session
from fastware.auth.settings import Auth
from fastware.cookies import MAX_COOKIE_SIZE, SameSite
from fastware.errors import HTTPError

cookie = engine.cookie


class RollingSessions:
    """ASGI middleware that keeps a user logged in while the session cookie is used, within limits.

    The response to a request whose token is past half of its lifetime sets the cookies again, with a new token of the
    same session. A session ends when its token reaches the idle limit, or at the absolute limit: the application does
    not see its cookie any more, and the response deletes it (OWASP Session Management Cheat Sheet, session expiration).

    Usage: ``app.add_middleware(RollingSessions, auth=auth, idle_limit=timedelta(minutes=30), secure=True)`` in FastAPI
    and Starlette, ``RollingSessions(app, auth, ...)`` in any other framework.

    Args:
        app: the inner ASGI application.
        auth: the settings of the application. They need ``revocations``, which end a session at the logout.
        idle_limit: the age of a token, in seconds or as a ``timedelta``, at which its session ends; new tokens are
            valid this long. By default, each token has the lifetime of the one before.
        absolute_limit: the age of a session at which its user must log in again. It starts at the claim ``auth_time``
            (OpenID Connect Core 1.0 section 2), which new tokens have, or else when the token was issued.
        secure: as for :func:`~fastware.auth.set_session_cookies`, like the options below. The names of the cookies
            follow ``auth.host_prefix``.
        domain: the host, with its subdomains, that the cookies are sent to.
        path: the URL path prefix that the cookies are sent to.
        samesite: ``"lax"``, ``"strict"``, ``"none"`` (needs *secure*), or ``None`` for no such attribute.
        partitioned: keep other cookies for each top-level site that embeds the page; needs *secure*.

    Raises:
        TypeError: *auth* is not an ``Auth``, or a limit is not a duration.
        ValueError: *auth* has no ``revocations``, a limit is below one second, *idle_limit* is longer than
            *absolute_limit*, or the options of the cookies contradict each other.

    """

    def __init__(  # noqa: PLR0913 - the options of the cookies
        self,
        app: ASGIApp,
        auth: Auth,
        *,
        idle_limit: float | timedelta | None = None,
        absolute_limit: float | timedelta = timedelta(hours=12),
        secure: bool = False,
        domain: str | None = None,
        path: str = "/",
        samesite: SameSite | None = "lax",
        partitioned: bool = False,
    ) -> None:
        if not isinstance(auth, Auth):
            raise TypeError(f"auth must be a fastware.auth.Auth, not {type(auth).__name__}")
        if auth.revocations is None:
            raise ValueError("auth has no revocations, so a renewed session could not be ended; pass them to Auth")
        self.app = app
        self._auth = auth
        self._limits = SessionLimits(idle_limit, absolute_limit, auth.leeway)
        self._session_cookie = session_cookie_name(auth.host_prefix)
        self._csrf_cookie = csrf_cookie_name(auth.host_prefix)
        self._options: dict[str, Any] = {
            "secure": secure,
            "host_prefix": auth.host_prefix,
            "domain": domain,
            "path": path,
            "samesite": samesite,
            "partitioned": partitioned,
        }
        self._deletions = clear_session_cookies(**self._options)

    @returns_coroutine
    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Pass the request on, without the cookie of a session that has ended."""
        # The types of ASGI's arguments differ between frameworks: type checkers accept this class in all of them.
        is_http = scope["type"] == "http"
        if is_http or scope["type"] == "websocket":
            claims = self._claims_in(scope["headers"])
            now = int(time.time())
            if claims is None:
                pass
            elif self._limits.are_over(claims, now):
                scope = {**scope, "headers": without_cookie(scope["headers"], self._session_cookie)}
                send = self._deleting(send) if is_http else send
            elif is_http and self._limits.renewed_lifetime(claims, now) and self._uses_session(scope["headers"]):
                send = self._renewing(claims, scope["headers"], send)
        return self.app(scope, receive, send)

    def _claims_in(self, headers: Any) -> dict[str, Any] | None:
        token = cookie(headers, self._session_cookie)
        return self._auth.verify_token(token) if token else None

    def _uses_session(self, headers: Any) -> bool:
        """Return whether the request presents no other token, and a browser keeps a session cookie of this size."""
        token = cookie(headers, self._session_cookie)
        return self._is_kept(token) and engine.credential(headers, None, self._session_cookie) == token

    def _is_kept(self, token: str) -> bool:
        """Return whether browsers keep a session cookie with *token*."""
        return len(self._session_cookie) + len(token) <= MAX_COOKIE_SIZE

    def _deleting(self, send: Any) -> Any:
        """Return *send* for a response that deletes the cookies, unless it logs in."""

        async def change(headers: list[Any]) -> list[Any]:
            return with_set_cookies(headers, self._deletions)

        return self._changing_start(change, send)

    def _renewing(self, claims: dict[str, Any], request_headers: Any, send: Any) -> Any:
        """Return *send* for a response that sets the cookies again, unless it logs in or out."""

        async def change(headers: list[Any]) -> list[Any]:
            seconds = self._limits.renewed_lifetime(claims, int(time.time()))
            token = None if seconds is None else await self._renewed(claims, seconds)
            if seconds is None or token is None or not self._is_kept(token):  # `auth_time` makes it longer
                return headers
            csrf_token = "" if sets_cookie(headers, self._csrf_cookie) else cookie(request_headers, self._csrf_cookie)
            return with_set_cookies(headers, self._cookies(token, csrf_token, seconds))

        return self._changing_start(change, send)

    def _changing_start(self, change: Any, send: Any) -> Any:
        """Return *send* that passes the headers of the response to *change*, unless they set the session cookie."""
        has_started = False

        async def send_changed(message: Any) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start" and not has_started:
                has_started = True
                headers = list(message.get("headers", ()))
                if not sets_cookie(headers, self._session_cookie):
                    headers = await change(headers)
                message = {**message, "headers": headers}
                del headers
            try:
                await send(message)
            finally:
                message = None  # error reporters show the local variables of a traceback's frames

        return send_changed

    async def _renewed(self, claims: Mapping[str, Any], seconds: int) -> str | None:
        """Return a new token of the session, or ``None`` if it was ended, or the revocations cannot be used."""
        try:
            return await self._auth.arenew_token({**claims, "auth_time": start_of_session(claims)}, expires_in=seconds)
        except HTTPError:  # a `StorageError` is logged where it is created
            return None

    def _cookies(self, token: str, csrf_token: str, seconds: int) -> list[str]:
        """Return the ``Set-Cookie`` values, without that of a CSRF token which no browser would keep."""
        is_kept = 0 < len(csrf_token) <= MAX_COOKIE_SIZE - len(self._csrf_cookie)
        if is_kept:
            with contextlib.suppress(ValueError):  # unquoted, it may have any character
                return set_session_cookies(token, csrf_token, max_age=seconds, **self._options)
        return set_session_cookies(token, "", max_age=seconds, **self._options)[:1]
