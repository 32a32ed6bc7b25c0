"""A whole application with two workers under load, while the servers that it uses fail."""

import asyncio
import contextlib
import os
import signal
import statistics
import sys
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

import bcrypt_cost
import pytest
import redis
from application_load import PASSWORD, Load, statuses
from checks.processes import Server
from redis_server import RedisServer

from fastware.auth import SQLUserStore

ROOT = Path(__file__).parents[2]
MAX_STALE = 1.0  # of the application
ROUTES = {
    "limits": (0.25, {200, 429}),
    "login": (2.25, {200, 401, 429}),
    "logout": (1, {200}),
    "refresh": (1, {200}),
    "me": (0, {200, 401}),
    "users": (0, {200}),
    "ping": (0, {200}),
}
"""Seconds that a request waits for a Valkey that does not answer, and its statuses. Limits, revocations and refresh
tokens have timeouts of their own, of which a login waits for each."""
RECOVERY = 1
"""Seconds after which a call finds out that a server can be used again."""
LIMITS = {"1-local": 8, "1-closed": 8, "10-local": 20, "10-open": 20, "10-closed": 20, "shared": 8}
"""How many calls each limit admits."""
GUESSES = 10
RUNS = {
    "uvicorn": ("Valkey is killed", "memory of Valkey is full", "PostgreSQL is paused", "all workers are killed"),
    # A Granian that is stopped while it starts a worker again does not end.
    "granian": ("a worker is killed", "Valkey is paused", "PostgreSQL is killed", "connections are cut"),
}
OPTIONS = {"granian": ["--respawn-failed-workers", "--respawn-interval", "0.1"], "uvicorn": ["--no-access-log"]}


class Servers(NamedTuple):
    """What can fail. The load knows the processes of the workers."""

    valkey: RedisServer
    postgres: object
    load: object

    def command(self, *words):
        with redis.Redis.from_url(self.valkey.url) as client:
            client.execute_command(*words)

    def cut(self):
        for _ in range(10):
            self.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            self.postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            time.sleep(0.05)

    def kill_workers(self, most):
        for worker in list({call.body for call in self.load.of("limits") if call.status == 200})[:most]:
            os.kill(worker, signal.SIGKILL)


class Fault(NamedTuple):
    """What fails, for how many seconds, and how it is repaired. Calls need the servers that are *away* meanwhile."""

    fail: object
    seconds: float = 0
    repair: object = lambda servers: None
    away: str = ""


FAULTS = {
    "Valkey is killed": Fault(lambda on: on.valkey.kill(), 1.5, lambda on: on.valkey.start(), "valkey"),
    "Valkey is paused": Fault(lambda on: on.valkey.pause(), 1.5, lambda on: on.valkey.resume(), "valkey"),
    "memory of Valkey is full": Fault(
        lambda on: on.command("CONFIG", "SET", "maxmemory", 1),
        1,
        lambda on: on.command("CONFIG", "SET", "maxmemory", 0),
        "valkey",
    ),
    "PostgreSQL is killed": Fault(lambda on: on.postgres.kill(), 0.5, lambda on: on.postgres.start(), "postgres"),
    "PostgreSQL is paused": Fault(
        lambda on: on.postgres.signal(signal.SIGSTOP), 1, lambda on: on.postgres.signal(signal.SIGCONT)
    ),
    "connections are cut": Fault(Servers.cut),
    "a worker is killed": Fault(lambda on: on.kill_workers(1)),
    "all workers are killed": Fault(lambda on: on.kill_workers(2)),
}


def check_responses(load, fault):
    """No response is an error of the server, or one that means another thing than that a server is away."""
    for route, (_, expected) in ROUTES.items():
        found = set(statuses(load.of(route))) - {503}
        assert found <= expected | ({0} if "worker" in load.fault else set()), (route, found)
    for status in statuses(load.of("login", "")) + statuses(load.of("me", "valid")):
        assert status in (0, 200, 503)


def check_limits(load, fault):
    """No limit admits more than docs/redis.md and docs/shared-buckets.md promise."""
    # Twice around an outage. A busy machine, on which a reply is too late, is one as well.
    most = 2
    for key in ("first", "later"):
        assert statuses(load.of("login", key))[401] <= GUESSES * most
        for limit, capacity in LIMITS.items():
            found = statuses(load.of("limits", (limit, key)))
            if limit.endswith("local"):
                assert found[200] <= capacity * most, (limit, key, found)
            elif not limit.endswith("open"):
                assert found[200] <= capacity, (limit, key, found)
            if limit == "shared":
                assert found[200] + found[0] >= min(capacity, found.total()) and not found[503], (key, found)
    if fault.away == "valkey":
        expected = {"local": {200, 429}, "open": {200}, "closed": {503}, "shared": {200, 429}}
        for limit in LIMITS:
            found = set(statuses(load.of("limits", (limit, "later"), "during")))
            # The last calls may be answered when the server can be used again.
            assert found - {200} == expected[limit.rpartition("-")[2]] - {200}, (limit, found)


def check_times(load, fault):
    """No call waits longer than the timeouts, nor fails longer than the documented time after the repair."""
    # What the machine adds: each call of a route that needs no server takes as long.
    noise = max(call.seconds for call in load.of("ping")) + 0.75
    for route, (timeout, _) in ROUTES.items():
        slowest = max(call.seconds for call in load.of(route))
        assert slowest < timeout * (fault.away == "valkey") + fault.seconds * (fault.away == "") + noise, route
    if fault.away == "valkey":
        assert statistics.median(call.seconds for call in load.of("limits", phase="during")) < ROUTES["limits"][0] / 2
    if fault.away:
        late = [call for call in load.calls if call.status == 503 and call.at > load.repaired_at + RECOVERY + noise]
        assert len(late) < 3, late  # a busy machine may delay a call for longer than the timeout


def check_sessions(load, fault):
    """A revoked token is not accepted after the documented time, and no refresh token has two successors."""
    for bearer, at in load.revoked.items():
        assert not [call for call in load.of("me", bearer) if call.status == 200 and call.at > at + MAX_STALE]
    assert statuses(load.of("me"))[401] > 0
    successors = defaultdict(set)
    for call in load.of("refresh"):
        if call.status == 200:
            successors[call.key].add(call.body)
    assert all(len(found) == 1 for found in successors.values())


@pytest.mark.rule("rate.outage")
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
@pytest.mark.parametrize("server", RUNS)
def test_application_survives_failures_of_its_servers(server, postgres, tmp_path):
    pytest.importorskip("fastapi")
    url, log = postgres.new_url(), tmp_path / "log"
    store = SQLUserStore(url)
    with bcrypt_cost.lowest():
        for name in (*RUNS[server], "guessed"):
            store.create_user(name, PASSWORD, "user")
    with contextlib.ExitStack() as stack:
        # It loses nothing when it is killed: what the process has written, the system keeps.
        valkey = stack.enter_context(RedisServer("--appendonly", "yes", "--appendfsync", "no"))
        environment = {"REDIS_URL": valkey.url, "DATABASE_URL": url, "LIMITS_FILE": str(tmp_path / "limits")}
        environment |= {"WEB_CONCURRENCY": "2", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        target = "stored_app:app"
        running = stack.enter_context(
            Server(server, target, ROOT, workers=2, log=log, environment=environment, options=OPTIONS[server])
        )
        for name in RUNS[server]:
            fault, load = FAULTS[name], Load(running.port, name, ROUTES, LIMITS)
            try:
                on = Servers(valkey, postgres, load)
                asyncio.run(
                    load.run(partial(fault.fail, on), partial(fault.repair, on), fault.seconds, fault.away == "valkey")
                )
                for check in (check_responses, check_limits, check_times, check_sessions):
                    check(load, fault)
                assert int(store.find_user(name)["number"]) >= load.saved > 0
            except BaseException as error:
                error.add_note(f"{name}\n{log.read_text('utf-8', 'replace')[-5000:]}")
                raise
    assert "Traceback" not in log.read_text("utf-8", "replace")
