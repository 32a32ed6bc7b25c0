"""A process that creates users on command, so that a tracer can make its system calls fail.

The script ``saver.py PATH`` reads commands from its standard input and answers each with a line:

- ``fork``: the child answers its process id and takes over until it ends; then its parent answers how it ended.
- ``create NAME``: ``created``, or the error.
- ``end``: the process ends.

Between two commands it waits in ``poll``. A tracer that attaches meanwhile sees every call of the next command.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile

import bcrypt_cost


class Saver:
    """The process, which has imported all that is imported late."""

    def __init__(self, engine, path):
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__, str(path)],
            env={**os.environ, "FASTWARE_ENGINE": engine},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._answer() == "ready"

    def ask(self, command):
        self._process.stdin.write(f"{command}\n".encode())
        return self._answer()

    def _answer(self):
        line = b""
        while not line.endswith(b"\n"):
            assert select.select([self._process.stdout], [], [], 30)[0], "no answer within 30 seconds"
            byte = self._process.stdout.read(1)
            assert byte, "the process ended"
            line += byte
        return line.decode().rstrip("\n")

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        finally:
            self._process.kill()
            self._process.stdout.close()


def _command():
    """Return the next command, read with a single system call."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.poll()
    return os.read(0, 1000).decode().strip()


def _answer(text):
    os.write(1, f"{text}\n".encode())


def _serve(store):
    while command := _command():
        word, _, name = command.partition(" ")
        if word == "fork":
            _fork(store)
        elif word == "end":
            break
        else:
            _answer(_create(store, name))
    os._exit(0)


def _fork(store):
    child = os.fork()
    if child == 0:
        _answer(os.getpid())
        _serve(store)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _answer("killed" if status == -signal.SIGKILL else f"ended {status}")


def _create(store, name):
    try:
        store.create_user(name, "password", "user")
    except OSError as error:
        return f"OSError {error.errno}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "created"


def _main(path):
    from fastware.auth import JSONFileUserStore

    with bcrypt_cost.lowest():
        with tempfile.TemporaryDirectory() as folder:  # imports what is imported late
            store = JSONFileUserStore(os.path.join(folder, "users.json"))
            for name in ("ada", "bob", "ada"):
                with contextlib.suppress(ValueError):
                    store.create_user(name, "password", "user")
        _answer("ready")
        _serve(JSONFileUserStore(path))


if __name__ == "__main__":
    _main(sys.argv[1])
