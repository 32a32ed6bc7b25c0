"""A function behind a guard: called only where the guard lets it be, with the parameters that it had."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from inspect import Parameter
from typing import Any, Final, TypeVar, cast

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_TEMPLATE: Final = """
def make({_}guard, {_}refuse, {_}function):
    def {_}guarded{parameters}:
        {_}refusal = {_}guard({guarded_argument})
        return {_}refuse({_}refusal) if {_}refusal else {_}function({arguments})
    return {_}guarded
"""
_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC: Final[dict[Any, str]] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}


def guarded(
    function: FunctionT, guard: Callable[[Any], Any], refuse: Callable[[Any], Any], parameter: str
) -> FunctionT:
    """Return *function* behind *guard*, which is shown the argument for *parameter*.

    Where it returns something true, the call is that of *refuse* with it. What *function* returns is returned, not
    awaited. The code is compiled for the parameters of *function*: taking ``*args, **kwargs`` and passing them on
    would cost more than most guards do.
    """
    signature = inspect.signature(function, follow_wrapped=False)
    parameters = signature.parameters.values()
    bare = [each.replace(default=Parameter.empty, annotation=Parameter.empty) for each in parameters]
    source = _TEMPLATE.format(
        _=_unlike(signature.parameters),
        parameters=signature.replace(parameters=bare, return_annotation=Parameter.empty),
        guarded_argument=_guarded_argument(signature, parameter),
        arguments=", ".join(map(_passed_on, parameters)),
    )
    names: dict[str, Any] = {"find": _finder(function, parameter)}
    exec(source, names)  # noqa: S102 - of names that are those of parameters already
    made = names["make"](guard, refuse, function)
    made.__defaults__ = tuple(
        _defaults(parameters, Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD).values()
    )
    made.__kwdefaults__ = _defaults(parameters, Parameter.KEYWORD_ONLY)
    functools.update_wrapper(made, function)
    return cast(FunctionT, made)


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


def _guarded_argument(signature: inspect.Signature, parameter: str) -> str:
    """How the compiled code finds the argument: by its name, or among those that the function takes as they come."""
    if parameter in signature.parameters:
        return parameter
    taken = {each.kind: each.name for each in signature.parameters.values()}
    return f"find({taken.get(Parameter.VAR_POSITIONAL, '()')}, {taken.get(Parameter.VAR_KEYWORD, '{}')})"


def _finder(function: Callable[..., Any], parameter: str) -> Callable[[tuple[Any, ...], dict[str, Any]], Any]:
    """Find the argument for a *parameter* that only the function wrapped by *function* has a name for."""
    position = list(inspect.signature(function).parameters).index(parameter)

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if parameter in kwargs:
            return kwargs[parameter]
        if position < len(args):
            return args[position]
        raise TypeError(f"{getattr(function, '__qualname__', function)} was called without its {parameter}")

    return find


def _defaults(parameters: Iterable[Parameter], *kinds: Any) -> dict[str, Any]:
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.kind in kinds and parameter.default is not Parameter.empty
    }
