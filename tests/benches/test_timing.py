"""The benchmarks time what they claim to time, and do not time wrong results."""

import asyncio
import hmac

import pytest
from benches.jobs import BY_HAND, PYTHON, Job
from benches.timing import Each, Rounds, awaited, call

R = call(hmac.digest, b"k" * 32, b"m" * 150, "sha256")


def rounds_of(timed):
    rounds = Rounds(timed)
    for _ in range(rounds.number_within(0.05, 20)):
        rounds.measure()
    return rounds


def test_yardstick_takes_one_r():
    assert rounds_of(R).ratio == pytest.approx(1, abs=0.2)


def test_baseline_is_subtracted():
    rounds = rounds_of(call(R.function, *R.arguments, baseline=R))
    assert rounds.ratio == pytest.approx(0, abs=0.2)
    assert rounds.baseline == pytest.approx(1, abs=0.2)


def test_every_call_gets_its_own_argument_made_before_the_first_call():
    events = []
    numbers = iter(range(100)).__next__

    def make():
        events.append("made")
        return numbers()

    call(events.append, Each(make)).seconds_of(3)
    assert events == ["made"] * 3 + [0, 1, 2]


def test_exception_that_counts_as_a_result_is_caught():
    def reject():
        raise LookupError

    rejected = call(reject, raises=LookupError)
    assert rejected.seconds_of(3) > 0
    assert isinstance(rejected.result(), LookupError)


def test_awaited_calls_share_one_task():
    tasks = set()

    async def serve():
        tasks.add(asyncio.current_task())

    awaited(serve).seconds_of(3)
    assert len(tasks) == 1


def test_wrong_result_fails_the_job():
    job = Job("sum", {BY_HAND: lambda *terms: call(max, terms)}, (1, 2), 3)
    with pytest.raises(pytest.fail.Exception, match="by hand returned 2, expected 3"):
        job.check()


def test_missing_peer_is_named_and_a_missing_engine_of_ours_fails():
    def not_installed(*inputs):
        raise ImportError("No module named 'peer'")

    assert Job("job", {"peer": not_installed}, (), 3).check() == {"peer": "ImportError: No module named 'peer'"}
    with pytest.raises(ImportError):
        Job("job", {PYTHON: not_installed}, (), 3).check()
