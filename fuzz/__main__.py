"""Fuzz all targets, or those that are named; the exit code is 1 where one has a finding."""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from fuzz import ROOT, builds, fuzzer, table
from fuzz.campaign import Campaign
from fuzz.core_targets import CORE_TARGETS, AnyTarget, CoreTarget
from fuzz.fuzzer import Programs
from fuzz.target import Target
from fuzz.targets import TARGETS

_MINUTES = 10.0
_QUICK_MINUTES = 0.9
_INTERRUPTED = 130


def main() -> int:
    arguments = _arguments()
    if arguments.list:
        for target in (*TARGETS.values(), *CORE_TARGETS.values()):
            print(f"{target.name:18} {target.compared_with}")
        return 0
    if arguments.replay:
        return _replay(*arguments.replay)
    targets = _runnable(_chosen(arguments.targets))
    programs = _build(targets)
    minutes = _QUICK_MINUTES if arguments.quick else arguments.minutes
    campaign = Campaign(targets, programs, minutes * 60, arguments.workers)
    print(f"{len(targets)} targets, {campaign.seconds_each} s each, {arguments.workers} at once", flush=True)
    started = time.monotonic()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    is_interrupted = False
    try:
        campaign.run()
    except KeyboardInterrupt:
        is_interrupted = True
    print("\n" + table.as_text(campaign.results), flush=True)
    has_findings = _tell_findings(campaign)
    if arguments.report and not is_interrupted:
        written = table.publish(campaign.results, time.monotonic() - started)
        print("Written:", ", ".join(str(path.relative_to(ROOT)) for path in written))
    if is_interrupted:
        print("Interrupted.")
        return _INTERRUPTED
    return 1 if has_findings else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="the targets; all, where none is named")
    parser.add_argument("--minutes", type=float, default=_MINUTES, help=f"the time for all together ({_MINUTES:.0f})")
    parser.add_argument("--quick", action="store_true", help="a minute for all together: does everything work?")
    parser.add_argument("--workers", type=int, default=_cores(), help="fuzzers at once (one a core)")
    parser.add_argument("--report", action="store_true", help="write the results to docs/fuzzing.md and .json")
    parser.add_argument("--list", action="store_true", help="name the targets, and what each is compared with")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"), help="run one input again, without a fuzzer")
    return parser.parse_args()


def _chosen(names: list[str]) -> list[AnyTarget]:
    known: dict[str, AnyTarget] = {**TARGETS, **CORE_TARGETS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no such target: {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in names] or list(known.values())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _runnable(targets: list[AnyTarget]) -> list[AnyTarget]:
    """Those targets that this machine has the fuzzer for."""
    has_atheris, has_toolchain = builds.has_atheris(), builds.has_toolchain()
    if not has_atheris:
        print("Without atheris (Linux on x86-64, CPython 3.11 to 3.13), only the core is fuzzed.", flush=True)
    if not has_toolchain:
        print("Without a Rust toolchain, only the Python side is fuzzed, on what is installed.", flush=True)
    runnable = [one for one in targets if (has_toolchain if isinstance(one, CoreTarget) else has_atheris)]
    return runnable or sys.exit("nothing to fuzz, or to fuzz it with")


def _build(targets: list[AnyTarget]) -> Programs:
    if not builds.has_toolchain():
        return Programs(None, None)
    print("Building the Rust engine with coverage counters; the first time it takes a minute ...", flush=True)
    needs_core = any(isinstance(target, CoreTarget) for target in targets)
    needs_extension = any(isinstance(target, Target) for target in targets)
    return Programs(builds.build_extension() if needs_extension else None, builds.build_core() if needs_core else None)


def _tell_findings(campaign: Campaign) -> bool:
    found = [result for result in campaign.results if result.findings]
    for result in found:
        print(f"\n=== {result.name} ===\n{fuzzer.last_words(result.name)}")
        for finding in result.findings:
            if (ROOT / finding).is_file():
                command = [sys.executable, "-m", "fuzz", "--replay", result.name, finding]
                print(f"Replay it: {shlex.join(command)}")
                print(f"Keep it, once it is mended: fuzz/regressions/{result.name}/")
            else:
                print(finding)
    return bool(found)


def _replay(name: str, file: str) -> int:
    path = Path(file).resolve()
    if name in CORE_TARGETS:
        command = [str(builds.build_core()), str(path)]
        return subprocess.run(command, env={**os.environ, "CORE_FUZZ_TARGET": name}, check=False).returncode
    if name not in TARGETS:
        sys.exit(f"no such target: {name}")
    TARGETS[name].check(path.read_bytes())
    print("The right answer.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
