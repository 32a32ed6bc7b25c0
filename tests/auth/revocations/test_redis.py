"""RedisRevocations: a server that loses data, does not answer, is full, or is started again."""

import contextlib
import gc
import logging
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import pytest
import redis
from clock import stopped_at
from redis_server import RedisCluster, RedisServer
from revocation_processes import session

from fastware.auth import (
    RedisRevocations,
    RefreshTokenError,
    RefreshTokens,
    RevocationsUnavailableError,
    StorageError,
    Tickets,
    outage,
    redis_storage,
)

PAST = 1_700_000_000
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "redis.md"


@pytest.fixture(scope="module")
def shared_server():
    with RedisServer() as server:
        yield server


class Place:
    """A list of its own for each test: the threads of other tests restore theirs, even after FLUSHALL."""

    def __init__(self, server, prefix):
        self.server, self.prefix = server, prefix
        self.entries, self.log = f"{prefix}{{revocations}}:entries", f"{prefix}{{revocations}}:log"
        self.client = redis.Redis.from_url(server.url, decode_responses=True)

    def make(self, **options):
        return RedisRevocations(self.server.url, **{"refresh": 0.02, "prefix": self.prefix} | options)


@pytest.fixture
def place(shared_server, tmp_path):
    place = Place(shared_server, f"{tmp_path}:")
    yield place
    place.client.close()


def make(server):
    return RedisRevocations(server.url, refresh=0.02)


def eventually(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_unavailable(revocations):
    try:
        revocations.is_revoked(session())
    except RevocationsUnavailableError as error:
        return (error.status_code, error.headers) == (503, {"Retry-After": "5"})
    return False


def errors_in(caplog, server):
    found = [each.getMessage() for each in caplog.records if (each.name, each.levelname) == ("fastware", "ERROR")]
    return [message for message in found if str(server.socket) in message]


# Entries that the server has lost


def lose_last_changes(place):
    """Do what a failover to a replica does that is two changes behind."""
    for number, change in place.client.xrevrange(place.log, count=2):
        place.client.xdel(place.log, number)
        place.client.hdel(place.entries, *change)


LOSSES = {
    "flushed": lambda place: place.client.flushall(),
    "entries evicted": lambda place: place.client.delete(place.entries),
    "log evicted": lambda place: place.client.delete(place.log),
    "last changes lost": lose_last_changes,
}


@pytest.mark.parametrize("is_changed_before_it_is_noticed", [False, True], ids=["unchanged", "changed"])
@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
@pytest.mark.rule("session.restored")
def test_entries_that_the_server_has_lost_are_restored(place, lose, is_changed_before_it_is_noticed):
    revocations = place.make()
    revocations.accept_leeway(30)
    revocations.revoke_user("ada")
    revocations.revoke({"jti": "j1", "exp": 10**10})
    revocations.note_longer_session(session("s2"), 2 * 10**10)
    revocations.revoke(session("s1"))
    revocations.revoke_user("bob")
    number = revocations.revision("bob")
    revocations.is_revoked(session())
    eventually(lambda: revocations._position.decode() == place.client.xrevrange(place.log, count=1)[0][0])
    before = place.client.hgetall(place.entries)
    with revocations._lock:  # the thread notices nothing
        lose(place)
        if is_changed_before_it_is_noticed:
            place.make().revoke(session("s3"))
            place.make().revoke(session("s4"))
    revocations.is_revoked(session())
    eventually(lambda: before.items() - {("g", before["g"])} <= place.client.hgetall(place.entries).items())
    other = place.make()
    eventually(lambda: revocations.is_revoked(session("s3", sub="x")) == is_changed_before_it_is_noticed)
    for each in (revocations, other):
        assert each.is_revoked(session("s1", sub="x"))
        assert each.is_revoked({"jti": "j1"})
        assert each.is_revoked(session("s9"))
        assert each.is_revoked(session("s3", sub="x")) == is_changed_before_it_is_noticed
    assert other._leeway == 30
    assert other.revision("bob") == number


def test_changes_that_the_server_lost_before_they_were_read_are_restored(place):
    revocations = place.make()
    revocations.revoke_user("ada")
    revocations._update(time.monotonic())
    revocations.revoke(session("s1"))
    revocations.revoke_user("bob")
    lose_last_changes(place)
    revocations._update(time.monotonic() + 5)
    other = place.make()
    assert other.is_revoked(session("s1"))
    assert other.revision("bob") == revocations.revision("bob") > 0


def test_list_that_is_restored_by_many_processes_is_complete_and_settles(place):
    lists = [place.make() for _ in range(3)]
    for number, each in enumerate(lists):
        for user in range(700):
            each._list_user(f"{number} {user}", user + 1)
        each._list, each._position = b"another", b"1-1"
        each.is_revoked(session())
    eventually(lambda: place.client.hlen(place.entries) == 2101 and not any(each._unwritten for each in lists))
    eventually(lambda: all(len(each._users.numbers) == 2100 for each in lists))
    length = place.client.xlen(place.log)
    time.sleep(0.1)
    assert place.client.xlen(place.log) == length


def test_process_that_missed_more_changes_than_the_log_has_reads_the_whole_list(place):
    revocations, other = place.make(), place.make()
    for number in range(300):
        other.revoke(session(f"{number}"))
    place.client.xtrim(place.log, 50, approximate=False)
    revocations.is_revoked(session())
    eventually(lambda: all(revocations.is_revoked(session(f"{number}")) for number in range(300)))


def test_nothing_acknowledged_is_lost_by_a_server_with_a_log_on_disk():
    with RedisServer("--appendonly", "yes", "--appendfsync", "always") as server:
        revocations, acknowledged = make(server), []

        def revoke():
            with contextlib.suppress(StorageError):
                for number in range(100_000):
                    revocations.revoke(session(f"{number}"))
                    acknowledged.append(f"{number}")

        thread = threading.Thread(target=revoke)
        thread.start()
        eventually(lambda: len(acknowledged) > 20)
        server.kill()
        thread.join()
        server.start()
        other = make(server)
        assert all(other.is_revoked(session(sid)) for sid in acknowledged)


def test_server_without_data_on_disk_gets_the_list_back_after_a_restart(caplog):
    with RedisServer() as server:
        revocations = make(server)
        revocations.revoke(session())
        revocations.is_revoked(session())
        server.kill()
        with pytest.raises(StorageError, match=f"^Redis at {server.socket}: .*; start it, and check that this machine"):
            revocations.revoke(session("s2"))
        assert revocations.is_revoked(session())
        eventually(lambda: errors_in(caplog, server))
        server.start()
        eventually(lambda: make(server).is_revoked(session()))
        revocations.revoke(session("s2"))
        assert len(errors_in(caplog, server)) == 1


# A server that does not answer


@pytest.mark.rule("session.stale")
def test_copy_is_used_until_max_stale_and_checks_do_not_wait(place, monkeypatch, caplog):
    monkeypatch.setattr(redis_storage, "TIMEOUT", 0.1)
    revocations = place.make(max_stale=0.5)
    revocations.revoke(session())
    assert revocations.is_revoked(session())
    place.server.pause()
    paused_at, longest = time.monotonic(), 0.0
    try:
        while time.monotonic() < paused_at + 0.7:
            started = time.monotonic()
            unavailable = is_unavailable(revocations)
            ended = time.monotonic()
            longest = max(longest, ended - started)
            assert unavailable or ended < paused_at + 0.55
            assert not unavailable or started > paused_at + 0.4
            time.sleep(0.001)
        assert is_unavailable(revocations)
        started = time.monotonic()
        for _ in range(100):  # one of them waits, at most
            with pytest.raises(StorageError, match="Timeout"):
                revocations.revoke(session("s2"))
        assert time.monotonic() - started < 0.5
    finally:
        place.server.resume()
    assert longest < 0.08
    eventually(lambda: not is_unavailable(revocations))
    assert revocations.is_revoked(session())
    assert len(errors_in(caplog, place.server)) == 1


def test_one_thread_finds_out_whether_a_silent_server_answers(place, monkeypatch):
    monkeypatch.setattr(redis_storage, "TIMEOUT", 0.1)
    storage = redis_storage.RedisStorage(place.server.url)

    def call(_):
        with pytest.raises(StorageError, match="Timeout"):
            storage.command("PING")

    place.server.pause()
    try:
        with mock.patch.object(outage, "RETRY_AFTER", 0.1):
            call(0)
        time.sleep(0.1)
        with (
            mock.patch.object(storage._clients, "for_threads", wraps=storage._clients.for_threads) as tries,
            ThreadPoolExecutor(8) as threads,
        ):
            list(threads.map(call, range(8)))
    finally:
        place.server.resume()
    assert tries.call_count == 1


@pytest.mark.parametrize("secret", ["hunter2", "hunter3"])
def test_no_token_is_accepted_until_the_list_was_read(secret, caplog):
    with RedisServer("--requirepass", "hunter2") as server:
        if secret == "hunter2":
            server.kill()
        revocations = RedisRevocations(f"unix://:{secret}@{server.socket}", refresh=0.02)
        revocations.accept_leeway(5)
        assert is_unavailable(revocations)
        time.sleep(0.1)
        assert is_unavailable(revocations)
        (message,) = errors_in(caplog, server)
        assert "hunter" not in f"{message} {revocations!r}"
        with pytest.raises(StorageError) as raised:
            revocations.revoke(session())
        assert "hunter" not in str(raised.value)
        if secret == "hunter2":
            server.start()
        else:
            assert "check the username and the password" in message
            with redis.Redis(unix_socket_path=str(server.socket), password="hunter2") as client:
                client.config_set("requirepass", secret)
        eventually(lambda: not is_unavailable(revocations))
        revocations.revoke(session())
        assert revocations.is_revoked(session())


def test_first_check_knows_the_changes_since_the_start_and_does_not_wait(place):
    revocations = place.make()
    place.make().revoke(session())
    time.sleep(0.3)
    place.server.pause()
    try:
        started = time.monotonic()
        assert revocations.is_revoked(session())
        assert time.monotonic() < started + 0.5
    finally:
        place.server.resume()


def test_cut_connections_are_not_noticed(place, caplog):
    revocations = place.make()
    revocations.is_revoked(session())
    for number in range(20):
        place.client.client_kill_filter(_type="normal", skipme=True)
        revocations.revoke(session(f"{number}"))
        assert place.make().is_revoked(session(f"{number}"))
    assert errors_in(caplog, place.server) == []


# A server that is full


def test_full_server_rejects_revocations_and_accepts_them_in_place_of_ended_ones(place):
    # An update would remove ended ones too.
    revocations = place.make(refresh=60, max_stale=120)
    eventually(revocations._has_looked.is_set)
    revocations.revoke(session())
    with stopped_at(PAST):
        for number in range(5):
            revocations.revoke(session(f"{number}", iat=PAST, exp=PAST + 1))
    try:
        place.client.config_set("maxmemory", 1)
        with pytest.raises(StorageError, match="raise its maxmemory"), stopped_at(PAST):
            revocations.revoke(session("s2"))
        assert revocations.is_revoked(session())
        revocations.revoke(session("s3"))
        assert place.make().is_revoked(session("s3"))
        with pytest.raises(StorageError, match="raise its maxmemory"):
            revocations.revoke(session("s4"))
    finally:
        place.client.config_set("maxmemory", 0)
    revocations.revoke(session("s4"))


def test_server_that_cannot_be_written_is_no_reason_to_reject_tokens(place):
    revocations = place.make(max_stale=0.3)
    revocations.revoke(session())
    revocations.is_revoked(session())
    try:
        place.client.config_set("maxmemory", 1)
        revocations.accept_leeway(60)
        empty = place.make(max_stale=0.3, prefix=f"{place.prefix}empty:")
        ended_at = time.monotonic() + 0.5
        while time.monotonic() < ended_at:
            assert revocations.is_revoked(session())
            assert not empty.is_revoked(session())
            time.sleep(0.01)
    finally:
        place.client.config_set("maxmemory", 0)
    eventually(lambda: place.client.hget(place.entries, "l") == "60.0")


@pytest.mark.parametrize(("policy", "count"), [("allkeys-lru", 1), ("volatile-lru", 0), ("noeviction", 0)])
def test_policy_that_evicts_revocations_is_a_warning(place, caplog, policy, count):
    try:
        place.client.config_set("maxmemory", "100mb")
        place.client.config_set("maxmemory-policy", policy)
        revocations = place.make()
        revocations.is_revoked(session())
        time.sleep(0.06)
    finally:
        place.client.config_set("maxmemory", 0)
        place.client.config_set("maxmemory-policy", "noeviction")
    assert [policy in record.getMessage() for record in caplog.records] == [True] * count


# What the server and the process keep


def test_ended_entries_are_removed_from_the_server(place):
    revocations, counts = place.make(), []
    for second in range(0, 36_000, 100):
        with stopped_at(PAST + second):
            revocations.revoke(session(f"{second}", iat=PAST + second, exp=PAST + second + 60))
            revocations.note_longer_session(session(f"n{second}", iat=PAST + second, exp=PAST + second + 60), 61)
        counts.append(place.client.hlen(place.entries))
    assert max(counts) < 40


def test_ended_entries_are_removed_from_a_large_list(place):
    place.client.hset(place.entries, mapping={f"s{number:040}": f"1{PAST}" for number in range(2_000)})
    place.client.hset(place.entries, mapping={f"u{number}": PAST for number in range(1_000)})
    revocations = place.make()
    for number in range(300):
        revocations.revoke(session(f"{number}"))
    assert place.client.hlen(place.entries) < 1_330


def test_server_whose_clock_is_behind_keeps_entries(place):
    """An entry is removed when both clocks are past its end: one wrong clock revives no token."""
    revocations = place.make()
    revocations.revoke(session("s1", iat=int(time.time()), exp=time.time() + 10))
    with stopped_at(time.time() + 10**6):
        for number in range(5):
            revocations.revoke(session(f"other {number}"))
    assert place.client.hexists(place.entries, "ss1")


def test_thread_ends_when_the_list_is_deleted(place):
    revocations = place.make()
    revocations.is_revoked(session())
    thread = revocations._thread
    assert thread.is_alive()
    del revocations
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()


def test_lists_with_different_prefixes_are_different(place):
    one, other = place.make(prefix="one:"), place.make(prefix="{other}")
    one.revoke(session())
    assert place.make(prefix="one:").is_revoked(session())
    assert not place.make(prefix="{other}").is_revoked(session())
    other.revoke_user("ada")
    assert place.make(prefix="{other}").is_revoked(session())


def test_sessions_work_in_a_cluster_and_with_the_permissions_of_the_documentation():
    with RedisCluster() as server, redis.Redis.from_url(server.url) as client:
        port = server.port
        documented = re.search(r"## Sessions.*?\n(ACL SETUSER .*?)\n", DOCUMENTATION.read_text("utf-8"), re.DOTALL)[1]
        client.execute_command(*documented.split(), "+cluster", "+command")
        node = redis.cluster.ClusterNode("127.0.0.1", port)
        cluster = redis.RedisCluster(startup_nodes=[node], username="fastware", password="password")
        revocations = RedisRevocations(cluster)
        assert repr(revocations) == f"<RedisRevocations: 127.0.0.1:{port}>"
        revocations.accept_leeway(5)
        revocations.revoke(session())
        revocations.revoke_user("bob")
        other = RedisRevocations(cluster)
        assert other.is_revoked(session())
        assert other.revision("bob") == revocations.revision("bob")
        refresh_tokens, tickets = RefreshTokens(cluster), Tickets(cluster)
        first, second = refresh_tokens.issue("ada"), refresh_tokens.issue("ada")
        second = refresh_tokens.rotate(refresh_tokens.rotate(second).token).token
        refresh_tokens.revoke(first)
        refresh_tokens.revoke_user("ada")
        for token in (first, second):
            with pytest.raises(RefreshTokenError):
                refresh_tokens.rotate(token)
        ticket = tickets.issue(session())
        assert [tickets.redeem(ticket), tickets.redeem(ticket)] == [session(), None]
        cluster.close()
        server.kill()
        with pytest.raises(StorageError, match=f"Redis at 127.0.0.1:{port}: "):
            RefreshTokens(redis.Redis(host="127.0.0.1", port=port)).rotate(first)
        for storage in (revocations._storage, RefreshTokens(cluster)._families._storage):
            with pytest.raises(StorageError, match=f"Redis at 127.0.0.1:{port}: "):
                storage.command("GET", "x")


INVALID = {
    "max_stale": ({"max_stale": 1}, ValueError, "max_stale must be larger than refresh"),
    "refresh": ({"refresh": 0}, ValueError, "refresh must be"),
    "prefix": ({"prefix": b"x"}, TypeError, "prefix must be a str, not bytes"),
}


@pytest.mark.parametrize(("options", "error", "message"), INVALID.values(), ids=INVALID)
def test_invalid_argument_is_an_error(options, error, message):
    with pytest.raises(error, match=message):
        RedisRevocations("redis://host", **options)


def test_wrong_data_is_logged_and_checks_go_on_until_max_stale(place, caplog):
    caplog.set_level(logging.ERROR, "fastware")
    revocations = place.make()
    revocations.revoke(session())
    revocations.is_revoked(session())
    place.client.xadd(place.log, {"uada": "text"})
    eventually(lambda: errors_in(caplog, place.server))
    assert revocations.is_revoked(session())
    assert f"{place.entries} is damaged (ValueError)" in errors_in(caplog, place.server)[0]
