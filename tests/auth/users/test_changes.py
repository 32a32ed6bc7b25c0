"""create_user, update_user and delete_user with their async twins: fields, errors, revocations and audit events."""

import asyncio
import contextlib
import logging
import threading
from functools import partial
from types import SimpleNamespace

import asgi_client
import bcrypt
import pytest
from error_text import shown_by
from user_files import HASH, RecordedRevocations, memory_store_class, user

import fastware.auth
from fastware.auth import (
    JSONFileUserStore,
    SQLUserStore,
    UserExistsError,
    UserNotFoundError,
    UserStore,
    verify_password,
)

SECRET = "hunter2-must-not-be-shown"
METHODS = ("load_users", "save_users", "find_user", "create_user", "update_user", "delete_user", "_replace_hash")
MemoryStore = memory_store_class(fastware.auth)


@pytest.fixture(params=["sync", "asyncio", "trio"])
def calls(request):
    """The methods of a store, or their twins under an event loop."""

    def of(store):
        if request.param == "sync":
            return SimpleNamespace(**{name: getattr(store, name) for name in METHODS})
        twins = {name: f"_a{name[1:]}" if name.startswith("_") else f"a{name}" for name in METHODS}
        return SimpleNamespace(
            **{name: partial(asgi_client.run, getattr(store, twin), loop=request.param) for name, twin in twins.items()}
        )

    return of


class IndexedStore(UserStore):
    """A store that changes single records, as one in a database does."""

    def __init__(self):
        self.records = {}

    def load_users(self):
        return [*map(dict, self.records.values())]

    def save_users(self, users):
        self.records = {each["username"]: dict(each) for each in users}

    def find_user(self, username):
        return dict(self.records[username]) if username in self.records else None

    def _insert_user(self, user):
        if self.records.setdefault(user["username"], user) is not user:
            raise UserExistsError(f"user {user['username']!r} already exists")

    def _change_user(self, username, change):
        if username not in self.records:
            raise UserNotFoundError(f"user {username!r} not found")
        before = self.records[username]
        self.records[username] = change(before)
        return before, self.records[username]

    def _remove_user(self, username):
        if self.records.pop(username, None) is None:
            raise UserNotFoundError(f"user {username!r} not found")


@pytest.fixture(params=["memory", "file", "indexed", "sqlite", "sqlite in memory", "postgresql"])
def store(request, tmp_path):
    """A store with the users ada and bob, whose revocations are recorded."""
    revocations = RecordedRevocations()
    if request.param == "file":
        store = JSONFileUserStore(tmp_path / "users.json", revocations=revocations)
    elif request.param.startswith("sqlite"):
        url = "sqlite://" if request.param == "sqlite in memory" else f"sqlite:///{tmp_path}/users.db"
        store = SQLUserStore(url, revocations=revocations)
    elif request.param == "postgresql":
        store = SQLUserStore(request.getfixturevalue("postgres").new_url(), revocations=revocations)
    else:
        store = MemoryStore() if request.param == "memory" else IndexedStore()
        store.revocations = revocations
    store.save_users([user("ada", note="old"), user("bob")])
    revocations.store = store
    return store


@pytest.fixture
def events(caplog):
    """Return a function that returns the audit events so far."""
    caplog.set_level(logging.INFO, "fastware.auth")
    return lambda: [(each.event, each.username, each.reason) for each in caplog.records if each.name == "fastware.auth"]


# What each call changes, revokes and records

# {name: (arguments of update_user, what differs in the record, the reason of the event)}
UPDATES = {
    "role": ({"role": "admin"}, {"role"}, "role"),
    "the same role": ({"role": "user"}, set(), None),
    "password": ({"password": "new password"}, {"password_hash"}, "password"),
    "new field": ({"fields": {"email": "a@example.org"}}, {"email"}, "fields"),
    "changed field": ({"fields": {"note": "new"}}, {"note"}, "fields"),
    "the same field": ({"fields": {"note": "old"}}, set(), None),
    "field and the same role": ({"role": "user", "fields": {"a": ""}}, {"a"}, "fields"),
    "all": (
        {"role": "x", "password": "p", "fields": {"": "b"}},
        {"role", "password_hash", ""},
        "role, password, fields",
    ),
    "nothing": ({}, set(), None),
    "no fields": ({"fields": {}}, set(), None),
}


@pytest.mark.parametrize(("arguments", "changed", "reason"), UPDATES.values(), ids=UPDATES)
@pytest.mark.rule("users.revoke")
@pytest.mark.rule("users.audit")
def test_update_changes_what_is_given_and_revokes_after_role_and_password(
    store, calls, events, arguments, changed, reason
):
    before = store.find_user("ada")
    record = calls(store).update_user("ada", **arguments)
    assert {name for name, value in record.items() if before.get(name) != value} == changed
    assert list(record)[: len(before)] == list(before)
    assert store.load_users() == [record, user("bob")]
    if "password" in arguments:
        assert verify_password(arguments["password"], record["password_hash"])
    is_revoking = bool(changed & {"role", "password_hash"})
    assert store.revocations.revoked == [("ada", record)] * is_revoking  # the new record is saved before
    assert events() == [("user_updated", "ada", reason)] * (reason is not None)


@pytest.mark.rule("users.audit")
def test_create_adds_a_record_with_its_fields_and_revokes_nothing(store, calls, events):
    record = calls(store).create_user("eve", "password", "admin", fields={"email": "e@example.org", "note": ""})
    assert list(record) == ["username", "password_hash", "role", "created_at", "email", "note"]
    assert store.find_user("eve") == record == store.load_users()[-1]
    assert store.revocations.revoked == []
    assert events() == [("user_created", "eve", None)]


@pytest.mark.rule("users.revoke")
@pytest.mark.rule("users.audit")
def test_delete_removes_the_user_and_then_revokes(store, calls, events):
    assert calls(store).delete_user("ada") is None
    assert store.load_users() == [user("bob")]
    assert store.revocations.revoked == [("ada", None)]
    assert events() == [("user_deleted", "ada", None)]


def test_twins_of_the_storage_do_what_the_methods_do(store, calls):
    assert calls(store).load_users() == store.load_users()
    assert calls(store).find_user("bob") == user("bob") and calls(store).find_user("eve") is None
    calls(store).save_users([user("eve")])
    assert store.load_users() == [user("eve")]


@pytest.mark.rule("users.audit")
def test_hash_is_replaced_if_it_is_still_the_old_one(store, calls, events):
    new_hash = bcrypt.hashpw(b"password", bcrypt.gensalt(4)).decode()
    assert not calls(store)._replace_hash("ada", HASH[:-1] + "x", new_hash)
    assert not calls(store)._replace_hash("nobody", HASH, new_hash)
    assert (store.load_users(), events()) == ([user("ada", note="old"), user("bob")], [])
    assert calls(store)._replace_hash("ada", HASH, new_hash)
    assert store.load_users() == [user("ada", note="old", password_hash=new_hash), user("bob")]
    assert events() == [("user_updated", "ada", "password rehashed")]
    assert store.revocations.revoked == []


# Errors

FIELDS_ERRORS = {
    **{name: ({name: "x"}, ValueError) for name in ("username", "password_hash", "role", "created_at")},
    "number": ({"age": 5}, ValueError),
    "None": ({"note": None}, ValueError),
    "bytes": ({"note": SECRET.encode()}, ValueError),
    "name is a number": ({5: SECRET}, ValueError),
    "surrogate": ({"note": SECRET + "\ud800"}, ValueError),
    "surrogate in the name": ({"\ud800": SECRET}, ValueError),
    "list": ([("note", SECRET)], TypeError),
    "str": (SECRET, TypeError),
}


@pytest.mark.parametrize("method", ["create_user", "update_user"])
@pytest.mark.parametrize(("fields", "error"), FIELDS_ERRORS.values(), ids=FIELDS_ERRORS)
@pytest.mark.rule("users.fields")
def test_invalid_fields_raise_and_nothing_is_saved(store, calls, events, method, fields, error):
    before = store.load_users()
    arguments = ("eve", "password", "user") if method == "create_user" else ("ada",)
    with pytest.raises(error, match=r"^fields") as raised:
        getattr(calls(store), method)(*arguments, fields=fields)
    assert type(raised.value) is error
    assert SECRET not in shown_by(raised.value)
    assert (store.load_users(), store.revocations.revoked, events()) == (before, [], [])


@pytest.mark.parametrize("password", [None, SECRET], ids=["role", "password"])
@pytest.mark.rule("users.unique")
def test_missing_and_duplicate_users_have_their_own_errors(store, calls, events, password):
    before = store.load_users()
    with pytest.raises(UserNotFoundError, match="user 'eve' not found") as missing:
        calls(store).update_user("eve", role="x", password=password)
    with pytest.raises(UserNotFoundError, match="user 'eve' not found"):
        calls(store).delete_user("eve")
    with pytest.raises(UserExistsError, match="user 'ada' already exists"):
        calls(store).create_user("ada", SECRET, "user")
    assert SECRET not in shown_by(missing.value)
    assert issubclass(UserExistsError, ValueError) and issubclass(UserNotFoundError, LookupError)
    assert (store.load_users(), store.revocations.revoked, events()) == (before, [], [])


@pytest.mark.parametrize("arguments", [{"role": ""}, {"role": "a\n"}, {"password": "x" * 73}, {"password": "\0"}])
def test_invalid_role_or_password_is_no_duplicate_user(store, calls, arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))) as raised:
        calls(store).update_user("ada", **arguments)
    with pytest.raises(ValueError, match=next(iter(arguments))):
        calls(store).create_user("ad", **{"password": "p", "role": "r", **arguments})
    assert not isinstance(raised.value, UserExistsError)
    assert store.load_users() == [user("ada", note="old"), user("bob")]


@pytest.mark.parametrize("method", ["update_user", "delete_user"])
@pytest.mark.rule("users.revoke")
def test_failing_revocation_reaches_the_caller_after_the_save(store, calls, events, method):
    store.revocations.error = ConnectionError("no database")
    with pytest.raises(ConnectionError, match="no database"):
        getattr(calls(store), method)("ada", **({"role": "admin"} if method == "update_user" else {}))
    assert store.load_users()[0] != user("ada", note="old")
    assert len(events()) == 1


def test_revocations_of_another_type_are_an_error():
    with pytest.raises(TypeError, match=r"revocations must be an object such as MemoryRevocations\(\), not str"):
        JSONFileUserStore("users.json", revocations="revocations.db")
    assert UserStore().revocations is None


# The twins


def test_twin_calls_the_override_of_a_subclass(calls):
    seen = []

    class Store(MemoryStore):
        def find_user(self, username):
            seen.append(("find", username, threading.current_thread() is threading.main_thread()))
            return super().find_user(username)

        def create_user(self, username, password, role):
            seen.append(("create", username))
            return super().create_user(username.lower(), password, role)

        def update_user(self, username, **changes):
            seen.append(("update", username))
            return super().update_user(username.lower(), **changes)

        def delete_user(self, username):
            seen.append(("delete", username))
            super().delete_user(username.lower())

    store = Store()
    methods = calls(store)
    methods.create_user("ADA", "password", "user")
    methods.update_user("ADA", role="admin")
    assert [each["role"] for each in store.load_users()] == ["admin"]
    methods.delete_user("ADA")
    assert [each[:2] for each in seen if each[0] != "find"] == [("create", "ADA"), ("update", "ADA"), ("delete", "ADA")]
    seen.clear()
    methods.find_user("ada")
    assert seen == [("find", "ada", not isinstance(methods.find_user, partial))]


class SlowStore(MemoryStore):
    """A store whose saves wait until they may go on."""

    def __init__(self):
        super().__init__([user("ada")])
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()

    def save_users(self, users):
        self.has_begun.set()
        assert self.may_go_on.wait(30)
        super().save_users(users)


@pytest.mark.parametrize("method", ["aupdate_user", "adelete_user"])
@pytest.mark.parametrize("event_loop", ["asyncio", "trio"])
@pytest.mark.rule("users.revoke")
def test_task_that_is_cancelled_during_the_save_revokes_nevertheless(event_loop, method):
    store = SlowStore()
    store.revocations = RecordedRevocations()
    store.revocations.store = store
    arguments = {"role": "admin"} if method == "aupdate_user" else {}

    async def cancel_in_asyncio():
        task = asyncio.ensure_future(getattr(store, method)("ada", **arguments))
        await asyncio.to_thread(store.has_begun.wait, 30)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 30)
        store.may_go_on.set()
        while not store.revocations.revoked:
            await asyncio.sleep(0.001)

    async def cancel_in_trio():
        trio = pytest.importorskip("trio")

        async def change():
            await getattr(store, method)("ada", **arguments)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(change)
            await trio.to_thread.run_sync(store.has_begun.wait, 30)
            nursery.cancel_scope.cancel()
            store.may_go_on.set()

    if event_loop == "asyncio":
        asyncio.run(cancel_in_asyncio())
    else:
        pytest.importorskip("trio").run(cancel_in_trio)
    assert [name for name, _ in store.revocations.revoked] == ["ada"]
    assert store.users == ([user("ada", role="admin")] if arguments else [])


@pytest.mark.usefixtures("default_cost")
def test_twins_block_neither_the_event_loop_nor_the_lock_while_they_hash():
    store = MemoryStore([user("ada")])

    async def turns_of_another_task():
        tasks = [
            asyncio.ensure_future(store.aupdate_user("ada", password="password")),
            asyncio.ensure_future(store.acreate_user("eve", "password", "user")),
        ]
        turns = 0
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0.001)
            await store.aupdate_user("ada", fields={"turn": str(turns)})
            turns += 1
        return turns

    turns = asyncio.run(turns_of_another_task())
    assert turns > 10
    assert store.find_user("ada")["turn"] == str(turns - 1)
    assert verify_password("password", store.find_user("ada")["password_hash"])
