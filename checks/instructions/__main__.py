"""Count the instructions of fastware's calls, and compare them with the baseline or write a new one.

The exit status is 1 if a count grew by more than the tolerance.
"""

import argparse
import importlib.util
import json
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

from checks import ROOT, SKIPPED
from checks.instructions import callgrind
from checks.processes import exit_on_sigterm
from checks.tables import table

_RUST = "fastware._engine._rust"
_LAYERS = {
    "rust engine": (("engine_jobs", _RUST), ()),
    "python engine": (("engine_jobs", "fastware._engine.pure"), ("PyJWT",)),
    "public API, rust": (("public_jobs",), ("msgspec",)),
}
"""The layers that are counted separately: the function that yields the jobs, and the packages whose code they run."""

_BASELINE = Path(__file__).with_name("baseline.json")
_PROFILES = ROOT / "target" / "instructions"
_TOLERANCE = 0.02
"""The growth that is allowed with the same tools. Another directory or environment changes a count by up to 0.4 %."""
_TOLERANCE_WITH_OTHER_TOOLS = 0.20
"""Another build of the same Python changes counts by up to 15 %, another rustc by less than 1 %."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m checks instructions", description=__doc__)
    parser.add_argument("--baseline", action="store_true", help="write the baseline instead of comparing with it")
    parser.add_argument("--quick", action="store_true", help="changes nothing: the counts are always exact")
    arguments = parser.parse_args()
    exit_on_sigterm()
    if callgrind.version() is None:
        print("No instructions counted: valgrind is not installed (Debian's package is called valgrind).")
        return SKIPPED
    has_rust = importlib.util.find_spec(_RUST) is not None
    if not has_rust:
        if os.environ.get("FASTWARE_REQUIRE_RUST") == "1":
            sys.exit("The Rust engine is not installed.")
        print("The Rust engine is not installed: only the instructions of the pure-Python engine are counted.")
    baselines = json.loads(_BASELINE.read_text("utf-8"))
    of_machine = baselines.setdefault(_machine(), {})
    grown = []
    for layer, (jobs, packages) in _LAYERS.items():
        if "rust" in layer and not has_rust:
            continue
        profiles = _PROFILES / re.sub("[ ,]+", "-", layer)
        tools, counts = _tools(layer, packages), callgrind.count(profiles, "checks.instructions.jobs", *jobs)
        grown += _compare(layer, tools, counts, of_machine.get(layer, {"tools": {}, "counts": {}}))
        of_machine[layer] = {"tools": tools, "counts": counts}
    if arguments.baseline:
        _BASELINE.write_text(json.dumps(baselines, indent=2) + "\n", "utf-8")
        print(f"\nWritten: {_BASELINE}")
        return 0
    if grown:
        print(f"\nGrown by more than the tolerance: {'; '.join(grown)}.")
        print(f"Their profiles are in {_PROFILES}; checks/README.md says how to read them.")
    return int(bool(grown))


def _compare(layer: str, tools: dict[str, str], counts: dict[str, int], baseline: dict[str, dict]) -> list[str]:
    """Print *counts* beside those of *baseline*; return the jobs that grew by more than the tolerance."""
    before = baseline["counts"]
    tolerance = _TOLERANCE if tools == baseline["tools"] else _TOLERANCE_WITH_OTHER_TOOLS
    grown, rows = [], []
    for job, instructions in counts.items():
        change = instructions / before[job] - 1 if job in before else 0.0
        grown += [f"{layer}: {job}"] * (change > tolerance)
        verdict = "TOO MUCH" if change > tolerance else f"{change:+.2%}" if job in before else "new"
        rows.append((job, f"{instructions:,}", f"{before[job]:,}" if job in before else "-", verdict))
    rows += [(job, "-", f"{before[job]:,}", "no longer counted") for job in before if job not in counts]
    print(f"\n{table((layer, 'instructions', 'baseline', 'change'), rows)}")
    for kind, tool in tools.items():
        if before and tool != baseline["tools"].get(kind):
            print(f"  {kind} is {tool}, that of the baseline was {baseline['tools'].get(kind)}")
    print(f"  tolerance: {tolerance:+.0%}" if before else f"  no baseline for {_machine()}: --baseline writes it")
    return grown


def _machine() -> str:
    return f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}, {platform.machine()}"


def _tools(layer: str, packages: tuple[str, ...]) -> dict[str, str]:
    """Return the tools on which the counts of *layer* depend, in addition to the sources."""
    cpu = Path("/proc/cpuinfo")
    tools = {
        "Python": " ".join(sys.version.split()),
        "valgrind": callgrind.version() or "",
        # Searches use the widest SIMD that valgrind offers on this processor.
        "SIMD": "AVX2" if cpu.exists() and "avx2" in cpu.read_text().split() else "other",
    }
    if "rust" in layer:
        # The compiler writes its version into the extension.
        extension = Path(importlib.util.find_spec(_RUST).origin).read_bytes()
        compiler = re.search(rb"rustc version ([^\0]+)", extension)
        tools["rustc"] = compiler[1].decode() if compiler else "unknown"
    return tools | {package: version(package) for package in packages}


if __name__ == "__main__":
    sys.exit(main())
