"""The signature of a function, without evaluating its annotations."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from fastware._internal.names import name_of


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of *function*; that of a builtin without one is empty.

    Raises:
        TypeError: a partial has an argument that its function does not take. The message does not show the argument,
            which may be a secret.

    """
    # The error is raised outside the `except`: that of `inspect` shows the arguments of a partial.
    try:
        if sys.version_info >= (3, 14):
            from annotationlib import Format  # noqa: PLC0415

            # An annotation may name a class that is imported for type checkers only.
            return inspect.signature(function, annotation_format=Format.FORWARDREF)
        return inspect.signature(function)
    except ValueError:
        pass
    wrapped = inspect.unwrap(function)
    if isinstance(wrapped, functools.partial):
        raise TypeError(f"the partial of {name_of(wrapped)} has an argument that the function does not take")
    return inspect.Signature()


def evaluated_signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of *function* with its annotations evaluated, or as they are if one cannot be."""
    with suppress(Exception):  # the annotations are code of the application
        return inspect.signature(function, eval_str=True)
    return signature_of(function)


def written_function(function: Callable[..., Any]) -> Any:
    """Return the function with the code of *function*: for a wrapper, a partial, a method or a callable object."""
    while True:
        function = inspect.unwrap(function)
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif hasattr(function, "__globals__") or not inspect.isfunction(type(function).__call__):
            return function
        else:
            function = type(function).__call__
