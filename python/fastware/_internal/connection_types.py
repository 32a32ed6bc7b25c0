"""Recognizes requests and WebSockets, by annotation and by value, of each web framework that is loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import Parameter
from types import UnionType
from typing import Annotated, Any, Final, ForwardRef, TypeVar, Union, get_args, get_origin

from fastware._internal.names import name_of
from fastware._internal.signatures import written_function

_CLASSES: Final = (
    ("starlette.requests", "HTTPConnection"),
    ("litestar.connection", "ASGIConnection"),
    ("fastware.core.connection", "Connection"),
    ("fastware.core.request", "Request"),
)
_LITESTAR_SCOPES: Final = ("HTTPScope", "WebSocketScope")


def connection_classes() -> tuple[type, ...]:
    """Return the classes of connections, with HTTP requests and WebSockets as subclasses, that are loaded."""
    return _loaded(_CLASSES)


def _loaded(places: Iterable[tuple[str, str]]) -> tuple[type, ...]:
    found = (getattr(sys.modules.get(module), name, None) for module, name in places)
    return tuple(each for each in found if each is not None)


def is_connection_type(annotation: Any, function: Callable[..., Any]) -> bool | None:
    """Return whether a parameter of *function* with *annotation* receives a connection; ``None`` if it does not say.

    An annotation that cannot be evaluated does not say: it may name a class that is imported for type checkers only.
    """
    if annotation is Parameter.empty:
        return None
    try:
        types = list(_types_in(annotation, function))
    except Exception:  # noqa: BLE001 - the annotation is code of the application
        return None
    scopes = _loaded(("litestar.types", name) for name in _LITESTAR_SCOPES)
    if any(isinstance(each, type) and (each in scopes or issubclass(each, connection_classes())) for each in types):
        return True
    return None if Any in types else False


def _types_in(annotation: Any, function: Callable[..., Any]) -> Iterator[Any]:
    """Yield the types that *annotation* consists of, without their parameters."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        written = written_function(function)
        type_parameters = {each.__name__: each for each in getattr(written, "__type_params__", ())}
        annotation = eval(annotation, getattr(written, "__globals__", {}), type_parameters)  # noqa: S307
    origin = get_origin(annotation)
    if origin is Annotated:
        # What is annotated as Any, such as Annotated[Any, Body()], is described by the rest: it is no connection.
        inner: tuple[Any, ...] = (object if annotation.__origin__ is Any else annotation.__origin__,)
    elif origin in (Union, UnionType):
        inner = get_args(annotation)
    elif isinstance(annotation, TypeVar):
        inner = annotation.__constraints__ or (annotation.__bound__ or Any,)
    elif hasattr(origin or annotation, "__value__"):  # an alias of a `type` statement
        inner = ((origin or annotation).__value__,)
    else:
        yield origin or annotation
        return
    for each in inner:
        yield from _types_in(each, function)


def connection_among(arguments: Iterable[Any], function: Callable[..., Any]) -> Any:
    """Return the connection among the *arguments* of a call of *function*, or an ASGI scope.

    Raises:
        TypeError: there is none.

    """
    connections = [argument for argument in arguments if _is_connection(argument)]
    del arguments  # error reporters show the local variables of a traceback's frames
    if not connections:
        raise TypeError(f"{name_of(function)} has a rate limit and was called without a request: pass the request")
    classes = connection_classes()
    # The `self` of an endpoint class of Starlette has a scope too, but no headers, and a body of JSON may look like a
    # scope: the client must not choose the address that it is limited by.
    return min(connections, key=lambda each: 0 if isinstance(each, classes) else 2 if isinstance(each, Mapping) else 1)


def _is_connection(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get("type") in ("http", "websocket")
    return not isinstance(value, type) and isinstance(getattr(value, "scope", None), Mapping)


def with_attributes(connection: Any) -> Any:
    """Return *connection*, or for an ASGI scope an object of the application's framework with its attributes."""
    if not isinstance(connection, dict) or connection.get("type") not in ("http", "websocket"):
        return connection
    if "litestar_app" in connection:
        name = "Request" if connection["type"] == "http" else "WebSocket"
        return getattr(sys.modules["litestar.connection"], name)(connection)
    if connection["type"] == "http":
        classes: tuple[type[Any], ...] = _loaded((_CLASSES[0], ("fastware.core.request", "Request")))
    else:
        classes = _loaded(_CLASSES[:1])
    return (*classes, _Connection)[0](connection)


class _Connection:
    """A connection in an application without a framework."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope
