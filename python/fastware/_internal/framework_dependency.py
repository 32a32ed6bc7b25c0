"""Dependencies that work unchanged in FastAPI, Litestar and fastware's own core.

``get_current_user(request)`` is documented as a plain function. FastAPI would read its ``request`` as a query
parameter, and would run a plain function in a worker thread, which takes fifty times as long as the check itself. So
the function is wrapped in an object that adapts to its caller:

- Called with a request, it calls the function. If it is ``async``, it returns a coroutine for the result.
- A framework sees another signature: one hidden parameter, which the framework fills by itself. Called with it, the
  object returns a coroutine, which the framework awaits on the event loop. Frameworks recognize this by ``__call__``,
  which is marked as a coroutine function. The object itself is not marked: ``unittest.mock`` would make an
  ``AsyncMock`` of it.

A call by hand costs 150 ns more than the function. fastware's core calls the function itself.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from fastware._internal.coroutines import returns_coroutine

if TYPE_CHECKING:
    from inspect import Signature

    from fastware.asgi import Scope  # at run time, Litestar reads the name as its own type

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_NOT_GIVEN: Final[Any] = object()
_READERS: Final = frozenset(("inspect", "functools", "typing", "annotationlib", __name__))
"""Modules through which a framework reads a signature."""


class Dependency:
    """A dependency.

    Attributes:
        plain: the function: takes the request, and returns the value.
        source: the dependency whose value this one takes, or ``None``. An override of it also replaces the value here.
        resolve: what an ``async`` caller awaits in place of *plain*, or ``None``: for values that take input or output.

    """

    __name__: str
    __qualname__: str

    source: Dependency | None = None
    resolve: Callable[[Any], Awaitable[Any]] | None = None

    def __init__(self, plain: Callable[..., Any], *, is_async: bool = False) -> None:
        functools.update_wrapper(self, plain, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        del self.__dict__["__wrapped__"]  # `inspect` would show the signature of the function to a framework
        self.plain = plain
        self._is_async = is_async

    def from_source(self, value: Any) -> Any:
        """Return the value of this dependency for *value*, that of its source."""
        return value

    @returns_coroutine
    def __call__(self, request: Any = _NOT_GIVEN, *handler: Any, scope: Scope = _NOT_GIVEN, **options: Any) -> Any:
        """Call the function with *request*. A framework passes the connection as *scope*.

        Litestar calls a guard with its *handler*.
        """
        try:
            if scope is not _NOT_GIVEN:
                return self._from_connection(scope, options)
            if request is _NOT_GIVEN:
                return self.plain(**options)
            if handler and not _is_handler_of_litestar(*handler):
                return self.plain(request, *handler, **options)  # raises TypeError
            return (
                self._from_connection(request, options) if handler or self._is_async else self.plain(request, **options)
            )
        finally:
            request = scope = _NOT_GIVEN  # error reporters show the local variables of a traceback's frames

    async def _from_connection(self, connection: Any, options: dict[str, Any]) -> Any:
        try:
            if self.source is not None:
                override = find_override((self.source,), connection)
                if override is not None:
                    from fastware._internal.overrides import value_of_override  # noqa: PLC0415 - only in tests

                    return self.from_source(await value_of_override(override, connection))
            if self.resolve is not None:
                return await self.resolve(connection)
            return self.plain(connection, **options) if options else self.plain(connection)
        finally:
            connection = None

    @property
    def __signature__(self) -> Signature:
        """The hidden parameter for a framework, the signature of the function for any other caller."""
        import inspect  # noqa: PLC0415 - not needed to verify a token

        if not _is_asked_by_a_framework():
            return inspect.signature(self.plain)
        from fastware._internal.connection_parameter import ConnectionParameter  # noqa: PLC0415

        hidden = ConnectionParameter("scope", inspect.Parameter.KEYWORD_ONLY)
        return inspect.Signature([hidden], return_annotation=dict[str, Any])

    def __reduce__(self) -> str:
        return str(self.__qualname__)

    def __repr__(self) -> str:
        return f"<dependency {self.__qualname__}>"


def find_override(dependencies: Iterable[Callable[..., Any]], connection: Any) -> Callable[..., Any] | None:
    """Return the override of the first of *dependencies* that has one in the application, or ``None``."""
    scope = getattr(connection, "scope", connection)
    overrides = getattr(scope.get("app"), "dependency_overrides", None)
    if not overrides:
        return None
    return next((overrides[each] for each in dependencies if each in overrides), None)


def framework_dependency(function: FunctionT) -> FunctionT:
    """Return *function* as a :class:`Dependency`. For type checkers it keeps its own type."""
    return cast(FunctionT, Dependency(function))


def _is_handler_of_litestar(handler: Any, *others: Any) -> bool:
    kind = getattr(sys.modules.get("litestar.handlers"), "BaseRouteHandler", None)
    return kind is not None and isinstance(handler, kind) and not others


def _is_asked_by_a_framework() -> bool:
    """Return whether FastAPI or Litestar reads a signature, which they do when a route is added."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in _READERS:
        frame = frame.f_back  # type: ignore[assignment]
    package = frame.f_globals.get("__name__", "").partition(".")[0] if frame is not None else ""
    return package in ("fastapi", "litestar")
