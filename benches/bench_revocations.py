"""Is this token revoked? With an empty list, and with a million tokens and a million users in the list.

The code is the same on both engines, so it is timed once.
"""

import atexit
import functools
import itertools
import json
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from benches.jobs import BY_HAND, RUST, Job, each_contender
from benches.timing import Each, call
from fastware.auth import MemoryRevocations, SQLiteRevocations

_MILLION = 1_000_000
_NOW = int(time.time())
_LATER = 2**62
_REVOKED = {"sub": "user 1", "role": "user", "iat": _NOW, "exp": _NOW + 3600, "sid": "sid 1", "rev": _LATER}


def _folder():
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _sids(count):
    return (f"sid {number}" for number in range(count))


def _users(count):
    return (f"user {number}" for number in range(count))


@functools.cache
def _in_memory(count):
    revocations = MemoryRevocations()
    for number, sid in enumerate(_sids(count)):
        revocations._list_token(f"s{sid}", (_NOW + 7200 + number) // 64 * 64, True)
    for username in _users(count):
        revocations._list_user(username, _NOW)
    return revocations


@functools.cache
def _in_file(count):
    path = _folder() / "revocations.db"
    SQLiteRevocations(path)
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO revoked_tokens (key, ends, is_revoked) VALUES (?, ?, 1)",
            ((f"s{sid}".encode(), (_NOW + 7200 + number) // 64 * 64) for number, sid in enumerate(_sids(count))),
        )
        connection.executemany(
            "INSERT INTO revoked_users (username, revision) VALUES (?, ?)",
            ((username.encode(), _NOW) for username in _users(count)),
        )
    connection.close()
    return SQLiteRevocations(path)


class _ByHand:
    """A dict and a set, which never become smaller, in one process."""

    def __init__(self, count):
        self._sids = set(_sids(count))
        self._users = dict.fromkeys(_users(count), _NOW)

    def is_revoked(self, claims):
        return claims["sid"] in self._sids or claims["rev"] < self._users.get(claims["sub"], 0)


@functools.cache
def _by_hand(count):
    return _ByHand(count)


def _claims(user, rev):
    """Return a function that returns the claims of another user and session at each call, as after a JSON parser."""
    texts = [
        json.dumps(_REVOKED | {"sub": f"{user} {number * 7919 % _MILLION}", "sid": f"another sid {number}", "rev": rev})
        for number in range(20_000)
    ]
    return functools.partial(next, map(json.loads, itertools.cycle(texts)))


def _check_one(make, count):
    return call(make(count).is_revoked, _REVOKED | {"sid": "another"})


def _check_each(make, count):
    """No session and no user is in the processor's caches."""
    return call(make(count).is_revoked, Each(_claims("user", _LATER)))


def _check_each_unknown(make, count):
    """No user was ever revoked."""
    return call(make(count).is_revoked, Each(_claims("another user", 0)))


def _answers(contender, count):
    revocations = contender.args[0](count)
    later = _REVOKED | {"sid": "another"}
    return [revocations.is_revoked(claims) for claims in (_REVOKED, later, later | {"rev": 5})]


def _job(title, check, make, count, goal=None, **others):
    return Job(
        f"revocations: {title}",
        {name: functools.partial(check, each) for name, each in {RUST: make, **others}.items()},
        (count,),
        [bool(count), False, bool(count)],
        _answers,
        goal=goal,
    )


_HAND = {BY_HAND: _by_hand}
JOBS = (
    _job("none, in memory", _check_one, _in_memory, 0, 0.1, **_HAND),
    _job("none, in a file", _check_one, _in_file, 0, 0.1),
    _job("a million, in memory", _check_one, _in_memory, _MILLION, 0.3, **_HAND),
    _job("a million, in a file", _check_one, _in_file, _MILLION, 0.3),
    _job("a million, in memory, each user once", _check_each, _in_memory, _MILLION, **_HAND),
    _job("a million, in a file, each user once", _check_each, _in_file, _MILLION),
    _job("a million, in memory, each other user once", _check_each_unknown, _in_memory, _MILLION, **_HAND),
)


@each_contender(*JOBS)
def test_revocations(time_contender):
    time_contender()
