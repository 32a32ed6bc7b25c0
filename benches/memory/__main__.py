"""Make ten million calls of each engine function, in all the ways there are through it: no memory may be left behind.

The exit code is 1 where a job holds more afterwards than the bounds allow, or where the check does not find a leak that
is there on purpose.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import engines

from benches import performance_page
from benches.machine import sentence

from .held import BOUNDS, Held, beyond
from .jobs import CALLS, CONTROLS

_ROOT = Path(__file__).parents[2]
_QUICK = 40_000
_TITLES = ("job", "calls", "seconds", "blocks", "malloc, bytes", "RSS, KiB", "verdict")


@dataclass(frozen=True)
class Outcome:
    job: tuple[str, ...]
    growth: Held
    calls: int
    seconds: float

    @property
    def is_as_it_should_be(self) -> bool:
        """Flat, or found where it leaks on purpose."""
        return bool(beyond(self.growth)) == (self.job[0] in CONTROLS)

    def row(self) -> tuple[str, ...]:
        grown, leaks = beyond(self.growth), self.job[0] in CONTROLS
        verdict = f"grows: {', '.join(grown)}" if grown else "flat"
        if leaks:
            verdict = "found" if grown else "NOT FOUND"
        return (
            ", ".join(self.job),
            f"{self.calls:,}",
            f"{self.seconds:.1f}",
            f"{self.growth.blocks:+,}",
            f"{self.growth.allocated:+,}",
            f"{self.growth.resident / 1024:+,.0f}",
            verdict,
        )


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the measuring processes are ended too
    calls = _QUICK if arguments.quick else arguments.calls
    jobs = [(control,) for control in CONTROLS]
    # The slowest first, so that no processor waits for them at the end.
    jobs += sorted(
        ((engine, call) for engine in engines.BUILT for call in CALLS if arguments.only in f"{engine} {call}"),
        key=lambda job: (job[0] != "python", CALLS.index(job[1])),
    )
    outcomes = _run(jobs, calls, arguments.processes)
    outcomes.sort(key=lambda outcome: jobs.index(outcome.job))
    print(f"\n{performance_page.text_table(_TITLES, [outcome.row() for outcome in outcomes])}\n\n{sentence()}")
    print(f"Flat is at most {BOUNDS.blocks:+} blocks, {BOUNDS.allocated:+,} bytes, {BOUNDS.resident // 1024:+,} KiB.")
    return 0 if all(outcome.is_as_it_should_be for outcome in outcomes) else 1


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m benches.memory", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000_000, help="of each function (default: 10,000,000)")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK:,} calls of each: a check, in half a minute")
    parser.add_argument("--only", default="", metavar="TEXT", help="jobs with this in their name: 'rust verify_token'")
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--processes", type=int, default=processors, help="at once (default: one a processor)")
    return parser.parse_args()


def _run(jobs: list[tuple[str, ...]], calls: int, processes: int) -> list[Outcome]:
    outcomes: list[Outcome] = []
    running: set[subprocess.Popen[str]] = set()
    with ThreadPoolExecutor(processes) as pool:
        try:
            waited_for = {pool.submit(_in_a_process, job, calls, running): job for job in jobs}
            for done in as_completed(waited_for):
                outcomes.append(done.result())
                print(f"[{len(outcomes)}/{len(jobs)}]", *outcomes[-1].row()[:3], outcomes[-1].row()[-1], flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                process.kill()
            raise
    return outcomes


def _in_a_process(job: tuple[str, ...], calls: int, running: set) -> Outcome:
    command = [sys.executable, "-m", "benches.memory.measurement", str(calls), *job]
    started = shown = time.monotonic()
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        running.add(process)
        last = ""
        for line in process.stdout or ():
            last = line
            if time.monotonic() - shown > 60 and line.strip().isdigit():
                shown = time.monotonic()
                print(f"  {', '.join(job)}: {int(line):,} calls in {shown - started:.0f} s", flush=True)
    running.discard(process)
    if process.returncode != 0:
        raise RuntimeError(f"{', '.join(job)}: the process ended with {process.returncode}")
    result = json.loads(last)
    return Outcome(job, Held(**result["growth"]), result["calls"], result["seconds"])


if __name__ == "__main__":
    sys.exit(main())
