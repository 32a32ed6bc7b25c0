"""The clock of the tokens: ``time.time``, looked up at each call, so that tests and freezegun can replace it."""

import decimal
import fractions
from unittest import mock

import clock
import interpreters
import pytest
from outcomes import outcome_of_both
from raw_tokens import SECRET, sign_claims

NOW = 1_700_000_000.5
TOKEN = sign_claims({"sub": "alice", "exp": 99_999_999_999})
FORGED = TOKEN[:-2] + ("A" if TOKEN[-2] != "A" else "B") + TOKEN[-1]


def identified(engine, token, secret=SECRET):
    return engine.identify([(b"authorization", b"Bearer " + token.encode())], None, "session", secret)


def clock_that_raises(error):
    return mock.patch("time.time", side_effect=error)


def test_stopped_clock_is_used(engine):
    with clock.stopped_at(86_400.75):
        token = engine.create_token("alice", "admin", SECRET, 1)
        claims = engine.verify_token(token, SECRET)
        assert claims == {"sub": "alice", "role": "admin", "iat": 86_400, "exp": 90_000}
        assert identified(engine, token) == claims
    with clock.stopped_at(89_999.9):
        assert engine.verify_token(token, SECRET) == claims
    with clock.stopped_at(90_000):
        assert engine.verify_token(token, SECRET) is None
        assert identified(engine, token) == 1  # INVALID_TOKEN
    with clock.stopped_at(86_399):
        assert engine.verify_token(token, SECRET) is None
        assert engine.verify_token(token, SECRET, leeway=1) == claims
    assert engine.verify_token(token, SECRET) is None  # by the real clock


def test_clock_may_be_any_callable(engine):
    class Clock:
        def __call__(self):
            return NOW

    for replacement in (Clock(), Clock().__call__, lambda: NOW, mock.Mock(return_value=NOW)):
        with mock.patch("time.time", replacement):
            token = engine.create_token("alice", "admin", SECRET, 1)
            assert engine.verify_token(token, SECRET)["iat"] == int(NOW)


def test_clock_is_read_again_at_each_call(engine):
    with mock.patch("time.time", side_effect=[100.0, 100.0 + 3_599.5, 100.0 + 3_600]):
        token = engine.create_token("alice", "admin", SECRET, 1)
        assert engine.verify_token(token, SECRET)["exp"] == 3_700
        assert engine.verify_token(token, SECRET) is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_clock_may_be_replaced_before_or_after_the_import(engine_name, when):
    code = """
import sys, time
real, frozen = time.time, lambda: 5.5
if sys.argv[1] == "before":
    time.time = frozen
from fastware.auth import create_token, verify_token
time.time = frozen
token = create_token("alice", "admin", "s" * 32, 1)
print(verify_token(token, "s" * 32))
time.time = real
print(verify_token(token, "s" * 32))
"""
    printed = interpreters.run(code, when, engine=engine_name)
    assert printed.splitlines() == ["{'sub': 'alice', 'role': 'admin', 'iat': 5, 'exp': 3605}", "None"]


# When the clock is read. tests/attacks/test_tokens_signatures.py has more tokens for which it is not read.


UNVERIFIED = {
    "forged": (FORGED, SECRET),
    "cut": (TOKEN[:-1], SECRET),
    "empty": ("", SECRET),
    "no token": (None, SECRET),
    "empty secret": (TOKEN, ""),
    "no secret": (TOKEN, None),
    "no secrets": (TOKEN, []),
    "key of another kind": (TOKEN, "ssh-rsa AAAA"),
    "unusable secrets": (TOKEN, [None, "", "\ud800"]),
}


@pytest.mark.rule("token.signature-first")
@pytest.mark.parametrize("name", UNVERIFIED)
def test_clock_is_not_read_before_the_signature_is_verified(engine, name):
    token, secret = UNVERIFIED[name]
    with clock_that_raises(RuntimeError) as read_clock:
        assert engine.verify_token(token, secret) is None
        if token:
            assert type(identified(engine, token, secret)) is int
    assert read_clock.call_count == 0


def test_clock_is_read_once_in_each_call(engine):
    with mock.patch("time.time", return_value=NOW) as read_clock:
        engine.create_token("alice", "admin", SECRET)
        assert read_clock.call_count == 1
        assert engine.verify_token(TOKEN, SECRET)["sub"] == "alice"
        assert read_clock.call_count == 2
        assert engine.verify_token(TOKEN, ["another secret, also of 32 bytes or more", SECRET, SECRET]) is not None
        assert read_clock.call_count == 3
        assert identified(engine, TOKEN)["sub"] == "alice"
        assert read_clock.call_count == 4


# What the clock returns or raises


@pytest.mark.parametrize("error", [RuntimeError("stopped"), KeyboardInterrupt("stopped")], ids=["error", "interrupt"])
def test_error_of_the_clock_is_passed_on(engine, error):
    for call in (
        lambda: engine.create_token("alice", "admin", SECRET),
        lambda: engine.verify_token(TOKEN, SECRET),
        lambda: identified(engine, TOKEN),
    ):
        with clock_that_raises(error), pytest.raises(type(error), match="stopped"):
            call()


class Float(float):
    pass


class Int(int):
    pass


NUMBERS = {
    "int": 1_700_000_000,
    "float": NOW,
    "subclass of float": Float(NOW),
    "subclass of int": Int(1_700_000_000),
    "before 1970": -2.0,
    "zero": 0.0,
    "true": True,
    "fraction": fractions.Fraction(11, 2),
    "decimal": decimal.Decimal("5.5"),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_clock_may_return_a_number_of_any_kind(both, name):
    with mock.patch("time.time", return_value=NUMBERS[name]):
        how, token = outcome_of_both(both, "create_token", "alice", "admin", SECRET, 1)
        assert how == "returned"
        assert outcome_of_both(both, "verify_token", token, SECRET)[1]["iat"] == int(NUMBERS[name])


INVALID_CLOCKS = {
    "infinite": (float("inf"), OverflowError),
    "not a number": (float("nan"), ValueError),
    "beyond 64 bits": (1e300, ValueError),
    "beyond float": (10**400, OverflowError),
}


@pytest.mark.rule("claims.clock")
@pytest.mark.parametrize("name", INVALID_CLOCKS)
def test_no_token_is_created_or_valid_at_an_invalid_time(both, name):
    now, error = INVALID_CLOCKS[name]
    with mock.patch("time.time", return_value=now):
        assert outcome_of_both(both, "create_token", "alice", "admin", SECRET, 1)[:2] == ("raised", error)
        for claims in ({"exp": 1}, {"exp": 99_999_999_999}, {"nbf": 2**53}, {"iat": 0}):
            how = outcome_of_both(both, "verify_token", sign_claims(claims), SECRET)
            assert how == ("returned", None) if name != "beyond float" else how[:2] == ("raised", error)
