"""A function behind a guard: called only where the guard lets it be, with the parameters that it had."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from inspect import Parameter
from types import FunctionType
from typing import Any, Final, TypeGuard, TypeVar, cast

from fastware._names import name_of

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])
Guard = Callable[[Any], Any]
"""Is shown an argument. What it returns, where that is true, is what the function is refused with."""

_TEMPLATE: Final = """
def make({_}guard, {_}refuse, {_}function):
    def {_}guarded{parameters}:
        {_}refusal = {_}guard({parameter})
        return {_}refuse({_}refusal) if {_}refusal else {_}function({arguments})
    return {_}guarded
"""
_VARIADIC: Final[dict[Any, str]] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}


def guarded(function: FunctionT, guard: Guard, refuse: Callable[[Any], Any], parameter: str) -> FunctionT:
    """Return *function* behind *guard*, which is shown the argument for *parameter*.

    A refusal is what the call of *refuse* with it returns or raises. What *function* returns is returned, not awaited.
    """
    if _is_plain(function):
        made = _compiled(function, guard, refuse, parameter)
    else:
        made = _passing_on(function, guard, refuse, parameter)
    functools.update_wrapper(made, function)
    return cast(FunctionT, made)


def _is_plain(function: Callable[..., Any]) -> TypeGuard[FunctionType]:
    """Whether *function* takes what its signature says: one that wraps another may say what the other takes."""
    return isinstance(function, FunctionType) and not {"__signature__", "__wrapped__"} & vars(function).keys()


def _compiled(function: FunctionType, guard: Guard, refuse: Callable[[Any], Any], parameter: str) -> Callable[..., Any]:
    """A function with the parameters of *function*: taking any, and passing them on, costs more than most guards."""
    signature = inspect.signature(function)
    parameters = signature.parameters.values()
    bare = [each.replace(default=Parameter.empty, annotation=Parameter.empty) for each in parameters]
    source = _TEMPLATE.format(
        _=_unlike(signature.parameters),
        parameters=signature.replace(parameters=bare, return_annotation=Parameter.empty),
        parameter=parameter,
        arguments=", ".join(map(_passed_on, parameters)),
    )
    names: dict[str, Any] = {}
    exec(compile(source, f"<{__name__}>", "exec"), names)  # noqa: S102 - of names that are those of parameters already
    made: FunctionType = names["make"](guard, refuse, function)
    made.__defaults__ = function.__defaults__
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _unlike(names: Iterable[str]) -> str:
    """A beginning that none of *names* has."""
    beginning = "_"
    while any(name.startswith(beginning) for name in names):
        beginning += "_"
    return beginning


def _passed_on(parameter: Parameter) -> str:
    if parameter.kind is Parameter.KEYWORD_ONLY:
        return f"{parameter.name}={parameter.name}"
    return _VARIADIC.get(parameter.kind, "") + parameter.name


def _passing_on(
    function: Callable[..., Any], guard: Guard, refuse: Callable[[Any], Any], parameter: str
) -> Callable[..., Any]:
    position = _position(function, parameter)

    def made(*args: Any, **kwargs: Any) -> Any:
        if parameter in kwargs:
            argument = kwargs[parameter]
        elif position < len(args):
            argument = args[position]
        else:
            raise TypeError(f"{name_of(function)} was called without its {parameter}")
        refusal = guard(argument)
        return refuse(refusal) if refusal else function(*args, **kwargs)

    return made


def _position(function: Callable[..., Any], parameter: str) -> int:
    """Where *parameter* stands: among those that *function* has a name for, or those of what it wraps."""
    code = function.__code__ if isinstance(function, FunctionType) else None
    own = code.co_varnames[: code.co_argcount] if code else ()
    names = own if parameter in own else tuple(inspect.signature(function).parameters)
    return names.index(parameter)
