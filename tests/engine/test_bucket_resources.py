"""``TokenBuckets``: memory, threads and forks."""

import itertools
import os
import sys
import threading
import time
from fractions import Fraction
from types import SimpleNamespace
from unittest import mock

import engines
import interpreters
import pytest
from checks.threads import has_gil, run_interleaved
from tests.reference.buckets import Buckets, Rate

SECOND = 10**9
HOUR = 3600 * SECOND


def request_of(host):
    return SimpleNamespace(scope={"client": (host, 50000)})


# Memory


@pytest.mark.rule("rate.memory")
def test_full_buckets_are_removed_a_few_at_a_time(engine):
    buckets = engine.TokenBuckets(1, SECOND)
    for number in range(5000):
        buckets.take(f"idle {number}", 0)
    sizes = [len(buckets)]
    for number in range(20_000):
        buckets.take("busy", (number + 2) * SECOND)
        sizes.append(len(buckets))
    assert (sizes[0], sizes[-1]) == (5000, 1)
    assert max(before - after for before, after in itertools.pairwise(sizes)) <= 64


def test_full_buckets_are_removed_within_two_periods_of_256_calls(engine):
    buckets = engine.TokenBuckets(1, 60 * SECOND)
    for number in range(20_000):
        buckets.take(f"idle {number}", 0)
    for call in range(1, 2 * 256 + 1):
        buckets.take("busy", call * 60 * SECOND // 256)
    assert len(buckets) == 1


@pytest.mark.rule("rate.memory")
def test_flood_of_new_keys_keeps_only_buckets_that_are_not_full(engine):
    """A bucket is full again after a second; 1,000 keys arrive per second."""
    buckets = engine.TokenBuckets(1, SECOND)
    largest = 0
    for number in range(30_000):
        buckets.take(f"key {number}", number * 1_000_000)
        largest = max(largest, len(buckets))
    assert 1000 <= largest <= 10_000


LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")


def test_flood_of_keys_whose_tokens_are_given_back_keeps_few_buckets(engine):
    buckets = engine.TokenBuckets(10, HOUR)
    for number in range(10_000):
        moment = HOUR + number * 1_000_000
        buckets.take(f"key {number}", moment)
        buckets.give_back(f"key {number}", moment)
    assert len(buckets) <= 2_000


@LINUX
@pytest.mark.skipif("rust" not in engines.BUILT, reason="Python's allocator keeps freed memory")
def test_memory_of_removed_buckets_is_returned_to_the_system():
    code = """
import engines, gc, os
from pathlib import Path

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

engine = engines.engine("rust")
gc.disable()
count, period = 300_000, 60 * 10**9
buckets = engine.TokenBuckets(1, period)
before = resident()
for number in range(count):
    buckets.take(str(number), 0)
print((resident() - before) // count)
for call in range(1, 5001):
    buckets.take("busy", call * 2 * period // 5000)
print((resident() - before) // count)
"""
    full, empty = map(int, interpreters.run(code).split())
    assert full <= 64
    assert empty <= 8


LIMITED = """
import engines, resource, sys
from pathlib import Path

engine = engines.engine(sys.argv[1])
keys = [f"client {number}" for number in range(150_000)]
unlimited = resource.getrlimit(resource.RLIMIT_AS)

def limit():
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 400_000, unlimited[1]))

def lift():
    resource.setrlimit(resource.RLIMIT_AS, unlimited)
"""
MANY_KEYS = """
buckets = engine.TokenBuckets(1, 2**53)
for key in keys[:1000]:
    assert buckets.take(key, 0) == 0
limit()
taken = 1000
try:
    while taken < len(keys):
        assert buckets.take(keys[taken], 0) == 0
        taken += 1
except MemoryError:
    lift()
    print("MemoryError")
assert 1000 < taken <= len(buckets) <= taken + 1
assert all(buckets.take(key, 0) > 0 for key in keys[:taken])
assert all(buckets.take(key, 0) == 0 for key in keys[taken + 1:])
assert all(buckets.take(key, 2**53) == 0 for key in keys)
"""
MANY_LIMITS = """
all_buckets = [engine.TokenBuckets(1, 2**53) for _ in range(2_000)]
few = keys[:100]
limit()
taken = 0
try:
    for buckets in all_buckets:
        assert buckets.take("client", 0) == 0
        taken += 1
        for key in few:
            assert buckets.take(key, 0) == 0
except MemoryError:
    lift()
    print("MemoryError")
assert 0 < taken < len(all_buckets)
assert all(buckets.take("client", 0) > 0 for buckets in all_buckets[:taken - 1])
assert all(buckets.take("client", 0) == 0 for buckets in all_buckets[taken + 1:])
assert all(buckets.take(key, 2**53) == 0 for buckets in all_buckets[::50] for key in few)
"""


@LINUX
@pytest.mark.parametrize("code", [MANY_KEYS, MANY_LIMITS], ids=["many-keys", "many-limits"])
def test_kept_buckets_survive_a_memory_error(engine_name, code):
    if engine_name == "python" and not has_gil():
        pytest.skip("without a GIL, Python has reserved a gigabyte before the limit")
    assert interpreters.run(LIMITED + code, engine_name) == "MemoryError"


# Threads

THREADS = 6


def in_threads(call):
    """Return the results of *call* in each thread. The threads start at the same moment and get their number."""
    results, errors = [None] * THREADS, []
    gate = threading.Barrier(THREADS)

    def run(number):
        try:
            gate.wait(timeout=30)
            results[number] = call(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(THREADS)]
    run_interleaved(threads)
    assert errors == []
    return results


def stops_of_the_clock(period):
    """Return moments that are a part of a period or more apart; the clock goes back once."""
    parts = [Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(7, 5), Fraction(6, 5), Fraction(9, 2)]
    return [5 * SECOND + int(part * period) for part in parts]


@pytest.mark.rule("rate.bucket")
@pytest.mark.parametrize(("capacity", "period"), [(1, HOUR), (7, SECOND), (100, 60 * SECOND), (1000, SECOND)])
def test_threads_take_every_token_exactly_once(engine, capacity, period):
    hosts = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    buckets, reference = engine.TokenBuckets(capacity, period), Buckets(capacity, period)
    calls = max(300, 2 * capacity // THREADS)
    for now in stops_of_the_clock(period):

        def take(number, now=now):
            if number % 2:
                return [[buckets.take(host, now) for _ in range(calls)].count(0) for host in hosts]
            return [[buckets.take_by_client(request_of(host)) for _ in range(calls)].count(0) for host in hosts]

        with mock.patch("time.monotonic_ns", return_value=now):
            taken = [sum(of_a_host) for of_a_host in zip(*in_threads(take), strict=True)]
        assert taken == [reference.take_until_rejected(host, now) for host in hosts]


def test_tokens_that_threads_give_back_are_not_lost(engine):
    """The threads never hold more tokens of a bucket than there are threads, so each of them finds one."""
    buckets = engine.TokenBuckets(THREADS, HOUR)

    def take_and_give_back(number):
        for turn in range(1_000):
            key = f"key {turn % 3}"
            assert buckets.take(key, SECOND) == 0
            buckets.give_back(key, SECOND)

    in_threads(take_and_give_back)
    assert len(buckets) == 0


@pytest.mark.parametrize("capacity", [1, 60, 60_000])
def test_threads_with_a_moving_clock_take_no_more_than_the_limit(engine, capacity):
    """Calls overtake one another, so an earlier moment may come after a later one."""
    period = 60 * SECOND  # longer than the span of all moments: no call seems to set the clock back
    buckets = engine.TokenBuckets(capacity, period)
    calls, step = 2000, 997_001
    clock = itertools.count(3 * SECOND, step)
    taken = sum(in_threads(lambda number: sum(buckets.take("key", next(clock)) == 0 for _ in range(calls))))
    limit = capacity + Fraction((THREADS * calls - 1) * step * capacity, period)
    assert taken <= limit + Rate(capacity, period).tick * capacity / period
    assert taken >= min(THREADS * calls, limit) / 2, "in order, nearly all would be taken"


def test_threads_with_the_real_clock_take_no_more_than_the_limit(engine):
    capacity = 50
    buckets = engine.TokenBuckets(capacity, SECOND)
    start = time.monotonic_ns()

    def take(number):
        taken = 0
        while time.monotonic_ns() - start < SECOND // 5:
            taken += buckets.take_by_client(request_of("192.0.2.1")) == 0
        return taken

    taken = sum(in_threads(take))
    elapsed = time.monotonic_ns() - start
    assert capacity <= taken <= capacity + (elapsed + 1_000) * capacity / SECOND


def test_threads_may_reset_while_others_take(engine):
    buckets = engine.TokenBuckets(1, 2**53)
    keys = [str(number) for number in range(200)]

    def work(number):
        for key in keys * 5:
            buckets.reset() if number == 0 else buckets.reset(key) if number == 1 else buckets.take(key, 0)

    in_threads(work)
    assert len(buckets) <= len(keys)
    buckets.reset()
    assert [buckets.take(key, 0) for key in keys] == [0] * len(keys)


# Forks

FORKED = """
import engines, os, signal, sys, threading, warnings

warnings.simplefilter("ignore")  # Python 3.12 and later warn of a fork while threads run, which is what is tested
buckets = engines.engine(sys.argv[1]).TokenBuckets(1, 2**53)
buckets.take("taken", 0)
sys.setswitchinterval(1e-6)
is_done = False

def work():
    while not is_done:
        buckets.take("busy", 0)

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
statuses = set()
for number in range(40):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        is_right = buckets.take("taken", 0) > 0 and buckets.take("of the child", 0) == 0
        os._exit(0 if is_right else 1)
    statuses.add(os.waitpid(child, 0)[1])
is_done = True
for thread in threads:
    thread.join()
print(statuses, buckets.take("of the child", 0))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_continues_with_its_own_copy_of_the_buckets(engine_name):
    assert interpreters.run(FORKED, engine_name) == "{0} 0"
