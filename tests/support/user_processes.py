"""Processes that change users in a file or a database on command, at the same time or under a tracer.

The script ``user_processes.py PATH COST`` reads commands from its standard input, and replies to each with a line. The
path may be a SQLAlchemy URL.

- ``create NAME``: ``created``, ``taken``, or the error.
- ``update NAME``: ``updated``, and the role is one letter longer; ``delete NAME``: ``deleted``; or the error.
- ``count NAME``: ``counted``, and the field that has the process id as its name is one higher; or the error.
- ``fork``: the child replies with its process id and takes over until it ends. Then the parent replies how it ended.
- ``end``: the process ends.

Before a command it waits in ``poll``. A tracer that attaches then gets every system call of the command.
"""

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from itertools import chain

import bcrypt_cost

_REPLIES = ("created", "taken", "updated", "deleted", "counted")


class UserProcess:
    """One of the processes. ``reports`` are its replies and the names of the users."""

    def __init__(self, engine, path, cost=bcrypt_cost.LOWEST):
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__, str(path), str(cost)],
            env={**os.environ, "FASTWARE_ENGINE": engine},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._pending, self.reports = [], []

    def request(self, command):
        self.send(command)
        return self.reply()

    def send(self, *commands):
        """Send commands without waiting for their replies."""
        self._process.stdin.write("".join(f"{command}\n" for command in commands).encode())
        self._process.stdin.flush()

    @property
    def created(self):
        return self._reported("created")

    @property
    def taken(self):
        return self._reported("taken")

    def _reported(self, word):
        return [name for reply, name in self.reports if reply == word]

    def create(self, names):
        """Make the process create users."""
        self.change(*(("create", name) for name in names))

    def change(self, *changes):
        """Make the process do *changes*, such as ``("update", "ada")``."""
        self._pending += [name for _, name in changes]
        self.send(*map(" ".join, changes))

    def reply(self):
        """Return the next reply, or ``""`` if the process has ended."""
        return self._process.stdout.readline().decode().rstrip("\n")

    def read_report(self):
        """Read the reply about the next user. Returns whether there is one."""
        reply = self.reply()
        if reply:
            assert reply in _REPLIES, reply
            self.reports.append((reply, self._pending.pop(0)))
        return bool(reply)

    def finish(self):
        """Read the replies about all users."""
        while self._pending:
            assert self.read_report(), "the process ended"

    def kill(self):
        """Kill the process, and read its remaining replies."""
        self._process.kill()
        assert self._process.wait(timeout=60) == -signal.SIGKILL
        while self.read_report():
            pass

    def close(self):
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()


def kill_while_changing(processes, roles, read_roles):
    """Kill each process while it changes users. Yields the name of a user that it created first.

    What *read_roles* returns are the *roles* after the changes that the process reported, and at most one more.
    """
    for number, process in enumerate(processes):
        names = [f"user {number}-{each}" for each in range(300)]
        changes = list(chain(*[[("create", name), ("update", name), ("delete", name)] for name in names]))
        changes[2::6] = [("update", name) for name in names[::2]]
        process.change(*changes)
        process.read_report()
        time.sleep(random.uniform(0, 0.06))
        process.kill()
        for change in changes[: len(process.reports)]:
            make(change, roles)
        found = read_roles()
        if found != roles:
            make(changes[len(process.reports)], roles)
        assert found == roles
        yield names[0]


def make(change, roles):
    """Do to ``{username: role}`` what a process does to the users."""
    word, name = change
    if word == "delete":
        del roles[name]
    else:
        roles[name] = roles[name] + "r" if word == "update" else "user"


@contextlib.contextmanager
def started(engine, *paths, cost=bcrypt_cost.LOWEST):
    """Yield a process for each path. They are ready, and have imported every module that is imported late."""
    with contextlib.ExitStack() as stack:
        processes = []
        for path in paths:
            processes.append(UserProcess(engine, path, cost))
            stack.callback(processes[-1].close)
        for process in processes:
            assert process.reply() == "ready"
        yield processes


def create_at_once(engine, paths, lists_of_names, cost=bcrypt_cost.LOWEST):
    """Create users in a process for each path, at the same time. Returns the processes."""
    with started(engine, *paths, cost=cost) as processes:
        for process, names in zip(processes, lists_of_names, strict=True):
            process.create(names)
        for process in processes:
            process.finish()
    return processes


def _commands():
    """Yield the commands. One that is sent alone is read with one system call."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    received = b""
    while True:
        while b"\n" in received:
            line, _, received = received.partition(b"\n")
            yield line.decode()
        poll.poll()
        received += os.read(0, 65_536)


def _reply(text):
    os.write(1, f"{text}\n".encode())


def _serve(store):
    for command in _commands():
        word, _, name = command.partition(" ")
        if word == "end":
            os._exit(0)
        _reply(_fork(store) if word == "fork" else _change(store, word, name))


def _fork(store):
    child = os.fork()
    if child == 0:
        _reply(os.getpid())
        _serve(store)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return "killed" if status == -signal.SIGKILL else f"ended {status}"


def _change(store, word, name):
    signal.alarm(60)  # ends a process that hangs
    try:
        if word == "create":
            store.create_user(name, "password", "user")
        elif word == "update":
            store.update_user(name, role=store.find_user(name)["role"] + "r")
        elif word == "count":
            field = str(os.getpid())
            store.update_user(name, fields={field: str(int(store.find_user(name).get(field, 0)) + 1)})
        else:
            store.delete_user(name)
    except OSError as error:
        return f"OSError {error.errno}" if error.errno else f"{type(error).__name__}: {error}"
    except ValueError as error:
        return "taken" if "already exists" in str(error) else f"ValueError: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "counted" if word == "count" else f"{word}d"


def _main(path, cost):
    from fastware.auth import JSONFileUserStore, SQLUserStore

    with tempfile.TemporaryDirectory() as folder, bcrypt_cost.lowest():  # imports what is imported late
        store = JSONFileUserStore(os.path.join(folder, "users.json"))
        for word in ("create", "create", "update", "delete"):
            _change(store, word, "ada")
    _reply("ready")
    with bcrypt_cost.lowest() if cost == bcrypt_cost.LOWEST else contextlib.nullcontext():
        _serve(SQLUserStore(path) if "://" in path else JSONFileUserStore(path))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
