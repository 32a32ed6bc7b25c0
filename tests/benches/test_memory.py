"""The check of memory finds a leak that is there, and lets pass what only varies."""

import gc
import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from benches.memory.cases import cases
from benches.memory.fresh import Made, fresh
from benches.memory.held import BOUNDS, Held, beyond
from benches.memory.jobs import CALLS, CONTROLS, engine_turn
from benches.memory.measurement import measure

ROOT = Path(__file__).parents[2]
CALLS_MADE = 40_000  # as in a quick run
NOTHING = Held(0, 0, 0, 0)


@pytest.fixture(autouse=True)
def _small_heap():
    """What the other tests hold is not looked through at each collection."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("control", CONTROLS)
def test_a_job_that_leaks_in_one_of_a_hundred_ways_is_found(control):
    growth, made, _ = measure(CONTROLS[control](), CALLS_MADE)
    assert made >= CALLS_MADE
    assert "blocks" in beyond(growth)


@pytest.mark.parametrize("size", [600, 100_000])
def test_memory_past_pythons_own_allocator_is_found(size):
    kept = []

    def turn():
        kept.append(bytearray(size))
        return 100

    growth, _, _ = measure(turn, CALLS_MADE)
    assert beyond(growth)
    assert growth.allocated > 300 * size or growth.allocated == 0


def test_a_job_that_keeps_nothing_is_flat():
    numbers = itertools.count()

    def turn():
        str(next(numbers)) * 10
        return 100

    assert beyond(measure(turn, CALLS_MADE)[0]) == []


def test_growth_within_the_bounds_is_flat_and_beyond_them_is_named():
    assert beyond(BOUNDS) == beyond(NOTHING) == []
    assert beyond(BOUNDS - Held(-1, 0, -1, 0)) == ["blocks", "resident"]


def test_every_call_has_answers_and_errors_among_its_cases():
    assert {case.call for case in cases()} == set(CALLS)
    titles = [case.title for case in cases()]
    assert len(titles) == len(set(titles))
    never_raise = {"has_fit_secret"}
    assert {case.call for case in cases() if case.raises} == set(CALLS) - never_raise
    assert {case.call for case in cases() if not case.raises} == set(CALLS)


def test_a_case_that_does_not_do_what_it_says_is_refused(monkeypatch, engine_name):
    from benches.memory import jobs

    wrong = next(case for case in cases() if case.call == "header" and case.raises)
    monkeypatch.setattr(jobs, "cases", lambda: [type(wrong)(wrong.call, wrong.name, wrong.arguments)])
    with pytest.raises(ValueError, match="raised"):
        engine_turn(engine_name, "header")


def test_fresh_arguments_are_equal_and_nobody_elses():
    value = [("text", b"octets"), {"name": 2**80}, ["a list"]]
    copy = fresh(value)
    assert copy == value
    assert copy is not value
    assert all(one is not other for one, other in zip(copy, value, strict=True))
    assert copy[0][0] is not value[0][0]
    assert copy[0][1] is not value[0][1]
    assert fresh([Made(object)]) != fresh([Made(object)])


def test_the_command_ends_with_0_where_all_is_flat_and_with_1_where_it_is_not(tmp_path):
    command = [sys.executable, "-m", "benches.memory", "--calls", "4000", "--only", "header", "--processes", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # So few calls do not show the controls' leaks, and that is said.
    assert done.returncode == 1, done.stderr
    assert "NOT FOUND" in done.stdout
    command[4] = str(CALLS_MADE)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT FOUND" not in done.stdout
