"""Look for a difference in time between secrets that differ in the first byte and in the last one. Nothing is written.

The exit status is 1 where an engine's comparison differs, or where a control, which does differ, is not found out.
"""

import argparse
import importlib.util
import random
import sys

from benches.performance_page import text_table

from . import measurement, welch
from .comparisons import ENGINES, Comparison, controls, of_an_engine

_TITLES = ("comparison", "calls", "t of each run", "differ?", "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.constant_time", description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=100_000, help="in each run of a comparison (default: 100,000)")
    parser.add_argument("--runs", type=int, default=3, help="all of which must say so (default: 3)")
    arguments = parser.parse_args()
    every = [*controls(), *(each for name in _installed() for each in of_an_engine(name))]
    rows, is_as_expected = [], True
    for comparison in every:
        ts = _runs(comparison, arguments.calls, arguments.runs)
        found = welch.differ(ts)
        is_as_expected &= found == comparison.leaks
        shown = ", ".join(f"{t:+.1f}" for t in ts)
        rows.append(
            (comparison.name, f"{arguments.calls:,}", shown, "yes" if found else "no", _remark(comparison, found))
        )
        print(f"{comparison.name}: t = {shown}", file=sys.stderr, flush=True)
    print(text_table(_TITLES, rows))
    print(
        f"t is Welch's, over zero where the first byte takes longer; beyond {welch.THRESHOLD} in each run: they differ."
    )
    return not is_as_expected


def _installed() -> list[str]:
    return [name for name, module in ENGINES.items() if importlib.util.find_spec(module) is not None]


def _runs(comparison: Comparison, calls: int, runs: int) -> list[float]:
    chance = random.Random()
    return [welch.largest_t(*measurement.times(comparison, calls, chance)) for _ in range(runs)]


def _remark(comparison: Comparison, found: bool) -> str:
    if comparison.leaks:
        return "as it should" if found else "NOT FOUND OUT: the run says nothing"
    return "LEAKS" if found else "as it should"


if __name__ == "__main__":
    sys.exit(main())
