"""Count the instructions of fastware's calls, and compare them with the baseline or write it anew.

    python -m benches.instructions [--baseline]

The exit status is 1 where a count has grown by more than the tolerance.
"""

import argparse
import os
import sys
from pathlib import Path

from benches.instructions import baseline, callgrind, layers, report, surroundings

_PROFILES = Path("target/instructions")


def main():
    arguments = argparse.ArgumentParser(prog="python -m benches.instructions", description=__doc__.partition("\n")[0])
    arguments.add_argument("--baseline", action="store_true", help="write the baseline instead of comparing with it")
    writes = arguments.parse_args().baseline
    if callgrind.version() is None:
        print("No instructions counted: valgrind is not installed (Debian's package is called valgrind).")
        return writes
    if not layers.is_rust_installed():
        if os.environ.get("FASTWARE_REQUIRE_RUST") == "1":
            sys.exit("The Rust engine is not installed.")
        print("The Rust engine is not installed: only the pure-Python engine's instructions are counted.")
    if writes:
        for layer in layers.installed():
            _write(layer)
        return False
    grown = [f"{layer}: {job}" for layer in layers.installed() for job in _compare(layer)]
    if grown:
        print(f"\nGrown by more than the tolerance: {'; '.join(grown)}.")
        print(f"Their profiles are in {_PROFILES}/; docs/instructions.md says how to read them.")
    return bool(grown)


def _write(layer):
    new = baseline.Baseline(surroundings.tools(layer), _count(layer))
    report.print_table(layer, new.counts, baseline.load(layer), float("inf"))
    baseline.save(layer, new)


def _compare(layer):
    """The jobs that grew too much."""
    known, tools = baseline.load(layer), surroundings.tools(layer)
    if known is None:
        report.print_table(layer, _count(layer), None, 0.0)
        print(f"  nothing to compare with on {surroundings.machine()}: make instructions-baseline writes it")
        return []
    tolerance = known.tolerance(tools)
    grown = report.print_table(layer, _count(layer), known, tolerance)
    report.print_other_tools(tools, known)
    print(f"  tolerance: {tolerance:+.0%}")
    return grown


def _count(layer):
    return callgrind.count(layer, _PROFILES / layer.replace(", ", "-").replace(" ", "-"))


if __name__ == "__main__":
    sys.exit(main())
