"""Clients of a real Redis server, for threads, event loops and forked processes."""

import asyncio
import gc
import os
import sys
import warnings

import pytest
import redis
import redis.asyncio
from error_text import shown_by
from redis_server import RedisServer

from fastware.auth.redis_clients import RedisClients


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


SOURCES = {
    "URL": lambda server: server.url,
    "client": lambda server: redis.Redis(unix_socket_path=str(server.socket), decode_responses=True),
    "asyncio client": lambda server: redis.asyncio.Redis.from_url(server.url, decode_responses=True, db=0),
}


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_makes_clients_of_both_kinds(server, source):
    clients = RedisClients(SOURCES[source](server), timeout=5)

    async def echo():
        assert clients.for_running_loop() is clients.for_running_loop()
        return await clients.for_running_loop().echo("async")

    assert (clients.for_threads().echo("sync"), asyncio.run(echo())) == (b"sync", b"async")


def with_tls(**options):
    return redis.Redis(host="h", port=1, db=2, username="ada", password="pa55", ssl=True, **options)


@pytest.mark.parametrize(
    "source",
    [
        "rediss://ada:pa55@h:1/2?ssl_ca_certs=/ca",
        with_tls(ssl_ca_certs="/ca"),
        redis.asyncio.Redis.from_pool(with_tls(ssl_ca_certs="/ca").connection_pool),
    ],
)
def test_options_are_those_of_the_source_without_retries(source):
    clients = RedisClients(source, timeout=0.25)

    async def options():
        return clients.for_running_loop().connection_pool

    for pool in (clients.for_threads().connection_pool, asyncio.run(options())):
        assert pool.connection_class.__name__ == "SSLConnection"
        expected = {"host": "h", "port": 1, "db": 2, "username": "ada", "password": "pa55", "ssl_ca_certs": "/ca"}
        expected |= {"socket_timeout": 0.25, "socket_connect_timeout": 0.25, "ssl_cert_reqs": "required"}
        kwargs = pool.connection_kwargs
        assert {name: kwargs.get(name, "required") for name in expected} == expected
        assert kwargs["retry"].get_retries() == 0
    assert "pa55" not in repr(clients)


def open_files():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("runs", ["asyncio.run", "loop.close"])
def test_loops_leave_no_socket_and_no_warning(server, runs, monkeypatch):
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)

    async def calls(clients):
        await asyncio.gather(*(clients.for_running_loop().echo("text") for _ in range(3)))

    def run(clients):
        if runs == "asyncio.run":
            return asyncio.run(calls(clients))
        loop = asyncio.new_event_loop()
        loop.run_until_complete(calls(clients))
        return loop.close()

    def run_often():
        clients = RedisClients(server.url, timeout=5)
        for _ in range(100):
            run(clients)
        assert open_files() <= before + 3  # those of the last loop

    before = open_files()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_often()
        assert open_files() == before
    assert unraisable == []


def test_forked_child_has_connections_of_its_own(server):
    clients = RedisClients(server.url, timeout=5)
    parent = clients.for_threads().client_id()
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if clients.for_threads().client_id() != parent else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert clients.for_threads().client_id() == parent


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("redis://ada:pa55@h:port/0", ValueError),
        ("redis://ada:pa55@h?socket_timeout=pa55", ValueError),
        ("http://ada:pa55@h", ValueError),
        ("", ValueError),
        (b"redis://ada:pa55@h", TypeError),
        (None, TypeError),
        (redis.Redis.from_url("rediss://ada:pa55@h", ssl_validate_ocsp=True), TypeError),
        (redis.Sentinel([("h", 1)], password="pa55").master_for("name"), TypeError),
    ],
)
def test_invalid_server_is_rejected_without_its_password(source, error):
    with pytest.raises(error) as raised:
        RedisClients(source, timeout=1)
    assert "pa55" not in shown_by(raised.value)


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ImportError, match=r'pip install "fastware\[redis\]"'):
        RedisClients("redis://h", timeout=1)
