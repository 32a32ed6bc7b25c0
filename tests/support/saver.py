"""A process that creates users for whoever tells it to, one command at a time, so that its system calls can fail.

As a script: ``saver.py PATH``. ``fork`` makes a child that takes over; ``create NAME`` answers ``created``, or the
error; ``end`` ends the child. Whatever a child ends by, its parent says so and takes over again. Between two commands
it waits in ``poll``, so that a tracer which comes in then sees the calls of the next command from first to last.
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
    """The process. It has loaded all that is loaded late."""

    def __init__(self, engine, path):
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__, str(path)],
            env={**os.environ, "FASTWARE_ENGINE": engine},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self.answer() == "ready"

    def ask(self, command):
        self.tell(command)
        return self.answer()

    def tell(self, command):
        self._process.stdin.write(f"{command}\n".encode())

    def answer(self):
        line = b""
        while not line.endswith(b"\n"):
            assert select.select([self._process.stdout], [], [], 30)[0], "no answer in half a minute"
            byte = self._process.stdout.read(1)
            assert byte, "the saver ended"
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
    """The next command. It is read with one call, so that the calls of a command can be counted."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.poll()
    return os.read(0, 1000).decode().strip()


def _say(answer):
    os.write(1, f"{answer}\n".encode())


def _serve(store):
    while command := _command():
        word, _, argument = command.partition(" ")
        if word == "fork":
            _fork(store)
        elif word == "end":
            os._exit(0)
        else:
            _say(_create(store, argument))
    os._exit(0)


def _fork(store):
    child = os.fork()
    if child == 0:
        _say(os.getpid())
        _serve(store)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _say("killed" if status == -signal.SIGKILL else f"ended {status}")


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
        with tempfile.TemporaryDirectory() as folder:  # loads what is loaded late
            store = JSONFileUserStore(os.path.join(folder, "users.json"))
            for name in ("ada", "bob"):
                store.create_user(name, "password", "user")
            with contextlib.suppress(ValueError):
                store.create_user("ada", "password", "user")
        _say("ready")
        _serve(JSONFileUserStore(path))


if __name__ == "__main__":
    _main(sys.argv[1])
