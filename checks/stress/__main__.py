"""Attack fastware under Granian and uvicorn: valid and invalid requests at full speed, while workers are killed.

The exit status is 1 if a response was wrong, a user was lost, a limit was exceeded, memory grew, or the log contains
a traceback or a secret.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from checks import SKIPPED
from checks.processes import exit_on_sigterm
from checks.stress.attack import Plan, Result, attack
from checks.stress.settings import PER_HOUR
from checks.tables import machine, table
from fastware.auth import ENGINE

_SERVERS = ("granian", "uvicorn")
_SECONDS, _QUICK_SECONDS = 115, 8


def main() -> int:
    arguments = _parser().parse_args()
    if not Path("/proc/self/task").exists():
        print("Nothing attacked: the check finds the workers in /proc, which only Linux has.")
        return SKIPPED
    exit_on_sigterm()
    seconds = arguments.seconds or (_QUICK_SECONDS if arguments.quick else _SECONDS)
    plan = Plan(seconds, arguments.workers, arguments.clients, arguments.seed)
    results: dict[str, Result] = {}
    for name in [arguments.server] if arguments.server else _SERVERS:
        with tempfile.TemporaryDirectory(prefix="fastware-stress-") as folder:
            results[name] = attack(name, plan, Path(folder), lambda line: print(line, flush=True))
    kinds = next(iter(results.values())).tally.outcomes
    counts = [(kind, *(_counts(result.tally.outcomes[kind]) for result in results.values())) for kind in kinds]
    print(f"\n{table(('request', *results), counts, text_columns=1 + len(results))}")
    print(f"\n{table(('', *results), _sums(results))}")
    print(f"\n{plan}, the {ENGINE} engine. {machine()}")
    complaints = [f"{name}: {complaint}" for name, result in results.items() for complaint in result.complaints]
    for complaint in complaints:
        print(f"FAILED: {complaint}", file=sys.stderr)
    return int(bool(complaints))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m checks stress", description=__doc__)
    parser.add_argument("--seconds", type=float, help=f"for each server (default: {_SECONDS})")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_SECONDS} seconds for each server")
    parser.add_argument("--server", choices=_SERVERS, help="attack only this one")
    parser.add_argument("--workers", type=int, default=3, help="of each server (default: 3)")
    parser.add_argument("--clients", type=int, default=32, help="at once (default: 32)")
    parser.add_argument("--seed", type=int, default=1, help="of the random decisions (default: 1)")
    return parser


def _counts(counts: Counter) -> str:
    return ", ".join(f"{outcome} × {counts[outcome]:,}" for outcome in sorted(counts, key=str)) or "-"


def _sums(results: dict[str, Result]) -> list[tuple[str, ...]]:
    figures = {
        "responses": lambda result: f"{result.tally.total:,}",
        "responses a second": lambda result: f"{result.tally.total / result.seconds:,.0f}",
        "workers killed": lambda result: f"{result.kills}",
        "users tried": lambda result: f"{result.users.tried:,}",
        "rate-limited calls admitted, rejected": lambda result: (
            f"{result.admissions.admitted.total():,}, {result.admissions.rejected:,}"
        ),
        f"by one worker, {PER_HOUR} an hour": lambda result: "{}, {}".format(*result.exact),
        "MB of the workers that were alive throughout": lambda result: ", ".join(
            f"{before / 1e6:.1f} → {after / 1e6:.1f}" for before, after in result.growth.values()
        ),
        "wrong": lambda result: f"{len(result.complaints)}",
    }
    return [(title, *map(figure, results.values())) for title, figure in figures.items()]


if __name__ == "__main__":
    sys.exit(main())
