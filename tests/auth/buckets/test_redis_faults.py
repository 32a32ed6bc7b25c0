"""RedisBuckets under load, while a real server fails in each way that it can."""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter

import pytest
import redis
from redis_server import RedisServer

from fastware.auth import outage, worker_processes
from fastware.auth.buckets.redis import RedisBuckets
from fastware.errors import HTTPError

HOUR = 3_600 * 10**9
TIMEOUT = 0.2
WORKERS, TASKS, THREADS = 3, 8, 2


@pytest.fixture(autouse=True)
def _retries_soon(monkeypatch):
    monkeypatch.setattr(outage, "RETRY_AFTER", 0.2)


def admin(server):
    return redis.Redis.from_url(server.url)


def fill(server):
    with admin(server) as client:
        client.config_set("maxmemory", client.info("memory")["used_memory"])


def cut(server):
    with admin(server) as client:
        for _ in range(20):
            client.client_kill_filter(_type="normal", skipme=True)
            time.sleep(0.01)


def do(*commands):
    def call(server):
        with admin(server) as client:
            for command in commands:
                client.execute_command(*command.split())

    return call


def nothing(server):
    pass


FAULTS = {  # how the server fails, how it is repaired, whether calls fail, and whether it keeps the buckets
    "killed": (RedisServer.kill, RedisServer.start, True, False),
    "paused": (RedisServer.pause, RedisServer.resume, True, True),
    "memory full": (fill, do("CONFIG SET maxmemory 0"), True, True),
    "connections cut": (cut, nothing, None, True),
    "scripts flushed": (do("SCRIPT FLUSH"), nothing, False, True),
    "read-only replica": (
        do("REPLICAOF 127.0.0.1 1", "CONFIG SET replica-serve-stale-data yes"),
        do("REPLICAOF NO ONE"),
        True,
        True,
    ),
}


class Load:
    """Calls of several workers, in tasks and in threads, with a count of the outcomes."""

    def __init__(self, limits, keys):
        self.limits, self.keys = limits, keys
        self.outcomes = Counter(admitted=0, rejected=0, HTTPError=0)
        self.admitted, self.times, self.stopped = Counter(), [], False

    def note(self, number, started, wait, error):
        self.times.append(time.perf_counter() - started)
        outcome = type(error).__name__ if error else "rejected" if wait else "admitted"
        self.outcomes[outcome] += 1
        if outcome == "admitted":
            self.admitted[self.keys[number % len(self.keys)]] += 1

    async def in_tasks(self, first):
        for number in range(first, 10**9, TASKS):
            started, wait, error = time.perf_counter(), None, None
            try:
                wait = await self.limits[number % WORKERS].atake(self.keys[number % len(self.keys)])
            except Exception as raised:
                error = raised
            self.note(number, started, wait, error)
            if self.stopped:
                return
            await asyncio.sleep(0.001)

    def in_threads(self, first):
        for number in range(first, 10**9, THREADS):
            started, wait, error = time.perf_counter(), None, None
            try:
                wait = self.limits[number % WORKERS].take(self.keys[number % len(self.keys)])
            except Exception as raised:
                error = raised
            self.note(number, started, wait, error)
            if self.stopped:
                return
            time.sleep(0.001)

    def next(self, number):
        """Return the outcomes of the next calls."""
        before, deadline = self.outcomes.copy(), time.monotonic() + 5
        while (after := self.outcomes - before).total() < number:
            assert time.monotonic() < deadline, "the calls do not return"
            time.sleep(0.005)
        return after

    @contextlib.contextmanager
    def running(self):
        async def tasks():
            await asyncio.gather(*map(self.in_tasks, range(TASKS)))

        threads = [threading.Thread(target=self.in_threads, args=(each,)) for each in range(THREADS)]
        threads.append(threading.Thread(target=asyncio.run, args=(tasks(),)))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stopped = True
            for thread in threads:
                thread.join(10)


@pytest.mark.rule("rate.outage")
@pytest.mark.parametrize("fault", FAULTS)
def test_no_call_fails_or_waits_longer_than_the_timeout(fault, caplog):
    fail, repair, fails, keeps = FAULTS[fault]
    keys = [f"key{number}" for number in range(40)]
    with RedisServer() as server:
        workers = [
            RedisBuckets(server.url, lease=4, on_error="closed", timeout=TIMEOUT).open("limit", 40, HOUR)
            for _ in range(WORKERS)
        ]
        load = Load(workers, keys)
        with load.running():
            before = load.next(50)
            fail(server)
            time.sleep(2 * TIMEOUT)
            during = load.outcomes - before
            repair(server)
            repaired_at = time.monotonic()
            while not set(load.next(WORKERS * 20)) <= {"admitted", "rejected"}:
                assert time.monotonic() < repaired_at + 2
    assert before["admitted"]
    assert set(during) <= {"admitted", "rejected", "HTTPError"}
    if fails is not None:
        assert (during["HTTPError"] > 0) == fails
    # Each worker waits for its calls in flight, and in each fifth of a second for one more.
    slow = [each for each in load.times if each > 0.9 * TIMEOUT]
    assert len(slow) <= TASKS + THREADS + WORKERS * 5 and max(load.times) < TIMEOUT + 0.4
    assert max(load.admitted.values()) <= 40 * (1 if keeps else 2) + (0 if keeps else 4 * WORKERS)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert bool(errors) == fails or fails is None


def outcome_of(limit, key, is_async):
    """Return what ``take`` returns, or the status of the error that it raises."""
    try:
        return asyncio.run(limit.atake(key)) if is_async else limit.take(key)
    except HTTPError as error:
        return error.status_code, error.headers


@pytest.mark.parametrize("is_async", [False, True])
def test_wrong_password_is_an_outage_that_is_logged_once(is_async, caplog):
    with RedisServer("--requirepass", "correct") as server:
        url = server.url.replace("unix://", "unix://:pa55@")
        limit = RedisBuckets(url, on_error="closed", timeout=5).open("limit", 1000, HOUR)
        for pause in (0, 0, 0.25):
            time.sleep(pause)
            assert outcome_of(limit, "key", is_async) == (503, {"Retry-After": "1"})
        with redis.Redis.from_url(server.url, password="correct") as client:
            client.config_set("requirepass", "pa55")
        time.sleep(0.25)
        assert outcome_of(limit, "key", is_async) == 0
    records = [record for record in caplog.records if record.name == "fastware.auth" and record.levelno > logging.INFO]
    assert [record.levelname for record in records] == ["ERROR"]
    assert "invalid username-password pair" in caplog.text and "pa55" not in caplog.text


@pytest.mark.parametrize("is_async", [False, True])
def test_key_of_another_program_does_not_affect_other_keys(is_async, caplog):
    with RedisServer() as server:
        limit = RedisBuckets(server.url, on_error="closed", timeout=5).open("limit", 10, HOUR)
        with admin(server) as client:
            client.hset("fastware:limit:limit:10/3600s:hash", "field", 1)
            client.set("fastware:limit:limit:10/3600s:text", "text")
        outcomes = [outcome_of(limit, key, is_async) for key in ("hash", "text", "hash", "other")]
    assert outcomes == [(503, {"Retry-After": "1"})] * 3 + [0]
    assert caplog.text.count("another program") == 1


def test_blocked_event_loop_is_no_outage(caplog):
    with RedisServer() as server:
        limit = RedisBuckets(server.url, on_error="closed", timeout=TIMEOUT).open("limit", 10, HOUR)

        async def calls():
            await limit.atake("key")
            task = asyncio.create_task(limit.atake("key"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            time.sleep(2 * TIMEOUT)
            with contextlib.suppress(HTTPError):
                await task
            return await limit.atake("key")

        assert asyncio.run(calls()) == 0
    assert caplog.records == []


def test_cancelled_calls_leave_no_reply_for_others():
    with RedisServer() as server:
        limit = RedisBuckets(server.url, lease=4, timeout=5).open("limit", 10**6, HOUR)

        async def calls():
            await limit.atake("first")
            for number in range(60):
                task = asyncio.create_task(limit.atake_counted(f"key{number % 3}", 1 + number % 5))
                for _ in range(number % 6):
                    await asyncio.sleep(0)
                task.cancel()
            return [(await limit.atake_counted(f"new{number}", 9))[1] for number in range(20)]

        assert asyncio.run(calls()) == [10**6 - 9] * 20
        with admin(server) as client:
            assert client.info("clients")["connected_clients"] <= 3


@pytest.mark.rule("rate.outage")
def test_local_share_is_counted_among_the_workers(monkeypatch):
    monkeypatch.setattr(worker_processes, "worker_count", lambda: 2)
    with RedisServer() as server:
        buckets = RedisBuckets(server.url, timeout=TIMEOUT)
        limit, large = buckets.open("limit", 20, HOUR), buckets.open("large", 20, HOUR)
        limit.take("first")  # registers this worker, before the other one
        with admin(server) as client:
            while not client.zcard("fastware:workers"):
                time.sleep(0.01)
        time.sleep(0.05)
        server.pause()
        by_hint = sum(limit.take("key") == 0 for _ in range(25))
        server.resume()
        with admin(server) as client:
            client.zadd("fastware:workers", {f"worker{number}": client.time()[0] for number in range(4)})
        deadline = time.monotonic() + 5
        while buckets._workers.value != 5 and time.monotonic() < deadline:
            time.sleep(0.05)
            limit.take("first")  # registers this worker again, the fifth
        server.kill()
        by_count = sum(limit.take("other") == 0 for _ in range(25))
        costly = [large.take_counted("key", 8) for _ in range(3)]
    assert (by_hint, by_count) == (10, 4)
    # One call costs more than the share of 4 tokens: it is admitted, and the next one when five workers have 8 again.
    assert costly[0][0] == 0 and costly[1][0] == pytest.approx(5 * 8 * HOUR / 20, rel=0.01)


def test_open_admits_every_call():
    limit = RedisBuckets("unix:///nowhere", on_error="open").open("limit", 3, HOUR)
    assert [outcome_of(limit, "key", is_async) for is_async in (False, True) * 3] == [0] * 6
    assert limit.take_counted("key") == (0, 3, 0)
    limit.give_back("key")
    limit.reset("key")
    with pytest.raises(HTTPError, match="503"):
        limit.reset()
