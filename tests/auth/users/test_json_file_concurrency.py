"""JSONFileUserStore: readers, threads and processes at the same time, killed processes and failed writes."""

import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import bcrypt_cost
import interpreters
import pytest
import user_processes
from user_files import leftovers, names_in, read, roles_in, user, write

# Atomic and durable saves


@pytest.mark.rule("users.atomic")
def test_file_is_synced_before_it_is_renamed_and_its_folder_after(store, path, monkeypatch):
    write(path, [user("ada")])
    events, fsync, replace = [], os.fsync, os.replace

    def record_fsync(descriptor):
        events.append(("synced", os.fstat(descriptor).st_ino, os.fstat(descriptor).st_size))
        fsync(descriptor)

    def record_replace(source, target):
        events.append(("renamed", Path(source).parent, Path(target)))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    store.create_user("bob", "password", "user")
    file, folder = path.stat(), path.parent.stat()
    assert events[:2] == [("synced", file.st_ino, file.st_size), ("renamed", path.parent, path)]
    assert [event[:2] for event in events[2:]] == [("synced", folder.st_ino)]


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


def test_reading_process_sees_the_old_users_or_the_new_ones(store, path, tmp_path, engine_name):
    few, many = [user("ada")], [user(f"user {number}") for number in range(400)]
    store.save_users(few)
    command = [sys.executable, "-c", READER, str(path), str(tmp_path / "stop")]
    environment = {**os.environ, "FASTWARE_ENGINE": engine_name}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "ready\n"
        for _ in range(60):
            store.save_users(many)
            store.save_users(few)
            time.sleep(0.001)
        (tmp_path / "stop").touch()
        seen = json.loads(reader.stdout.read())
    assert set(seen) == {1, 400}
    assert len(seen) > 50


# Threads and processes


@pytest.mark.parametrize("shares", [True, False], ids=["one store", "a store each"])
def test_threads_lose_no_update(auth, path, shares):
    shared = auth.JSONFileUserStore(path)
    old, new = [f"old {number}" for number in range(12)], [f"new {number}" for number in range(12)]
    shared.save_users([*map(user, old)])

    def change(names):
        store = shared if shares else auth.JSONFileUserStore(path)
        store.delete_user(names[0])
        store.create_user(names[1], "password", "user")

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(change, zip(old, new, strict=True)))
    assert sorted(names_in(path)) == sorted(new)


@pytest.mark.parametrize(("cost", "users"), [(bcrypt_cost.LOWEST, 15), (12, 3)], ids=["many users", "default cost"])
@pytest.mark.rule("users.exclusive")
def test_processes_that_create_different_users_lose_none(path, engine_name, cost, users):
    names = [[f"user {worker}-{number}" for number in range(users)] for worker in range(4)]
    processes = user_processes.create_at_once(engine_name, [path] * 4, names, cost)
    assert [process.created for process in processes] == names
    assert sorted(names_in(path)) == sorted(chain(*names))
    assert {bcrypt_cost.cost_of(record["password_hash"]) for record in read(path)} == {cost}
    assert leftovers(path) == []


def test_one_of_several_processes_creates_a_user(path, engine_name):
    names = [f"user {number}" for number in range(12)]
    orders = [random.sample(names, len(names)) for _ in range(4)]
    processes = user_processes.create_at_once(engine_name, [path] * 4, orders)
    assert sorted(names_in(path)) == sorted(names)
    assert sorted(chain(*[process.created for process in processes])) == sorted(names)
    assert [sorted(process.created + process.taken) for process in processes] == [sorted(names)] * 4


def test_processes_that_use_different_links_lose_no_user(tmp_path, engine_name):
    path = tmp_path / "real" / "users.json"
    path.parent.mkdir()
    (tmp_path / "file").symlink_to(path)
    (tmp_path / "folder").symlink_to(path.parent)
    names = [[f"user {worker}-{number}" for number in range(10)] for worker in range(3)]
    paths = [path, tmp_path / "file", tmp_path / "folder" / "users.json"]
    user_processes.create_at_once(engine_name, paths, names)
    assert sorted(names_in(path)) == sorted(chain(*names))


def test_stores_with_similar_names_in_one_folder_are_independent(tmp_path, engine_name):
    paths = [tmp_path / name for name in ("users", "users.json", "users.json.old")]
    names = [[f"{path.name} {number}" for number in range(25)] for path in paths]
    user_processes.create_at_once(engine_name, paths, names)
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
            os.read(gate, 1)  # returns in all children at once, when the parent closes the pipe
            for number in range(10):
                store.create_user(f"user {child}-{number}", "password", "user")
            os._exit(0)
        children.append(process)
    os.close(opener)
    print([os.waitpid(process, 0)[1] for process in children])
    store.create_user("parent again", "password", "user")
"""


def test_forked_processes_that_share_a_store_lose_no_user(path, engine_name):
    assert interpreters.run(FORKING, path, engine=engine_name) == "[0, 0, 0]"
    forked = [f"user {child}-{number}" for child in range(3) for number in range(10)]
    assert sorted(names_in(path)) == sorted(["parent", "parent again", *forked])


# Killed processes and failed writes (tests/models/test_save_faults.py tries every system call)


@pytest.mark.rule("users.atomic")
def test_process_killed_at_any_time_leaves_what_it_reported_and_at_most_one_change_more(auth, path, engine_name):
    old = [user(f"old {number}") for number in range(1_000)]  # three pieces
    store = auth.JSONFileUserStore(path)
    store.save_users(old)
    roles = roles_in(old)
    with user_processes.started(engine_name, *[path] * 12) as processes:
        for name in user_processes.kill_while_changing(processes, roles, lambda: roles_in(read(path))):
            assert store.find_user(name) == next((each for each in read(path) if each["username"] == name), None)
    store.delete_user("old 0")
    assert leftovers(path) == []


@pytest.mark.parametrize("name", ["users.json", "[users].json"])
def test_save_deletes_temporary_files_of_killed_processes(auth, tmp_path, name):
    own = f".{name}.abcd_0_z.tmp"
    others = [
        "users.json.bak",
        ".users.json.swp",
        "users.json~",
        ".x.json.abcd_0_z.tmp",
        "u.tmp",
        f"{own}.bak",
        f"x{own}",
    ]
    for each in (own, *others):
        (tmp_path / each).write_text("")
    auth.JSONFileUserStore(tmp_path / name).create_user("ada", "password", "user")
    assert leftovers(tmp_path / name) == sorted(others)


MANY_USERS = json.dumps([user(f"user {number}") for number in range(100)])
WITH_A_FILE_SIZE_LIMIT = """
import json, os, resource, sys
from fastware.auth import JSONFileUserStore
store = JSONFileUserStore(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    store.save_users(json.loads(sys.argv[2]))
except OSError as error:
    print(os.strerror(error.errno))
"""


@pytest.mark.parametrize("exists", [True, False], ids=["existing file", "missing file"])
def test_failed_write_raises_and_leaves_the_old_file(store, path, engine_name, exists):
    if exists:
        store.save_users([user("ada")])
    printed = interpreters.run(WITH_A_FILE_SIZE_LIMIT, path, MANY_USERS, engine=engine_name)
    assert printed == "File too large"
    assert path.exists() == exists
    assert store.load_users() == [user("ada")] * exists
    assert leftovers(path) == []
