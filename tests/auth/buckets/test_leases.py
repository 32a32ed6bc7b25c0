"""Leases against an exact bucket in fractions: workers that spend their tokens locally never exceed the limit."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastware.auth.buckets.leases import KnownBuckets


class Server:
    """The bucket on the server, and an exact bucket from which each token is taken when it is spent."""

    def __init__(self, capacity, period):
        self.capacity, self.period = capacity, period
        self.token = Fraction(period, capacity)
        self.arrival = self.spent_arrival = Fraction(0)

    def lease(self, now, tokens):
        """Take up to *tokens*. Returns their number, and the level in units of 1 / capacity nanoseconds."""
        arrival = max(self.arrival, now)
        granted = int(min(tokens, (now + self.period - arrival) // self.token))
        self.arrival = arrival + max(granted, 0) * self.token
        return max(granted, 0), int((self.arrival - now) * self.capacity)

    def spend(self, now, tokens):
        self.spent_arrival = max(self.spent_arrival, now) + tokens * self.token
        assert self.spent_arrival <= now + self.period, "more is admitted than the limit"


class Worker:
    """A worker with a clock of its own, and at most one request on its way."""

    def __init__(self, server, clock_offset):
        self.server, self.offset = server, clock_offset
        self.known = KnownBuckets(server.capacity, server.period)
        self.request = self.reply = None

    def act(self, action, now, cost=1, lease=1):
        if action == "take":
            known = self.known.take("key", cost, now + self.offset)
            if known is None:
                self.request = self.request or (now + self.offset, cost, max(lease, cost))
            elif not known[0]:
                self.server.spend(now, cost)
        elif action == "serve" and self.request and not self.reply:
            sent_at, cost, lease = self.request
            granted, level = self.server.lease(now, lease)
            claimed = cost if cost <= granted else 0
            self.server.spend(now, claimed)
            self.reply = level, granted - claimed, sent_at
        elif action == "land" and self.reply:
            self.known.learn("key", *self.reply)
            self.request = self.reply = None


ACTIONS = {"take": ["take"], "ask": ["take", "serve", "land"], "serve": ["serve"], "land": ["land"]}


@pytest.mark.rule("rate.lease")
@given(
    capacity=st.integers(4, 12),
    token=st.fractions(1, 5, max_denominator=12),
    lease=st.integers(2, 8),
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["ask", "ask", "take", "serve", "land"]), st.integers(0, 9)),
        max_size=30,
    ),
    passed=st.integers(0, 30),
)
@settings(max_examples=200, deadline=None)
def test_workers_with_leases_never_admit_more_than_the_limit(capacity, token, lease, steps, passed):
    server = Server(capacity, int(capacity * token))
    workers = [Worker(server, offset) for offset in (0, 1000, 5)]
    now = 100
    for number, action, ticks in steps:
        now += ticks // 2
        for part in ACTIONS[action]:
            workers[number].act(part, now, 1 + ticks % 4, lease)
    # At one moment, the workers spend what they have, and one of them takes the rest.
    now += passed
    for worker in workers:
        worker.act("serve", now)
        worker.act("land", now)
        worker.request = "none"
        for _ in range(capacity + 1):
            worker.act("take", now)
    server.spend(now, server.lease(now, capacity)[0])


def test_known_rejection_ends_when_the_bucket_has_tokens():
    known = KnownBuckets(10, 10_000)
    known.learn("key", 10 * 10_000, 0, sent_at=500)  # an empty bucket
    assert known.take("key", 1, 1_499) == (1, 10 * 9_001)
    assert known.take("key", 2, 1_500) == (1_000, 10 * 9_000)
    assert known.take("key", 1, 1_500) is None


def test_server_without_a_whole_lease_is_asked_when_it_has_refilled_one():
    for period, pause in ((10_000, 4_000), (10**9, 50_000_000)):
        known = KnownBuckets(10, period, lease=4)
        known.learn("key", 10 * period - 1, 0, sent_at=0, is_short=True)
        token = period // 10
        assert known.take("key", 1, 0) == (max(token, pause), 10 * period - 1)
        assert known.take("key", 1, max(token, pause) - 1)[0] == 1
        assert known.take("key", 1, max(token, pause)) is None


def test_unspent_tokens_vanish_as_the_bucket_would_overflow():
    known = KnownBuckets(10, 10_000)  # a token in 1,000 ns
    known.learn("key", 5 * 10_000, 5, sent_at=0)
    assert known.take("key", 5, 1) is None
    assert known.take("key", 3, 1_999) == (0, 10 * 3_001)
    assert known.take("key", 1, 4_000) is None


def test_tokens_of_one_lease_are_not_added_to_those_of_another():
    known = KnownBuckets(10, 10_000)
    known.learn("key", 5 * 10_000, 5, sent_at=0)
    known.learn("key", 8 * 10_000, 3, sent_at=0)
    assert known.take("key", 4, 0) == (2_000, 10 * 8_000)
    known.learn("key", 10 * 10_000, 0, sent_at=0)  # a rejection does not end the lease
    assert known.take("key", 3, 0) == (0, 8 * 10_000)


def test_oldest_bucket_is_forgotten():
    known = KnownBuckets(10, 10_000, most=100)
    for number in range(1_000):
        known.learn(f"{number}", 10 * 10_000, 5, sent_at=0)
    assert len(known) == 100
    assert known.take("899", 1, 0) is None
    assert known.take("900", 1, 0) == (0, 6 * 10_000)
