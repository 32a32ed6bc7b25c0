"""The attack on one server: many clients at once, killed workers, and the verdict."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import bcrypt_cost

from checks import ROOT
from checks.processes import Server
from checks.stress import connections, invalid, settings, valid
from checks.stress.client import LOST, Client, Closed, Kind, NotHTTP, Wrong
from checks.stress.verdicts import MAX_GROWTH, Admissions, Memory, Tally, Users, log_complaints
from fastware.auth import JSONFileUserStore

_SECONDS_TO_RESPOND = 60
_SECONDS_TO_START = 20
_SECONDS_TO_SETTLE = 7
"""Granian exits if a worker dies that started less than 5.5 seconds ago: it assumes a crash loop."""
_GRACE = 0.1
_WARM_UP = 0.4
"""The part of the time after which workers have allocated what they need once."""
_OPTIONS = {"granian": ["--respawn-failed-workers", "--respawn-interval", "1"], "uvicorn": []}


class Plan(NamedTuple):
    seconds: float
    workers: int
    clients: int
    seed: int


@dataclass
class Result:
    """The results of the attack on a server."""

    seconds: float = 0
    kills: int = 0
    exact: tuple[int, int] = (0, 0)
    tally: Tally = field(default_factory=Tally)
    users: Users = field(default_factory=Users)
    admissions: Admissions = field(default_factory=Admissions)
    growth: dict[int, tuple[int, int]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


class Workers:
    """The processes of *server* that serve requests, found by the files that they create in *folder*."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self._folder = folder

    def all(self) -> set[int]:
        """Return every worker that ever started."""
        return {int(file.name) for file in self._folder.iterdir()}

    def living(self) -> set[int]:
        return self.all() & self.server.processes()

    async def wait_until_complete(self) -> None:
        """Raises ``RuntimeError`` if the server exits, or does not start all workers in time."""
        deadline = time.monotonic() + _SECONDS_TO_START
        while len(self.living()) != self.server.workers:
            if not self.server.is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"{self.server.name} has {len(self.living())} of {self.server.workers} workers")
            await asyncio.sleep(0.1)


class Killer:
    """Kills a worker now and then, except one whose memory is watched."""

    def __init__(self, workers: Workers, chance: random.Random) -> None:
        self.kills: list[float] = []
        self._workers = workers
        self._random = chance
        self._first_seen = dict.fromkeys(workers.living(), 0.0)
        self._spared = min(self._first_seen)

    async def run(self, seconds_between: float) -> None:
        """Raises ``RuntimeError`` if the server does not replace a killed worker."""
        while True:
            await asyncio.sleep(seconds_between * self._random.uniform(0.7, 1.3))
            settled = time.monotonic() - _SECONDS_TO_SETTLE
            victims = [w for w in self._workers.living() - {self._spared} if self._first_seen.get(w, 0) < settled]
            if victims:
                self.kills.append(time.monotonic())
                os.kill(self._random.choice(sorted(victims)), signal.SIGKILL)
                await asyncio.sleep(0.2)
            await self._workers.wait_until_complete()
            for worker in self._workers.living():
                self._first_seen.setdefault(worker, time.monotonic())

    def explains(self, since: float, until: float) -> bool:
        """Return whether a killed worker may have served a connection that was open from *since* to *until*."""
        return any(since - _GRACE < moment < until for moment in self.kills)


def attack(name: str, plan: Plan, folder: Path, say: Callable[[str], None]) -> Result:
    """Attack the server *name* with all its workers; then with one worker, whose rate limit is exact."""
    result = Result()
    workers, users_file = _workers(name, plan.workers, folder / "several")
    with workers.server as server:
        asyncio.run(_Attack(workers, plan, result, say).run())
    result.complaints += result.users.complaints(users_file) + log_complaints(server.log)
    workers, _ = _workers(name, 1, folder / "single")
    with workers.server as server:
        begin = time.monotonic()
        result.exact = admitted, rejected = asyncio.run(valid.exact_admissions(server.port))
        most = int(settings.PER_HOUR * (1 + (time.monotonic() - begin) / 3_600))
    if not settings.PER_HOUR <= admitted <= most or not rejected:
        result.complaints.append(f"one worker admitted {admitted} of {admitted + rejected} calls, not {most}")
    result.complaints += log_complaints(server.log)
    return result


def _workers(name: str, workers: int, folder: Path) -> tuple[Workers, Path]:
    """Return a server that is not started yet, and its file of users."""
    users_file, workers_folder = folder / "users.json", folder / "workers"
    workers_folder.mkdir(parents=True)
    with bcrypt_cost.lowest():
        for username, role in settings.ROLES.items():
            JSONFileUserStore(users_file).create_user(username, settings.password_of(username), role)
    server = Server(
        name,
        "checks.stress.application:app",
        ROOT,
        workers=workers,
        environment={settings.USERS_FILE: str(users_file), settings.WORKERS_FOLDER: str(workers_folder)},
        log=folder / "log",
        options=["--log-level", "warning", "--no-access-log", *_OPTIONS[name]],
    )
    return Workers(server, workers_folder), users_file


class _Attack:
    def __init__(self, workers: Workers, plan: Plan, result: Result, say: Callable[[str], None]) -> None:
        self._workers = workers
        self._plan = plan
        self._result = result
        self._say = say
        self._memory = Memory()
        self._killer: Killer
        self._kinds = [
            *valid.KINDS,
            *valid.user_kinds(result.users),
            *valid.limit_kinds(result.admissions),
            *invalid.KINDS,
            *connections.KINDS,
        ]
        result.tally.outcomes = {kind.name: Counter() for kind in self._kinds}

    async def run(self) -> None:
        plan, result = self._plan, self._result
        await self._workers.wait_until_complete()
        killer = self._killer = Killer(self._workers, random.Random(plan.seed))
        begin = time.monotonic()
        clients = [Client(number, self._workers.server.port, plan.seed) for number in range(plan.clients)]
        seconds_between_kills = max(2, min(6, plan.seconds / 4))
        beside = [
            asyncio.create_task(killer.run(seconds_between_kills)),
            asyncio.create_task(self._watch(begin)),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for client in clients:
                    group.create_task(self._play_until(begin + plan.seconds, client))
        finally:
            for task in beside:
                task.cancel()
            errors = await asyncio.gather(*beside, return_exceptions=True)
            for client in clients:
                client.close()
        result.seconds = time.monotonic() - begin
        result.kills = len(killer.kills)
        result.growth = self._memory.growth(self._workers.living())
        result.complaints += [repr(each) for each in errors if isinstance(each, Exception)]
        result.complaints += self._complaints()

    async def _play_until(self, end: float, client: Client) -> None:
        """Play one kind of request after the other: first each kind once, shared among the clients, then at random."""
        waiting = [kind for place, kind in enumerate(self._kinds) if place % self._plan.clients == client.number]
        weights = [kind.weight for kind in self._kinds]
        while time.monotonic() < end:
            kind = waiting.pop() if waiting else client.random.choices(self._kinds, weights)[0]
            await self._play(client, kind)

    async def _play(self, client: Client, kind: Kind) -> None:
        tally = self._result.tally
        client.exposed_since = time.monotonic()
        try:
            async with asyncio.timeout(_SECONDS_TO_RESPOND):
                outcome = await kind.play(client)
        except Closed:
            if self._killer.explains(client.exposed_since, time.monotonic()):
                tally.note(kind, LOST)
            else:
                tally.fail(f"{kind.name}: the server closed the connection, and no worker had been killed")
            await asyncio.sleep(0.02)
        except NotHTTP as error:
            tally.fail(f"{kind.name}: the server sent something other than HTTP/1", str(error))
        except Wrong as error:
            tally.fail(f"{kind.name}: a wrong response", str(error))
        except TimeoutError:
            client.close()
            tally.fail(f"{kind.name}: no response within {_SECONDS_TO_RESPOND} s")
        except (ValueError, KeyError, TypeError) as error:
            tally.fail(f"{kind.name}: an unreadable response", repr(error))
        else:
            tally.note(kind, outcome)

    async def _watch(self, begin: float) -> None:
        """Sample the memory of the workers, and report progress."""
        plan, result, ticks = self._plan, self._result, 0
        while True:
            await asyncio.sleep(0.5)
            ticks += 1
            seconds = time.monotonic() - begin
            self._memory.sample(self._workers.living())
            if not self._memory.warm and seconds > plan.seconds * _WARM_UP:
                self._memory.end_warm_up()
            if ticks % 4 == 0:
                wrong = sum(map(len, result.tally.failures.values()))
                counts = f"{result.tally.total:,} responses, {len(self._killer.kills)} kills, {wrong} wrong"
                self._say(f"[{self._workers.server.name} {seconds:3.0f}/{plan.seconds:.0f} s] {counts}")

    def _complaints(self) -> list[str]:
        result = self._result
        # A check of something that never happened proves nothing.
        missing = {
            "no worker was killed": not result.kills,
            "no worker was alive throughout": not result.growth,
            "no call was over the limit": not result.admissions.rejected,
            "no user was created": not result.users.created - settings.ROLES.keys(),
            "no user was deleted": not result.users.deleted,
        }
        never = [name for name, outcomes in result.tally.outcomes.items() if not outcomes]
        grown = [pair for pair in result.growth.values() if pair[1] - pair[0] > MAX_GROWTH]
        return [
            *result.tally.complaints(),
            *result.admissions.complaints(len(self._workers.all()), self._plan.workers, result.seconds),
            *(what for what, is_so in missing.items() if is_so),
            *(f"no response: {name}" for name in never),
            *(f"a worker grew from {before / 1e6:.1f} to {after / 1e6:.1f} MB" for before, after in grown),
        ]
