"""Put the goals of a run into docs/performance.md: ``python -m benches.goals_table run.json``."""

import argparse

from .contenders import OURS, PYTHON, RUST
from .number import shown
from .performance_page import FOLDER, markdown_table, write_table
from .result import Result, read

_TITLES = ("job", "best peer", "Rust", "goal", "met", "Python", "that peer")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.goals_table", description=__doc__)
    parser.add_argument("run", help="JSON of the run")
    write_table(FOLDER, "goals", table(read(parser.parse_args().run)))


def table(results: list[Result]) -> str:
    """A row for each job with a goal, in R or as the goal counts."""
    jobs: dict[str, dict[str, Result]] = {}
    for result in results:
        jobs.setdefault(result.job, {})[result.contender] = result
    rows = [_row(job, contenders) for job, contenders in jobs.items() if _has_goal(contenders)]
    return markdown_table(_TITLES, rows, texts=2)


def _has_goal(contenders: dict[str, Result]) -> bool:
    return RUST in contenders and contenders[RUST].goal is not None


def _row(job: str, contenders: dict[str, Result]) -> tuple[str, ...]:
    rust = contenders[RUST]
    peers = [result for name, result in contenders.items() if name not in OURS]
    best = min(peers, key=lambda peer: peer.value, default=None)
    # A goal in another unit is met or not in that unit; the engines and the peer stay comparable in R.
    goal = f"{shown(rust.goal)} {rust.goal_unit}".strip()
    reached = shown(rust.value) if not rust.goal_unit else f"{shown(rust.value)} ({shown(rust.compared)})"
    return (
        job,
        best.contender if best else "-",
        f"**{reached}**",
        goal,
        "yes" if rust.met else "**no**",
        shown(contenders[PYTHON].value) if PYTHON in contenders else "-",
        shown(best.value) if best else "-",
    )


if __name__ == "__main__":
    main()
