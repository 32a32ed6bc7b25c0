"""A series: one operation on inputs of one shape and growing size."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import engines

from .exponent import slope


@dataclass(frozen=True)
class Workload:
    """An operation on an input of one size.

    *prepare* returns the call to time; it is asked anew, off the clock, before each round. A call does *operations*
    operations. *answer* returns what must equal *expected*.
    """

    prepare: Callable[[], Callable[[], Any]]
    answer: Callable[[], Any]
    expected: Any
    operations: int = 1


def always_the_same(call: Callable[[], Any], expected: Any) -> Workload:
    """Return the workload of a call that needs no preparation, and whose result is the answer."""
    return Workload(prepare=lambda: call, answer=call, expected=expected)


@dataclass(frozen=True)
class Series:
    """*workload* takes the engine's name and a size; *unit* says what sizes count. *most* limits sizes by engine."""

    operation: str
    shape: str
    unit: str
    sizes: tuple[int, ...]
    workload: Callable[[str, int], Workload]
    most: dict[str, int] | None = None

    @property
    def title(self) -> str:
        return f"{self.operation}, {self.shape}"

    def all_sizes(self, engine: str) -> list[int]:
        most = (self.most or {}).get(engine)
        return [size for size in self.sizes if most is None or size <= most]

    def upper_half(self, engine: str) -> list[int]:
        """Return the sizes of the upper half of the range, on a logarithmic scale."""
        sizes = self.all_sizes(engine)
        return [size for size in sizes if size >= math.sqrt(sizes[0] * sizes[-1])]

    def three_sizes(self, engine: str) -> list[int]:
        """Return three sizes of the upper half, for a quick look."""
        upper = self.upper_half(engine)
        return [upper[0], upper[len(upper) // 2], upper[-1]]


@dataclass
class Line:
    """A series on one engine: workloads by size, and the best time of an operation that was seen, in seconds."""

    series: Series
    engine: str
    workloads: dict[int, Workload]
    times: dict[int, float]

    @property
    def exponent(self) -> float:
        """The measured exponent, over the upper half of the range."""
        return slope({size: self.times[size] for size in self.series.upper_half(self.engine) if size in self.times})

    def check(self) -> None:
        """Raise ``ValueError`` unless every answer is right."""
        for size, workload in self.workloads.items():
            answer = workload.answer()
            if type(answer) is not type(workload.expected) or answer != workload.expected:
                raise ValueError(
                    f"{self.series.title}, {self.engine} engine, {size} {self.series.unit}: "
                    f"answered {answer!r:.200}, right is {workload.expected!r:.200}"
                )


def lines(series: Series, quick: bool) -> list[Line]:
    """Return the series on each engine of this installation, nothing timed yet."""
    sizes = series.three_sizes if quick else series.all_sizes
    return [
        Line(series, engine, {size: series.workload(engine, size) for size in sizes(engine)}, {})
        for engine in engines.BUILT
    ]
