"""SQLiteRevocations: several processes, killed processes, forked children, and files that cannot be used."""

import os
import random
import subprocess
import sys
import threading
import time
from statistics import median

import pytest
from clock import stopped_at

from fastware.auth import RevocationsUnavailableError, SQLiteRevocations, StorageError
from fastware.auth.revocations import base, sqlite

NOW = 1_800_000_000


def session(sid="s1", **claims):
    return {"sub": "ada", "role": "user", "iat": NOW, "exp": NOW + 10**9, "sid": sid, "rev": 0} | claims


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "revocations.db"


@pytest.fixture
def revocations(path):
    return SQLiteRevocations(path)


class Monotonic:
    """Replaces the clock that tells when to look at the file."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        for module in (base, sqlite):
            monkeypatch.setattr(module, "monotonic", lambda: self.now)


@pytest.fixture
def monotonic(monkeypatch):
    return Monotonic(monkeypatch)


PROLOGUE = """
import os, sys, time
from unittest import mock
from fastware.auth import SQLiteRevocations
def session(sid):
    return {"sub": "ada", "role": "user", "iat": 1, "exp": 10**10, "sid": sid, "rev": 0}
def say(text):
    print(text, flush=True)
path, *arguments = sys.argv[1:]
"""


def start(script, path, *arguments):
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROLOGUE + script, str(path), *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def lines_of(process):
    output, _ = process.communicate("go\n", timeout=60)
    assert process.returncode == 0
    return output.split("\n")[:-1]


# Several processes

WATCH = """
revocations = SQLiteRevocations(path)
say("ready")
for number in range(int(arguments[0])):
    while not revocations.is_revoked(session(str(number))):
        pass
    say(time.monotonic())
"""


@pytest.mark.rule("session.processes")
def test_revocation_is_effective_in_another_process_within_100_ms(path, revocations):
    count = 7
    delays = []
    with start(WATCH, path, str(count)) as process:
        assert process.stdout.readline() == "ready\n"
        for number in range(count):
            time.sleep(random.uniform(0, 0.06))
            revocations.revoke(session(str(number)))
            revoked_at = time.monotonic()
            delays.append(float(process.stdout.readline()) - revoked_at)
    assert median(delays) <= 0.1, delays  # the scheduler of a busy machine may add a time slice to some


def test_revocation_is_effective_50_ms_later_on_the_clock(monotonic, path, revocations):
    other = SQLiteRevocations(path)
    other.revoke_user("ada")
    monotonic.now += 0.049
    assert not revocations.is_revoked(session())
    monotonic.now += 0.002
    assert revocations.is_revoked(session())


def test_revision_of_another_process_revokes_older_tokens_at_once(monotonic, path, revocations):
    """Otherwise a token could be renewed with the new number."""
    SQLiteRevocations(path).revoke_user("ada")
    assert not revocations.is_revoked(session())
    assert revocations.revision("ada") > 0
    assert revocations.is_revoked(session())


def test_leeway_of_one_process_applies_in_the_others(monotonic, path, revocations):
    with stopped_at(NOW):
        revocations.revoke_user("ada")
    SQLiteRevocations(path).accept_leeway(60)
    monotonic.now += 0.06
    assert revocations.is_revoked({"sub": "ada", "iat": NOW + 60})


REVOKE_UNTIL_KILLED = """
revocations = SQLiteRevocations(path)
for number in range(100_000):
    sid = f"{os.getpid()} {number}"
    revocations.revoke(session(sid))
    say(sid)
    revocations.revoke_user(sid)
    say(sid)
"""


def test_killed_process_loses_no_revocation_that_it_acknowledged(path):
    acknowledged = []
    for _ in range(3):
        processes = [start(REVOKE_UNTIL_KILLED, path) for _ in range(2)]
        first = [each.stdout.readline() for each in processes]
        time.sleep(random.uniform(0, 0.2))
        for process in processes:
            process.kill()
        for process, line in zip(processes, first, strict=True):
            output = process.stdout.read()
            process.communicate()
            acknowledged.append(line + output[: output.rfind("\n") + 1])
    revocations = SQLiteRevocations(path)
    sids = [line for each in acknowledged for line in each.splitlines()]
    assert len(sids) > 8
    for sid in set(sids):
        assert revocations.is_revoked(session(sid))
        assert sids.count(sid) == 1 or revocations.revision(sid) > 0
    revocations.revoke(session())


REVOKE_ONE_USER = """
say("ready")
sys.stdin.readline()
with mock.patch("time.time", return_value=0.0):
    revocations = SQLiteRevocations(path)
    for _ in range(25):
        before = revocations.revision("ada")
        revocations.revoke_user("ada")
        assert before < revocations.revision("ada")
say("done")
"""


def test_processes_that_create_the_file_and_revoke_one_user_at_once_take_different_numbers(path):
    """With a clock that stands still, each revocation adds 1."""
    processes = [start(REVOKE_ONE_USER, path) for _ in range(4)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [lines_of(process) for process in processes] == [["done"]] * 4
    assert SQLiteRevocations(path).revision("ada") == 100


FORK = """
import threading
revocations = SQLiteRevocations(path)
revocations.revoke(session("of the parent"))
stop = threading.Event()
def check():
    while not stop.is_set():
        revocations.is_revoked(session("x"))
        revocations.revision("ada")
def write():
    while not stop.is_set():
        revocations.revoke(session("of a thread"))
threads = [threading.Thread(target=work) for work in (check, check, write)]
for thread in threads:
    thread.start()
for number in range(8):
    child = os.fork()
    if not child:
        assert revocations.is_revoked(session("of the parent"))
        revocations.revoke(session(f"of child {number}"))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    time.sleep(0.06)
    assert revocations.is_revoked(session(f"of child {number}"))
stop.set()
for thread in threads:
    thread.join()
say("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_and_its_parent_see_the_revocations_of_each_other(path):
    assert lines_of(start(FORK, path)) == ["done"]


def test_threads_see_each_revocation_when_its_call_returns(revocations):
    failures = []

    def work(name):
        for number in range(20):
            revocations.revoke(session(f"{name} {number}"))
            if not revocations.is_revoked(session(f"{name} {number}")):
                failures.append((name, number))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# Looking at the file


def test_checks_run_no_sql_until_50_ms_later(monotonic, revocations):
    revocations.is_revoked(session())
    monotonic.now += 1
    revocations.is_revoked(session())
    statements = []
    revocations._connection.set_trace_callback(statements.append)
    for _ in range(100):
        revocations.is_revoked(session())
    assert statements == []
    monotonic.now += 0.06
    for _ in range(100):
        revocations.is_revoked(session())
    assert statements == ["PRAGMA data_version"]


@pytest.mark.parametrize("fault", ["deleted", "replaced", "damaged"])
def test_file_that_cannot_be_read_is_an_outage_after_5_seconds(monotonic, path, revocations, caplog, fault):
    revocations.revoke(session())
    saved = path.with_name("saved")
    path.rename(saved)
    if fault == "replaced":
        SQLiteRevocations(path).revoke(session("s2"))
    elif fault == "damaged":
        path.write_bytes(b"damaged" * 1000)
    for _ in range(49):
        monotonic.now += 0.1
        assert revocations.is_revoked(session())
        assert not revocations.is_revoked(session("s2"))
    monotonic.now += 0.2
    for _ in range(2):
        with pytest.raises(RevocationsUnavailableError) as raised:
            revocations.is_revoked(session())
        assert (raised.value.status_code, raised.value.headers) == (503, {"Retry-After": "5"})
    for call in (lambda: revocations.revoke(session()), lambda: revocations.revision("ada")):
        with pytest.raises(StorageError, match="was replaced or deleted; restart the processes that use it"):
            call()
    assert [each.levelname for each in caplog.records if each.name == "fastware"] == ["ERROR"]
    if fault != "replaced":
        path.unlink(missing_ok=True)
        saved.rename(path)
        monotonic.now += 0.06
        assert revocations.is_revoked(session())


def test_look_does_not_wait_for_a_thread_that_waits_for_another_process(path, revocations):
    script = """
revocations = SQLiteRevocations(path)
with revocations._file.writing():
    say("writing")
    sys.stdin.readline()
"""
    with start(script, path) as process:
        process.stdout.readline()
        waiting = threading.Thread(target=revocations.revoke, args=(session(),))
        waiting.start()
        time.sleep(0.1)
        started = time.monotonic()
        assert not revocations.is_revoked(session())
        assert time.monotonic() - started < 1  # the writer waits for 5 seconds
        assert waiting.is_alive()
        lines_of(process)
        waiting.join()
    assert revocations.is_revoked(session())
