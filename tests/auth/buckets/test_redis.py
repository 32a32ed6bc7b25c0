"""RedisBuckets on a real server: round trips, leases, keys, and where it runs."""

import asyncio
import contextlib
import os
import re
import threading
import time
from pathlib import Path

import pytest
import redis
import trio
from checks.threads import run_interleaved
from redis_server import RedisCluster, RedisServer

from fastware.auth.buckets.redis import RedisBuckets
from fastware.auth.buckets.redis_scripts import COUNT_WORKERS

SECOND = 10**9
ROOT = Path(__file__).parents[3]
HOUR = 3_600 * SECOND


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
        yield client


def calls_of_scripts(client):
    return client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]


def in_tasks(limit, keys):
    async def taken():
        return await asyncio.gather(*map(limit.atake, keys))

    return asyncio.run(taken())


def in_threads(limit, keys):
    keys, waits = list(keys), []

    def take():
        with contextlib.suppress(IndexError):
            while True:
                waits.append(limit.take(keys.pop()))

    threads = [threading.Thread(target=take) for _ in range(8)]
    run_interleaved(threads)
    return waits


def in_trio(limit, keys):
    async def taken():
        return [await limit.atake(key) for key in keys]

    return trio.run(taken)


@pytest.mark.parametrize("takes", [in_tasks, in_threads, in_trio])
@pytest.mark.parametrize("lease", [1, 20])
def test_limit_is_exact_and_a_lease_saves_round_trips(server, client, takes, lease):
    buckets = [RedisBuckets(server.url, lease=lease, timeout=5) for _ in range(2)]
    limits = [each.open("limit", 400, HOUR) for each in buckets]
    before = calls_of_scripts(client)
    waits = [wait for limit in limits * 2 for wait in takes(limit, ["key"] * 250)]
    trips = calls_of_scripts(client) - before - 2  # each counted the workers
    assert waits.count(0) == 400
    assert all(8 * SECOND < wait <= 9 * SECOND for wait in waits if wait)
    # A worker that knows of an empty bucket rejects without a round trip.
    assert trips >= 400 if lease == 1 else trips <= len(waits) / 10


@pytest.mark.rule("rate.lease")
def test_workers_with_leases_admit_the_rate_while_the_bucket_refills(server, client):
    limits = [RedisBuckets(server.url, lease=20, timeout=5).open("limit", 400, SECOND) for _ in range(3)]
    started = time.monotonic()
    before, counts = calls_of_scripts(client), []

    def calls(limit):
        async def admitted():
            count = 0
            while time.monotonic() < started + 0.5:
                count += [await limit.atake("key") for _ in range(5)].count(0)
                await asyncio.sleep(0.001)
            counts.append(count)

        return admitted()

    threads = [threading.Thread(target=lambda limit=limit: asyncio.run(calls(limit))) for limit in limits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    most = 400 * (1 + time.monotonic() - started)  # what was in the bucket, and what was refilled
    assert 400 * 1.2 < sum(counts) <= most
    assert (calls_of_scripts(client) - before) * 5 < sum(counts)


def test_partial_lease_takes_what_there_is(server, client):
    limits = [RedisBuckets(server.url, lease=8, timeout=5).open("limit", 87, HOUR) for _ in range(2)]
    assert [limit.take("key") for limit in limits] == [0, 0]
    assert sum(limits[0].take("key") == 0 for _ in range(100)) == 78
    assert sum(limits[1].take("key") == 0 for _ in range(100)) == 7


def test_counts_are_those_of_one_round_trip(server, client):
    limit = RedisBuckets(server.url, timeout=5).open("limit", 10, 10 * SECOND)
    before = calls_of_scripts(client)
    assert limit.take_counted("key", 4) == (0, 6, 4 * SECOND)
    wait, left, until_full = asyncio.run(limit.atake_counted("key", 7))
    assert 0.9 * SECOND < wait <= SECOND and left == 6 and 3.9 * SECOND < until_full <= 4 * SECOND
    assert calls_of_scripts(client) - before <= 3  # one counted the workers


def test_tasks_of_one_loop_share_round_trips(server, client):
    limit = RedisBuckets(server.url, timeout=5).open("limit", 1000, HOUR)
    before = client.info("stats")["total_reads_processed"]
    assert in_tasks(limit, map(str, range(300))) == [0] * 300
    assert client.info("stats")["total_reads_processed"] - before < 30


def test_tokens_that_are_given_back_can_be_taken_again(server, client):
    limits = [RedisBuckets(server.url, lease=5, timeout=5).open("limit", 60, HOUR, gives_back=True) for _ in range(2)]
    assert [limits[0].take("key") == 0 for _ in range(61)] == [True] * 60 + [False]
    limits[1].give_back("key")
    asyncio.run(limits[1].agive_back("key"))
    assert [limits[0].take("key") == 0 for _ in range(3)] == [True, True, False]
    limits[0].give_back("key", 60)
    limits[0].give_back("key", 60)
    assert client.exists("fastware:limit:limit:60/3600s:key") == 0
    assert [limits[0].take("key", 60) == 0 for _ in range(2)] == [True, False]


def test_reset_refills_one_bucket_or_all_of_the_limit(server, client):
    buckets = RedisBuckets(server.url, lease=2, timeout=5, prefix="a*[b]?\\:")
    limit, other = buckets.open("limit", 20, HOUR), buckets.open("other", 1, HOUR)
    client.set("axb:limit:limit:20/3600s:key", "of another program")

    def used_up(keys):
        return [key for key in keys if limit.take(key)]

    keys = [f"key{number}" for number in range(50)] + ["*", "k" * 100, "\ud800"]
    for key in keys:
        assert limit.take(key, 20) == 0 and limit.take(key) > 0
    assert other.take("key0") == 0
    limit.reset("key1")
    asyncio.run(limit.areset("key2"))
    assert used_up(["key0", "key1", "key2", "key3"]) == ["key0", "key3"]
    limit.reset()
    assert used_up(keys) == []
    limit.take("key0", 18)
    asyncio.run(limit.areset())
    assert limit.take("key0", 20) == 0
    assert other.take("key0") > 0 and client.exists("axb:limit:limit:20/3600s:key")


def test_keys_are_short_and_expire_when_the_bucket_is_full(server, client):
    buckets = RedisBuckets(server.url, timeout=5)
    limit = buckets.open("app.views.search", 10, 10 * SECOND)
    odd = buckets.open("name: with\nother characters " * 9, 3, SECOND + 1)
    for key in ("198.51.100.7", "", "#text", "x" * 65, "é", "\ud800"):
        limit.take(key)
        odd.take(key)
    keys = sorted(key.decode() for key in client.scan_iter("fastware:limit:*"))
    assert len(keys) == 12 and max(map(len, keys)) < 130
    assert all(
        re.fullmatch(r"fastware:limit:[#\w.]+:(10/10s|3/1000000001ns):(#[0-9a-f]{32}|198.51.100.7|)", key)
        for key in keys
    )
    assert 0 < client.pttl("fastware:limit:app.views.search:10/10s:198.51.100.7") <= 1001
    limit.take("198.51.100.7", 9)
    assert 9000 < client.pttl("fastware:limit:app.views.search:10/10s:198.51.100.7") <= 10_001


def test_another_rate_of_one_name_is_rejected(server):
    buckets = RedisBuckets(server.url)
    assert buckets.open("limit", 10, HOUR) is buckets.open("limit", 10, HOUR)
    for rate in ((11, HOUR), (10, HOUR + 1)):
        with pytest.raises(ValueError, match="'limit' has another rate"):
            buckets.open("limit", *rate)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lease": 0}, ValueError, "lease must be 1 or more"),
        ({"lease": True}, TypeError, "lease must be int"),
        ({"on_error": "ignore"}, ValueError, "on_error must be"),
        ({"timeout": 0}, ValueError, "timeout must be"),
        ({"timeout": None}, TypeError, "timeout must be"),
        ({"prefix": b"app:"}, TypeError, "prefix must be str"),
        ({"url_or_client": 1}, TypeError, "must be a URL or a client of redis-py"),
    ],
)
def test_invalid_argument_is_rejected(options, error, message):
    arguments = {"url_or_client": "redis://localhost"} | options
    with pytest.raises(error, match=message):
        RedisBuckets(arguments.pop("url_or_client"), **arguments)


@pytest.mark.parametrize(("key", "cost"), [(b"key", 1), (None, 1), ("key", 0), ("key", 11), ("key", 1.0)])
def test_invalid_key_or_cost_raises_the_error_of_the_buckets_in_memory(server, engine, key, cost):
    limit = RedisBuckets(server.url).open("limit", 10, HOUR)
    with pytest.raises((TypeError, ValueError)) as expected:
        engine.TokenBuckets(10, HOUR).take(key, None, cost)
    for call in (limit.take, lambda *args: asyncio.run(limit.atake(*args))):
        with pytest.raises(expected.type, match=re.escape(str(expected.value))):
            call(key, cost)


def test_forked_child_does_not_spend_the_lease_of_its_parent(server, client):
    limit = RedisBuckets(server.url, lease=5, timeout=5).open("limit", 60, HOUR)
    limit.take("key")
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            os.write(writing, bytes([sum(limit.take("key") == 0 for _ in range(100))]))
        finally:
            os._exit(0)
    os.wait()
    assert os.read(reading, 1)[0] == 55
    assert sum(limit.take("key") == 0 for _ in range(100)) == 4
    os.close(reading)
    os.close(writing)


def test_documented_permissions_are_enough(server, client):
    documented = re.search(r"^ACL SETUSER (.*)$", (ROOT / "docs" / "redis.md").read_text(), re.MULTILINE)[1]
    client.execute_command("ACL SETUSER", *documented.replace(">password", ">pa55").split())
    url = server.url.replace("unix://", f"unix://{documented.split()[0]}:pa55@")
    limit = RedisBuckets(url, on_error="closed", timeout=5).open("limit", 2, HOUR, gives_back=True)
    for _ in range(2):
        assert [limit.take("key") > 0 for _ in range(3)] == [False, False, True]
        limit.give_back("key")
        assert in_tasks(limit, ["key"]) == [0]
        limit.reset()
    assert limit._calls.call(COUNT_WORKERS, "fastware:workers", "name", 30) >= 1


def test_cluster_counts_each_key_on_its_node():
    with RedisCluster() as server:
        clusters = [
            redis.RedisCluster(startup_nodes=[redis.cluster.ClusterNode("127.0.0.1", server.port)]),
            redis.asyncio.RedisCluster(startup_nodes=[redis.asyncio.cluster.ClusterNode("127.0.0.1", server.port)]),
        ]
        keys = [f"key{number}" for number in range(20)] * 3
        for number, cluster in enumerate(clusters):
            limit = RedisBuckets(cluster, on_error="closed", timeout=5).open(f"limit{number}", 2, HOUR)
            assert in_tasks(limit, keys).count(0) == 40
            assert [wait > 0 for wait in in_threads(limit, keys[:20])] == [True] * 20
            limit.reset()
            assert in_tasks(limit, keys).count(0) == 40
        clusters[0].close()
