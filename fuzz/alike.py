"""Calls of both engines, whose answers may not differ; where only one is built, that one's."""

import warnings
from typing import Any

import engines
from outcomes import identical, outcome

from fuzz.target import Disagreement, expect

ENGINES = tuple(engines.engine(name) for name in engines.BUILT)


def answer(call: str, *arguments: Any, **options: Any) -> tuple[Any, ...]:
    """The outcome, one and the same for all engines."""
    outcomes = [outcome(lambda engine=engine: getattr(engine, call)(*arguments, **options)) for engine in ENGINES]
    first = outcomes[0]
    for other in outcomes[1:]:
        expect(identical(first, other), f"{call} differs", arguments, first, other)
    return first


def returned(call: str, *arguments: Any, **options: Any) -> Any:
    """The value, of a call that may not raise."""
    kind, *rest = answer(call, *arguments, **options)
    if kind != "returned":
        raise Disagreement(f"{call} raised {rest!r}\n  {arguments!r}")
    return rest[0]


def answer_or_warning(call: str, *arguments: Any) -> tuple[Any, ...]:
    """The outcome, where warnings of short secrets are not the point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return answer(call, *arguments)
