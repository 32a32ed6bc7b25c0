"""Rows with tokens: how the token is made, the result of the engines, and that of PyJWT for the same token."""

import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest import mock

import clock
import jwt
from attacks import Attack, check
from outcomes import identical, outcome
from raw_tokens import BODY, HEAD, HEADER, PAYLOAD, SECRET, sign_bytes, sign_segments

NOW = 1_700_000_000.5

SAME = "same"
"""PyJWT returns the same claims, or rejects the token too."""
ACCEPTS = "accepts"
"""PyJWT accepts a token that is rejected here."""
FAILS = "fails"
"""PyJWT raises an exception that is not a PyJWTError."""
NOT_COMPARED = None
"""PyJWT has no such call, or its result depends on the interpreter."""


@dataclass(frozen=True)
class TokenAttack(Attack):
    """*input* is the token, or a function that makes it; *expected* is the claims, or ``None`` for a rejected token."""

    secret: Any = SECRET
    now: float = NOW
    leeway: float = 0.0
    pyjwt: str | None = SAME


def signed(name, rule, source, payload=PAYLOAD, expected=None, *, header=HEADER, key=SECRET, **options):
    """Return a row with a token of this payload and this header (bytes), with a valid signature."""
    return TokenAttack(name, rule, source, sign_bytes(payload, header=header, secret=key), expected, **options)


def signed_header(name, rule, source, header, expected=None, **options):
    """Return a row with a token of this header (bytes), with a valid signature."""
    return signed(name, rule, source, PAYLOAD, expected, header=header, **options)


def signed_segments(name, rule, source, header=HEAD, payload=BODY, expected=None, **options):
    """Return a row with a token of these segments (text), with a valid signature."""
    return TokenAttack(name, rule, source, sign_segments(header, payload), expected, **options)


def check_token(engine, attack):
    """Assert that the engine returns the expected claims, or rejects the token."""
    token = attack.make()
    with clock.stopped_at(attack.now):
        check(attack, engine.verify_token, token, attack.secret, leeway=attack.leeway)


def compared(*tables):
    """Return the rows that are compared with PyJWT."""
    return [attack for table in tables for attack in table if attack.pyjwt is not NOT_COMPARED]


def check_pyjwt(attack):
    """Assert that PyJWT accepts or rejects the token as the row says."""
    actual = outcome(_decode, attack)
    if attack.pyjwt == ACCEPTS:
        assert attack.expected is None
        assert actual[0] == "returned", actual
    elif attack.pyjwt == FAILS:
        assert actual[0] == "raised" and not issubclass(actual[1], jwt.PyJWTError), actual
    elif attack.expected is None:
        assert actual[0] == "raised" and issubclass(actual[1], jwt.PyJWTError), actual
    else:
        assert actual[0] == "returned" and identical(actual[1], attack.expected), actual


def _decode(attack):
    token = attack.make()
    with _datetime_stopped_at(attack.now), warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
        return jwt.decode(token, attack.secret, algorithms=["HS256"], leeway=attack.leeway)


def _datetime_stopped_at(now):
    """Stop the clock of PyJWT, which reads ``datetime``."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(now, tz)

    return mock.patch("jwt.api_jwt.datetime", Stopped)
