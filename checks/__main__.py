"""Run one check, or all of them one after another.

python -m checks [--quick]               all, with a summary
python -m checks NAME [--quick] [...]    one of them; NAME --help lists its options
"""

import subprocess
import sys
import time

from checks import ROOT, SKIPPED
from checks.processes import exit_on_sigterm

CHECKS = {
    "growth": "no cost grows faster than its input",
    "instructions": "no hot path executes more instructions than the baseline (needs valgrind)",
    "constant_time": "comparisons of secrets take the same time wherever the secrets differ",
    "memory": "no call of an engine leaks memory",
    "memcheck": "no call of the Rust engine reads or writes invalid memory (needs valgrind)",
    "threads": "no thread sees a mixture, or crashes, while others change what it reads",
    "stress": "servers survive attacks and killed workers (needs Linux)",
}
_VERDICTS = {0: "passed", SKIPPED: "skipped"}


def main(arguments: list[str]) -> int:
    exit_on_sigterm()
    if arguments and arguments[0] in CHECKS:
        status = _run(*arguments)
        return 0 if status == SKIPPED else status
    if arguments not in ([], ["--quick"]):
        print(__doc__, *(f"{name:14} {what}" for name, what in CHECKS.items()), sep="\n")
        return 0 if arguments in (["--help"], ["-h"]) else 2
    results = {}
    for name, what in CHECKS.items():
        print(f"\n=== {name}: {what} ===", flush=True)
        started = time.monotonic()
        results[name] = _run(name, *arguments), time.monotonic() - started
    print("\n=== Summary ===")
    for name, (status, seconds) in results.items():
        print(f"{name:14} {_VERDICTS.get(status, 'FAILED'):8} {seconds:5.0f} s")
    return int(any(status not in _VERDICTS for status, _ in results.values()))


def _run(name: str, *arguments: str) -> int:
    """Run a check in a separate process, and return its exit status."""
    process = subprocess.Popen([sys.executable, "-m", f"checks.{name}", *arguments], cwd=ROOT)
    try:
        return process.wait()
    except BaseException:
        # The check then stops what it started.
        process.terminate()
        process.wait()
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
