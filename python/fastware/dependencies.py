"""Dependencies: what a handler needs, made by factories, once a request.

How a callable is called is found out once, when the application is created.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from types import CoroutineType
from typing import Any, Final, TypeAlias

from fastware._names import name_of
from fastware.request import Request

Factory: TypeAlias = Callable[..., Any]
"""A sync, async, generator or async generator function, with or without a parameter for the request."""

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
        if is_kind(_is_generator_function, factory):
            self._enter = contextmanager(factory)
        elif is_kind(inspect.isasyncgenfunction, factory):
            self._enter = asynccontextmanager(factory)
        self.is_generator = self._enter is not None

    async def provide(self, request: Request, cleanups: AsyncExitStack) -> Any:
        """Make the value; a generator's second half is left to *cleanups*."""
        arguments = (request,) if self.takes_request else ()
        if self._enter is None:
            value = self.factory(*arguments)
            return await value if is_awaitable(value) else value
        context = self._enter(*arguments)
        if hasattr(context, "__aenter__"):
            return await cleanups.enter_async_context(context)
        return cleanups.enter_context(context)


def _is_generator_function(function: Any) -> bool:
    """Whether *function* makes generators, and not coroutines out of them (``types.coroutine``)."""
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    return inspect.isgeneratorfunction(function) and not flags & inspect.CO_ITERABLE_COROUTINE


def is_awaitable(value: Any) -> bool:
    """Whether *value* has to be awaited; sooner known of what handlers and factories mostly return."""
    kind = type(value)
    return kind is CoroutineType or (kind not in _PLAIN and inspect.isawaitable(value))


def _takes_request(factory: Factory) -> bool:
    refuse_kind(factory, inspect.Parameter.KEYWORD_ONLY)
    required = [parameter for parameter in parameters_of(factory) if parameter.default is parameter.empty]
    if len(required) > 1:
        names = ", ".join(parameter.name for parameter in required)
        raise TypeError(f"the dependency {name_of(factory)} takes {names}; a dependency takes the request, or nothing")
    return len(required) == 1 or any(parameter.name == "request" for parameter in parameters_of(factory))


def is_kind(test: Callable[[Any], bool], function: Callable[..., Any]) -> bool:
    """Whether *test*, one of ``inspect``'s, holds for *function*, or for the ``__call__`` of a callable object."""
    return test(function) or test(type(function).__call__)


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of *function* that have a name to call them by."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return []
    return [parameter for parameter in parameters if parameter.kind not in variadic]


def refuse_kind(function: Callable[..., Any], kind: Any) -> None:
    """Raise ``TypeError`` where *function* has a parameter of *kind*, which would not be passed."""
    for parameter in parameters_of(function):
        if parameter.kind is kind and parameter.default is parameter.empty:
            raise TypeError(
                f"{name_of(function)} takes {parameter.name} as {kind.description}; make it an ordinary one"
            )
