"""A save that fails or ends at any of its system calls: the file holds the old users or the new ones, whatever happens.

The system calls are the kernel's own, made to fail, or to be the process's last, by strace.
"""

import json
import os
import shutil
import subprocess
import sys

import engines
import forked_saves
import pytest

pytestmark = [
    pytest.mark.skipif(not forked_saves.is_possible(), reason="strace is not installed, or may not trace"),
    pytest.mark.rule("users.atomic"),
]

OLD = ["ada", "bob"]
NEW = "eve"

SHORT_WRITES = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
ssize_t write(int fd, const void *data, size_t length) {
    static ssize_t (*whole)(int, const void *, size_t);
    if (!whole) whole = (ssize_t (*)(int, const void *, size_t)) dlsym(RTLD_NEXT, "write");
    return whole(fd, data, length > 1 ? length / 2 : length);
}
"""


@pytest.fixture(scope="module")
def forker():
    """Users are kept by the same code on both engines: one is enough."""
    forker = forked_saves.Forker(engines.BUILT[0])
    yield forker
    forker.close()


@pytest.fixture(scope="module", params=["file", "link"])
def kind(request):
    """Whether the path is the file's own, or a symbolic link that leads to it."""
    return request.param


def made(auth, folder, kind):
    """The path of a file with the old users."""
    path = folder / "users.json"
    if kind == "link":
        (folder / "data").mkdir()
        path.symlink_to("data/kept.json")
    auth.JSONFileUserStore(path).save_users([record(name) for name in OLD])
    return path


@pytest.fixture
def path(auth_of_one_engine, tmp_path, kind):
    return made(auth_of_one_engine, tmp_path, kind)


@pytest.fixture(scope="module")
def auth_of_one_engine():
    return engines.load(engines.BUILT[0]).auth


def record(name):
    return {"username": name, "password_hash": "x", "role": "user", "created_at": "2026-01-01T00:00:00+00:00"}


def names(path):
    return [user["username"] for user in json.loads(path.read_text(encoding="utf-8"))]


def leftovers(path):
    file = path.resolve()
    return sorted(set(os.listdir(file.parent)) - {file.name, f"{file.name}.lock"})


@pytest.fixture(scope="module")
def calls(forker, auth_of_one_engine, tmp_path_factory, kind):
    """The system calls of a save in which nothing fails, in order."""
    path = made(auth_of_one_engine, tmp_path_factory.mktemp("dry"), kind)
    found = forker.save(path, NEW)
    assert found.report == "done"
    assert {"openat", "write", "fsync", "rename", "flock"} <= {call.name for call in found.calls}
    assert len(found.calls) > 40
    return found.calls


def check_after(forker, path, kind, outcome):
    """What must hold after any save, and what the next one must do."""
    assert path.is_symlink() == (kind == "link")
    after = names(path)
    assert after in (OLD, [*OLD, NEW]), outcome.report
    if outcome.report == "done":
        assert after == [*OLD, NEW]
    next_one = forker.save(path, "fay")
    assert next_one.report == "done"
    assert names(path) == [*after, "fay"]
    assert leftovers(path) == []


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_an_error_of_any_system_call_leaves_the_old_users_or_the_new_ones(forker, path, kind, calls, error):
    reports = {}
    for call in calls:
        outcome = forker.save(path, NEW, f"{call.name}:error={error}:when={call.number}")
        assert outcome.was_injected, call
        is_refused = outcome.report == f"OSError {error}"
        assert outcome.report == "done" or is_refused, (str(call), call.arguments, outcome.report)
        reports[str(call)] = outcome.report
        if is_refused and not is_after_renaming(outcome):
            assert names(path) == OLD, call
        check_after(forker, path, kind, outcome)
        start_again(path)
    assert reports["write-1"] == reports["fsync-1"] == reports["rename-1"] == f"OSError {error}"


def is_after_renaming(outcome):
    """Whether the new file had taken its place when the save failed."""
    return any(call.name == "rename" and call.arguments.endswith("= 0") for call in outcome.calls)


def test_a_kill_at_any_system_call_leaves_the_old_users_or_the_new_ones(forker, path, kind, calls):
    seen = []
    for call in calls:
        outcome = forker.save(path, NEW, f"{call.name}:signal=KILL:when={call.number}")
        assert outcome.report == "SIGKILL", call
        seen.append(names(path) != OLD)
        check_after(forker, path, kind, outcome)
        start_again(path)
    assert seen == sorted(seen)
    assert True in seen and False in seen


def test_an_interrupted_system_call_is_made_again(forker, path, kind, calls):
    for call in calls:
        if call.name in ("openat", "read", "write", "flock", "fsync") and "O_DIRECTORY" not in call.arguments:
            outcome = forker.save(path, NEW, f"{call.name}:error=EINTR:when={call.number}")
            assert outcome.was_injected
            assert outcome.report == "done", call
            check_after(forker, path, kind, outcome)
            start_again(path)


def start_again(path):
    users = [record(name) for name in OLD]
    path.write_text(json.dumps(users), encoding="utf-8")


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_writes_that_take_half_of_what_they_are_given_make_a_whole_file(path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    (folder / "short.c").write_text(SHORT_WRITES)
    library = folder / "short.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, folder / "short.c"], check=True, capture_output=True)
    script = (
        "import sys; from fastware.auth import JSONFileUserStore as S; s = S(sys.argv[1]); s.save_users(s.load_users())"
    )
    trace = subprocess.run(
        ["strace", "-f", "-e", "trace=write", "-E", f"LD_PRELOAD={library}", sys.executable, "-c", script, path],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    assert trace.count("write(") > 5
    assert names(path) == OLD
    assert leftovers(path) == []
