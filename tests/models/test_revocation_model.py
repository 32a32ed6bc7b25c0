"""Revocation lists as a state machine: no sequence of logins, renewals and revocations makes a revoked token valid.

The model removes nothing: a session or a user is revoked or not. The lists remove entries, so the answers are compared
for tokens that are not expired. One clock drives both; it may be set back by less than a minute.
"""

import itertools
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from redis_server import RedisServer

from fastware.auth.revocations import MemoryRevocations, RedisRevocations, SQLiteRevocations, base, redis, sqlite

MODULES = base, redis, sqlite
SECONDS_TO_BE_EFFECTIVE = 0.1
START = 1_700_000_000.25  # in the past of a server that has its own clock
LIFETIMES = st.sampled_from([60, 3600])
USERS = st.sampled_from(["ada", "bob"])


@dataclass
class Session:
    is_revoked: bool = False
    lifetime: int = 0


@dataclass
class Token:
    claims: dict
    session: Session
    is_ended_with_user: bool = field(default=False)


class UpdatedRevocations(RedisRevocations):
    """Does at each check what the thread does."""

    def _look(self):
        self._update(float("inf"))


class RevocationMachine(RuleBasedStateMachine):
    tokens = Bundle("tokens")

    def __init__(self, make, count):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.make = lambda: make(Path(self.folder.name, "revocations.db"))
        self.now = self.latest = START
        self.monotonic = 0.0
        self.patches = [
            mock.patch.object(time, "time", side_effect=lambda: self.now),
            *(mock.patch.object(each, "monotonic", side_effect=lambda: self.monotonic) for each in MODULES),
        ]
        for patch in self.patches:
            patch.start()
        self.lists = [self.make() for _ in range(count)]
        self.issued, self.numbers, self.leeway, self.calls = [], {}, 0, 0
        self.names = map(str, itertools.count())

    def teardown(self):
        for patch in self.patches:
            patch.stop()
        self.lists.clear()
        self.folder.cleanup()

    def any_list(self, data):
        return data.draw(st.sampled_from(self.lists))

    def issue(self, claims, session, lifetime):
        session.lifetime = max(session.lifetime, lifetime)
        token = Token({"role": "user", "iat": int(self.now), "exp": int(self.now) + lifetime, **claims}, session)
        self.issued.append(token)
        return token

    @rule(target=tokens, user=USERS, lifetime=LIFETIMES, data=st.data())
    def log_in(self, user, lifetime, data):
        claims = {"sub": user, "sid": next(self.names), "rev": self.any_list(data).revision(user)}
        assert claims["rev"] == self.numbers.get(user, 0)
        return self.issue(claims, Session(), lifetime)

    @rule(target=tokens, user=USERS, lifetime=LIFETIMES, has_jti=st.booleans())
    def log_in_without_sid(self, user, lifetime, has_jti):
        name = next(self.names)
        token = self.issue({"sub": user, "jti": name} if has_jti else {"sub": user}, Session(), lifetime)
        if not has_jti:
            equal = [each for each in self.issued if each.claims == token.claims]
            token.session = equal[0].session
        token.is_ended_with_user = int(self.now) <= self.numbers.get(user, -(10**9)) // 10**6 + self.leeway
        return token

    @rule(target=tokens, token=tokens, lifetime=LIFETIMES, seconds=st.sampled_from([0, 55]), data=st.data())
    def renew(self, token, lifetime, seconds, data):
        self.wait(seconds)
        if "sid" not in token.claims or self.is_expired(token) or self.is_revoked(token):
            return multiple()
        self.any_list(data).note_longer_session(token.claims, lifetime)
        claims = {name: token.claims[name] for name in ("sub", "sid", "rev")}
        return self.issue(claims, token.session, lifetime)

    @rule(token=tokens, data=st.data())
    def revoke(self, token, data):
        revocations = self.any_list(data)
        revocations.revoke(token.claims)
        token.session.is_revoked = True
        assert revocations.is_revoked(token.claims)

    @rule(user=USERS, data=st.data())
    def revoke_user(self, user, data):
        revocations = self.any_list(data)
        revocations.revoke_user(user)
        number = revocations.revision(user)
        assert number == max(self.numbers.get(user, 0) + 1, int(self.now * 10**6))
        self.numbers[user] = number
        for token in self.issued:
            is_older = token.claims["iat"] <= number // 10**6 + self.leeway
            if token.claims["sub"] == user and ("rev" in token.claims or is_older):
                token.is_ended_with_user = True
                assert revocations.is_revoked(token.claims) or self.is_expired(token)

    @rule(seconds=st.sampled_from([0.5, 30, 55, 1800, 3500, 3600]))
    def wait(self, seconds):
        self.now += seconds
        self.monotonic += seconds
        self.latest = max(self.latest, self.now)

    @rule(seconds=st.integers(1, 50))
    def set_the_clock_back(self, seconds):
        self.now = max(self.now - seconds, self.latest - 50)

    @rule(seconds=st.sampled_from([0, 10, 60]), data=st.data())
    def accept_leeway(self, seconds, data):
        self.any_list(data).accept_leeway(seconds)
        if seconds > self.leeway:
            self.leeway = seconds
            self.monotonic += SECONDS_TO_BE_EFFECTIVE
            self.update()
            for token in self.issued:
                number = self.numbers.get(token.claims["sub"])
                if number and "rev" not in token.claims and token.claims["iat"] <= number // 10**6 + seconds:
                    token.is_ended_with_user = True

    @rule(data=st.data())
    def restart_a_process(self, data):
        if not isinstance(self.lists[0], MemoryRevocations):
            self.lists[data.draw(st.integers(0, len(self.lists) - 1))] = self.make()

    @rule(is_whole=st.booleans(), key=st.integers(0, 1))
    def lose_data(self, is_whole, key):
        """The server is flushed, or evicts a key. The processes have read what it had."""
        if isinstance(self.lists[0], RedisRevocations):
            keys = self.lists[0]._keys
            self.lists[0]._storage.command("DEL", *(keys if is_whole else keys[key : key + 1]))

    def update(self):
        """Let each process write what it must, and read what the others wrote."""
        for revocations in [*self.lists, *self.lists]:
            if isinstance(revocations, RedisRevocations):
                revocations._update(float("inf"))

    @invariant()
    def every_process_gives_the_answer_of_the_model(self):
        self.any_other_user_logs_out()
        self.monotonic += SECONDS_TO_BE_EFFECTIVE
        self.update()
        for token in self.issued:
            if not self.is_expired(token):
                answers = {revocations.is_revoked(token.claims) for revocations in self.lists}
                assert answers == {self.is_revoked(token)}, token

    def any_other_user_logs_out(self):
        """Each revocation removes entries that have ended."""
        self.calls += 1
        revocations = self.lists[self.calls % len(self.lists)]
        revocations.revoke({"jti": "of another user", "iat": self.now, "exp": self.now + 1})

    def is_expired(self, token):
        return token.claims["exp"] <= self.now - self.leeway

    def is_revoked(self, token):
        return token.session.is_revoked or token.is_ended_with_user


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis"])
def test_no_sequence_of_calls_makes_a_revoked_token_valid(kind, request):
    make, count = {
        "memory": (lambda path: MemoryRevocations(), 1),
        "sqlite": (SQLiteRevocations, 2),
        "redis": (lambda path: UpdatedRevocations(request.getfixturevalue("server").url, prefix=f"{path}:"), 2),
    }[kind]
    run_state_machine_as_test(
        lambda: RevocationMachine(make, count),
        settings=settings(max_examples=40, stateful_step_count=25, deadline=None),
    )
