"""Tests how the time of a call grows with its input: compares two sizes, without a time limit."""

import gc
import math
import time

FACTOR = 32
_LINEAR = 3 * FACTOR
_FEWEST_ROUNDS = 6
_MOST_ROUNDS = 40
_HOPELESS = 2
"""If the ratio exceeds the limit by this factor, ten rounds are enough."""


def is_linear(call, make, small=2_048):
    """Return whether ``call(make(32 * small))`` takes at most 96 times as long as ``call(make(small))``.

    Linear code takes 32 times as long, quadratic code 1,024 times.
    """
    return is_within(_LINEAR, call, make(small), make(FACTOR * small))


def is_within(limit, call, small, large):
    """Return whether ``call(large)`` takes at most *limit* times as long as ``call(small)``.

    Compared are the least times of both, in CPU time of this thread. Other load makes a measured time longer, never
    shorter, so more rounds only bring both times closer to the true ones: a ratio over the limit is measured again.
    """
    least_small = least_large = math.inf
    is_collecting = gc.isenabled()
    gc.disable()  # a collection would charge the garbage of other tests to one of the calls
    try:
        for count in range(1, _MOST_ROUNDS + 1):
            least_small = min(least_small, _nanoseconds(call, small))
            least_large = min(least_large, _nanoseconds(call, large))
            ratio = least_large / least_small
            if count >= _FEWEST_ROUNDS and ratio <= limit:
                return True
            if count >= 10 and ratio > _HOPELESS * limit:
                return False
        return False
    finally:
        if is_collecting:
            gc.enable()


def _nanoseconds(call, argument):
    start = time.thread_time_ns()
    call(argument)
    return max(time.thread_time_ns() - start, 1)
