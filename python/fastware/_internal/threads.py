"""Runs blocking calls in a worker thread of the running event loop."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastware._internal.names import name_of

ResultT = TypeVar("ResultT")


def _is_in_trio() -> bool:
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_task())


async def run_in_thread(function: Callable[..., ResultT], /, *args: Any, **kwargs: Any) -> ResultT:
    """Return ``function(*args, **kwargs)``, called in a worker thread, under asyncio or trio."""
    import asyncio  # noqa: PLC0415 - a third of the import time of fastware.auth, and not needed to verify a token

    def call() -> ResultT:
        try:
            return function(*args, **kwargs)
        except StopIteration as stop:
            # A future cannot hold StopIteration: the caller would wait forever.
            raise RuntimeError(f"{name_of(function)} raised StopIteration") from stop

    if _is_in_trio():
        import trio  # noqa: PLC0415

        return await trio.to_thread.run_sync(call)
    return await asyncio.to_thread(call)


async def complete(function: Callable[..., Awaitable[ResultT]], /, *args: Any) -> ResultT:
    """Return ``await function(*args)``, which goes on if the task is cancelled, under asyncio or trio."""
    import asyncio  # noqa: PLC0415

    if _is_in_trio():
        import trio  # noqa: PLC0415

        with trio.CancelScope(shield=True):
            return await function(*args)
    return await asyncio.shield(asyncio.ensure_future(function(*args)))


async def run_in_thread_even_if_cancelled(function: Callable[..., ResultT], /, *args: Any) -> ResultT:
    """Do what :func:`run_in_thread` does, even if the task is cancelled before the thread starts."""
    return await complete(run_in_thread, function, *args)
