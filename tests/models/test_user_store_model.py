"""Random calls of JSONFileUserStore, SQLUserStore and of a store in memory do what a dict of users does.

The file is opened by its path and by a link, edited in all ways, damaged and repaired, and its stores are copied. An
edit may leave its size and its time of modification as they were. Some happen in the same tick of the file system's
clock as the last one, others so much later that the stores trust what they know.
"""

import copy
import os
import shutil
import tempfile
import time
import unicodedata
from pathlib import Path
from unittest import mock

import bcrypt_cost
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from user_files import clock_of_file_system, leftovers, memory_store_class, mode, read, user, write

import fastware.auth

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.one_of(
    st.sampled_from(["ada", "Ada", "ada ", "'", '"', "\\", "é", "e\u0301", "愛", "👩\u200d🚀", "__proto__", "a" * 300]),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=3),
)
INVALID_NAMES = st.sampled_from(["", "\0", "ada\n", "\x7f", "\x85", "\ud800", "a\udfff"])
FURTHER_FIELDS = st.dictionaries(st.sampled_from(["email", "note", ""]), TEXT)
DAMAGE = st.sampled_from(
    [b"", b"{}", b"null", b"[1]", b"\xff", b"\xef\xbb\xbf[]", b"[" * 5000, b'[{"username": "ada"}]']
)
LENGTHS = st.integers(1, 10**6)
TICK = 10_000_000  # nanoseconds
MARGIN = 0.02
"""Seconds until a store trusts the times of a file: two ticks."""


def rewrite(path, content):
    """Change the file without making it empty first."""
    with open(path, "r+b") as file:
        file.write(content)
        file.truncate()


def rename_over(path, content):
    other = path.with_name("edited")
    other.write_bytes(content)
    other.replace(path)


def make_again(path, content):
    path.unlink()
    path.write_bytes(content)


EDITS = st.sampled_from([rewrite, rename_over, make_again])


def similar_names(name):
    """Return names that a careless comparison would confuse with *name*."""
    return {name.strip(), f"{name} ", name.lower(), name.upper(), unicodedata.normalize("NFD", name), name[:-1]}


class UserStores(RuleBasedStateMachine):
    """Stores that share their users. A subclass sets ``stores``, and defines ``new``, which returns another one."""

    def __init__(self, auth):
        super().__init__()
        self.auth = auth
        self.memory = memory_store_class(auth)()
        self.users = {}
        self.damage = None
        self.is_saved_by_a_store = False

    def store(self, data):
        return data.draw(st.sampled_from(self.stores))

    def name(self, data):
        return data.draw(st.one_of(NAMES, st.sampled_from(sorted(self.users)) if self.users else NAMES))

    def expect(self, users, *, by_hand=False):
        """Set the users that are expected from now on."""
        self.users = {record["username"]: record for record in users}
        self.memory.save_users(users)
        self.is_saved_by_a_store = not by_hand

    is_whole = precondition(lambda self: self.damage is None)

    @is_whole
    @rule(data=st.data(), role=NAMES)
    def create(self, data, role):
        name, store = self.name(data), self.store(data)
        if name in self.users:
            for each in (store, self.memory):
                with pytest.raises(ValueError, match="already exists"):
                    each.create_user(name, "password", role)
            return
        record = store.create_user(name, "password", role)
        assert (record["username"], record["role"]) == (name, role)
        assert self.auth.verify_password("password", record["password_hash"])
        assert not self.auth.verify_password("passwore", record["password_hash"])
        assert self.memory.create_user(name, "password", role).keys() == record.keys()
        self.expect([*self.users.values(), record])

    @is_whole
    @rule(data=st.data())
    def delete(self, data):
        name, store = self.name(data), self.store(data)
        if name not in self.users:
            for each in (store, self.memory):
                with pytest.raises(LookupError, match="not found"):
                    each.delete_user(name)
            return
        assert store.delete_user(name) is None
        self.memory.delete_user(name)
        others = [record for record in self.users.values() if record["username"] != name]
        assert self.memory.load_users() == others
        self.expect(others)

    @is_whole
    @rule(data=st.data(), role=st.none() | NAMES, has_password=st.booleans(), fields=st.none() | FURTHER_FIELDS)
    def update(self, data, role, has_password, fields):
        name, store = self.name(data), self.store(data)
        changes = {"role": role, "password": "changed" if has_password else None, "fields": fields}
        if name not in self.users:
            for each in (store, self.memory):
                with pytest.raises(LookupError, match="not found"):
                    each.update_user(name, **changes)
            return
        before, record = self.users[name], store.update_user(name, **changes)
        assert record == {
            **before,
            **(fields or {}),
            "role": before["role"] if role is None else role,
            "password_hash": record["password_hash"],
        }
        assert (record["password_hash"] != before["password_hash"]) == has_password
        assert not has_password or self.auth.verify_password("changed", record["password_hash"])
        is_saved = self.is_saved_by_a_store or record != before
        self.expect([record if each == before else each for each in self.users.values()], by_hand=not is_saved)

    @is_whole
    @rule(data=st.data())
    def find(self, data):
        name = self.name(data)
        found = self.store(data).find_user(name)
        assert found == self.memory.find_user(name) == self.users.get(name)
        if found is not None:
            found["role"] = "changed by the caller"

    @is_whole
    @rule(data=st.data(), name=INVALID_NAMES)
    def use_an_invalid_name(self, data, name):
        for store in (self.store(data), self.memory):
            with pytest.raises(ValueError, match="username"):
                store.create_user(name, "password", "user")
            with pytest.raises(ValueError, match="role"):
                store.create_user("nobody has this name", "password", name)
            with pytest.raises(LookupError):
                store.delete_user(name)
            assert store.find_user(name) is None

    @is_whole
    @rule(data=st.data())
    def save_in_another_order(self, data):
        users = data.draw(st.permutations(list(self.users.values())))
        self.store(data).save_users(users)
        self.expect(users)

    @is_whole
    @precondition(lambda self: self.users)
    @rule(data=st.data())
    def save_duplicate_users(self, data):
        with pytest.raises(self.auth.UserFileError):
            self.store(data).save_users([*self.users.values()] * 2)

    @rule(data=st.data(), how=st.sampled_from(["copy", "new"]))
    def reopen(self, data, how):
        number = data.draw(st.sampled_from(range(len(self.stores))))
        self.stores[number] = self.new() if how == "new" else copy.copy(self.stores[number])

    def stores_have_the_expected_users(self):
        expected = list(self.users.values())
        for store in (*self.stores, self.memory):
            assert [list(record.items()) for record in store.load_users()] == [list(each.items()) for each in expected]
            for name in {similar for username in self.users for similar in {username, *similar_names(username)}}:
                assert store.find_user(name) == self.users.get(name)


class SQLUserStores(UserStores):
    def __init__(self, auth, url):
        super().__init__(auth)
        self.url = url
        self.stores = [self.new(), self.new()]

    def new(self):
        return self.auth.SQLUserStore(self.url)

    def teardown(self):
        self.stores[0].save_users([])

    check = invariant()(UserStores.stores_have_the_expected_users)


class JSONFileUserStores(UserStores):
    def __init__(self, auth):
        super().__init__(auth)
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "not" / "yet" / "users.json"
        self.link = self.folder / "users"
        self.link.symlink_to(self.path)
        self.stores = [self.new(), auth.JSONFileUserStore(self.link)]
        self.edits = 0

    def new(self):
        return self.auth.JSONFileUserStore(str(self.path))

    def teardown(self):
        shutil.rmtree(self.folder)

    def content(self):
        return self.path.read_bytes() if self.path.exists() else None

    is_whole = UserStores.is_whole
    is_damaged = precondition(lambda self: self.damage is not None)

    @is_whole
    @rule(data=st.data(), fields=FURTHER_FIELDS, role=TEXT)
    def edit_the_file(self, data, fields, role):
        """Add a user in front of the others, or change a role."""
        name = self.name(data)
        if name in self.users:
            users = [
                {**record, "role": role} if record["username"] == name else record for record in self.users.values()
            ]
        else:
            users = [{**fields, **user(name, role=role)}, *self.users.values()]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write(self.path, users)
        self.expect(users, by_hand=True)

    @is_whole
    @precondition(lambda self: self.users and self.path.exists())
    @rule(
        data=st.data(), waits=st.booleans(), restores_time=st.booleans(), hows=st.lists(EDITS, min_size=1, max_size=3)
    )
    def edit_without_a_change_of_size(self, data, waits, restores_time, hows):
        """Edit the file when the stores trust its times, or several times in a tick."""
        store = self.store(data)
        if waits:
            time.sleep(1.5 * MARGIN)
            self.stores_have_the_expected_users()
        for how in hows:
            self.edits += 1
            users, status = [*self.users.values()], self.path.stat()
            content = self.path.read_bytes()
            for number, record in enumerate(users):
                users[number] = {**record, "created_at": f"{self.edits:04}{record['created_at'][4:]}"}
                content = content.replace(record["created_at"].encode(), users[number]["created_at"].encode())
            how(self.path, content)
            if restores_time:
                os.utime(self.path, ns=(status.st_atime_ns, status.st_mtime_ns))
            assert (self.path.stat().st_size, read(self.path)) == (status.st_size, users)
            self.expect(users, by_hand=True)
            assert store.find_user(users[0]["username"]) == users[0]

    @is_whole
    @precondition(lambda self: self.users and self.path.exists())
    @rule()
    def point_the_link_to_another_file(self):
        """Leave the old file where it is."""
        self.edits += 1
        users = [{**record, "role": f"role {self.edits}"} for record in self.users.values()]
        by_path = [store for store in self.stores if store.path == self.path]
        self.path = self.folder / str(self.edits) / "users.json"
        self.path.parent.mkdir()
        write(self.path, users)
        for store in by_path:
            store.path = self.path
        self.link.unlink()
        self.link.symlink_to(self.path)
        self.expect(users, by_hand=True)

    @is_whole
    @rule()
    def remove_the_file(self):
        self.path.unlink(missing_ok=True)
        self.expect([], by_hand=True)

    @is_whole
    @rule(content=DAMAGE, cut=st.none() | LENGTHS)
    def damage_the_file(self, content, cut):
        self.undamaged = self.content()
        if cut is not None:
            whole = (self.undamaged or b"[]\n").rstrip()
            content = whole[: cut % len(whole)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(content)
        self.damage = content
        self.is_saved_by_a_store = False

    @is_damaged
    @rule(data=st.data())
    def use_a_damaged_file(self, data):
        name, store = self.name(data), self.store(data)
        calls = [
            store.load_users,
            lambda: store.find_user(name),
            lambda: store.create_user(name, "password", "user"),
            lambda: store.delete_user(name),
        ]
        for call in calls:
            with pytest.raises(self.auth.UserFileError) as raised:
                call()
            assert str(raised.value).startswith(str(store.path))

    @is_damaged
    @rule(data=st.data(), by_saving=st.booleans())
    def repair_the_file(self, data, by_saving):
        if by_saving:
            self.store(data).save_users(list(self.users.values()))
            self.is_saved_by_a_store = True
        elif self.undamaged is None:
            self.path.unlink()
        else:
            self.path.write_bytes(self.undamaged)
        self.damage = None

    @invariant()
    def stores_have_the_expected_users(self):
        if self.damage is not None:
            assert self.content() == self.damage
            return
        super().stores_have_the_expected_users()
        if self.path.exists():
            assert read(self.path) == list(self.users.values())
            assert not self.is_saved_by_a_store or mode(self.path) == 0o600

    @invariant()
    def nothing_else_is_in_the_folder(self):
        assert self.link.is_symlink()
        assert not self.path.parent.exists() or leftovers(self.path) == []


@pytest.mark.rule("users.unique")
@pytest.mark.rule("users.file")
def test_stores_of_a_file_do_what_a_dict_does(auth):
    store = auth.JSONFileUserStore("users.json")
    of_cache = type(store._cache).users_in.__globals__
    short_margin = mock.patch.dict(of_cache, _MARGIN=MARGIN)
    small_pieces = mock.patch.dict(of_cache["parse_file"].__globals__, _PIECE=300)
    with bcrypt_cost.lowest(), short_margin, small_pieces, clock_of_file_system(store, TICK):
        run_state_machine_as_test(
            lambda: JSONFileUserStores(auth), settings=settings(max_examples=25, stateful_step_count=30, deadline=None)
        )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.rule("users.unique")
def test_stores_of_a_database_do_what_a_dict_does(request, tmp_path, kind):
    url = f"sqlite:///{tmp_path}/users.db" if kind == "sqlite" else request.getfixturevalue("postgres").new_url()
    with bcrypt_cost.lowest():
        run_state_machine_as_test(
            lambda: SQLUserStores(fastware.auth, url),
            settings=settings(max_examples=10, stateful_step_count=30, deadline=None),
        )
