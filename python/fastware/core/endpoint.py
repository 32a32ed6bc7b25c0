"""An endpoint: a handler and its dependencies."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from contextlib import AsyncExitStack
from typing import Any

from fastware._internal.names import name_of
from fastware._internal.request_parameter import named_parameters, request_parameter, takes_any_keyword
from fastware._internal.threads import run_in_thread
from fastware.core.dependencies import (
    Dependencies,
    Factory,
    Provider,
    check_no_parameter_of_kind,
    is_awaitable,
    is_kind,
)
from fastware.core.request import Request
from fastware.core.responses import JSONResponse, Response, TextResponse
from fastware.core.routing import Handler, Route


class Endpoint:
    """A route's handler, and how its arguments are made."""

    __slots__ = ("_handler", "_is_async", "_is_plain", "_names", "_overrides", "_providers", "_request_name")

    def __init__(self, route: Route, overrides: dict[Factory, Factory]) -> None:
        handler = route.handler
        check_no_parameter_of_kind(handler, inspect.Parameter.POSITIONAL_ONLY)
        self._handler = handler
        self._is_async = is_kind(inspect.iscoroutinefunction, handler)
        self._overrides = overrides
        supplied = {*route.parameter_names, *route.dependencies}
        request = request_parameter(handler, supplied)
        self._request_name = request.name if request else None
        self._names = _names_taken(handler, supplied, self._request_name, route.path)
        self._providers = _providers(route.dependencies, self._names)
        self._is_plain = not any(provider.is_generator for provider, _ in self._providers)

    async def respond(self, request: Request) -> Response:
        """Make the dependencies, call the handler, clean up, and return the response."""
        arguments = {self._request_name: request} if self._request_name else {}
        if request.path_params:
            arguments |= {name: value for name, value in request.path_params.items() if name in self._names}
        if not self._is_plain or self._overrides:
            return await self._respond_and_clean_up(request, arguments)
        for provider, names in self._providers:
            value = provider.factory(request) if provider.takes_request else provider.factory()
            if is_awaitable(value):
                value = await value
            for name in names:
                arguments[name] = value
        result = self._call(arguments)
        return as_response(await result if is_awaitable(result) else result, self._handler)

    async def _respond_and_clean_up(self, request: Request, arguments: dict[str, Any]) -> Response:
        response = None
        async with AsyncExitStack() as cleanups:
            for provider, names in self._providers:
                override = self._overrides.get(provider.factory)
                value = await (Provider(override) if override else provider).provide(request, cleanups)
                arguments |= dict.fromkeys(names, value)
            result = self._call(arguments)
            response = as_response(await result if is_awaitable(result) else result, self._handler)
        if response is None:
            raise RuntimeError(f"a dependency of {name_of(self._handler)} suppressed the error that was raised in it")
        return response

    def _call(self, arguments: dict[str, Any]) -> Any:
        # A handler that is only marked as async (`functools.wraps` copies the mark) may return a plain value.
        return self._handler(**arguments) if self._is_async else _call_in_thread(self._handler, arguments)


async def _call_in_thread(handler: Handler, arguments: dict[str, Any]) -> Any:
    result = await run_in_thread(handler, **arguments)
    return await result if is_awaitable(result) else result


def _providers(dependencies: Dependencies, taken: Collection[str]) -> list[tuple[Provider, list[str]]]:
    """Return each factory once, with the names of the handler's parameters that get its value."""
    names: dict[Factory, list[str]] = {}
    for name, factory in dependencies.items():
        names.setdefault(factory, []).extend([name] if name in taken else [])
    return [(Provider(factory), factory_names) for factory, factory_names in names.items()]


def _names_taken(handler: Handler, supplied: Collection[str], request_name: str | None, path: str) -> frozenset[str]:
    """Return the supplied names that *handler* has parameters for."""
    parameters = named_parameters(handler)
    unknown = [
        parameter.name
        for parameter in parameters
        if parameter.name not in supplied and parameter.name != request_name and parameter.default is parameter.empty
    ]
    if unknown:
        raise TypeError(
            f"the handler {name_of(handler)} of {path} takes {', '.join(unknown)}: "
            "neither the request, a path parameter nor one of its deps"
        )
    if takes_any_keyword(handler):
        return frozenset(supplied)
    return frozenset(parameter.name for parameter in parameters if parameter.name in supplied)


def as_response(result: Any, handler: Handler) -> Response:
    """Return the response for the *result* of *handler*."""
    if isinstance(result, (dict, list)):
        return JSONResponse(result)
    if isinstance(result, Response):
        return result
    if isinstance(result, str):
        return TextResponse(result)
    if result is None:
        return Response(b"", 204)
    raise TypeError(
        f"the handler {name_of(handler)} returned {type(result).__name__}; "
        "return a Response, a dict or list (JSON), a str (text), or None (204)"
    )
