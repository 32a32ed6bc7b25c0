"""Whole requests, from the ASGI scope to the response: without auth, with auth, and what auth adds."""

import functools

from checks.samples import BROWSER_HEADERS, CLAIMS, SECRET, bearer, cookie_beside, forged, scope_maker, signed

from benches import applications, csrf_peers
from benches.exchange import exchange, read_response, read_status
from benches.jobs import Job, each_contender, on_both_engines

_HEADERS = BROWSER_HEADERS[:12]
_STATE = {"config": {"jwt_secret": SECRET}}
_PROFILE = (200, b"application/json", {"username": "alice", "role": "admin"})

_FRAMEWORKS = {name: make() for name, make in on_both_engines(applications.Fastware).items()} | {
    "Starlette + PyJWT": applications.Starlette(),
    "FastAPI + PyJWT": applications.FastAPI(),
    "Litestar, its JWT auth": applications.Litestar(),
    "Falcon + PyJWT": applications.Falcon(),
    "BlackSheep + PyJWT": applications.BlackSheep(),
    "baize + PyJWT": applications.Baize(),
}


def _get(*headers):
    return scope_maker("GET", "/profile", [*_HEADERS, *headers], state=_STATE)


_VALID, _FORGED = _get(bearer(signed(CLAIMS))), _get(bearer(forged(signed(CLAIMS))))


def _without_auth(framework):
    return exchange(framework.without_auth(), _get())


def _with_bearer(framework, make_scope):
    return exchange(framework.with_bearer(), make_scope)


def _what_auth_adds(framework, make_scope):
    return exchange(framework.with_bearer(), make_scope, baseline=framework.without_auth())


def _guarded(framework):
    """POST with the session's cookie, and the CSRF token in a cookie and in a header."""
    app, csrf_token = framework.guarded()
    cookies = [cookie_beside(3, "session", signed(CLAIMS)), cookie_beside(1, csrf_peers.COOKIE, csrf_token)]
    headers = [
        *_HEADERS,
        (b"content-length", b"0"),
        (b"cookie", b"; ".join(cookies)),
        (csrf_peers.HEADER.encode("ascii"), csrf_token.encode("ascii")),
    ]
    return exchange(app, scope_maker("POST", "/profile", headers, state=_STATE))


def _contenders(prepare, frameworks=_FRAMEWORKS):
    return {name: functools.partial(prepare, framework) for name, framework in frameworks.items()}


_WITH_ALL_PARTS = {name: framework for name, framework in _FRAMEWORKS.items() if hasattr(framework, "guarded")}
_LEFT_OUT = {
    name: "no CSRF protection and rate limit of its own, and no common library for them"
    for name in _FRAMEWORKS
    if name not in _WITH_ALL_PARTS
}

JOBS = (
    Job("request: GET without auth", _contenders(_without_auth), (), _PROFILE, read_response),
    Job("request: GET with Bearer token", _contenders(_with_bearer), (_VALID,), _PROFILE, read_response, 4.5),
    Job("request: what auth adds to GET", _contenders(_what_auth_adds), (_VALID,), _PROFILE, read_response, 1.0),
    Job("request: GET with forged token", _contenders(_with_bearer), (_FORGED,), 401, read_status),
    Job(
        "request: POST, session, CSRF, limit",
        _contenders(_guarded, _WITH_ALL_PARTS),
        (),
        _PROFILE,
        read_response,
        6,
        left_out=_LEFT_OUT,
    ),
)


@each_contender(*JOBS)
def test_requests(time_contender):
    time_contender()
