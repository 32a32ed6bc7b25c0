"""Dependencies: values for the parameters of a handler, which factories make once per request.

How to call each factory is decided once, when the application is created.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from types import CoroutineType
from typing import Any, Final, TypeAlias

from fastware._internal.names import name_of
from fastware._internal.request_parameter import named_parameters, request_parameter
from fastware.core.request import Request

Factory: TypeAlias = Callable[..., Any]
"""A function or generator function, sync or async, that takes the request or nothing."""

Dependencies: TypeAlias = Mapping[str, Factory]
"""Factories by the name of the handler's parameter."""

_PLAIN: Final = frozenset((bool, bytes, dict, float, int, list, str, tuple, type(None)))


class Provider:
    """A factory, and how to call it."""

    __slots__ = ("_enter", "factory", "is_generator", "takes_request")

    def __init__(self, factory: Factory) -> None:
        self.factory = factory
        self.takes_request = _takes_request(factory)
        self._enter: Callable[..., Any] | None = None
        if is_kind(is_generator_function, factory):
            self._enter = contextmanager(factory)
        elif is_kind(inspect.isasyncgenfunction, factory):
            self._enter = asynccontextmanager(factory)
        self.is_generator = self._enter is not None

    async def provide(self, request: Request, cleanups: AsyncExitStack) -> Any:
        """Make the value. *cleanups* runs the second half of a generator."""
        arguments = (request,) if self.takes_request else ()
        if self._enter is None:
            value = self.factory(*arguments)
            return await value if is_awaitable(value) else value
        context = self._enter(*arguments)
        if hasattr(context, "__aenter__"):
            return await cleanups.enter_async_context(context)
        return cleanups.enter_context(context)


def is_generator_function(function: Any) -> bool:
    """Return whether *function* is a generator function that is not a coroutine function by ``types.coroutine``."""
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    return inspect.isgeneratorfunction(function) and not flags & inspect.CO_ITERABLE_COROUTINE


def is_awaitable(value: Any) -> bool:
    """Return whether *value* must be awaited.

    For the types that handlers usually return, it takes a third of the time of ``inspect.isawaitable`` (CPython 3.11).
    """
    kind = type(value)
    return kind is CoroutineType or (kind not in _PLAIN and inspect.isawaitable(value))


def _takes_request(factory: Factory) -> bool:
    check_no_parameter_of_kind(factory, inspect.Parameter.KEYWORD_ONLY)
    parameters = named_parameters(factory)
    request = request_parameter(factory)
    others = [parameter for parameter in parameters if parameter != request and parameter.default is parameter.empty]
    if others or (request and (request != parameters[0] or request.kind is request.KEYWORD_ONLY)):
        names = ", ".join(parameter.name for parameter in parameters)
        raise TypeError(f"the dependency {name_of(factory)} takes {names}; a dependency takes the request, or nothing")
    return request is not None


def is_kind(test: Callable[[Any], bool], function: Callable[..., Any]) -> bool:
    """Return whether a test of ``inspect`` is true for *function*, or for the ``__call__`` of a callable object."""
    return test(function) or test(type(function).__call__)


def check_no_parameter_of_kind(function: Callable[..., Any], kind: Any) -> None:
    """Raise ``TypeError`` if *function* requires a parameter of *kind*, which is never passed."""
    for parameter in named_parameters(function):
        if parameter.kind is kind and parameter.default is parameter.empty:
            raise TypeError(
                f"{name_of(function)} takes {parameter.name} as {kind.description}; make it an ordinary one"
            )
