"""An endpoint: a handler and its dependencies, of a request or of a WebSocket."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Collection
from contextlib import AsyncExitStack
from typing import Any

from fastware._internal.http_syntax import raw_header
from fastware._internal.limit_scope import ADDS_HEADERS, headers_of
from fastware._internal.names import name_of
from fastware._internal.request_parameter import named_parameters, request_parameter, takes_any_keyword
from fastware._internal.threads import run_in_thread
from fastware.asgi import Scope
from fastware.core.callables import is_awaitable, is_kind
from fastware.core.connection import Connection
from fastware.core.dependencies import (
    Dependencies,
    Factory,
    Provider,
    check_no_parameter_of_kind,
    hidden_names,
    is_hidden,
    provide_override,
)
from fastware.core.request import Request
from fastware.core.responses import JSONResponse, Response, TextResponse
from fastware.core.routing import WEBSOCKET, Handler, Route
from fastware.core.websocket import WebSocket, websocket_parameter


class Endpoint:
    """A route's handler, and how its arguments are made."""

    __slots__ = (
        "_adds_headers",
        "_handler",
        "_is_async",
        "_is_plain",
        "_names",
        "_overrides",
        "_providers",
        "_request_name",
    )

    def __init__(self, route: Route, overrides: dict[Factory, Factory]) -> None:
        handler = route.handler
        check_no_parameter_of_kind(handler, inspect.Parameter.POSITIONAL_ONLY)
        _check_no_depends(handler, route.path)
        self._handler = handler
        self._is_async = is_kind(inspect.iscoroutinefunction, handler)
        self._overrides = overrides
        supplied = {*route.parameter_names, *route.dependencies} - {*hidden_names(handler)}
        connection_names = _connection_names(route, supplied)
        self._request_name = connection_names[0] if connection_names else None
        further = dict.fromkeys(connection_names[1:], _itself)
        self._names = _names_taken(handler, {*supplied, *further}, self._request_name, route.path)
        self._providers = _providers({**route.dependencies, **further}, self._names)
        called = [handler, *(provider.factory for provider, _ in self._providers)]
        self._adds_headers = any(getattr(each, ADDS_HEADERS, False) for each in called)
        self._is_plain = not self._adds_headers and not any(provider.is_generator for provider, _ in self._providers)

    async def respond(self, request: Request) -> Response:
        """Make the dependencies, call the handler, clean up, and return the response."""
        if not self._is_plain or self._overrides:
            return await self._respond_and_clean_up(request)
        arguments = {self._request_name: request} if self._request_name else {}
        if request.path_params:
            arguments |= {name: value for name, value in request.path_params.items() if name in self._names}
        for provider, names in self._providers:
            value = provider.call(request) if provider.takes_connection else provider.call()
            if is_awaitable(value):
                value = await value
            for name in names:
                arguments[name] = value
        result = self._call(arguments)
        return as_response(await result if is_awaitable(result) else result, self._handler)

    async def _respond_and_clean_up(self, request: Request) -> Response:
        response = None
        async with AsyncExitStack() as cleanups:
            result = self._call(await self._arguments(request, cleanups))
            response = as_response(await result if is_awaitable(result) else result, self._handler)
        if response is None:
            raise self._suppressed()
        return _with_limits(response, request.scope) if self._adds_headers else response

    async def converse(self, websocket: WebSocket) -> None:
        """Make the dependencies, call the handler, and clean up when it returns."""
        has_returned = False
        async with AsyncExitStack() as cleanups:
            result = self._handler(**await self._arguments(websocket, cleanups))
            if is_awaitable(result):
                await result
            has_returned = True
        if not has_returned:
            raise self._suppressed()

    async def _arguments(self, connection: Connection, cleanups: AsyncExitStack) -> dict[str, Any]:
        """Return the arguments of the handler, with regard to overrides."""
        arguments: dict[str, Any] = {self._request_name: connection} if self._request_name else {}
        arguments |= {name: value for name, value in connection.path_params.items() if name in self._names}
        for provider, names in self._providers:
            is_overridden, value = False, None
            if self._overrides:
                is_overridden, value = await provide_override(provider.factory, self._overrides, connection, cleanups)
            if not is_overridden:
                value = await provider.provide(connection, cleanups)
            arguments |= dict.fromkeys(names, value)
        return arguments

    def _suppressed(self) -> RuntimeError:
        return RuntimeError(f"a dependency of {name_of(self._handler)} suppressed the error that was raised in it")

    def _call(self, arguments: dict[str, Any]) -> Any:
        # A handler that is only marked as async (`functools.wraps` copies the mark) may return a plain value.
        return self._handler(**arguments) if self._is_async else _call_in_thread(self._handler, arguments)


async def _call_in_thread(handler: Handler, arguments: dict[str, Any]) -> Any:
    result = await run_in_thread(handler, **arguments)
    return await result if is_awaitable(result) else result


def _connection_names(route: Route, supplied: Collection[str]) -> list[str]:
    """Return the names of the handler's parameters that receive the request or the WebSocket."""
    found = websocket_parameter(route.handler, supplied) if route.method == WEBSOCKET else None
    found = found or request_parameter(route.handler, supplied)
    return [*([found.name] if found else []), *hidden_names(route.handler)]


def _check_no_depends(handler: Handler, path: str) -> None:
    """Raise ``TypeError`` for ``Depends(...)`` of FastAPI: the handler would be called without the dependency."""
    for parameter in named_parameters(handler):
        if is_hidden(parameter):
            continue
        marks = (parameter.default, *getattr(parameter.annotation, "__metadata__", ()))
        if any(callable(getattr(mark, "dependency", None)) for mark in marks):
            name = parameter.name
            raise TypeError(
                f"the handler {name_of(handler)} of {path} takes {name} from Depends, which only FastAPI reads: pass "
                f'deps={{"{name}": ...}} to the route'
            )


def _itself(request: Any) -> Any:
    return request


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


def _with_limits(response: Response, scope: Scope) -> Response:
    """Return a copy of *response*, which the handler may return again, with the headers of the rate limits."""
    response = copy.copy(response)
    added = [raw_header(name, value) for name, value in headers_of(scope).items()]
    response.raw_headers = [*response.raw_headers, *added]
    return response


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
