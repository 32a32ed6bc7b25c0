"""What callgrind runs: each comparison with the first byte wrong, and with the last.

python -m benches.constant_time.driver ENGINE
"""

import sys

from benches.constant_time.comparisons import CLASSES, controls, of_an_engine
from benches.instructions.driver import run
from benches.instructions.job import Job

WARMING_UP = ", warming up"


def jobs(engine):
    """Each twice: the very first hundreds of calls still grow a heap."""
    for comparison in [*of_an_engine(engine), *controls()]:
        for turn in (WARMING_UP, ""):
            for where in CLASSES:
                wrong = comparison.make_input(where)
                call = lambda call=comparison.call, wrong=wrong: call(wrong)  # noqa: E731
                yield Job(f"{comparison.name}, {where}{turn}", call, comparison.refusal, 200)


if __name__ == "__main__":
    run(lambda: jobs(sys.argv[1]))
