"""Processes that create users in one file at the same time.

The script ``user_creators.py PATH COST NAME...`` is one of them. It prints ``ready``, waits for a line, and then prints
``created NAME`` or ``taken NAME`` for each user. ``NAME*`` means ``NAME0``, ``NAME1`` and so on without end.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys

import bcrypt_cost


class Creator:
    """One of the processes, and the names that it reported."""

    def __init__(self, engine, path, names, cost):
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__, str(path), str(cost), *names],
            env={**os.environ, "FASTWARE_ENGINE": engine},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.created, self.taken = [], []

    def wait_until_ready(self):
        assert self._process.stdout.readline() == "ready\n"

    def go(self):
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def read_report(self):
        outcome, _, name = self._process.stdout.readline().rstrip("\n").partition(" ")
        if outcome:
            {"created": self.created, "taken": self.taken}[outcome].append(name)
        return bool(outcome)

    def finish(self, expected_status=0):
        """Read all reports, and wait for the end of the process."""
        while self.read_report():
            pass
        assert self._process.wait(timeout=60) == expected_status

    def kill(self):
        self._process.kill()
        self.finish(-signal.SIGKILL)

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()


@contextlib.contextmanager
def ready(engine, path, *lists_of_names, cost=bcrypt_cost.LOWEST):
    """Yield processes that wait for ``go``, one for each list of names. *path* may be a list of paths."""
    paths = path if isinstance(path, list) else [path] * len(lists_of_names)
    with contextlib.ExitStack() as stack:
        creators = []
        for each, names in zip(paths, lists_of_names, strict=True):
            creators.append(Creator(engine, each, names, cost))
            stack.callback(creators[-1].close)
        for creator in creators:
            creator.wait_until_ready()
        yield creators


def run(engine, path, *lists_of_names, cost=bcrypt_cost.LOWEST):
    """Run such processes to their end at the same time, and return them."""
    with ready(engine, path, *lists_of_names, cost=cost) as creators:
        for creator in creators:
            creator.go()
        for creator in creators:
            creator.finish()
    return creators


def _main(path, cost, names):
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
    _main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
