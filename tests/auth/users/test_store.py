"""UserStore, extended by a store in memory. tests/models/test_user_store_model.py tries random sequences of calls."""

import copy
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import interpreters
import pytest
from error_text import shown_by
from user_files import memory_store_class, user

SECRET = "hunter2-must-not-be-shown"


@pytest.fixture
def make_store(auth):
    return memory_store_class(auth)


# Subclasses

CALLS = {
    "load_users": (),
    "save_users": ([],),
    "find_user": ("ada",),
    "create_user": ("ada", "password", "admin"),
    "delete_user": ("ada",),
}


@pytest.mark.parametrize(("method", "arguments"), CALLS.items(), ids=CALLS)
def test_base_class_raises_not_implemented(auth, method, arguments):
    with pytest.raises(NotImplementedError, match="UserStore must define"):
        getattr(auth.UserStore(), method)(*arguments)


@pytest.mark.parametrize("method", ["find_user", "create_user", "delete_user"])
def test_error_of_the_subclass_is_passed_on(make_store, monkeypatch, method):
    def load_users(self):
        raise ConnectionError("no database")

    monkeypatch.setattr(make_store, "load_users", load_users)
    with pytest.raises(ConnectionError, match="no database"):
        getattr(make_store(), method)(*CALLS[method])


def test_subclass_needs_no_constructor(auth):
    class Plain(auth.UserStore):
        users = ()

        def load_users(self):
            return list(self.users)

        def save_users(self, users):
            self.users = tuple(users)

    store = Plain()
    store.create_user("ada", "password", "admin")
    assert store.find_user("ada")["role"] == "admin"
    assert Plain().find_user("ada") is None


def test_failed_save_releases_the_lock(make_store, monkeypatch):
    def save_users(self, users):
        raise OSError("disk full")

    store = make_store()
    with monkeypatch.context() as patch:
        patch.setattr(make_store, "save_users", save_users)
        with pytest.raises(OSError, match="disk full"):
            store.create_user("ada", "password", "admin")
    with ThreadPoolExecutor(1) as other_thread:
        other_thread.submit(store.create_user, "bob", "password", "user").result(timeout=30)
    assert [record["username"] for record in store.users] == ["bob"]


def test_copy_of_a_store_has_its_own_lock(auth):
    store = auth.JSONFileUserStore("users.json")
    for duplicate in (copy.copy(store), copy.deepcopy(store)):
        assert duplicate.path == store.path
        assert duplicate._lock is not store._lock


# Records


def test_new_record_has_four_str_fields(make_store):
    record = make_store().create_user("ada", "password", "admin")
    assert list(record) == ["username", "password_hash", "role", "created_at"]
    assert {type(value) for value in record.values()} == {str}
    assert (record["username"], record["role"]) == ("ada", "admin")


def test_created_at_is_the_current_time_in_utc(make_store):
    before = datetime.now(UTC)
    created_at = datetime.fromisoformat(make_store().create_user("ada", "password", "admin")["created_at"])
    assert created_at.utcoffset() == timedelta(0)
    assert before - timedelta(seconds=1) < created_at <= datetime.now(UTC)


def test_password_is_stored_as_a_salted_hash_only(auth, make_store):
    one, other = (make_store().create_user("ada", SECRET, "admin") for _ in range(2))
    assert SECRET not in repr(one)
    assert auth.verify_password(SECRET, one["password_hash"])
    assert not auth.verify_password("another", one["password_hash"])
    assert one["password_hash"] != other["password_hash"]


@pytest.mark.usefixtures("default_cost")
def test_hash_has_the_default_cost_of_hash_password(make_store):
    assert make_store().create_user("ada", "password", "admin")["password_hash"].startswith("$2b$12$")


# Duplicate and missing users


@pytest.mark.rule("users.unique")
def test_duplicate_username_raises_value_error(make_store):
    store = make_store([user("ada")])
    with pytest.raises(ValueError, match="user 'ada' already exists") as raised:
        store.create_user("ada", SECRET, "admin")
    assert SECRET not in shown_by(raised.value)
    assert (store.users, store.saves) == ([user("ada")], 0)


@pytest.mark.parametrize("users", [[], [user("bob")]], ids=["no users", "other users"])
@pytest.mark.rule("users.unique")
def test_deleting_a_missing_user_raises_lookup_error(make_store, users):
    store = make_store(users)
    with pytest.raises(LookupError, match="user 'ada' not found"):
        store.delete_user("ada")
    assert (store.users, store.saves) == (users, 0)


# Arguments of create_user

VALID_NAMES = {
    "ASCII": "ada",
    "one letter": "a",
    "digits": "42",
    "mail address": "ada.l+x@example.org",
    "quotes": 'o\'neil "x"',
    "Latin": "José",
    "CJK": "愛麗絲",
    "full-width space": "愛\u3000麗",
    "no-break space": "Anne\u00a0Marie",
    "zero-width non-joiner": "می\u200cخواهم",
    "zero-width joiner": "👩\u200d🚀",
    "outside the BMP": "\U0001f600",
    "markup": "<script>",
    "long": "x" * 1000,
}
INVALID_NAMES = {
    "over 1,024 characters": ("x" * 1_025, ValueError),
    "empty": ("", ValueError),
    "NUL": ("a\0b", ValueError),
    "newline": ("ada\n", ValueError),
    "carriage return": ("a\rb", ValueError),
    "tab": ("a\tb", ValueError),
    "escape": ("\x1b[31mada", ValueError),
    "unit separator": ("a\x1fb", ValueError),
    "delete": ("a\x7f", ValueError),
    "next line": ("a\x85b", ValueError),
    "C1 control": ("a\x9b", ValueError),
    "high surrogate": ("a\ud800", ValueError),
    "low surrogate": ("\udfffa", ValueError),
    "None": (None, TypeError),
    "bytes": (b"ada", TypeError),
    "int": (5, TypeError),
    "bool": (True, TypeError),
    "list": (["ada"], TypeError),
    "dict": ({}, TypeError),
}
INVALID_PASSWORDS = {
    "over 72 bytes": (SECRET * 3, ValueError),
    "NUL": (SECRET + "\0", ValueError),
    "lone surrogate": (SECRET + "\ud800", ValueError),
    "None": (None, TypeError),
    "bytes": (SECRET.encode(), TypeError),
}
INVALID_ARGUMENTS = {
    **{f"username: {kind}": (error, name, SECRET, "user") for kind, (name, error) in INVALID_NAMES.items()},
    **{f"role: {kind}": (error, "ada", SECRET, role) for kind, (role, error) in INVALID_NAMES.items()},
    **{f"password: {kind}": (error, "ada", word, "user") for kind, (word, error) in INVALID_PASSWORDS.items()},
}


@pytest.mark.parametrize("name", VALID_NAMES.values(), ids=VALID_NAMES)
def test_valid_name_is_a_username_and_a_role(make_store, name):
    store = make_store()
    record = store.create_user(name, "password", name)
    assert (record["username"], record["role"]) == (name, name)
    assert store.find_user(name) == record


@pytest.mark.parametrize("case", INVALID_ARGUMENTS)
@pytest.mark.rule("users.name")
def test_invalid_argument_raises_an_error_that_names_it(make_store, case):
    error, *arguments = INVALID_ARGUMENTS[case]
    store = make_store([user("bob")])
    with pytest.raises(error) as raised:
        store.create_user(*arguments)
    assert type(raised.value) is error
    assert case.partition(":")[0] in str(raised.value)
    assert SECRET not in shown_by(raised.value)
    assert (store.users, store.saves) == ([user("bob")], 0)


# Threads


def at_once(calls):
    """Run each call in its own thread, all at the same time, and return their results or errors."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait(timeout=30)
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def creating(store, names):
    return [lambda name=name: store.create_user(name, "password", "user") for name in names]


def deleting(store, names):
    return [lambda name=name: store.delete_user(name) for name in names]


@pytest.mark.rule("users.exclusive")
def test_threads_that_create_and_delete_different_users_lose_no_update(make_store):
    old, new = [f"old {number}" for number in range(10)], [f"new {number}" for number in range(10)]
    store = make_store(map(user, ["root", *old]), pause=0.002)
    results = at_once([*creating(store, new), *deleting(store, old)])
    assert [result for result in results if isinstance(result, Exception)] == []
    assert sorted(record["username"] for record in store.users) == sorted(["root", *new])


@pytest.mark.rule("users.exclusive")
def test_one_of_several_threads_creates_a_user(make_store):
    store = make_store(pause=0.002)
    results = at_once(creating(store, ["ada"] * 12))
    records = [result for result in results if isinstance(result, dict)]
    errors = [result for result in results if isinstance(result, ValueError) and "already exists" in str(result)]
    assert (len(records), len(errors)) == (1, 11)
    assert store.users == records


@pytest.mark.rule("users.exclusive")
def test_one_of_several_threads_deletes_a_user(make_store):
    store = make_store([user("ada"), user("bob")], pause=0.002)
    results = at_once(deleting(store, ["ada"] * 12))
    assert results.count(None) == 1
    assert sum(isinstance(result, LookupError) for result in results) == 11
    assert store.users == [user("bob")]


@pytest.mark.usefixtures("default_cost")
def test_hashing_does_not_hold_the_lock(make_store):
    others = [f"user {number}" for number in range(500)]
    store = make_store(map(user, others))
    creation = threading.Thread(target=store.create_user, args=("ada", "password", "user"))
    creation.start()
    deletions = 0
    while creation.is_alive() and deletions < len(others):
        store.delete_user(others[deletions])
        deletions += 1
    creation.join()
    assert deletions > 5
    assert len(store.users) == len(others) - deletions + 1


FORK_WHILE_ANOTHER_THREAD_HOLDS_THE_LOCK = """
import os, signal, threading, warnings
from fastware.auth import UserStore

class MemoryStore(UserStore):
    def load_users(self):
        return [{"username": "ada"}]

    def save_users(self, users):
        pass

store, held, done = MemoryStore(), threading.Event(), threading.Event()

def hold():
    with store._exclusive():
        held.set()
        done.wait()

threading.Thread(target=hold, daemon=True).start()
held.wait()
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later warn of forks with several threads
child = os.fork()
if child == 0:
    signal.alarm(30)
    store.delete_user("ada")
    os._exit(0)
print(os.waitpid(child, 0)[1])
done.set()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_can_take_a_lock_that_another_thread_held(engine_name):
    assert interpreters.run(FORK_WHILE_ANOTHER_THREAD_HOLDS_THE_LOCK, engine=engine_name) == "0"
