"""Token buckets taken from by many threads: as many are admitted as by the model. The clock is stopped, or moves."""

import asyncio
import itertools
import sys
import threading
import time
from fractions import Fraction
from types import SimpleNamespace
from unittest import mock

import pytest
from token_bucket import BucketsModel

SECOND = 10**9
THREADS = 6
CALLS = 300
PERIODS = {"second": SECOND, "minute": 60 * SECOND, "hour": 3600 * SECOND}
RATES = [(1, "hour"), (7, "second"), (100, "minute"), (1000, "second")]


def together(call):
    """What *call* returns in each of the threads, which begin at once and are given their number."""
    returned, errors = [None] * THREADS, []
    gate = threading.Barrier(THREADS)

    def run(number):
        try:
            gate.wait(timeout=30)
            returned[number] = call(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(THREADS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as many switches within a take as can be had
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert errors == []
    return returned


def it_is(now):
    return mock.patch("time.monotonic_ns", return_value=now)


def moments(period):
    """Moments to stop the clock at, part of a bucket or more than one apart; once it goes back."""
    start = 5 * SECOND
    parts = [Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(7, 5), Fraction(6, 5), Fraction(9, 2)]
    return [start + int(part * period) for part in parts]


def request_from(host):
    return SimpleNamespace(scope={"type": "http", "client": (host, 50000)})


def is_admitted(limited, request, kind):
    """Whether a limited handler runs; what it raises otherwise is its 429."""
    try:
        return (asyncio.run(limited(request)) if kind == "async" else limited(request)) == "answered"
    except Exception as error:
        if getattr(error, "status_code", None) != 429:
            raise
        return False


def limited_handler(auth, rate, kind):
    if kind == "async":

        @auth.rate_limit(rate)
        async def answer(request):
            return "answered"

    else:

        @auth.rate_limit(rate)
        def answer(request):
            return "answered"

    return answer


@pytest.mark.parametrize(("capacity", "unit"), RATES)
@pytest.mark.parametrize("keys", [1, 5])
def test_threads_are_admitted_as_often_as_the_model_by_a_stopped_clock(engine, capacity, unit, keys):
    period = PERIODS[unit]
    buckets, model = engine.TokenBuckets(capacity, period), BucketsModel(capacity, period)
    calls = max(CALLS, 2 * capacity * keys // THREADS)
    for now in moments(period):

        def hammer(number, now=now):
            admitted = [0] * keys
            for call in range(calls):
                key = (call + number) % keys
                admitted[key] += buckets.take(f"key {key}", now) == 0
            return admitted

        admitted = [sum(of_a_key) for of_a_key in zip(*together(hammer), strict=True)]
        assert admitted == [model.taken_until_refused(f"key {key}", now) for key in range(keys)]


@pytest.mark.parametrize(("capacity", "unit"), RATES[:3])
def test_threads_are_admitted_by_client_as_often_as_the_model(engine, capacity, unit):
    period = PERIODS[unit]
    buckets, model = engine.TokenBuckets(capacity, period), BucketsModel(capacity, period)
    hosts = [f"192.0.2.{number}" for number in range(3)]
    for now in moments(period):
        with it_is(now):
            taken = together(
                lambda number: [[buckets.take_by_client(request_from(host)) for _ in range(CALLS)] for host in hosts]
            )
        for number, host in enumerate(hosts):
            admitted = sum(each[number].count(0) for each in taken)
            assert admitted == model.taken_until_refused(host, now)


@pytest.mark.rule("rate.bucket")
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_threads_that_call_a_handler_are_admitted_as_often_as_the_model(auth, kind):
    capacity, unit = 20, "minute"
    model = BucketsModel(capacity, PERIODS[unit])
    limited = limited_handler(auth, f"{capacity}/{unit}", kind)
    calls = CALLS if kind == "sync" else CALLS // 10
    for now in moments(PERIODS[unit]):
        with it_is(now):
            admitted = together(
                lambda number: sum(is_admitted(limited, request_from("192.0.2.1"), kind) for _ in range(calls))
            )
        assert sum(admitted) == model.taken_until_refused("192.0.2.1", now)


@pytest.mark.parametrize("capacity", [1, 7, 1000])
def test_threads_by_a_clock_that_moves_are_never_admitted_more_than_the_limit(engine, capacity):
    """Each call moves the clock, and calls overtake one another: an earlier moment may come in after a later one."""
    buckets = engine.TokenBuckets(capacity, SECOND)
    calls, step = 2000, 997_001
    clock = itertools.count(3 * SECOND, step)
    admitted = sum(together(lambda number: sum(buckets.take("key", next(clock)) == 0 for _ in range(calls))))
    elapsed = (THREADS * calls - 1) * step
    limit = capacity + Fraction(elapsed * capacity, SECOND)
    tick = BucketsModel(capacity, SECOND).rate.tick
    assert admitted <= limit + tick * capacity / SECOND
    # Nor does a call that is overtaken lose what has come in: in order, nearly all of it would be taken.
    assert admitted >= min(THREADS * calls, limit) / 2


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_threads_that_call_a_handler_by_the_real_clock_are_never_admitted_more_than_the_limit(auth, kind):
    capacity = 50
    limited = limited_handler(auth, f"{capacity}/second", kind)
    start = time.monotonic_ns()

    def hammer(number):
        admitted = 0
        while time.monotonic_ns() - start < SECOND // 5:
            admitted += is_admitted(limited, request_from("192.0.2.1"), kind)
        return admitted

    admitted = sum(together(hammer))
    elapsed = time.monotonic_ns() - start
    tick = BucketsModel(capacity, SECOND).rate.tick
    assert capacity <= admitted <= capacity + (elapsed + tick) * capacity / SECOND
