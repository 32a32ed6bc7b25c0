"""Make every call of the Rust engine, on every path through it, under valgrind's memcheck.

The exit status is 1 if a read or write of memory that is unallocated, uninitialized or freed has the extension
module in its stack, or if the check does not find a deliberate one. Reports about CPython alone are only counted.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from checks import SKIPPED
from checks.processes import exit_on_sigterm

_MODULE = "_rust."
_CALLS = """
from checks.engine_calls import CALLS
from checks.memory import engine_turn
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
    exit_on_sigterm()
    if shutil.which("valgrind") is None:
        print("Nothing checked: valgrind is not installed (Debian's package is called valgrind).")
        return SKIPPED
    control, _ = _reports(_CONTROL)
    if not any(kind == "InvalidRead" for kind, _ in control):
        print("The deliberate read of freed memory was not found: the check does not work here.")
        return 1
    reports, output = _reports(_CALLS)
    ours = [(kind, stack) for kind, stack in reports if any(_MODULE in frame for frame in stack)]
    for kind, stack in ours:
        print(f"{kind}:\n  " + "\n  ".join(stack))
    calls = sum(int(line.rpartition(" ")[2]) for line in output.splitlines())
    print(f"{calls} calls under memcheck: {len(ours)} reports with the engine in their stack, {len(reports)} in all.")
    return int(bool(ours))


def _reports(script: str) -> tuple[list[tuple[str, list[str]]], str]:
    """Run *script* under memcheck; return the kind and stack of each error, and what the script printed."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "memcheck.xml")
        options = ["--tool=memcheck", "--leak-check=no", "--xml=yes", f"--xml-file={log}", "--num-callers=40"]
        path = os.pathsep.join(entry for entry in ("", *sys.path) if not entry or Path(entry).is_dir())
        run = subprocess.run(
            ["valgrind", *options, os.path.realpath(sys.executable), "-c", script],
            env={"PATH": os.defpath, "PYTHONPATH": path, "PYTHONMALLOC": "malloc", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            sys.exit(f"The calls failed under valgrind:\n{run.stderr}")
        errors = ElementTree.parse(log).getroot().iter("error")
        reports = [(error.findtext("kind", ""), _stack(error)) for error in errors]
    # The memory check finds leaks; memory that a process still holds when it exits is no error.
    return [(kind, stack) for kind, stack in reports if not kind.startswith("Leak_")], run.stdout


def _stack(error: ElementTree.Element) -> list[str]:
    return [f"{frame.findtext('fn', '?')} ({frame.findtext('obj', '?')})" for frame in error.iter("frame")]


if __name__ == "__main__":
    sys.exit(main())
