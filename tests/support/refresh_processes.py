"""Processes that use refresh tokens and tickets in one file on command, at the same time or under a tracer.

The script ``refresh_processes.py PATH`` reads commands from its standard input, and replies to each with a line:

- ``rotate TOKEN``: the successor, or the type of the error.
- ``chain TOKEN``: rotates without end, and replies with each successor.
- ``redeem TICKET``: ``yes`` or ``no``.
- ``fork``: the child replies with its process id and takes over until it ends. Then the parent replies how it ended.
- ``end``: the process ends.

Before a command it waits in ``poll``. A tracer that attaches then gets every system call of the command.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys


class RefreshProcess:
    """One of the processes."""

    def __init__(self, path):
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def request(self, command):
        self.send(command)
        return self.reply()

    def send(self, command):
        """Send a command without waiting for its reply."""
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()

    def reply(self):
        """Return the next reply, or ``""`` if the process has ended."""
        return self._process.stdout.readline().decode().rstrip("\n")

    def kill(self):
        """Kill the process. Returns its remaining replies."""
        self._process.kill()
        assert self._process.wait(timeout=60) == -signal.SIGKILL
        return self._process.stdout.read().decode().splitlines()

    def close(self):
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()


@contextlib.contextmanager
def started(path, count):
    """Yield *count* processes that are ready, and have imported every module that is imported late."""
    with contextlib.ExitStack() as stack:
        processes = [RefreshProcess(path) for _ in range(count)]
        for process in processes:
            stack.callback(process.close)
        for process in processes:
            assert process.reply() == "ready"
        yield processes


def ask_at_once(processes, command):
    """Return the replies of all *processes* to the command, which they get at the same time."""
    for process in processes:
        process.send(command)
    return [process.reply() for process in processes]


def _commands():
    """Yield the commands. One that is sent alone is read with one system call."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    while True:
        poll.poll()
        for line in os.read(0, 65_536).decode().splitlines():
            yield line.split(" ")


def _reply(text):
    os.write(1, f"{text}\n".encode())


def _serve(refresh_tokens, tickets):
    for command, *arguments in _commands():
        signal.alarm(60)  # ends a process that hangs
        if command == "end":
            os._exit(0)
        if command == "fork":
            _fork(refresh_tokens, tickets)
        elif command == "redeem":
            _reply("no" if tickets.redeem(*arguments) is None else "yes")
        elif command == "rotate":
            _reply(_rotate(refresh_tokens, *arguments))
        else:
            (token,) = arguments
            while True:
                token = _rotate(refresh_tokens, token)
                _reply(token)


def _fork(refresh_tokens, tickets):
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            refresh_tokens.revoke("x" * 43)  # connects to the file
            _reply(os.getpid())
            _serve(refresh_tokens, tickets)
        os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _reply("killed" if status == -signal.SIGKILL else f"ended {status}")


def _rotate(refresh_tokens, token):
    try:
        return refresh_tokens.rotate(token).token
    except Exception as error:
        return type(error).__name__


def _main(path):
    from fastware.auth import RefreshTokens, Tickets

    unused = RefreshTokens(None)  # imports what is imported late
    unused.rotate(unused.issue("ada"))
    _reply("ready")
    _serve(RefreshTokens(path), Tickets(path))


if __name__ == "__main__":
    _main(sys.argv[1])
