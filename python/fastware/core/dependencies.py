"""Dependencies: values for the parameters of a handler, which factories make once per request or WebSocket.

How to call each factory is decided once, when the application is created.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, TypeAlias

from fastware._internal.connection_parameter import ConnectionParameter
from fastware._internal.coroutines import is_generator_function
from fastware._internal.framework_dependency import Dependency
from fastware._internal.limit_scope import BLOCKS
from fastware._internal.names import name_of
from fastware._internal.request_parameter import named_parameters, request_parameter
from fastware.core.callables import is_awaitable, is_kind
from fastware.core.connection import Connection
from fastware.core.threads import InThread, in_thread

Factory: TypeAlias = Callable[..., Any]
"""A function or generator function, sync or async, that takes the request (or the WebSocket) or nothing."""

Dependencies: TypeAlias = Mapping[str, Factory]
"""Factories by the name of the handler's parameter."""


class Provider:
    """A factory, and how to call it.

    Attributes:
        factory: the factory, as the application gave it.
        call: what is called instead: it takes the connection, or nothing.

    """

    __slots__ = ("_enter", "call", "factory", "is_generator", "takes_connection")

    def __init__(self, factory: Factory) -> None:
        self.factory = factory
        if getattr(factory, BLOCKS, False) and not is_kind(inspect.iscoroutinefunction, factory):
            factory = in_thread(factory)
        self.call, self.takes_connection = _call_of(factory)
        self._enter: Callable[..., Any] | None = None
        if is_kind(is_generator_function, factory):
            self._enter = contextmanager(self.call)
        elif is_kind(inspect.isasyncgenfunction, factory):
            self._enter = asynccontextmanager(self.call)
        self.is_generator = self._enter is not None

    async def provide(self, connection: Connection, cleanups: AsyncExitStack) -> Any:
        """Make the value. *cleanups* runs the second half of a generator."""
        arguments = (connection,) if self.takes_connection else ()
        if self._enter is None:
            value = self.call(*arguments)
            return await value if is_awaitable(value) else value
        context = self._enter(*arguments)
        if hasattr(context, "__aenter__"):
            return await cleanups.enter_async_context(context)
        return cleanups.enter_context(context)


async def provide_override(
    factory: Factory, overrides: Mapping[Factory, Factory], connection: Connection, cleanups: AsyncExitStack
) -> tuple[bool, Any]:
    """Return whether *factory* is overridden, and the value of the override.

    An override of a function also replaces ``in_thread(function)``. The override of a dependency that others take
    their value from, such as ``get_current_user``, also replaces the value in those.
    """
    if _is_key(factory, overrides):
        return True, await Provider(overrides[factory]).provide(connection, cleanups)
    if isinstance(factory, InThread):
        return await provide_override(factory.factory, overrides, connection, cleanups)
    if isinstance(factory, Dependency) and factory.source is not None:
        is_overridden, value = await provide_override(factory.source, overrides, connection, cleanups)
        return is_overridden, factory.from_source(value) if is_overridden else None
    return False, None


def _is_key(factory: Factory, overrides: Mapping[Factory, Factory]) -> bool:
    try:
        return factory in overrides
    except TypeError:  # it has no hash
        return False


def _call_of(factory: Factory) -> tuple[Factory, bool]:
    """Return what to call for *factory*, and whether that takes the connection."""
    if isinstance(factory, Dependency):
        return factory.resolve or factory.plain, True
    check_no_parameter_of_kind(factory, inspect.Parameter.KEYWORD_ONLY)
    takes_connection = _takes_connection(factory)
    hidden = hidden_names(factory)
    if not hidden:
        return factory, takes_connection

    def with_hidden_parameters(connection: Connection) -> Any:
        arguments = (connection,) if takes_connection else ()
        return factory(*arguments, **dict.fromkeys(hidden, connection))

    return with_hidden_parameters, True


def _takes_connection(factory: Factory) -> bool:
    parameters = [parameter for parameter in named_parameters(factory) if not is_hidden(parameter)]
    request = request_parameter(factory)
    others = [parameter for parameter in parameters if parameter != request and parameter.default is parameter.empty]
    if others or (request and (request != parameters[0] or request.kind is request.KEYWORD_ONLY)):
        names = ", ".join(parameter.name for parameter in parameters)
        raise TypeError(f"the dependency {name_of(factory)} takes {names}; a dependency takes the request, or nothing")
    return request is not None


def is_hidden(parameter: inspect.Parameter) -> bool:
    """Return whether a decorator has added *parameter*, to be filled with the connection."""
    return isinstance(parameter, ConnectionParameter)


def hidden_names(function: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters that decorators have added, to be filled with the connection."""
    return [parameter.name for parameter in named_parameters(function) if is_hidden(parameter)]


def check_no_parameter_of_kind(function: Callable[..., Any], kind: Any) -> None:
    """Raise ``TypeError`` if *function* requires a parameter of *kind*, which is never passed."""
    for parameter in named_parameters(function):
        if parameter.kind is kind and parameter.default is parameter.empty and not is_hidden(parameter):
            raise TypeError(
                f"{name_of(function)} takes {parameter.name} as {kind.description}; make it an ordinary one"
            )
