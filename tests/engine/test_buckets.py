"""``TokenBuckets``: the waits, reset, the clock, rates and keys.

Sequences of arbitrary calls are in ``tests/models/test_bucket_model.py``.
"""

import functools
import itertools
import random
import time
from math import ceil, floor
from types import SimpleNamespace
from unittest import mock

import interpreters
import pytest
from hostile_objects import HostileText, SaysItIsText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import outcome
from shared_memory import SharedBuckets
from tests.reference.buckets import Buckets, Rate

SECOND = 10**9
HOUR = 3600 * SECOND
LAST_MOMENT = 2**63 - 1
many = settings(max_examples=300, deadline=None)


def clock_at(now):
    return mock.patch("time.monotonic_ns", return_value=now)


def takes(buckets, key, now, count):
    return [buckets.take(key, now) for _ in range(count)]


ANYONE = SimpleNamespace(scope={})


@pytest.fixture(params=["own", "shared"])
def new_buckets(request, engine):
    """Return what makes buckets: those of the process, and in memory that processes share."""
    return engine.TokenBuckets if request.param == "own" else functools.partial(SharedBuckets, engine)


# The wait that is returned

BY_HAND = {
    "one-a-second": (1, SECOND, [(0, 0), (0, SECOND), (1000, SECOND - 1000), (SECOND, 0), (SECOND, SECOND)]),
    "burst-then-refill": (2, SECOND, [(0, 0), (0, 0), (0, SECOND // 2), (SECOND // 2, 0), (SECOND // 2, SECOND // 2)]),
    "wait-is-rounded-up": (3, SECOND, [(0, 0), (0, 0), (0, 0), (0, 333_333_334)]),
    "never-over-capacity": (2, SECOND, [(0, 0), (99 * SECOND, 0), (99 * SECOND, 0), (99 * SECOND, SECOND // 2)]),
    "a-rejected-call-takes-nothing": (1, SECOND, [(0, 0), *[(SECOND // 2, SECOND // 2)] * 5, (SECOND, 0)]),
    "longest-period": (1, 2**53, [(LAST_MOMENT, 0), (LAST_MOMENT, 2**53)]),
    "largest-capacity": (10**9, SECOND, [(LAST_MOMENT, 0), (LAST_MOMENT, 0)]),
    "five-a-minute": (5, 60 * SECOND, [*[(0, 0)] * 5, (0, 12 * SECOND), (12 * SECOND, 0), (12 * SECOND, 12 * SECOND)]),
}


@pytest.mark.rule("rate.bucket")
@pytest.mark.rule("rate.wait")
@pytest.mark.parametrize(("capacity", "period", "expected"), BY_HAND.values(), ids=BY_HAND)
def test_wait_is_the_time_until_the_next_token(new_buckets, capacity, period, expected):
    buckets = new_buckets(capacity, period)
    assert [(now, buckets.take("key", now)) for now, _ in expected] == expected


PERIODS = st.one_of(st.sampled_from([SECOND, 60 * SECOND, HOUR, 2**53]), st.integers(SECOND, 2**53))


@many
@given(st.integers(1, 12), PERIODS, st.integers(0, LAST_MOMENT))
@example(1, 2**53, LAST_MOMENT)
@example(12, 2**53 - 1, LAST_MOMENT)
def test_clock_is_read_in_whole_ticks(engine, capacity, period, moment):
    """Take from an empty bucket around the first nanosecond of a tick, and around the moment of its next token."""
    rate = Rate(capacity, period)
    start = ceil(floor(moment / rate.tick) * rate.tick)
    refill = start + ceil(rate.ticks_per_token * rate.tick)
    for first, second in itertools.product((start - 1, start, start + 1), (refill - 2, refill - 1, refill, refill + 1)):
        moments = [first] * (capacity + 1) + [second]
        if first >= 0 and second <= LAST_MOMENT:
            buckets, reference = engine.TokenBuckets(capacity, period), Buckets(capacity, period)
            assert [buckets.take("key", now) for now in moments] == [reference.take("key", now) for now in moments]


def test_waits_do_not_drift_in_a_thousand_days(new_buckets):
    """A token returns every 142,857,142.86 nanoseconds: no fraction is lost."""
    buckets = new_buckets(7, SECOND)
    day = 86_400 * SECOND
    for start in range(0, 1000 * day, 100 * day):
        assert takes(buckets, "key", start, 8) == [0] * 7 + [142_857_143]
        assert buckets.take("key", start + 142_857_142) > 0
        assert buckets.take("key", start + 142_857_143) == 0


def test_results_stay_exact_while_thousands_of_buckets_come_and_go(engine):
    chance = random.Random(5)
    capacity, period = 3, 60 * SECOND
    buckets, reference = engine.TokenBuckets(capacity, period), Buckets(capacity, period)
    now, sizes = 0, []
    for keys, calls, pace in [(8000, 16_000, period // 16_000), (20, 3000, period // 1000)] * 3:
        for _ in range(calls):
            now += chance.choice([0, 0, pace, 3 * pace])
            key = f"key {chance.randrange(keys)}"
            moment = max(0, now - chance.choice([0] * 9 + [chance.randrange(period)]))
            assert buckets.take(key, moment) == reference.take(key, moment)
        sizes.append(len(buckets))
    assert min(sizes[::2]) > 2000
    assert max(sizes[1::2]) <= 20


# Costs


@pytest.mark.rule("rate.bucket")
def test_call_may_take_several_tokens_or_none(new_buckets):
    """Of 5 tokens a minute, one returns every 12 seconds."""
    buckets, second = new_buckets(5, 60 * SECOND), SECOND
    assert [buckets.take("a", 0, cost) for cost in (3, 3, 2, 1)] == [0, 12 * second, 0, 12 * second]
    buckets.give_back("a", 0, 4)
    assert [buckets.take("a", 0, cost) for cost in (5, 4, 1)] == [12 * second, 0, 12 * second]
    assert [buckets.take("b", 0, cost=cost) for cost in (5, 1, 5)] == [0, 12 * second, 60 * second]
    assert buckets.take("b", 36 * second, 4) == 12 * second
    request = SimpleNamespace(scope={"client": ("192.0.2.1", 1)})
    with clock_at(60 * second):
        assert [buckets.take_by_client(request, cost) for cost in (4, 2, 1)] == [0, 12 * second, 0]
        assert buckets.take_by_client(request, cost=5) == 60 * second


@pytest.mark.rule("rate.bucket")
def test_call_counts_what_remains(new_buckets):
    buckets, second = new_buckets(5, 60 * SECOND), SECOND
    assert buckets.take_counted("a", 0) == (0, 4, 12 * second)
    assert buckets.take_counted("a", 0, 3) == (0, 1, 48 * second)
    assert buckets.take_counted("a", 0, 2) == (12 * second, 1, 48 * second)
    assert buckets.take_counted("a", 6 * second, cost=2) == (6 * second, 1, 42 * second)
    assert buckets.take_counted("a", 12 * second, 2) == (0, 0, 60 * second)
    thirds = new_buckets(3, SECOND)
    assert thirds.take_counted("a", 0) == (0, 2, 333_333_334)
    with clock_at(0):
        assert thirds.take_counted("a") == (0, 1, 666_666_667)


@pytest.mark.parametrize("cost", [0, -1, 4, 2**63, 2**64, 10**40, -(10**40)], ids=lambda cost: f"{cost:.0e}")
def test_cost_out_of_range_is_a_value_error(new_buckets, cost):
    buckets = new_buckets(3, SECOND)
    expected = ("raised", ValueError, "cost must be 1 to 3 tokens, the capacity")
    for call in (buckets.take, buckets.take_counted, buckets.give_back):
        assert outcome(call, "a", None, cost) == outcome(call, "a", -1, cost=cost) == expected
    assert outcome(buckets.take_by_client, ANYONE, cost) == expected


@pytest.mark.parametrize("cost", [None, 1.0, "1", b"1", (1,)], ids=repr)
def test_cost_of_another_type_is_a_type_error(new_buckets, cost):
    buckets = new_buckets(3, SECOND)
    expected = ("raised", TypeError, "cost must be int")
    for call in (buckets.take, buckets.take_counted, buckets.give_back):
        assert outcome(call, "a", 0, cost) == expected
        assert outcome(call, b"a", 0, cost) == ("raised", TypeError, "a bucket key must be str")
    assert outcome(buckets.take_by_client, ANYONE, cost) == expected


# Giving back


@pytest.mark.parametrize("key", ["a", "", "\ud800", "k" * 65], ids=len)
def test_token_that_is_given_back_can_be_taken_again(new_buckets, key):
    buckets = new_buckets(3, HOUR)
    assert takes(buckets, key, SECOND, 4) == [0, 0, 0, HOUR // 3]
    buckets.give_back(key, SECOND)
    buckets.give_back(key + "x", SECOND)
    assert takes(buckets, key, SECOND, 2) == [0, HOUR // 3]


def test_full_bucket_stays_full_and_is_not_kept(engine):
    buckets = engine.TokenBuckets(2, HOUR)
    buckets.take("a", SECOND)
    for _ in range(3):
        buckets.give_back("a", SECOND)
        assert len(buckets) == 0
    buckets.take("a", SECOND)
    buckets.give_back("a", SECOND + 2 * HOUR)
    assert len(buckets) == 0
    assert takes(buckets, "a", SECOND + 2 * HOUR, 3) == [0, 0, HOUR // 2]


def test_part_of_a_token_that_was_refilled_is_kept(new_buckets):
    buckets = new_buckets(2, HOUR)
    takes(buckets, "a", 0, 2)
    buckets.give_back("a", HOUR // 4)
    assert takes(buckets, "a", HOUR // 4, 2) == [0, HOUR // 4]


@pytest.mark.rule("rate.clock")
def test_giving_back_follows_a_clock_that_is_set_back(engine):
    buckets = engine.TokenBuckets(1, SECOND)
    for key in ("a", "b"):
        buckets.take(key, 10 * SECOND)
    buckets.give_back("c", 5 * SECOND)
    assert len(buckets) == 0
    assert takes(buckets, "a", 5 * SECOND, 2) == [0, SECOND]


# Reset


def test_reset_makes_every_bucket_full(engine):
    buckets = engine.TokenBuckets(2, HOUR)
    for number in range(1_000):
        takes(buckets, str(number), SECOND, 2)
    buckets.reset()
    assert len(buckets) == 0
    assert all(takes(buckets, str(number), SECOND, 3) == [0, 0, HOUR // 2] for number in range(1_000))


@pytest.mark.parametrize("key", ["a", "", "\ud800", "愛", "k" * 64, "k" * 65, "k" * 1_000_000], ids=len)
def test_reset_of_a_key_makes_its_bucket_full_and_no_other(engine, key):
    buckets = engine.TokenBuckets(1, HOUR)
    others = [f"other {number}" for number in range(1_000)]
    for each in (*others, key, key + "x"):
        buckets.take(each, SECOND)
    buckets.reset(key)
    assert len(buckets) == len(others) + 1
    assert takes(buckets, key, SECOND, 2) == [0, HOUR]
    assert all(buckets.take(each, SECOND) == HOUR for each in (*others, key + "x"))


def test_reset_of_an_unknown_key_changes_nothing(new_buckets):
    buckets = new_buckets(1, HOUR)
    buckets.reset("a")
    buckets.take("a", SECOND)
    buckets.reset("b")
    assert buckets.take("a", SECOND) == HOUR


def test_reset_does_not_reset_the_clock(engine):
    buckets = engine.TokenBuckets(1, SECOND)
    buckets.take("a", 10 * SECOND)
    buckets.reset()
    assert buckets.take("a", 10 * SECOND - 1) == 0
    assert buckets.take("a", 11 * SECOND - 1) == 1_000


# The clock


@pytest.mark.rule("rate.clock")
@pytest.mark.parametrize("back", [1, SECOND // 5000, SECOND // 2, SECOND - 1, SECOND])
def test_clock_set_back_by_at_most_a_period_counts_as_the_latest_sweep(engine, back):
    buckets = engine.TokenBuckets(1, SECOND)
    buckets.take("a", 10 * SECOND)
    assert buckets.take("a", 10 * SECOND - back) == SECOND
    assert buckets.take("b", 10 * SECOND - back) == 0
    assert buckets.take("b", 11 * SECOND - 1_000) == 1_000


@pytest.mark.rule("rate.clock")
@pytest.mark.parametrize("back", [SECOND + 1_000, 2 * SECOND, 10 * SECOND])
def test_clock_set_back_by_over_a_period_makes_every_bucket_full(engine, back):
    buckets = engine.TokenBuckets(1, SECOND)
    keys = [str(number) for number in range(1_000)]
    for key in keys:
        buckets.take(key, 10 * SECOND)
    assert all(takes(buckets, key, 10 * SECOND - back, 2) == [0, SECOND] for key in keys)
    assert buckets.take("0", 11 * SECOND - back) == 0, "time goes on from there"


def test_clock_of_the_call_is_read_once(engine):
    buckets = engine.TokenBuckets(2, SECOND)
    request = SimpleNamespace(scope={"client": ("192.0.2.1", 1)})
    waits = []
    for now in (0, 0, 0, SECOND // 2 - 1_000, SECOND // 2, 10 * SECOND):
        with clock_at(now) as reads:
            waits.append((buckets.take("key"), buckets.take_by_client(request)))
            assert reads.call_count == 2
            buckets.give_back("another")
            assert reads.call_count == 3
    assert waits == [(wait, wait) for wait in (0, 0, SECOND // 2, 1_000, 0, 0)]


NOW = {
    "take": lambda buckets: buckets.take("unknown"),
    "take_by_client": lambda buckets: buckets.take_by_client(ANYONE),
}


@pytest.mark.parametrize("take", NOW.values(), ids=NOW)
def test_default_moment_is_now(engine, take):
    buckets = engine.TokenBuckets(1, HOUR)
    before = time.monotonic_ns()
    assert take(buckets) == 0
    after = time.monotonic_ns()
    wait = buckets.take("unknown", after)
    assert HOUR - (after - before) - 1_000 <= wait <= HOUR
    assert HOUR - (time.monotonic_ns() - before) - 1_000 <= take(buckets) <= HOUR


def test_replaced_clock_may_be_any_callable(engine):
    class Clock:
        def __call__(self):
            return 5 * SECOND

    buckets = engine.TokenBuckets(1, SECOND)
    with mock.patch("time.monotonic_ns", Clock()):
        assert [buckets.take_by_client(ANYONE) for _ in range(2)] == [0, SECOND]
    assert buckets.take("unknown", 6 * SECOND - 1_000) == 1_000


def test_clock_replaced_before_the_import_is_read(engine_name):
    code = """
import time
now = [0]
time.monotonic_ns = lambda: now[0]
import engines, sys
buckets = engines.engine(sys.argv[1]).TokenBuckets(1, 10**9)
print(buckets.take("a"), buckets.take("a"))
now[0] = 10**9
print(buckets.take("a"), buckets.take("a"))
"""
    assert interpreters.run(code, engine_name) == "0 1000000000\n0 1000000000"


MOMENTS = [(0, None), (True, None), (LAST_MOMENT, None), (-1, OverflowError), (2**63, OverflowError)]
MOMENTS += [(10**40, OverflowError), (-(10**40), OverflowError), (1.0, TypeError), ("0", TypeError)]


@pytest.mark.parametrize(("now", "error"), MOMENTS, ids=lambda each: f"{each!r:.12}")
def test_moment_out_of_range_takes_no_token_and_gives_none_back(engine, now, error):
    buckets = engine.TokenBuckets(1, SECOND)
    assert outcome(buckets.give_back, "a", now)[:2] == (("raised", error) if error else ("returned", None))
    counted = outcome(engine.TokenBuckets(1, SECOND).take_counted, "a", now)
    assert counted[:2] == (("raised", error) if error else ("returned", (0, 0, SECOND)))
    results = [outcome(buckets.take, "a", now)]
    with clock_at(now):
        results += [outcome(buckets.take, "b"), outcome(buckets.take_by_client, ANYONE)]
    assert {result[:2] for result in results} == {("raised", error) if error else ("returned", 0)}
    assert len(set(results)) == 1
    assert len(buckets) == (0 if error else 3)


def test_error_of_the_clock_takes_no_token(engine):
    buckets = engine.TokenBuckets(1, SECOND)
    with mock.patch("time.monotonic_ns", side_effect=RuntimeError("stopped")):
        assert outcome(buckets.take_by_client, ANYONE) == ("raised", RuntimeError, "stopped")
        assert outcome(buckets.take, "key") == ("raised", RuntimeError, "stopped")
        assert outcome(buckets.give_back, "key") == ("raised", RuntimeError, "stopped")
    assert len(buckets) == 0


# Rates and keys

BAD_RATES = [(0, SECOND), (-1, SECOND), (10**9 + 1, SECOND), (2**64, SECOND), (10**40, SECOND), (-(10**40), SECOND)]
BAD_RATES += [(1, 0), (1, -1), (1, SECOND - 1), (1, 2**53 + 1), (1, 2**64), (1, 10**40)]
BAD_RATES += [(None, SECOND), ("5", SECOND), (1.0, SECOND), (b"5", SECOND), (1, None), (1, "5"), (1, 1e9)]


def test_rate_out_of_range_is_a_value_error(engine):
    message = "capacity must be 1 to 10**9 tokens, period 10**9 to 2**53 nanoseconds"
    for capacity, period in BAD_RATES:
        assert outcome(engine.TokenBuckets, capacity, period) == ("raised", ValueError, message)
    for capacity, period in itertools.product((1, 10**9), (SECOND, 2**53)):
        assert engine.TokenBuckets(capacity, period).take("key", 0) == 0


@pytest.mark.parametrize("key", [b"key", 5, ("key",), False, SaysItIsText()], ids=lambda key: type(key).__name__)
def test_key_of_another_type_is_a_type_error(new_buckets, key):
    buckets = new_buckets(1, SECOND)
    buckets.take("a", 0)
    expected = ("raised", TypeError, "a bucket key must be str")
    assert outcome(buckets.take, key, 0) == outcome(buckets.reset, key) == outcome(buckets.take, None, 0) == expected
    assert outcome(buckets.give_back, key, 0) == outcome(buckets.give_back, None) == expected
    assert outcome(buckets.take_counted, key, 0) == expected


@pytest.mark.rule("rate.keys")
@pytest.mark.parametrize("character", ["x", "é", "愛", "😀", "\ud800"], ids=ascii)
def test_keys_of_every_length_have_buckets_of_their_own(new_buckets, character):
    buckets = new_buckets(1, SECOND)
    keys = [character * length + end for length in range(300) for end in ("", "z")]
    keys += [character * 4_000_000, character * 3_999_999 + "z"]
    assert [buckets.take(key, 0) for key in keys] == [0] * len(keys)
    assert [buckets.take(key, 0) for key in keys] == [SECOND] * len(keys)


@pytest.mark.rule("engines.exact-types")
def test_overridden_methods_of_a_key_are_not_called(new_buckets):
    buckets = new_buckets(1, SECOND)
    assert buckets.take(HostileText("a"), 0) == 0
    assert buckets.take(HostileText("a"), 0) == buckets.take("a", 0) == SECOND
    buckets.give_back(HostileText("a"), 0)
    assert buckets.take("a", 0) == 0
    buckets.reset(HostileText("a"))
    assert buckets.take(HostileText("a" * 100), 0) == 0
