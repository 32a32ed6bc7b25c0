"""How long the checks of a request take."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Final

from fastware import Request
from fastware.asgi import ASGIApp, Message, Receive, Scope, Send
from fastware.auth import CSRFMiddleware

TIMES: Final = "fastware.demo.check_times"
"""The key of a scope with the nanoseconds of each check, by its name."""

_STARTED: Final = "fastware.demo.started"
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")  # CSRFMiddleware checks the others


class TimedCSRF:
    """ASGI middleware that measures ``CSRFMiddleware`` around *app*, for the requests that it checks.

    The time ends when *app* is called, or when the response of a rejected request starts.
    """

    def __init__(self, app: ASGIApp, exempt_paths: Sequence[str], **options: Any) -> None:
        self._app = app
        self._exempt_paths = tuple(exempt_paths)
        self._protected = CSRFMiddleware(self._pass_on, exempt_paths, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to the middleware."""
        is_checked = scope["type"] == "http" and scope["method"] not in _SAFE_METHODS
        if not is_checked or scope["path"].startswith(self._exempt_paths):
            await self._protected(scope, receive, send)
            return

        async def timed_send(message: Message) -> None:
            _stop(scope, started)
            await send(message)

        started = time.perf_counter_ns()
        await self._protected({**scope, _STARTED: started}, receive, timed_send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _STARTED in scope:
            _stop(scope, scope[_STARTED])
        await self._app(scope, receive, send)


def _stop(scope: MutableMapping[str, Any], started: int) -> None:
    scope.get(TIMES, {}).setdefault("CSRF", time.perf_counter_ns() - started)


def timed(dependency: Callable[[Any], dict[str, Any]]) -> Callable[[Request], dict[str, Any]]:
    """Return the dependency *dependency*, measured as the check of the identity."""

    def check(request: Request) -> dict[str, Any]:
        started = time.perf_counter_ns()
        try:
            return dependency(request)
        finally:
            request.scope.get(TIMES, {})["identity"] = time.perf_counter_ns() - started

    return check
