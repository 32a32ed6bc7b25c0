"""What callgrind runs: the jobs of one layer, each between two marks that make it write what it has counted.

    python -m benches.instructions.driver LAYER

A mark is a system call that nothing else here makes, so that callgrind can be told to look for it by name. What is
printed is the name of each job and the number of calls between its marks.
"""

import gc
import os
import sys

from benches.instructions import clock
from benches.instructions.job import NOTHING
from benches.instructions.layers import LAYERS

MARKS = ("getsid", "__getsid")  # one function, two names: which one callgrind sees depends on the C library's symbols

_CALLS_BEFORE = 20  # first calls specialize bytecode, intern strings and fill free lists


def run(jobs):
    """Count each of the *jobs*."""
    gc.disable()
    clock.stop()
    _count(NOTHING)
    for job in jobs():
        _count(job)


def _count(job):
    call = job.call
    for _ in range(_CALLS_BEFORE):
        answer = call()
        if answer != job.expected:
            sys.exit(f"{job.name}: answered {answer!r:.300}, right is {job.expected!r:.300}")
    calls = range(job.calls)
    os.getsid(0)
    for _ in calls:
        call()
    os.getsid(0)
    print(job.name, job.calls, sep="\t")


if __name__ == "__main__":
    run(LAYERS[sys.argv[1]])
