"""One job, in a process of its own: ``... measurement CALLS ENGINE CALL``, or ``... CALLS CONTROL``.

Prints the number of calls as they are made, and at the end what is held more than after the warm-up, as JSON.
"""

import dataclasses
import json
import sys
import time
import warnings

from .held import Held, held
from .jobs import CONTROLS, Turn, engine_turn

_WARM_UP = 0.1
_REPORTS = 20


def main() -> None:
    warnings.simplefilter("ignore")  # of a short secret
    calls, *job = sys.argv[1:]
    turn = CONTROLS[job[0]]() if len(job) == 1 else engine_turn(*job)
    growth, made, seconds = measure(turn, int(calls), lambda done: print(done, flush=True))
    print(json.dumps({"growth": dataclasses.asdict(growth), "calls": made, "seconds": seconds}))


def measure(turn: Turn, calls: int, report=lambda done: None) -> tuple[Held, int, float]:
    """Return what is held more after at least *calls* than before them, how many they were, and how long they took."""
    for _ in range(2):
        _make(turn, int(calls * _WARM_UP))
        before = held()  # makes a little itself, the first time
    started = time.perf_counter()
    made = 0
    for _ in range(_REPORTS):
        made += _make(turn, calls // _REPORTS)
        report(made)
    seconds = time.perf_counter() - started
    return held() - before, made, seconds


def _make(turn: Turn, calls: int) -> int:
    made = 0
    while made < calls:
        made += turn()
    return made


if __name__ == "__main__":
    main()
