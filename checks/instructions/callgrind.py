"""Count the instructions of calls with valgrind's callgrind.

``count`` starts this module under callgrind. It makes each call a number of times between two *marks*: a system call
that nothing else here makes, at which callgrind writes what it has counted.
"""

import gc
import importlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKS = ("getsid", "__getsid")
"""Two names of one function: which of them callgrind sees depends on the symbols of the C library."""

STOPPED_AT = 1_760_000_000
"""What ``time.time()`` returns while instructions are counted: other digits would change the counts."""

_POOL_SIZE = 16_384
"""Bytes of one of CPython's pools of small objects, and more than those of any older version."""

_UNCOUNTED_CALLS = 20
"""The first calls specialize bytecode, intern strings and fill free lists."""

_TOTAL = re.compile(rb"^totals: (\d+)$", re.MULTILINE)
_CALL_FROM_BEFORE = re.compile(rb"^calls=0 .*\n.*\n", re.MULTILINE)
"""A call that began before the first mark; callgrind_annotate would attribute its whole cost to the caller."""


@dataclass(frozen=True)
class Job:
    """A call that returns *expected*. *calls* are enough to hide one-time costs, such as the growth of a heap."""

    name: str
    call: Callable[[], Any]
    expected: Any
    calls: int = 400


_NOTHING = Job("nothing", lambda: None, None)
"""The loop and the call of a lambda: every count includes them, so they are subtracted."""


def version() -> str | None:
    """Return the version of valgrind, or ``None`` if it is not installed."""
    if shutil.which("valgrind") is None:
        return None
    output = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout
    return output.strip().removeprefix("valgrind-")


def count(profiles: Path, module: str, function: str, *arguments: str) -> dict[str, int]:
    """Return the instructions of one call of each job that ``module.function(*arguments)`` yields.

    The profile of each job is left in the folder *profiles*.
    """
    shutil.rmtree(profiles, ignore_errors=True)
    profiles.mkdir(parents=True)
    command = [
        "valgrind",
        "--tool=callgrind",
        *(f"--dump-before={mark}" for mark in MARKS),
        f"--callgrind-out-file={profiles / 'part'}",
        # Not -I, which ignores PYTHONHASHSEED: no count would be repeatable.
        *(os.path.realpath(sys.executable), "-s", "-S", "-P", "-m", __name__, module, function, *arguments),
    ]
    path = os.pathsep.join(entry for entry in sys.path if Path(entry).is_dir())
    environment = {"PATH": os.defpath, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"The calls failed under valgrind:\n{run.stderr}")
    jobs = [line.split("\t") for line in run.stdout.splitlines()]
    counts = {name: _total(profiles, 2 * index + 2, name) / int(calls) for index, (name, calls) in enumerate(jobs)}
    for part in profiles.glob("part*"):
        part.unlink()
    nothing = counts.pop(_NOTHING.name)
    return {name: round(instructions - nothing) for name, instructions in counts.items()}


def _total(profiles: Path, number: int, job: str) -> int:
    """Return the count that callgrind wrote at the second mark of *job*, and keep it as the job's profile."""
    part = profiles / f"part.{number}"
    profile = part.read_bytes() if part.exists() else b""
    total = _TOTAL.search(profile)
    if total is None:
        sys.exit(f"callgrind wrote no count of {job!r}: it did not see the calls of {MARKS[0]}.")
    name = re.sub(r"[^a-z0-9]+", "-", job.lower())
    (profiles / f"{name}.callgrind").write_bytes(_CALL_FROM_BEFORE.sub(b"", profile))
    return int(total[1])


def _spread_free_memory() -> list[object]:
    """Leave free places in several of the allocator's pools for each size of small objects, while the result lives.

    Where all pools of a size are full, each call takes a new one and gives it back: up to 2 % more instructions.
    """
    kept: list[object] = []
    for size in range(48, 513, 16):
        objects = [bytes(size - sys.getsizeof(b"")) for _ in range(4 * _POOL_SIZE // size)]
        kept += objects[::2]
    return kept


def _run(job: Job) -> None:
    """Make the calls of *job* between two marks, and print its name and their number."""
    call = job.call
    for _ in range(_UNCOUNTED_CALLS):
        result = call()
        if result != job.expected:
            sys.exit(f"{job.name}: returned {result!r:.300}, expected {job.expected!r:.300}")
    calls = range(job.calls)
    kept = _spread_free_memory()
    os.getsid(0)
    for _ in calls:
        call()
    os.getsid(0)
    del kept
    print(job.name, job.calls, sep="\t")


if __name__ == "__main__":
    _module, _function, *_arguments = sys.argv[1:]
    gc.disable()
    time.time = lambda: float(STOPPED_AT)
    _run(_NOTHING)
    for _job in getattr(importlib.import_module(_module), _function)(*_arguments):
        _run(_job)
