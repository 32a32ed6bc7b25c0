"""Protection against cross-site request forgery (OWASP CSRF Prevention Cheat Sheet)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable
from typing import Any, Final

from fastware._engine import engine
from fastware._engine.contract import CSRF_FORM, CSRF_PASSED, Secrets
from fastware._internal.coroutines import returns_coroutine
from fastware.asgi import ASGIApp, path_within_app
from fastware.auth.session_cookies import csrf_cookie_name, session_cookie_name

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class CSRFMiddleware:
    """ASGI middleware that rejects what another site made the browser of a user send.

    GET, HEAD, OPTIONS and exempt paths pass, and so does a request with ``Authorization: Bearer`` and a token: another
    site cannot make a browser add one. Every other request must pass two checks, in this order:

    1. The browser does not say that another site or origin sent it. ``Sec-Fetch-Site`` is ``same-origin`` or ``none``
       (W3C Fetch Metadata); without that header, ``Origin`` equals ``Host``. Origins in *trusted_origins* pass.
    2. It has its CSRF token: the ``X-CSRF-Token`` header, or the *form_field*, equals the ``csrf_token`` cookie. With
       *secret* and in a session, it must be a token of :func:`~fastware.auth.create_csrf_token` instead.

    The handshake of a WebSocket with the session cookie must pass the first check. What is rejected gets a 403 with
    the reason as ``{"detail": ...}``, the inner application is not called, and the audit event ``csrf_rejected`` is
    recorded.

    Args:
        app: the inner ASGI application.
        exempt_paths: path prefixes that are not checked, compared as plain text: ``/login`` exempts ``/login-as`` too.
            In a mounted application, they are compared without the mount prefix (the ASGI ``root_path``).
        disabled: check nothing, for tests.
        trusted_origins: origins that may send requests too, as ``scheme://host[:port]``.
        check_origin: ``False`` skips the first check, for requests and WebSockets.
        secret: at least 32 random bytes, or a sequence of secrets, each of which verifies. CSRF tokens then belong to
            one session, so that a cookie that an attacker plants does not pass.
        form_field: the name of the form field that has the token if the header is absent, in the first 64 KiB of an
            urlencoded or multipart body. The application gets the whole body. Needs *secret*. Multipart forms need
            ``pip install "fastware[forms]"``.
        websockets: ``False`` passes every WebSocket.
        host_prefix: the cookies are ``__Host-csrf_token`` and ``__Host-session``, as
            ``set_session_cookies(..., host_prefix=True)`` names them.

    Raises:
        TypeError: an argument has another type, for example a single ``str`` in place of a list.
        ValueError: a path prefix does not start with ``/``, an origin is invalid, a secret is not usable, or
            *form_field* has no *secret*. The message names the fix, and never shows a secret.

    """

    def __init__(  # noqa: PLR0913 - the switches of one check
        self,
        app: ASGIApp,
        exempt_paths: Iterable[str] | None = None,
        disabled: bool = False,
        *,
        trusted_origins: Iterable[str] = (),
        check_origin: bool = True,
        secret: Secrets | None = None,
        form_field: str | None = None,
        websockets: bool = True,
        host_prefix: bool = False,
    ) -> None:
        try:
            for name, flag in (
                ("check_origin", check_origin),
                ("websockets", websockets),
                ("host_prefix", host_prefix),
            ):
                if not isinstance(flag, bool):
                    raise TypeError(f"{name} must be a bool, not {type(flag).__name__}")
            _check_field_name(form_field, secret is not None)
            self.app = app
            self.exempt_paths = _path_prefixes(exempt_paths)
            self.disabled = disabled
            self._websockets = websockets and check_origin
            self._form_field = form_field
            check = engine.CSRFCheck(
                session_cookie=session_cookie_name(host_prefix),
                csrf_cookie=csrf_cookie_name(host_prefix),
                check_origin=check_origin,
                trusted_origins=_origins(trusted_origins),
                keys=_keys(secret),
                form=form_field is not None,
            )
            self._verdict = check.verdict
            self._verdict_of_form = check.verdict_of_form
        finally:
            secret = None  # error reporters show the local variables of a traceback's frames

    @returns_coroutine
    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Pass the request on, or send a 403."""
        # The types of ASGI's arguments differ between frameworks: type checkers accept this class in all of them.
        kind = scope["type"]
        is_http = kind == "http"
        is_checked = scope["method"] not in _SAFE_METHODS if is_http else kind == "websocket" and self._websockets
        if (
            is_checked
            and not self.disabled
            and not (self.exempt_paths and path_within_app(scope).startswith(self.exempt_paths))
        ):
            verdict = self._verdict(scope["headers"], is_http)
            if verdict == CSRF_FORM:
                return self._check_form(scope, receive, send)
            if verdict != CSRF_PASSED:
                from fastware.auth import csrf_rejections  # noqa: PLC0415 - not needed before the first one

                return csrf_rejections.reject(scope, receive, send, csrf_rejections.DETAILS[verdict])
        return self.app(scope, receive, send)

    async def _check_form(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on if its form has the token, or send a 403."""
        from fastware.auth import csrf_forms, csrf_rejections  # noqa: PLC0415 - not needed before the first form

        submitted = None
        try:
            content_type = engine.header(scope["headers"], b"content-type")
            submitted, receive = await csrf_forms.find_field(content_type, receive, self._form_field or "")
            detail = csrf_rejections.DETAILS.get(self._verdict_of_form(scope["headers"], submitted))
            reject = csrf_rejections.reject
            response = reject(scope, receive, send, detail) if detail else self.app(scope, receive, send)
        except csrf_forms.FormFieldError as error:
            response = csrf_rejections.reject(scope, receive, send, str(error))
        finally:
            scope = submitted = None  # error reporters show the local variables of a traceback's frames
        await response


def _path_prefixes(exempt_paths: Iterable[str] | None) -> tuple[str, ...]:
    if isinstance(exempt_paths, str):
        raise TypeError('exempt_paths must be a list of path prefixes: ["/login"]')
    paths = tuple(exempt_paths or ())
    for path in paths:
        if not isinstance(path, str):
            raise TypeError(f"a path prefix must be str, not {type(path).__name__}")
        if not path.startswith("/"):
            raise ValueError(f"the path prefix {path!r} must start with '/'")
    return paths


def _check_field_name(form_field: object, has_secret: bool) -> None:
    if form_field is None:
        return
    if not isinstance(form_field, str):
        raise TypeError(f"form_field must be str, not {type(form_field).__name__}")
    if not re.fullmatch(r"[A-Za-z0-9_.:\[\]-]+", form_field):
        raise ValueError('form_field must be a name of letters, digits and "_-.:[]", such as "csrf_token"')
    if not has_secret:
        raise ValueError(
            "form_field needs secret: a form of another site can send any field, and only a signed token proves that "
            "the field is of this session"
        )


def _origins(trusted_origins: Iterable[str]) -> tuple[bytes, ...]:
    if trusted_origins == ():
        return ()
    from fastware.auth.trusted_origins import normalized_origins  # noqa: PLC0415 - for applications that trust others

    return normalized_origins(trusted_origins)


def _keys(secret: Secrets | None) -> tuple[bytes, ...]:
    try:
        if secret is None:
            return ()
        from fastware.auth.csrf_tokens import csrf_keys  # noqa: PLC0415 - for applications that sign CSRF tokens

        return csrf_keys(secret, 3)
    finally:
        secret = None
