"""Lists that are copied to another storage, while applications use both."""

import contextlib
import sqlite3
import threading
import time
from unittest import mock

import pytest
import redis
from redis_server import RedisServer
from revocation_processes import session

from fastware.auth import Auth, MemoryRevocations, RedisRevocations, SQLiteRevocations, StorageError
from fastware.auth.redis_storage import RedisStorage
from fastware.auth.revocations.copying import copy_revocations

SECRET = "Nq0uYdKdYq4JzqVfZ8x2mJb7wT1cE5hR"
LATER = 10**10


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


class SQLite:
    def __init__(self, server, path):
        self.path = path

    def open(self):
        return SQLiteRevocations(self.path)

    def content(self):
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return [
                connection.execute(f"SELECT * FROM {table}").fetchall()
                for table in ("revoked_tokens", "revoked_users", "revocation_leeway")
            ]


class Redis:
    def __init__(self, server, path):
        self.url, self.prefix = server.url, f"{path}:"

    def open(self):
        return RedisRevocations(self.url, prefix=self.prefix, refresh=0.02)

    def content(self):
        with redis.Redis.from_url(self.url) as client:
            keys = f"{self.prefix}{{revocations}}:entries", f"{self.prefix}{{revocations}}:log"
            return client.hgetall(keys[0]), client.xrange(keys[1])


DIRECTIONS = [(SQLite, Redis), (Redis, SQLite), (SQLite, SQLite), (Redis, Redis)]


@pytest.fixture(params=DIRECTIONS, ids=[f"{one.__name__} to {other.__name__}" for one, other in DIRECTIONS])
def places(request, server, tmp_path):
    return [kind(server, tmp_path / name) for kind, name in zip(request.param, ("from", "to"), strict=True)]


def claims_of_login(revocations, username):
    auth = Auth(SECRET, revocations=revocations)
    return auth.verify_token(auth.create_token(username, "user"))


@pytest.mark.rule("session.copied")
def test_copy_is_the_same_list(places):
    source, target = (place.open() for place in places)
    before = claims_of_login(source, "ada")
    source.revoke_user("ada")
    again, logged_out = claims_of_login(source, "ada"), claims_of_login(source, "eve")
    source.revoke(logged_out)
    source.revoke({"jti": "\ud800"})  # permanently
    source.revoke({"sub": "bob", "role": "user", "iat": 1, "exp": LATER})
    source.note_longer_session(session("noted", exp=LATER), LATER)
    source.accept_leeway(30)
    assert copy_revocations(source, target) == (4, 1)
    assert [target.is_revoked(claims) for claims in (before, logged_out, again)] == [True, True, False]
    other = places[1].open()
    assert sorted(other._listed_entries()[0]) == sorted(source._listed_entries()[0])
    assert (other.revision("ada"), other._leeway) == (again["rev"], 30) == (source.revision("ada"), source._leeway)
    content = places[1].content()
    assert copy_revocations(places[0].open(), other) == (4, 1)
    assert places[1].content() == content


END = 64
MERGED = {
    "only there": ([], [("s1", END, True)], [("s1", END, True)]),
    "only here": ([("s1", END, True)], [], [("s1", END, True)]),
    "later there": ([("j1", END, True)], [("j1", 2 * END, True)], [("j1", 2 * END, True)]),
    "later here": ([("j1", 2 * END, True)], [("j1", END, True)], [("j1", 2 * END, True)]),
    "permanent there": ([("c1", None, True)], [("c1", END, True)], [("c1", None, True)]),
    "permanent here": ([("c1", END, True)], [("c1", None, True)], [("c1", None, True)]),
    "revoked there, longer here": ([("s1", END, True)], [("s1", 2 * END, False)], [("s1", 2 * END, True)]),
    "revoked here, longer there": ([("s1", 2 * END, False)], [("s1", END, True)], [("s1", 2 * END, True)]),
}
NUMBERS = {"only there": 3, "only here": 3, "larger there": 3, "larger here": 3}


@pytest.mark.rule("session.copied")
@pytest.mark.parametrize("kind", [MemoryRevocations, SQLite, Redis])
def test_entry_of_both_lists_is_kept_until_the_later_end_and_a_user_has_the_larger_number(kind, server, tmp_path):
    place = None if kind is MemoryRevocations else kind(server, tmp_path / "to")
    target = place.open() if place else MemoryRevocations()
    now = int(time.time())

    def at(name, tokens):
        return [(f"{key}{name}", end and now + end, is_revoked) for key, end, is_revoked in tokens]

    for name, (there, here, _) in MERGED.items():
        target._merge(at(name, there), [])
        target._merge([*at("another", there), *at(name, here)], [])
    target._merge([], [("only there", 3), ("larger there", 3), ("larger here", 2)])
    target._merge([], [("only here", 3), ("larger there", 2), ("larger here", 3)])
    for each in [target, place.open()] if place else [target]:
        tokens, users = each._listed_entries()
        merged = [entry for name, (_, _, expected) in MERGED.items() for entry in at(name, expected)]
        assert sorted(token for token in tokens if not token[0].endswith("another")) == sorted(merged)
        assert dict(users) == NUMBERS


@pytest.mark.rule("session.copied")
def test_copy_loses_nothing_while_applications_revoke_in_both_lists(places):
    source, target = (place.open() for place in places)
    old = [f"old {number}" for number in range(1500)]
    source._merge([(f"s{sid}", LATER, True) for sid in old], [("bob", 1)])
    acknowledged, stop = ([], []), threading.Event()

    def revoke(revocations, sids):
        while not stop.is_set():
            sid = f"{len(sids)} {id(sids)}"
            revocations.revoke(session(sid))
            sids.append(sid)
            time.sleep(0.002)

    threads = [
        threading.Thread(target=revoke, args=(place.open(), sids))
        for place, sids in zip(places, acknowledged, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        while not all(acknowledged):
            time.sleep(0.001)
        in_time = list(acknowledged[0])
        copy_revocations(source, target)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    first = places[1].open()
    expected = old + in_time + acknowledged[1]
    assert all(first.is_revoked(session(sid, sub="x")) for sid in expected)
    copy_revocations(source, target)
    second = places[1].open()
    assert all(second.is_revoked(session(sid, sub="x")) for sid in expected + acknowledged[0])
    assert second.revision("bob") == 1


def test_login_in_the_new_list_between_two_copies_stays_valid(places):
    """The first copy, before the workers are restarted, makes the revocation numbers known to it."""
    source, target = (place.open() for place in places)
    source.revoke_user("ada")
    copy_revocations(source, target)
    claims = claims_of_login(places[1].open(), "ada")
    source.revoke_user("bob")
    copy_revocations(source, target)
    other = places[1].open()
    assert not other.is_revoked(claims)
    assert other.revision("bob") == source.revision("bob") > 0


def test_source_that_could_not_be_read_is_never_an_empty_list(server, tmp_path):
    place, target = Redis(server, tmp_path / "from"), SQLiteRevocations(tmp_path / "to")
    place.open().revoke(session())
    with mock.patch.object(RedisStorage, "run", side_effect=StorageError("Redis is away")):
        source = place.open()
        with pytest.raises(StorageError, match="Redis is away"):
            copy_revocations(source, target)
    assert copy_revocations(source, target) == (1, 0)
    assert target.is_revoked(session())
