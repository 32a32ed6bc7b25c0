"""Times of single calls, both classes in an order that chance decides."""

import gc
import random
from time import perf_counter_ns
from typing import Any

from .comparisons import CLASSES, Comparison

_INPUTS = 32
"""Of each class in a batch. Where an input lies in memory costs or saves a nanosecond: many must decide, not a few."""
_BATCH = 4_000


def times(comparison: Comparison, calls: int, chance: random.Random) -> tuple[list[int], list[int]]:
    """Return the nanoseconds of *calls* calls, those with the first byte wrong and those with the last."""
    taken: tuple[list[int], list[int]] = ([], [])
    for done in range(0, calls, _BATCH):
        _time_batch(comparison, min(_BATCH, calls - done), chance, taken)
    return taken


def _time_batch(comparison: Comparison, calls: int, chance: random.Random, taken: tuple[list[int], list[int]]) -> None:
    inputs = _inputs(comparison, chance)
    call = comparison.call
    for _, wrong in inputs:
        if call(wrong) != comparison.refusal:
            raise ValueError(f"{comparison.name}: what is wrong was not refused")
    order = chance.choices(inputs, k=calls)
    # Nobody looks at the class until all are timed: to keep them in two lists would itself take two times.
    nanoseconds = []
    gc.disable()
    try:
        for _, wrong in order:
            start = perf_counter_ns()
            call(wrong)
            end = perf_counter_ns()
            nanoseconds.append(end - start)
    finally:
        gc.enable()
    for (where, _), time in zip(order, nanoseconds, strict=True):
        taken[where].append(time)


def _inputs(comparison: Comparison, chance: random.Random) -> list[tuple[int, Any]]:
    """Return new inputs of both classes, each with the number of its class, made in no order."""
    classes = [*range(len(CLASSES))] * _INPUTS
    chance.shuffle(classes)
    return [(number, comparison.make_input(CLASSES[number])) for number in classes]
