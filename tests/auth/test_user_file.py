"""JSONFileUserStore: a file that is edited by hand, shared by processes, killed under way, and never torn."""

import contextlib
import json
import os
import random
import re
import stat
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import bcrypt_cost
import interpreters
import pytest
import user_creators
from error_text import shown_by

SHOWN = "hunter2-must-not-be-shown"
HASH = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"
only_root = pytest.mark.skipif(not interpreters.IS_ROOT, reason="needs root")


@pytest.fixture(autouse=True)
def quick_hashes():
    with bcrypt_cost.lowest():
        yield


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


@pytest.fixture
def store(auth, path):
    return auth.JSONFileUserStore(path)


@pytest.fixture
def nobodys_folder():
    """A folder of the user ``nobody``, whom root's temporary folders are closed to."""
    with tempfile.TemporaryDirectory() as name:
        interpreters.give_to_nobody(name)
        yield Path(name)


def user(username, **fields):
    record = {"username": username, "password_hash": HASH, "role": "user", "created_at": "2024-01-02T03:04:05+00:00"}
    return {**record, **fields}


def write(path, users):
    path.write_text(json.dumps(users), encoding="utf-8")


def read(path):
    return json.loads(path.read_bytes().decode("utf-8"))


def names_in(path):
    return [each["username"] for each in read(path)]


def leftovers(path):
    """What lies beside the file, its lock apart."""
    return sorted(set(os.listdir(path.parent)) - {path.name, f"{path.name}.lock"})


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# The file


def test_no_file_is_no_users(store):
    assert store.load_users() == []
    assert store.find_user("ada") is None


def test_loading_makes_no_file_and_no_folder(auth, tmp_path):
    auth.JSONFileUserStore(tmp_path / "not" / "there" / "users.json").load_users()
    assert os.listdir(tmp_path) == []


def test_deleting_from_no_file_is_a_lookup_error(store, path):
    with pytest.raises(LookupError, match="not found"):
        store.delete_user("ada")
    assert not path.exists()


def test_saved_users_are_loaded(store):
    users = [user("ada", role="admin"), user("bob")]
    store.save_users(users)
    assert store.load_users() == users


def test_no_users_may_be_saved(store, path):
    store.save_users([user("ada")])
    store.save_users([])
    assert store.load_users() == []
    assert read(path) == []


def test_the_file_is_a_json_array_of_the_users(store, path):
    users = [user("ada"), user("bob")]
    store.save_users(users)
    assert read(path) == users


def test_the_file_is_readable_by_hand(store, path):
    store.save_users([user("José"), user("愛麗絲"), user("👩")])
    text = path.read_bytes().decode("utf-8")
    assert all(name in text for name in ("José", "愛麗絲", "👩"))
    lines = text.splitlines()
    assert not [line for line in lines if sum(field in line for field in user("x")) > 1]
    assert text.endswith("\n")


def test_users_are_created_found_and_deleted_in_the_file(auth, store, path):
    record = store.create_user("ada", "password", "admin")
    store.create_user("bob", "password", "user")
    assert read(path)[0] == record == store.find_user("ada")
    store.delete_user("bob")
    assert read(path) == [record]
    assert auth.verify_password("password", record["password_hash"])


def test_created_at_is_iso_8601_utc(store, path):
    store.create_user("ada", "password", "admin")
    created_at = datetime.fromisoformat(read(path)[0]["created_at"])
    assert created_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - created_at) < timedelta(minutes=1)


def test_the_password_is_not_in_the_file(store, path):
    store.create_user("ada", SHOWN, "admin")
    assert SHOWN.encode() not in path.read_bytes()


def test_a_duplicate_is_a_value_error_and_the_file_stays(store, path):
    store.create_user("ada", "password", "admin")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="already exists"):
        store.create_user("ada", "password", "admin")
    assert path.read_bytes() == before


def test_a_missing_user_is_a_lookup_error_and_the_file_stays(store, path):
    store.create_user("ada", "password", "admin")
    before = path.read_bytes()
    with pytest.raises(LookupError, match="not found"):
        store.delete_user("bob")
    assert path.read_bytes() == before


@pytest.mark.parametrize("make", [str, Path, os.fspath], ids=["str", "Path", "fspath"])
def test_the_path_may_be_str_or_path(auth, path, make):
    auth.JSONFileUserStore(make(path)).save_users([user("ada")])
    assert names_in(path) == ["ada"]


def test_the_path_may_be_relative(auth, path, monkeypatch):
    monkeypatch.chdir(path.parent)
    auth.JSONFileUserStore("users.json").create_user("ada", "password", "admin")
    assert names_in(path) == ["ada"]


@pytest.mark.parametrize(
    "name", ["a b.json", "users", "愛.json", ".hidden", "[a-z]*?.json", "%s.json", "-n", "x" * 100]
)
def test_the_file_may_have_any_name(auth, tmp_path, name):
    path = tmp_path / name
    store = auth.JSONFileUserStore(path)
    store.create_user("ada", "password", "admin")
    store.create_user("bob", "password", "admin")
    assert names_in(path) == ["ada", "bob"]
    assert leftovers(path) == []


def test_missing_parents_are_made(auth, tmp_path):
    path = tmp_path / "a" / "b" / "users.json"
    auth.JSONFileUserStore(path).create_user("ada", "password", "admin")
    assert names_in(path) == ["ada"]


def test_missing_parents_are_made_for_a_save(auth, tmp_path):
    path = tmp_path / "a" / "b" / "users.json"
    auth.JSONFileUserStore(path).save_users([user("ada")])
    assert names_in(path) == ["ada"]


def test_nothing_but_the_lock_lies_beside_the_file(store, path):
    for number in range(5):
        store.create_user(f"user {number}", "password", "user")
    store.delete_user("user 0")
    assert leftovers(path) == []


def test_the_lock_holds_nothing(store, path):
    store.create_user("ada", "password", "admin")
    assert [each.stat().st_size for each in path.parent.iterdir() if each != path] in ([], [0])


# Edited by hand


def test_an_edit_by_hand_is_seen_by_the_next_load(store, path):
    store.create_user("ada", "password", "user")
    path.write_text(path.read_text("utf-8").replace('"user"', '"admin"'), encoding="utf-8")
    assert store.find_user("ada")["role"] == "admin"


def test_a_user_added_by_hand_is_found_and_kept(store, path):
    store.create_user("ada", "password", "user")
    write(path, [*read(path), user("bob")])
    assert store.find_user("bob") == user("bob")
    store.create_user("eve", "password", "user")
    assert names_in(path) == ["ada", "bob", "eve"]


def test_a_file_removed_by_hand_is_no_users_and_is_made_again(store, path):
    store.create_user("ada", "password", "user")
    path.unlink()
    assert store.load_users() == []
    store.create_user("ada", "password", "user")
    assert names_in(path) == ["ada"]


@pytest.mark.parametrize("layout", [{"indent": 8}, {"separators": (",", ":")}, {"indent": "\t"}, {"sort_keys": True}])
def test_any_layout_of_the_json_is_read(store, path, layout):
    path.write_text("\r\n " + json.dumps([user("José"), user("bob")], **layout) + "\n\n", encoding="utf-8")
    assert store.load_users() == [user("José"), user("bob")]


def test_further_fields_and_the_order_survive(store, path):
    bob = {"email": "bob@example.org", **user("bob"), "note": "Zoë's\n"}
    write(path, [bob, user("ada")])
    store.create_user("eve", "password", "user")
    store.delete_user("ada")
    assert read(path)[0] == bob
    assert list(read(path)[0]) == list(bob)
    assert names_in(path) == ["bob", "eve"]


def test_a_record_of_another_tool_verifies(auth, store, path):
    write(path, [user("ada")])
    # pyca/bcrypt, tests/test_bcrypt.py
    assert auth.verify_password("Kk4DQuMMfZL9o", store.find_user("ada")["password_hash"])


# Modes and owners


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_file_is_the_owner_s_alone(store, path, umask):
    before = os.umask(umask)
    try:
        store.create_user("ada", "password", "admin")
    finally:
        os.umask(before)
    assert mode(path) == 0o600


@pytest.mark.parametrize("wider", [0o644, 0o666, 0o640, 0o700])
def test_a_save_takes_the_file_from_others(store, path, wider):
    write(path, [user("ada")])
    path.chmod(wider)
    store.create_user("bob", "password", "user")
    assert mode(path) == 0o600


def test_the_new_content_is_at_no_time_readable_by_others(store, path, monkeypatch):
    modes = []
    for name in ("rename", "replace"):
        real = getattr(os, name)

        def spy(source, *arguments, real=real, **options):
            modes.append(mode(Path(source)))
            return real(source, *arguments, **options)

        monkeypatch.setattr(os, name, spy)
    before = os.umask(0)
    try:
        store.create_user("ada", "password", "admin")
    finally:
        os.umask(before)
    assert modes == [0o600]


def test_a_read_only_file_is_an_error_and_stays(store, path):
    write(path, [user("ada")])
    path.chmod(0o400)
    before = path.read_bytes()
    for change in (
        lambda: store.create_user("bob", "password", "user"),
        lambda: store.delete_user("ada"),
        lambda: store.save_users([]),
    ):
        with pytest.raises(OSError):
            change()
    assert path.read_bytes() == before
    assert mode(path) == 0o400
    assert leftovers(path) == []
    assert store.load_users() == [user("ada")]


ERROR_OF = """
import sys
store = JSONFileUserStore(sys.argv[1])
try:
    print(ascii({call}))
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("call", ["store.load_users()", "store.find_user('ada')", "store.delete_user('ada')"])
def test_a_file_that_may_not_be_read_is_an_error_and_not_an_empty_one(nobodys_folder, engine_name, call):
    path = nobodys_folder / "users.json"
    write(path, [user("ada")])
    interpreters.give_to_nobody(path)
    path.chmod(0o000)
    code = ERROR_OF.format(call=call)
    assert interpreters.run_as_nobody(code, path, engine=engine_name) == "PermissionError"


@pytest.mark.parametrize("call", ["store.create_user('bob', 'password', 'user')", "store.delete_user('ada')"])
def test_a_folder_that_may_not_be_written_is_an_error_and_the_file_stays(nobodys_folder, engine_name, call):
    path = nobodys_folder / "users.json"
    write(path, [user("ada")])
    interpreters.give_to_nobody(path)
    nobodys_folder.chmod(0o555)
    code = ERROR_OF.format(call=call)
    assert interpreters.run_as_nobody(code, path, engine=engine_name) == "PermissionError"
    nobodys_folder.chmod(0o755)
    assert read(path) == [user("ada")]
    assert leftovers(path) == []


def test_reading_needs_no_permission_to_write(nobodys_folder, engine_name):
    path = nobodys_folder / "users.json"
    write(path, [user("ada")])
    path.chmod(0o444)
    nobodys_folder.chmod(0o555)
    code = ERROR_OF.format(call="store.find_user('ada')['username']")
    assert interpreters.run_as_nobody(code, path, engine=engine_name) == "'ada'"
    nobodys_folder.chmod(0o755)
    assert os.listdir(nobodys_folder) == ["users.json"]


@only_root
def test_root_leaves_the_file_to_its_owner(auth, nobodys_folder):
    path = nobodys_folder / "users.json"
    write(path, [user("ada")])
    interpreters.give_to_nobody(path)
    owner = path.stat().st_uid
    auth.JSONFileUserStore(path).create_user("bob", "password", "user")
    assert (path.stat().st_uid, mode(path)) == (owner, 0o600)


@only_root
def test_the_server_may_still_create_users_after_root_did(auth, nobodys_folder, engine_name):
    path = nobodys_folder / "users.json"
    write(path, [user("ada")])
    interpreters.give_to_nobody(path)
    auth.JSONFileUserStore(path).create_user("bob", "password", "user")
    code = ERROR_OF.format(call="store.create_user('eve', 'password', 'user')['username']")
    assert interpreters.run_as_nobody(code, path, engine=engine_name) == "'eve'"
    assert names_in(path) == ["ada", "bob", "eve"]


@only_root
def test_the_server_may_read_and_write_what_root_was_first_to_make_in_its_folder(auth, nobodys_folder, engine_name):
    path = nobodys_folder / "users.json"
    auth.JSONFileUserStore(path).create_user("ada", "password", "admin")
    code = ERROR_OF.format(call="store.create_user('eve', 'password', 'user')['username']")
    assert interpreters.run_as_nobody(code, path, engine=engine_name) == "'eve'"
    assert names_in(path) == ["ada", "eve"]


@only_root
def test_root_gives_away_no_file_that_a_link_in_place_of_the_lock_leads_to(auth, nobodys_folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("root's")
    path = nobodys_folder / "users.json"
    (nobodys_folder / "users.json.lock").symlink_to(victim)
    with contextlib.suppress(OSError):
        auth.JSONFileUserStore(path).create_user("ada", "password", "admin")
    assert victim.stat().st_uid == 0
    assert victim.read_text() == "root's"


# Symbolic links


def test_a_symlink_is_followed_and_stays(auth, tmp_path):
    target, link = tmp_path / "real" / "u.json", tmp_path / "users.json"
    target.parent.mkdir()
    write(target, [user("ada")])
    link.symlink_to(target)
    store = auth.JSONFileUserStore(link)
    assert store.find_user("ada")
    store.create_user("bob", "password", "user")
    assert os.readlink(link) == str(target)
    assert names_in(target) == names_in(link) == ["ada", "bob"]
    assert not target.is_symlink() and mode(target) == 0o600
    assert leftovers(target) == []


def test_a_relative_symlink_is_read_from_its_folder(auth, tmp_path, monkeypatch):
    (tmp_path / "links").mkdir()
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "links" / "users.json"
    link.symlink_to("../u.json")
    monkeypatch.chdir(tmp_path / "elsewhere")
    auth.JSONFileUserStore(link).create_user("ada", "password", "admin")
    assert os.readlink(link) == "../u.json"
    assert names_in(tmp_path / "u.json") == ["ada"]


def test_a_chain_of_symlinks_is_followed_to_its_end(auth, tmp_path):
    target = tmp_path / "u.json"
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to(target)
    auth.JSONFileUserStore(tmp_path / "one").create_user("ada", "password", "admin")
    assert (os.readlink(tmp_path / "one"), os.readlink(tmp_path / "two")) == ("two", str(target))
    assert names_in(target) == ["ada"]


@pytest.mark.parametrize("folder", ["", "not/there"], ids=["in-a-folder", "without-a-folder"])
def test_a_dangling_symlink_is_no_users_and_its_target_is_made(auth, tmp_path, folder):
    target, link = tmp_path / folder / "u.json", tmp_path / "users.json"
    link.symlink_to(target)
    store = auth.JSONFileUserStore(link)
    assert store.load_users() == []
    store.create_user("ada", "password", "admin")
    assert link.is_symlink()
    assert names_in(target) == ["ada"]
    assert not target.is_symlink()


def test_a_symlink_among_the_parents_is_followed_and_stays(auth, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    auth.JSONFileUserStore(tmp_path / "link" / "sub" / "users.json").create_user("ada", "password", "admin")
    assert (tmp_path / "link").is_symlink()
    assert names_in(tmp_path / "real" / "sub" / "users.json") == ["ada"]


def test_a_circle_of_symlinks_is_an_error_and_stays(auth, tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    store = auth.JSONFileUserStore(tmp_path / "one")
    for call in (store.load_users, lambda: store.save_users([user("ada")])):
        with pytest.raises(OSError):
            call()
    assert (os.readlink(tmp_path / "one"), os.readlink(tmp_path / "two")) == ("two", "one")


def test_a_symlink_moved_to_another_file_is_followed_there(auth, tmp_path):
    link = tmp_path / "users.json"
    write(tmp_path / "blue", [user("ada")])
    write(tmp_path / "green", [user("bob")])
    link.symlink_to("blue")
    store = auth.JSONFileUserStore(link)
    assert store.find_user("ada")
    link.unlink()
    link.symlink_to("green")
    store.create_user("eve", "password", "user")
    assert (names_in(tmp_path / "blue"), names_in(tmp_path / "green")) == (["ada"], ["bob", "eve"])


def test_a_folder_in_place_of_the_file_is_an_error(auth, tmp_path):
    store = auth.JSONFileUserStore(tmp_path)
    for call in (store.load_users, lambda: store.create_user("ada", "password", "admin")):
        with pytest.raises(OSError):
            call()


# Atomic and durable


def test_who_has_the_old_file_open_reads_the_old_users(store, path):
    old = [user(f"old {number}") for number in range(500)]
    store.save_users(old)
    with path.open("rb") as file:
        first = file.read(100)
        store.save_users([user("new")])
        assert json.loads(first + file.read()) == old
    assert names_in(path) == ["new"]


@pytest.mark.rule("users.atomic")
def test_a_save_is_on_disk_before_it_takes_the_place_of_the_old_file(store, path, monkeypatch):
    write(path, [user("ada")])
    events = []
    for name in {"fsync", "fdatasync"} & set(dir(os)):
        real_sync = getattr(os, name)

        def sync(descriptor, real=real_sync):
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            events.append(("synced", os.fstat(number).st_ino, os.fstat(number).st_size))
            return real(descriptor)

        monkeypatch.setattr(os, name, sync)
    for name in ("rename", "replace"):
        real_rename = getattr(os, name)

        def rename(source, target, *, real=real_rename, **options):
            events.append(("renamed", Path(source).parent, Path(target)))
            return real(source, target, **options)

        monkeypatch.setattr(os, name, rename)
    store.create_user("bob", "password", "user")
    saved = ("synced", path.stat().st_ino, path.stat().st_size)
    renamed = ("renamed", path.parent, path)
    assert [event[0] for event in events].count("renamed") == 1
    assert events.index(saved) < events.index(renamed)
    assert path.parent.stat().st_ino in [event[1] for event in events[events.index(renamed) :]]


READER = """
import json, pathlib, sys
from fastware.auth import JSONFileUserStore
path, stop = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
store = JSONFileUserStore(path)
print("ready", flush=True)
seen = []
while not stop.exists():
    seen.append(len(json.loads(path.read_bytes())))
    seen.append(len(store.load_users()))
print(json.dumps(seen))
"""


def test_a_reader_sees_the_old_users_or_the_new_ones(store, path, tmp_path, engine_name):
    few, many = [user("ada")], [user(f"user {number}") for number in range(400)]
    store.save_users(few)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(path), str(tmp_path / "stop")],
        env={**os.environ, "FASTWARE_ENGINE": engine_name},
        stdout=subprocess.PIPE,
        text=True,
    )
    with reader:
        assert reader.stdout.readline() == "ready\n"
        for _ in range(60):
            store.save_users(many)
            store.save_users(few)
            time.sleep(0.001)
        (tmp_path / "stop").touch()
        seen = json.loads(reader.stdout.read())
    assert reader.returncode == 0
    assert set(seen) == {1, 400}
    assert len(seen) > 50


def test_a_reader_in_another_thread_sees_no_torn_file(auth, store, path):
    few, many = [user("ada")], [user(f"user {number}") for number in range(200)]
    store.save_users(few)
    is_done = threading.Event()

    def count_users():
        reader = auth.JSONFileUserStore(path)
        seen = set()
        while not is_done.is_set():
            seen.add(len(reader.load_users()))
            seen.add(len(store.load_users()))
        return seen

    with ThreadPoolExecutor(1) as threads:
        counted = threads.submit(count_users)
        try:
            for _ in range(40):
                store.save_users(many)
                store.save_users(few)
        finally:
            is_done.set()
        assert counted.result() <= {1, 200}


# Threads and processes


def test_threads_with_one_store_lose_no_user(store, path):
    names = [f"user {number}" for number in range(24)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda name: store.create_user(name, "password", "user"), names))
    assert sorted(names_in(path)) == sorted(names)


def test_threads_with_a_store_each_lose_no_user(auth, path):
    names = [f"user {number}" for number in range(24)]

    def create(name):
        return auth.JSONFileUserStore(path).create_user(name, "password", "user")

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(create, names))
    assert sorted(names_in(path)) == sorted(names)


def test_threads_that_create_and_delete_lose_nothing(auth, store, path):
    old, new = [f"old {number}" for number in range(12)], [f"new {number}" for number in range(12)]
    store.save_users([*map(user, old)])
    with ThreadPoolExecutor(6) as threads:
        deleted = [threads.submit(auth.JSONFileUserStore(path).delete_user, name) for name in old]
        created = [threads.submit(store.create_user, name, "password", "user") for name in new]
    assert not [each for each in [*deleted, *created] if each.exception()]
    assert sorted(names_in(path)) == sorted(new)


@pytest.mark.parametrize(("cost", "users"), [(bcrypt_cost.LOWEST, 15), (12, 3)], ids=["many-users", "real-cost"])
@pytest.mark.rule("users.exclusive")
def test_processes_that_create_different_users_lose_none(path, engine_name, cost, users):
    names = [[f"user {worker}-{number}" for number in range(users)] for worker in range(4)]
    creators = user_creators.run(engine_name, path, *names, cost=cost)
    assert [creator.created for creator in creators] == names
    assert sorted(names_in(path)) == sorted(chain(*names))
    assert {bcrypt_cost.cost_of(each["password_hash"]) for each in read(path)} == {cost}
    assert leftovers(path) == []


def test_of_processes_that_create_the_same_users_one_succeeds_for_each(path, engine_name):
    names = [f"user {number}" for number in range(12)]
    orders = [random.sample(names, len(names)) for _ in range(4)]
    creators = user_creators.run(engine_name, path, *orders)
    assert sorted(names_in(path)) == sorted(names)
    assert sorted(chain(*[creator.created for creator in creators])) == sorted(names)
    assert [sorted(creator.created + creator.taken) for creator in creators] == [sorted(names)] * 4


def test_processes_that_come_by_different_links_lose_no_user(tmp_path, engine_name):
    path = tmp_path / "real" / "users.json"
    path.parent.mkdir()
    (tmp_path / "file").symlink_to(path)
    (tmp_path / "folder").symlink_to(path.parent)
    paths = [path, tmp_path / "file", tmp_path / "folder" / "users.json"]
    names = [[f"user {worker}-{number}" for number in range(10)] for worker in range(3)]
    user_creators.run(engine_name, paths, *names)
    assert sorted(names_in(path)) == sorted(chain(*names))


def test_stores_of_similar_names_in_one_folder_do_not_disturb_each_other(tmp_path, engine_name):
    paths = [tmp_path / name for name in ("users", "users.json", "users.json.old")]
    names = [[f"{path.name} {number}" for number in range(25)] for path in paths]
    user_creators.run(engine_name, paths, *names)
    assert [names_in(path) for path in paths] == names


FORKING = """
import os, sys
import bcrypt_cost
from fastware.auth import JSONFileUserStore
store = JSONFileUserStore(sys.argv[1])
with bcrypt_cost.lowest():
    store.create_user("parent", "password", "user")
    gate, opener = os.pipe()
    children = []
    for child in range(3):
        process = os.fork()
        if process == 0:
            os.close(opener)
            os.read(gate, 1)  # until the parent opens it for all at once
            for number in range(10):
                store.create_user(f"user {child}-{number}", "password", "user")
            os._exit(0)
        children.append(process)
    os.close(opener)
    print([os.waitpid(process, 0)[1] for process in children])
    store.create_user("parent again", "password", "user")
"""


def test_forked_processes_with_one_store_lose_no_user(path, engine_name):
    statuses = interpreters.run(FORKING, path, engine=engine_name)
    assert statuses == "[0, 0, 0]"
    forked = [f"user {child}-{number}" for child in range(3) for number in range(10)]
    assert sorted(names_in(path)) == sorted(["parent", "parent again", *forked])


# Killed under way


@pytest.mark.rule("users.atomic")
def test_a_killed_writer_leaves_a_whole_file_with_all_that_it_reported(auth, path, engine_name):
    old = [user(f"old {number}") for number in range(200)]
    store = auth.JSONFileUserStore(path)
    store.save_users(old)
    reported = set()
    victims = [[f"victim {number}-*"] for number in range(20)]
    with user_creators.ready(engine_name, path, *victims) as creators:
        for kills, creator in enumerate(creators, start=1):
            creator.go()
            creator.read_report()
            time.sleep(random.uniform(0, 0.06))
            creator.kill()
            assert not creator.taken
            reported.update(creator.created)
            users = read(path)
            names = [each["username"] for each in users]
            assert store.load_users() == users
            assert users[: len(old)] == old
            assert reported <= set(names)
            assert len(names) <= len(old) + len(reported) + kills  # one may be saved and not yet reported
            assert len(set(names)) == len(names)
    store.create_user("eve", "password", "user")
    assert leftovers(path) == []


KILLED_BY_A_LIMIT = """
import resource, signal, sys
import bcrypt_cost
from fastware.auth import JSONFileUserStore
store = JSONFileUserStore(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # ends the process in the middle of its write
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
with bcrypt_cost.lowest():
    store.create_user("eve", "password", "user")
"""


@pytest.mark.parametrize(("name", "limit"), [("users.json", 0), ("users.json", 1000), ("[users].json", 1000)])
@pytest.mark.rule("users.atomic")
def test_a_writer_killed_within_a_write_leaves_the_old_file_and_the_next_save_tidies_up(
    auth, tmp_path, engine_name, name, limit
):
    path, old = tmp_path / name, [user(f"old {number}") for number in range(50)]
    store = auth.JSONFileUserStore(path)
    store.save_users(old)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="ended with -"):
            interpreters.run(KILLED_BY_A_LIMIT, path, limit, engine=engine_name)
        assert read(path) == old
    store.create_user("ada", "password", "user")
    assert len(read(path)) == len(old) + 1
    assert leftovers(path) == []


def test_tidying_up_takes_nothing_that_is_not_the_store_s(auth, tmp_path):
    others = [
        "users.json.bak",
        "other.json",
        ".users.json.swp",
        "users.json~",
        "tmp",
        ".x.json.abc.tmp",
        "users.json.tmp",
    ]
    for name in others:
        (tmp_path / name).write_text("mine")
    auth.JSONFileUserStore(tmp_path / "users.json").create_user("ada", "password", "user")
    assert {name: (tmp_path / name).read_text() for name in others} == dict.fromkeys(others, "mine")


# A full disk

WITHIN_A_LIMIT = """
import json, os, resource, sys
from fastware.auth import JSONFileUserStore
store = JSONFileUserStore(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    store.save_users(json.loads(sys.argv[2]))
except OSError as error:
    print(os.strerror(error.errno))
"""
TOO_MANY = json.dumps([user(f"user {number}") for number in range(100)])


def test_a_write_that_fails_is_an_os_error_and_leaves_the_old_file(store, path, engine_name):
    store.save_users([user("ada")])
    before = path.read_bytes()
    assert interpreters.run(WITHIN_A_LIMIT, path, TOO_MANY, engine=engine_name) == "File too large"
    assert path.read_bytes() == before
    assert leftovers(path) == []


def test_a_first_write_that_fails_leaves_no_file(path, engine_name):
    assert interpreters.run(WITHIN_A_LIMIT, path, TOO_MANY, engine=engine_name) == "File too large"
    assert not path.exists()
    assert leftovers(path) == []


ON_A_FULL_DISK = """
import json, os, sys
from fastware.auth import JSONFileUserStore
folder, users = sys.argv[1], json.loads(sys.argv[2])
path = os.path.join(folder, "users.json")
store = JSONFileUserStore(path)
store.save_users(users[:1])
before = open(path, "rb").read()
try:
    with open(os.path.join(folder, "filler"), "wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass
except OSError:
    pass
try:
    store.save_users(users)
except OSError as error:
    print(os.strerror(error.errno))
print(open(path, "rb").read() == before, sorted(set(os.listdir(folder)) - {"filler", "users.json.lock"}))
os.unlink(os.path.join(folder, "filler"))
store.save_users(users)
print(store.load_users() == users)
"""
MOUNTED = 'mount -t tmpfs -o size=128k tmpfs "$0" && exec "$@"'


def test_a_full_disk_is_an_os_error_and_leaves_the_old_file(tmp_path, engine_name):
    mounting = ["unshare", "--mount", "sh", "-c", MOUNTED, str(tmp_path)]
    try:
        subprocess.run([*mounting, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("may not mount a file system of its own")
    printed = interpreters.run(ON_A_FULL_DISK, tmp_path, TOO_MANY, engine=engine_name, before=mounting)
    assert printed.splitlines() == ["No space left on device", "True ['users.json']", "True"]


# The locale

IN_A_LOCALE = """
import codecs, json, locale, sys
from fastware.auth import JSONFileUserStore
encoding = codecs.lookup(locale.getpreferredencoding(False)).name
store = JSONFileUserStore(sys.argv[1])
print(encoding, ascii([each["username"] for each in store.load_users()]))
store.save_users([{**store.load_users()[0], "username": "\\u611b"}])
"""


def test_the_file_is_utf_8_in_any_locale(path, engine_name):
    path.write_bytes(json.dumps([user("José")], ensure_ascii=False).encode())
    environment = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    printed = interpreters.run(IN_A_LOCALE, path, engine=engine_name, **environment)
    assert printed == "ascii ['Jos\\xe9']"
    assert '"愛"' in path.read_bytes().decode("utf-8")


# A file that does not hold users

ADA = user("ada", note=SHOWN)


def without(field):
    return {name: value for name, value in ADA.items() if name != field}


def corrupt(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


# name: the content, what the message says beside the path
CORRUPT = {
    "empty": (b"", r""),
    "spaces": (b" \n\t ", r""),
    "nul-bytes": (b"\0" * 4096, r"\b1\b"),
    "text": (SHOWN, r"line 1\b.*column 1\b"),
    "third-line": (f'[\n{json.dumps(ADA)},\n"{SHOWN}" {SHOWN}]', r"line 3\b"),
    "no-comma": (f"[{json.dumps(ADA)}\n{json.dumps(ADA)}]", r"line 2\b"),
    "comma-at-the-end": (f"[{json.dumps(ADA)},\n]", r"line \d"),
    "two-arrays": (f"[]\n[{json.dumps(ADA)}]", r"line 2\b"),
    "single-quotes": (str([ADA]), r"line 1\b"),
    "comment": (f"// {SHOWN}\n[]", r"line 1\b"),
    "control-character": (f'["{SHOWN}\n"]', r"line 1\b"),
    "bad-escape": (f'["{SHOWN}\\x"]', r"line 1\b"),
    "not-closed": (json.dumps([ADA])[:-1], r"line 1\b"),
    "object": (json.dumps(ADA), r""),
    "object-of-users": (json.dumps({"users": [ADA]}), r""),
    "string": (json.dumps(SHOWN), r""),
    "number": ("5", r""),
    "huge-number": ("7" * 5000, r""),
    "null": ("null", r""),
    "true": ("true", r""),
    "false": ("false", r""),
    "nan": ("NaN", r""),
    "of-strings": (json.dumps([ADA, SHOWN]), r"\b2\b"),
    "of-arrays": (json.dumps([ADA, [ADA]]), r"\b2\b"),
    "of-numbers": (json.dumps([ADA, user("bob"), 5]), r"\b3\b"),
    "of-huge-numbers": ("[" + "7" * 5000 + "]", r""),
    "of-nulls": (json.dumps([None, ADA]), r"\b1\b"),
    "of-booleans": (json.dumps([ADA, True]), r"\b2\b"),
    "of-empty-objects": (json.dumps([ADA, {}]), r"\b2\b"),
    "duplicate": (json.dumps([ADA, user("bob"), ADA]), r"\b3\b"),
    "huge-number-in-a-field": (json.dumps([ADA])[:-2] + ', "n": ' + "7" * 5000 + "}]", r""),
    "field-twice": (json.dumps([user("bob"), ADA])[:-2] + ', "role": "user"}]', r"\b2\b.*role"),
    "users-run-together": (json.dumps([user("bob"), ADA]).replace("}, {", ", "), r"\b1\b"),
    "further-field-number": (json.dumps([user("bob"), {**ADA, "age": 5}]), r"\b2\b.*age"),
    "further-field-object": (json.dumps([user("bob"), {**ADA, "profile": {SHOWN: SHOWN}}]), r"\b2\b.*profile"),
    "latin-1": (b'[{"username": "Jos\xe9' + SHOWN.encode() + b'"}]', r"\b18\b"),
    "utf-16": (json.dumps([ADA]).encode("utf-16"), r"\b0\b"),
    "cut-within-a-character": (json.dumps([ADA]).encode() + "é".encode()[:1], r"\d"),
    "deep-arrays": ("[" * 200_000, r""),
    "deep-objects": ('{"a":' * 200_000, r""),
    "deep-and-closed": ("[" * 100_000 + f'"{SHOWN}"' + "]" * 100_000, r""),
    "deep-in-a-field": (json.dumps([ADA])[:-2] + ', "n": ' + "[" * 100_000 + "]" * 100_000 + "}]", r""),
}
for field in ("username", "password_hash", "role", "created_at"):
    CORRUPT[f"{field}-missing"] = (json.dumps([user("bob"), without(field)]), rf"\b2\b.*{field}")
    for value in (None, 5, 1.5, True, [SHOWN], {SHOWN: SHOWN}):
        name = f"{field}-{type(value).__name__}"
        CORRUPT[name] = (json.dumps([user("bob"), {**ADA, field: value}]), rf"\b2\b.*{field}")
each_corrupt = pytest.mark.parametrize(("content", "place"), CORRUPT.values(), ids=CORRUPT.keys())


@each_corrupt
@pytest.mark.rule("users.file")
def test_a_file_without_users_is_an_error_that_names_path_and_place_and_shows_no_content(
    auth, store, path, content, place
):
    path.write_bytes(corrupt(content))
    with pytest.raises(auth.UserFileError) as raised:
        store.load_users()
    message = str(raised.value)
    assert str(path) in message
    assert re.search(place, message.replace(str(path), ""), re.DOTALL), message
    shown = shown_by(raised.value)
    assert not [secret for secret in (SHOWN, HASH, "ada", "77777") if secret in shown.replace(str(path), "")]


@each_corrupt
def test_the_content_does_not_hang_on_the_error(auth, store, path, content, place):
    path.write_bytes(corrupt(content))
    with pytest.raises(auth.UserFileError) as raised:
        store.load_users()
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None


@each_corrupt
@pytest.mark.rule("users.file")
def test_a_file_without_users_stays_as_it_is(auth, store, path, content, place):
    path.write_bytes(corrupt(content))
    before = path.stat()
    for call in (
        store.load_users,
        lambda: store.find_user("ada"),
        lambda: store.create_user("eve", "password", "user"),
        lambda: store.delete_user("ada"),
    ):
        with pytest.raises(auth.UserFileError):
            call()
    assert path.read_bytes() == corrupt(content)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert leftovers(path) == []


def test_a_file_cut_anywhere_is_an_error(auth, store, path):
    store.save_users([user("José"), user("愛")])
    whole = path.read_bytes().rstrip()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(auth.UserFileError, match=re.escape(str(path))):
            store.load_users()


def test_an_error_of_the_file_is_a_value_error(auth):
    assert issubclass(auth.UserFileError, ValueError)


def test_a_corrupt_file_that_is_mended_is_read_again(auth, store, path):
    path.write_bytes(b"[")
    with contextlib.suppress(auth.UserFileError):
        store.load_users()
    write(path, [user("ada")])
    assert store.find_user("ada")


# save_users with what is no users

NO_USERS = {
    "none": None,
    "str": SHOWN,
    "object": ADA,
    "number": 5,
    "of-strings": [ADA, SHOWN],
    "of-none": [None],
    "of-lists": [[ADA]],
    "of-numbers": [5],
    "empty-object": [{}],
    "missing-field": [without("role")],
    "none-in-a-field": [{**ADA, "role": None}],
    "number-in-a-field": [{**ADA, "created_at": 5}],
    "bytes-in-a-field": [{**ADA, "password_hash": SHOWN.encode()}],
    "datetime-in-a-field": [{**ADA, "created_at": datetime.now(UTC)}],
    "number-in-a-further-field": [{**ADA, "age": 5}],
    "field-without-a-str-name": [{**ADA, 5: "x"}],
    "surrogate": [{**ADA, "role": "\ud800"}],
    "surrogate-in-a-further-field": [{**ADA, "note": "\udfff"}],
    "duplicate": [ADA, user("bob"), ADA],
}
each_no_users = pytest.mark.parametrize("users", NO_USERS.values(), ids=NO_USERS.keys())


@each_no_users
@pytest.mark.rule("users.file")
def test_what_is_no_users_is_not_saved(auth, store, path, users):
    store.save_users([user("bob")])
    before = path.read_bytes()
    with pytest.raises(auth.UserFileError) as raised:
        store.save_users(users)
    assert not [secret for secret in (SHOWN, HASH) if secret in shown_by(raised.value)]
    assert path.read_bytes() == before
    assert leftovers(path) == []


@each_no_users
def test_what_is_no_users_makes_no_file(auth, store, path, users):
    with pytest.raises(auth.UserFileError):
        store.save_users(users)
    assert not path.exists()
