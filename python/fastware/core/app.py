"""The application: an ASGI callable that combines a router, middleware and a lifespan."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final, NoReturn

from fastware._internal.coroutines import returns_coroutine
from fastware.asgi import ASGIApp, Message, Middleware, Receive, Scope, Send, path_within_app
from fastware.core import lifespan as lifespan_protocol
from fastware.core.body import BODILESS, read_body
from fastware.core.dependencies import Factory
from fastware.core.endpoint import Endpoint
from fastware.core.error_responses import response_to
from fastware.core.lifespan import Lifespan
from fastware.core.mounts import Mounts, is_raised_by_mount
from fastware.core.request import Request
from fastware.core.responses import Response
from fastware.core.routing import WEBSOCKET, Router, RouteTable
from fastware.core.websocket import WebSocket
from fastware.core.websocket_errors import Watch, answer, finish
from fastware.errors import HTTPError

DEFAULT_MAX_BODY_SIZE: Final = 1024 * 1024


class App:
    """An ASGI 3 application. Make one with :func:`create_app`.

    Attributes:
        state: the state that the lifespan yielded.

    """

    def __init__(
        self,
        router: Router,
        middleware: Sequence[Middleware] | None = None,
        lifespan: Lifespan | None = None,
        max_body_size: int = DEFAULT_MAX_BODY_SIZE,
    ) -> None:
        self.state: dict[str, Any] = {}
        self._overrides: dict[Factory, Factory] = {}
        self._lifespan = lifespan
        self._max_body_size = max_body_size
        self._routes = RouteTable()
        self._websocket_routes = RouteTable()
        for route in router.routes():
            routes = self._websocket_routes if route.method == WEBSOCKET else self._routes
            routes.add(route, Endpoint(route, self._overrides))
        self._mounts = Mounts(router.mounts())
        self._handle: ASGIApp = self._route
        for wrap in reversed(middleware or ()):
            self._handle = wrap(self._handle)
        self._has_middleware = bool(middleware)

    @property
    def dependency_overrides(self) -> dict[Factory, Factory]:
        """Factories that replace others in tests.

        Usage::

            app.dependency_overrides[get_current_user] = lambda: user
        """
        return self._overrides

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: Mapping[Factory, Factory]) -> None:
        replaced = dict(overrides)
        self._overrides.clear()  # the endpoints have this dict
        self._overrides.update(replaced)

    @returns_coroutine
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection."""
        kind = scope["type"]
        if kind == "http":
            if "state" not in scope or "app" in scope:
                self._add_own_state(scope)
            serve = self._with_error_responses if self._has_middleware else self._handle
            return serve(scope, receive, send)
        if kind == "lifespan":
            return lifespan_protocol.run(self._lifespan, self, scope, receive, send)
        if kind == "websocket":
            if "state" not in scope or "app" in scope:
                self._add_own_state(scope)
            serve = self._with_websocket_errors if self._has_middleware else self._handle
            return serve(scope, receive, send)
        return self._handle(scope, receive, send)

    def _add_own_state(self, scope: Scope) -> None:
        """Add ``app.state`` to the state of *scope*.

        In a framework that sets ``scope["app"]``, this application is mounted, and the state is that of the framework.
        """
        scope["state"] = {**scope.get("state", {}), **self.state}

    async def _with_error_responses(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn an error that a middleware raises into a response, unless a response has started."""
        has_started = False

        # A coroutine function, because middleware may make a task of the coroutine that it returns.
        async def watched_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._handle(scope, receive, watched_send)
        except Exception as error:
            if has_started or is_raised_by_mount(error):
                raise
            await response_to(error, scope)(scope, receive, send)

    async def _with_websocket_errors(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reject or close the WebSocket if a middleware raises an error, unless it is rejected or closed."""
        watch = Watch(receive, send)
        try:
            await self._handle(scope, watch.receive, watch.send)
        except Exception as error:
            if watch.is_ended or is_raised_by_mount(error):
                raise
            await answer(error, scope, watch)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._route_websocket(scope, receive, send)
            return
        path = path_within_app(scope) if scope.get("root_path") else scope["path"]  # saves a call for most applications
        found = self._routes.find(scope["method"], path)
        if found is None and (mount := self._mounts.find(path)):
            await mount(scope, receive, send)
            return
        try:
            endpoint, path_params = found or self._raise_no_route(scope)
            body = b"" if scope["method"] in BODILESS else await read_body(scope, receive, self._max_body_size)
            response: Response = await endpoint.respond(Request(scope, body, path_params))
        except Exception as error:  # noqa: BLE001 - any error of a handler becomes a response
            response = response_to(error, scope)
        await response(scope, receive, send)

    async def _route_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return
        path = path_within_app(scope)
        found = self._websocket_routes.find(WEBSOCKET, path)
        if found is None and (mount := self._mounts.find(path)):
            await mount(scope, receive, send)
            return
        watch = Watch(receive, send)
        if found is None:
            await answer(HTTPError(404, "Not found"), scope, watch)
            return
        endpoint, path_params = found
        websocket = WebSocket(scope, watch.receive, watch.send, path_params)
        await finish(endpoint.converse(websocket), scope, watch)

    def _raise_no_route(self, scope: Scope) -> NoReturn:
        allowed = self._routes.allowed(path_within_app(scope))
        if allowed:
            raise HTTPError(405, "Method not allowed", {"Allow": ", ".join(allowed)})
        raise HTTPError(404, "Not found")


def create_app(
    router: Router,
    middleware: Sequence[Middleware] | None = None,
    lifespan: Lifespan | None = None,
    *,
    max_body_size: int = DEFAULT_MAX_BODY_SIZE,
) -> App:
    """Return the ASGI application of *router*.

    Args:
        router: the routes. Routes added to it later are not part of the application.
        middleware: callables that take an ASGI application and return one. The first is the outermost.
        lifespan: an async context manager function that takes the application, or nothing, and yields a dict: the
            ``request.state`` of each request.
        max_body_size: maximum size of a request body in bytes; a larger one gets a 413.

    Raises:
        TypeError: a handler or dependency has a parameter that nothing supplies.
        ValueError: a method and path have two handlers.

    """
    _check("router", router, isinstance(router, Router), "a fastware.Router")
    _check("middleware", middleware, not callable(middleware), "a list of callables: [CSRFMiddleware]")
    for each in middleware or ():
        _check("middleware", each, callable(each), "a list of callables: [CSRFMiddleware]")
    _check("max_body_size", max_body_size, isinstance(max_body_size, int), "a number of bytes")
    if lifespan is not None:
        is_generator = callable(lifespan) and not inspect.iscoroutinefunction(lifespan)
        _check("lifespan", lifespan, is_generator, "an async context manager function, which yields the state")
    return App(router, middleware, lifespan, max_body_size)


def _check(name: str, argument: object, is_valid: bool, expected: str) -> None:
    if not is_valid:
        what = getattr(argument, "__qualname__", type(argument).__name__)
        raise TypeError(f"{name} must be {expected}; not {what}")
