"""Rate limits: a token bucket for each client of a handler."""

from __future__ import annotations

import functools
import inspect
import re
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from fastware._engine import engine
from fastware.errors import HTTPError
from fastware.routing import is_routed

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])

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
                f"the router has {getattr(handler, '__qualname__', handler)} already, without the limit: "
                "put @rate_limit below @router.get(...)"
            )
        buckets = engine.TokenBuckets(capacity, period)
        position, name = _request_parameter(handler)

        def admit(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            request = kwargs[name] if name in kwargs else _at(position, args, name)
            wait = buckets.take(_client(request) if key_func is None else _key(key_func, request), time.monotonic_ns())
            if wait:
                raise HTTPError(429, "Rate limit exceeded", {"Retry-After": str(-(-wait // _NANOSECONDS))})

        if inspect.iscoroutinefunction(handler):

            @functools.wraps(handler)
            async def limited_async(*args: Any, **kwargs: Any) -> Any:
                admit(args, kwargs)
                return await handler(*args, **kwargs)

            return limited_async  # type: ignore[return-value]

        @functools.wraps(handler)
        def limited(*args: Any, **kwargs: Any) -> Any:
            admit(args, kwargs)
            return handler(*args, **kwargs)

        return limited  # type: ignore[return-value]

    return decorate


def _parse(rate: object) -> tuple[int, int]:
    match = _RATE.match(rate) if isinstance(rate, str) else None
    capacity = int(match[1]) if match else 0
    if not match or capacity > 10**9:
        raise ValueError(
            'rate must be "N/second", "N/minute" or "N/hour" with N from 1 to 1000000000, like "5/minute"; '
            f"not {rate!r:.80}"
        )
    return capacity, _PERIODS[match[2]]


def _request_parameter(handler: Callable[..., Any]) -> tuple[int, str]:
    parameters = list(inspect.signature(handler).parameters.values())
    names = [parameter.name for parameter in parameters]
    if "request" in names:
        return names.index("request"), "request"
    if parameters and parameters[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        return 0, names[0]
    raise TypeError(f"a rate-limited handler takes the request: {getattr(handler, '__qualname__', handler)}(request)")


def _at(position: int, args: tuple[Any, ...], name: str) -> Any:
    if position < len(args):
        return args[position]
    raise TypeError(f"a rate-limited handler was called without its {name}")


def _client(request: Any) -> str:
    client = request.scope.get("client")
    host = client[0] if client else None
    return host if isinstance(host, str) and host else "unknown"


def _key(key_func: Callable[[Any], str], request: Any) -> str:
    key = key_func(request)
    if not isinstance(key, str):
        raise TypeError(f"key_func must return str, not {type(key).__name__}")
    return key
