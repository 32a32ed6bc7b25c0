"""JSONFileUserStore.find_user: reads the file again if it may have changed, and otherwise not at all."""

import copy
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from unittest import mock

import interpreters
import pytest
from user_files import clock_of_file_system, user, write

from fastware.auth import JSONFileUserStore, UserFileError
from fastware.auth.users import file_users, user_cache

MARGIN = 0.02  # two ticks of the slowest kernel


@pytest.fixture(autouse=True)
def _short_margin(monkeypatch):
    monkeypatch.setattr(user_cache, "_MARGIN", MARGIN)


@pytest.fixture
def store(path):
    write(path, [user("ada", role="a"), user("bob")])
    return JSONFileUserStore(path)


def trust(store):
    """Let the store find users until it trusts the times of the file."""
    store.find_user("ada")
    time.sleep(1.5 * MARGIN)
    store.find_user("ada")


class Reads:
    """How often files are opened for reading users, and how often they are parsed."""

    def __init__(self):
        self.opened = self.parsed = 0
        self._open, self._parse = open, file_users.parse_users

    def open(self, *args):
        self.opened += 1
        return self._open(*args)

    def parse(self, content):
        self.parsed += 1
        return self._parse(content)


@pytest.fixture
def reads(monkeypatch):
    reads = Reads()
    monkeypatch.setattr(user_cache, "open", reads.open, raising=False)
    monkeypatch.setattr(file_users, "parse_users", reads.parse)
    return reads


# When the file is read


def test_file_is_read_again_only_while_its_times_are_not_trusted_and_parsed_once(store, reads):
    store.find_user("ada")
    store.find_user("bob")
    assert (reads.opened, reads.parsed) == (2, 1)
    trust(store)
    assert reads.parsed == 1
    opened = reads.opened
    for _ in range(10):
        assert store.find_user("ada") == user("ada", role="a")
        assert store.find_user("nobody") is None
    assert reads.opened == opened


def test_times_without_a_fraction_are_not_trusted_for_longer(store, path, reads, monkeypatch):
    with clock_of_file_system(store, 10**9, offset=0):
        trust(store)
        assert (store.find_user("ada")["role"], reads.parsed) == ("a", 1)
        change_in_place_and_restore_the_time(path, path.stat())
        assert store.find_user("ada")["role"] == "b"
        monkeypatch.setattr(user_cache, "_COARSE_MARGIN", MARGIN)
        trust(store)
        opened = reads.opened
        assert (store.find_user("ada")["role"], reads.opened) == ("b", opened)


def change_in_place(path, status):
    with open(path, "r+b") as file:
        file.write(path.read_bytes().replace(b'"a"', b'"b"'))


def change_in_place_and_restore_the_time(path, status):
    change_in_place(path, status)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def rename_over(path, status):
    other = path.with_name("other")
    other.write_bytes(path.read_bytes().replace(b'"a"', b'"b"'))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def put_a_link_in_its_place(path, status):
    rename_over(path, status)
    path.rename(path.with_name("target"))
    path.symlink_to("target")


def save_in_another_process(path, status):
    code = "import sys; from fastware.auth import *; JSONFileUserStore(sys.argv[1]).update_user('ada', role='b')"
    interpreters.run(code, path)


CHANGES = (
    change_in_place,
    change_in_place_and_restore_the_time,
    rename_over,
    put_a_link_in_its_place,
    save_in_another_process,
)


@pytest.mark.parametrize("is_trusted", [True, False], ids=["trusted times", "recent times"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.rule("users.fresh")
def test_change_is_seen_at_once(store, path, change, is_trusted):
    status = path.stat()
    if is_trusted:
        trust(store)
    assert store.find_user("ada")["role"] == "a"
    change(path, status)
    assert store.find_user("ada")["role"] == "b"


@pytest.mark.rule("users.fresh")
def test_change_in_the_same_tick_is_seen(store, path):
    with clock_of_file_system(store, 10**18):
        before = user_cache.stat(path)
        for role, other in pairwise("abcdef"):
            assert store.find_user("ada")["role"] == role
            with open(path, "r+b") as file:
                file.write(path.read_bytes().replace(b'"%c"' % ord(role), b'"%c"' % ord(other)))
            assert user_cache.stat(path) == before
        assert store.find_user("ada")["role"] == "f"


@pytest.mark.rule("users.fresh")
def test_change_in_the_same_tick_is_seen_after_the_same_content_was_saved_again(store, path):
    with clock_of_file_system(store, 10**18):
        store.find_user("ada")
        time.sleep(1.5 * MARGIN)
        path.with_name("other").write_bytes(path.read_bytes())
        path.with_name("other").replace(path)
        assert store.find_user("ada")["role"] == "a"
        change_in_place(path, path.stat())
        assert store.find_user("ada")["role"] == "b"


def test_missing_file_has_no_users_and_is_found_when_it_appears(path, reads):
    store = JSONFileUserStore(path)
    assert store.find_user("ada") is None
    write(path, [user("ada")])
    trust(store)
    path.unlink()
    assert store.find_user("ada") is None
    write(path, [user("bob")])
    assert (store.find_user("ada"), store.find_user("bob")) == (None, user("bob"))


@pytest.mark.parametrize("is_trusted", [True, False])
def test_damaged_file_raises_each_time_until_it_is_repaired(store, path, is_trusted):
    if is_trusted:
        trust(store)
    store.find_user("ada")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    for _ in range(2):
        with pytest.raises(UserFileError, match="line 1"):
            store.find_user("ada")
    path.write_bytes(whole)
    assert store.find_user("ada") == user("ada", role="a")


def test_file_that_changes_while_it_is_read_is_read_again(store, path, monkeypatch):
    """The change comes after the content was read, and before the stamp is compared."""
    fstat, stats = os.fstat, []

    def fstat_of_a_changing_file(file):
        stats.append(file)
        if len(stats) == 2:
            write(path, [user("ada", role="b")])
        return fstat(file)

    monkeypatch.setattr(user_cache, "fstat", fstat_of_a_changing_file)
    assert store.find_user("ada")["role"] == "a"
    trust(store)
    assert store.find_user("ada")["role"] == "b"


# What is returned


def test_change_of_a_returned_record_changes_no_other(store):
    trust(store)
    store.find_user("ada")["role"] = "admin"
    assert store.find_user("ada") == user("ada", role="a")


@pytest.mark.parametrize("name", [None, 5, b"ada", ["ada"], {"ada": 1}], ids=lambda name: type(name).__name__)
def test_value_that_is_no_username_is_not_found(store, name):
    assert store.find_user(name) is None


def test_load_users_of_a_subclass_or_of_a_test_is_respected(path):
    class Upper(JSONFileUserStore):
        def load_users(self):
            return [{**each, "role": each["role"].upper()} for each in super().load_users()]

    class Further(Upper):
        pass

    write(path, [user("ada")])
    assert Upper(path).find_user("ada")["role"] == Further(path).find_user("ada")["role"] == "USER"
    store = JSONFileUserStore(path)
    with mock.patch.object(store, "load_users", return_value=[user("eve")]):
        assert (store.find_user("ada"), store.find_user("eve")) == (None, user("eve"))


def test_path_may_change(store, path):
    trust(store)
    store.path = path.with_name("other.json")
    assert store.find_user("ada") is None
    write(store.path, [user("eve")])
    assert store.find_user("eve") == user("eve")


# Threads, processes and copies


def test_copies_have_a_cache_of_their_own(store):
    trust(store)
    size = len(pickle.dumps(store))
    assert size < 1_000
    for duplicate in (copy.copy(store), copy.deepcopy(store), pickle.loads(pickle.dumps(store))):
        assert duplicate._cache is not store._cache
        assert duplicate.find_user("ada") == user("ada", role="a")


def test_threads_find_what_was_written_before_they_asked(store, path):
    """A writer adds to a number; no reader sees a smaller one than was there before it asked."""
    number, is_done = [0], threading.Event()

    def read():
        looked = 0
        while not is_done.is_set():
            before = number[0]
            found = store.find_user("ada")
            assert int(found["role"].strip("a") or 0) >= before
            looked += 1
        return looked

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read) for _ in range(4)]
        try:
            for each in range(1, 60):
                temporary = path.with_name("new")
                write(temporary, [user("ada", role=str(each)), user("bob")])
                temporary.replace(path)
                number[0] = each
                time.sleep(0.002)
        finally:
            is_done.set()
    assert min(reader.result() for reader in readers) > 10


@pytest.mark.rule("users.fresh")
def test_threads_that_wait_share_a_reading_that_began_after_they_asked(store, path, reads, monkeypatch):
    trust(store)
    asked = []

    def ask():
        asked.append(time.monotonic())
        return asked[-1]

    monkeypatch.setattr(user_cache, "monotonic", ask)
    write(path, [user("ada", role="b")])
    opened = reads.opened
    with ThreadPoolExecutor(4) as threads:
        with store._cache._lock:
            finding = [threads.submit(store.find_user, "ada") for _ in range(4)]
            while len(asked) < 4:
                time.sleep(0.001)
            write(path, [user("ada", role="c")])
        assert [each.result()["role"] for each in finding] == ["c"] * 4
    assert reads.opened == opened + 1
    write(path, [user("ada", role="d")])
    assert store.find_user("ada")["role"] == "d"


FORKING = """
import os, signal, sys, threading, warnings
from fastware.auth import JSONFileUserStore
store = JSONFileUserStore(sys.argv[1])
store.find_user("ada")
held, done = threading.Event(), threading.Event()

def hold():
    with store._cache._lock:
        held.set()
        done.wait()

threading.Thread(target=hold, daemon=True).start()
held.wait()
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later warn of forks with several threads
child = os.fork()
if child == 0:
    signal.alarm(30)
    store.update_user("ada", role="b")
    os._exit(store.find_user("ada")["role"] != "b")
print(os.waitpid(child, 0)[1])
done.set()
print(store.find_user("ada")["role"])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_and_its_parent_find_each_others_changes(store, path):
    assert interpreters.run(FORKING, path).split() == ["0", "b"]
