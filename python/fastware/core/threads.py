"""Runs blocking dependencies in a worker thread instead of on the event loop."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from typing import Any

from fastware._internal.names import name_of
from fastware._internal.threads import run_in_thread, run_in_thread_even_if_cancelled
from fastware.core.dependencies import is_awaitable, is_generator_function, is_kind


def in_thread(factory: Callable[..., Any]) -> Callable[..., Any]:
    """Return the dependency *factory*, run in a worker thread.

    A plain ``def`` dependency runs on the event loop, which is fast as long as the dependency does not block. One that
    reads a file or a database should run in a thread::

        @router.get("/report", deps={"report": in_thread(load_report)})

    Args:
        factory: a function, or a generator function whose two halves each run in a thread.

    Raises:
        TypeError: *factory* is ``async``, and must not block anyway.

    """
    if is_kind(inspect.iscoroutinefunction, factory) or is_kind(inspect.isasyncgenfunction, factory):
        raise TypeError(f"in_thread takes a plain function, and {name_of(factory)} is async")
    if is_kind(is_generator_function, factory):
        return _generator_in_threads(factory)

    @functools.wraps(factory)
    async def function_in_thread(*args: Any) -> Any:
        value = await run_in_thread(factory, *args)
        return await value if is_awaitable(value) else value

    return function_in_thread


def _generator_in_threads(factory: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(factory)
    async def generator_in_threads(*args: Any) -> AsyncIterator[Any]:
        context = contextmanager(factory)(*args)
        value = await run_in_thread(context.__enter__)
        try:
            yield value
        except BaseException as error:
            if not await run_in_thread_even_if_cancelled(context.__exit__, type(error), error, error.__traceback__):
                raise
        else:
            await run_in_thread_even_if_cancelled(context.__exit__, None, None, None)

    return generator_in_threads
