"""How a limit that waits or adds headers is put around the call of a handler, for each kind of handler.

A limit in memory without headers needs none of these: see ``limited_handler``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from fastware._internal import decorated
from fastware.auth.limits import RateLimit

Find = Callable[[], Any]
"""Returns the request of a call."""

Call = Callable[[], Any]
"""Calls the handler."""


def around(handler: Callable[..., Any], limit: RateLimit) -> Around:
    """Return the calls of *handler* behind *limit*."""
    if decorated.always_returns_coroutine(handler):
        return _Coroutine(handler, limit)
    if not limit.blocks:
        return Around(handler, limit)
    if decorated.is_async(handler):
        return _Dependency(handler, limit)
    if decorated.is_generator(handler):
        return _Generator(handler, limit)
    return _AsyncGenerator(handler, limit) if decorated.is_async_generator(handler) else Around(handler, limit)


class Around:
    """Takes the tokens in the call, which returns what the handler returns.

    A handler that is not ``async`` runs in a thread, where taking the tokens may wait.

    Attributes:
        blocks: a call may wait, and is not ``async``.
        function: the limited handler.

    """

    function: Callable[..., Any]

    def __init__(self, handler: Callable[..., Any], limit: RateLimit) -> None:
        self.blocks = limit.blocks
        self.handler = handler
        self.limit = limit
        self._count = limit.count()

    def __call__(self, find: Find, call: Call) -> Any:
        """Return the result of *call*, or raise ``RateLimitError``."""
        if self.limit.disabled:
            return call()
        headers = self._take(find)
        result = call()
        if headers and hasattr(result, "__await__"):
            return self._awaited(result, headers, find)
        return self._finished(result, headers, find)

    def _take(self, find: Find) -> dict[str, str]:
        return self.limit.admit(self._count(find()), find(), self.handler)

    async def _awaited(self, result: Any, headers: dict[str, str], find: Find) -> Any:
        return self._finished(await result, headers, find)

    def _finished(self, result: Any, headers: dict[str, str], find: Find) -> Any:
        if not headers:
            return result
        from fastware.auth.limit_headers import with_headers  # noqa: PLC0415 - only limits with headers need it

        return with_headers(result, headers, find(), self.function)


class _AroundAwaited(Around):
    """Takes the tokens in the event loop."""

    def __init__(self, handler: Callable[..., Any], limit: RateLimit) -> None:
        super().__init__(handler, limit)
        self.blocks = False
        self._acount = limit.acount()

    async def _atake(self, find: Find) -> dict[str, str]:
        return self.limit.admit(await self._acount(find()), find(), self.handler)


class _Coroutine(_AroundAwaited):
    async def __call__(self, find: Find, call: Call) -> Any:
        headers = {} if self.limit.disabled else await self._atake(find)
        result = call()
        # A wrapper of a coroutine function may return at once.
        return self._finished(await result if hasattr(result, "__await__") else result, headers, find)


class _Dependency(_AroundAwaited):
    """A dependency of the package, which returns a coroutine to a framework, and the value in a call by hand."""

    def __call__(self, find: Find, call: Call) -> Any:
        try:
            result = call()
        except BaseException:
            if not self.limit.disabled:
                self._take(find)
            raise
        if hasattr(result, "__await__"):
            return self._later(find, result)
        if not self.limit.disabled:
            self._take(find)
        return result

    async def _later(self, find: Find, result: Any) -> Any:
        try:
            if not self.limit.disabled:
                await self._atake(find)
            return await result
        finally:
            result.close()


class _Generator(Around):
    """Takes the tokens when the generator starts, which a framework does in a thread."""

    def __call__(self, find: Find, call: Call) -> Generator[Any, Any, Any]:
        if not self.limit.disabled:
            self._take(find)
        return (yield from call())


class _AsyncGenerator(_AroundAwaited):
    """Takes the tokens when the generator starts."""

    async def __call__(self, find: Find, call: Call) -> AsyncGenerator[Any, Any]:
        if not self.limit.disabled:
            await self._atake(find)
        generator = call()
        step = generator.__anext__()
        while True:  # what `yield from` does for a generator that is not async
            try:
                value = await step
            except StopAsyncIteration:
                return
            try:
                sent = yield value
            except GeneratorExit:
                await generator.aclose()
                raise
            except BaseException as error:  # noqa: BLE001 - the generator handles it or raises it
                step = generator.athrow(error)
            else:
                step = generator.asend(sent)
