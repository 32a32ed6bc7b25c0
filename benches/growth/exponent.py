"""The measured exponent: b where the time is about a * size**b."""

import math
import statistics


def slope(times: dict[int, float]) -> float:
    """Return the slope of log time over log size, by least squares.

    Fixed costs, which small inputs show nothing but, make it smaller; a quadratic part makes it greater.
    """
    return statistics.linear_regression([*map(math.log, times)], [*map(math.log, times.values())]).slope
