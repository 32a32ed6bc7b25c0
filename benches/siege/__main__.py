"""Besiege fastware under Granian and uvicorn: good and hostile requests at full speed, while workers are killed.

The exit code is 1 where an answer was not right, a user was lost, a limit did not hold, memory grew, or the log says
what it should not.
"""

import argparse
import dataclasses
import signal
import sys
import tempfile
from pathlib import Path

from benches import performance_page
from benches.machine import describe
from fastware.auth import ENGINE

from . import server, table
from .siege import Besieged, Plan, besiege

_QUICK_SECONDS = 8
_SECONDS = 115


def main() -> int:
    arguments = _arguments()
    if not Path("/proc/self/task").exists():
        sys.exit("The siege needs Linux: it finds the workers that it kills in /proc.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended too
    seconds = arguments.seconds or (_QUICK_SECONDS if arguments.quick else _SECONDS)
    plan = Plan(
        seconds=seconds,
        workers=arguments.workers,
        besiegers=arguments.besiegers,
        seconds_between_kills=max(2, min(6, seconds / 4)),
        seed=arguments.seed,
    )
    names = [arguments.server] if arguments.server else [*server.NAMES]
    print(
        f"{' and '.join(names)}: {plan.workers} workers, {plan.besiegers} besiegers, {seconds:g} s each; "
        f"the {ENGINE} engine, seed {plan.seed}"
    )
    every: dict[str, Besieged] = {}
    try:
        for name in names:
            with tempfile.TemporaryDirectory(prefix="fastware-siege-") as folder:
                every[name] = besiege(name, plan, Path(folder), lambda line: print(line, flush=True))
    except RuntimeError as error:
        sys.exit(f"FAILED: {error}")
    except KeyboardInterrupt:
        sys.exit("\nEnded early; the servers are stopped.")
    print(f"\n{performance_page.text_table(('request', *every), table.kind_rows(every), texts=1 + len(every))}")
    print(f"\n{performance_page.text_table(('', *every), table.sum_rows(every))}")
    if arguments.report:
        _write(every, plan)
    return _judge(every)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.siege", description=__doc__)
    parser.add_argument("--seconds", type=float, help=f"of siege for each server (default: {_SECONDS})")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_SECONDS} seconds each, a check")
    parser.add_argument("--server", choices=server.NAMES, help="besiege this one only")
    parser.add_argument("--workers", type=int, default=3, help="of each server (default: 3)")
    parser.add_argument("--besiegers", type=int, default=32, help="clients at once (default: 32)")
    parser.add_argument("--seed", type=int, default=1, help="of what chance decides (default: 1)")
    parser.add_argument("--report", action="store_true", help="write docs/siege.json and the tables of docs/siege.md")
    return parser.parse_args()


def _write(every: dict[str, Besieged], plan: Plan) -> None:
    results = {
        "machine": describe(),
        "engine": ENGINE,
        "plan": dataclasses.asdict(plan),
        "servers": table.results(every),
    }
    written = performance_page.write_json(performance_page.FOLDER, "siege", results)
    performance_page.write_table(performance_page.FOLDER, "siege", table.markdown(every, plan), page_name="siege.md")
    print(f"Written: {written}")


def _judge(every: dict[str, Besieged]) -> int:
    complaints = [f"{name}: {complaint}" for name, found in every.items() for complaint in found.complaints]
    for complaint in complaints:
        print(f"FAILED: {complaint}", file=sys.stderr)
    if not complaints:
        print("\nThey held: every answer was right, no user is lost or doubled, the limits held.")
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
