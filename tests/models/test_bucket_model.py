"""engine.TokenBuckets, call by call beside plain token buckets in exact fractions.

Two models run along. The one reads the clock in the ticks of the contract, and every answer is its answer, exactly. The
other reads it in nanoseconds and is given the takes that the engines admitted. A tick is a microsecond at most, and

- whatever the plain bucket admits is admitted;
- what is admitted comes less than a tick before the plain bucket has a token for it;
- the wait that is told differs by less than a tick, and by less than the nanosecond that it is rounded up by.
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
from token_bucket import BucketsModel, PlainBucket

SECOND = 10**9
LAST_MOMENT = 2**63 - 1
CALLS_A_PERIOD = 256  # of which the contract speaks

CAPACITIES = st.one_of(st.integers(1, 12), st.sampled_from([60, 999, 1000, 1001, 10**6, 10**9 - 1, 10**9]))
PERIODS = st.one_of(
    st.sampled_from([SECOND, 60 * SECOND, 3600 * SECOND, 2**53]),
    st.integers(SECOND, 2 * SECOND),
    st.integers(SECOND, 2**53),
)
KEYS = st.sampled_from(
    [
        "",
        "a",
        "b",
        "203.0.113.7",
        "\ud800",
        "\udfff",
        "k" * 64,
        "k" * 65,
        "k" * 300,
        "\ud800" * 65,
        "😀" * 64,
        "😀" * 65,
    ]
)


class Buckets(RuleBasedStateMachine):
    """Both engines and both models, given the same calls."""

    def __init__(self, installed):
        super().__init__()
        self.installed = installed
        self.now = 0
        self.admitted = {}
        self.floods = 0
        self.refusal = None

    @initialize(capacity=CAPACITIES, period=PERIODS, now=st.sampled_from([0, 1, SECOND, 2**62]))
    def choose_the_rate(self, capacity, period, now):
        self.kept = [engine.TokenBuckets(capacity, period) for engine in self.installed]
        self.model = BucketsModel(capacity, period)
        self.rate = self.model.rate
        self.unrounded = {}
        self.now = now

    # Calls

    def take(self, key, now):
        self.now = now
        answers = {buckets.take(key, now) for buckets in self.kept}
        assert answers == {self.model.take(key, now)}
        wait = answers.pop()
        self.compare_with_nanoseconds(key, now, wait)
        if wait == 0:
            self.note_admission(key, now)
        else:
            self.refusal = (key, now, wait)
        return wait

    def compare_with_nanoseconds(self, key, now, wait):
        bucket = self.unrounded.setdefault(key, PlainBucket(self.rate))
        moment = self.model.clock.moment(now)
        exact = bucket.wait(moment)
        if wait == 0:
            assert exact < self.rate.tick
            bucket.take(moment)
        else:
            assert exact > 0
            assert abs(wait - exact) < self.rate.tick + 1

    def note_admission(self, key, now):
        """In no window more than capacity and what comes in it: exact in ticks, whichever way the clock goes."""
        tick, token = self.model.clock.read(now), self.rate.ticks_of_a_token
        number, lowest = self.admitted.get(key, (0, tick))
        # The window that begins with the admission of the lowest `number * token - tick` is the tightest.
        lowest = min(lowest, number * token - tick) if number else -tick
        assert (number + 1 - self.rate.capacity) * token - tick <= lowest
        self.admitted[key] = (number + 1, lowest)

    @rule(key=KEYS, times=st.integers(1, 14))
    def take_again(self, key, times):
        for _ in range(times):
            self.take(key, self.now)

    @rule(key=KEYS, data=st.data())
    def take_a_little_later(self, key, data):
        token = self.rate.period // self.rate.capacity
        gap = st.one_of(st.integers(1, 3), st.integers(max(1, token - 2), token + 2), st.integers(1, 2 * token + 1))
        self.take(key, min(self.now + data.draw(gap), LAST_MOMENT))

    @rule(key=KEYS, data=st.data())
    def take_much_later(self, key, data):
        self.take(key, min(self.now + data.draw(st.integers(1, 3 * self.rate.period)), LAST_MOMENT))

    @rule(key=KEYS, data=st.data())
    def take_before(self, key, data):
        """The clock goes back: by less than full buckets are looked for, or by more."""
        gap = st.one_of(st.integers(1, self.rate.period // 5000 + 1), st.integers(1, 3 * self.rate.period))
        self.take(key, max(0, self.now - data.draw(gap)))

    @rule(key=KEYS, other=KEYS, data=st.data())
    def take_around_the_moment_when_full_buckets_are_looked_for(self, key, other, data):
        moment = ceil(self.model.clock.next_look * self.rate.tick) + data.draw(st.integers(-1, 1))
        if moment <= LAST_MOMENT:
            self.take(key, moment)
            self.take(other, max(0, moment - data.draw(st.integers(0, self.rate.period // 2048 + 2))))

    @rule(key=KEYS, now=st.one_of(st.just(0), st.just(LAST_MOMENT), st.integers(0, LAST_MOMENT)))
    def take_at_any_moment(self, key, now):
        self.take(key, now)

    @precondition(lambda self: self.refusal)
    @rule()
    def wait_as_told(self):
        """Refused until the first nanosecond of the tick that has the token, admitted then: at the latest as told."""
        key, now, _ = self.refusal
        wait = self.take(key, now)
        if wait == 0:
            return
        ticks_to_wait = floor(wait / self.rate.tick)
        first = ceil((self.model.clock.read(now) + ticks_to_wait) * self.rate.tick)
        told = self.model.clock.moment(now) + wait
        assert told - self.rate.tick - 1 < first <= ceil(told)
        if first <= LAST_MOMENT:
            assert self.take(key, first - 1) > 0
            assert self.take(key, first) == 0
            self.refusal = None

    @rule(count=st.integers(2, 120))
    def many_keys_arrive(self, count):
        self.floods += 1
        for number in range(count):
            self.take(f"{self.floods} {number}", self.now)

    @precondition(lambda self: self.now + 4 * self.rate.period < LAST_MOMENT and len(self.model.buckets) > 20)
    @rule()
    def go_idle(self):
        """All buckets fill up within a period, and what is full goes within two, if so many calls come."""
        start = max(self.now, ceil(self.model.clock.looked_for_full_at * self.rate.tick))
        if start + 4 * self.rate.period > LAST_MOMENT:
            return
        self.admitted.clear()
        for call in range(1, 3 * CALLS_A_PERIOD + 2):
            now = start + call * self.rate.period // CALLS_A_PERIOD
            assert {buckets.take("busy", now) for buckets in self.kept} == {self.model.take("busy", now)}
        self.now = now
        self.unrounded.clear()
        for key in set(self.model.buckets) - {"busy"}:
            del self.model.buckets[key]
        assert {len(buckets) for buckets in self.kept} <= {0, 1}

    @rule(key=KEYS, now=st.sampled_from([-1, 2**63, 10**40]))
    def a_moment_out_of_range_is_refused(self, key, now):
        outcomes = [outcome(buckets.take, key, now) for buckets in self.kept]
        assert {each[:2] for each in outcomes} == {("raised", OverflowError)}
        assert len(set(outcomes)) == 1

    @invariant()
    def what_is_not_full_is_kept(self):
        for buckets in self.kept:
            assert self.model.not_full() <= len(buckets) <= len(self.model.buckets)


@pytest.mark.rule("engines.equal")
@pytest.mark.rule("rate.bucket")
@pytest.mark.rule("rate.clock")
def test_every_call_is_answered_as_by_the_models():
    installed = [engines.engine(name) for name in engines.BUILT]
    run_state_machine_as_test(
        lambda: Buckets(installed), settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )
