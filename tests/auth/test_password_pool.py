"""The threads that run bcrypt: a bounded queue, cancelled calls, event loops, forks, and the end of the program."""

import asyncio
import os
import subprocess
import sys
import threading

import anyio
import asgi_client
import pytest

from fastware.auth import HTTPError, ahash_password, password_pool

LOOPS = ["asyncio", "trio"]


@pytest.fixture
def pool(monkeypatch):
    """Replace the pool by one with one thread. Its calls take a second, as it believes."""
    made = password_pool._Pool(1)
    made.call_seconds = 1.0
    monkeypatch.setattr(password_pool, "_pool", made)
    yield made
    made.close()


@pytest.fixture
def gate():
    """An event that calls wait for."""
    event = threading.Event()
    yield event
    event.set()


async def until(is_true):
    """Return once *is_true*, or after ten seconds."""
    with anyio.fail_after(10):
        await anyio.sleep(0.01)
        while not is_true():
            await anyio.sleep(0.005)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.rule("login.queue")
def test_calls_that_would_wait_for_more_than_ten_seconds_are_503(pool, gate, loop):
    served, rejected = [], []

    async def call(number):
        try:
            served.append(await password_pool.run(lambda: gate.wait(10) and number))
        except HTTPError as error:
            rejected.append((error.status_code, error.headers))

    async def main():
        async with anyio.create_task_group() as nursery:
            for number in range(15):
                nursery.start_soon(call, number)
            await until(lambda: len(rejected) >= 4)
            gate.set()

    asgi_client.run(main, loop=loop)
    # One runs, ten wait for at most ten seconds.
    assert len(served) == 11
    assert rejected == [(503, {"Retry-After": "11"})] * 4


@pytest.mark.parametrize("loop", LOOPS)
def test_cancelled_call_gives_its_place_back_and_never_runs(pool, gate, loop):
    ran = []

    async def main():
        async with anyio.create_task_group() as nursery:
            nursery.start_soon(password_pool.run, gate.wait, 10)
            await until(lambda: pool._threads)
            async with anyio.create_task_group() as waiting:
                for number in range(5):
                    waiting.start_soon(password_pool.run, ran.append, number)
                await until(lambda: len(pool._waiting) == 5)
                waiting.cancel_scope.cancel()
            assert not pool._waiting
            nursery.start_soon(password_pool.run, ran.append, "later")
            gate.set()

    asgi_client.run(main, loop=loop)
    assert ran == ["later"]


def test_result_of_a_call_that_is_cancelled_while_it_runs_is_dropped(pool, gate):
    async def main():
        task = asyncio.ensure_future(password_pool.run(gate.wait, 10))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.set()
        return await password_pool.run(lambda: "next")

    assert asyncio.run(main()) == "next"


def test_event_loops_in_several_threads_share_the_pool(pool):
    pool.call_seconds = 0.01
    results = []

    def run_loop(loop, name):
        async def main():
            return [await password_pool.run(lambda number=number: (name, number)) for number in range(20)]

        results.extend(asgi_client.run(main, loop=loop))

    threads = [threading.Thread(target=run_loop, args=(loop, f"{loop} {copy}")) for loop in LOOPS for copy in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    names = [f"{loop} {copy}" for loop in LOOPS for copy in range(2)]
    assert sorted(results) == sorted((name, number) for name in names for number in range(20))


def test_error_of_a_call_is_raised_where_it_is_awaited(pool):
    def fail():
        raise KeyError("a reason")

    for error, call in ((KeyError, fail), (RuntimeError, lambda: next(iter(())))):
        with pytest.raises(error):
            asyncio.run(password_pool.run(call))
    assert asyncio.run(password_pool.run(lambda: 1)) == 1


def test_thread_that_cannot_start_is_an_error_and_leaves_nothing_in_the_queue(pool, monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            asyncio.run(password_pool.run(lambda: 1))
    assert not pool._waiting and not pool._threads
    assert asyncio.run(password_pool.run(lambda: 1)) == 1


def test_threads_end_when_there_is_no_work(pool):
    assert asyncio.run(password_pool.run(threading.current_thread)).name == "fastware-passwords"
    pool.close()
    assert not any(thread.name == "fastware-passwords" and thread in pool._threads for thread in threading.enumerate())
    assert not pool._threads


def test_estimate_follows_the_calls(pool):
    for seconds, low, high in ((2.0, 1.8, 2.0), (0.001, 0.05, 0.06)):
        for _ in range(100):
            pool._note_duration(seconds)
        assert low <= pool.call_seconds <= high


SIZES = {
    "one processor": (1, None, 1),
    "two": (2, None, 1),
    "four": (4, None, 3),
    "64": (64, None, 4),
    "no quota": (64, "max 100000", 4),
    "half a processor": (64, "50000 100000", 1),
    "two and a half": (64, "250000 100000", 1),
    "three": (64, "300000 100000", 2),
    "more than there are": (2, "800000 100000", 1),
    "malformed": (64, "", 4),
    "no period": (64, "100000 0", 4),
}


@pytest.mark.parametrize(("processors", "quota", "size"), SIZES.values(), ids=SIZES)
def test_one_processor_is_left_for_the_event_loop(monkeypatch, tmp_path, processors, quota, size):
    file = tmp_path / "cpu.max"
    if quota is not None:
        file.write_text(quota + "\n")
    monkeypatch.setattr(password_pool, "_CPU_MAX", file)
    monkeypatch.setattr(password_pool, "_processors", lambda: processors)
    assert password_pool._new_pool().size == size
    assert 1 <= password_pool._pool.size <= 4


@pytest.mark.skipif(sys.platform != "linux", reason="threads have their own priority on Linux")
def test_threads_run_at_a_lower_priority_than_the_event_loop(pool):
    ours = os.nice(0)
    assert asyncio.run(password_pool.run(os.nice, 0)) == min(19, ours + 10)
    assert os.nice(0) == ours


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_child_has_a_pool_of_its_own(pool, gate):
    async def occupy():
        task = asyncio.ensure_future(password_pool.run(gate.wait, 10))
        await asyncio.sleep(0.02)
        with pool._lock:
            child = os.fork()
        if child == 0:
            os._exit(19 if threading.Thread(target=in_child, daemon=True).start() or not done.wait(10) else 0)
        status = await asyncio.to_thread(os.waitpid, child, 0)
        gate.set()
        await task
        return os.waitstatus_to_exitcode(status[1])

    done = threading.Event()

    def in_child():
        if len(asyncio.run(ahash_password("x", cost=4))) == 60:
            done.set()

    assert asyncio.run(occupy()) == 0


def test_program_ends_while_calls_run_and_wait():
    code = """
import asyncio, atexit, bcrypt, time
from fastware.auth import ahash_password, password_pool
ran = []
bcrypt.hashpw = lambda password, salt, hashpw=bcrypt.hashpw: ran.append(1) or hashpw(password, salt)
atexit.register(lambda: print(sum(ran) <= password_pool._pool.size))
loop = asyncio.new_event_loop()
tasks = [loop.create_task(ahash_password("x", cost=12)) for _ in range(9)]
loop.run_until_complete(asyncio.sleep(0.05))
loop.set_exception_handler(lambda loop, context: None)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
