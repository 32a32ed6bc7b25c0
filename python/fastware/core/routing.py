"""Routes: paths with typed parameters, and the tree that finds the route of a request or WebSocket.

The time of a lookup grows with the length of the path and the routes that share its prefix, not with the number of
routes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from fastware._internal.names import name_of
from fastware._internal.routed_handlers import note_as_routed
from fastware.asgi import ASGIApp
from fastware.core.callables import is_kind
from fastware.core.dependencies import Dependencies
from fastware.core.mounts import Mount

Handler = Callable[..., Any]
HandlerT = TypeVar("HandlerT", bound=Handler)
WebSocketHandlerT = TypeVar("WebSocketHandlerT", bound=Callable[..., Awaitable[Any]])

WEBSOCKET: Final = "websocket"
"""The method of a WebSocket's route. That of an HTTP route is uppercase."""

_PARAMETER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([a-z]+))?\}\Z")
_MAX_INT_LENGTH: Final = 40


def _read_str(segment: str) -> str | None:
    return segment or None


def _read_int(segment: str) -> int | None:
    is_number = segment.isascii() and segment.isdigit() and len(segment) <= _MAX_INT_LENGTH
    return int(segment) if is_number else None


_CONVERTERS: Final[dict[str, Callable[[str], Any]]] = {"int": _read_int, "str": _read_str}
_PATH: Final = "path"


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path and their handler."""

    method: str
    path: str
    handler: Handler = field(repr=False)  # the repr of a partial shows its arguments
    dependencies: Dependencies = field(repr=False)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names in the path's braces, in order."""
        matches = (_PARAMETER.match(segment) for segment in self.path.split("/"))
        return tuple(match[1] for match in matches if match)


class Router:
    """A set of routes. :func:`~fastware.create_app` makes an application from it.

    Paths start with ``/``. A whole segment may be a parameter: ``{name}`` (any text), ``{id:int}`` (digits) or, as the
    last segment, ``{rest:path}`` (any text, slashes included). If several routes match, a literal segment takes
    precedence over ``int``, ``int`` over text, and text over ``path``.

    Args:
        prefix: a prefix of every path.
        deps: dependencies of every route, by the name of the handler's parameter: factories that take the request or
            nothing. A plain ``def`` factory runs on the event loop and must not block it; wrap one that blocks in
            :func:`~fastware.in_thread`. (A plain ``def`` handler always runs in a worker thread.)

    """

    def __init__(self, prefix: str = "", *, deps: Dependencies | None = None) -> None:
        self._prefix = _checked_prefix(prefix)
        self._dependencies = _checked_dependencies(deps)
        self._routes: list[Route] = []
        self._mounts: list[Mount] = []
        self._included: list[tuple[Router, str, Dependencies]] = []

    def route(
        self, path: str, methods: list[str], *, deps: Dependencies | None = None
    ) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that adds the handler for *path* and each of *methods*."""
        _check_path(path)
        if isinstance(methods, str):
            raise TypeError(f'methods must be a list: ["{methods}"]')
        dependencies = _checked_dependencies(deps)

        def add(handler: HandlerT) -> HandlerT:
            note_as_routed(handler)
            for method in methods:
                self._routes.append(Route(method.upper(), path, handler, dependencies))
            return handler

        return add

    def add_route(self, method: str, path: str, handler: Handler, deps: Dependencies | None = None) -> None:
        """Add *handler* for *path* and *method*: the same as :meth:`route`, without a decorator."""
        if not isinstance(method, str):
            raise TypeError(f'the method must be str, not {type(method).__name__}: add_route("GET", "/path", handler)')
        self.route(path, [method], deps=deps)(handler)

    def ws(self, path: str, *, deps: Dependencies | None = None) -> Callable[[WebSocketHandlerT], WebSocketHandlerT]:
        """Return a decorator that adds the ``async`` handler for WebSockets at *path*.

        The handler takes the :class:`~fastware.WebSocket`: the parameter named ``websocket`` or annotated with the
        class, or else the first one. Dependencies run before it is called.

        Raises:
            TypeError: the decorated handler is not ``async``.

        """
        _check_path(path)
        dependencies = _checked_dependencies(deps)

        def add(handler: WebSocketHandlerT) -> WebSocketHandlerT:
            if not is_kind(inspect.iscoroutinefunction, handler):
                raise TypeError(f"the WebSocket handler {name_of(handler)} of {path} must be async")
            note_as_routed(handler)
            self._routes.append(Route(WEBSOCKET, path, handler, dependencies))
            return handler

        return add

    def mount(self, path: str, app: ASGIApp) -> None:
        """Let another ASGI application serve *path* and every path below it, where no route matches.

        It serves HTTP and WebSockets, and responds to its own errors. Its ``root_path`` ends with *path*. The longest
        *path* takes precedence; ``"/"`` is every other path. The lifespan of *app* does not run: open what it needs in
        that of the application.

        Args:
            path: a prefix without parameters and without a slash at its end, or ``"/"``.
            app: any ASGI application. Middleware of the application applies to it, the body limit does not.
                Dependencies of routers would not either, so ``create_app`` raises ``TypeError`` for a router that has
                both.

        """
        if not isinstance(path, str):
            raise TypeError(f'the path must be str, not {type(path).__name__}: router.mount("/path", app)')
        if not callable(app) or isinstance(app, type):
            hint = ": use include_router" if isinstance(app, Router) else ""
            raise TypeError(f"mount takes an ASGI application, not {name_of(app)}{hint}")
        self._mounts.append(Mount(_checked_prefix("" if path == "/" else path), app))

    def get(self, path: str, *, deps: Dependencies | None = None) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that adds the handler for GET, and for HEAD if HEAD has no handler of its own."""
        return self.route(path, ["GET"], deps=deps)

    def post(self, path: str, *, deps: Dependencies | None = None) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that adds the handler for POST."""
        return self.route(path, ["POST"], deps=deps)

    def put(self, path: str, *, deps: Dependencies | None = None) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that adds the handler for PUT."""
        return self.route(path, ["PUT"], deps=deps)

    def patch(self, path: str, *, deps: Dependencies | None = None) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that adds the handler for PATCH."""
        return self.route(path, ["PATCH"], deps=deps)

    def delete(self, path: str, *, deps: Dependencies | None = None) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that adds the handler for DELETE."""
        return self.route(path, ["DELETE"], deps=deps)

    def head(self, path: str, *, deps: Dependencies | None = None) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that adds the handler for HEAD, in place of that of the GET route."""
        return self.route(path, ["HEAD"], deps=deps)

    def options(self, path: str, *, deps: Dependencies | None = None) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that adds the handler for OPTIONS."""
        return self.route(path, ["OPTIONS"], deps=deps)

    def include_router(self, router: Router, prefix: str = "", *, deps: Dependencies | None = None) -> None:
        """Add the routes of *router*, including routes added to it later, under *prefix* and with further *deps*."""
        if self in (router, *router._descendants()):
            raise ValueError("a router cannot include itself")
        self._included.append((router, _checked_prefix(prefix), _checked_dependencies(deps)))

    def routes(self) -> Iterator[Route]:
        """Yield every route, with its complete path and all dependencies, the outermost first."""
        for route in self._routes:
            yield self._within(route, "", {})
        for router, prefix, dependencies in self._included:
            for route in router.routes():
                yield self._within(route, prefix, dependencies)

    def mounts(self) -> Iterator[Mount]:
        """Yield every mounted application, with its complete prefix.

        Raises:
            TypeError: a router around it has dependencies, which do not apply to it.
            ValueError: the prefix of a router around it has a parameter.

        """
        for mount in self._mounts:
            yield self._around(mount, "", {})
        for router, prefix, dependencies in self._included:
            for mount in router.mounts():
                yield self._around(mount, prefix, dependencies)

    def _around(self, mount: Mount, prefix: str, dependencies: Dependencies) -> Mount:
        path = self._prefix + prefix + mount.prefix
        if "{" in path:
            raise ValueError(f"the application at {path!r} is mounted below a parameter, which a mount cannot have")
        if names := {**self._dependencies, **dependencies}:
            raise TypeError(
                f"the dependencies {', '.join(names)} would not apply to the application that is mounted at {path!r}: "
                "mount it on a router without deps, and wrap it in middleware that protects it"
            )
        return Mount(path, mount.app)

    def _within(self, route: Route, prefix: str, dependencies: Dependencies) -> Route:
        path = self._prefix + prefix + route.path
        return Route(
            route.method,
            path.rstrip("/") if path != "/" and route.path == "/" and (self._prefix or prefix) else path,
            route.handler,
            {**self._dependencies, **dependencies, **route.dependencies},
        )

    def _descendants(self) -> Iterator[Router]:
        for router, _, _ in self._included:
            yield router
            yield from router._descendants()


def _checked_prefix(prefix: str) -> str:
    if prefix:
        if not prefix.startswith("/") or prefix.endswith("/"):
            raise ValueError(f"the prefix {prefix!r} must start with '/', and not end with it")
        _check_path(f"{prefix}/")
    return prefix


def _checked_dependencies(deps: Dependencies | None) -> Dependencies:
    if deps is None:
        return {}
    if not isinstance(deps, Mapping):
        raise TypeError(f'deps must be a dict, {{"user": get_current_user}}, not {type(deps).__name__}')
    for name, factory in deps.items():
        if not callable(factory):
            raise TypeError(f"the dependency {name!r} must be a callable, not {type(factory).__name__}")
    return dict(deps)


def _check_path(path: str) -> None:
    if not isinstance(path, str):
        raise TypeError(f'the path must be str, not {type(path).__name__}: @router.get("/path")')
    if not path.startswith("/"):
        raise ValueError(f"the path {path!r} must start with '/'")
    segments = path.split("/")[1:]
    for index, segment in enumerate(segments):
        if "{" not in segment and "}" not in segment:
            continue
        match = _PARAMETER.match(segment)
        kind = (match[2] or "str") if match else None
        if kind == _PATH and index < len(segments) - 1:
            raise ValueError(f"in {path!r}, {segment} must be the last segment")
        if kind not in (*_CONVERTERS, _PATH):
            raise ValueError(
                f"in {path!r}, {segment!r} must be exactly {{name}}, {{name:int}}, {{name:str}} or {{name:path}}"
            )


class _Node:
    """A node of the route tree."""

    __slots__ = ("literals", "methods", "parameters", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameters: dict[str, _Node] = {}
        """By converter name, in the order in which they are tried."""
        self.rest: _Node | None = None
        self.methods: dict[str, Any] = {}

    def child(self, segment: str) -> _Node:
        match = _PARAMETER.match(segment)
        if not match:
            return self.literals.setdefault(segment, _Node())
        kind = match[2] or "str"
        if kind == _PATH:
            self.rest = self.rest or _Node()
            return self.rest
        self.parameters.setdefault(kind, _Node())
        self.parameters = {kind: self.parameters[kind] for kind in _CONVERTERS if kind in self.parameters}
        return self.parameters[kind]

    def find(self, segments: list[str], at: int, values: tuple[Any, ...]) -> Iterator[tuple[_Node, tuple[Any, ...]]]:
        """Yield every node that matches the segments, the most specific first."""
        if at == len(segments):
            yield self, values
            return
        segment = segments[at]
        literal = self.literals.get(segment)
        if literal is not None:
            yield from literal.find(segments, at + 1, values)
        for kind, node in self.parameters.items():
            value = _CONVERTERS[kind](segment)
            if value is not None:
                yield from node.find(segments, at + 1, (*values, value))
        if self.rest is not None:
            yield self.rest, (*values, "/".join(segments[at:]))


Found: TypeAlias = tuple[Any, dict[str, Any]]
"""A target, and the values of the path parameters."""


class RouteTable:
    """Targets by method and path."""

    def __init__(self) -> None:
        self._root = _Node()
        self._literal: dict[tuple[str, str], Any] = {}
        """Targets of paths without parameters, which take precedence over all others."""

    def add(self, route: Route, target: Any) -> None:
        """Add *target* for *route*. Raises ``ValueError`` for a duplicate method and path."""
        node = self._root
        for segment in route.path.split("/")[1:]:
            node = node.child(segment)
        if route.method in node.methods:
            raise ValueError(f"{route.method} {route.path} has two handlers")
        node.methods[route.method] = (target, route.parameter_names)
        if "{" not in route.path:
            self._literal[route.method, route.path] = target

    def find(self, method: str, path: str) -> Found | None:
        """Return the target of *method* and *path*. HEAD falls back to the GET route."""
        target = self._literal.get((method, path))
        if target is not None:
            return target, {}
        for node, values in self._nodes(path):
            found = node.methods.get(method) or (node.methods.get("GET") if method == "HEAD" else None)
            if found is not None:
                target, names = found
                return target, dict(zip(names, values, strict=True))
        return None

    def allowed(self, path: str) -> list[str]:
        """Return the methods that *path* allows, sorted; an empty list if no route matches the path."""
        methods = {method for node, _ in self._nodes(path) for method in node.methods}
        if "GET" in methods:
            methods.add("HEAD")
        return sorted(methods)

    def _nodes(self, path: str) -> Iterator[tuple[_Node, tuple[Any, ...]]]:
        return self._root.find(path.split("/")[1:], 0, ()) if path.startswith("/") else iter(())
