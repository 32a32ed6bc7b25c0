"""Finds the parameter of a handler or dependency that receives the request."""

from __future__ import annotations

from collections.abc import Callable, Container
from inspect import Parameter
from typing import Any, Final

from fastware._internal.signatures import signature_of

_VARIADIC: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def named_parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Return the parameters of *function*, without ``*args`` and ``**kwargs``."""
    return [parameter for parameter in signature_of(function).parameters.values() if parameter.kind not in _VARIADIC]


def takes_any_keyword(function: Callable[..., Any]) -> bool:
    """Return whether *function* has a ``**kwargs`` parameter."""
    return any(parameter.kind is Parameter.VAR_KEYWORD for parameter in signature_of(function).parameters.values())


def request_parameter(function: Callable[..., Any], supplied: Container[str] = ()) -> Parameter | None:
    """Return the parameter of *function* that receives the request, or ``None``.

    It is the one named ``request``; otherwise the first parameter, if it has no default. The parameters in *supplied*
    get another value and are never the request.
    """
    parameters = named_parameters(function)
    for parameter in parameters:
        if parameter.name == "request" and parameter.name not in supplied:
            return parameter
    first = parameters[0] if parameters else None
    if first is None or first.name in supplied or first.default is not Parameter.empty:
        return None
    return None if first.kind is Parameter.KEYWORD_ONLY else first
