"""The value of an override that takes parameters or yields, as FastAPI resolves it. This module imports FastAPI."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from fastapi import Depends
from fastapi.dependencies.utils import get_dependant, solve_dependencies
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError


async def injected_value(override: Callable[..., Any], connection: Any) -> Any:
    """Return what FastAPI would inject for ``Depends(override)``.

    Raises:
        RequestValidationError: the request lacks a parameter of *override*.
        WebSocketRequestValidationError: the same for a WebSocket.

    """

    # FastAPI has no public call for this. Its two functions have had these parameters since 0.112.
    def injected(value: Any = Depends(override)) -> None: ...  # noqa: B008

    path = "".join(f"/{{{name}}}" for name in connection.path_params)
    async with AsyncExitStack() as stack:
        solved = await solve_dependencies(
            request=connection,
            dependant=get_dependant(path=path, call=injected),
            dependency_overrides_provider=connection.scope["app"],
            async_exit_stack=stack,
            embed_body_fields=False,
        )
        if not solved.errors:
            return solved.values["value"]
    if connection.scope["type"] == "websocket":
        raise WebSocketRequestValidationError(solved.errors)
    raise RequestValidationError(solved.errors)
