"""Loops compiled for the call that they time, so that nothing stands between the clock and the call.

For ``call(f, a, Each(make))`` the loop is::

    for each in items:
        f(a, each)

with the *items* made before the clock starts. Names are locals and the number of arguments is fixed, as in ``timeit``;
an awaited call is ``await f(a, each)`` within one coroutine, so that the event loop is not entered between two calls.
"""

from collections.abc import Callable
from itertools import repeat

from .call import Call, Each, Evaluated, run
from .clock import clock

_WARM_UP = 8
"""Calls before the clock starts, at most: what was measured before has had the processor's caches."""

Loop = Callable[[int], float]
"""Takes a number of calls, makes them after a few that do not count, and returns the seconds that they took."""


def empty_loop(count: int) -> float:
    """The seconds that a loop takes which calls nothing."""
    items = repeat(None, count)
    start = clock()
    for _ in items:
        pass
    return clock() - start


def loop_of(call: Call) -> Loop:
    """Compile the loop of *call*."""
    names, arguments, make = _arguments(call)
    parameters = ", ".join(["first", "items", "clock", "function", "refusal", *names])
    timed = _compile(_source(call, parameters, arguments))

    def loop(count: int) -> float:
        warm_up = min(count // 8, _WARM_UP)
        first, items = _items(make, warm_up), _items(make, count)
        seconds = timed(first, items, clock, call.function, call.refusal, *names.values())
        return run(seconds) if call.is_awaited else seconds

    return loop


def _items(make, count):
    return repeat(None, count) if make is None else [make() for _ in range(count)]


def _arguments(call):
    """Locals by name, the arguments in source form, and what makes the items."""
    names, arguments, make = {}, [], None
    for index, argument in enumerate(call.arguments):
        name = f"argument{index}"
        if isinstance(argument, Each):
            make = argument.make
            arguments.append("each")
        elif isinstance(argument, Evaluated):
            names[name] = argument.function
            arguments.append(f"{name}()")
        else:
            names[name] = argument
            arguments.append(name)
    return names, arguments, make


def _source(call, parameters, arguments):
    statement = f"{'await ' if call.is_awaited else ''}function({', '.join(arguments)})"
    if call.refusal == ():
        body = [f"        {statement}"]
    else:
        body = ["        try:", f"            {statement}", "        except refusal:", "            pass"]
    lines = [
        f"{'async ' if call.is_awaited else ''}def timed({parameters}):",
        "    for each in first:",
        *body,
        "    start = clock()",
        "    for each in items:",
        *body,
        "    return clock() - start",
    ]
    return "\n".join(lines)


def _compile(source):
    namespace = {}
    exec(compile(source, "<timed loop>", "exec"), namespace)
    return namespace["timed"]
