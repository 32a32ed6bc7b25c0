"""The headers ``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-11)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from fastware._internal.limit_scope import RESPONSE, add_limit, headers_of, scope_of
from fastware.auth.rates import NANOSECONDS, seconds

_RESPONSES: Final = (  # their headers are a mapping that can be changed
    ("starlette.responses", "Response"),
    ("litestar.response.base", "Response"),
    ("litestar.response.base", "ASGIResponse"),
)


class LimitHeaders:
    """Writes the headers of one limit.

    Args:
        name: the name of the policy.
        capacity: tokens in a full bucket.
        period: nanoseconds in which an empty bucket is refilled.

    """

    def __init__(self, name: str, capacity: int, period: int) -> None:
        self._name = _string(name)
        self._policy = f"{self._name};q={capacity};w={period // NANOSECONDS}"
        self._capacity = capacity
        self._period = period

    def record(self, counted: tuple[int, int, int], connection: Any) -> dict[str, str]:
        """Return the headers for what ``take_counted`` returned, after those of other limits of the request."""
        scope = scope_of(connection)
        add_limit(scope, self._name, self._policy, self._state(*counted))
        headers = headers_of(scope)
        if RESPONSE in scope:
            scope[RESPONSE].headers.update(headers)
        return headers

    def _state(self, wait: int, remaining: int, until_full: int) -> str:
        """Return the item of ``RateLimit``.

        ``t`` is the time until there is one more token. Until then, the client can use at most ``r`` (section 4.1.2).
        It is not later than ``Retry-After`` (section 6).
        """
        until_next = until_full - (self._capacity - remaining - 1) * self._period // self._capacity
        window = min(seconds(until_next), seconds(wait)) if wait else seconds(until_next)
        return f"{self._name};r={remaining};t={max(window, 0)}"


def with_headers(result: Any, headers: dict[str, str], connection: Any, function: Callable[..., Any]) -> Any:
    """Return the *result* of a handler with *headers*, or those of all limits of the request, if it is a response.

    Data becomes a response in Litestar, if *function* is what the route calls. In FastAPI and fastware's core, data
    stays as it is: these read the headers from the scope.
    """
    scope = scope_of(connection)
    headers = headers_of(scope) or headers
    if isinstance(result, _response_classes()):
        result.headers.update(headers)
        return result
    if "litestar_app" in scope and scope["type"] == "http" and not callable(result):
        return _response_of_litestar(result, headers, scope["route_handler"], function)
    return result


def _response_of_litestar(data: Any, headers: dict[str, str], handler: Any, function: Callable[..., Any]) -> Any:
    called = getattr(handler.fn, "func", handler.fn)  # of a handler that runs in a thread
    is_last = _is_or_limits(getattr(called, "__func__", called), function)
    if not is_last or handler.resolve_return_dto() is not None:
        return data
    return handler.resolve_response_class()(data, headers=headers)


def _is_or_limits(called: Any, function: Callable[..., Any]) -> bool:
    """Return whether *called* is *function*, or only limits of this package are between them.

    Another decorator may need the data. ``functools.wraps`` has copied the limit of what it decorates.
    """
    while called is not function:
        inner = getattr(called, "__wrapped__", None)
        if getattr(called, "limit", None) is getattr(inner, "limit", None):
            return False
        called = inner
    return True


def _response_classes() -> Any:
    found = (getattr(sys.modules.get(module), name, None) for module, name in _RESPONSES)
    return tuple(each for each in found if each is not None)


def _string(text: str) -> str:
    """Return *text* as a String of Structured Fields (RFC 9651 section 3.3.3)."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("name must be printable ASCII, because the header RateLimit contains it")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
