"""Rate-limited handlers: functions with the parameters of the handler that take a token before each call."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from inspect import Parameter, Signature
from types import FunctionType
from typing import Any, Final, Protocol, TypeGuard

from fastware._internal.connection_parameter import ConnectionAndResponse, ConnectionParameter, annotate_scope
from fastware._internal.connection_types import connection_among
from fastware._internal.decorated import is_dependency, with_flag_of_generator
from fastware._internal.limit_scope import ADDS_HEADERS, BLOCKS
from fastware._internal.request_parameter import NAMED_REQUEST, certain_request_parameter, is_named_only
from fastware._internal.signatures import evaluated_signature_of, signature_of, written_function


class Switch(Protocol):
    """Disables the limit."""

    disabled: bool


Take = Callable[[Any], int]
"""Takes a token for a request. Returns the nanoseconds to wait, 0 if the token was taken."""

Reject = Callable[[int, Any, Callable[..., Any]], Any]
"""Receives the nanoseconds to wait, the request and the handler. Its result is returned, or its error raised, in place
of the handler's."""

Around = Callable[[Callable[[], Any], Callable[[], Any]], Any]
"""Receives two functions: one that returns the request, and one that calls the handler. Its result is returned."""

_TEMPLATE: Final = """
def make({_}switch, {_}take, {_}reject, {_}handler, {_}find, {_}missing):
    def {_}limited{parameters}:
        {_}wait = 0 if {_}switch.disabled else {_}take({request})
        return {_}reject({_}wait, {request}, {_}handler) if {_}wait else {_}handler({arguments})
    return {_}limited
"""
_TEMPLATE_AROUND: Final = """
def make({_}around, {_}handler, {_}find, {_}missing):
    def {_}limited{parameters}:
        return {_}around(lambda: {request}, lambda: {_}handler({arguments}))
    return {_}limited
"""
_STARS: Final[dict[Any, str]] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}
_MISSING: Final = object()


def limited(handler: Callable[..., Any], switch: Switch, take: Take, reject: Reject) -> Callable[..., Any]:
    """Return *handler* behind its limit.

    A handler without a parameter for the request gets a hidden one, which the framework fills. In a call by hand, any
    argument may be the request.

    The result of *handler* is returned, not awaited.
    """
    request = certain_request_parameter(handler)
    hidden = _hidden_parameter(handler) if request is None else None
    if _has_own_parameters(handler):
        function = _compiled(handler, request, hidden, _TEMPLATE, (switch, take, reject))
    elif hidden:
        function = _generic_with_hidden(handler, hidden.name, switch, take, reject)
    else:
        function = _generic(handler, request, switch, take, reject)
    return _like(handler, function, request, hidden)


def limited_around(handler: Callable[..., Any], around: Any, *, has_headers: bool) -> Callable[..., Any]:
    """Return *handler* with *around*, an :data:`Around`, put around its calls. Its ``function`` is set to the result.

    With *has_headers*, a hidden parameter also records the response of FastAPI.
    """
    request = certain_request_parameter(handler)
    hidden = _hidden_parameter(handler) if request is None else None
    # Litestar fills "scope" only.
    if has_headers and not is_dependency(handler) and (request is None or request.name != "scope"):
        hidden = _hidden_parameter(handler, ConnectionAndResponse)
    if _has_own_parameters(handler):
        function = _compiled(handler, request, hidden, _TEMPLATE_AROUND, (around,))
    else:
        function = _generic_around(handler, request, hidden.name if hidden else None, around)
    made = _like(handler, function, request, hidden)
    if around.blocks:
        setattr(made, BLOCKS, True)
    if has_headers:
        setattr(made, ADDS_HEADERS, True)
        if isinstance(request, ConnectionParameter):
            made.__signature__ = _recording_response(signature_of(made), request.name)  # type: ignore[attr-defined]
    around.function = made
    return made


def _like(
    handler: Callable[..., Any], function: FunctionType, request: Parameter | None, hidden: Parameter | None
) -> FunctionType:
    """Return *function* with the signature and the metadata of *handler*, and the *hidden* parameter."""
    # FastAPI evaluates annotations with the globals of the function, whose code uses none.
    own = getattr(written_function(handler), "__globals__", {})
    code = with_flag_of_generator(function.__code__, handler)
    made = FunctionType(code, own, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    if not hasattr(handler, "__name__"):  # FastAPI shows the name of the class of a callable object
        made.__name__ = made.__qualname__ = type(handler).__name__
    functools.update_wrapper(made, handler)
    if hidden:
        made.__signature__ = _with_parameter(evaluated_signature_of(handler), hidden)  # type: ignore[attr-defined]
        annotate_scope(made, written_function(handler), hidden.name)
    if request is not None and is_named_only(request, handler):
        setattr(made, NAMED_REQUEST, request.name)
    return made


def _hidden_parameter(
    handler: Callable[..., Any], kind: type[ConnectionParameter] = ConnectionParameter
) -> ConnectionParameter:
    # Litestar fills a parameter of the first name with the scope.
    name = "scope_of_limit" if "scope" in signature_of(handler).parameters else "scope"
    return kind(name, Parameter.KEYWORD_ONLY)


def _with_parameter(signature: Signature, parameter: Parameter) -> Signature:
    """Return *signature* with *parameter* as the last one, but before ``**kwargs``."""
    parameters = list(signature.parameters.values())
    position = len(parameters) - (bool(parameters) and parameters[-1].kind is Parameter.VAR_KEYWORD)
    return signature.replace(parameters=[*parameters[:position], parameter, *parameters[position:]])


def _recording_response(signature: Signature, name: str) -> Signature:
    """Return *signature* with a hidden parameter *name*, that of another limit, which also records the response."""
    recording = ConnectionAndResponse(name, Parameter.KEYWORD_ONLY)
    parameters = [recording if each.name == name else each for each in signature.parameters.values()]
    return signature.replace(parameters=parameters)


def _has_own_parameters(handler: Callable[..., Any]) -> TypeGuard[FunctionType]:
    """Return whether the signature of *handler* is its own. A wrapper may show the signature of another function."""
    return isinstance(handler, FunctionType) and not {"__signature__", "__wrapped__"} & vars(handler).keys()


def _compiled(
    handler: FunctionType,
    request: Parameter | None,
    hidden: Parameter | None,
    template: str,
    values: tuple[Any, ...],
) -> FunctionType:
    """Return a function that is compiled with the parameters of *handler*, and the *hidden* one.

    *values* are the arguments of ``make`` in the *template*, before those that every template has.

    It adds 130 ns to a call. The generic one, which packs and unpacks its arguments, adds 240 ns if they are
    positional and 330 ns if they are keywords (CPython 3.11). Taking the token accounts for 60 ns of each.
    """
    signature = signature_of(handler)
    own = list(signature.parameters.values())
    shown = list(_with_parameter(signature, hidden).parameters.values()) if hidden else own
    prefix = _unused_prefix([each.name for each in shown])
    missing = _MISSING if request is None else request.default
    source = template.format(
        _=prefix,
        parameters=Signature([Parameter(each.name, each.kind) for each in shown]),
        request=_request(prefix, request or hidden, own, missing),
        arguments=", ".join(map(_argument, own)),
    )
    namespace: dict[str, Any] = {}
    exec(compile(source, f"<{__name__}>", "exec"), namespace)  # noqa: S102 - the only names in it are those of parameters
    function: FunctionType = namespace["make"](*values, handler, connection_among, missing)
    function.__defaults__ = handler.__defaults__
    function.__kwdefaults__ = handler.__kwdefaults__
    if hidden:
        function.__kwdefaults__ = {**(handler.__kwdefaults__ or {}), hidden.name: missing}
    return function


def _request(prefix: str, request: Any, own: list[Parameter], missing: Any) -> str:
    """Return the expression for the request: the parameter, or if that is *missing*, one of the other arguments."""
    if missing is Parameter.empty:
        return str(request.name)
    others = "".join(f"{_values(each)}, " for each in own if each.name != request.name)
    return f"{request.name} if {request.name} is not {prefix}missing else {prefix}find(({others}), {prefix}handler)"


def _values(parameter: Parameter) -> str:
    """Return the expression for what *parameter* receives, as a part of a tuple."""
    if parameter.kind is Parameter.VAR_KEYWORD:
        return f"*{parameter.name}.values()"
    return f"*{parameter.name}" if parameter.kind is Parameter.VAR_POSITIONAL else parameter.name


def _unused_prefix(names: list[str]) -> str:
    prefix = "_"
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    return prefix


def _argument(parameter: Parameter) -> str:
    if parameter.kind is Parameter.KEYWORD_ONLY:
        return f"{parameter.name}={parameter.name}"
    return _STARS.get(parameter.kind, "") + parameter.name


def _generic(handler: Callable[..., Any], request: Any, switch: Switch, take: Take, reject: Reject) -> Any:
    name = request.name
    position = sys.maxsize if request.kind is Parameter.KEYWORD_ONLY else _position(handler, name)

    def connection_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name in kwargs:
            return kwargs[name]
        return args[position] if position < len(args) else connection_among((*args, *kwargs.values()), handler)

    def function(*args: Any, **kwargs: Any) -> Any:
        wait = 0 if switch.disabled else take(connection_of(args, kwargs))
        return reject(wait, connection_of(args, kwargs), handler) if wait else handler(*args, **kwargs)

    return function


def _generic_with_hidden(handler: Callable[..., Any], hidden: str, switch: Switch, take: Take, reject: Reject) -> Any:
    missing, find = _MISSING, connection_among

    def function(*args: Any, **kwargs: Any) -> Any:
        connection = kwargs.pop(hidden, missing)
        if not switch.disabled:
            if connection is missing:
                connection = find((*args, *kwargs.values()), handler)
            wait = take(connection)
            if wait:
                return reject(wait, connection, handler)
        return handler(*args, **kwargs)

    return function


def _generic_around(handler: Callable[..., Any], request: Any, hidden: str | None, around: Around) -> Any:
    missing, find = _MISSING, connection_among
    name = request.name if request else ""
    position = _position(handler, name) if request and request.kind is not Parameter.KEYWORD_ONLY else sys.maxsize

    def connection_of(args: tuple[Any, ...], kwargs: dict[str, Any], given: Any) -> Any:
        if name in kwargs:
            return kwargs[name]
        if position < len(args):
            return args[position]
        return find((*args, *kwargs.values()), handler) if given is missing else given

    def function(*args: Any, **kwargs: Any) -> Any:
        given = kwargs.pop(hidden, missing) if hidden else missing
        return around(lambda: connection_of(args, kwargs, given), lambda: handler(*args, **kwargs))

    return function


def _position(handler: Callable[..., Any], request: str) -> int:
    """Return the position of the request among the handler's own parameters, or else in its signature."""
    code = handler.__code__ if isinstance(handler, FunctionType) else None
    own = code.co_varnames[: code.co_argcount] if code else ()
    names = own if request in own else tuple(signature_of(handler).parameters)
    return names.index(request)
