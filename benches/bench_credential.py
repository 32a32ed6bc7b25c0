"""Find the token that a request presents: in the Authorization header, or in the session cookie."""

import engines

from . import by_hand
from .call import call
from .contenders import BY_HAND, STARLETTE, on_both_engines
from .job import Job, each_contender
from .requests import BROWSER_HEADERS, cookie_header, each_scope
from .tokens import CLAIMS, signed

_TOKEN = signed(CLAIMS)
_BEARER = (b"authorization", b"Bearer " + _TOKEN.encode("ascii"))
_COOKIE = (b"cookie", cookie_header(8, 800, "session", _TOKEN))


def _fastware(engine, scope):
    return call(engines.engine(engine).credential, scope["headers"], scope["query_string"], "session", True)


def _by_hand(scope):
    return call(by_hand.credential, scope)


def _starlette(scope):
    from starlette.requests import Request

    def find(scope):
        request = Request(scope)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token
        return request.cookies.get("session") or request.query_params.get("token")

    return call(find, scope)


_CONTENDERS = {**on_both_engines(_fastware), BY_HAND: _by_hand, STARLETTE: _starlette}


def _job(title, header):
    scope = each_scope("GET", "/profile", [*BROWSER_HEADERS[:12], header])()
    return Job(f"credential: {title}", _CONTENDERS, (scope,), _TOKEN)


JOBS = (_job("Bearer", _BEARER), _job("session cookie", _COOKIE))


@each_contender(*JOBS)
def test_credential(time_contender):
    time_contender()
