"""Create a token of the four claims."""

import time

import engines

from .call import call
from .contenders import on_both_engines
from .goal import Goal
from .job import Job, each_contender
from .jwt_peers import BY_NAME, RyJWT
from .tokens import LIFETIME, SECRET, opened


def _fastware(engine, username, role):
    return call(engines.load(engine).auth.create_token, username, role, SECRET)


def _read_token(contender, *inputs):
    """Header and claims of the token that the contender makes; of its times, whether they are right."""
    header, claims = opened(contender(*inputs).answer())
    issued_at, expires_at = claims.pop("iat"), claims.pop("exp")
    return header, claims, abs(issued_at - time.time()) < 5, expires_at - issued_at


JOB = Job(
    "create token",
    {
        **on_both_engines(_fastware),
        **{name: library.sign for name, library in BY_NAME.items()},
        "ryjwt, claims ready": RyJWT.sign_ready_claims,
    },
    inputs=("alice", "admin"),
    expected=({"alg": "HS256", "typ": "JWT"}, {"sub": "alice", "role": "admin"}, True, LIFETIME),
    trial=_read_token,
    goal=Goal(0.22),
)


@each_contender(JOB)
def test_create_token(time_contender):
    time_contender()
