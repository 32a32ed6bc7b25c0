"""Rows about tokens: how they are made, what the engines answer, and what PyJWT does with the same token."""

import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest import mock

import clock
import jwt
from attacks import Attack
from outcomes import identical, outcome
from raw_tokens import HEADER, SECRET, sign_bytes, sign_segments

NOW = 1_700_000_000.5
PAYLOAD = b'{"sub":"alice"}'
CLAIMS = {"sub": "alice"}
TOKEN = sign_bytes(PAYLOAD)
HEAD, BODY, SIGNATURE = TOKEN.split(".")

AS_PYJWT = "as PyJWT"
"""PyJWT returns the same claims, or refuses the token with an error of its own."""
STRICTER = "stricter"
"""PyJWT returns claims of a token that is none here."""
PYJWT_FAILS = "PyJWT fails"
"""PyJWT lets an error through that is none of its own."""
NOT_COMPARED = None
"""PyJWT has no such call, or its answer hangs on the interpreter."""


@dataclass(frozen=True)
class TokenAttack(Attack):
    """*given* is the token, or a function that makes it where it is large; *answer* is the claims, or ``None``."""

    secret: Any = SECRET
    now: float = NOW
    leeway: float = 0.0
    pyjwt: str | None = AS_PYJWT

    def token(self):
        return self.given() if callable(self.given) else self.given


def signed(name, rule, source, payload=PAYLOAD, answer=None, *, header=HEADER, key=SECRET, **rest):
    """The row of a token whose signature holds, of the bytes of its header and payload."""
    return TokenAttack(name, rule, source, sign_bytes(payload, header=header, secret=key), answer, **rest)


def spelled(name, rule, source, header=HEAD, payload=BODY, answer=None, **rest):
    """The row of a token whose signature holds, of its segments as they are spelled."""
    return TokenAttack(name, rule, source, sign_segments(header, payload), answer, **rest)


def answered(engine, attack):
    """What the engine did with the token of the row."""
    token = attack.token()
    with clock.stopped_at(attack.now):
        return outcome(lambda: engine.verify_token(token, attack.secret, leeway=attack.leeway))


def is_answer(how, attack):
    return how[0] == "returned" and identical(how[1], attack.answer)


def compared_with_pyjwt(attack):
    """How the answer of the row stands to PyJWT's, in the words of the rows."""
    how = outcome(_decode, attack)
    if how[0] == "raised":
        is_own = issubclass(how[1], jwt.PyJWTError)
        return (AS_PYJWT if is_own else PYJWT_FAILS) if attack.answer is None else f"accepted here: {how}"
    if attack.answer is None:
        return STRICTER
    return AS_PYJWT if identical(how[1], attack.answer) else f"other claims: {how[1]}"


def _decode(attack):
    token = attack.token()
    with _datetime_stopped_at(attack.now), warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
        return jwt.decode(token, attack.secret, algorithms=["HS256"], leeway=attack.leeway)


def _datetime_stopped_at(now):
    """The clock of PyJWT, which asks ``datetime``."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(now, tz)

    return mock.patch("jwt.api_jwt.datetime", Stopped)
