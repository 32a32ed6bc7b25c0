"""Refresh tokens: rotation, reuse, expiry, revocation, and processes that share a file."""

import asyncio
import base64
import contextlib
import datetime
import itertools
import logging
import random
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import bcrypt_cost
import pytest
import redis
import refresh_processes
import system_calls
from clock import stopped_at
from redis_server import RedisServer

from fastware.auth import (
    Auth,
    JSONFileUserStore,
    MemoryRevocations,
    Refreshed,
    RefreshTokenError,
    RefreshTokenReusedError,
    RefreshTokens,
    SQLiteRevocations,
    StorageError,
    Tickets,
)
from fastware.auth.opaque_tokens import OpaqueToken

DAY = 86_400
NOW = 2_000_000_000
needs_strace = pytest.mark.skipif(system_calls.unavailable() is not None, reason=str(system_calls.unavailable()))


def chain(refresh_tokens, length):
    """Return the tokens of a new family, each the successor of the one before."""
    tokens = [refresh_tokens.issue("ada")]
    while len(tokens) < length:
        tokens.append(refresh_tokens.rotate(tokens[-1]).token)
    return tokens


# The attack analysis of docs/sessions.md. The owner and a thief have token 1; a successor of token N is N + 1. A step
# is (seconds since the first, who, the token, what they get). Tokens are numbered, so that equal ones are the same.

REUSED, REJECTED = RefreshTokenReusedError, RefreshTokenError
ATTACKS = {
    "thief first, owner after grace": [(0, "thief", 1, 2), (30, "owner", 1, REUSED), (31, "thief", 2, REJECTED)],
    "owner first, thief after grace": [(0, "owner", 1, 2), (30, "thief", 1, REUSED), (31, "owner", 2, REJECTED)],
    "thief first, owner within grace, then one waits": [
        (0, "thief", 1, 2),
        (29, "owner", 1, 2),
        (900, "owner", 2, 3),
        (930, "thief", 2, REUSED),
        (931, "owner", 3, REJECTED),
    ],
    "owner first, thief within grace, then the thief goes on": [
        (0, "owner", 1, 2),
        (29, "thief", 1, 2),
        (40, "thief", 2, 3),
        (900, "owner", 2, REUSED),
        (901, "thief", 3, REJECTED),
    ],
    "thief goes on within grace": [
        (0, "thief", 1, 2),
        (1, "thief", 2, 3),
        (2, "owner", 1, REUSED),
        (3, "thief", 3, REJECTED),
    ],
    "owner goes on within grace": [
        (0, "owner", 1, 2),
        (1, "owner", 2, 3),
        (2, "thief", 1, REUSED),
        (3, "owner", 3, REJECTED),
    ],
    "residual risk: thief stays within grace of each use": [
        (0, "owner", 1, 2),
        (29, "thief", 1, 2),
        (900, "thief", 2, 3),
        (929, "owner", 2, 3),
        (1800, "owner", 3, 4),
        (1829, "thief", 3, 4),
    ],
    "residual risk: owner does not come back": [(0, "thief", 1, 2), (900, "thief", 2, 3), (1800, "thief", 3, 4)],
    "repeats do not extend the grace": [(0, "owner", 1, 2), (29, "owner", 1, 2), (31, "thief", 1, REUSED)],
    "thief has an old token": [
        (0, "owner", 1, 2),
        (900, "owner", 2, 3),
        (1800, "thief", 1, REUSED),
        (1801, "owner", 3, REJECTED),
    ],
}
WITHOUT_GRACE = {
    "thief first": [(0, "thief", 1, 2), (0, "owner", 1, REUSED), (0, "thief", 2, REJECTED)],
    "owner first": [(0, "owner", 1, 2), (0, "thief", 1, REUSED), (0, "owner", 2, REJECTED)],
}
ATTACK_ROWS = [(30, name) for name in ATTACKS] + [(0, name) for name in WITHOUT_GRACE]


@pytest.mark.parametrize(("grace", "name"), ATTACK_ROWS, ids=[f"{name}, grace {grace}" for grace, name in ATTACK_ROWS])
@pytest.mark.rule("refresh.reuse")
def test_attack_has_the_documented_outcome(storage, grace, name):
    refresh_tokens = RefreshTokens(storage, grace=grace)
    with stopped_at(NOW):
        tokens = {1: refresh_tokens.issue("ada")}
    for seconds, _, number, expected in {30: ATTACKS, 0: WITHOUT_GRACE}[grace][name]:
        with stopped_at(NOW + seconds):
            if isinstance(expected, int):
                successor = refresh_tokens.rotate(tokens[number]).token
                assert tokens.setdefault(expected, successor) == successor
            else:
                with pytest.raises(RefreshTokenError) as raised:
                    refresh_tokens.rotate(tokens[number])
                assert type(raised.value) is expected
    assert len(set(tokens.values())) == len(tokens)


def test_attacker_who_never_misses_the_grace_is_logged_out_at_the_end_of_the_lifetime():
    refresh_tokens = RefreshTokens(None)
    with stopped_at(NOW):
        token = refresh_tokens.issue("ada")
    for day in range(10, 30, 10):
        with stopped_at(NOW + day * DAY):
            token = refresh_tokens.rotate(token).token
    with stopped_at(NOW + 30 * DAY), pytest.raises(RefreshTokenError):
        refresh_tokens.rotate(token)


def test_clock_that_is_set_back_does_not_extend_the_grace():
    refresh_tokens = RefreshTokens(None)
    with stopped_at(NOW):
        token = refresh_tokens.issue("ada")
        refresh_tokens.rotate(token)
    with stopped_at(NOW - 31), pytest.raises(RefreshTokenReusedError):
        refresh_tokens.rotate(token)


# Results and rejections


def test_reuse_is_one_warning_with_the_username(caplog):
    refresh_tokens = RefreshTokens(None)
    tokens = chain(refresh_tokens, 3)
    with caplog.at_level(logging.INFO, "fastware.auth"):
        for token in tokens:
            with pytest.raises(RefreshTokenError):
                refresh_tokens.rotate(token)
    (record,) = caplog.records
    found = (record.levelname, record.event, record.username, record.address)
    assert found == ("WARNING", "refresh_reused", "ada", None)
    assert not any(token in f"{record.getMessage()} {vars(record)}" for token in tokens)


def test_each_rejection_has_the_same_response():
    refresh_tokens = RefreshTokens(None)
    token = chain(refresh_tokens, 3)[0]
    responses = []
    for _ in range(2):
        with pytest.raises(RefreshTokenError) as raised:
            refresh_tokens.rotate(token)
        responses.append((raised.value.status_code, raised.value.detail, raised.value.headers, str(raised.value)))
    assert responses[0] == responses[1]
    assert responses[0][0] == 401
    assert responses[0][2]["WWW-Authenticate"].startswith('Bearer realm="api", error="invalid_token"')


NOT_TOKENS = [
    None,
    5,
    b"x" * 43,
    ["x" * 43],
    "",
    "x",
    "x" * 42,
    "x" * 43,
    "é" * 43,
    "\ud800" * 43,
    "\0" * 43,
    "x" * 10**7,
]


@pytest.mark.parametrize("value", NOT_TOKENS, ids=lambda value: f"{value!r:.20}")
def test_another_value_is_rejected(value):
    refresh_tokens = RefreshTokens(None)
    with pytest.raises(RefreshTokenError):
        refresh_tokens.rotate(value)
    assert refresh_tokens.revoke(value) is None


def test_another_spelling_of_a_token_is_rejected():
    refresh_tokens = RefreshTokens(None)
    token = refresh_tokens.issue("ada")
    same_bytes = token[:-1] + chr(ord(token[-1]) + 1)
    assert base64.urlsafe_b64decode(f"{same_bytes}=") == base64.urlsafe_b64decode(f"{token}=")
    with pytest.raises(RefreshTokenError):
        refresh_tokens.rotate(same_bytes)
    assert refresh_tokens.rotate(token)


def test_tokens_are_256_random_bits():
    tokens = chain(RefreshTokens(None), 3)
    assert [len(base64.urlsafe_b64decode(f"{token}=")) for token in tokens] == [32] * 3
    assert len(set(tokens)) == 3


@pytest.mark.parametrize(
    "data", [None, False, 0, "愛", [], {}, [1, -2.5, {"a": [None, "\u2028"]}], "x" * 4_094, 10**4_000]
)
def test_data_comes_back_equal(data):
    refresh_tokens = RefreshTokens(None)
    refreshed = refresh_tokens.rotate(refresh_tokens.issue("ada", data))
    assert refreshed == Refreshed("ada", data, refreshed.token)
    assert type(refreshed.data) is type(data)
    assert repr(refreshed) == "Refreshed(username='ada')"


DEEP = eval("[" * 64 + "]" * 64)
LOOP = []
LOOP.append(LOOP)
INVALID_DATA = {
    "too long": ("x" * 4_095, ValueError, r"data is too long: 4,097 characters of JSON, and 4,096 are allowed"),
    "NaN": (float("nan"), ValueError, "data has NaN"),
    "infinity": ([float("inf")], ValueError, "data has NaN"),
    "surrogate": ("\ud800", ValueError, "surrogate"),
    "deep": (DEEP, ValueError, "63 levels"),
    "in itself": (LOOP, ValueError, "63 levels"),
    "tuple": ((1, 2), TypeError, "data must be JSON"),
    "bytes": (b"x", TypeError, "data must be JSON"),
    "int key": ({1: 2}, TypeError, "data must be JSON"),
    "set": ({1}, TypeError, "data must be JSON"),
}


@pytest.mark.parametrize(("data", "error", "message"), INVALID_DATA.values(), ids=INVALID_DATA)
def test_invalid_data_is_rejected(data, error, message):
    with pytest.raises(error, match=message):
        RefreshTokens(None).issue("ada", data)


@pytest.mark.parametrize(("username", "error"), [("", ValueError), ("\ud800", ValueError), (b"ada", TypeError)])
def test_invalid_username_is_rejected(username, error):
    refresh_tokens = RefreshTokens(None)
    for method in (refresh_tokens.issue, refresh_tokens.revoke_user):
        with pytest.raises(error, match="username"):
            method(username)


STORAGES = {
    "Redis": ("redis://:hunter2@host:port", ValueError, "invalid Redis URL"),
    "empty": ("", ValueError, "storage is empty"),
    "bytes": (b"sessions.db", TypeError, "not bytes"),
    "client": (object(), TypeError, "not object"),
}


@pytest.mark.parametrize("kind", [RefreshTokens, Tickets])
@pytest.mark.parametrize(("storage", "error", "message"), STORAGES.values(), ids=STORAGES)
def test_invalid_storage_is_an_error(kind, storage, error, message):
    with pytest.raises(error, match=message) as raised:
        kind(storage)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("kind", [RefreshTokens, Tickets])
@pytest.mark.parametrize("value", ["sessions.db", True, []], ids=repr)
def test_revocations_of_another_type_are_rejected(kind, value):
    with pytest.raises(TypeError, match="revocations must be an object such as MemoryRevocations"):
        kind(None, revocations=value)


@pytest.mark.parametrize("name", ["lifetime", "idle", "grace"])
def test_duration_is_checked(name):
    for value in (-1, float("nan"), float("inf"), 10**400):
        with pytest.raises(ValueError, match=name):
            RefreshTokens(None, **{name: value})
    for value in ("5", None, True):
        with pytest.raises(TypeError, match=name):
            RefreshTokens(None, **{name: value})
    RefreshTokens(None, **{name: datetime.timedelta(minutes=1)})
    if name != "grace":
        with pytest.raises(ValueError, match=f"{name} must be a number of seconds above 0"):
            RefreshTokens(None, **{name: 0})


# Expiry and revocation

EXPIRIES = {  # options, the seconds of the rotations, and the first second in which the last token is rejected
    "idle": ({}, [], 14 * DAY),
    "idle since the last rotation": ({}, [10 * DAY], 24 * DAY),
    "lifetime": ({}, [10 * DAY, 20 * DAY, 29 * DAY], 30 * DAY),
    "options": ({"lifetime": datetime.timedelta(seconds=50), "idle": 20.5}, [20], 40.5),
}


@pytest.mark.parametrize(("options", "rotations", "end"), EXPIRIES.values(), ids=EXPIRIES)
@pytest.mark.rule("refresh.end")
def test_token_expires(storage, options, rotations, end):
    refresh_tokens = RefreshTokens(storage, **options)
    for last in (end - 0.25, end):
        with stopped_at(NOW):
            token = refresh_tokens.issue("ada")
        for seconds in rotations:
            with stopped_at(NOW + seconds):
                token = refresh_tokens.rotate(token).token
        with stopped_at(NOW) as clock, pytest.raises(RefreshTokenError) if last == end else contextlib.nullcontext():
            clock.return_value = NOW + last
            refresh_tokens.rotate(token)


def test_shorter_lifetime_applies_to_tokens_that_are_issued_already(storage):
    with stopped_at(NOW):
        token = RefreshTokens(storage).issue("ada")
    with stopped_at(NOW + 3_600):
        with pytest.raises(RefreshTokenError):
            RefreshTokens(storage, lifetime=3_600).rotate(token)
        assert RefreshTokens(storage).rotate(token)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_revoke_ends_the_family_of_any_of_its_tokens(storage, number):
    refresh_tokens = RefreshTokens(storage)
    tokens, others = chain(refresh_tokens, 3), chain(refresh_tokens, 2)
    refresh_tokens.revoke(tokens[number])
    refresh_tokens.revoke(tokens[number])
    for token in tokens:
        with pytest.raises(RefreshTokenError) as raised:
            RefreshTokens(storage).rotate(token)
        assert type(raised.value) is RefreshTokenError
    assert refresh_tokens.rotate(others[1])


def test_revoke_user_ends_all_families_of_the_user(storage):
    refresh_tokens = RefreshTokens(storage)
    tokens, other = [refresh_tokens.issue("ada") for _ in range(3)], refresh_tokens.issue("ada ")
    refresh_tokens.revoke_user("ada")
    refresh_tokens.revoke_user("nobody")
    for token in tokens:
        with pytest.raises(RefreshTokenError):
            refresh_tokens.rotate(token)
    assert refresh_tokens.rotate(other)
    assert refresh_tokens.rotate(refresh_tokens.issue("ada"))


def test_revocation_of_the_user_ends_earlier_families_only(storage):
    revocations = MemoryRevocations()
    refresh_tokens = RefreshTokens(storage, revocations=revocations)
    revocations.revoke_user("ada")
    tokens, other = chain(refresh_tokens, 2), refresh_tokens.issue("bob")
    revocations.revoke_user("ada")
    later = refresh_tokens.issue("ada")
    for token in reversed(tokens):
        with pytest.raises(RefreshTokenError) as raised:
            refresh_tokens.rotate(token)
        assert type(raised.value) is RefreshTokenError
    with pytest.raises(RefreshTokenError):
        RefreshTokens(storage).rotate(tokens[1])
    assert refresh_tokens.rotate(later).username == "ada"
    assert refresh_tokens.rotate(other).username == "bob"


def test_user_who_is_deleted_and_created_again_has_no_old_tokens(path):
    revocations = SQLiteRevocations(path)
    users = JSONFileUserStore(path.parent / "users.json", revocations=revocations)
    refresh_tokens, tickets = RefreshTokens(path, revocations=revocations), Tickets(path, revocations=revocations)
    settings = Auth("a secret of at least 32 bytes for tests", revocations=revocations)
    with bcrypt_cost.lowest():
        users.create_user("ada", "password", "user")
        tokens = chain(refresh_tokens, 2)
        ticket = tickets.issue(settings.verify_token(settings.create_token("ada", "user")))
        users.delete_user("ada")
        users.create_user("ada", "password", "admin")
    for token in reversed(tokens):
        with pytest.raises(RefreshTokenError):
            RefreshTokens(path, revocations=SQLiteRevocations(path)).rotate(token)
    assert tickets.redeem(ticket) is None
    assert refresh_tokens.rotate(refresh_tokens.issue("ada")).username == "ada"


def test_family_is_unchanged_while_revocations_are_unavailable():
    revocations = MemoryRevocations()
    refresh_tokens = RefreshTokens(None, revocations=revocations)
    token = refresh_tokens.issue("ada")
    with mock.patch.object(revocations, "revision", side_effect=OSError), pytest.raises(OSError):
        refresh_tokens.rotate(token)
    assert refresh_tokens.rotate(token)


def test_family_that_is_revoked_during_a_rotation_stays_revoked():
    refresh_tokens = RefreshTokens(None)
    token, families = refresh_tokens.issue("ada"), refresh_tokens._families
    advance = families.advance

    def advance_too_late(*arguments):
        refresh_tokens.revoke_user("ada")
        return advance(*arguments)

    for _ in range(2):
        with mock.patch.object(families, "advance", advance_too_late), pytest.raises(RefreshTokenError):
            refresh_tokens.rotate(token)


# Storage


def test_storage_has_hashes_of_the_tokens_only(path):
    refresh_tokens = RefreshTokens(path)
    tokens = chain(refresh_tokens, 3)
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"ada" in stored
    for token in tokens:
        assert token.encode() not in stored
        assert base64.urlsafe_b64decode(f"{token}=") not in stored


def rows(path, table):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_ended_families_are_removed_a_few_rows_at_a_time(path):
    refresh_tokens = RefreshTokens(path)
    with stopped_at(NOW):
        tokens = chain(refresh_tokens, 180)
        for _ in range(9):
            refresh_tokens.issue("bob")
        refresh_tokens.revoke(tokens[-1])
    counts = [rows(path, "refresh_tokens")]
    with stopped_at(NOW + 15 * DAY):
        for _ in range(12):
            refresh_tokens.issue("ada")
            counts.append(rows(path, "refresh_tokens"))
    assert counts[0] == 189
    assert counts[-1] == rows(path, "refresh_families") == 12
    assert all(before + 1 - after <= 100 for before, after in itertools.pairwise(counts))


def test_token_takes_less_than_200_bytes(path):
    refresh_tokens = RefreshTokens(path)
    token = refresh_tokens.issue("ada")
    with refresh_tokens._families._file.reading() as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for _ in range(1_500):
            token = refresh_tokens.rotate(token).token
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < 200 * 1_500


def test_family_ends_at_its_largest_number_of_rotations():
    refresh_tokens = RefreshTokens(None)
    with mock.patch("fastware.auth.refresh.tokens._MAX_ROTATIONS", 3):
        token = chain(refresh_tokens, 4)[-1]
        with pytest.raises(RefreshTokenError):
            refresh_tokens.rotate(token)


# Async twins and threads


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_asynchronous_twins_do_the_same(storage, backend):
    async def main():
        refresh_tokens = RefreshTokens(storage)
        token = await refresh_tokens.aissue("ada", [1])
        refreshed = await refresh_tokens.arotate(token)
        assert (refreshed.username, refreshed.data) == ("ada", [1])
        assert await refresh_tokens.arotate(token) == refreshed
        await refresh_tokens.arevoke(refreshed.token)
        await refresh_tokens.arevoke("unknown")
        other = await refresh_tokens.aissue("ada")
        await refresh_tokens.arevoke_user("ada")
        for each in (refreshed.token, other, None):
            with pytest.raises(RefreshTokenError):
                await refresh_tokens.arotate(each)

    if backend == "trio":
        pytest.importorskip("trio").run(main)
    else:
        asyncio.run(main())


def test_logout_of_a_client_that_disconnects_is_completed():
    async def main():
        refresh_tokens, release = RefreshTokens(None), threading.Event()
        token = refresh_tokens.issue("ada")
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, release.wait)
        task = asyncio.create_task(refresh_tokens.arevoke(token))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        release.set()
        await busy
        await loop.shutdown_default_executor()
        with pytest.raises(RefreshTokenError):
            refresh_tokens.rotate(token)

    asyncio.run(main())


@pytest.mark.parametrize("storage", ["memory", "SQLite", "PostgreSQL", "Redis"], indirect=True)
def test_threads_that_rotate_at_once_get_the_same_successor(storage):
    shared = RefreshTokens(storage)
    barrier = threading.Barrier(4)

    def rotate(token):
        barrier.wait(timeout=30)
        is_new = storage is not None and random.random() < 0.5
        return (RefreshTokens(storage) if is_new else shared).rotate(token).token

    token = shared.issue("ada")
    with ThreadPoolExecutor(4) as pool:
        for _ in range(25):
            (token,) = set(pool.map(rotate, [token] * 4))


# Processes


@pytest.mark.rule("refresh.rotation")
def test_processes_that_rotate_at_once_get_the_same_successor(storage):
    refresh_tokens = RefreshTokens(storage)
    token = first = refresh_tokens.issue("ada")
    with refresh_processes.started(storage, 4) as processes:
        for _ in range(60):
            successors = set(refresh_processes.ask_at_once(processes, f"rotate {token}"))
            assert len(successors) == 1
            (token,) = successors
            assert len(token) == 43
    assert refresh_tokens._families.find(OpaqueToken.presented(first)).rotations == 60
    assert refresh_tokens.rotate(token).username == "ada"


def test_acknowledged_rotation_survives_a_kill_at_any_moment(storage):
    refresh_tokens = RefreshTokens(storage)
    tokens = chain(refresh_tokens, 2)
    with refresh_processes.started(storage, 6) as processes:
        for number, process in enumerate(processes):
            process.send(f"chain {tokens[-1]}")
            for _ in range(3 + number):
                tokens.append(process.reply())
            tokens += process.kill()
            assert len(tokens[-1]) == 43
            # The client did not get the last successor, if there was one, and tries again.
            tokens.append(refresh_tokens.rotate(tokens[-1]).token)
    family = refresh_tokens._families.find(OpaqueToken.presented(tokens[0]))
    assert family.rotations + 1 == len(tokens) == len(set(tokens))
    with pytest.raises(RefreshTokenReusedError):
        refresh_tokens.rotate(tokens[0])


@needs_strace
def test_rotation_is_whole_if_the_process_is_killed_at_any_system_call(path, tmp_path):
    refresh_tokens, log = RefreshTokens(path), tmp_path / "log"
    token = refresh_tokens.issue("ada")
    with refresh_processes.started(path, 1) as (process,):
        child = int(process.request("fork"))
        with system_calls.traced(child, log=log):
            token = process.request(f"rotate {token}")
        assert process.request("end") == "ended 0"
        calls = system_calls.between(log, '0, "rotate', f'1, "{token[:10]}')
        assert "pwrite64" in {call.name for call in calls}
        for call in calls:
            child = int(process.request("fork"))
            with system_calls.traced(child, call=call, fault="signal=KILL"):
                assert process.request(f"rotate {token}") == "killed"
            before = rows(path, "refresh_tokens")
            successor = refresh_tokens.rotate(token).token
            assert rows(path, "refresh_tokens") - before in (0, 1)
            assert refresh_tokens.rotate(token).token == successor
            token = successor
    assert rows(path, "refresh_tokens") == len(calls) + 2


# Redis


def test_acknowledged_rotation_survives_a_kill_of_the_server():
    with RedisServer("--appendonly", "yes", "--appendfsync", "always") as server:
        refresh_tokens = RefreshTokens(server.url)
        tokens = [refresh_tokens.issue("ada")]

        def rotate():
            with contextlib.suppress(StorageError):
                while True:
                    tokens.append(refresh_tokens.rotate(tokens[-1]).token)

        thread = threading.Thread(target=rotate)
        thread.start()
        while len(tokens) < 20:
            time.sleep(0.001)
        server.kill()
        thread.join()
        for call in (refresh_tokens.rotate, refresh_tokens.revoke, refresh_tokens.issue, refresh_tokens.revoke_user):
            with pytest.raises(StorageError, match=f"^Redis at {server.socket}: "):
                call(tokens[-1])
        server.start()
        tokens += [refresh_tokens.rotate(tokens[-1]).token for _ in range(2)]  # the client had no response
        assert tokens.pop() == tokens[-1]
        assert refresh_tokens.rotate(tokens[-1]).username == "ada"
        with pytest.raises(RefreshTokenReusedError):
            refresh_tokens.rotate(tokens[0])


def test_token_stays_valid_while_the_server_is_full():
    with RedisServer() as server, redis.Redis.from_url(server.url) as client:
        refresh_tokens, tickets = RefreshTokens(server.url), Tickets(server.url)
        token, ticket, other = refresh_tokens.issue("ada"), tickets.issue({}), refresh_tokens.issue("bob")
        client.config_set("maxmemory", 1)
        for call in (
            lambda: refresh_tokens.rotate(token),
            lambda: refresh_tokens.issue("ada"),
            lambda: tickets.issue({}),
        ):
            with pytest.raises(StorageError, match="raise its maxmemory"):
                call()
        assert tickets.redeem(ticket) == {}
        refresh_tokens.revoke_user("bob")
        client.config_set("maxmemory", 0)
        assert refresh_tokens.rotate(token).username == "ada"
        with pytest.raises(RefreshTokenError):
            refresh_tokens.rotate(other)
        client.flushall()
        with pytest.raises(RefreshTokenError):
            refresh_tokens.rotate(token)


def test_redis_has_hashes_of_the_tokens_only_and_deletes_them_with_the_family():
    with RedisServer() as server, redis.Redis.from_url(server.url) as client:
        refresh_tokens, tickets = RefreshTokens(server.url, lifetime=1000, idle=300), Tickets(server.url)
        tokens = [*chain(refresh_tokens, 3), tickets.issue({"sub": "ada"})]
        stored = {key: key + client.dump(key) for key in client.scan_iter()}
        for token in tokens:
            assert not any(
                token.encode() in text or base64.urlsafe_b64decode(f"{token}=") in text for text in stored.values()
            )
        kinds = {b"token": 1000, b"family": 300, b"user": 1000, b"ticket": 60}
        assert len(stored) == 6
        for key in stored:
            (seconds,) = [
                kinds[kind] for kind in kinds if key.startswith((b"fastware:" + kind, b"fastware:refresh:" + kind))
            ]
            assert seconds < client.ttl(key) <= seconds + 61
        refresh_tokens.revoke_user("ada")
        assert not [key for key in client.scan_iter() if b":family:" in key or b":user:" in key]


def test_login_during_revoke_user_is_found_by_the_next_one(monkeypatch):
    with RedisServer() as server:
        refresh_tokens, other = RefreshTokens(server.url), RefreshTokens(server.url)
        families = refresh_tokens._families
        run = families._storage.run
        # Between the entry in the index of the user and the family.
        monkeypatch.setattr(families._storage, "run", lambda *args: (run(*args), other.revoke_user("ada"))[0])
        token = refresh_tokens.issue("ada")
        monkeypatch.undo()
        other.revoke_user("ada")
        with pytest.raises(RefreshTokenError):
            refresh_tokens.rotate(token)
