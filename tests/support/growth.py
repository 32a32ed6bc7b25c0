"""Whether the time of a call grows with its input, told by comparison: never by how long it may take."""

import time

SMALL = 8_192
FACTOR = 8
_SLACK = 3
_RUNS = 5
_TRIES = 3


def is_linear(call, make):
    """Whether ``call(make(8n))`` takes at most 24 times what ``call(make(n))`` takes; quadratic code takes 64 times.

    The time is that of the thread, so that a busy machine does not count, and the least of several runs.
    """
    small, large = make(SMALL), make(SMALL * FACTOR)
    return any(_least(call, large) <= FACTOR * _SLACK * _least(call, small) for _ in range(_TRIES))


def _least(call, argument):
    call(argument)
    return min(_seconds(call, argument) for _ in range(_RUNS))


def _seconds(call, argument):
    start = time.thread_time_ns()
    call(argument)
    return time.thread_time_ns() - start
