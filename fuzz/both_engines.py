"""Calls of both engines, whose results must be identical. Without the Rust engine, only the pure one is called."""

import warnings
from collections.abc import Callable
from typing import Any

import engines
from outcomes import identical, outcome

from fuzz.target import Finding, expect

ENGINES = [engines.engine(name) for name in engines.BUILT]
PACKAGES = [engines.load(name) for name in engines.BUILT]
PURE = engines.load("python")
"""The package on the pure engine, for the parts that do not depend on the engine."""


def same(name: str, call: Callable[[Any], Any], sides: list[Any]) -> tuple[Any, ...]:
    """Return the outcome of *call*, which takes an engine or a package; it is the same for all *sides*."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about short secrets
        first, *others = [outcome(lambda side=side: call(side)) for side in sides]
    for other in others:
        expect(identical(first, other), f"the engines differ in {name}", first, other)
    return first


def attempted(name: str, *arguments: Any, **options: Any) -> tuple[Any, ...]:
    """Return the outcome of an engine call: ``("returned", value)`` or ``("raised", type, message)``."""
    return same(name, lambda engine: getattr(engine, name)(*arguments, **options), ENGINES)


def returned(name: str, *arguments: Any, **options: Any) -> Any:
    """Return the value of an engine call that must not raise."""
    kind, *rest = attempted(name, *arguments, **options)
    if kind != "returned":
        raise Finding(f"{name} raised {rest!r}\n  {arguments!r}")
    return rest[0]
