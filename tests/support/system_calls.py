"""The system calls of a process, traced with strace. One of them can be made to fail, or to kill the process."""

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

_TRACED = "%file,%desc"
_IGNORED = frozenset({"poll", "ppoll", "mmap"})  # the wait for a command, and memory
_CALL = re.compile(r"([a-z0-9_]+)\((.*)")


@dataclass(frozen=True)
class Call:
    """The *number*-th call of *name* since tracing began."""

    name: str
    number: int
    arguments: str


@functools.cache
def unavailable():
    """Return why no process can be traced here, or ``None``."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with traced(sleeper.pid):
            return None
    except (AssertionError, OSError):
        return "strace is not allowed to trace here"
    finally:
        sleeper.kill()
        sleeper.wait()


@contextlib.contextmanager
def traced(process, *, log=os.devnull, call=None, fault=None):
    """Trace the process, and make *call* fail with *fault*: ``error=EIO`` or ``signal=KILL``."""
    command = ["strace", "-q", "-s", "200", "-o", os.fspath(log), "-p", str(process)]
    if call is None:
        command += ["-e", f"trace={_TRACED}"]
    else:
        command += ["-e", f"trace={call.name}", "-e", f"inject={call.name}:{fault}:when={call.number}"]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _wait_until_traced(process, tracer)
        yield
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)  # detaches from the process
        tracer.communicate(timeout=30)


def _wait_until_traced(process, tracer):
    """Wait until the process has a tracer, and sleeps in ``poll`` again."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with open(f"/proc/{process}/status", encoding="ascii") as file:
            status = file.read()
        if f"TracerPid:\t{tracer.pid}\n" in status and "State:\tS" in status:
            return
        assert tracer.poll() is None, tracer.stderr.read()
        time.sleep(0.001)
    raise TimeoutError("strace did not attach")


def between(log, first, last):
    """Return the calls in *log* between the one whose arguments begin with *first* and the one with *last*."""
    counts, calls, has_begun = {}, [], False
    for name, arguments in _CALL.findall(log.read_text(encoding="utf-8", errors="replace")):
        counts[name] = counts.get(name, 0) + 1
        if has_begun and arguments.startswith(last):
            return calls
        if has_begun and name not in _IGNORED:
            calls.append(Call(name, counts[name], arguments))
        has_begun = has_begun or arguments.startswith(first)
    raise AssertionError(f"{last!r} is not in the log")
