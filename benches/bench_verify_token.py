"""Verify a token: its claims, or a refusal."""

import engines

from .call import call
from .contenders import on_both_engines
from .goal import Goal
from .job import Job, each_contender
from .jwt_peers import BY_NAME
from .tokens import CLAIMS, SECRET, forged, signed

_LARGE_CLAIMS = {
    **CLAIMS,
    "organisation": {"id": 4711, "name": "Müller & Söhne", "verified": True, "parent": None},
    "permissions": [f"project:{number:04}:{verb}" for number in range(60) for verb in ("read", "write", "admin")],
}


def _fastware(engine, token):
    return call(engines.load(engine).auth.verify_token, token, SECRET)


def _claims_or_none(contender, token):
    answer = contender(token).answer()
    return None if isinstance(answer, Exception) else answer


_CONTENDERS = {**on_both_engines(_fastware), **{name: library.verify for name, library in BY_NAME.items()}}


def _job(title, token, expected, goal):
    return Job(f"verify token: {title}", _CONTENDERS, (token,), expected, trial=_claims_or_none, goal=Goal(goal))


JOBS = (
    _job("valid", signed(CLAIMS), CLAIMS, 0.36),
    _job("forged signature", forged(signed(CLAIMS)), None, 0.17),
    _job("4 KB of claims", signed(_LARGE_CLAIMS), _LARGE_CLAIMS, 4.7),
)


@each_contender(*JOBS)
def test_verify_token(time_contender):
    time_contender()
