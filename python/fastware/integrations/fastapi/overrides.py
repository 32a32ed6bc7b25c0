"""Dependencies that replace others in tests, where FastAPI does not find them by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from inspect import isasyncgenfunction, isgeneratorfunction
from types import FunctionType
from typing import Any

from fastapi import Depends
from fastapi.dependencies.utils import get_dependant, solve_dependencies
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError

from fastware._internal.signatures import signature_of


def find_override(dependencies: Iterable[Callable[..., Any]], connection: Any) -> Callable[..., Any] | None:
    """Return what replaces the first of *dependencies* that the application of *connection* replaces, or ``None``."""
    overrides = getattr(connection.scope.get("app"), "dependency_overrides", None)
    if not overrides:
        return None
    return next((overrides[each] for each in dependencies if each in overrides), None)


async def value_of_override(override: Callable[..., Any], connection: Any) -> Any:
    """Return what FastAPI would inject for ``Depends(override)``.

    Raises:
        RequestValidationError: the request lacks a parameter of *override*.
        WebSocketRequestValidationError: the same for a WebSocket.

    """
    if _only_returns(override):
        value = override()
        return await value if hasattr(value, "__await__") else value
    return await _solved(override, connection)


def _only_returns(override: Callable[..., Any]) -> bool:
    """Return whether *override* is a plain function that takes nothing, and does not yield."""
    is_generator = isgeneratorfunction(override) or isasyncgenfunction(override)
    return isinstance(override, FunctionType) and not is_generator and not signature_of(override).parameters


async def _solved(override: Callable[..., Any], connection: Any) -> Any:
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
