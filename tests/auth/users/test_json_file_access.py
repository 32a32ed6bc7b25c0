"""JSONFileUserStore: modes, owners and symbolic links of the file."""

import contextlib
import os
import tempfile
from pathlib import Path

import interpreters
import pytest
from user_files import leftovers, mode, names_in, read, user, write

only_root = pytest.mark.skipif(not interpreters.IS_ROOT, reason="needs root")


# Modes and owners


@pytest.fixture
def umask():
    before = os.umask(0)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_new_file_is_readable_by_its_owner_only(store, path, umask, mask):
    umask(mask)
    store.create_user("ada", "password", "admin")
    assert mode(path) == 0o600


@pytest.mark.parametrize("wider", [0o644, 0o666, 0o640, 0o700], ids=oct)
def test_save_makes_a_file_readable_by_its_owner_only(store, path, wider):
    write(path, [user("ada")])
    path.chmod(wider)
    store.create_user("bob", "password", "user")
    assert mode(path) == 0o600


@pytest.mark.usefixtures("umask")
def test_temporary_file_is_readable_by_its_owner_only(store, monkeypatch):
    modes, replace = [], os.replace

    def record_mode(source, target):
        modes.append(mode(Path(source)))
        replace(source, target)

    monkeypatch.setattr(os, "replace", record_mode)
    store.create_user("ada", "password", "admin")
    assert modes == [0o600]


CHANGES = {
    "create": lambda store: store.create_user("bob", "password", "user"),
    "delete": lambda store: store.delete_user("ada"),
    "save": lambda store: store.save_users([]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changing_a_read_only_file_raises_and_leaves_it_untouched(store, path, change):
    write(path, [user("ada")])
    path.chmod(0o400)
    with pytest.raises(PermissionError):
        change(store)
    assert store.load_users() == [user("ada")]
    assert mode(path) == 0o400
    assert leftovers(path) == []


@pytest.fixture
def folder_of_nobody():
    """Yield a folder of the user ``nobody``, outside the temporary folders of root."""
    with tempfile.TemporaryDirectory() as name:
        interpreters.give_to_nobody(name)
        yield Path(name)


@pytest.fixture
def file_of_nobody(folder_of_nobody):
    path = folder_of_nobody / "users.json"
    write(path, [user("ada")])
    interpreters.give_to_nobody(path)
    return path


AS_NOBODY = """
import sys
store = JSONFileUserStore(sys.argv[1])
try:
    print({call})
except Exception as error:
    print(type(error).__name__)
"""
CREATE = "store.create_user('eve', 'password', 'user')['username']"
DELETE = "store.delete_user('ada')"
FIND = "store.find_user('ada')['username']"


def as_nobody(call, path, engine_name):
    """Return the output of *call*, or the type of its error, in a process of the user ``nobody``."""
    return interpreters.run_as_nobody(AS_NOBODY.format(call=call), path, engine=engine_name)


@pytest.mark.parametrize("call", ["store.load_users()", FIND, DELETE])
def test_unreadable_file_raises(file_of_nobody, engine_name, call):
    file_of_nobody.chmod(0o000)
    assert as_nobody(call, file_of_nobody, engine_name) == "PermissionError"


@pytest.mark.parametrize("call", [CREATE, DELETE])
def test_read_only_folder_raises_and_the_file_is_untouched(file_of_nobody, engine_name, call):
    file_of_nobody.parent.chmod(0o555)
    assert as_nobody(call, file_of_nobody, engine_name) == "PermissionError"
    assert read(file_of_nobody) == [user("ada")]
    assert os.listdir(file_of_nobody.parent) == ["users.json"]


def test_reading_needs_no_permission_to_write(file_of_nobody, engine_name):
    file_of_nobody.chmod(0o444)
    file_of_nobody.parent.chmod(0o555)
    assert as_nobody(FIND, file_of_nobody, engine_name) == "ada"
    assert os.listdir(file_of_nobody.parent) == ["users.json"]


@only_root
def test_root_keeps_the_owner_of_the_file(auth, file_of_nobody, engine_name):
    owner = file_of_nobody.stat().st_uid
    auth.JSONFileUserStore(file_of_nobody).create_user("bob", "password", "user")
    assert (file_of_nobody.stat().st_uid, mode(file_of_nobody)) == (owner, 0o600)
    assert as_nobody(CREATE, file_of_nobody, engine_name) == "eve"  # the lock is usable too
    assert names_in(file_of_nobody) == ["ada", "bob", "eve"]


@only_root
def test_root_creates_the_file_for_the_owner_of_its_folder(auth, folder_of_nobody, engine_name):
    path = folder_of_nobody / "users.json"
    auth.JSONFileUserStore(path).create_user("ada", "password", "admin")
    assert as_nobody(CREATE, path, engine_name) == "eve"
    assert names_in(path) == ["ada", "eve"]


@only_root
def test_root_does_not_change_the_owner_of_a_file_that_the_lock_links_to(auth, folder_of_nobody, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("root's")
    (folder_of_nobody / "users.json.lock").symlink_to(victim)
    with contextlib.suppress(OSError):
        auth.JSONFileUserStore(folder_of_nobody / "users.json").create_user("ada", "password", "admin")
    assert (victim.stat().st_uid, victim.read_text()) == (0, "root's")


# Symbolic links

# {name: (the links and where they lead, the path of the store, the file)}
LINKS = {
    "absolute": ({"users.json": "{folder}/real/u.json"}, "users.json", "real/u.json"),
    "relative": ({"links/users.json": "../real/u.json"}, "links/users.json", "real/u.json"),
    "chain": ({"one": "two", "two": "{folder}/real/u.json"}, "one", "real/u.json"),
    "into a missing folder": ({"users.json": "not/there/u.json"}, "users.json", "not/there/u.json"),
    "parent folder": ({"link": "real"}, "link/sub/users.json", "real/sub/users.json"),
}


@pytest.mark.parametrize("exists", [True, False], ids=["existing file", "missing file"])
@pytest.mark.parametrize(("links", "opened", "target"), LINKS.values(), ids=LINKS)
def test_link_is_followed_and_not_replaced(auth, tmp_path, monkeypatch, links, opened, target, exists):
    for folder in ("real", "links", "elsewhere"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    expected = {name: destination.format(folder=tmp_path) for name, destination in links.items()}
    for name, destination in expected.items():
        (tmp_path / name).symlink_to(destination)
    target = tmp_path / target
    if exists:
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, [user("ada")])
    store = auth.JSONFileUserStore(tmp_path / opened)
    store.create_user("bob", "password", "user")
    assert names_in(target) == [record["username"] for record in store.load_users()] == ["ada"] * exists + ["bob"]
    assert {name: os.readlink(tmp_path / name) for name in links} == expected
    assert not target.is_symlink() and mode(target) == 0o600
    assert leftovers(target) == []


def test_circular_link_raises_and_is_not_replaced(auth, tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    store = auth.JSONFileUserStore(tmp_path / "one")
    for call in (store.load_users, lambda: store.save_users([user("ada")])):
        with pytest.raises(OSError):
            call()
    assert (os.readlink(tmp_path / "one"), os.readlink(tmp_path / "two")) == ("two", "one")


def test_link_that_moves_to_another_file_is_followed_there(auth, tmp_path):
    write(tmp_path / "blue", [user("ada")])
    write(tmp_path / "green", [user("bob")])
    (tmp_path / "users.json").symlink_to("blue")
    store = auth.JSONFileUserStore(tmp_path / "users.json")
    assert store.find_user("ada")
    (tmp_path / "users.json").unlink()
    (tmp_path / "users.json").symlink_to("green")
    store.create_user("eve", "password", "user")
    assert (names_in(tmp_path / "blue"), names_in(tmp_path / "green")) == (["ada"], ["bob", "eve"])


def test_folder_in_place_of_the_file_raises(auth, tmp_path):
    store = auth.JSONFileUserStore(tmp_path)
    for call in (store.load_users, lambda: store.create_user("ada", "password", "admin")):
        with pytest.raises(OSError):
            call()
