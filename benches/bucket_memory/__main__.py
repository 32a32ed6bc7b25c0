"""Measure the memory of a million rate-limit keys and the worst delays of single checks, and draw docs/buckets.svg."""

import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benches import performance_page
from benches.contenders import OURS, RUST
from benches.machine import describe

from . import table
from .goals import GOALS
from .limiters import LIMITERS, PEERS
from .summary import figures

_ROOT = Path(__file__).parents[2]
_SECONDS = 60  # the period of fastware's buckets, whose clock is moved by hand


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the measuring process is ended too
    runs, missing = _measure(arguments)
    if not runs:
        sys.exit("nothing was measured")
    summaries = {name: figures(own["wall"], own["cpu"]) for name, own in runs.items()}
    notes = _notes(runs, missing, arguments)
    _print(summaries, notes)
    if arguments.output:
        _write(arguments.output, arguments.keys, runs, summaries, notes)
    is_met = all(goal.verdict(summaries[RUST][goal.figure]) == "met" for goal in GOALS) if RUST in summaries else False
    return 1 if arguments.check and not is_met else 0


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m benches.bucket_memory", description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000, help="default: 1,000,000")
    parser.add_argument("--runs", type=int, default=5, help="of each engine, by either clock (default: 5)")
    parser.add_argument("--peer-runs", type=int, default=1, help="of each peer; 0 leaves them out (default: 1)")
    parser.add_argument("--peer-period", type=int, default=30, help="seconds of the peers' real periods (default: 30)")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    output = {"type": Path, "default": performance_page.FOLDER, "metavar": "FOLDER"}
    parser.add_argument("--output", **output, help="where chart and JSON go (default: docs)")
    parser.add_argument("--no-output", dest="output", action="store_const", const=None, help="write no files")
    return parser.parse_args()


def _measure(arguments) -> tuple[dict[str, dict[str, list[Any]]], dict[str, str]]:
    """Run each measurement in a process of its own, limiters taking turns; return results, and who is missing."""
    turns = [
        (name, clock) for _ in range(arguments.runs) for clock in ("wall", "cpu") for name in LIMITERS if name in OURS
    ]
    turns += [(name, "wall") for _ in range(arguments.peer_runs) for name in PEERS]
    runs: dict[str, dict[str, list[Any]]] = {}
    missing: dict[str, str] = {}
    for number, (name, clock) in enumerate(turns, 1):
        if name in missing:
            continue
        seconds = _SECONDS if name in OURS else arguments.peer_period
        print(f"[{number}/{len(turns)}] {name}, {clock} clock ...", end="", flush=True)
        started = time.monotonic()
        result = _in_a_process(name, arguments.keys, seconds, clock)
        if isinstance(result, str):
            missing[name] = result
            print(f" missing: {result}", flush=True)
            continue
        runs.setdefault(name, {"wall": [], "cpu": []})[clock].append(result)
        print(f" {time.monotonic() - started:.0f} s", flush=True)
    return {name: runs[name] for name in LIMITERS if name in runs}, missing


def _in_a_process(name: str, keys: int, seconds: int, clock: str) -> dict[str, Any] | str:
    """Return what was measured, or what is missing for it."""
    command = [sys.executable, "-m", "benches.bucket_memory.measurement", name, str(keys), str(seconds), clock]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout)
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}"
    kind, _, message = last.partition(": ")
    if kind in ("ImportError", "ModuleNotFoundError"):
        return message.partition(". ")[0]
    if kind == "ValueError":
        sys.exit(f"\nCHECK FAILED: {name}: {message}")
    sys.exit(f"\n{done.stderr}")


def _notes(runs, missing: dict[str, str], arguments) -> list[str]:
    notes = [f"{name} is missing: {reason}." for name, reason in missing.items()]
    for name, own in runs.items():
        late = [run["came_in"] for run in own["wall"] if not run["all_live"]]
        if late:
            notes.append(
                f"{name} took {max(late):.0f} s for {arguments.keys:,} keys, more than the period of "
                f"{arguments.peer_period} s: not all of them were live at once."
            )
    return notes


def _print(summaries, notes: list[str]) -> None:
    print(f"\n{performance_page.text_table(table.TITLES, table.rows(summaries))}")
    cpu = table.cpu_rows(summaries)
    if cpu:
        print(f"\n{performance_page.text_table(table.CPU_TITLES, cpu)}")
    if RUST in summaries:
        print(f"\n{performance_page.text_table(table.GOAL_TITLES, table.goal_rows(summaries[RUST]))}")
    print(f"\nReading the clock is {next(iter(summaries.values()))['clock']:.0f} ns of each latency.", *notes, sep="\n")


def _write(folder: Path, keys: int, runs, summaries, notes: list[str]) -> None:
    from .chart import draw  # matplotlib takes a second

    goals = [
        {"figure": goal.figure, "most": goal.most, "unit": goal.unit, "measured": value, "verdict": goal.verdict(value)}
        for goal in GOALS
        if RUST in summaries
        for value in [summaries[RUST][goal.figure]]
    ]
    results = {"machine": describe(), "goals": goals, "keys": keys, "notes": notes, "figures": summaries, "runs": runs}
    performance_page.publish(folder, "buckets", results, draw, table.markdown(summaries, notes, RUST))


if __name__ == "__main__":
    sys.exit(main())
