"""``SharedBuckets``: files, processes, and processes that are killed or stopped."""

import asyncio
import collections
import contextlib
import gc
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from types import SimpleNamespace
from unittest import mock

import bucket_processes
import interpreters
import pytest
import system_calls
from bucket_processes import started
from outcomes import outcome

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "limits"


@pytest.fixture
def taken(tmp_path):
    """Return the file in which processes record the tokens that they take."""
    return tmp_path / "taken"


def count_of(taken):
    return collections.Counter(taken.read_text().split())


def takes(limit, key, count):
    return [limit.take(key) == 0 for _ in range(count)]


# Processes


@pytest.mark.rule("rate.shared")
@pytest.mark.parametrize("folder", ["disk", "tmpfs"])
def test_processes_count_together(engine_name, path, taken, folder, request):
    if folder == "tmpfs":
        if not os.access("/dev/shm", os.W_OK):
            pytest.skip("there is no tmpfs at /dev/shm")
        memory = tempfile.TemporaryDirectory(dir="/dev/shm")
        request.addfinalizer(memory.cleanup)
        path = f"{memory.name}/limits"
    keys, capacity = 300 if engine_name == "rust" else 30, 3
    with started(3, path, taken, engine=engine_name, capacity=capacity) as processes:
        for process in processes:
            process.send(f"sweep {keys} 2")
        assert [process.reply() for process in processes] == ["done"] * 3
    assert count_of(taken) == {f"key-{number}": capacity for number in range(keys)}


@pytest.mark.rule("rate.shared")
def test_processes_that_are_killed_lose_no_token_and_leave_no_lock(auth, engine_name, path, taken):
    """A process may be killed after it takes a token and before it records that: one token each."""
    capacity, kills, begin = 5_000_000, 8, time.monotonic()
    chance = random.Random(1)
    with started(kills, path, taken, engine=engine_name, capacity=capacity) as processes:
        limit = auth.SharedBuckets(path, clients=1_000).open("limit", capacity, bucket_processes.PERIOD)
        for process in processes:
            process.send("hammer key")
        for process in processes:
            time.sleep(chance.random() / 50)
            process.send_signal(signal.SIGKILL)
            assert process.reply() == "", "it was killed while it took tokens"
            assert limit.take("other") == 0
    recorded = count_of(taken)["key"]
    used = capacity - 1 - limit.take_counted("key")[1]
    refilled = 2 + (time.monotonic() - begin) * 10**9 * capacity / bucket_processes.PERIOD
    assert recorded > 100
    assert recorded - refilled <= used <= recorded + kills


def test_forked_child_counts_on_and_its_parent_too(engine_name, path, taken):
    with started(2, path, taken, engine=engine_name, capacity=3) as (first, second):
        assert first.request("take key") == "0"
        child = int(first.request("fork"))
        assert first.request("take key") == "0"
        assert second.request("take key") == "0"
        assert int(first.request("take key")) > 0
        os.kill(child, signal.SIGKILL)
        # It may still read the next command, until its parent has seen its end.
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(child, 0)
                time.sleep(0.001)
        assert int(first.request("take key")) > 0
        assert first.request("take other") == "0"
    assert count_of(taken) == {"key": 3, "other": 1}


def test_rust_engine_makes_no_system_call(path, taken, tmp_path, both):
    if problem := system_calls.unavailable():
        pytest.skip(problem)
    log = tmp_path / "calls"
    with started(1, path, taken, engine="rust", capacity=10**6) as (process,):
        tracer = subprocess.Popen(["strace", "-q", "-o", str(log), "-p", str(process.pid)], stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 30
            while not (log.exists() and "read(0" in log.read_text()):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert process.request("quiet 10000") == "done"
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(timeout=30)
    calls = [line.partition("(")[0] for line in log.read_text().splitlines()]
    first = calls.index("getsid")
    assert calls[first : first + 2] == ["getsid", "getsid"]


def test_stopped_process_that_holds_the_lock_delays_no_event_loop(auth, engine_name, path):
    """With the Python engine a call waits in a thread, and is rejected with 503 after a second."""
    limit = auth.SharedBuckets(path, clients=100).open("limit", 2, HOUR)
    code = (
        "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX); print(flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, f"{path}.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    async def use():
        assert holder.stdout.readline() == b"\n"
        holder.send_signal(signal.SIGSTOP)
        call = asyncio.ensure_future(limit.atake("key"))
        longest, before = 0.0, time.monotonic()
        while not call.done():
            await asyncio.sleep(0.01)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()
        assert longest < 0.5
        result = (await asyncio.gather(call, return_exceptions=True))[0]
        holder.kill()
        holder.wait()
        return result, await limit.atake("key"), await limit.atake_counted("key")

    try:
        waited, after, counted = asyncio.run(use())
    finally:
        holder.kill()
        holder.communicate()
    if engine_name == "rust":
        assert (waited, after) == (0, 0)
        assert counted[0] > 0
    else:
        assert (waited.status_code, waited.headers) == (503, {"Retry-After": "1"})
        assert (after, counted[:2]) == (0, (0, 0))


def test_threads_and_event_loops_count_together(auth, engine_name, path):
    limit = auth.SharedBuckets(path, clients=100).open("limit", 100, HOUR)
    admitted = []

    async def many():
        return [await limit.atake("key") == 0 for _ in range(50)]

    threads = [threading.Thread(target=lambda: admitted.extend(takes(limit, "key", 50))) for _ in range(2)]
    threads += [threading.Thread(target=lambda: admitted.extend(asyncio.run(many()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(admitted), sum(admitted)) == (200, 100)
    asyncio.run(limit.agive_back("key", 2))
    assert takes(limit, "key", 3) == [True, True, False]
    asyncio.run(limit.areset("key"))
    assert limit.take_counted("key", 99)[:2] == (0, 1)
    limit.reset()
    limit.give_back("key")
    assert limit.take_counted("key", 100)[:2] == (0, 0)


@pytest.mark.parametrize("key_func", [None, lambda request: request.scope["client"][0]], ids=["host", "key_func"])
def test_handlers_of_two_objects_for_one_file_count_together(auth, path, key_func):
    request = SimpleNamespace(scope={"type": "http", "client": ("192.0.2.1", 50000)})

    def handler(request):
        return "done"

    first, second = (
        auth.rate_limit("4/hour", key_func, buckets=auth.SharedBuckets(path), cost=2, name="search")(handler)
        for _ in range(2)
    )
    assert [first(request), second(request)] == ["done"] * 2
    for limited in (first, second):
        assert outcome(limited, request)[1].status_code == 429
    first.limit.reset("192.0.2.1")
    assert second(request) == "done"


# The file


def test_file_is_private_and_has_the_stated_size(auth, path):
    for clients, size in [(100_000, 3_265_536), (1_000, 97_536), (1, 65_664)]:
        file = path.with_name(str(clients))
        auth.SharedBuckets(file, clients=clients) if clients != 100_000 else auth.SharedBuckets(file)
        assert file.stat().st_size == size
        assert file.stat().st_blocks * 512 >= size, "a map of a full disk would end the process"
        assert [each.stat().st_mode & 0o777 for each in (file, file.with_name(f"{file.name}.lock"))] == [0o600] * 2
    assert repr(auth.SharedBuckets(file, clients=1)) == f"SharedBuckets({str(file)!r})"


def test_count_survives_a_restart_but_not_that_of_the_machine(auth, path, fastware):
    assert takes(auth.SharedBuckets(path).open("limit", 2, HOUR), "key", 3) == [True, True, False]
    assert takes(auth.SharedBuckets(path).open("limit", 2, HOUR), "key", 1) == [False]
    with mock.patch.object(fastware.auth.buckets.shared_file, "_boot", return_value="another boot"):
        assert takes(auth.SharedBuckets(path).open("limit", 2, HOUR), "key", 3) == [True, True, False]


def test_reset_survives_a_restart(auth, path):
    limit = auth.SharedBuckets(path).open("limit", 1, HOUR)
    assert takes(limit, "key", 2) == [True, False]
    limit.reset()
    del limit
    assert takes(auth.SharedBuckets(path).open("limit", 1, HOUR), "key", 2) == [True, False]


def test_limit_with_two_rates_is_a_value_error_until_all_processes_end(auth, engine_name, path, taken):
    period = bucket_processes.PERIOD
    with started(1, path, taken, engine=engine_name, capacity=2) as (process,):
        assert process.request("take key") == "0"
        limits = auth.SharedBuckets(path, clients=1_000)
        message = (
            f"the limit 'limit' has two rates in {path}: 2 in 9.0072e+06 seconds, and now 5 in 60 seconds; use one "
            "rate in all processes, or another name. To change a rate, stop all processes first, also one that reloads "
            "the others"
        )
        assert outcome(limits.open, "limit", 5, MINUTE) == ("raised", ValueError, message)
        assert takes(limits.open("limit", 2, period), "key", 2) == [True, False]
        assert takes(limits.open("other", 1, period), "key", 2) == [True, False]
    del limits
    gc.collect()
    limits = auth.SharedBuckets(path, clients=1_000)
    assert takes(limits.open("limit", 5, MINUTE), "key", 6) == [True] * 5 + [False]
    assert takes(limits.open("other", 1, period), "key", 1) == [False]


def test_other_engine_is_an_error_until_all_processes_end(auth, engine_name, path, taken, both):
    other = {"rust": "python", "python": "rust"}[engine_name]
    with started(1, path, taken, engine=other, capacity=1) as (process,):
        assert process.request("take key") == "0"
        with pytest.raises(auth.StorageError, match=f"has the engine '{engine_name}'; set FASTWARE_ENGINE"):
            auth.SharedBuckets(path, clients=1_000)
    limit = auth.SharedBuckets(path, clients=1_000).open("limit", 1, bucket_processes.PERIOD)
    assert takes(limit, "key", 2) == [True, False], "the other engine's buckets are forgotten"


def test_process_with_another_clock_is_an_error(auth, fastware, path):
    limits = auth.SharedBuckets(path)
    with (
        mock.patch.object(fastware.auth.buckets.shared_file, "_time_namespace", return_value="time:[5]"),
        pytest.raises(auth.StorageError, match="with another clock"),
    ):
        auth.SharedBuckets(path)
    assert limits.open("limit", 1, MINUTE).take("key") == 0


def written(path, octets):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(octets)


def changed(path, auth, at, octets):
    auth.SharedBuckets(path, clients=10)
    content = bytearray(path.read_bytes())
    content[at : at + len(octets)] = octets
    path.write_bytes(content)


UNUSABLE = {
    "foreign file": (lambda path, auth: written(path, b"text" * 50_000), "it is no file of SharedBuckets"),
    "short file": (lambda path, auth: written(path, b"text"), "it is no file of SharedBuckets"),
    "other version": (
        lambda path, auth: changed(path, auth, 8, struct.pack("=I", 2)),
        "it has the format 2, and this fastware uses 1",
    ),
    "other size": (lambda path, auth: auth.SharedBuckets(path, clients=20), "it has 66,176 bytes, and .* needs 65,856"),
    "truncated": (
        lambda path, auth: (auth.SharedBuckets(path, clients=10), os.truncate(path, 65_600)),
        "it has 65,600 bytes",
    ),
    "link": (
        lambda path, auth: (path.parent.mkdir(), path.symlink_to("/dev/null")),
        "Too many levels of symbolic links; pass the path of the file that the link leads to",
    ),
    "folder": (lambda path, auth: path.mkdir(parents=True), "Is a directory"),
    "pipe": (lambda path, auth: (path.parent.mkdir(), os.mkfifo(path)), "must be a file that belongs to the user"),
    "no folder": (lambda path, auth: path.parent.write_text(""), "(File exists|Not a directory)"),
}


@pytest.mark.parametrize(("prepare", "problem"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_file_is_an_error_that_says_why(auth, path, prepare, problem):
    prepare(path, auth)
    gc.collect()
    with pytest.raises(auth.StorageError, match=problem) as caught:
        auth.SharedBuckets(path, clients=10)
    assert str(path) in str(caught.value)


def test_file_of_a_process_that_was_killed_while_it_created_it_is_completed(auth, path):
    complete = path.with_name("complete")
    auth.SharedBuckets(complete, clients=10)
    octets = complete.read_bytes()
    incomplete = octets[:12] + bytes(4) + octets[16:72]
    for content in (b"", incomplete, incomplete + bytes(500)):
        for clients in (10, 20):
            path.write_bytes(content)
            assert takes(auth.SharedBuckets(path, clients=clients).open("limit", 1, HOUR), "key", 2) == [True, False]


def test_full_disk_is_an_error_when_the_file_is_created_and_is_not_left_full(auth, path, fastware):
    auth.SharedBuckets(path.with_name("other"))
    shared_file = fastware.auth.buckets.shared_file
    fill = shared_file._fill_with_zeros

    def fill_half(descriptor, size):
        fill(descriptor, size // 2)
        raise OSError(28, "No space left")

    with (
        mock.patch.object(shared_file, "_fill_with_zeros", fill_half),
        pytest.raises(auth.StorageError, match="No space left"),
    ):
        auth.SharedBuckets(path)
    assert path.stat().st_size == 0
    assert auth.SharedBuckets(path, clients=10).open("limit", 1, HOUR).take("key") == 0


def test_file_system_without_locks_is_an_error(auth, path):
    with (
        mock.patch("fcntl.flock", side_effect=OSError(37, "No locks available")),
        pytest.raises(auth.StorageError, match="No locks available; use a file system with file locks"),
    ):
        auth.SharedBuckets(path)
    assert auth.SharedBuckets(path).open("limit", 1, HOUR).take("key") == 0


def test_file_of_another_user_is_an_error(engine_name, tmp_path):
    if not interpreters.IS_ROOT:
        pytest.skip("only root can give a file to another user")
    os.chmod(tmp_path, 0o777)
    path = tmp_path / "limits"
    path.touch(mode=0o666)
    path.chmod(0o666)
    code = """
import sys
from fastware.auth import SharedBuckets
try:
    SharedBuckets(sys.argv[1])
except OSError as error:
    print(error)
"""
    os.chown(path, 12345, 12345)
    assert "must be a file that belongs to the user who runs this process" in interpreters.run(
        code, path, engine=engine_name
    )


def test_number_of_limits_is_bounded(auth, path):
    limits = auth.SharedBuckets(path)
    file = limits._file
    for at in range(192, 65_536, 64):
        file.memory[at : at + 8] = at.to_bytes(8, "little")
        file.memory[at + 40 : at + 48] = file.memory[64:72]
    assert limits.open("one", 1, HOUR).take("key") == 0
    with pytest.raises(auth.StorageError, match="it has 1,022 limits already"):
        limits.open("another", 1, HOUR)
    assert limits.open("one", 1, HOUR).take("key") > 0


def test_arguments_of_another_type_or_out_of_range_are_errors(auth, path):
    for wrong, error in [(None, TypeError), (b"limits", TypeError), (5, TypeError), ("", ValueError)]:
        assert outcome(auth.SharedBuckets, wrong)[:2] == ("raised", error)
    for clients, error in [(0, ValueError), (2**30 + 1, ValueError), ("5", TypeError), (1.5, TypeError)]:
        assert outcome(auth.SharedBuckets, path, clients=clients)[:2] == ("raised", error)
    assert outcome(auth.SharedBuckets(path).open, "limit", 0, HOUR)[:2] == ("raised", ValueError)
    assert not path.with_name("limits").is_dir()


def test_windows_is_a_clear_error(auth, path):
    with mock.patch("sys.platform", "win32"), pytest.raises(NotImplementedError, match="on Windows, use RedisBuckets"):
        auth.SharedBuckets("limits")
    assert not path.exists()


def test_lock_that_another_process_holds_is_an_error(auth, fastware, path):
    auth.SharedBuckets(path)
    with (
        mock.patch.object(fastware.auth.buckets.file_lock.FileLock, "acquire", return_value=False),
        pytest.raises(auth.StorageError, match="another process held its lock for 5 seconds"),
    ):
        auth.SharedBuckets(path)


def test_children_of_a_killed_parent_hold_no_lock(auth, path):
    """A child shares the file lock that a thread of its parent holds: it gives it up."""
    lock = auth.SharedBuckets(path)._file.lock
    assert lock.acquire(1)
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write, b"x" if lock._descriptor is None and not lock.acquire(0) else b"-")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"x"
    os.close(read)
    os.close(write)
    lock.release()
