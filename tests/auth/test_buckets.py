"""engine.TokenBuckets: the arithmetic of the contract, in exact fractions; threads, keys and memory."""

import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import engines
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import outcome

many = settings(max_examples=300, deadline=None)
SECOND = 10**9
LAST_MOMENT = 2**63 - 1


class Model:
    """One bucket as the contract words it, with its ticks as exact fractions of a nanosecond."""

    def __init__(self, capacity, period):
        self.ticks_of_a_token = max(1, ceil(Fraction(period, capacity * 1000)))
        self.tick = Fraction(period, capacity * self.ticks_of_a_token)
        self.depth = capacity * self.ticks_of_a_token
        self.full_at = 0

    def take(self, now):
        ticks = floor(now / self.tick)
        full_at = max(self.full_at, ticks) + self.ticks_of_a_token
        short = full_at - self.depth - ticks
        if short > 0:
            return ceil(short * self.tick)
        self.full_at = full_at
        return 0


CAPACITIES = st.one_of(st.integers(1, 12), st.sampled_from([60, 999, 1000, 1001, 10**6, 10**9 - 1, 10**9]))
PERIODS = st.one_of(
    st.sampled_from([SECOND, 60 * SECOND, 3600 * SECOND, 2**53]),
    st.integers(SECOND, 2 * SECOND),
    st.integers(SECOND, 2**53),
)


@st.composite
def rates_and_moments(draw):
    """A rate, and moments in order whose gaps are of the size of its ticks, its tokens and its period."""
    capacity, period = draw(CAPACITIES), draw(PERIODS)
    token = period // capacity
    gap = st.one_of(
        st.just(0),
        st.integers(0, 3),
        st.integers(max(0, token - 2), token + 2),
        st.integers(0, 2 * token),
        st.integers(0, 2 * period),
    )
    moments = [draw(st.one_of(st.just(0), st.integers(0, 2 * period), st.integers(0, 2**62)))]
    for step in draw(st.lists(gap, max_size=40)):
        moments.append(min(moments[-1] + step, LAST_MOMENT))
    return capacity, period, moments


@many
@given(rates_and_moments())
@example((7, SECOND, [0] * 8 + [142_857_142, 142_857_143]))
@example((3, SECOND, [999] * 4 + [333_333_333, 333_333_334]))
@pytest.mark.rule("rate.bucket")
def test_every_take_is_the_one_of_the_exact_model(both, case):
    capacity, period, moments = case
    rust, python = (engine.TokenBuckets(capacity, period) for engine in both)
    model = Model(capacity, period)
    for now in moments:
        expected = model.take(now)
        assert (rust.take("key", now), python.take("key", now)) == (expected, expected)


@many
@given(rates_and_moments())
def test_no_window_admits_more_than_capacity_and_refill(both, case):
    """The clock is read in ticks of a microsecond at most, so that much may be early."""
    capacity, period, moments = case
    for engine in both:
        buckets = engine.TokenBuckets(capacity, period)
        admitted = [now for now in moments if buckets.take("key", now) == 0]
        for first, start in enumerate(admitted):
            for last, end in enumerate(admitted[first:], first):
                assert last - first + 1 <= capacity + Fraction((end - start + 1000) * capacity, period)


@many
@given(rates_and_moments())
@pytest.mark.rule("rate.wait")
def test_whoever_waits_as_long_as_told_is_admitted(both, case):
    capacity, period, moments = case
    for engine in both:
        buckets = engine.TokenBuckets(capacity, period)
        for now in moments:
            wait = buckets.take("key", now)
            assert 0 <= wait <= period
            if wait and now + wait <= LAST_MOMENT:
                assert buckets.take("key", now + wait) == 0
                break


MOMENTS = st.one_of(st.integers(0, 5 * SECOND), st.integers(0, LAST_MOMENT), st.integers(LAST_MOMENT - 10, LAST_MOMENT))
CALLS = st.lists(st.tuples(st.sampled_from(["a", "b", "", "\ud800", "k" * 300]), MOMENTS), max_size=40)


@many
@given(capacity=CAPACITIES, period=PERIODS, calls=CALLS)
@example(capacity=1, period=2**53, calls=[("a", LAST_MOMENT), ("a", LAST_MOMENT), ("a", 0)])
@example(capacity=10**9, period=SECOND, calls=[("a", LAST_MOMENT), ("a", 0), ("b", 0)])
@example(
    capacity=1, period=SECOND, calls=[("a", 0), *[("b", SECOND + n * SECOND // 200) for n in range(300)], ("a", 0)]
)
@pytest.mark.rule("rate.clock")
def test_the_engines_agree_call_by_call_whatever_the_clock_does(both, capacity, period, calls):
    rust, python = (engine.TokenBuckets(capacity, period) for engine in both)
    for key, now in calls:
        assert outcome(rust.take, key, now) == outcome(python.take, key, now)


class Models:
    """The buckets of all keys, none of which ever goes away."""

    def __init__(self, capacity, period):
        self.make = lambda: Model(capacity, period)
        self.buckets = {}
        self.tick = self.make().tick
        self.step = ceil(Fraction(self.make().depth, 4096))
        self.looked_at = 0

    def take(self, key, now):
        ticks = floor(now / self.tick)
        if ticks >= self.looked_at + self.step:
            self.looked_at = ticks
        return self.buckets.setdefault(key, self.make()).take(max(now, ceil(self.looked_at * self.tick)))


def test_answers_stay_exact_while_buckets_come_by_the_thousand_and_go(engine):
    """Bursts of many keys, quiet stretches of few, a clock that stands, runs, leaps, and at times goes back."""
    chance = random.Random(5)
    capacity, period = 3, 60 * SECOND
    buckets, models = engine.TokenBuckets(capacity, period), Models(capacity, period)
    now, sizes = 0, []
    for keys, calls, pace in [(8000, 16_000, period // 16_000), (20, 3000, period // 1000)] * 3:
        for _ in range(calls):
            now += chance.choice([0, 0, pace, 3 * pace])
            key = f"key {chance.randrange(keys)}"
            moment = max(0, now - chance.choice([0] * 9 + [chance.randrange(2 * period)]))
            assert buckets.take(key, moment) == models.take(key, moment)
        sizes.append(len(buckets))
    assert min(sizes[::2]) > 2000
    assert max(sizes[1::2]) <= 20


@many
@given(st.integers(1, 12), PERIODS, st.integers(0, LAST_MOMENT))
@example(1, 2**53, LAST_MOMENT)
@example(12, 2**53 - 1, LAST_MOMENT)
def test_the_clock_is_read_in_whole_ticks_wherever_one_begins(both, capacity, period, moment):
    """A bucket emptied just before or at a tick's first nanosecond, and asked again around the refill of a token."""
    model = Model(capacity, period)
    start = ceil(floor(moment / model.tick) * model.tick)
    refill = start + ceil(model.ticks_of_a_token * model.tick)
    for first in (start - 1, start, start + 1):
        for second in (refill - 2, refill - 1, refill, refill + 1):
            moments = [first] * (capacity + 1) + [second]
            if 0 <= first and second <= LAST_MOMENT:
                model = Model(capacity, period)
                expected = [model.take(now) for now in moments]
                for engine in both:
                    buckets = engine.TokenBuckets(capacity, period)
                    assert [buckets.take("key", now) for now in moments] == expected


# The arithmetic in plain cases

CASES = {
    "one-a-second": (1, SECOND, [(0, 0), (0, SECOND), (1000, SECOND - 1000), (SECOND, 0), (SECOND, SECOND)]),
    "burst-then-refill": (2, SECOND, [(0, 0), (0, 0), (0, SECOND // 2), (SECOND // 2, 0), (SECOND // 2, SECOND // 2)]),
    "wait-is-rounded-up": (3, SECOND, [(0, 0), (0, 0), (0, 0), (0, 333_333_334)]),
    "never-more-than-capacity": (
        2,
        SECOND,
        [(0, 0), (100 * SECOND, 0), (100 * SECOND, 0), (100 * SECOND, SECOND // 2)],
    ),
    "a-refusal-takes-nothing": (1, SECOND, [(0, 0), *[(SECOND // 2, SECOND // 2)] * 5, (SECOND, 0)]),
    "five-a-minute": (5, 60 * SECOND, [*[(0, 0)] * 5, (0, 12 * SECOND), (12 * SECOND, 0), (12 * SECOND, 12 * SECOND)]),
}


@pytest.mark.parametrize(("capacity", "period", "takes"), CASES.values(), ids=CASES.keys())
def test_a_bucket_by_hand(engine, capacity, period, takes):
    buckets = engine.TokenBuckets(capacity, period)
    assert [buckets.take("key", now) for now, _ in takes] == [wait for _, wait in takes]


def test_a_thousand_days_do_not_drift(engine):
    """7 a second is no whole number of nanoseconds; after a thousand days the bucket is still on the beat."""
    buckets = engine.TokenBuckets(7, SECOND)
    day = 86_400 * SECOND
    for start in range(0, 1000 * day, 100 * day):
        assert [buckets.take("key", start) for _ in range(8)] == [0] * 7 + [142_857_143]
        assert buckets.take("key", start + 142_857_142) > 0
        assert buckets.take("key", start + 142_857_143) == 0


def test_keys_do_not_share_a_bucket(engine):
    buckets = engine.TokenBuckets(1, SECOND)
    keys = ["", "a", "A", "a\0", "á", "a\u0301", "\ud800", "\udc00", "愛", "x" * 100_000, "x" * 99_999 + "y"]
    assert [buckets.take(key, 0) for key in keys] == [0] * len(keys)
    assert [buckets.take(key, 0) for key in keys] == [SECOND] * len(keys)


@pytest.mark.parametrize("length", [*range(250, 262), 4_000_000])
@pytest.mark.parametrize("character", ["x", "é", "愛", "😀", "\ud800"], ids=ascii)
@pytest.mark.rule("rate.keys")
def test_a_long_key_is_told_from_its_neighbours(engine, length, character):
    buckets = engine.TokenBuckets(1, SECOND)
    key = character * length
    assert buckets.take(key, 0) == 0
    assert buckets.take(key[:-1], 0) == 0
    assert buckets.take(key[:-1] + "z", 0) == 0
    assert buckets.take(key, 0) == SECOND
    assert len(buckets) == 3


# Memory


def test_a_bucket_is_kept_from_its_first_take(engine):
    buckets = engine.TokenBuckets(2, SECOND)
    assert len(buckets) == 0
    buckets.take("a", 0)
    buckets.take("a", 0)
    buckets.take("b", 0)
    assert len(buckets) == 2


def test_full_buckets_go_away_a_few_at_a_time_as_calls_come_in(engine):
    buckets = engine.TokenBuckets(1, SECOND)
    for number in range(5000):
        buckets.take(f"idle {number}", 0)
    sizes = [len(buckets)]
    for number in range(20_000):
        buckets.take("busy", (number + 2) * SECOND)
        sizes.append(len(buckets))
    assert sizes[0] == 5000
    assert sizes[-1] == 1
    assert max(before - after for before, after in pairwise(sizes)) <= 64


@pytest.mark.rule("rate.memory")
def test_a_flood_of_new_keys_keeps_only_those_that_are_not_full(engine):
    """Each bucket is full again after a second; at 1000 keys a second some thousands are kept, not all."""
    buckets = engine.TokenBuckets(1, SECOND)
    largest = 0
    for number in range(30_000):
        buckets.take(f"key {number}", number * 1_000_000)
        largest = max(largest, len(buckets))
    assert 1000 <= largest <= 10_000


@pytest.mark.rule("rate.memory")
def test_a_bucket_that_is_not_full_does_not_go_away(engine):
    buckets = engine.TokenBuckets(2, 3600 * SECOND)
    assert [buckets.take("kept", 0) for _ in range(3)][:2] == [0, 0]
    for number in range(5000):
        buckets.take(f"other {number}", number * 1000)
    assert buckets.take("kept", SECOND) > 0


def test_full_buckets_go_within_two_periods_where_256_calls_come_in_each(engine):
    buckets = engine.TokenBuckets(1, 60 * SECOND)
    for number in range(20_000):
        buckets.take(f"idle {number}", 0)
    for call in range(1, 2 * 256 + 1):
        buckets.take("busy", call * 60 * SECOND // 256)
    assert len(buckets) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")
@pytest.mark.skipif("rust" not in engines.BUILT, reason="what Python frees, its allocator may keep")
def test_the_memory_of_buckets_that_went_is_back_with_the_system():
    script = """
        import gc, os
        from fastware._engine import engine
        assert engine.NAME == "rust"

        def resident():
            with open("/proc/self/statm") as statm:
                return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

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
    command = [sys.executable, "-c", textwrap.dedent(script)]
    output = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "FASTWARE_ENGINE": "rust"}
    )
    full, empty = map(int, output.stdout.split())
    assert full <= 64
    assert empty <= 8


# Threads


@pytest.mark.parametrize(("capacity", "period"), [(50, SECOND), (1000, SECOND), (5, 3600 * SECOND)])
def test_threads_on_one_key_are_never_admitted_too_often(engine, capacity, period):
    buckets = engine.TokenBuckets(capacity, period)
    admitted, errors = [0] * 4, []
    ready = threading.Barrier(4)
    start = time.monotonic_ns()

    def hammer(number):
        try:
            ready.wait()
            while time.monotonic_ns() - start < SECOND // 5:
                admitted[number] += buckets.take("key", time.monotonic_ns()) == 0
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=hammer, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic_ns() - start
    assert errors == []
    assert capacity <= sum(admitted) <= capacity + Fraction((elapsed + 1000) * capacity, period)


def test_threads_on_many_keys_are_admitted_once_a_key(engine):
    buckets = engine.TokenBuckets(1, 2**53)
    admitted = [[] for _ in range(4)]

    def hammer(number):
        admitted[number] = [key for key in range(5000) if buckets.take(str(key), 0) == 0]

    threads = [threading.Thread(target=hammer, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key for keys in admitted for key in keys) == list(range(5000))
    assert len(buckets) == 5000


# Arguments

BAD_RATES = [(0, SECOND), (-1, SECOND), (10**9 + 1, SECOND), (2**64, SECOND), (10**40, SECOND), (-(10**40), SECOND)]
BAD_RATES += [(1, 0), (1, -1), (1, SECOND - 1), (1, 2**53 + 1), (1, 2**64), (1, 10**40)]
BAD_RATES += [
    (None, SECOND),
    ("5", SECOND),
    (1.0, SECOND),
    (1, None),
    (1, "5"),
    (1, 1e9),
    (1, float("nan")),
    (b"5", SECOND),
]


@pytest.mark.parametrize(("capacity", "period"), BAD_RATES)
def test_a_rate_out_of_range_is_a_value_error_in_both_engines(both, capacity, period):
    rust, python = (outcome(engine.TokenBuckets, capacity, period) for engine in both)
    assert rust == python
    assert rust[:2] == ("raised", ValueError)


@pytest.mark.parametrize(("capacity", "period"), [(1, SECOND), (10**9, SECOND), (1, 2**53), (10**9, 2**53)])
def test_the_limits_of_a_rate_are_accepted(engine, capacity, period):
    assert engine.TokenBuckets(capacity, period).take("key", 0) == 0


BAD_TAKES = {
    "key-none": (None, 0, TypeError),
    "key-bytes": (b"key", 0, TypeError),
    "key-int": (5, 0, TypeError),
    "key-tuple": (("key",), 0, TypeError),
    "now-negative": ("key", -1, OverflowError),
    "now-too-late": ("key", 2**63, OverflowError),
    "now-far-too-late": ("key", 10**40, OverflowError),
    "now-far-too-early": ("key", -(10**40), OverflowError),
    "now-float": ("key", 1.0, TypeError),
    "now-str": ("key", "0", TypeError),
}


@pytest.mark.parametrize(("key", "now", "error"), BAD_TAKES.values(), ids=BAD_TAKES.keys())
def test_a_bad_take_is_the_same_error_in_both_engines_and_keeps_nothing(both, key, now, error):
    rust, python = (engine.TokenBuckets(1, SECOND) for engine in both)
    refused = outcome(rust.take, key, now)
    assert refused == outcome(python.take, key, now)
    assert refused[:2] == ("raised", error)
    assert (len(rust), len(python)) == (0, 0)


class Key(str):
    """A key that lies about itself."""

    __slots__ = ("burden",)

    def __hash__(self):
        return id(self)

    def __eq__(self, other):
        return False

    def __len__(self):
        raise RuntimeError("asked")


def test_a_key_is_read_as_what_it_is(engine):
    buckets = engine.TokenBuckets(1, SECOND)
    assert buckets.take(Key("a"), 0) == 0
    assert buckets.take(Key("a"), 0) == buckets.take("a", 0) == SECOND
    assert len(buckets) == 1
