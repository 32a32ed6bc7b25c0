"""Workers that are killed while they work."""

import asyncio
import math
import random
import time

from .server import Server

_SECONDS_UNTIL_RESPAWNED = 20
_SECONDS_TO_PROVE_ITSELF = 7
"""Granian ends where a worker dies that it has started less than 5.5 seconds ago: it takes that for a crash loop."""
_GRACE = 0.1


class Kills:
    """Kills a worker of *server* now and then; one of them is spared, so that its memory can be watched."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.count = 0
        self.restarts = 0
        self._server = server
        self._chance = chance
        self._moments: list[float] = []
        self._outages: list[tuple[float, float]] = []
        """From the kill that a server did not survive, until it was there again."""
        self._first = server.living_workers()
        self._spared = min(self._first)
        self._seen: dict[int, float] = {}
        """When the workers were first seen that are there in the place of others."""

    def explain(self, since: float, until: float) -> bool:
        """Return whether a connection that was open from *since* and lost at *until* may have met a killed worker."""
        killed = any(since - _GRACE < moment < until for moment in self._moments)
        return killed or any(begin < until and since < end for begin, end in self._outages)

    async def go_on(self, seconds_between: float) -> None:
        """Kill for ever; where the server does not start another worker, the server is started again."""
        while True:
            await asyncio.sleep(seconds_between * self._chance.uniform(0.7, 1.3))
            victims = self._victims()
            if victims:
                self._moments.append(time.monotonic())
                self.count += 1
                self._server.kill(self._chance.choice(victims))
            if not await self._is_whole_again():
                await self._restart()

    def _victims(self) -> list[int]:
        oldest_moment = time.monotonic() - _SECONDS_TO_PROVE_ITSELF
        living = self._server.living_workers() - {self._spared}
        return sorted(worker for worker in living if self._seen.get(worker, 0) < oldest_moment)

    async def _is_whole_again(self) -> bool:
        deadline = time.monotonic() + _SECONDS_UNTIL_RESPAWNED
        while self._server.is_running() and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            living = self._server.living_workers()
            if len(living) == self._server.workers:
                for worker in living - self._first - self._seen.keys():
                    self._seen[worker] = time.monotonic()
                return True
        return False

    async def _restart(self) -> None:
        self.restarts += 1
        begin = self._moments[-1] if self._moments else time.monotonic()
        self._outages.append((begin, math.inf))
        await asyncio.to_thread(self._server.end)
        await asyncio.to_thread(self._server.start)
        self._outages[-1] = (begin, time.monotonic())
        self._first = self._server.living_workers()
        self._spared = min(self._first)
