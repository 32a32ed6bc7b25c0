"""The rate limit of one handler, and the error of a call that it rejects."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from fastware._internal.framework_errors import adopt_framework_errors
from fastware._internal.names import name_of
from fastware.auth.buckets.memory import MemoryBuckets
from fastware.auth.rates import retry_after
from fastware.errors import HTTPError

if TYPE_CHECKING:
    from fastware.auth.buckets.base import LimitBuckets
    from fastware.auth.limit_headers import LimitHeaders

ResultT = TypeVar("ResultT")


class RateLimit:
    """The rate limit of one handler: its ``limit`` attribute.

    Attributes:
        disabled: set it to ``True`` to let every call pass, for example in a test suite.
        is_shared: other processes may count in the same buckets.

    """

    __slots__ = ("_buckets", "_cost", "_headers", "_key_func", "disabled", "is_shared")

    def __init__(
        self, buckets: LimitBuckets, key_func: Callable[[Any], str] | None, cost: int, headers: LimitHeaders | None
    ) -> None:
        self.disabled = False
        self.is_shared = not isinstance(buckets, MemoryBuckets)
        self._buckets = buckets
        self._key_func = key_func
        self._cost = cost
        self._headers = headers

    def reset(self, key: str | None = None) -> None:
        """Refill the bucket of *key*, or every bucket.

        Args:
            key: what ``key_func`` returns for the client; without a ``key_func``, the client's host.

        """
        self._buckets.reset(key)

    async def areset(self, key: str | None = None) -> None:
        """Do what :meth:`reset` does, without blocking the event loop."""
        await self._buckets.areset(key)

    @property
    def blocks(self) -> bool:
        """Whether taking a token may wait for a server or another process."""
        return self._buckets.blocks

    @property
    def has_headers(self) -> bool:
        """Whether responses have the headers ``RateLimit`` and ``RateLimit-Policy``."""
        return self._headers is not None

    def take(self) -> Callable[[Any], int]:
        """Return the function that takes the tokens of a request, and returns the nanoseconds to wait."""
        fast = self._buckets.engine_buckets
        if fast is None or self._buckets.blocks:
            return self._reading_key(self._buckets.take)
        if self._key_func is None:
            return _with_cost(fast.take_by_client, self._cost)
        return self._reading_key(fast.take)

    def count(self) -> Callable[[Any], int | tuple[int, int, int]]:
        """Return the function that takes the tokens of a request, and returns what :meth:`admit` reads."""
        take = self._buckets.take_counted if self._headers else self._buckets.take
        return self._reading_key(take)

    def acount(self) -> Callable[[Any], Awaitable[int | tuple[int, int, int]]]:
        """Return what :meth:`count` does, for an event loop."""
        take = self._buckets.atake_counted if self._headers else self._buckets.atake
        return self._reading_key(take)

    def _reading_key(self, take: Callable[..., ResultT]) -> Callable[[Any], ResultT]:
        take = _with_cost(take, self._cost)
        return _by_host(take) if self._key_func is None else _by_key(take, self._key_func)

    def admit(self, counted: Any, request: Any, handler: Callable[..., Any]) -> dict[str, str]:
        """Return the headers of the response, or raise :class:`RateLimitError` if there were no tokens."""
        wait, headers = (counted[0], self._headers.record(counted, request)) if self._headers else (counted, {})
        if wait:
            record_rejection(request, handler)
            del request, handler  # error reporters show the local variables of a traceback's frames
            raise RateLimitError(wait, headers)
        return headers


def client_host(request: Any) -> str:
    """Return the host that *request* comes from, or ``"unknown"``: the key of a limit without a ``key_func``."""
    scope: Any = request if type(request) is dict else request.scope
    client = scope.get("client")
    host = client[0] if client else None
    return host if isinstance(host, str) and host else "unknown"


def _with_cost(take: Callable[..., ResultT], cost: int) -> Callable[[Any], ResultT]:
    return take if cost == 1 else functools.partial(take, cost=cost)


def _by_host(take: Callable[[str], ResultT]) -> Callable[[Any], ResultT]:
    return lambda request: take(client_host(request))


def _by_key(take: Callable[[str], ResultT], key_func: Callable[[Any], str]) -> Callable[[Any], ResultT]:
    def take_for(request: Any) -> ResultT:
        if type(request) is dict:  # the scope, which Litestar passes to the hidden parameter
            from fastware._internal.connection_types import with_attributes  # noqa: PLC0415

            request = with_attributes(request)
        key = key_func(request)
        if not isinstance(key, str):
            raise TypeError(f"key_func must return str, not {type(key).__name__}")
        return take(key)

    return take_for


class RateLimitError(HTTPError):
    """The ``HTTPError`` 429 of a call without a token. Its headers are computed on first use."""

    status_code = 429
    detail = "Rate limit exceeded"

    def __init__(self, wait: int, headers: Mapping[str, str] | None = None) -> None:
        adopt_framework_errors(HTTPError)
        self.wait = wait
        if headers:
            self.headers = {**retry_after(wait), **headers}

    @functools.cached_property
    def headers(self) -> dict[str, str]:  # type: ignore[override]
        """``Retry-After`` in whole seconds, and the headers of the limit."""
        return retry_after(self.wait)


def reject(wait: int, request: Any, handler: Callable[..., Any]) -> NoReturn:
    """Raise :class:`RateLimitError`."""
    record_rejection(request, handler)
    del request, handler  # error reporters show the local variables of a traceback's frames
    raise RateLimitError(wait)


def reject_when_awaited(wait: int, request: Any, handler: Callable[..., Any]) -> Awaitable[NoReturn]:
    """Return a coroutine that raises :class:`RateLimitError`."""
    record_rejection(request, handler)
    return _raise_when_awaited(wait)


async def _raise_when_awaited(wait: int) -> NoReturn:
    raise RateLimitError(wait)


def record_rejection(request: Any, handler: Callable[..., Any]) -> None:
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
