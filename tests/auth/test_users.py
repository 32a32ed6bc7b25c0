"""UserStore: what a store gets that only loads and saves."""

import copy
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import bcrypt_cost
import interpreters
import pytest
from error_text import shown_by

SHOWN = "hunter2-must-not-be-shown"
FIELDS = {"username", "password_hash", "role", "created_at"}


@pytest.fixture(autouse=True)
def quick_hashes(request):
    if "slow_hashes" in request.fixturenames:
        yield
        return
    with bcrypt_cost.lowest():
        yield


@pytest.fixture
def slow_hashes():
    """For a test of what hashing costs."""


def memory_store(auth, users=(), pause=0.0):
    """A store in memory: nothing but load and save; *pause* widens the gap between the two."""

    class MemoryStore(auth.UserStore):
        def __init__(self):
            self.users = list(users)
            self.saves = 0

        def load_users(self):
            loaded = copy.deepcopy(self.users)
            time.sleep(pause)
            return loaded

        def save_users(self, users):
            time.sleep(pause)
            self.users = copy.deepcopy(users)
            self.saves += 1

    return MemoryStore()


def user(username, role="user"):
    return {
        "username": username,
        "password_hash": "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm",
        "role": role,
        "created_at": "2024-01-02T03:04:05+00:00",
    }


# The interface


def test_load_users_is_left_to_the_subclass(auth):
    with pytest.raises(NotImplementedError):
        auth.UserStore().load_users()


def test_save_users_is_left_to_the_subclass(auth):
    with pytest.raises(NotImplementedError):
        auth.UserStore().save_users([])


@pytest.mark.parametrize(
    ("method", "arguments"),
    {"find_user": ("ada",), "create_user": ("ada", "password", "admin"), "delete_user": ("ada",)}.items(),
)
def test_the_rest_is_built_on_what_the_subclass_gives(auth, method, arguments):
    with pytest.raises(NotImplementedError):
        getattr(auth.UserStore(), method)(*arguments)


def test_an_error_of_the_subclass_comes_through(auth):
    class Unreachable(auth.UserStore):
        def load_users(self):
            raise ConnectionError("no database")

    for call in (
        lambda store: store.find_user("ada"),
        lambda store: store.create_user("ada", "password", "admin"),
        lambda store: store.delete_user("ada"),
    ):
        with pytest.raises(ConnectionError, match="no database"):
            call(Unreachable())


def test_a_subclass_with_a_constructor_of_its_own_need_not_call_that_of_the_base(auth):
    class Parameterised(auth.UserStore):
        def __init__(self, users, *, name):
            self.users, self.name = users, name

        def load_users(self):
            return list(self.users)

        def save_users(self, users):
            self.users = users

    store = Parameterised([user("ada")], name="mine")
    store.create_user("bob", "password", "user")
    store.delete_user("ada")
    assert [each["username"] for each in store.load_users()] == ["bob"]


def test_a_subclass_without_a_constructor_works(auth):
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


def test_a_failed_save_frees_the_store(auth):
    class Failing(auth.UserStore):
        fails = True
        users = ()

        def load_users(self):
            return list(self.users)

        def save_users(self, users):
            if self.fails:
                raise OSError("disk full")
            self.users = users

    store = Failing()
    with pytest.raises(OSError, match="disk full"):
        store.create_user("ada", "password", "admin")
    store.fails = False
    with ThreadPoolExecutor(1) as other_thread:
        other_thread.submit(store.create_user, "bob", "password", "user").result(timeout=30)
    assert store.find_user("ada") is None
    assert store.find_user("bob")


# Records


def test_a_new_record_has_the_four_fields_all_str(auth):
    record = memory_store(auth).create_user("ada", "password", "admin")
    assert set(record) == FIELDS
    assert {type(value) for value in record.values()} == {str}
    assert (record["username"], record["role"]) == ("ada", "admin")


def test_created_at_is_the_time_of_creation_in_iso_8601_utc(auth):
    before = datetime.now(UTC)
    record = memory_store(auth).create_user("ada", "password", "admin")
    created_at = datetime.fromisoformat(record["created_at"])
    assert created_at.utcoffset() == timedelta(0)
    assert before - timedelta(seconds=1) < created_at <= datetime.now(UTC)


def test_the_password_is_kept_as_its_hash_only(auth):
    record = memory_store(auth).create_user("ada", SHOWN, "admin")
    assert SHOWN not in repr(record)
    assert auth.verify_password(SHOWN, record["password_hash"]) is True
    assert auth.verify_password("another", record["password_hash"]) is False


@pytest.mark.usefixtures("slow_hashes")
def test_the_hash_is_that_of_hash_password_by_default(auth):
    record = memory_store(auth).create_user("ada", "password", "admin")
    assert record["password_hash"].startswith("$2b$12$")


def test_the_returned_record_is_the_saved_one(auth):
    store = memory_store(auth)
    record = store.create_user("ada", "password", "admin")
    assert store.users == [record]
    assert store.find_user("ada") == record


def test_users_with_one_password_have_different_hashes(auth):
    store = memory_store(auth)
    one, other = (store.create_user(name, "password", "user")["password_hash"] for name in ("ada", "bob"))
    assert one != other


# Find, create, delete


@pytest.mark.parametrize("username", ["ada", "bob", "eve"])
def test_a_user_is_found_by_name(auth, username):
    store = memory_store(auth, [user("ada"), user("bob"), user("eve")])
    assert store.find_user(username) == user(username)


@pytest.mark.parametrize("username", ["", "eve", "ad", "adaa", "\0", "\ud800"])
def test_a_user_that_is_not_there_is_none(auth, username):
    assert memory_store(auth, [user("ada"), user("bob")]).find_user(username) is None


def test_no_user_is_found_in_an_empty_store(auth):
    assert memory_store(auth).find_user("ada") is None


def test_finding_saves_nothing(auth):
    store = memory_store(auth, [user("ada")])
    store.find_user("ada")
    store.find_user("eve")
    assert store.saves == 0


def test_creating_keeps_the_other_users(auth):
    store = memory_store(auth, [user("ada"), user("bob", "admin")])
    record = store.create_user("eve", "password", "user")
    assert store.users == [user("ada"), user("bob", "admin"), record]


def test_creating_keeps_further_fields_of_other_users(auth):
    ada = {**user("ada"), "email": "ada@example.org"}
    store = memory_store(auth, [ada])
    store.create_user("bob", "password", "user")
    assert store.find_user("ada") == ada


@pytest.mark.rule("users.unique")
def test_a_duplicate_is_a_value_error_that_says_so(auth):
    store = memory_store(auth, [user("ada")])
    with pytest.raises(ValueError, match="already exists"):
        store.create_user("ada", "another password", "admin")
    assert (store.users, store.saves) == ([user("ada")], 0)


def test_a_duplicate_error_does_not_show_the_password(auth):
    with pytest.raises(ValueError) as raised:
        memory_store(auth, [user("ada")]).create_user("ada", SHOWN, "admin")
    assert SHOWN not in shown_by(raised.value)


@pytest.mark.parametrize("username", ["ada", "bob", "eve"])
def test_deleting_removes_one_user_and_keeps_the_others(auth, username):
    users = [user("ada"), user("bob"), user("eve")]
    store = memory_store(auth, users)
    assert store.delete_user(username) is None
    assert store.users == [each for each in users if each["username"] != username]


def test_deleting_the_last_user_leaves_none(auth):
    store = memory_store(auth, [user("ada")])
    store.delete_user("ada")
    assert store.users == []


@pytest.mark.parametrize("users", [[], [user("bob")]], ids=["empty", "others"])
@pytest.mark.rule("users.unique")
def test_deleting_a_user_that_is_not_there_is_a_lookup_error_that_says_so(auth, users):
    store = memory_store(auth, users)
    with pytest.raises(LookupError, match="not found"):
        store.delete_user("ada")
    assert (store.users, store.saves) == (users, 0)


def test_a_user_is_deleted_once(auth):
    store = memory_store(auth, [user("ada")])
    store.delete_user("ada")
    with pytest.raises(LookupError):
        store.delete_user("ada")


def test_a_deleted_name_may_be_created_again(auth):
    store = memory_store(auth, [user("ada")])
    store.delete_user("ada")
    assert store.create_user("ada", "password", "admin") == store.find_user("ada")


# What create_user takes and refuses

NAMES = {
    "ascii": "ada",
    "one-letter": "a",
    "digits": "42",
    "mail-address": "ada.l+x@example.org",
    "quotes": 'o\'neil "x"',
    "latin": "José",
    "cjk": "愛麗絲",
    "full-width-space": "愛　麗",
    "no-break-space": "Anne\u00a0Marie",
    "persian-with-zero-width-non-joiner": "می\u200cخواهم",
    "emoji-with-zero-width-joiner": "👩\u200d🚀",
    "astral": "\U0001f600",
    "markup": "<script>",
    "long": "x" * 1000,
}
each_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


@each_name
def test_a_name_without_control_characters_is_a_username(auth, name):
    store = memory_store(auth)
    assert store.create_user(name, "password", "user")["username"] == name
    assert store.find_user(name)["role"] == "user"


@each_name
def test_a_name_without_control_characters_is_a_role(auth, name):
    assert memory_store(auth).create_user("ada", "password", name)["role"] == name


NO_NAMES = {
    "empty": ("", ValueError),
    "nul": ("a\0b", ValueError),
    "newline": ("ada\n", ValueError),
    "carriage-return": ("a\rb", ValueError),
    "tab": ("a\tb", ValueError),
    "escape": ("\x1b[31mada", ValueError),
    "unit-separator": ("a\x1fb", ValueError),
    "delete": ("a\x7f", ValueError),
    "next-line": ("a\x85b", ValueError),
    "c1": ("a\x9b", ValueError),
    "high-surrogate": ("a\ud800", ValueError),
    "low-surrogate": ("\udfffa", ValueError),
    "none": (None, TypeError),
    "bytes": (b"ada", TypeError),
    "int": (5, TypeError),
    "bool": (True, TypeError),
    "list": (["ada"], TypeError),
    "dict": ({}, TypeError),
}
each_refused = pytest.mark.parametrize(("name", "error"), NO_NAMES.values(), ids=NO_NAMES.keys())


@each_refused
@pytest.mark.rule("users.name")
def test_another_username_is_refused(auth, name, error):
    store = memory_store(auth, [user("bob")])
    with pytest.raises(error) as raised:
        store.create_user(name, SHOWN, "user")
    assert "username" in str(raised.value)
    assert SHOWN not in shown_by(raised.value)
    assert (store.users, store.saves) == ([user("bob")], 0)


@each_refused
@pytest.mark.rule("users.name")
def test_another_role_is_refused(auth, name, error):
    store = memory_store(auth, [user("bob")])
    with pytest.raises(error) as raised:
        store.create_user("ada", SHOWN, name)
    assert "role" in str(raised.value)
    assert SHOWN not in shown_by(raised.value)
    assert (store.users, store.saves) == ([user("bob")], 0)


NO_PASSWORDS = {
    "over-72-bytes": (SHOWN * 3, ValueError),
    "nul": (SHOWN + "\0", ValueError),
    "surrogate": (SHOWN + "\ud800", ValueError),
    "none": (None, TypeError),
    "bytes": (SHOWN.encode(), TypeError),
}


@pytest.mark.parametrize(("password", "error"), NO_PASSWORDS.values(), ids=NO_PASSWORDS.keys())
def test_a_password_that_cannot_be_hashed_is_refused_without_being_shown(auth, password, error):
    store = memory_store(auth, [user("bob")])
    with pytest.raises(error) as raised:
        store.create_user("ada", password, "user")
    assert type(raised.value) is error
    assert SHOWN not in shown_by(raised.value)
    assert (store.users, store.saves) == ([user("bob")], 0)


# Threads


def at_once(calls):
    """Run *calls*, each in a thread, from one moment on: what each returned, or its error."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait(timeout=30)
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def creating(store, *names):
    return [lambda name=name: store.create_user(name, "password", "user") for name in names]


@pytest.mark.rule("users.exclusive")
def test_threads_that_create_different_users_lose_none(auth):
    store = memory_store(auth, [user("root")], pause=0.002)
    names = [f"user {number}" for number in range(16)]
    returned = at_once(creating(store, *names))
    assert [each["username"] for each in returned] == names
    assert sorted(each["username"] for each in store.users) == sorted(["root", *names])


def test_of_threads_that_create_the_same_user_one_succeeds(auth):
    store = memory_store(auth, pause=0.002)
    returned = at_once(creating(store, *["ada"] * 12))
    records = [each for each in returned if isinstance(each, dict)]
    errors = [each for each in returned if isinstance(each, ValueError) and "already exists" in str(each)]
    assert (len(records), len(errors)) == (1, 11)
    assert store.users == records


def test_threads_that_delete_different_users_lose_no_deletion(auth):
    names = [f"user {number}" for number in range(16)]
    store = memory_store(auth, [user("root"), *map(user, names)], pause=0.002)
    assert at_once([lambda name=name: store.delete_user(name) for name in names]) == [None] * 16
    assert store.users == [user("root")]


def test_of_threads_that_delete_the_same_user_one_succeeds(auth):
    store = memory_store(auth, [user("ada"), user("bob")], pause=0.002)
    returned = at_once([lambda: store.delete_user("ada")] * 12)
    assert returned.count(None) == 1
    assert sum(isinstance(each, LookupError) for each in returned) == 11
    assert store.users == [user("bob")]


def test_threads_that_create_and_delete_lose_nothing(auth):
    old, new = [f"old {number}" for number in range(8)], [f"new {number}" for number in range(8)]
    store = memory_store(auth, map(user, old), pause=0.002)
    calls = [*creating(store, *new), *[lambda name=name: store.delete_user(name) for name in old]]
    assert not [each for each in at_once(calls) if isinstance(each, Exception)]
    assert sorted(each["username"] for each in store.users) == new


@pytest.mark.usefixtures("slow_hashes")
def test_a_password_is_hashed_without_holding_up_other_writers(auth):
    others = [f"user {number}" for number in range(500)]
    store = memory_store(auth, map(user, others))
    creation = threading.Thread(target=store.create_user, args=("ada", "password", "user"))
    creation.start()
    deletions = 0
    while creation.is_alive() and deletions < len(others):
        store.delete_user(others[deletions])
        deletions += 1
    creation.join()
    assert deletions > 5
    assert len(store.users) == len(others) - deletions + 1


def test_a_store_can_be_copied_and_sent_to_another_process(auth):
    store = auth.JSONFileUserStore("users.json")
    for again in (copy.copy(store), copy.deepcopy(store)):
        assert again.path == store.path
        assert again._lock is not store._lock


HELD_BY_ANOTHER_THREAD = """
import os, signal, threading
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

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(30)
    store.delete_user("ada")
    os._exit(0)
print(os.waitpid(child, 0)[1])
done.set()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_wait_for_a_thread_that_it_does_not_have(engine_name):
    # Python 3.12 and later warn of forks among threads: that is what is tried here.
    assert interpreters.run(HELD_BY_ANOTHER_THREAD, engine=engine_name, PYTHONWARNINGS="ignore") == "0"
