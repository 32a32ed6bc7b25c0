"""The reckoning of a siege: it notices what it is there for."""

import json

import bcrypt_cost
import pytest
from benches.siege import server_log, settings
from benches.siege.admissions import Admissions, Limit
from benches.siege.credentials import TOKENS
from benches.siege.kind import LOST, Ask, Kind, Wrong, check
from benches.siege.ledger import SEEDS, Ledger
from benches.siege.tally import Tally
from benches.siege.wire import Answer

from fastware.auth import JSONFileUserStore

A_MINUTE = Limit(10, 60)


@pytest.fixture
def users_file(tmp_path):
    store = JSONFileUserStore(tmp_path / "users.json")
    with bcrypt_cost.lowest():
        for name in [*SEEDS, "new"]:
            store.create_user(name, settings.password_of(name), "user")
    return store.path


@pytest.fixture
def ledger():
    ledger = Ledger()
    ledger.note_created("new")
    ledger.note_created("gone")
    ledger.note_deleted("gone")
    ledger.note_unknown("perhaps")
    return ledger


def change(path, changed):
    users = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(changed(users)), "utf-8")


def other_hash(users):
    return [*users[:-1], {**users[-1], "password_hash": users[0]["password_hash"]}]


def test_a_file_with_the_users_that_were_created_is_right(ledger, users_file):
    assert ledger.complaints(users_file) == []


def test_a_user_whose_answer_was_lost_may_be_there(ledger, users_file):
    change(users_file, lambda users: [*users, {**users[0], "username": "perhaps"}])
    assert ledger.complaints(users_file) == []


WRONG_FILES = {
    "lost": (lambda users: users[:-1], "are lost: ['new']"),
    "doubled": (lambda users: [*users, users[-1]], "twice: ['new']"),
    "deleted": (lambda users: [*users, {**users[0], "username": "gone"}], "are there: ['gone']"),
    "nobody's": (lambda users: [*users, {**users[0], "username": "mallory"}], "created them: ['mallory']"),
    "password": (other_hash, "another password: ['new']"),
    "no-users": (lambda users: {"users": users}, "something else"),
}


@pytest.mark.parametrize(("changed", "complaint"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_a_file_that_is_not_as_the_answers_said_is_complained_of(ledger, users_file, changed, complaint):
    change(users_file, changed)
    [found] = ledger.complaints(users_file)
    assert complaint in found


def test_a_torn_file_is_complained_of(ledger, users_file):
    users_file.write_bytes(users_file.read_bytes()[:-5])
    assert len(ledger.complaints(users_file)) == 1


@pytest.mark.parametrize(("admitted", "complaints"), [(95, 0), (96, 1)])
def test_a_key_may_be_admitted_as_often_as_all_buckets_give(admitted, complaints):
    admissions = Admissions()
    for _ in range(admitted):
        admissions.note("key", A_MINUTE, 200)
    admissions.note("key", A_MINUTE, 429)
    # Five workers began with 10 each; three at once were refilled for a minute and a half.
    assert len(admissions.complaints(incarnations=5, workers=3, seconds=90)) == complaints


def test_an_outcome_that_is_not_expected_is_a_failure_of_its_kind():
    tally = Tally()
    for outcome in (200, LOST, 500):
        tally.note(Kind("profile", frozenset({200}), play=None), outcome)
    assert tally.complaints() == ["profile: 500, expected 200 (1 times)"]


def test_an_answer_is_compared_with_the_expected_one():
    ask = Ask("GET", "/profile", answers={200: {"username": "ada"}})
    check(ask, Answer(200, [], b'{"username":"ada"}'))
    with pytest.raises(Wrong):
        check(ask, Answer(200, [], b'{"username":"grace"}'))
    with pytest.raises(Wrong):
        check(ask, Answer(204, [], b""))


LOGGED = {
    "traceback": "Traceback (most recent call last):",
    "unhandled": "Unhandled exception in GET '/profile'",
    "password": f"login of {settings.password_of('ada')}",
    "token": f"GET /profile?token={TOKENS['grace']}",
}


@pytest.mark.parametrize("line", LOGGED.values(), ids=LOGGED.keys())
def test_a_log_that_says_too_much_is_complained_of(tmp_path, line):
    log = tmp_path / "log"
    log.write_text("INFO: started\nWARNING: Invalid HTTP request received.\n", "utf-8")
    assert server_log.complaints(log) == []
    log.write_text(f"INFO: started\n{line}\n", "utf-8")
    assert len(server_log.complaints(log)) == 1
