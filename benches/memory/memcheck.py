"""Make every call of the Rust engine, in all the ways there are through it, under valgrind's memcheck.

The exit code is 1 where a read or write of memory that is not there, not yet written or not any more, has the extension
module in its stack, or where the check does not see such a read that is there on purpose. CPython's own reports (it
looks at what it is about to compare, copy or free) are counted and passed over.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from benches.instructions import callgrind

_MODULE = "_rust."
_CALLS = """
from benches.memory.jobs import CALLS, engine_turn
for call in CALLS:
    turn = engine_turn("rust", call)
    print(call, turn() + turn())
"""
_CONTROL = """
import ctypes
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
block = malloc(64)
free(block)
ctypes.string_at(block, 64)
"""


def main() -> int:
    if callgrind.version() is None:
        print("Nothing checked: valgrind is not installed (Debian's package is called valgrind).")
        return 0
    control, _ = _reports(_CONTROL)
    if not any(kind == "InvalidRead" for kind, _ in control):
        print("The read of freed memory that is there on purpose was not found: the check sees nothing.")
        return 1
    reports, calls = _reports(_CALLS)
    ours = [(kind, stack) for kind, stack in reports if any(_MODULE in frame for frame in stack)]
    for kind, stack in ours:
        print(f"{kind}:\n  " + "\n  ".join(stack))
    print(f"{calls} calls under memcheck: {len(ours)} reports with the engine in their stack, {len(reports)} in all.")
    return 1 if ours else 0


def _reports(script: str) -> tuple[list[tuple[str, list[str]]], int]:
    """The kinds of the errors that memcheck saw, each with its stack; and how many calls the script says it made."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "memcheck.xml")
        command = [
            "valgrind",
            "--tool=memcheck",
            "--leak-check=no",
            "--xml=yes",
            f"--xml-file={log}",
            "--num-callers=40",
        ]
        path = os.pathsep.join(entry for entry in ("", *sys.path) if not entry or Path(entry).is_dir())
        run = subprocess.run(
            [*command, os.path.realpath(sys.executable), "-c", script],
            env={"PATH": os.defpath, "PYTHONPATH": path, "PYTHONMALLOC": "malloc", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            sys.exit(f"The calls failed under valgrind:\n{run.stderr}")
        errors = ElementTree.parse(log).getroot().iter("error")
        reports = [(error.findtext("kind", ""), _stack(error)) for error in errors]
    # What a process still holds when it ends is no fault: growth is measured by the rest of this package.
    reports = [(kind, stack) for kind, stack in reports if not kind.startswith("Leak_")]
    return reports, sum(int(line.rpartition(" ")[2]) for line in run.stdout.splitlines())


def _stack(error: ElementTree.Element) -> list[str]:
    return [f"{frame.findtext('fn', '?')} ({frame.findtext('obj', '?')})" for frame in error.iter("frame")]


if __name__ == "__main__":
    sys.exit(main())
