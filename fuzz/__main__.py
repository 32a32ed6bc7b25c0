"""Fuzz all targets, or those that are named. The exit status is 1 if there is a finding."""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from fuzz import ROOT, build
from fuzz.run import SEEDS, Job, run_all, write_seeds
from fuzz.targets import TARGETS

MINUTES = 10.0
QUICK_MINUTES = 0.9
INTERRUPTED = 130


def main() -> int:
    arguments = parsed()
    shutil.rmtree(SEEDS, ignore_errors=True)
    core = build.core_targets(SEEDS) if build.has_toolchain() else {}
    if arguments.list:
        for name, compared_with in {**{name: each.compared_with for name, each in TARGETS.items()}, **core}.items():
            print(f"{name:18} {compared_with}")
        return 0
    named = [arguments.replay[0]] if arguments.replay else arguments.targets
    if unknown := [name for name in named if name not in TARGETS and name not in core]:
        sys.exit(f"no such target: {', '.join(unknown)}; the targets are {', '.join([*TARGETS, *core])}")
    if arguments.replay:
        return replay(*arguments.replay)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    minutes = QUICK_MINUTES if arguments.quick else arguments.minutes
    try:
        found = run_all(jobs(named or [*TARGETS, *core]), minutes * 60, arguments.workers)
    except KeyboardInterrupt:
        print("Interrupted.")
        return INTERRUPTED
    for name, findings in found.items():
        for path in findings:
            command = shlex.join([sys.executable, "-m", "fuzz", "--replay", name, str(path.relative_to(ROOT))])
            print(f"FINDING in {name}: {command}")
    if found:
        print("After the fix, keep each input as fuzz/regressions/TARGET/WHAT-IT-SHOWS.")
    return 1 if found else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="the targets (all)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"total time of all targets ({MINUTES:.0f})")
    parser.add_argument("--quick", action="store_true", help="take a minute in total")
    parser.add_argument("--workers", type=int, default=cores, help="fuzzers at once (one per core)")
    parser.add_argument("--list", action="store_true", help="list the targets, and what each is compared with")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"), help="run one input, without a fuzzer")
    return parser.parse_args()


def jobs(names: list[str]) -> list[Job]:
    """Build what is needed, and return a job for each target that can be fuzzed on this machine."""
    python = [name for name in names if name in TARGETS]
    core = [name for name in names if name not in TARGETS]
    if not build.has_atheris():
        print("Without atheris (Linux on x86-64, CPython 3.11 to 3.13), only the core is fuzzed.", flush=True)
        python = []
    if not build.has_toolchain():
        print("Without a Rust toolchain, only the Python side is fuzzed, as it is installed.", flush=True)
    else:
        print("Building the Rust engine with coverage counters; the first time it takes a minute ...", flush=True)
    made = []
    if python:
        extension = str(build.extension()) if build.has_toolchain() else ""
        made += [Job(name, [sys.executable, "-m", "fuzz.worker", name, extension]) for name in python]
    if core:
        fuzzer = str(build.core())
        made += [Job(name, [fuzzer], {"CORE_FUZZ_TARGET": name}) for name in core]
    for name in python:
        write_seeds(name, TARGETS[name].seeds)
    return made or sys.exit("There is nothing to fuzz on this machine.")


def replay(name: str, file: str) -> int:
    if name not in TARGETS:
        environment = {**os.environ, "CORE_FUZZ_TARGET": name}
        return subprocess.run([str(build.core()), file], env=environment, check=False).returncode
    TARGETS[name].check(Path(file).read_bytes())
    print("The result is correct.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
