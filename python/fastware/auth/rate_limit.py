"""``rate_limit``: a token bucket for each client of a handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, Self, TypeVar, cast, overload

from fastware._internal.coroutines import returns_coroutine
from fastware.auth.rates import parse_rate

if TYPE_CHECKING:
    from fastware.auth.buckets.base import Buckets, LimitBuckets
    from fastware.auth.limit_headers import LimitHeaders
    from fastware.auth.limits import RateLimit

ParametersT = ParamSpec("ParametersT")
FurtherT = ParamSpec("FurtherT")
ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)


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


def rate_limit(
    rate: str,
    key_func: Callable[[Any], str] | None = None,
    *,
    buckets: Buckets | None = None,
    cost: int = 1,
    headers: bool = False,
    name: str | None = None,
) -> Decorator:
    """Return a decorator that limits how often each client may call a handler.

    Usage::

        @app.get("/api/search")
        @rate_limit("5/minute")
        async def search(q: str): ...

    Each client has a bucket of N tokens, refilled continuously at N per period; a call takes *cost* tokens. Put the
    decorator below that of the route.

    The handler may be one of FastAPI, Starlette, Litestar or fastware's core, or a dependency there. A parameter for
    the request is found by its annotation, then by its name; without one, the framework fills a hidden parameter.

    The decorated handler has an attribute ``limit``, a :class:`~fastware.auth.limits.RateLimit`:
    ``search.limit.reset()`` refills its buckets, and ``search.limit.disabled = True`` disables the limit.

    Args:
        rate: ``"N/second"``, ``"N/minute"``, ``"N/hour"`` or ``"N/day"``, N from 1 to 1,000,000,000. The period may
            also be several units, as in ``"10/15 seconds"``, at most 104 days.
        key_func: takes the request and returns the ``str`` that identifies the client; by default the client's host.
            Behind a reverse proxy that is the proxy's host: see ``client_address``.
        buckets: where the calls are counted: ``SharedBuckets(path)`` for all processes of a machine,
            ``RedisBuckets(url)`` for many machines. By default each process counts in its own memory.
        cost: tokens that a call takes, 1 to N.
        headers: responses have the headers ``RateLimit`` and ``RateLimit-Policy``
            (draft-ietf-httpapi-ratelimit-headers).
        name: identifies the limit in shared *buckets*, where limits of one name share their counts, and in the headers.
            By default it is the module and the name of the handler, and ``"default"`` in the headers.

    Raises:
        ValueError: *rate*, *cost* or *name* is invalid; or the limit needs a *name* in shared *buckets*, because the
            name of the handler is not the same in all processes, or another limit has it.
        TypeError: an argument has another type; or the decorated object is not a handler, or already has a route, which
            the limit would not affect.

    A call without enough tokens raises ``HTTPError(429, "Rate limit exceeded")`` with ``Retry-After`` in whole seconds,
    and is an audit event, ``rate_limited``.

    If several worker processes count in their own memory, the first such limit causes a ``PerProcessLimitWarning``.

    """
    capacity, period = parse_rate(rate)
    _check(rate, capacity, buckets, cost, headers, name)

    def decorate(handler: Callable[ParametersT, ResultT_co]) -> LimitedHandler[ParametersT, ResultT_co]:
        # With these imports, that of fastware.auth would take a quarter longer.
        from fastware._internal import decorated  # noqa: PLC0415
        from fastware.auth.limited_handler import limited, limited_around  # noqa: PLC0415
        from fastware.auth.limits import RateLimit, reject, reject_when_awaited  # noqa: PLC0415

        decorated.check_is_handler(handler)
        opened = _open(buckets, capacity, period, handler, name)
        limit = RateLimit(opened, key_func, cost, _headers(name, capacity, period) if headers else None)
        function: Any
        if limit.blocks or headers:
            from fastware.auth.limit_calls import around  # noqa: PLC0415 - only these limits need it

            function = limited_around(handler, around(handler, limit), has_headers=headers)
        else:
            rejected = reject_when_awaited if decorated.always_returns_coroutine(handler) else reject
            function = limited(handler, limit, limit.take(), rejected)
        if decorated.is_async(handler):
            returns_coroutine(function)
        function.limit = limit
        return cast(LimitedHandler[ParametersT, ResultT_co], function)

    return decorate


def _check(rate: str, capacity: int, buckets: object, cost: object, headers: object, name: object) -> None:
    if buckets is not None or name is not None:
        from fastware.auth.limit_names import check_buckets, check_name  # noqa: PLC0415

        if buckets is not None:
            check_buckets(buckets)
        if name is not None:
            check_name(name)
    if isinstance(cost, bool) or not isinstance(cost, int):
        raise TypeError(f"cost must be int, not {type(cost).__name__}")
    if not 1 <= cost <= capacity:
        raise ValueError(f"cost must be 1 to {capacity}, the tokens of the rate {rate!r}; not {cost}")
    if not isinstance(headers, bool):
        raise TypeError(f"headers must be bool, not {type(headers).__name__}")


def _open(
    buckets: Buckets | None, capacity: int, period: int, handler: Callable[..., Any], name: str | None
) -> LimitBuckets:
    if buckets is None:
        from fastware.auth.buckets.memory import MemoryBuckets  # noqa: PLC0415
        from fastware.auth.worker_processes import warn_of_several  # noqa: PLC0415

        warn_of_several("rate_limit")
        return MemoryBuckets(capacity, period)
    from fastware.auth.limit_names import default_name  # noqa: PLC0415

    return buckets.open(default_name(handler, buckets) if name is None else name, capacity, period)


def _headers(name: str | None, capacity: int, period: int) -> LimitHeaders:
    from fastware.auth.limit_headers import LimitHeaders  # noqa: PLC0415

    return LimitHeaders("default" if name is None else name, capacity, period)
