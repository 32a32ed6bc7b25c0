"""``TokenBuckets`` as a state machine: any sequence of calls, on both engines and two references.

``Buckets`` reads the clock in the ticks of the contract: every result equals its result. ``PlainBucket`` has a clock
that is not rounded. A tick is a microsecond at most, so

- a token that the plain bucket has is taken;
- a token that is taken is in the plain bucket less than a tick later;
- the wait differs from that of the plain bucket by less than a tick and the nanosecond that it is rounded up by.
"""

from math import ceil, floor

import engines
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from outcomes import outcome
from tests.reference.buckets import Buckets, PlainBucket

SECOND = 10**9
LAST_MOMENT = 2**63 - 1
CALLS_PER_PERIOD = 256
"""Calls in a period with which full buckets are removed within two periods."""

CAPACITIES = st.one_of(st.integers(1, 12), st.sampled_from([60, 999, 1000, 1001, 10**6, 10**9 - 1, 10**9]))
PERIODS = st.one_of(
    st.sampled_from([SECOND, 60 * SECOND, 3600 * SECOND, 2**53]),
    st.integers(SECOND, 2 * SECOND),
    st.integers(SECOND, 2**53),
)
KEYS = st.one_of(
    st.sampled_from(["", "a", "b", "203.0.113.7", "\ud800", "\udfff", "k" * 64, "k" * 65, "k" * 300]),
    st.sampled_from(["\ud800" * 65, "😀" * 64, "😀" * 65]),
)


class BucketMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.floods = 0

    @initialize(capacity=CAPACITIES, period=PERIODS, now=st.sampled_from([0, 1, SECOND, 2**62]))
    def create(self, capacity, period, now):
        self.buckets = [engines.engine(name).TokenBuckets(capacity, period) for name in engines.BUILT]
        self.reference = Buckets(capacity, period)
        self.rate = self.reference.rate
        self.now = now
        self.forget()

    def forget(self):
        """Every bucket is full again."""
        self.plain = {}
        self.earliest = {}
        self.rejected = None

    def take(self, key, now, cost=1, *, counted=False):
        if self.reference.clock.was_set_back(now):
            self.forget()
        self.now = now
        results = {(each.take_counted if counted else each.take)(key, now, cost) for each in self.buckets}
        expected = self.reference.take_counted(key, now, cost)
        wait = expected[0]
        assert results == {expected if counted else wait}
        self.compare_with_the_plain_bucket(key, now, wait, cost)
        if wait == 0:
            self.check_window(key, now, cost)
        elif cost == 1:
            self.rejected = (key, now)
        return wait

    def compare_with_the_plain_bucket(self, key, now, wait, cost):
        bucket = self.plain.setdefault(key, PlainBucket(self.rate))
        moment = self.reference.clock.moment(now)
        exact = bucket.wait(moment, cost)
        if wait == 0:
            assert exact < self.rate.tick
            bucket.take(moment, cost)
        else:
            assert exact > 0
            assert abs(wait - exact) < self.rate.tick + 1

    def check_window(self, key, now, cost):
        """No window of time has more takes than the capacity plus the tokens that are refilled in it."""
        tick, token = self.reference.clock.read(now), self.rate.ticks_per_token
        number, earliest = self.earliest.get(key, (0, -tick))
        # The tightest window starts with the take of the lowest `number * token - tick`.
        earliest = min(earliest, number * token - tick)
        assert (number + cost - self.rate.capacity) * token - tick <= earliest
        self.earliest[key] = (number + cost, earliest)

    def give_back(self, key, now, cost=1):
        if self.reference.clock.was_set_back(now):
            self.forget()
        self.now = now
        for buckets in (*self.buckets, self.reference):
            assert buckets.give_back(key, now, cost) is None
        if key in self.plain:
            self.plain[key].give_back(cost)
        if key in self.earliest:
            number, earliest = self.earliest[key]
            self.earliest[key] = (number - cost, earliest)
        self.rejected = None

    @rule(key=KEYS, times=st.integers(1, 14), data=st.data())
    def give_back_at_any_moment(self, key, times, data):
        near = st.integers(max(0, self.now - self.rate.period // 5000), min(self.now + self.rate.period, LAST_MOMENT))
        moment = data.draw(st.one_of(st.just(self.now), near, st.integers(0, LAST_MOMENT)))
        for _ in range(times):
            self.give_back(key, moment)

    @rule(key=KEYS)
    def take_and_give_back(self, key):
        """A token that is given back at once is there again."""
        if self.take(key, self.now) == 0:
            self.give_back(key, self.now)
            assert self.take(key, self.now) == 0

    @rule(key=KEYS, times=st.integers(1, 14))
    def take_again(self, key, times):
        for _ in range(times):
            self.take(key, self.now)

    @rule(key=KEYS, times=st.integers(1, 3), data=st.data())
    def take_and_give_back_several(self, key, times, data):
        costs = st.one_of(st.integers(1, min(3, self.rate.capacity)), st.integers(1, self.rate.capacity))
        for _ in range(times):
            self.take(key, self.now, data.draw(costs), counted=data.draw(st.booleans()))
        if data.draw(st.booleans()):
            self.give_back(key, self.now, data.draw(costs))

    @rule(key=KEYS, data=st.data())
    def take_a_little_later(self, key, data):
        token = self.rate.period // self.rate.capacity
        gap = st.one_of(st.integers(1, 3), st.integers(max(1, token - 2), token + 2), st.integers(1, 2 * token + 1))
        self.take(key, min(self.now + data.draw(gap), LAST_MOMENT))

    @rule(key=KEYS, data=st.data())
    def take_much_later(self, key, data):
        self.take(key, min(self.now + data.draw(st.integers(1, 3 * self.rate.period)), LAST_MOMENT))

    @rule(key=KEYS, data=st.data())
    def take_earlier(self, key, data):
        """The clock is set back: by less than the time between sweeps, by less than a period, or by more."""
        period = self.rate.period
        gap = st.one_of(
            st.integers(1, period // 5000 + 1), st.integers(period - 1, period + 2_000), st.integers(1, 3 * period)
        )
        self.take(key, max(0, self.now - data.draw(gap)))

    @rule(key=KEYS, other=KEYS, data=st.data())
    def take_around_a_sweep(self, key, other, data):
        moment = ceil(self.reference.clock.next_sweep * self.rate.tick) + data.draw(st.integers(-1, 1))
        if moment <= LAST_MOMENT:
            self.take(key, moment)
            self.take(other, max(0, moment - data.draw(st.integers(0, self.rate.period // 2048 + 2))))

    @rule(key=KEYS, now=st.one_of(st.just(0), st.just(LAST_MOMENT), st.integers(0, LAST_MOMENT)))
    def take_at_any_moment(self, key, now):
        self.take(key, now)

    @precondition(lambda self: self.rejected)
    @rule()
    def wait_for_the_returned_time(self):
        """The token is available from the first nanosecond of its tick on, which is not after the end of the wait."""
        key, now = self.rejected
        wait = self.take(key, now)
        if wait == 0:
            return
        clock, tick = self.reference.clock, self.rate.tick
        first = ceil((clock.read(now) + floor(wait / tick)) * tick)
        end = clock.moment(now) + wait
        assert end - tick - 1 < first <= ceil(end)
        if first <= LAST_MOMENT:
            assert self.take(key, first - 1) > 0
            assert self.take(key, first) == 0
            self.rejected = None

    @rule(key=KEYS)
    def reset_a_key(self, key):
        for buckets in (*self.buckets, self.reference):
            buckets.reset(key)
        self.plain.pop(key, None)
        self.earliest.pop(key, None)

    @rule()
    def reset(self):
        for buckets in (*self.buckets, self.reference):
            buckets.reset()
        self.forget()
        assert {len(buckets) for buckets in self.buckets} == {0}

    @rule(count=st.integers(2, 120))
    def many_keys_arrive(self, count):
        self.floods += 1
        for number in range(count):
            self.take(f"{self.floods} {number}", self.now)

    @precondition(lambda self: len(self.reference.buckets) > 20)
    @rule()
    def buckets_become_full(self):
        """All are full after a period, and are removed within two periods of 256 calls."""
        start = max(self.now, ceil(self.reference.clock.swept_at * self.rate.tick))
        if start + 4 * self.rate.period > LAST_MOMENT:
            return
        for call in range(1, 3 * CALLS_PER_PERIOD + 2):
            self.now = start + call * self.rate.period // CALLS_PER_PERIOD
            assert {buckets.take("busy", self.now) for buckets in self.buckets} == {
                self.reference.take("busy", self.now)
            }
        self.forget()
        for key in set(self.reference.buckets) - {"busy"}:
            self.reference.reset(key)
        assert {len(buckets) for buckets in self.buckets} <= {0, 1}

    @rule(key=KEYS, now=st.sampled_from([-1, 2**63, 10**40]))
    def moment_out_of_range(self, key, now):
        outcomes = {outcome(call, key, now) for each in self.buckets for call in (each.take, each.give_back)}
        assert {each[:2] for each in outcomes} == {("raised", OverflowError)}
        assert len(outcomes) == 1

    @invariant()
    def buckets_that_are_not_full_are_kept(self):
        for buckets in self.buckets:
            assert self.reference.not_full() <= len(buckets) <= len(self.reference.buckets)


@pytest.mark.rule("engines.equal")
@pytest.mark.rule("rate.bucket")
@pytest.mark.rule("rate.clock")
def test_every_sequence_of_calls_returns_what_the_references_return():
    run_state_machine_as_test(BucketMachine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))
