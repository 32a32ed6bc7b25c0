"""An endpoint: a handler with its dependencies, ready to answer requests."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from contextlib import AsyncExitStack
from typing import Any

from fastware.dependencies import Dependencies, Factory, Provider, is_kind, name_of, parameters_of, refuse_kind
from fastware.request import Request
from fastware.responses import JSONResponse, Response, TextResponse
from fastware.routing import Handler, Route


class Endpoint:
    """A route's handler, and what to give it."""

    __slots__ = ("_handler", "_is_async", "_names", "_needs_cleanup", "_overrides", "_providers", "_request_name")

    def __init__(self, route: Route, overrides: dict[Factory, Factory]) -> None:
        handler = route.handler
        refuse_kind(handler, inspect.Parameter.POSITIONAL_ONLY)
        self._handler = handler
        self._is_async = is_kind(inspect.iscoroutinefunction, handler)
        self._overrides = overrides
        self._providers = _providers(route.dependencies)
        self._needs_cleanup = any(provider.is_generator for provider, _ in self._providers)
        offered = {*route.parameter_names, *route.dependencies}
        self._request_name = _request_name(handler, offered)
        self._names = _names_taken(handler, offered, self._request_name, route.path)

    async def respond(self, request: Request) -> Response:
        """Make the dependencies, call the handler, clean up, and return the response."""
        if not self._needs_cleanup and not self._overrides:
            return await self._respond(request, None)
        response = None
        async with AsyncExitStack() as cleanups:
            response = await self._respond(request, cleanups)
        if response is None:
            raise RuntimeError(f"a dependency of {name_of(self._handler)} swallowed the error that was raised in it")
        return response

    async def _respond(self, request: Request, cleanups: AsyncExitStack | None) -> Response:
        arguments = {name: value for name, value in request.path_params.items() if name in self._names}
        for provider, names in self._providers:
            override = self._overrides.get(provider.factory) if self._overrides else None
            value = await (Provider(override) if override else provider).provide(request, cleanups)
            for name in names:
                if name in self._names:
                    arguments[name] = value
        if self._request_name is not None:
            arguments[self._request_name] = request
        if self._is_async:
            result = await self._handler(**arguments)
        else:
            import asyncio  # noqa: PLC0415 - half of the import of fastware, for those who only make tokens

            # A sync handler may block: it must not hold up the event loop.
            result = await asyncio.to_thread(_call, self._handler, arguments)
            if inspect.isawaitable(result):
                result = await result
        return _as_response(result, self._handler)


def _call(handler: Handler, arguments: dict[str, Any]) -> Any:
    try:
        return handler(**arguments)
    except StopIteration as stop:
        # A future cannot hold it: whoever awaits the thread would wait for ever.
        raise RuntimeError(f"the handler {name_of(handler)} raised StopIteration") from stop


def _providers(dependencies: Dependencies) -> list[tuple[Provider, list[str]]]:
    names: dict[Factory, list[str]] = {}
    for name, factory in dependencies.items():
        names.setdefault(factory, []).append(name)
    return [(Provider(factory), factory_names) for factory, factory_names in names.items()]


def _request_name(handler: Handler, offered: Collection[str]) -> str | None:
    parameters = [parameter for parameter in parameters_of(handler) if parameter.name not in offered]
    if any(parameter.name == "request" for parameter in parameters):
        return "request"
    first = next(iter(parameters_of(handler)), None)
    is_request = first is not None and first in parameters and first.default is first.empty
    return first.name if first is not None and is_request else None


def _names_taken(handler: Handler, offered: Collection[str], request_name: str | None, path: str) -> frozenset[str]:
    parameters = parameters_of(handler)
    unknown = [
        parameter.name
        for parameter in parameters
        if parameter.name not in offered and parameter.name != request_name and parameter.default is parameter.empty
    ]
    if unknown:
        raise TypeError(
            f"the handler {name_of(handler)} of {path} takes {', '.join(unknown)}: "
            "neither the request, a path parameter nor one of its deps"
        )
    signature = inspect.signature(handler)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.parameters.values()):
        return frozenset(offered)
    return frozenset(parameter.name for parameter in parameters if parameter.name in offered)


def _as_response(result: Any, handler: Handler) -> Response:
    if isinstance(result, Response):
        return result
    if isinstance(result, (dict, list)):
        return JSONResponse(result)
    if isinstance(result, str):
        return TextResponse(result)
    if result is None:
        return Response(b"", 204)
    raise TypeError(
        f"the handler {name_of(handler)} returned {type(result).__name__}; "
        "return a Response, a dict or list (JSON), a str (text), or None (204)"
    )
