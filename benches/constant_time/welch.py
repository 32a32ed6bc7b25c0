"""Welch's t of two samples, cropped: whether two classes of calls take different times.

As in O. Reparaz, J. Balasch, I. Verbauwhede, "Dude, is my code constant time?" (DATE 2017): the slowest calls are those
that something else interrupted, so t is computed for several shares of the quickest, and the largest counts.
"""

import math
from collections.abc import Sequence

THRESHOLD = 4.5
"""Beyond it the classes differ: chance alone comes that far once in some hundred thousand times (|t|, many samples)."""

SHARES = (0.5, 0.75, 0.9, 0.99, 1.0)
_FEWEST = 100


def t_of(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Welch's t; above zero where *one* is larger. 0 where both are one and the same number."""
    difference = _mean(one) - _mean(other)
    error = math.sqrt(_variance(one) / len(one) + _variance(other) / len(other))
    if error == 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / error


def largest_t(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the t that is farthest from zero among those of the quickest calls, for several shares of them."""
    together = sorted([*one, *other])
    found = 0.0
    for share in SHARES:
        limit = together[math.ceil(share * len(together)) - 1]
        cropped = [[time for time in times if time <= limit] for times in (one, other)]
        if min(map(len, cropped)) < _FEWEST:
            continue
        found = max(found, t_of(*cropped), key=abs)
    return found


def differ(ts: Sequence[float]) -> bool:
    """Whether each of several runs says that the classes differ, and which is the slower one.

    One run in which the machine changed its pace says nothing.
    """
    return min(ts) > THRESHOLD or max(ts) < -THRESHOLD


def _mean(sample: Sequence[float]) -> float:
    return math.fsum(sample) / len(sample)


def _variance(sample: Sequence[float]) -> float:
    mean = _mean(sample)
    return math.fsum((value - mean) ** 2 for value in sample) / (len(sample) - 1)
