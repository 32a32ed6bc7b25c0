"""Whole requests, from the ASGI scope to the response: without auth, with it, and what it adds."""

import functools

from . import csrf_peers
from .applications import (
    baize_app,
    blacksheep_app,
    falcon_app,
    fastapi_app,
    fastware_app,
    litestar_app,
    starlette_app,
)
from .contenders import PYTHON, RUST
from .exchange import ask_for_response, ask_for_status, exchange
from .goal import Goal
from .job import Job, each_contender
from .requests import BROWSER_HEADERS, cookie_of, each_scope
from .tokens import CLAIMS, SECRET, forged, signed

_JSON = b"application/json"
_PROFILE = {"username": "alice", "role": "admin"}
_HEADERS = BROWSER_HEADERS[:12]
_STATE = {"config": {"jwt_secret": SECRET}}

_MODULES = {
    "Starlette + PyJWT": starlette_app,
    "FastAPI + PyJWT": fastapi_app,
    "Litestar, its JWT auth": litestar_app,
    "Falcon + PyJWT": falcon_app,
    "BlackSheep + PyJWT": blacksheep_app,
    "baize + PyJWT": baize_app,
}


def _makers(part):
    """By contender, the functions that make the application *part*, where the framework has what it takes."""
    ours = {
        name: functools.partial(getattr(fastware_app, part), engine)
        for name, engine in ((RUST, "rust"), (PYTHON, "python"))
    }
    return ours | {name: getattr(module, part) for name, module in _MODULES.items() if hasattr(module, part)}


def _get(*headers):
    return each_scope("GET", "/profile", [*_HEADERS, *headers], state=_STATE)


def _bearer(token):
    return _get((b"authorization", b"Bearer " + token.encode("ascii")))


_OPEN = _makers("without_auth")
_BEARER = _makers("with_bearer")
_GUARDED = _makers("guarded")


def _sent(makers, make_scope):
    return {name: functools.partial(_send, make, make_scope) for name, make in makers.items()}


def _send(make_app, make_scope):
    return exchange(make_app(), make_scope)


def _send_with_and_without_auth(make_app, make_open_app, make_scope):
    return exchange(make_app(), make_scope, baseline=make_open_app())


def _post(make_guarded):
    """A POST with the session's cookie, and the CSRF token in a cookie and in a header."""
    app, csrf_token = make_guarded()
    cookies = [cookie_of("session", signed(CLAIMS)), cookie_of(csrf_peers.COOKIE, csrf_token, others=1)]
    headers = [
        *_HEADERS,
        (b"content-length", b"0"),
        (b"cookie", b"; ".join(cookies)),
        (csrf_peers.HEADER.encode("ascii"), csrf_token.encode("ascii")),
    ]
    return exchange(app, each_scope("POST", "/profile", headers, state=_STATE))


_NO_PARTS = "no CSRF protection and rate limit of its own, and none that is usual with it"

JOBS = (
    Job("request: GET without auth", _sent(_OPEN, _get()), (), (200, _JSON, _PROFILE), ask_for_response),
    Job(
        "request: GET with Bearer token",
        _sent(_BEARER, _bearer(signed(CLAIMS))),
        (),
        (200, _JSON, _PROFILE),
        ask_for_response,
        Goal(4.5),
    ),
    Job(
        "request: what auth adds to GET",
        {
            name: functools.partial(_send_with_and_without_auth, make, _OPEN[name], _bearer(signed(CLAIMS)))
            for name, make in _BEARER.items()
        },
        (),
        (200, _JSON, _PROFILE),
        ask_for_response,
        Goal(1.0),
    ),
    Job(
        "request: GET with forged token",
        _sent(_BEARER, _bearer(forged(signed(CLAIMS)))),
        (),
        401,
        ask_for_status,
    ),
    Job(
        "request: POST, session, CSRF, limit",
        {name: functools.partial(_post, make) for name, make in _GUARDED.items()},
        (),
        (200, _JSON, _PROFILE),
        ask_for_response,
        Goal(6),
        left_out=dict.fromkeys((name for name in _MODULES if name not in _GUARDED), _NO_PARTS),
    ),
)


@each_contender(*JOBS)
def test_request(time_contender):
    time_contender()
