"""The best of many short rounds: what an operation costs when the machine does nothing else."""

import timeit
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .series import Line


@dataclass(frozen=True)
class Effort:
    """How often is measured, and for how long each time."""

    rounds: int
    round_seconds: float


FULL = Effort(rounds=15, round_seconds=0.002)
QUICK = Effort(rounds=7, round_seconds=0.0005)


def measure(lines: list[Line], effort: Effort) -> None:
    """Keep the best time for each size of *lines*; sizes and engines take turns, so that noise hits all of them."""
    calls: dict[tuple[int, int], int] = {}
    for _ in range(effort.rounds):
        for index, line in enumerate(lines):
            for size, workload in line.workloads.items():
                call = workload.prepare()
                if (index, size) not in calls:
                    calls[index, size] = _calls_a_round(call, effort.round_seconds)
                seconds = timeit.timeit(call, number=calls[index, size]) / (calls[index, size] * workload.operations)
                line.times[size] = min(seconds, line.times.get(size, seconds))


def _calls_a_round(call: Callable[[], Any], round_seconds: float) -> int:
    once = min(timeit.repeat(call, number=1, repeat=3))
    return max(1, int(round_seconds / once)) if once else 1_000
