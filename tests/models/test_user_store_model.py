"""JSONFileUserStore and a UserStore in memory, call by call beside a dict of users.

The file has two ways in (the path and a symbolic link to it), is edited by hand, damaged and mended between calls, and
its stores are made anew or copied at any time.
"""

import copy
import json
import shutil
import stat
import tempfile
import unicodedata
from pathlib import Path

import bcrypt_cost
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

HASH = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"
NAMES = st.one_of(
    st.sampled_from(["ada", "Ada", "ada ", "'", '"', "\\", "é", "e\u0301", "愛", "👩\u200d🚀", "__proto__", "a" * 300]),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=3),
)
NO_NAMES = st.sampled_from(["", "\0", "ada\n", "\x7f", "\x85", "\ud800", "a\udfff"])
FIELDS = st.dictionaries(st.sampled_from(["email", "note", ""]), st.text(st.characters(exclude_categories=["Cs"])))
DAMAGE = st.one_of(
    st.sampled_from([b"", b"{}", b"null", b"[1]", b"\xff", b"\xef\xbb\xbf[]", b"[" * 5000, b'[{"username": "ada"}]']),
    st.integers(1, 10**6),
)


def likenesses(name):
    """The name, and others that a careless comparison would take for it."""
    return name, name.strip(), f"{name} ", name.lower(), name.upper(), unicodedata.normalize("NFD", name), name[:-1]


def memory_store(auth):
    class MemoryStore(auth.UserStore):
        users = ()

        def load_users(self):
            return copy.deepcopy(list(self.users))

        def save_users(self, users):
            self.users = copy.deepcopy(users)

    return MemoryStore()


class Users(RuleBasedStateMachine):
    def __init__(self, auth):
        super().__init__()
        self.auth = auth
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "not" / "yet" / "users.json"
        self.link = self.folder / "users"
        self.link.symlink_to(self.path)
        self.stores = [auth.JSONFileUserStore(self.path), auth.JSONFileUserStore(self.link)]
        self.memory = memory_store(auth)
        self.users = {}
        self.damage = None
        self.was_saved = False

    def teardown(self):
        shutil.rmtree(self.folder)

    def store(self, data):
        return self.stores[data.draw(st.integers(0, len(self.stores) - 1))]

    def name(self, data):
        """A name that may be taken, or any."""
        return data.draw(st.one_of(NAMES, st.sampled_from(sorted(self.users)) if self.users else NAMES))

    def write(self, users):
        """Edit the file by hand."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(users), encoding="utf-8")
        self.was_saved = False
        self.users = {user["username"]: user for user in users}
        self.memory.save_users(users)

    is_whole = precondition(lambda self: self.damage is None)
    is_damaged = precondition(lambda self: self.damage is not None)

    # Calls

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
        twin = self.memory.create_user(name, "password", role)
        assert twin.keys() == record.keys()
        self.memory.save_users([*self.memory.load_users()[:-1], record])
        self.users[name] = record
        self.was_saved = True

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
        del self.users[name]
        self.was_saved = True

    @is_whole
    @rule(data=st.data())
    def find(self, data):
        name = self.name(data)
        assert self.store(data).find_user(name) == self.memory.find_user(name) == self.users.get(name)

    @is_whole
    @rule(data=st.data(), name=NO_NAMES)
    def what_is_no_name_is_refused_and_not_found(self, data, name):
        for each in (self.store(data), self.memory):
            with pytest.raises(ValueError, match="username"):
                each.create_user(name, "password", "user")
            with pytest.raises(ValueError, match="role"):
                each.create_user("new to all " * 50, "password", name)
            with pytest.raises(LookupError):
                each.delete_user(name)
            assert each.find_user(name) is None

    @is_whole
    @rule(data=st.data())
    def save_in_another_order(self, data):
        users = data.draw(st.permutations(list(self.users.values())))
        for each in (self.store(data), self.memory):
            each.save_users(users)
        self.users = {user["username"]: user for user in users}
        self.was_saved = True

    @is_whole
    @rule(data=st.data())
    def save_a_user_twice(self, data):
        users = [*self.users.values(), *self.users.values()]
        if users:
            with pytest.raises(self.auth.UserFileError):
                self.store(data).save_users(users)

    @rule(data=st.data(), how=st.sampled_from(["new", "copy", "shallow copy"]))
    def open_again(self, data, how):
        number = data.draw(st.integers(0, len(self.stores) - 1))
        store = self.stores[number]
        again = {
            "new": lambda: self.auth.JSONFileUserStore(str(store.path)),
            "copy": lambda: copy.deepcopy(store),
            "shallow copy": lambda: copy.copy(store),
        }
        self.stores[number] = again[how]()

    # By hand

    @is_whole
    @rule(data=st.data(), fields=FIELDS)
    def add_by_hand(self, data, fields):
        name = data.draw(NAMES)
        if name not in self.users:
            user = {**fields, "username": name, "password_hash": HASH, "role": "user", "created_at": "2024-01-02"}
            self.write([user, *self.users.values()])

    @is_whole
    @precondition(lambda self: self.users)
    @rule(data=st.data(), role=st.text(st.characters(exclude_categories=["Cs"])))
    def change_by_hand(self, data, role):
        name = data.draw(st.sampled_from(sorted(self.users)))
        self.write([{**user, "role": role} if user["username"] == name else user for user in self.users.values()])

    @is_whole
    @rule()
    def remove_the_file(self):
        self.path.unlink(missing_ok=True)
        self.users = {}
        self.memory.save_users([])

    @is_whole
    @rule(damage=DAMAGE)
    def damage_the_file(self, damage):
        if isinstance(damage, int):  # cut it somewhere
            whole = self.path.read_bytes() if self.path.exists() else b"[]\n"
            damage = whole[: damage % len(whole.rstrip())]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.before = self.path.read_bytes() if self.path.exists() else None
        self.path.write_bytes(damage)
        self.was_saved = False
        self.damage = damage

    @is_damaged
    @rule(data=st.data())
    def a_damaged_file_is_an_error_of_every_call_and_stays(self, data):
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
    @rule(data=st.data(), how=st.sampled_from(["before", "save"]))
    def mend_the_file(self, data, how):
        """Put back what was there, or save users over it: that needs no load."""
        if how == "save":
            self.store(data).save_users(list(self.users.values()))
            self.was_saved = True
        elif self.before is None:
            self.path.unlink()
        else:
            self.path.write_bytes(self.before)
        self.damage = None

    # After each call

    @invariant()
    def the_file_holds_the_users_and_nothing_lies_beside_it(self):
        assert self.link.is_symlink()
        if self.damage is not None:
            assert self.path.read_bytes() == self.damage
        else:
            expected = list(self.users.values())
            for store in (*self.stores, self.memory):
                assert store.load_users() == expected
                for name in {likeness for username in self.users for likeness in likenesses(username)}:
                    assert store.find_user(name) == self.users.get(name)
                assert [list(user) for user in store.load_users()] == [list(user) for user in expected]
            if self.path.exists():
                assert json.loads(self.path.read_bytes().decode("utf-8")) == expected
            if self.was_saved and self.path.exists():
                assert stat.S_IMODE(self.path.stat().st_mode) == 0o600
        if self.path.parent.exists():
            assert {each.name for each in self.path.parent.iterdir()} <= {"users.json", "users.json.lock"}


@pytest.mark.rule("users.unique")
@pytest.mark.rule("users.file")
def test_every_call_is_answered_as_by_a_dict(auth):
    with bcrypt_cost.lowest():
        run_state_machine_as_test(
            lambda: Users(auth), settings=settings(max_examples=25, stateful_step_count=30, deadline=None)
        )
