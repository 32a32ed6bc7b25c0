"""Protection against cross-site request forgery: the double-submit cookie (OWASP CSRF Prevention Cheat Sheet)."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, Final

from fastware._engine import engine
from fastware._engine.contract import CSRF_MISMATCH, CSRF_MISSING, CSRF_PASSED
from fastware._internal.coroutines import returns_coroutine
from fastware.asgi import ASGIApp, path_within_app
from fastware.auth.session_cookies import csrf_cookie_name, session_cookie_name
from fastware.errors import send_error

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_DETAILS: Final = {CSRF_MISSING: "Missing CSRF token", CSRF_MISMATCH: "CSRF token mismatch"}


class CSRFMiddleware:
    """ASGI middleware that rejects state-changing requests without their CSRF token.

    Any method but GET, HEAD and OPTIONS needs a ``csrf_token`` cookie equal to the ``X-CSRF-Token`` header. A request
    with a well-formed ``Authorization: Bearer`` token passes: another site cannot make a browser add one. Other
    requests get a 403 ``{"detail": "Missing CSRF token"}`` or ``{"detail": "CSRF token mismatch"}``, the inner
    application is not called, and the audit event ``csrf_rejected`` is recorded.

    Args:
        app: the inner ASGI application.
        exempt_paths: path prefixes that are not checked, compared as plain text: ``/login`` exempts ``/login-as`` too.
            In a mounted application, they are compared without the mount prefix (the ASGI ``root_path``).
        disabled: check nothing, for tests.
        host_prefix: the cookie is ``__Host-csrf_token``, as ``set_session_cookies(..., host_prefix=True)`` names it.

    Raises:
        TypeError: *exempt_paths* is a single ``str``, or contains something other than ``str``.
        ValueError: a prefix that does not start with ``/``.

    """

    def __init__(
        self,
        app: ASGIApp,
        exempt_paths: Iterable[str] | None = None,
        disabled: bool = False,
        *,
        host_prefix: bool = False,
    ) -> None:
        self.app = app
        self.exempt_paths = _path_prefixes(exempt_paths)
        self.disabled = disabled
        self._verdict = engine.CSRFCheck(
            session_cookie=session_cookie_name(host_prefix),
            csrf_cookie=csrf_cookie_name(host_prefix),
            check_origin=False,
        ).verdict

    @returns_coroutine
    def __call__(self, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """Pass the request on, or send a 403."""
        # The types of ASGI's arguments differ between frameworks: type checkers accept this class in all of them.
        is_checked = scope["type"] == "http" and scope["method"] not in _SAFE_METHODS and not self.disabled
        if is_checked and not (self.exempt_paths and path_within_app(scope).startswith(self.exempt_paths)):
            verdict = self._verdict(scope["headers"], True)
            if verdict != CSRF_PASSED:
                return _reject(scope, send, _DETAILS[verdict])
        return self.app(scope, receive, send)


def _reject(scope: Any, send: Any, detail: str) -> Awaitable[None]:
    """Record the rejected request as an audit event, and return the response."""
    from fastware.auth import audit  # noqa: PLC0415 - not needed before the first event

    if audit.is_recorded("csrf_rejected"):
        audit.record("csrf_rejected", address=audit.address_of(scope), reason=detail)
    return send_error(send, 403, detail)


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
