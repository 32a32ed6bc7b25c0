"""``authenticate``: its result, its time, the guard, outdated hashes, changed records, and the audit events."""

import asyncio
import functools
import logging
import random
import statistics
import time
from pathlib import Path

import asgi_client
import bcrypt
import pytest
from bcrypt_cost import LOWEST, cost_of
from own_buckets import OwnBuckets
from shown import locals_of

import fastware
from fastware.auth import (
    HTTPError,
    LoginGuard,
    LoginLimitedError,
    UserStore,
    authenticate,
    login,
    password_pool,
    passwords,
)

PASSWORD = "correct horse battery staple"


def hash_of(password, cost=LOWEST):
    return bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode("ascii")


HASH = hash_of(PASSWORD.encode())
# bcrypt 5 rejects salts with spare bits, which follow the grammar.
UNREADABLE = HASH[:28] + "A" + HASH[29:]


class Store(UserStore):
    """Users in memory. *later* is what the second look-up finds."""

    def __init__(self, users=None, **later):
        self.users = {"ada": record("ada")} if users is None else {user["username"]: user for user in users}
        self.later = later
        self.looked_up = 0

    def find_user(self, username):
        self.looked_up += 1
        if self.looked_up == 2:
            self.users |= self.later
        return self.users.get(username)

    async def _areplace_hash(self, username, old_hash, new_hash):
        user = self.users.get(username)
        if user is None or user["password_hash"] != old_hash:
            return False
        self.users[username] = {**user, "password_hash": new_hash}
        return True


def record(username, password_hash=HASH, **fields):
    return {"username": username, "password_hash": password_hash, "role": "user", "created_at": "", **fields}


class Guard:
    """Notes what is asked of it in *log*. *error* rejects every attempt."""

    def __init__(self, log=None, error=None):
        self.log = [] if log is None else log
        self.error = error

    async def attempt(self, username, address):
        self.log.append(("attempt", username, address))
        if self.error is not None:
            raise self.error
        return self

    async def succeeded(self):
        self.log.append("succeeded")

    async def withdrawn(self):
        self.log.append("withdrawn")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    """Hashes of the lowest cost are up to date, and the check for unknown users has that cost."""
    monkeypatch.setattr(passwords, "_NO_PASSWORD", hash_of(b"nobody has it").encode())
    monkeypatch.setattr(login, "needs_rehash", functools.partial(passwords.needs_rehash, cost=LOWEST))


@pytest.fixture
def events(caplog):
    """The audit events: name, level, username, address and reason."""
    caplog.set_level(logging.INFO, "fastware.auth")

    def read():
        return [
            (each.event, each.levelname, each.username, each.address, each.reason)
            for each in caplog.records
            if hasattr(each, "event")
        ]

    return read


@pytest.fixture
def checks(monkeypatch):
    """The number of hashes that bcrypt has computed for a check."""
    computed = []

    def counted(password, hashed, checkpw=bcrypt.checkpw):
        is_equal = checkpw(password, hashed)
        computed.append(password)
        return is_equal

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return computed


def log_in(store, username="ada", password=PASSWORD, loop="asyncio", **options):
    return asgi_client.run(authenticate, store, username, password, loop=loop, **options)


# The result


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_right_password_returns_the_record_without_its_hash(events, checks, loop):
    store = Store([record("ada", email="ada@example.com")])
    user = log_in(store, loop=loop, address="203.0.113.7")
    assert user == {"username": "ada", "role": "user", "created_at": "", "email": "ada@example.com"}
    assert events() == [("login_succeeded", "INFO", "ada", "203.0.113.7", None)]
    assert len(checks) == 1
    assert store.users["ada"]["password_hash"] == HASH


LONG = "x" * 73
FAILURES = {
    "unknown-user": ("bob", PASSWORD, HASH, "unknown user"),
    "other-case": ("Ada", PASSWORD, HASH, "unknown user"),
    "empty-username": ("", "", HASH, "unknown user"),
    "surrogate-in-the-username": ("\ud800", PASSWORD, HASH, "unknown user"),
    "wrong-password": ("ada", PASSWORD + "x", HASH, "wrong password"),
    "empty-password": ("ada", "", HASH, "wrong password"),
    "over-long-password": ("ada", LONG, hash_of(b"x" * 72), "wrong password"),
    "million-characters": ("ada", "x" * 1_000_000, hash_of(b"x" * 72), "wrong password"),
    "nul": ("ada", PASSWORD + "\0", HASH, "wrong password"),
    "nul-alone": ("ada", "\0", hash_of(b""), "wrong password"),
    "surrogate": ("ada", "\ud800", hash_of(b""), "wrong password"),
    "unknown-user-and-over-long-password": ("bob", LONG, HASH, "unknown user"),
    "empty-hash": ("ada", "", "", "no usable hash"),
    "no-hash": ("ada", "None", None, "no usable hash"),
    "cut-hash": ("ada", PASSWORD, HASH[:-1], "no usable hash"),
    "hash-of-another-kind": ("ada", PASSWORD, "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$x", "no usable hash"),
    "unreadable-hash": ("ada", PASSWORD, UNREADABLE, "no usable hash"),
}


@pytest.mark.parametrize(("username", "password", "hashed", "reason"), FAILURES.values(), ids=FAILURES)
@pytest.mark.rule("login.one-check")
def test_every_failed_login_makes_one_check_and_says_why_in_its_event(
    events, checks, username, password, hashed, reason
):
    if hashed == UNREADABLE:
        try:
            bcrypt.checkpw(b"", UNREADABLE.encode())
        except ValueError:
            checks.clear()
        else:
            pytest.skip("this bcrypt reads salts with spare bits")
    assert log_in(Store([record("ada", hashed)]), username, password) is None
    known = None if reason == "unknown user" else "ada"
    assert events() == [("login_failed", "INFO", known, None, reason)]
    assert len(checks) == 1


def test_user_without_a_hash_cannot_log_in_even_if_the_check_passes(monkeypatch):
    monkeypatch.setattr(bcrypt, "checkpw", lambda password, hashed: True)
    assert log_in(Store(), "bob") is None
    assert log_in(Store([record("ada", "")])) is None
    assert log_in(Store(), password=LONG) is None
    assert log_in(Store(), password="any") is not None


INVALID = {
    "username": ((Store(), 5, PASSWORD), {}, "username must be str, not int"),
    "password-bytes": ((Store(), "ada", PASSWORD.encode()), {}, "password must be str, not bytes"),
    "password-none": ((Store(), "ada", None), {}, "password must be str, not NoneType"),
    "address": ((Store(), "ada", PASSWORD), {"address": 5}, "address must be str, not int"),
    "guard": ((Store(), "ada", PASSWORD), {"guard": 5, "address": "x"}, "guard must be a fastware.auth.LoginGuard"),
    "guard-without-address": ((Store(), "ada", PASSWORD), {"guard": Guard()}, "guard needs address"),
    "guard-with-an-empty-address": ((Store(), "ada", PASSWORD), {"guard": Guard(), "address": ""}, "needs address"),
    "guard-without-address-and-all-else-wrong": ((None, 5, None), {"guard": 5}, "guard needs address"),
}


@pytest.mark.parametrize(("arguments", "options", "message"), INVALID.values(), ids=INVALID)
def test_invalid_argument_is_a_type_error(checks, arguments, options, message):
    with pytest.raises(TypeError, match=message) as raised:
        asyncio.run(authenticate(*arguments, **options))
    assert PASSWORD not in repr([*locals_of(raised.value, Path(fastware.__file__).parent)])
    assert not checks


# Time


TIMED = {
    "wrong password": ("ada", "wrong", HASH),
    "unknown user": ("bob", "wrong", HASH),
    "empty hash": ("ada", "wrong", ""),
    "cut hash": ("ada", "wrong", HASH[:-1]),
    "unreadable hash": ("ada", "wrong", UNREADABLE),
    "over-long password": ("ada", LONG, HASH),
    "NUL": ("ada", "\0", HASH),
}


def quartiles(samples=60):
    """Return the quartiles of the CPU time of each kind of failed login, in random order."""
    taken = {name: [] for name in TIMED}

    async def main():
        order = [*TIMED] * samples
        random.Random(samples).shuffle(order)
        for name in order:
            username, password, hashed = TIMED[name]
            store = Store([record("ada", hashed)])
            start = time.process_time_ns()
            assert await authenticate(store, username, password) is None
            taken[name].append(time.process_time_ns() - start)

    asyncio.run(main())
    return {name: statistics.quantiles(each, n=4) for name, each in taken.items()}


def are_equal(found):
    """Return whether each quartile is close to that of a wrong password."""
    pairs = [pair for each in found.values() for pair in zip(each, found["wrong password"], strict=True)]
    return all(0.8 < one / other < 1.25 for one, other in pairs)


@pytest.mark.parametrize("is_leaky", [False, True], ids=["authenticate", "control"])
@pytest.mark.rule("login.equal-time")
def test_failed_logins_take_the_same_time(monkeypatch, is_leaky):
    if is_leaky:  # without a check for unusable hashes
        monkeypatch.setattr(login, "check_password_once", passwords.verify_password)
    # Other work of the machine disturbs a round now and then. A difference would be in each of them.
    assert any(are_equal(quartiles()) for _ in range(4)) is not is_leaky


# The guard


def test_guard_takes_tokens_before_the_check_and_learns_of_a_success(monkeypatch):
    guard = Guard()
    monkeypatch.setattr(bcrypt, "checkpw", lambda password, hashed: guard.log.append("check") or password == b"right")
    assert log_in(Store(), password="right", guard=guard, address="203.0.113.7")
    assert log_in(Store(), password="wrong", guard=guard, address="203.0.113.7") is None
    attempt = ("attempt", "ada", "203.0.113.7")
    assert guard.log == [attempt, "check", "succeeded", attempt, "check"]


@pytest.mark.rule("login.give-back")
def test_correct_login_succeeds_while_its_attempt_cannot_be_given_back(monkeypatch):
    buckets = OwnBuckets()
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: setattr(buckets, "failure", ConnectionError("away")) or True)
    assert log_in(Store(), guard=LoginGuard(buckets=buckets), address="203.0.113.7")


def test_login_guard_limits_wrong_passwords_and_a_right_one_clears_them(events, checks):
    store, guard = Store(), LoginGuard(per_user_and_address="2/hour")
    log_in_here = functools.partial(log_in, store, guard=guard, address="203.0.113.7")
    passwords_tried = ("wrong", PASSWORD, "wrong", "wrong")
    assert [log_in_here(password=each) is not None for each in passwords_tried] == [False, True, False, False]
    with pytest.raises(LoginLimitedError):
        log_in_here()
    assert events()[-1] == ("login_limited", "WARNING", "ada", "203.0.113.7", "per_user_and_address")
    assert len(checks) == 4
    assert log_in(store, guard=guard, address="203.0.113.8")


def raising(error):
    def fail(*arguments, **options):
        raise error

    return fail


NOT_CHECKED = {
    "full pool": (password_pool._Pool, "add", HTTPError(503, "Too many logins at once")),
    "store": (Store, "find_user", OSError("the disk is gone")),
    "bcrypt": (bcrypt, "checkpw", MemoryError()),
}


@pytest.mark.parametrize(("owner", "name", "error"), NOT_CHECKED.values(), ids=NOT_CHECKED)
def test_attempt_is_withdrawn_if_no_password_was_checked(monkeypatch, events, owner, name, error):
    guard = Guard()
    monkeypatch.setattr(owner, name, raising(error))
    with pytest.raises(type(error)) as raised:
        log_in(Store(), guard=guard, address="203.0.113.7")
    assert guard.log[1:] == ["withdrawn"]
    assert events() == []
    held = repr([*locals_of(raised.value, Path(fastware.__file__).parent)])
    assert HASH not in held or name == "checkpw"  # the call of bcrypt that fails has its arguments
    assert PASSWORD not in held or name == "checkpw"


def test_cancelled_login_keeps_its_tokens(monkeypatch):
    guard = Guard()
    monkeypatch.setattr(bcrypt, "checkpw", lambda password, hashed: time.sleep(0.2))

    async def cancel():
        task = asyncio.ensure_future(authenticate(Store(), "ada", PASSWORD, guard=guard, address="x"))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(cancel())
    assert guard.log == [("attempt", "ada", "x")]


@pytest.mark.parametrize(("username", "known"), [("ada", "ada"), ("bob", None)])
def test_limited_login_is_a_warning_with_the_name_of_a_user_who_exists(events, checks, username, known):
    store = Store()
    with pytest.raises(HTTPError) as raised:
        log_in(store, username, guard=Guard(error=HTTPError(429, "Too many", {"Retry-After": "9"})), address="x")
    assert (raised.value.status_code, raised.value.headers) == (429, {"Retry-After": "9"})
    assert events() == [("login_limited", "WARNING", known, "x", None)]
    assert not checks and store.looked_up == 1
    assert PASSWORD not in repr([*locals_of(raised.value, Path(fastware.__file__).parent)])


def test_other_error_of_the_guard_is_raised_without_an_event(events):
    store = Store()
    with pytest.raises(HTTPError, match="503"):
        log_in(store, guard=Guard(error=HTTPError(503, "No buckets")), address="x")
    assert events() == [] and store.looked_up == 0


# Outdated hashes


@pytest.fixture
def _outdated(monkeypatch):
    monkeypatch.setattr(login, "needs_rehash", functools.partial(passwords.needs_rehash, cost=LOWEST + 1))
    monkeypatch.setattr(login, "hash_password", functools.partial(passwords.hash_password, cost=LOWEST + 1))


@pytest.mark.usefixtures("_outdated")
@pytest.mark.rule("login.rehash")
def test_outdated_hash_is_replaced_once(caplog):
    store = Store()
    assert log_in(store, password="wrong") is None
    assert store.users["ada"]["password_hash"] == HASH
    assert log_in(store)
    new_hash = store.users["ada"]["password_hash"]
    assert cost_of(new_hash) == LOWEST + 1
    assert log_in(store) and store.users["ada"]["password_hash"] == new_hash
    assert [each for each in caplog.records if each.name == "fastware"] == []


@pytest.mark.usefixtures("_outdated")
def test_two_logins_at_once_with_an_outdated_hash_both_succeed():
    store = Store()

    async def both():
        return await asyncio.gather(*[authenticate(store, "ada", PASSWORD) for _ in range(2)])

    assert [user["username"] for user in asyncio.run(both())] == ["ada", "ada"]


@pytest.mark.usefixtures("_outdated")
@pytest.mark.parametrize(
    ("error", "message"),
    [(OSError(30, "Read-only file system", HASH), "OSError: Read-only file system"), (KeyError(HASH), "KeyError")],
    ids=["read-only", "any"],
)
def test_login_succeeds_if_its_hash_cannot_be_replaced(monkeypatch, caplog, error, message):
    monkeypatch.setattr(Store, "_areplace_hash", raising(error))
    store = Store()
    assert log_in(store)["username"] == "ada"
    ((_, level, text),) = [each for each in caplog.record_tuples if each[0] == "fastware"]
    assert level == logging.WARNING
    assert text == f"The outdated password hash of a user could not be replaced: {message}"
    assert store.users["ada"]["password_hash"] == HASH


@pytest.mark.usefixtures("_outdated")
def test_login_succeeds_if_the_pool_has_no_place_for_the_new_hash(monkeypatch, caplog):
    monkeypatch.setattr(login, "hash_password", raising(HTTPError(503, "Too many logins at once")))
    assert log_in(Store())["username"] == "ada"
    assert [each for each in caplog.records if each.name == "fastware"] == []


# Records that change while the password is checked

CHANGES = {
    "deleted": None,
    "role": record("ada", role="guest"),
    "password": record("ada", hash_of(b"another")),
    "same-password-again": record("ada", hash_of(PASSWORD.encode())),
    "no-hash": record("ada", ""),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.rule("login.changed")
def test_login_fails_if_the_record_changes_while_it_is_checked(events, change):
    assert log_in(Store(ada=CHANGES[change])) is None
    assert events() == [("login_failed", "INFO", "ada", None, "record changed")]


@pytest.mark.usefixtures("_outdated")
@pytest.mark.parametrize("change", [name for name in CHANGES if name != "same-password-again"])
def test_login_with_an_outdated_hash_fails_if_the_record_changes(events, change):
    assert log_in(Store(ada=CHANGES[change])) is None
    assert events() == [("login_failed", "INFO", "ada", None, "record changed")]


def test_other_fields_of_the_record_are_those_after_the_check():
    assert log_in(Store(ada=record("ada", email="new")))["email"] == "new"
