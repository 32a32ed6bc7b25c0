"""Measure how costs grow, print the exponents, and draw docs/growth.svg. The exit code is 1 where one is not linear."""

import argparse
import sys
import time
from itertools import chain
from pathlib import Path

from benches import performance_page
from benches.machine import describe

from . import bucket_series, cookie_series, header_series, table, threads, timing, token_series
from .series import Line, lines

LIMIT = 1.2
QUICK_LIMIT = 1.3  # three sizes, timed briefly
SECOND_LOOKS = 2
THREADS = "TokenBuckets.take, threads"
SERIES = [*token_series.SERIES, *header_series.SERIES, *cookie_series.SERIES, *bucket_series.SERIES]


def main() -> int:
    arguments = _arguments()
    limit = arguments.limit or (QUICK_LIMIT if arguments.quick else LIMIT)
    effort = timing.QUICK if arguments.quick else timing.FULL
    chosen = [series for series in SERIES if arguments.only in series.title]
    if not chosen and arguments.only not in THREADS:
        sys.exit(f"no series has {arguments.only!r} in its title:\n" + "\n".join(each.title for each in SERIES))
    print(f"Checking the answers of {len(chosen)} series ...", flush=True)
    measured = [lines(series, arguments.quick) for series in chosen]
    _check(measured)
    for number, of_series in enumerate(measured, 1):
        started = time.monotonic()
        _measure(of_series, effort, limit)
        exponents = ", ".join(f"{line.engine} {line.exponent:.2f}" for line in of_series)
        title = of_series[0].series.title
        print(f"[{number}/{len(measured)}] {title}: {exponents} ({time.monotonic() - started:.1f} s)", flush=True)
    operations = threads.operations_a_second(3 if arguments.quick else 10) if arguments.only in THREADS else {}
    every = [*chain.from_iterable(measured)]
    _print(every, operations, limit)
    folder = arguments.output or (None if arguments.quick or arguments.only else performance_page.FOLDER)
    if folder:
        _write(folder, every, operations, limit)
    return any(line.exponent > limit for line in every)


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m benches.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three sizes of each, timed briefly; writes no files")
    parser.add_argument("--only", default="", metavar="TEXT", help="series with TEXT in their title; writes no files")
    parser.add_argument("--limit", type=float, help=f"the greatest exponent (default: {LIMIT}, quick: {QUICK_LIMIT})")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where chart and JSON go (default: docs)")
    arguments = parser.parse_args()
    if arguments.only and arguments.output:
        parser.error("--only writes no files: the chart is of all series")
    return arguments


def _check(measured: list[list[Line]]) -> None:
    try:
        for line in chain.from_iterable(measured):
            line.check()
        threads.check()
    except ValueError as error:
        sys.exit(f"CHECK FAILED: {error}")


def _measure(of_series: list[Line], effort: timing.Effort, limit: float) -> None:
    """Measure, and look again where a line seems steeper than allowed: more rounds only make noise less."""
    timing.measure(of_series, effort)
    for _ in range(SECOND_LOOKS):
        steep = [line for line in of_series if line.exponent > limit]
        if steep:
            timing.measure(steep, effort)


def _print(every: list[Line], operations, limit: float) -> None:
    if every:
        print(f"\n{performance_page.text_table(table.TITLES, table.rows(every, limit), texts=2)}")
    if operations:
        print(f"\n{performance_page.text_table(table.thread_titles(operations), table.thread_rows(operations))}")
    if not every:
        return
    steep = [line for line in every if line.exponent > limit]
    print(f"\n{len(every) - len(steep)} of {len(every)} exponents are at most {limit}.")
    for line in steep:
        print(f"NOT linear: {line.series.title}, {line.engine} engine: {line.exponent:.2f}")


def _write(folder: Path, every: list[Line], operations, limit: float) -> None:
    from .chart import draw  # matplotlib takes a second

    results = {
        "machine": describe(),
        "limit": limit,
        "series": [
            {
                "operation": line.series.operation,
                "shape": line.series.shape,
                "unit": line.series.unit,
                "engine": line.engine,
                "exponent": round(line.exponent, 4),
                "verdict": table.verdict(line, limit),
                "sizes": [*line.times],
                "nanoseconds": [round(seconds * 1e9, 1) for seconds in line.times.values()],
            }
            for line in every
        ],
        "operations_a_second_by_threads": {
            engine: {str(number): round(value) for number, value in by_threads.items()}
            for engine, by_threads in operations.items()
        },
    }
    performance_page.publish(folder, "growth", results, draw, table.markdown(every, operations, limit))


if __name__ == "__main__":
    sys.exit(main())
