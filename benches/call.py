"""What is timed: a function and its arguments."""

import asyncio
import atexit
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Each:
    """An argument that every call gets afresh, made before the clock starts, as a server makes a scope.

    So many are made *at_once*, before a round: few enough to be in the processor's caches still.
    """

    make: Callable[[], Any]
    at_once: int = 50


@dataclass(frozen=True)
class Evaluated:
    """An argument that is computed for every call while the clock runs, such as the time of day."""

    function: Callable[[], Any]


@dataclass(frozen=True)
class Call:
    """A call to time. *refusal* is the exception that counts as an answer; *baseline* is timed too, and subtracted."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    refusal: type[BaseException] | tuple[()] = ()
    baseline: "Call | None" = None
    is_awaited: bool = False

    @property
    def most_at_once(self) -> int | None:
        """How many calls a round may have, where an argument is made afresh for each of them."""
        return min((argument.at_once for argument in self.arguments if isinstance(argument, Each)), default=None)

    def answer(self) -> Any:
        """Make the call once; return its result, or the refusal that it raises."""
        try:
            result = self.function(*map(_value, self.arguments))
            return run(result) if self.is_awaited else result
        except self.refusal as refusal:
            return refusal


def call(function, *arguments, **options) -> Call:
    return Call(function, arguments, **options)


def awaited(function, *arguments, **options) -> Call:
    return Call(function, arguments, is_awaited=True, **options)


def run(awaitable) -> Any:
    """Await *awaitable* on the event loop that all benchmarks share."""
    return _event_loop().run_until_complete(awaitable)


def _value(argument):
    if isinstance(argument, Each):
        return argument.make()
    return argument.function() if isinstance(argument, Evaluated) else argument


@functools.cache
def _event_loop():
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop
