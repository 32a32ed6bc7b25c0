"""Which parameter of a handler or dependency is the request."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Container
from inspect import Parameter
from typing import Any, Final

from fastware._internal.names import name_of

_VARIADIC: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def named_parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Return the parameters of *function*, without ``*args`` and ``**kwargs``."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        parameters = None
    if parameters is not None:
        return [parameter for parameter in parameters if parameter.kind not in _VARIADIC]
    if isinstance(function, functools.partial):
        # Raised outside the `except`: the error of `inspect` shows the arguments of the partial, which may be secrets.
        raise TypeError(f"the partial of {name_of(function)} has an argument that the function does not take")
    return []  # a builtin without a signature


def request_parameter(function: Callable[..., Any], supplied: Container[str] = ()) -> Parameter | None:
    """Return the parameter of *function* that receives the request, or ``None``.

    It is the one named ``request``; otherwise the first parameter, where it has no default. Parameters that get
    another value, those in *supplied*, are never the request.
    """
    parameters = named_parameters(function)
    for parameter in parameters:
        if parameter.name == "request" and parameter.name not in supplied:
            return parameter
    first = parameters[0] if parameters else None
    if first is None or first.name in supplied or first.default is not Parameter.empty:
        return None
    return None if first.kind is Parameter.KEYWORD_ONLY else first
