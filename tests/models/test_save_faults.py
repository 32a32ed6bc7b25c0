"""Every system call of a save fails in turn, or the process is killed at it.

The calls are found by tracing a save without a fault, so that new ones are tried too. After each fault:

- The file has the old users before the rename, and the new ones after it.
- The caller gets an ``OSError``, or the user exists.
- The lock is free, the store works, and the next save leaves no temporary file.
"""

import errno
import fcntl
import sys
import tempfile
from pathlib import Path

import bcrypt_cost
import engines
import pytest
import system_calls
import user_processes
from user_files import leftovers, names_in

ENGINE = engines.BUILT[0]  # a store calls no engine
Store = engines.load(ENGINE).auth.JSONFileUserStore
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EINTR")
RENAMES = {"rename", "renameat", "renameat2"}
WRITES = RENAMES | {"write", "pwrite64", "fsync", "fdatasync", "fchown", "mkdir", "mkdirat", "close", "flock"}
STATS = {"stat", "newfstatat", "fstatat64", "statx"}

needs_strace = pytest.mark.skipif(system_calls.unavailable() is not None, reason=str(system_calls.unavailable()))


@pytest.fixture(autouse=True)
def _cheap_hashes():
    with bcrypt_cost.lowest():
        yield


@pytest.fixture
def path():
    """Return a path near the root: a save makes system calls for each of the folders above the file."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "users.json"


def errors_of(call, error):
    """Return the error numbers that the caller may get if the system call fails with *error*."""
    # From CPython 3.14 on, Path.mkdir(exist_ok=True) raises EEXIST if it cannot check that the path is a folder.
    hides_the_error = sys.version_info >= (3, 14) and call in STATS
    return {error, errno.EEXIST} if hides_the_error else {error}


def assert_lock_is_free(path):
    with open(f"{path}.lock", "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def faults_of(call):
    yield "signal=KILL"
    writes = call.name in WRITES or (call.name == "openat" and "O_CREAT" in call.arguments)
    for error in ERRORS if writes else ERRORS[:1]:
        yield f"error={error}"


def trace_creation(process, log):
    """Return the system calls of a process that creates a user."""
    child = int(process.request("fork"))
    with system_calls.traced(child, log=log):
        assert process.request("create traced") == "created"
    assert process.request("end") == "ended 0"
    return system_calls.between(log, '0, "create traced', '1, "created\\n"')


def try_fault(process, store, path, call, fault, is_renamed):
    """Create a user in a child of *process* whose system call *call* fails. *is_renamed*: after the rename."""
    store.save_users(store.load_users()[:1])
    child = int(process.request("fork"))
    with system_calls.traced(child, call=call, fault=fault):
        reply = process.request("create new")
    is_killed = fault == "signal=KILL"
    if is_killed:
        assert reply == "killed"
    else:
        errors = errors_of(call.name, getattr(errno, fault.partition("=")[2]))
        assert reply in {"created", *(f"OSError {error}" for error in errors)}
        assert leftovers(path) == []
    expected = ["old", "new"] if reply == "created" or is_renamed else ["old"]
    assert names_in(path) == expected
    assert_lock_is_free(path)
    store.create_user("from another process", "password", "user")
    expected += ["from another process"]
    if not is_killed:
        assert process.request("create again") == "created"
        assert process.request("end") == "ended 0"
        expected += ["again"]
    assert names_in(path) == expected
    assert leftovers(path) == []


def try_faults(path, store, log, is_tried=lambda call: True):
    """Try every fault of every call."""
    store.create_user("old", "password", "user")
    with user_processes.started(ENGINE, store.path) as (process,):
        calls = trace_creation(process, log)
        rename = next(index for index, call in enumerate(calls) if call.name in RENAMES)
        assert any(map(is_tried, calls))
        for index, call in enumerate(calls):
            for fault in faults_of(call) if is_tried(call) else ():
                print(call, fault)  # pytest shows it where the test fails
                try_fault(process, store, path, call, fault, index > rename)


@needs_strace
@pytest.mark.rule("users.atomic")
def test_save_survives_a_fault_of_each_system_call(path, tmp_path):
    try_faults(path, Store(path), tmp_path / "log")


@needs_strace
def test_link_is_not_replaced_after_a_fault_of_a_system_call_that_reads_it(path, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(path)

    def reads_link(call):
        return f'"{link}"' in call.arguments and call.name != "openat"

    try_faults(path, Store(link), tmp_path / "log", reads_link)
    assert link.is_symlink()
