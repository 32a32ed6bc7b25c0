"""Create a token of the four claims."""

import time
from functools import partial
from unittest import mock

import engines

from .contenders import on_both_engines
from .job import Job, ask_once, each_contender
from .tokens import CLAIMS, LIFETIME, NOW, SECRET, signed


def _fastware(engine, username, role):
    return partial(engines.load(engine).auth.create_token, username, role, SECRET)


def _pyjwt(username, role):
    import jwt

    def create():
        now = int(time.time())
        return jwt.encode({"sub": username, "role": role, "iat": now, "exp": now + LIFETIME}, SECRET, algorithm="HS256")

    return create


def _at_a_known_time(contender, *inputs):
    with mock.patch("time.time", return_value=float(NOW)):
        return ask_once(contender, *inputs)


JOB = Job(
    "create token",
    {**on_both_engines(_fastware), "PyJWT": _pyjwt},
    inputs=(CLAIMS["sub"], CLAIMS["role"]),
    expected=signed(CLAIMS),
    trial=_at_a_known_time,
)


@each_contender(JOB)
def test_create_token(time_contender):
    time_contender()
