"""A call measured beside R."""

import hmac

import pytest
from benches.call import call
from benches.goal import Goal
from benches.interleaved import Interleaved

R = call(hmac.digest, b"k" * 32, b"m" * 150, "sha256")


def measured(timed):
    interleaved = Interleaved(timed)
    for _ in range(interleaved.rounds_within(0.05, 20)):
        interleaved.round()
    return interleaved


def test_r_costs_one_r():
    assert measured(R).cost_in_r == pytest.approx(1, abs=0.2)


def test_a_baseline_is_subtracted():
    interleaved = measured(call(R.function, *R.arguments, baseline=R))
    assert interleaved.cost_in_r == pytest.approx(0, abs=0.2)
    assert interleaved.baseline_in_r == pytest.approx(1, abs=0.2)


def test_a_goal_is_compared_in_its_own_unit():
    assert Goal(0.5).compared(0.4, r_seconds=1e-6) == 0.4
    assert Goal(2, size=1_000).compared(1.5, r_seconds=1e-6) == pytest.approx(1.5)
