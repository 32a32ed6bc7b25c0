"""The scripts against exact fractions, on a real server."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis_server import RedisServer

from fastware.auth.buckets.redis import RedisBuckets


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def buckets(server):
    return RedisBuckets(server.url, timeout=5)


class ExactBucket:
    """A token bucket in exact fractions. Times are in nanoseconds."""

    def __init__(self, capacity, period):
        self.token = Fraction(period, capacity)
        self.period = period
        self.arrival = Fraction(0)

    def take(self, now, cost):
        if self.arrival > now + 2 * self.period:
            self.arrival = Fraction(0)  # the clock was set back
        arrival = max(self.arrival, now) + cost * self.token
        wait = arrival - now - self.period
        if wait <= 0:
            self.arrival = arrival
        level = max(self.arrival - now, 0)
        return max(-(-wait // 1), 0), (self.period - level) // self.token, -(-level // 1)

    def give_back(self, now, cost):
        if self.arrival > now + 2 * self.period:
            self.arrival = Fraction(0)
        self.arrival -= cost * self.token
        if self.arrival <= now:
            self.arrival = Fraction(0)  # a full bucket is not kept


rates = st.tuples(
    st.integers(1, 20) | st.integers(1, 10**9),
    st.integers(1, 3600).map(lambda seconds: seconds * 10**9) | st.integers(10**9, 2**53),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "take", "give_back"]),
        st.integers(0, 10),  # cost, in tenths of the capacity
        st.integers(-1, 12) | st.just(-30),  # time that passes, in tenths of the period
        st.integers(-3, 3),  # microseconds more
    ),
    max_size=12,
)


@pytest.mark.rule("rate.redis")
@given(rate=rates, steps=steps, start=st.integers(10**12, 2**52))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@example(rate=(10**9, 2**53), steps=[("take", 10, 0, 0)] * 3, start=2**52)
@example(rate=(999_999_937, 2**53 - 111), steps=[("take", 3, 1, 1)] * 12, start=2**52)
@example(rate=(7, 10**9), steps=[("take", 1, 1, 1)] * 12, start=10**12)
def test_results_equal_exact_fractions_at_each_microsecond(buckets, rate, steps, start):
    capacity, period = rate
    limit, key = buckets.open(f"exact-{capacity}-{period}", capacity, period), f"{start}"
    limit.reset(key)
    exact, microsecond = ExactBucket(capacity, period), start
    for kind, tenths, passed, more in steps:
        microsecond = max(microsecond + passed * period // 10_000 + more, 10**6)
        cost, now = max(1, capacity * tenths // 10), microsecond * 1000
        if kind == "take":
            assert limit.take_counted(key, cost, now=now) == exact.take(now, cost)
        else:
            limit.give_back(key, cost, now=now)
            exact.give_back(now, cost)
