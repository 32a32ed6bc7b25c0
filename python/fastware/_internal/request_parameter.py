"""Finds the parameter of a handler or dependency that receives the request."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from inspect import Parameter
from typing import Any, Final

from fastware._internal.connection_parameter import ConnectionParameter
from fastware._internal.connection_types import is_connection_type
from fastware._internal.names import name_of
from fastware._internal.signatures import signature_of

NAMED_REQUEST: Final = "__named_request__"
"""The attribute of a decorated function that is the name of the parameter which the decorator takes for the request."""

_NAMES: Final = ("request", "websocket")
_VARIADIC: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def named_parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Return the parameters of *function*, without ``*args`` and ``**kwargs``."""
    return [parameter for parameter in signature_of(function).parameters.values() if parameter.kind not in _VARIADIC]


def takes_any_keyword(function: Callable[..., Any]) -> bool:
    """Return whether *function* has a ``**kwargs`` parameter."""
    return any(parameter.kind is Parameter.VAR_KEYWORD for parameter in signature_of(function).parameters.values())


def request_parameter(function: Callable[..., Any], supplied: Container[str] = ()) -> Parameter | None:
    """Return the parameter of *function* that the core fills with the request, or ``None``.

    It is the first whose annotation is a class of requests; otherwise the one named ``request``; otherwise the first
    parameter, if it has no default and no annotation of another type. The parameters in *supplied* get another value
    and are never the request, nor are those that decorators have added.

    Raises:
        TypeError: a decorator has taken a parameter in *supplied* for the request, because of its name.

    """
    named = getattr(function, NAMED_REQUEST, None)
    if named is not None and named in supplied:
        raise TypeError(
            f"the rate limit of {name_of(function)} takes {named} for the request, "
            "and it is a path parameter or one of the deps: rename it"
        )
    parameters = [each for each in named_parameters(function) if not isinstance(each, ConnectionParameter)]
    others = [parameter for parameter in parameters if parameter.name not in supplied]
    annotated = annotated_parameter(function, others)
    if annotated is not None:
        return annotated
    for parameter in others:
        if parameter.name == "request":
            return parameter
    first = parameters[0] if parameters else None
    if first is None or first.name in supplied or first.default is not Parameter.empty:
        return None
    is_another_type = is_connection_type(first.annotation, function) is False
    return None if first.kind is Parameter.KEYWORD_ONLY or is_another_type else first


def annotated_parameter(function: Callable[..., Any], parameters: Iterable[Parameter]) -> Parameter | None:
    """Return the first of the *parameters* of *function* whose annotation is a class of requests, or ``None``."""
    return next((each for each in parameters if is_connection_type(each.annotation, function)), None)


def certain_request_parameter(function: Callable[..., Any]) -> Parameter | None:
    """Return the parameter of *function* that receives the request in every framework, or ``None``.

    It is one that a decorator has added; otherwise the first whose annotation is a class of requests; otherwise the one
    named ``request`` or ``websocket``, unless its annotation or default says something else.
    """
    parameters = named_parameters(function)
    for parameter in parameters:
        if isinstance(parameter, ConnectionParameter):
            return parameter
    annotated = annotated_parameter(function, parameters)
    if annotated is not None:
        return annotated
    for parameter in parameters:
        has_other_default = parameter.default is not Parameter.empty and parameter.default is not None
        is_open = not has_other_default and is_connection_type(parameter.annotation, function) is None
        if is_open and parameter.name in _NAMES:
            return parameter
    return None


def is_named_only(parameter: Parameter, function: Callable[..., Any]) -> bool:
    """Return whether only its name says that *parameter* of *function* receives the request."""
    is_added = isinstance(parameter, ConnectionParameter)
    return not is_added and is_connection_type(parameter.annotation, function) is None
