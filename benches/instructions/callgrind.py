"""Run the driver under callgrind, and read what it has counted between the marks."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benches.instructions.driver import MARKS
from benches.instructions.job import NOTHING

_TOTAL = re.compile(rb"^totals: (\d+)$", re.MULTILINE)
_CALL_FROM_BEFORE = re.compile(rb"^calls=0 .*\n.*\n", re.MULTILINE)
"""A call that began before the first mark: callgrind_annotate would take all that is in it for the caller's own."""


def version():
    """The version of the valgrind that is installed, or None."""
    if shutil.which("valgrind") is None:
        return None
    answer = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return answer.stdout.strip().removeprefix("valgrind-")


def count(layer, profiles, driver="benches.instructions.driver"):
    """Instructions a call of each job of *layer*; the profiles are left in the directory *profiles*, one a job.

    *driver* is the module that runs the jobs.
    """
    shutil.rmtree(profiles, ignore_errors=True)
    profiles.mkdir(parents=True)
    jobs = _run(layer, profiles, driver)
    counts = {name: _total(profiles, 2 * index + 2, name) / calls for index, (name, calls) in enumerate(jobs)}
    for rest in profiles.glob("part*"):
        rest.unlink()
    nothing = counts.pop(NOTHING.name)
    return {name: round(instructions - nothing) for name, instructions in counts.items()}


def _run(layer, profiles, driver):
    """The names of the jobs and the number of calls of each, as the driver printed them."""
    command = [
        "valgrind",
        "--tool=callgrind",
        *(f"--dump-before={mark}" for mark in MARKS),
        f"--callgrind-out-file={profiles / 'part'}",
        # Not -I: it would ignore PYTHONHASHSEED, and no count would be repeatable.
        *(os.path.realpath(sys.executable), "-s", "-S", "-P", "-m", driver, layer),
    ]
    path = os.pathsep.join(entry for entry in sys.path if Path(entry).is_dir())
    environment = {"PATH": os.defpath, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["FASTWARE_ENGINE"] = "auto"
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"The driver failed under valgrind, {layer}:\n{run.stderr}")
    return [(name, int(calls)) for name, calls in (line.split("\t") for line in run.stdout.splitlines())]


def _total(profiles, number, job):
    """The total of the part that callgrind wrote at the second mark of *job*; the part becomes the job's profile."""
    part = profiles / f"part.{number}"
    profile = part.read_bytes() if part.exists() else b""
    total = _TOTAL.search(profile)
    if total is None:
        sys.exit(f"callgrind wrote no count of {job!r}: it did not see the calls of {MARKS[0]}.")
    name = re.sub(r"[^a-z0-9]+", "-", job.lower())
    (profiles / f"{name}.callgrind").write_bytes(_CALL_FROM_BEFORE.sub(b"", profile))
    return int(total[1])
