"""One schedule of calls in every place where limits are counted: memory, a shared file, Redis; both engines.

Each place is compared with a bucket in exact fractions. A clock of whole ticks, which are a microsecond at most, admits
a call less than a tick early, and never late. Where a tick is a whole microsecond, all places return the same waits.
"""

import itertools
import tempfile
from pathlib import Path

import engines
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_server import RedisServer
from tests.reference.buckets import PlainBucket, Rate

MICROSECOND = 1_000
SECOND = 10**9
START = 1_000 * SECOND

CAPACITIES = st.one_of(st.integers(1, 12), st.sampled_from([60, 100, 1_000, 12_345]))
PERIODS = st.one_of(
    st.sampled_from([1, 15, 60, 3_600, 86_400]).map(SECOND.__mul__), st.integers(1, 5 * 10**6).map((10**6).__mul__)
).filter(lambda period: period >= SECOND)
CALLS = st.sampled_from(["take", "take", "take", "take", "take counted", "give back", "reset"])
# A part of the time that a token takes, and some microseconds.
GAPS = st.tuples(st.sampled_from([0, 0, 0, 0.5, 1, 1, 3]), st.integers(-1, 2))
SCHEDULES = st.lists(st.tuples(CALLS, st.sampled_from("ab"), st.integers(1, 4), GAPS), min_size=1, max_size=40)

number = itertools.count()


@pytest.fixture(scope="module")
def places():
    """Return functions that open a limit of a rate, by the name of the place."""
    with tempfile.TemporaryDirectory() as folder, RedisServer() as server:
        auths = {name: engines.load(name).auth for name in engines.BUILT}
        shared = {name: auth.SharedBuckets(Path(folder, name)) for name, auth in auths.items()}
        redis = auths[engines.BUILT[0]].RedisBuckets(server.url, on_error="closed")
        yield {
            **{f"memory, {name}": engines.engine(name).TokenBuckets for name in engines.BUILT},
            **{f"shared, {name}": opener(buckets, is_shared=True) for name, buckets in shared.items()},
            "redis": opener(redis),
        }


def opener(buckets, is_shared=False):
    """Return a function that opens a limit, whose calls take the moment. In shared buckets, that is the engine's."""

    def opened(*rate):
        # Tokens are given back, so nothing may be remembered.
        limit = buckets.open(f"limit {next(number)}", *rate, gives_back=True)
        return limit.engine_buckets if is_shared else limit

    return opened


def run(buckets, rate, schedule):
    """Make the calls of *schedule*, compare each with exact buckets, and return the waits and counts."""
    exact = {key: PlainBucket(rate) for key in "ab"}
    now, results = START, []
    for call, key, tokens_wanted, (tokens, microseconds) in schedule:
        later = int(tokens * rate.period / rate.capacity) // MICROSECOND + microseconds
        now += max(0, later) * MICROSECOND
        cost = min(tokens_wanted, rate.capacity)
        if call == "reset":
            buckets.reset(key)
            exact[key] = PlainBucket(rate)
        elif call == "give back":
            buckets.give_back(key, cost=cost, now=now)
            exact[key].give_back(cost)
        else:
            wait, *counts = take(buckets, call, key, cost, now)
            must_wait = exact[key].wait(now, cost)
            if wait == 0:
                assert must_wait < rate.tick
                exact[key].take(now, cost)
            else:
                assert must_wait > 0
                assert abs(wait - must_wait) < rate.tick + 1
            if counts:
                remaining, full_in = counts
                assert abs(remaining - exact[key].level(now)) < 1 + rate.tick * rate.tokens_per_nanosecond
                assert abs(full_in - exact[key].wait(now, rate.capacity)) < rate.tick + 1
            results.append((wait, *counts))
    return results


def take(buckets, call, key, cost, now):
    if call == "take counted":
        return buckets.take_counted(key, cost=cost, now=now)
    return (buckets.take(key, cost=cost, now=now),)


@pytest.mark.rule("rate.places")
@settings(max_examples=150, deadline=None)
@given(capacity=CAPACITIES, period=PERIODS, schedule=SCHEDULES)
def test_a_schedule_has_the_same_admissions_in_every_place(places, capacity, period, schedule):
    rate = Rate(capacity, period)
    results = {name: run(place(capacity, period), rate, schedule) for name, place in places.items()}
    in_ticks = [each for name, each in results.items() if name != "redis"]
    assert all(each == in_ticks[0] for each in in_ticks)
    if rate.tick % MICROSECOND == 0:
        assert results["redis"] == in_ticks[0]
