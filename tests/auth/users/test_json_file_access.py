"""JSONFileUserStore: modes, owners and symbolic links of the file."""

import contextlib
import errno
import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

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


# {mode before a save: mode after it}. A mode that others have access with is that of the usual umask.
MODES = {0o600: 0o600, 0o644: 0o600, 0o664: 0o600, 0o666: 0o600, 0o700: 0o600, 0o640: 0o640, 0o660: 0o660, 0o770: 0o660}


@pytest.mark.parametrize(("before", "after"), MODES.items(), ids=map(oct, MODES))
@pytest.mark.rule("users.mode")
def test_save_keeps_the_access_of_a_group_and_none_of_others(store, path, before, after):
    write(path, [user("ada")])
    path.chmod(before)
    store.create_user("bob", "password", "user")
    assert mode(path) == after
    assert mode(path.with_name("users.json.lock")) == after  # those who may write the file can take the lock


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


@pytest.mark.parametrize("exists", [True, False], ids=["file", "no file"])
def test_owner_that_root_cannot_keep_is_an_error_that_names_the_file(store, path, monkeypatch, exists):
    if exists:
        store.save_users([user("ada")])
    before = sorted(os.listdir(path.parent))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", mock.Mock(side_effect=PermissionError(errno.EPERM, "Operation not permitted")))
    with pytest.raises(PermissionError, match=re.escape("to its owner here (CAP_CHOWN)")) as raised:
        store.save_users([])
    assert raised.value.filename == str(path)
    assert sorted(os.listdir(path.parent)) == before
    assert [each["username"] for each in store.load_users()] == (["ada"] if exists else [])


AS_MEMBER = """
import os, sys, tempfile
from fastware.auth import JSONFileUserStore
with tempfile.TemporaryDirectory() as folder:  # loads every module while this user may still read it
    JSONFileUserStore(folder + "/users.json").create_user("ada", "password", "admin")
path, name, user, *groups = sys.argv[1:]
os.setgroups(list(map(int, groups)))
os.setgid(int(user))
os.setuid(int(user))
JSONFileUserStore(path).create_user(name, "password", "user")
"""


@only_root
@pytest.mark.rule("users.mode")
def test_members_of_its_group_share_a_file(file_of_nobody):
    group, one, other = 54_321, 54_322, 54_323
    for path, access in ((file_of_nobody, 0o660), (file_of_nobody.parent, 0o770)):
        os.chown(path, -1, group)
        path.chmod(access)
    for user_id in (one, other, one):
        interpreters.run(AS_MEMBER, file_of_nobody, len(read(file_of_nobody)), user_id, group)
        status = file_of_nobody.stat()
        assert (status.st_uid, status.st_gid, mode(file_of_nobody)) == (user_id, group, 0o660)
    # An owner who is no longer a member cannot give the new file to the group, and no other group gets access.
    file_of_nobody.parent.chmod(0o777)
    interpreters.run(AS_MEMBER, file_of_nobody, "last", one)
    assert (file_of_nobody.stat().st_gid, mode(file_of_nobody)) == (one, 0o600)
    assert names_in(file_of_nobody) == ["ada", "1", "2", "3", "last"]


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


# Mount points and locks

MOUNTED = """
import os, subprocess, sys, tempfile
from fastware.auth import JSONFileUserStore
from fastware.auth.users.mounts import is_mount_point
source, path = sys.argv[1:3]
assert not is_mount_point(path)
subprocess.run(["mount", "--bind", source, path], check=True)
assert is_mount_point(path) and not is_mount_point(source)
store = JSONFileUserStore(path)
for options in sys.argv[3:]:
    subprocess.run(["mount", "--bind", os.path.dirname(path), os.path.dirname(path)], check=True)
    subprocess.run(["mount", "--bind", source, path], check=True)
    subprocess.run(["mount", "-o", options, os.path.dirname(path)], check=True)
try:
    store.update_user("ada", role="admin")
except OSError as error:
    print(type(error).__name__, error.errno, error)
print(store.find_user("ada")["role"])
"""


def may_mount():
    return interpreters.IS_ROOT and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="is not allowed to mount")
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], "OSError 16 [Errno 16] Device or resource busy: it is a mount point of its own, which a save"),
        (["remount,bind,ro"], "OSError 30 [Errno 30] Read-only file system: {path} cannot be changed: it is a mount"),
    ],
    ids=["folder", "read-only folder"],
)
@pytest.mark.parametrize("name", ["users.json", "my users\\é.json"])
def test_file_that_is_a_mount_point_raises_an_error_that_says_what_to_mount(tmp_path, name, options, error):
    source, path = tmp_path / "real.json", tmp_path / "app" / name
    path.parent.mkdir()
    write(source, [user("ada")])
    path.write_text("")
    shown, role = interpreters.run(MOUNTED, source, path, *options, before=("unshare", "-m")).splitlines()
    assert shown.startswith(error.format(path=path))
    assert "mount its folder instead, such as `docker run -v ./data:/app/data`" in shown
    assert role == "user"
    assert leftovers(path) == []


LOCKED = """
import errno, fcntl, os, sys, time
import bcrypt_cost
from fastware.auth import JSONFileUserStore
from fastware.auth.users import json_file, lock_file
path, failure = sys.argv[1:]
if failure == "held":
    lock_file.TIMEOUT = 0.3
    os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR)
    lock = os.open(f"{path}.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
else:
    def flock(descriptor, operation):
        raise OSError(getattr(errno, failure), os.strerror(getattr(errno, failure)))
    fcntl.flock = flock
started = time.monotonic()
for _ in range(2):
    try:
        with bcrypt_cost.lowest():
            JSONFileUserStore(path).create_user("ada", "password", "user")
    except OSError as error:
        print(type(error).__name__, error.filename == f"{path}.lock", error)
print(JSONFileUserStore(path).load_users(), time.monotonic() - started < 5)
"""
LOCK_ERRORS = {
    "ENOSYS": "OSError True [Errno 38] Function not implemented: this file system has no locks",
    "ENOLCK": "OSError True [Errno 37] No locks available: this file system has no locks",
    "EOPNOTSUPP": "OSError True [Errno 95] Operation not supported: this file system has no locks",
    "held": "TimeoutError True [Errno 110] another process has been changing users for ",
}


@pytest.mark.parametrize("as_root", [pytest.param(True, marks=only_root), False], ids=["root", "nobody"])
@pytest.mark.parametrize(("failure", "error"), LOCK_ERRORS.items(), ids=LOCK_ERRORS)
@pytest.mark.rule("users.exclusive")
def test_lock_that_cannot_be_had_is_an_error_that_names_the_file(folder_of_nobody, as_root, failure, error):
    """Nothing waits without end, and nothing is changed without a lock."""
    run = interpreters.run if as_root else interpreters.run_as_nobody
    *shown, last = run(LOCKED, folder_of_nobody / "users.json", failure).splitlines()
    assert [line.startswith(error) for line in shown] == [True, True]
    assert last == "[] True"


def test_thread_that_waits_for_another_raises_after_the_timeout(store, monkeypatch):
    monkeypatch.setitem(type(store)._exclusive.__wrapped__.__globals__, "TIMEOUT", 0.05)
    with ThreadPoolExecutor(1) as threads, store._exclusive():
        error = threads.submit(store.create_user, "ada", "password", "user").exception(30)
    assert isinstance(error, TimeoutError)
    assert str(error).startswith(f"{store.path}: another thread has been changing users for")
    store.create_user("ada", "password", "user")
