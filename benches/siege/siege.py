"""The siege of one server: many besiegers at once, kills meanwhile, and the reckoning."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt_cost

from fastware.auth import JSONFileUserStore

from . import server_log, settings
from .admissions import Admissions
from .besieger import Besieger
from .kills import Kills
from .kind import LOST, Kind, Wrong
from .kinds import KINDS
from .ledger import SEEDS, Ledger
from .limited_requests import exactly_admitted
from .memory import MOST_GROWTH, Memory
from .server import Server
from .tally import Tally
from .wire import Closed, NotHTTP

_SECONDS_TO_ANSWER = 60
_SECONDS_BETWEEN_WORDS = 2
_WARM_UP = 0.4
"""Of the time: what workers need once, they have by then."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How a server is besieged."""

    seconds: float
    workers: int
    besiegers: int
    seconds_between_kills: float
    seed: int


@dataclass
class Besieged:
    """What is known of a server in the end."""

    seconds: float
    tally: Tally
    kills: int = 0
    restarts: int = 0
    incarnations: int = 0
    users_tried: int = 0
    admitted: int = 0
    refused: int = 0
    exact: tuple[int, int] = (0, 0)
    memory: dict[int, tuple[int, int]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def besiege(name: str, plan: Plan, folder: Path, say: Say) -> Besieged:
    """Besiege the server *name* with all its workers; then one worker, whose rate limit is exact."""
    several, single = folder / "several", folder / "single"
    for each in (several, single):
        each.mkdir()
    ledger = Ledger()
    with _serving(name, plan.workers, several) as server:
        found = asyncio.run(_Siege(server, plan, ledger, say).run())
    found.complaints += ledger.complaints(server.users_file) + server_log.complaints(server.log)
    with _serving(name, 1, single) as server:
        found.exact = asyncio.run(_exactly(server, found))
    found.complaints += server_log.complaints(server.log)
    return found


def _serving(name: str, workers: int, folder: Path) -> Server:
    server = Server(name, workers, folder)
    with bcrypt_cost.lowest():
        for username, role in SEEDS.items():
            JSONFileUserStore(server.users_file).create_user(username, settings.password_of(username), role)
    return server


class _Siege:
    def __init__(self, server: Server, plan: Plan, ledger: Ledger, say: Say) -> None:
        self._server = server
        self._plan = plan
        self._ledger = ledger
        self._say = say
        self._tally = Tally()
        self._admissions = Admissions()
        self._memory = Memory()
        self._kills = Kills(server, random.Random(plan.seed))
        self._hang_ups: list[tuple[Kind, float, float]] = []
        self._begin = time.monotonic()
        self._end = self._begin + plan.seconds

    async def run(self) -> Besieged:
        besiegers = [
            Besieger(
                number, self._server.port, random.Random(f"{self._plan.seed} {number}"), self._ledger, self._admissions
            )
            for number in range(self._plan.besiegers)
        ]
        aside = [
            asyncio.create_task(self._kills.go_on(self._plan.seconds_between_kills)),
            asyncio.create_task(self._watch()),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for besieger in besiegers:
                    group.create_task(self._besiege(besieger))
        finally:
            for task in aside:
                task.cancel()
            ended = await asyncio.gather(*aside, return_exceptions=True)
            for besieger in besiegers:
                besieger.hang_up()
        found = self._reckon()
        found.complaints += [f"the siege itself failed: {error!r}" for error in ended if isinstance(error, Exception)]
        return found

    async def _besiege(self, besieger: Besieger) -> None:
        """Play one kind after the other, each once at first, and then as chance has it."""
        weights = [kind.weight for kind in KINDS]
        # Each kind is met, however short the siege: the first besiegers begin with different ones.
        waiting = [kind for place, kind in enumerate(KINDS) if place % self._plan.besiegers == besieger.number]
        while time.monotonic() < self._end:
            kind = waiting.pop() if waiting else besieger.chance.choices(KINDS, weights)[0]
            await self._play(besieger, kind)

    async def _play(self, besieger: Besieger, kind: Kind) -> None:
        besieger.begin()
        try:
            async with asyncio.timeout(_SECONDS_TO_ANSWER):
                outcome = await kind.play(besieger)
        except Closed:
            self._hang_ups.append((kind, besieger.exposed_since, time.monotonic()))
            await asyncio.sleep(0.02)
        except NotHTTP as error:
            self._tally.fail(f"{kind.name}: the server answered something else than HTTP/1", str(error))
        except Wrong as error:
            self._tally.fail(f"{kind.name}: a wrong answer", str(error))
        except TimeoutError:
            besieger.hang_up()
            self._tally.fail(f"{kind.name}: no answer within {_SECONDS_TO_ANSWER} s")
        except (ValueError, KeyError, TypeError) as error:
            self._tally.fail(f"{kind.name}: an answer that cannot be read", repr(error))
        else:
            self._tally.note(kind, outcome)

    async def _watch(self) -> None:
        """Sample memory, and say how it goes."""
        is_warm = False
        spoken = self._begin
        while True:
            await asyncio.sleep(0.5)
            self._memory.sample(self._server)
            now = time.monotonic()
            if not is_warm and now - self._begin > self._plan.seconds * _WARM_UP:
                is_warm = True
                self._memory.warmed_up()
            if now - spoken > _SECONDS_BETWEEN_WORDS:
                spoken = now
                self._say(self._words(now - self._begin))

    def _words(self, seconds: float) -> str:
        wrong = sum(self._tally.failures.values())
        return (
            f"[{self._server.name} {min(seconds, self._plan.seconds):3.0f}/{self._plan.seconds:.0f} s] "
            f"{self._tally.total:,} answers, {self._tally.total / seconds:,.0f}/s, {self._kills.count} kills, "
            f"{self._ledger.tried:,} users tried" + (f", {wrong} WRONG" if wrong else "")
        )

    def _judge_hang_ups(self) -> None:
        """An answer may be lost with a worker; which server did not survive a kill is known only afterwards."""
        for kind, since, until in self._hang_ups:
            if self._kills.explain(since, until):
                self._tally.note(kind, LOST)
            else:
                self._tally.fail(f"{kind.name}: the server hung up, and no worker had been killed")

    def _reckon(self) -> Besieged:
        self._judge_hang_ups()
        seconds = time.monotonic() - self._begin
        server, admissions = self._server, self._admissions
        incarnations = len(server.all_workers())
        found = Besieged(
            seconds=seconds,
            tally=self._tally,
            kills=self._kills.count,
            restarts=self._kills.restarts,
            incarnations=incarnations,
            users_tried=self._ledger.tried,
            admitted=admissions.admitted.total(),
            refused=admissions.refused.total(),
            memory=self._memory.growth(server),
        )
        found.complaints = [
            *self._tally.complaints(),
            *admissions.complaints(incarnations, server.workers, seconds),
            *self._what_did_not_happen(found),
            *(
                f"worker {worker} grew from {before / 1e6:.1f} to {after / 1e6:.1f} MB after the warm-up"
                for worker, (before, after) in found.memory.items()
                if after - before > MOST_GROWTH
            ),
        ]
        return found

    def _what_did_not_happen(self, found: Besieged) -> list[str]:
        """A check of what never happened would say nothing."""
        missing = {
            "no worker was killed": not found.kills,
            "no worker lived through": not found.memory and not found.restarts,
            "no call was one too many": not found.refused,
            "no user was created": not self._ledger.created - SEEDS.keys(),
            "no user was deleted": not self._ledger.deleted,
        }
        never = [kind.name for kind in KINDS if kind.name not in self._tally.outcomes]
        return [what for what, is_so in missing.items() if is_so] + [f"never answered: {name}" for name in never]


async def _exactly(server: Server, found: Besieged) -> tuple[int, int]:
    begin = time.monotonic()
    admitted, refused = await exactly_admitted(server.port)
    seconds = time.monotonic() - begin
    most = int(settings.PER_HOUR * (1 + seconds / 3600))
    if not settings.PER_HOUR <= admitted <= most or not refused:
        found.complaints.append(
            f"one worker admitted {admitted} of {admitted + refused} calls at once, not {settings.PER_HOUR}"
        )
    return admitted, refused
