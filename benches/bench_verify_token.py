"""Verify a token: its claims, or None."""

from functools import partial

import engines

from .contenders import on_both_engines
from .job import Job, each_contender
from .tokens import CLAIMS, SECRET, forged, signed

_LARGE_CLAIMS = {
    **CLAIMS,
    "organisation": {"id": 4711, "name": "Müller & Söhne", "verified": True, "parent": None},
    "permissions": [f"project:{number:04}:{verb}" for number in range(60) for verb in ("read", "write", "admin")],
}


def _fastware(engine, token):
    return partial(engines.load(engine).auth.verify_token, token, SECRET)


def _pyjwt(token):
    import jwt

    def verify():
        try:
            return jwt.decode(token, SECRET, algorithms=["HS256"])
        except jwt.PyJWTError:
            return None

    return verify


_CONTENDERS = {**on_both_engines(_fastware), "PyJWT": _pyjwt}

JOBS = (
    Job("verify token: valid", _CONTENDERS, (signed(CLAIMS),), expected=CLAIMS),
    Job("verify token: forged signature", _CONTENDERS, (forged(signed(CLAIMS)),), expected=None),
    Job("verify token: 4 KB of claims", _CONTENDERS, (signed(_LARGE_CLAIMS),), expected=_LARGE_CLAIMS),
)


@each_contender(*JOBS)
def test_verify_token(time_contender):
    time_contender()
