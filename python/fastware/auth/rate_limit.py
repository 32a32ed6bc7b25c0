"""Rate limits: a token bucket for each client of a handler."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from fastware._coroutines import returns_coroutine
from fastware._engine import engine
from fastware._engine.contract import TokenBuckets
from fastware._guarded import guarded
from fastware._names import name_of
from fastware.errors import HTTPError
from fastware.routing import is_routed

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])

_Take: TypeAlias = Callable[[Any], int]
"""Takes a token for a request; returns the nanoseconds to wait for one, 0 where it was there."""

_NANOSECONDS: Final = 10**9
_PERIODS: Final = {"second": _NANOSECONDS, "minute": 60 * _NANOSECONDS, "hour": 3_600 * _NANOSECONDS}
_RATE: Final = re.compile(r"([1-9][0-9]{0,9})/(second|minute|hour)\Z")


def rate_limit(rate: str, key_func: Callable[[Any], str] | None = None) -> Callable[[HandlerT], HandlerT]:
    """Return a decorator that limits how often each client may call a handler.

    Usage::

        @router.get("/api/search")
        @rate_limit("5/minute")
        async def search(request): ...

    Each client has a bucket of N tokens, refilled continuously at N per unit; a call takes one. Each decorated handler
    has buckets of its own, in the memory of its process. It stands below the route's decorator.

    Args:
        rate: ``"N/second"``, ``"N/minute"`` or ``"N/hour"``, N from 1 to 1,000,000,000.
        key_func: takes the request, returns the ``str`` that names the client; by default the client's host. Behind a
            reverse proxy that is the proxy's: let the server take the client's address from the proxy (uvicorn:
            ``--proxy-headers``), or name the client here.

    Raises:
        ValueError: *rate* is anything else.
        TypeError: the decorated handler takes no request, or a router has it already, without the limit.

    For a call too many the handler raises ``HTTPError(429, "Rate limit exceeded")``, with ``Retry-After`` in whole
    seconds.

    """
    capacity, period = _parse(rate)

    def decorate(handler: HandlerT) -> HandlerT:
        if is_routed(handler):
            raise TypeError(
                f"the router has {name_of(handler)} already, without the limit: put @rate_limit below @router.get(...)"
            )
        buckets = engine.TokenBuckets(capacity, period)
        take = buckets.take_by_client if key_func is None else _take_by_key(buckets, key_func)
        request = _request_parameter(handler)
        if inspect.iscoroutinefunction(handler):
            return returns_coroutine(guarded(handler, take, _refuse_when_awaited, request))
        return guarded(handler, take, _refuse, request)

    return decorate


def _take_by_key(buckets: TokenBuckets, key_func: Callable[[Any], str]) -> _Take:
    def take(request: Any) -> int:
        key = key_func(request)
        if not isinstance(key, str):
            raise TypeError(f"key_func must return str, not {type(key).__name__}")
        return buckets.take(key)

    return take


class RateLimitError(HTTPError):
    """A call too many: the ``HTTPError`` 429 that says in ``Retry-After`` when to come again.

    A server under attack refuses many, so what the answer says is made only when it is asked for.
    """

    status_code = 429
    detail = "Rate limit exceeded"

    __init__ = Exception.__init__  # takes the nanoseconds to wait; one Python call less

    @functools.cached_property
    def headers(self) -> dict[str, str]:  # type: ignore[override]
        """``Retry-After`` in whole seconds, rounded up (RFC 9110 section 10.2.3)."""
        return {"Retry-After": str(-(-self.args[0] // _NANOSECONDS))}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args


def _refuse(wait: int) -> NoReturn:
    raise RateLimitError(wait)


async def _refuse_when_awaited(wait: int) -> NoReturn:
    raise RateLimitError(wait)


def _parse(rate: object) -> tuple[int, int]:
    match = _RATE.match(rate) if isinstance(rate, str) else None
    capacity = int(match[1]) if match else 0
    if not match or capacity > 10**9:
        raise ValueError(
            'rate must be "N/second", "N/minute" or "N/hour" with N from 1 to 1000000000, like "5/minute"; '
            f"not {rate!r:.80}"
        )
    return capacity, _PERIODS[match[2]]


def _request_parameter(handler: Callable[..., Any]) -> str:
    parameters = list(inspect.signature(handler).parameters.values())
    if any(parameter.name == "request" for parameter in parameters):
        return "request"
    if parameters and parameters[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        return parameters[0].name
    raise TypeError(f"a rate-limited handler takes the request: {name_of(handler)}(request)")
