"""The lifespan of an application: opens the state of all requests at startup, and closes it at shutdown."""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

from fastware._internal.request_parameter import named_parameters
from fastware.asgi import Receive, Scope, Send

Lifespan: TypeAlias = Callable[..., Any]
"""An async context manager function, or a plain async generator function, that yields the state: a mapping or ``None``.

It takes the application, or nothing.
"""

logger = logging.getLogger("fastware")


async def run(lifespan: Lifespan | None, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the lifespan protocol. The state goes into ``app.state``, and into the scope if the server supports that."""
    await receive()
    is_started = False
    try:
        async with _context(lifespan, app) as state:
            app.state.update(_checked(state))
            if "state" in scope:
                scope["state"].update(app.state)
            await send({"type": "lifespan.startup.complete"})
            is_started = True
            await receive()
    except Exception as error:
        phase = "shutdown" if is_started else "startup"
        logger.exception("The lifespan failed at %s", phase)
        await send({"type": f"lifespan.{phase}.failed", "message": f"{type(error).__name__}, see the log"})
        return
    await send({"type": "lifespan.shutdown.complete"})


def _checked(state: Any) -> Mapping[str, Any]:
    if state is None:
        return {}
    if not isinstance(state, Mapping):
        raise TypeError(f"the lifespan yielded {type(state).__name__}; yield a dict, or nothing")
    return state


def _context(lifespan: Lifespan | None, app: Any) -> AbstractAsyncContextManager[Any]:
    if lifespan is None:
        return _nothing()
    make = asynccontextmanager(lifespan) if inspect.isasyncgenfunction(lifespan) else lifespan
    context: AbstractAsyncContextManager[Any] = make(app) if named_parameters(lifespan) else make()
    return context


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield None
