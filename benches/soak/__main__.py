"""Load fastware on both engines and FastAPI with PyJWT, each under Granian, and draw docs/soak.svg.

The exit code is 1 where a request failed.
"""

import argparse
import dataclasses
import signal
import sys
from pathlib import Path

from benches import performance_page
from benches.machine import describe

from . import table, wrk
from .contenders import contenders
from .request_kinds import KINDS
from .soak import Plan, run


def main() -> int:
    arguments = _arguments()
    if not wrk.is_installed():
        sys.exit(wrk.MISSING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended too
    chosen = contenders(arguments.uvicorn)
    plan = Plan(
        slices=max(1, round(arguments.seconds / arguments.slice)),
        seconds=arguments.slice,
        warm_up=min(2, arguments.slice),
        connections=arguments.connections,
    )
    pairs = len(chosen) * len(KINDS)
    minutes = pairs * (plan.slices * plan.seconds + plan.warm_up) / 60
    print(f"{pairs} pairs of server and request, {plan.slices} slices of {plan.seconds} s each: {minutes:.1f} minutes.")
    try:
        soaked = run(chosen, plan, lambda line: print(line, flush=True))
    except ValueError as error:
        sys.exit(f"CHECK FAILED: {error}")
    except RuntimeError as error:
        sys.exit(f"FAILED: {error}")
    except KeyboardInterrupt:
        sys.exit("\nEnded early; the servers are stopped.")
    every = table.figures(soaked)
    print(f"\n{performance_page.text_table(table.TITLES, table.rows(every), texts=2)}")
    print(f"\n{performance_page.text_table(table.MEMORY_TITLES, table.memory_rows(soaked))}")
    if arguments.output:
        _write(arguments.output, every, soaked, plan)
    return any(own["failures"] for by_name in every.values() for own in by_name.values())


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m benches.soak", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of load for each server and request (default: 60)")
    parser.add_argument("--slice", type=int, default=5, help="seconds until it is the next one's turn (default: 5)")
    parser.add_argument("--connections", type=int, default=16, help="kept open at once (default: 16)")
    parser.add_argument("--uvicorn", action="store_true", help="the Rust engine and FastAPI under uvicorn too")
    output = {"type": Path, "default": performance_page.FOLDER, "metavar": "FOLDER"}
    parser.add_argument("--output", **output, help="where chart and JSON go (default: docs)")
    parser.add_argument("--no-output", dest="output", action="store_const", const=None, help="write no files")
    return parser.parse_args()


def _write(folder: Path, every, soaked, plan: Plan) -> None:
    from .chart import draw  # matplotlib takes a second

    results = {
        "machine": describe(),
        "plan": dataclasses.asdict(plan),
        "figures": every,
        "memory": {name: {"before": own.bytes_before, "after": own.bytes_after} for name, own in soaked.items()},
        "slices": {
            name: {kind: [dataclasses.asdict(each) for each in slices] for kind, slices in own.slices.items()}
            for name, own in soaked.items()
        },
    }
    performance_page.publish(folder, "soak", results, draw, table.markdown(every, soaked, plan))


if __name__ == "__main__":
    sys.exit(main())
