"""Saves that are made in a child of their own, under ``strace`` where a system call is to fail or to be its last.

As a script it forks a child for each save: all is imported by then, and each save makes the same system calls.
"""

import errno
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass

import bcrypt_cost

CALLS = (
    "openat,open,creat,close,read,write,pwrite64,lseek,fstat,stat,lstat,newfstatat,statx,access,faccessat,faccessat2,"
    "readlink,readlinkat,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,fchown,chown,fchmod,fchmodat,chmod,"
    "flock,fcntl,getdents64,mkdir,mkdirat,ftruncate,ioctl,utimensat,link,linkat,symlink"
)
_REPORT = 200
_GO = {signal.SIGUSR1}
_CALL = re.compile(r"([a-z0-9_]+)\((.*)")


@dataclass(frozen=True)
class Call:
    """A system call of a save: the how many-th of its name, with its arguments as strace shows them."""

    name: str
    number: int
    arguments: str

    def __str__(self):
        return f"{self.name}-{self.number}"


@dataclass(frozen=True)
class Outcome:
    """How a child ended: ``"done"``, ``"OSError EIO"``, another error, or the signal that ended it."""

    report: str
    calls: tuple[Call, ...]
    was_injected: bool


class Forker:
    """A process that forks a child for each save."""

    def __init__(self, engine):
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__],
            env={**os.environ, "FASTWARE_ENGINE": engine, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def save(self, path, username, inject=None):
        """Create a user in a child, with *inject* as ``strace -e inject=`` takes it."""
        self._say(json.dumps([str(path), username]))
        child = int(self._hear())
        with _Tracing(child, inject) as trace:
            self._say("go")
            report = self._hear()
        text = trace.read()
        return Outcome(report, tuple(_calls(text)), "(INJECTED" in text or "+++ killed by" in text)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=60)

    def _say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _hear(self):
        return self.process.stdout.readline().rstrip("\n")


class _Tracing:
    """strace attached to a process, until it ends."""

    def __init__(self, pid, inject):
        options = ["-e", f"trace={CALLS}", "-s", "40", *(["-e", f"inject={inject}"] if inject else [])]
        self._command = ["strace", "-p", str(pid), "-o", "/dev/stdout", *options]

    def __enter__(self):
        self._strace = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace"
        )
        said = self._strace.stderr.readline()
        if "attached" not in said:
            self._strace.kill()
            raise RuntimeError(f"strace did not attach: {said}")
        return self

    def __exit__(self, *_):
        self._text, _ = self._strace.communicate(timeout=60)

    def read(self):
        return self._text


def is_possible():
    """Whether strace is installed and may trace."""
    try:
        run = subprocess.run(["strace", "-e", "trace=none", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return run.returncode == 0


def _calls(text):
    """The calls between the word to go and the report."""
    counts = {}
    for line in text.splitlines():
        match = _CALL.match(line)
        if not match:
            continue
        name, arguments = match.groups()
        if name == "write" and arguments.startswith(f"{_REPORT},"):
            return
        counts[name] = counts.get(name, 0) + 1
        yield Call(name, counts[name], arguments)


def _serve():
    import tempfile

    import filelock

    from fastware.auth import JSONFileUserStore

    assert filelock and tempfile  # imported by the first save otherwise
    signal.pthread_sigmask(signal.SIG_BLOCK, _GO)
    with bcrypt_cost.lowest():
        for line in sys.stdin:
            path, username = json.loads(line)
            _fork(JSONFileUserStore(path), username)


def _fork(store, username):
    heard, report = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(report, _REPORT)
        signal.sigwait(_GO)
        os.write(_REPORT, _saved(store, username).encode("utf-8"))
        os._exit(0)
    os.close(report)
    print(child, flush=True)
    assert sys.stdin.readline() == "go\n"
    os.kill(child, signal.SIGUSR1)
    text = os.read(heard, 4096).decode("utf-8")
    _, status = os.waitpid(child, 0)
    os.close(heard)
    print(text if text else signal.Signals(os.WTERMSIG(status)).name, flush=True)


def _saved(store, username):
    try:
        store.create_user(username, "password", "user")
    except OSError as error:
        return f"OSError {errno.errorcode[error.errno]}" if error.errno else f"OSError without errno: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "done"


if __name__ == "__main__":
    _serve()
