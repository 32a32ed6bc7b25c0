"""Create a token of four claims, and verify one."""

import time

import engines
import jwt
from checks.samples import CLAIMS, LIFETIME, NOW, SECRET, forged, large_claims_at, signed

from benches.jobs import Job, each_contender, on_both_engines
from benches.jwt_peers import JWT_PEERS, RyJWT
from benches.timing import call

_LARGE_CLAIMS = large_claims_at(NOW)


def _create(engine, username, role):
    return call(engines.load(engine).auth.create_token, username, role, SECRET)


def _read_token(contender, *inputs):
    """Return the header and the claims of the token; its times are replaced by whether they are correct."""
    token = jwt.decode_complete(contender(*inputs).result(), SECRET, ["HS256"])
    claims = token["payload"]
    issued_at, expires_at = claims.pop("iat"), claims.pop("exp")
    return token["header"], claims, abs(issued_at - time.time()) < 5, expires_at - issued_at


def _verify(engine, token):
    return call(engines.load(engine).auth.verify_token, token, SECRET)


def _claims_or_none(contender, token):
    result = contender(token).result()
    return None if isinstance(result, Exception) else result


_CREATORS = on_both_engines(_create) | {name: peer.sign for name, peer in JWT_PEERS.items()}
_CREATORS |= {"ryjwt, claims ready": RyJWT().sign_ready_claims}
_CREATED = ({"alg": "HS256", "typ": "JWT"}, {"sub": "alice", "role": "admin"}, True, LIFETIME)
_VERIFIERS = on_both_engines(_verify) | {name: peer.verify for name, peer in JWT_PEERS.items()}

JOBS = (
    Job("create token", _CREATORS, ("alice", "admin"), _CREATED, _read_token, 0.22),
    Job("verify token: valid", _VERIFIERS, (signed(CLAIMS),), CLAIMS, _claims_or_none, 0.36),
    Job("verify token: forged signature", _VERIFIERS, (forged(signed(CLAIMS)),), None, _claims_or_none, 0.17),
    Job("verify token: 4 KB of claims", _VERIFIERS, (signed(_LARGE_CLAIMS),), _LARGE_CLAIMS, _claims_or_none, 4.7),
)


@each_contender(*JOBS)
def test_tokens(time_contender):
    time_contender()
