"""Processes that create users in one file: made ready first, then told to go, so that they write at the same time.

As a script it is such a process: ``user_creators.py PATH COST NAME...`` reports each name once it is created, or taken.
``NAME*`` stands for ``NAME0``, ``NAME1`` and so on without end.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys

import bcrypt_cost


class Creator:
    """One of the processes."""

    def __init__(self, engine, path, names, cost=bcrypt_cost.LOWEST):
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__, str(path), str(cost), *names],
            env={**os.environ, "FASTWARE_ENGINE": engine},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.created = []
        self.taken = []

    def wait_until_ready(self):
        assert self.process.stdout.readline() == "ready\n"

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def read_report(self):
        """Read one report."""
        self._note(self.process.stdout.readline())

    def finish(self):
        """Read the reports until the process ends by itself."""
        for line in self.process.stdout:
            self._note(line)
        assert self.process.wait(timeout=60) == 0

    def kill(self):
        """End the process with SIGKILL, and read what it had reported."""
        self.process.kill()
        assert self.process.wait(timeout=60) == -signal.SIGKILL
        for line in self.process.stdout:
            self._note(line)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()

    def _note(self, line):
        outcome, _, name = line.rstrip("\n").partition(" ")
        {"created": self.created, "taken": self.taken}[outcome].append(name)


@contextlib.contextmanager
def ready(engine, path, *lists_of_names, cost=bcrypt_cost.LOWEST):
    """Processes that wait for ``go``, one for each list of names; ended afterwards. *path* may be a list of paths."""
    paths = path if isinstance(path, list) else [path] * len(lists_of_names)
    creators = [Creator(engine, each, names, cost) for each, names in zip(paths, lists_of_names, strict=True)]
    try:
        for creator in creators:
            creator.wait_until_ready()
        yield creators
    finally:
        for creator in creators:
            creator.close()


def run(engine, path, *lists_of_names, cost=bcrypt_cost.LOWEST):
    """Run such processes at once to their end; they tell what each created."""
    with ready(engine, path, *lists_of_names, cost=cost) as creators:
        for creator in creators:
            creator.go()
        for creator in creators:
            creator.finish()
    return creators


def _create(path, cost, names):
    from fastware.auth import JSONFileUserStore

    store = JSONFileUserStore(path)
    print("ready", flush=True)
    sys.stdin.readline()
    with bcrypt_cost.lowest() if cost == bcrypt_cost.LOWEST else contextlib.nullcontext():
        for name in itertools.chain.from_iterable(map(_expanded, names)):
            try:
                store.create_user(name, "password", "user")
            except ValueError as error:
                if "already exists" not in str(error):
                    raise
                print(f"taken {name}", flush=True)
            else:
                print(f"created {name}", flush=True)


def _expanded(name):
    return (f"{name[:-1]}{number}" for number in itertools.count()) if name.endswith("*") else [name]


if __name__ == "__main__":
    _create(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
