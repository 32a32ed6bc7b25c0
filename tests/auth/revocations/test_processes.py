"""Several processes, killed processes, threads and forked children that share a list."""

import os
import random
import threading
import time
from statistics import median

import pytest
from redis_server import RedisServer
from revocation_processes import lines_of, open_list, session, start


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


@pytest.fixture(params=["SQLite", "Redis"])
def place(request, tmp_path):
    if request.param == "SQLite":
        return tmp_path / "folder" / "revocations.db"
    return f"{request.getfixturevalue('server').url} {tmp_path}:"


WATCH = """
say("ready")
for number in range(int(arguments[0])):
    while not revocations.is_revoked(session(str(number))):
        pass
    say(time.monotonic())
"""


@pytest.mark.rule("session.processes")
def test_revocation_is_effective_in_another_process_within_100_ms(place):
    """Redis: with ``refresh=0.02``."""
    count = 7
    delays = []
    revocations = open_list(place)
    with start(WATCH, place, str(count)) as process:
        assert process.stdout.readline() == "ready\n"
        for number in range(count):
            time.sleep(random.uniform(0, 0.06))
            revocations.revoke(session(str(number)))
            revoked_at = time.monotonic()
            delays.append(float(process.stdout.readline()) - revoked_at)
    assert median(delays) <= 0.1, delays  # the scheduler of a busy machine may add a time slice to some


REVOKE_UNTIL_KILLED = """
for number in range(100_000):
    sid = f"{os.getpid()} {number}"
    revocations.revoke(session(sid))
    say(sid)
    revocations.revoke_user(sid)
    say(sid)
"""


def test_killed_process_loses_no_revocation_that_it_acknowledged(place):
    acknowledged = []
    for _ in range(3):
        processes = [start(REVOKE_UNTIL_KILLED, place) for _ in range(2)]
        first = [each.stdout.readline() for each in processes]
        time.sleep(random.uniform(0, 0.2))
        for process in processes:
            process.kill()
        for process, line in zip(processes, first, strict=True):
            output = process.stdout.read()
            process.communicate()
            acknowledged.append(line + output[: output.rfind("\n") + 1])
    revocations = open_list(place)
    sids = [line for each in acknowledged for line in each.splitlines()]
    assert len(sids) > 8
    for sid in set(sids):
        assert revocations.is_revoked(session(sid))
        assert sids.count(sid) == 1 or revocations._users.numbers[sid] > 0
    revocations.revoke(session())


REVOKE_ONE_USER = """
say("ready")
sys.stdin.readline()
with mock.patch("time.time", return_value=0.0):
    revocations = open_list(place)
    for _ in range(25):
        before = revocations.revision("ada")
        revocations.revoke_user("ada")
        assert before < revocations.revision("ada")
say("done")
"""


def test_processes_that_create_the_list_and_revoke_one_user_at_once_take_different_numbers(place):
    """With a clock that stands still, each revocation adds 1."""
    processes = [start(REVOKE_ONE_USER, place, "late") for _ in range(4)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [lines_of(process) for process in processes] == [["done"]] * 4
    assert open_list(place).revision("ada") == 100


FORK = """
import threading
revocations.revoke(session("of the parent"))
stop = threading.Event()
def check():
    while not stop.is_set():
        revocations.is_revoked(session("x"))
        revocations.revision("ada")
def write():
    while not stop.is_set():
        revocations.revoke(session("of a thread"))
threads = [threading.Thread(target=work, daemon=True) for work in (check, check, write)]
for thread in threads:
    thread.start()
for number in range(8):
    child = os.fork()
    if not child:
        assert revocations.is_revoked(session("of the parent"))
        revocations.revoke(session(f"of child {number}"))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    deadline = time.monotonic() + 5
    while not revocations.is_revoked(session(f"of child {number}")):
        assert time.monotonic() < deadline
stop.set()
for thread in threads:
    thread.join()
say("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_and_its_parent_see_the_revocations_of_each_other(place):
    assert lines_of(start(FORK, place)) == ["done"]


def test_threads_see_each_revocation_when_its_call_returns(place):
    revocations, failures = open_list(place), []

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
