"""Compare two runs: ``python -m benches.compare before.json after.json``.

Prints the rows whose value changed by more than a twentieth, the most improved first; rows that only one of the runs
has; and goals that are met in one of them only.
"""

import argparse
from collections.abc import Iterator

from .number import shown
from .result import Result, read

_Rows = dict[tuple[str, str], Result]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.compare", description="Compare two runs of `make bench`.")
    parser.add_argument("before", help="JSON of a run")
    parser.add_argument("after", help="JSON of another run")
    parser.add_argument("--threshold", type=float, default=5, help="percent of a change that is shown; 5 by default")
    options = parser.parse_args()
    print("\n".join(comparison(read(options.before), read(options.after), options.threshold / 100)))


def comparison(before: list[Result], after: list[Result], threshold: float) -> Iterator[str]:
    """Yield the lines of the comparison."""
    old, new = _by_row(before), _by_row(after)
    yield from _changed(old, new, threshold)
    yield from _section("only before", [f"{_name(row)}: {_value(old[row])}" for row in old if row not in new])
    yield from _section("only after", [f"{_name(row)}: {_value(new[row])}" for row in new if row not in old])
    yield from _section("goals", [_goal(row, old[row], new[row]) for row in old if _has_turned(row, old, new)])
    yield f"goals met: {_met(before)} before, {_met(after)} after"


def _changed(old: _Rows, new: _Rows, threshold: float) -> Iterator[str]:
    ratios = {row: new[row].value / old[row].value for row in old if row in new and old[row].value}
    rows = sorted((row for row in ratios if abs(ratios[row] - 1) > threshold), key=ratios.__getitem__)
    lines = [f"{ratios[row]:>6.2f}  {_value(old[row]):>12} -> {_value(new[row]):<12}  {_name(row)}" for row in rows]
    yield from _section(f"changed by more than {threshold:.0%} ({len(ratios) - len(rows)} rows did not)", lines)


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from (f"{title}:", *(f"  {line}" for line in lines), "")


def _by_row(results: list[Result]) -> _Rows:
    return {(result.job, result.contender): result for result in results}


def _has_turned(row: tuple[str, str], old: _Rows, new: _Rows) -> bool:
    return row in new and old[row].met != new[row].met


def _goal(row: tuple[str, str], old: Result, new: Result) -> str:
    verdict = {True: "is met now", False: "is not met any more" if old.met else "is new and not met", None: "is gone"}
    return f"{_name(row)}: the goal {verdict[new.met]} ({_value(old)} -> {_value(new)})"


def _met(results: list[Result]) -> str:
    judged = [result for result in results if result.met is not None]
    return f"{sum(bool(result.met) for result in judged)} of {len(judged)}"


def _name(row: tuple[str, str]) -> str:
    return ", ".join(row)


def _value(result: Result) -> str:
    return f"{shown(result.value)} {result.unit}"


if __name__ == "__main__":
    main()
