"""The long checks find deliberate defects."""

import json
import random
from collections import Counter

import bcrypt_cost
import pytest
from checks import constant_time, memory
from checks.stress import settings, verdicts
from checks.stress.client import LOST, Kind, Response, Wrong, get

from fastware.auth import JSONFileUserStore


def times_around(mean, seed):
    """Return noisy times, some of them interrupted for long."""
    chance = random.Random(seed)
    return [chance.gauss(mean, 20) + (50_000 if chance.random() < 0.01 else 0) for _ in range(20_000)]


@pytest.mark.parametrize(("first", "last", "expected"), [(502, 500, True), (500, 502, True), (500, 500, False)])
def test_two_nanoseconds_are_found_among_interruptions(first, last, expected):
    ts = [constant_time.largest_t_of(times_around(first, 2 * run), times_around(last, 2 * run + 1)) for run in range(3)]
    assert constant_time.differ(ts) == expected


def test_leaky_comparison_is_found_by_the_clock():
    leaky = next(each for each in constant_time.controls() if each.leaks)
    ts = [constant_time.largest_t(leaky, 2_000, random.Random(run)) for run in range(3)]
    assert constant_time.differ(ts)


@pytest.mark.parametrize("control", memory.CONTROLS)
def test_deliberate_leak_is_found(control):
    growth_of_control, _, _ = memory.measure(memory.CONTROLS[control](), 40_000)
    assert "blocks" in growth_of_control.beyond_bounds()


def test_memory_outside_of_pythons_allocator_is_found():
    leaked = []
    growth_of_leak, _, _ = memory.measure(lambda: leaked.append(bytearray(100_000)) or 100, 4_000)
    assert growth_of_leak.beyond_bounds()


@pytest.fixture
def users_file(tmp_path):
    store = JSONFileUserStore(tmp_path / "users.json")
    with bcrypt_cost.lowest():
        for name in [*settings.ROLES, "new"]:
            store.create_user(name, settings.password_of(name), "user")
    return store.path


def with_another_hash(users):
    return [*users[:-1], {**users[-1], "password_hash": users[0]["password_hash"]}]


USERS = {
    "unchanged": (lambda users: users, None),
    "unknown": (lambda users: [*users, {**users[0], "username": "maybe"}], None),
    "lost": (lambda users: users[:-1], "are lost: ['new']"),
    "duplicate": (lambda users: [*users, users[-1]], "are duplicates: ['new']"),
    "deleted": (lambda users: [*users, {**users[0], "username": "gone"}], "still exist: ['gone']"),
    "never-created": (lambda users: [*users, {**users[0], "username": "mallory"}], "never created: ['mallory']"),
    "password": (with_another_hash, "another password: ['new']"),
    "torn": (lambda users: {"users": users}, "something other than users"),
}


@pytest.mark.parametrize(("change", "complaint"), USERS.values(), ids=USERS.keys())
def test_users_that_differ_from_the_responses_are_found(users_file, change, complaint):
    users = verdicts.Users(created={*settings.ROLES, "new"}, deleted={"gone"}, unknown={"maybe"})
    users_file.write_text(json.dumps(change(json.loads(users_file.read_text("utf-8")))), "utf-8")
    complaints = users.complaints(users_file)
    assert [complaint in each for each in complaints] == ([] if complaint is None else [True])


@pytest.mark.parametrize(("admitted", "complaints"), [(95, 0), (96, 1)])
def test_key_that_is_admitted_too_often_is_found(admitted, complaints):
    admissions = verdicts.Admissions(Counter({("key", verdicts.Limit(10, 60)): admitted}))
    # Five workers started with 10 each; three at once were refilled for a minute and a half.
    assert len(admissions.complaints(started=5, workers=3, seconds=90)) == complaints


def test_outcome_that_the_kind_does_not_allow_is_a_failure():
    tally = verdicts.Tally()
    for outcome in (200, LOST, 500):
        tally.note(Kind("profile", {200}, 1, play=None), outcome)
    assert tally.complaints() == ["profile: 500, expected 200 (1 times)"]


@pytest.mark.parametrize("response", [Response(200, [], b'{"username":"grace"}'), Response(204, [], b"")])
def test_response_with_wrong_content_is_found(response):
    request = get("/profile", ok={"username": "ada"})
    assert request.check(Response(200, [], b'{"username":"ada"}')) == 200
    with pytest.raises(Wrong):
        request.check(response)


@pytest.mark.parametrize("line", ["Traceback (most recent call last):", f"login of {settings.password_of('ada')}"])
def test_traceback_or_secret_in_the_log_is_found(tmp_path, line):
    log = tmp_path / "log"
    log.write_text("INFO: started\nWARNING: Invalid HTTP request received.\n", "utf-8")
    assert verdicts.log_complaints(log) == []
    log.write_text(f"INFO: started\n{line}\n", "utf-8")
    assert len(verdicts.log_complaints(log)) == 1
