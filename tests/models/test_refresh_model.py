"""Random calls of RefreshTokens do what a model of families does: lists of tokens, and the times of two rotations.

Several objects use one file, are opened anew, and have a clock that moves.
"""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

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

from fastware.auth import MemoryRevocations, RefreshTokenError, RefreshTokenReusedError, RefreshTokens
from fastware.auth.refresh.sql_families import SQLFamilies

LIFETIME, IDLE, GRACE = 450, 400, 30
USERS = st.sampled_from(["ada", "Ada", "bob"])
DATA = st.sampled_from([None, 7, "phone", ["phone", {"name": "愛"}]])
STEPS = st.sampled_from([1, 29, 30, 31, 200, 399, 400])


@dataclass
class Family:
    username: str
    data: object
    tokens: list
    issued_at: float
    rotated_at: float
    has_ended: bool = field(default=False)

    def is_expired(self, now):
        return now >= self.issued_at + LIFETIME or now >= self.rotated_at + IDLE


class RefreshFamilies(RuleBasedStateMachine):
    def __init__(self, kind, new_url):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.is_shared = kind != "memory"
        self.storage = {
            "file": lambda: self.folder / "sessions.db",
            "memory": lambda: None,
            "sqlite": lambda: f"sqlite:///{self.folder}/sessions.db",
            "postgresql": new_url,
        }[kind]()
        self.revocations = MemoryRevocations()
        self.families = []
        self.clock = mock.patch("time.time", return_value=2e9)
        self.now = self.clock.start()

    def teardown(self):
        self.clock.stop()
        shutil.rmtree(self.folder)

    def new(self):
        return RefreshTokens(self.storage, lifetime=LIFETIME, idle=IDLE, grace=GRACE, revocations=self.revocations)

    @initialize()
    def open(self):
        self.objects = [self.new() for _ in range(2 if self.is_shared else 1)]

    def any_object(self, data):
        return data.draw(st.sampled_from(self.objects))

    def any_family(self, data):
        return data.draw(st.sampled_from(self.families[-4:]))

    has_families = precondition(lambda self: self.families)

    @rule(data=st.data(), username=USERS, value=DATA)
    def issue(self, data, username, value):
        token = self.any_object(data).issue(username, value)
        now = self.now.return_value
        self.families.append(Family(username, value, [token], now, now))

    @has_families
    @rule(data=st.data(), seconds=st.sampled_from([0, 0, 200, 399]), from_end=st.sampled_from([0, 0, 0, 1, 2, 5]))
    def rotate(self, data, seconds, from_end):
        family = self.any_family(data)
        self.wait(seconds)
        self.rotate_token(data, family, max(len(family.tokens) - 1 - from_end, 0))

    @has_families
    @rule(data=st.data(), pause=st.sampled_from([0, GRACE - 1, GRACE]))
    def rotate_twice(self, data, pause):
        family = self.any_family(data)
        number = len(family.tokens) - 1
        self.rotate_token(data, family, number)
        self.wait(pause)
        self.rotate_token(data, family, number)

    def rotate_token(self, data, family, number):
        now, age = self.now.return_value, len(family.tokens) - 1 - number
        expected = type(None)
        if family.has_ended or family.is_expired(now):
            expected = RefreshTokenError
        elif age > 1 or (age == 1 and now - family.rotated_at >= GRACE):
            expected = RefreshTokenReusedError
        refreshed = error = None
        try:
            refreshed = self.any_object(data).rotate(family.tokens[number])
        except RefreshTokenError as raised:
            error = raised
        assert type(error) is expected
        if refreshed is None:
            family.has_ended = True
            return
        assert (refreshed.username, refreshed.data) == (family.username, family.data)
        if age == 1:
            assert refreshed.token == family.tokens[-1]
        else:
            assert all(refreshed.token not in each.tokens for each in self.families)
            family.tokens.append(refreshed.token)
            family.rotated_at = now

    @has_families
    @rule(data=st.data())
    def revoke(self, data):
        family = self.any_family(data)
        self.any_object(data).revoke(data.draw(st.sampled_from(family.tokens)))
        family.has_ended = True

    @rule(data=st.data(), username=USERS, by_number=st.booleans())
    def revoke_user(self, data, username, by_number):
        if by_number:
            self.revocations.revoke_user(username)
        else:
            self.any_object(data).revoke_user(username)
        for family in self.families:
            family.has_ended = family.has_ended or family.username == username

    @rule(data=st.data(), token=st.sampled_from(["", "x" * 43, None]))
    def use_an_unknown_token(self, data, token):
        self.any_object(data).revoke(token)
        with pytest.raises(RefreshTokenError):
            self.any_object(data).rotate(token)

    @rule(seconds=STEPS)
    def let_time_pass(self, seconds):
        self.wait(seconds)

    def wait(self, seconds):
        self.now.return_value += seconds

    @precondition(lambda self: self.is_shared)
    @rule(number=st.integers(0, 1))
    def reopen(self, number):
        self.objects[number] = self.new()

    @invariant()
    def storage_has_every_token_of_a_family_that_has_not_ended(self):
        now = self.now.return_value
        expected = sum(len(each.tokens) for each in self.families if not (each.has_ended or each.is_expired(now)))
        total = sum(len(each.tokens) for each in self.families)
        if self.families:
            assert expected <= count_of_tokens(self.objects[-1]._families) <= total


def count_of_tokens(families):
    if isinstance(families, SQLFamilies):
        rows = families._database.read(lambda each: each.rows("SELECT count(*) FROM fastware_refresh_tokens"))
    else:
        with families._file.reading() as connection:
            rows = connection.execute("SELECT count(*) FROM refresh_tokens").fetchall()
    return rows[0][0]


@pytest.mark.parametrize("kind", ["file", "memory", "sqlite", "postgresql"])
def test_refresh_tokens_do_what_the_model_does(request, kind):
    new_url = request.getfixturevalue("postgres").new_url if kind == "postgresql" else None
    examples = 8 if kind in ("sqlite", "postgresql") else 25
    run_state_machine_as_test(
        lambda: RefreshFamilies(kind, new_url),
        settings=settings(max_examples=examples, stateful_step_count=40, deadline=None),
    )
