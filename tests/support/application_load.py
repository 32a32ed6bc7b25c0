"""Clients of the application in ``stored_app.py``."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from functools import partial
from typing import NamedTuple
from urllib.parse import urlencode

from checks.processes import HOST

PASSWORD = "correct horse"


class Call(NamedTuple):
    """A request and its response. *key* is what it was about, and *status* 0 if the connection was lost."""

    route: str
    key: str
    phase: str
    at: float
    seconds: float
    status: int
    body: object


class Load:
    """Clients that use the application until they are stopped, and what they got.

    Args:
        port: where the application listens.
        fault: its name, which is that of a user too. It keeps the keys of limits apart.
        routes: those that must work again before the load ends.
        limits: how many calls each limit admits.

    """

    def __init__(self, port, fault, routes, limits):
        self.port, self.fault, self.phase, self.is_stopped = port, fault, "before", False
        self.wanted, self.capacities = {*routes, *limits} - {"limits"}, limits
        self.calls, self.revoked, self.saved, self.numbers = [], {}, 0, iter(range(1, 10**9))

    async def call(self, method, path, about="", headers="", **query):
        """Send a request over a connection of its own, which any worker may accept."""
        phase, at, status, body = self.phase, time.monotonic(), 0, None
        target = f"{path}?{urlencode(query)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n"
        with contextlib.suppress(ConnectionError, EOFError):
            async with asyncio.timeout(30):
                reader, writer = await asyncio.open_connection(HOST, self.port)
                with contextlib.closing(writer):
                    writer.write(f"{method} {target}{headers}\r\n".encode())
                    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                    length = int(head.partition("\r\ncontent-length: ")[2].split()[0])
                    text = await reader.readexactly(length)
                    status = int(head.split()[1])
                    body = json.loads(text) if status == 200 else None
        call = Call(path.split("/")[1], about, phase, at, time.monotonic() - at, status, body)
        self.calls.append(call)
        return call

    async def limits(self):
        # One key is used before and after the fault. The other is new then: no worker knows it to be beyond the limit.
        for key in {"before": ("first",), "after": ("first", "later")}.get(self.phase, ("later",)):
            for limit in self.capacities:
                await self.call("GET", f"/limits/{limit}", (limit, key), key=f"{self.fault}, {key}")

    async def guess(self):
        key = "first" if self.phase == "before" else "later"
        await self.call("POST", "/login", key, username="guessed", password="wrong", address=f"{self.fault}, {key}")

    async def ping(self):
        await self.call("GET", "/ping")

    async def session(self):
        login = await self.call("POST", "/login", username=self.fault, password=PASSWORD, address=self.fault)
        if login.status != 200:
            return
        for storage in ("redis", "sql"):
            token = login.body[storage]
            for _ in range(3):
                calls = [self.call("POST", f"/refresh/{storage}", token, token=token) for _ in range(2)]
                token = next((call.body for call in await asyncio.gather(*calls) if call.status == 200), token)
        bearer = f"Authorization: Bearer {login.body['token']}\r\n"
        await self.call("GET", "/me", "valid", bearer)
        if (await self.call("POST", "/logout", "", bearer)).status == 200:
            self.revoked[bearer] = time.monotonic()

    async def use_revoked_tokens(self):
        for bearer in list(self.revoked)[-5:]:
            await self.call("GET", "/me", bearer, bearer)

    async def change(self):
        number = next(self.numbers)
        if (await self.call("PUT", "/users", username=self.fault, number=number)).status == 200:
            self.saved = number

    async def repeat(self, step):
        while not self.is_stopped:
            await step()
            await asyncio.sleep(0.04)

    async def wait_until(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, Counter((call.route, call.status) for call in self.calls[-50:])
            await asyncio.sleep(0.02)

    def has_used_each_limit(self):
        """Return whether more calls of each limit were made during the fault than it admits."""
        used = Counter(call.key for call in self.calls if call.phase == "during")
        return all(used[limit, "later"] > capacity for limit, capacity in self.capacities.items())

    def is_well(self, since):
        """Return whether each route was called since a moment, and no call has failed after that."""
        wanted = set(self.wanted)
        for call in reversed(self.calls):
            if call.at < since or call.status in (0, 503):
                return False
            wanted.discard(call.key[0] if call.route == "limits" else call.route)
            if not wanted:
                return True
        return False

    async def run(self, fail, repair, seconds, uses_limits):
        """Call *fail*, and *repair* after *seconds*, and after each limit was used up if *uses_limits*."""
        steps = [*[self.limits] * 3, self.guess, self.ping, self.use_revoked_tokens, self.change, *[self.session] * 2]
        async with asyncio.TaskGroup() as tasks:
            for step in steps:
                tasks.create_task(self.repeat(step))
            try:
                await self.wait_until(partial(self.is_well, 0))
                try:
                    await asyncio.to_thread(fail)
                    self.phase = "during"
                    await asyncio.sleep(seconds)
                    if uses_limits:
                        await self.wait_until(self.has_used_each_limit)
                finally:
                    self.phase = "repair"
                    await asyncio.to_thread(repair)
                self.repaired_at = time.monotonic()
                await self.wait_until(partial(self.is_well, self.repaired_at))
                self.phase = "after"
                await asyncio.sleep(0.5)
            finally:
                self.is_stopped = True

    def of(self, route, about=None, phase=None):
        """Return the calls of a route, those with one key if *about* is given, in one phase."""
        return [
            each
            for each in self.calls
            if each.route == route and about in (None, each.key) and phase in (None, each.phase)
        ]


def statuses(calls):
    """Return how many calls had each status."""
    return Counter(call.status for call in calls)
