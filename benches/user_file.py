"""Change one of 100,000 users in a file, again and again, beside a store that parses and writes the whole file.

An event loop runs a timer of one millisecond. Its longest pause shows how long a request would wait. The changes come
from another process first, each followed by a look-up, and then from this one. Each answer is checked, and at the end
the whole file.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checks.processes import exit_on_sigterm, resident_bytes
from checks.tables import duration, machine, table

from fastware.auth import JSONFileUserStore
from fastware.auth.users.records import users_as_json

_HASH = "$2b$12$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"
_FRESH = 0.3
"""Seconds after which the store trusts the times of the file: it then compares no content."""


class WholeFileStore(JSONFileUserStore):
    """What one writes by hand: each change of the file parses all of it, and each save writes all users."""

    _known: tuple[Any, dict[str, Any]] = None, {}

    def load_users(self):
        """Return all users."""
        return json.loads(self.path.read_bytes())

    def save_users(self, users):
        """Write all users."""
        super().save_users(users)

    def find_user(self, username):
        """Return a copy of the user, or ``None``."""
        status = self.path.stat()
        stamp = status.st_mtime_ns, status.st_size, status.st_ino
        if stamp != self._known[0]:
            self._known = stamp, {user["username"]: user for user in self.load_users()}
        user = self._known[1].get(username)
        return user and user.copy()


_STORES = {"fastware": JSONFileUserStore, "parse and write the whole": WholeFileStore}


def _user(number: int) -> dict[str, str]:
    created = "2024-01-02T03:04:05+00:00"
    return {"username": f"user {number}", "password_hash": _HASH, "role": "user", "created_at": created}


class _Figures(dict[str, list[float]]):
    """Seconds by the names of what was measured."""

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long the block takes, and the longest pause of the event loop beside it."""
        longest, last = 0.0, time.perf_counter()

        async def tick():
            nonlocal longest, last
            while True:
                await asyncio.sleep(0.001)
                longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

        ticking = asyncio.ensure_future(tick())
        start = time.perf_counter()
        try:
            yield
        finally:
            end = time.perf_counter()
            ticking.cancel()
        self.setdefault(name, []).append(end - start)
        self.setdefault(f"{name}: pause", []).append(max(longest, end - last))


def measure(name: str, path: str, changes: int) -> dict[str, list[float]]:
    """Return the figures of the store *name*. The file has at least one user."""
    return asyncio.run(_measure(_STORES[name], path, changes))


async def _measure(make: Callable[[str], Any], path: str, changes: int) -> dict[str, list[float]]:
    figures, store, before = _Figures(), make(path), resident_bytes(os.getpid())
    count = len(json.loads(Path(path).read_bytes()))
    with figures.timed("nothing"):
        await asyncio.sleep(0.5)
    with figures.timed("first look-up"):
        assert await store.afind_user("user 0") == _user(0)
    figures["bytes per user"] = [(resident_bytes(os.getpid()) - before) / count]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as other:
        await asyncio.wrap_future(other.submit(change, path, "user 0", "user"))
        for number in range(changes):
            username, role = f"user {number * 7919 % count}", f"role {number} of {make.__name__}"
            with figures.timed("change by another process"):
                await asyncio.wrap_future(other.submit(change, path, username, role))
            with figures.timed("look-up after it"):
                found = await store.afind_user(username)
            assert found["role"] == role, found
            await asyncio.sleep(_FRESH)
            await store.afind_user(username)
            with figures.timed("look-up without a change"):
                assert (await store.afind_user(username))["role"] == role
    for number in range(changes):
        username, role = f"user {number * 7907 % count}", f"own {number} of {make.__name__}"
        with figures.timed("change"):
            assert (await store.aupdate_user(username, role=role))["role"] == role
        assert (await store.afind_user(username))["role"] == role
    with figures.timed("load all users"):
        users = await store.aload_users()
    assert users == json.loads(Path(path).read_bytes())
    assert {user["username"] for user in users} == {f"user {number}" for number in range(count)}
    return figures


_stores: dict[str, JSONFileUserStore] = {}


def change(path: str, username: str, role: str) -> None:
    """Change a user, in a process that has read the file before."""
    _stores.setdefault(path, JSONFileUserStore(path)).update_user(username, role=role)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.user_file", description=__doc__)
    parser.add_argument("--users", type=int, default=100_000, help="default: 100,000")
    parser.add_argument("--changes", type=int, default=10, help="of each kind (default: 10)")
    arguments = parser.parse_args()
    exit_on_sigterm()
    results: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in _STORES:
            path = Path(folder) / name / "users.json"
            path.parent.mkdir()
            path.write_bytes(users_as_json([_user(number) for number in range(arguments.users)]))
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                results[name] = pool.submit(measure, name, str(path), arguments.changes).result()
    ours, whole = results.values()
    titles = ("", *(f"{name}, {what}" for name in _STORES for what in ("median", "worst")), "ratio")
    print(f"{arguments.users:,} users\n\n{table(titles, [_row(name, ours[name], whole[name]) for name in ours])}\n")
    print(machine())
    return 0


def _row(name: str, ours: list[float], whole: list[float]) -> tuple[str, ...]:
    show = "{:.0f}".format if "bytes" in name else duration
    figures = [show(figure(each)) for each in (ours, whole) for figure in (statistics.median, max)]
    return (name, *figures, f"{statistics.median(ours) / statistics.median(whole):.3f}")


if __name__ == "__main__":
    sys.exit(main())
