"""The statistics that tell whether a comparison takes as long wherever secrets differ, on samples that are made up."""

import random
import statistics

import pytest
from benches.constant_time import comparisons, measurement, welch


def sample(seed, mean, count=20_000, spread=20, interrupted=0.01):
    """Times around *mean*, some of them interrupted for long."""
    chance = random.Random(seed)
    return [
        chance.gauss(mean, spread) + (chance.expovariate(1 / 50_000) if chance.random() < interrupted else 0)
        for _ in range(count)
    ]


def test_t_is_that_of_the_definition():
    one, other = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9], [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8]
    error = (statistics.variance(one) / len(one) + statistics.variance(other) / len(other)) ** 0.5
    expected = (statistics.mean(one) - statistics.mean(other)) / error
    assert welch.t_of(one, other) == pytest.approx(expected)
    assert welch.t_of(other, one) == pytest.approx(-expected)


def test_t_of_numbers_that_do_not_vary():
    assert welch.t_of([5, 5], [5, 5]) == 0
    assert welch.t_of([5, 5], [4, 4]) == float("inf")
    assert welch.t_of([4, 4], [5, 5]) == float("-inf")


@pytest.mark.parametrize("seed", range(8))
def test_samples_of_one_distribution_do_not_differ(seed):
    ts = [welch.largest_t(sample((seed + run) * 2, 500), sample((seed + run) * 2 + 1, 500)) for run in range(3)]
    assert not welch.differ(ts)


@pytest.mark.parametrize(("slower", "sign"), [(0, 1), (1, -1)])
def test_a_nanosecond_or_two_are_found_among_interruptions_that_hide_them(slower, sign):
    means = [502, 500] if slower == 0 else [500, 502]
    samples = [sample(number, mean) for number, mean in enumerate(means)]
    assert abs(welch.t_of(*samples)) < welch.THRESHOLD
    t = welch.largest_t(*samples)
    assert sign * t > welch.THRESHOLD
    assert welch.differ([t, t, t])


@pytest.mark.parametrize("ts", [[9, -9, 9], [9, 9, 1], [0, 0, 0], [4.5, 9, 9], [-9, -9, -4]])
def test_runs_that_contradict_each_other_say_nothing(ts):
    assert not welch.differ(ts)


@pytest.mark.parametrize("where", comparisons.CLASSES)
def test_a_changed_secret_differs_in_the_one_byte(where):
    secret = bytes(range(32))
    changed = comparisons.changed(secret, where)
    different = [at for at, (one, other) in enumerate(zip(secret, changed, strict=True)) if one != other]
    assert different == [0 if where == "first" else 31]


def test_every_comparison_is_refused_and_timed_in_both_classes():
    for comparison in [*comparisons.controls(), *comparisons.of_an_engine("Python")]:
        first, last = measurement.times(comparison, 200, random.Random(1))
        assert len(first) + len(last) == 200
        assert min(len(first), len(last)) > 50
