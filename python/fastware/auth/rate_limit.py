"""Rate limits: a token bucket for each client of a handler."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Concatenate, Final, NoReturn, ParamSpec, Protocol, Self, TypeVar, cast, overload

from fastware._engine import engine
from fastware._internal.coroutines import returns_coroutine
from fastware._internal.framework_errors import adopt_framework_errors
from fastware._internal.names import name_of
from fastware.errors import HTTPError

ParametersT = ParamSpec("ParametersT")
FurtherT = ParamSpec("FurtherT")
ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)

_NANOSECONDS: Final = 10**9
_PERIODS: Final = {"second": _NANOSECONDS, "minute": 60 * _NANOSECONDS, "hour": 3_600 * _NANOSECONDS}
_RATE: Final = re.compile(r"([1-9][0-9]{0,9})/(second|minute|hour)\Z")


class RateLimit:
    """The rate limit of one handler: its ``limit`` attribute.

    Attributes:
        disabled: set it to ``True`` to let every call pass, for example in a test suite.

    """

    __slots__ = ("_buckets", "disabled", "take")

    def __init__(self, capacity: int, period: int, key_func: Callable[[Any], str] | None) -> None:
        self.disabled = False
        self._buckets = engine.TokenBuckets(capacity, period)
        self.take: Callable[[Any], int] = (
            self._buckets.take_by_client if key_func is None else _take_by_key(self._buckets.take, key_func)
        )

    def reset(self, key: str | None = None) -> None:
        """Refill the bucket of *key*, or every bucket.

        Args:
            key: what ``key_func`` returns for the client; without a ``key_func``, the client's host.

        """
        self._buckets.reset(key)


class LimitedHandler(Protocol[ParametersT, ResultT_co]):
    """A handler with a rate limit."""

    limit: RateLimit

    def __call__(self, *args: ParametersT.args, **kwargs: ParametersT.kwargs) -> ResultT_co:
        """Take a token, and call the handler."""
        ...

    @overload
    def __get__(self, instance: None, owner: type | None = None, /) -> Self: ...
    @overload
    def __get__(
        self: LimitedHandler[Concatenate[Any, FurtherT], ResultT], instance: object, owner: type | None = None, /
    ) -> LimitedHandler[FurtherT, ResultT]: ...


class Decorator(Protocol):
    """What :func:`rate_limit` returns."""

    def __call__(self, handler: Callable[ParametersT, ResultT_co], /) -> LimitedHandler[ParametersT, ResultT_co]:
        """Return *handler* behind its limit."""
        ...


def rate_limit(rate: str, key_func: Callable[[Any], str] | None = None) -> Decorator:
    """Return a decorator that limits how often each client may call a handler.

    Usage::

        @app.get("/api/search")
        @rate_limit("5/minute")
        async def search(q: str): ...

    Each client has a bucket of N tokens, refilled continuously at N per unit; a call takes one token. Each decorated
    handler has its own buckets, in the memory of the process. Put the decorator below that of the route.

    The handler may be one of FastAPI, Starlette, Litestar or fastware's core, or a dependency there. A parameter for
    the request is found by its annotation, then by its name; without one, the framework fills a hidden parameter.

    The decorated handler has an attribute ``limit``, a :class:`RateLimit`: ``search.limit.reset()`` refills its
    buckets, and ``search.limit.disabled = True`` disables the limit.

    Args:
        rate: ``"N/second"``, ``"N/minute"`` or ``"N/hour"``, N from 1 to 1,000,000,000.
        key_func: takes the request and returns the ``str`` that identifies the client; by default the client's host.
            Behind a reverse proxy that is the proxy's host: configure the server to read the client's address from the
            proxy, or identify the client here.

    Raises:
        ValueError: *rate* is invalid.
        TypeError: the decorated object is no handler, or already has a route, which the limit would not affect.

    A call without a token raises ``HTTPError(429, "Rate limit exceeded")`` with ``Retry-After`` in whole seconds, and
    is an audit event, ``rate_limited``.

    """
    capacity, period = parse_rate(rate)

    def decorate(handler: Callable[ParametersT, ResultT_co]) -> LimitedHandler[ParametersT, ResultT_co]:
        # With these imports, that of fastware.auth would take a quarter longer.
        from fastware._internal import decorated  # noqa: PLC0415
        from fastware.auth.limited_handler import limited  # noqa: PLC0415

        decorated.check_is_handler(handler)
        limit = RateLimit(capacity, period, key_func)
        reject: Any = _reject_when_awaited if decorated.always_returns_coroutine(handler) else _reject
        function: Any = limited(handler, limit, limit.take, reject)
        if decorated.is_async(handler):
            returns_coroutine(function)
        function.limit = limit
        return cast(LimitedHandler[ParametersT, ResultT_co], function)

    return decorate


def _take_by_key(take: Callable[[str], int], key_func: Callable[[Any], str]) -> Callable[[Any], int]:
    def take_for(request: Any) -> int:
        if type(request) is dict:  # the scope, which Litestar passes to the hidden parameter
            from fastware._internal.connection_types import with_attributes  # noqa: PLC0415

            request = with_attributes(request)
        key = key_func(request)
        if not isinstance(key, str):
            raise TypeError(f"key_func must return str, not {type(key).__name__}")
        return take(key)

    return take_for


class RateLimitError(HTTPError):
    """The ``HTTPError`` 429 of a call without a token. Its ``Retry-After`` is computed on first use."""

    status_code = 429
    detail = "Rate limit exceeded"

    def __init__(self, wait: int) -> None:
        adopt_framework_errors(HTTPError)
        self.wait = wait

    @functools.cached_property
    def headers(self) -> dict[str, str]:  # type: ignore[override]
        """``Retry-After`` in whole seconds."""
        return retry_after(self.wait)


def _reject(wait: int, request: Any, handler: Callable[..., Any]) -> NoReturn:
    _record(request, handler)
    del request, handler  # error reporters show the local variables of a traceback's frames
    raise RateLimitError(wait)


def _reject_when_awaited(wait: int, request: Any, handler: Callable[..., Any]) -> Awaitable[NoReturn]:
    _record(request, handler)
    return _raise_when_awaited(wait)


async def _raise_when_awaited(wait: int) -> NoReturn:
    raise RateLimitError(wait)


def _record(request: Any, handler: Callable[..., Any]) -> None:
    """Record the rejected call of *handler* as an audit event."""
    audit = _audit()
    if audit.is_recorded("rate_limited"):
        scope = request if isinstance(request, Mapping) else getattr(request, "scope", None)
        address = audit.address_of(scope) if isinstance(scope, Mapping) else None
        audit.record("rate_limited", address=address, reason=name_of(handler))


@functools.cache
def _audit() -> Any:
    from fastware.auth import audit  # noqa: PLC0415 - not needed before the first event

    return audit


def parse_rate(rate: object, parameter: str = "rate") -> tuple[int, int]:
    """Return the tokens of *rate*, and the nanoseconds in which they are refilled."""
    match = _RATE.match(rate) if isinstance(rate, str) else None
    capacity = int(match[1]) if match else 0
    if not match or capacity > 10**9:
        raise ValueError(
            f'{parameter} must be "N/second", "N/minute" or "N/hour" with N from 1 to 1000000000, like "5/minute"; '
            f"not {rate!r:.80}"
        )
    return capacity, _PERIODS[match[2]]


def retry_after(wait: int) -> dict[str, str]:
    """Return the header for a *wait* in nanoseconds: whole seconds, rounded up (RFC 9110 section 10.2.3)."""
    return {"Retry-After": str(-(-wait // _NANOSECONDS))}
