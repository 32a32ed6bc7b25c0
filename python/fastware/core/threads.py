"""Runs blocking dependencies in a worker thread instead of on the event loop."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from typing import Any

from fastware._internal.coroutines import is_generator_function
from fastware._internal.framework_dependency import Dependency
from fastware._internal.names import name_of
from fastware._internal.threads import run_in_thread, run_in_thread_even_if_cancelled
from fastware.core.callables import is_awaitable, is_kind


def in_thread(factory: Callable[..., Any]) -> Callable[..., Any]:
    """Return the dependency *factory*, run in a worker thread.

    A plain ``def`` dependency runs on the event loop, which is fast as long as the dependency does not block. One that
    reads a file or a database should run in a thread::

        @router.get("/report", deps={"report": in_thread(load_report)})

    Two results for one *factory* are equal: as dependencies of one handler, they run once. An override of *factory*
    replaces them too.

    Args:
        factory: a function, or a generator function whose two halves each run in a thread.

    Raises:
        TypeError: *factory* is ``async``, and must not block anyway.

    """
    function = factory.plain if isinstance(factory, Dependency) else factory
    if is_kind(inspect.iscoroutinefunction, function) or is_kind(inspect.isasyncgenfunction, function):
        raise TypeError(f"in_thread takes a plain function, and {name_of(factory)} is async")
    kind = _GeneratorInThread if is_kind(is_generator_function, function) else _FunctionInThread
    return kind(factory, function)


class InThread:
    """A dependency that runs another one in a worker thread. It is equal to every other of the same *factory*."""

    __call__: Callable[..., Any]

    def __init__(self, factory: Callable[..., Any], function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.factory = factory
        self._function = function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InThread) and self.factory == other.factory

    def __hash__(self) -> int:
        return hash(name_of(self.factory))  # the factory may have no hash, like an instance of a dataclass

    def __repr__(self) -> str:
        return f"<{name_of(self.factory)} in a thread>"


class _FunctionInThread(InThread):
    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        value = await run_in_thread(self._function, *args, **kwargs)
        return await value if is_awaitable(value) else value


class _GeneratorInThread(InThread):
    async def __call__(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        context = contextmanager(self._function)(*args, **kwargs)
        value = await run_in_thread(context.__enter__)
        try:
            yield value
        except BaseException as error:
            if not await run_in_thread_even_if_cancelled(context.__exit__, type(error), error, error.__traceback__):
                raise
        else:
            await run_in_thread_even_if_cancelled(context.__exit__, None, None, None)
