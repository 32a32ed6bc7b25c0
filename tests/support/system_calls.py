"""The system calls of a process: which it makes, and one of them made to fail, or to be its last. It takes strace."""

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

_WATCHED = "%file,%desc"
_NOT_COUNTED = frozenset({"poll", "ppoll", "mmap"})  # the wait for a command; memory, which no disk fails for
_CALL = re.compile(r"^([a-z0-9_]+)\((.*)")


@dataclass(frozen=True)
class Call:
    """The *number*-th call of *name* from the moment on when the tracer came in, with its arguments."""

    name: str
    number: int
    arguments: str

    def __str__(self):
        return f"{self.name} {self.number} ({self.arguments})"


@functools.cache
def why_not():
    """Why no process can be traced here, or ``None``."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with traced(sleeper.pid):
            return None
    except (AssertionError, OSError):
        return "strace may not trace here"
    finally:
        sleeper.kill()
        sleeper.wait()


@contextlib.contextmanager
def traced(process, log=os.devnull, fault=None):
    """Trace *process* from now on. *fault* is a call and what becomes of it: ``error=EIO``, ``signal=KILL``."""
    inject = ["-e", f"inject={fault[0].name}:{fault[1]}:when={fault[0].number}"] if fault else []
    watched = f"trace={_WATCHED}" if fault is None else f"trace={fault[0].name}"
    command = ["strace", "-q", "-s", "200", "-o", os.fspath(log), "-e", watched, *inject, "-p", str(process)]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _wait_until_traced(process, tracer)
        yield
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)  # it lets the process go
        tracer.communicate(timeout=30)


def _wait_until_traced(process, tracer):
    """A tracer that has come in is named in the process's status; it waits in ``poll`` again once it sleeps."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with open(f"/proc/{process}/status", encoding="ascii") as file:
            status = file.read()
        if f"TracerPid:\t{tracer.pid}\n" in status and "State:\tS" in status:
            return
        assert tracer.poll() is None, tracer.stderr.read()
        time.sleep(0.001)
    raise TimeoutError("strace did not come in")


def between(log, first, last):
    """The calls in *log* from after the one whose arguments begin with *first* to before the one with *last*."""
    counts, calls, is_between = {}, [], False
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        match = _CALL.match(line)
        if not match:
            continue
        name, arguments = match.groups()
        counts[name] = counts.get(name, 0) + 1
        if is_between and arguments.startswith(last):
            return calls
        if is_between and name not in _NOT_COUNTED:
            calls.append(Call(name, counts[name], arguments))
        is_between = is_between or arguments.startswith(first)
    raise AssertionError(f"{last!r} is not in the log")
