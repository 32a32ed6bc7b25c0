"""Completes a call, even if its task is cancelled."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


async def complete(function: Callable[..., Awaitable[ResultT]], /, *args: Any) -> ResultT:
    """Return ``await function(*args)``, which goes on if the task is cancelled (asyncio or trio)."""
    import asyncio  # noqa: PLC0415 - see fastware._internal.threads

    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_task():
        with trio.CancelScope(shield=True):
            return await function(*args)
    return await asyncio.shield(asyncio.ensure_future(function(*args)))
