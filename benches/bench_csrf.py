"""POST through CSRF middleware; the time of the bare application is subtracted."""

import functools

import engines
from checks.samples import BROWSER_HEADERS, cookie_beside, scope_maker

from benches import csrf_peers
from benches.exchange import exchange, read_response, read_status
from benches.jobs import BY_HAND, Job, each_contender, on_both_engines

_JSON = b"application/json"


async def _app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", _JSON)]})
    await send({"type": "http.response.body", "body": b'{"saved":true}'})


def _fastware(engine, app):
    return csrf_peers.with_plain_token(engines.load(engine).auth.CSRFMiddleware, app)


_PROTECTIONS = {
    **on_both_engines(_fastware),
    BY_HAND: csrf_peers.by_hand_middleware,
    "starlette-csrf": csrf_peers.starlette_csrf,
    "asgi-csrf": csrf_peers.asgi_csrf,
    "Litestar": csrf_peers.litestar,
}


def _post(protect, step):
    """POST with the correct cookie; the header has its token forward (*step* 1) or backward (-1)."""
    protected = protect(_app)
    headers = [
        *BROWSER_HEADERS[:12],
        (b"cookie", cookie_beside(3, csrf_peers.COOKIE, protected.token)),
        (csrf_peers.HEADER.encode("ascii"), protected.token[::step].encode("ascii")),
    ]
    return exchange(protected.app, scope_maker("POST", "/basket", headers), baseline=protected.bare)


_CONTENDERS = {name: functools.partial(_post, protect) for name, protect in _PROTECTIONS.items()}

JOBS = (
    Job("csrf: POST that passes", _CONTENDERS, (1,), (200, _JSON, {"saved": True}), read_response, 0.3),
    Job("csrf: POST that is rejected", _CONTENDERS, (-1,), 403, read_status),
)


@each_contender(*JOBS)
def test_csrf(time_contender):
    time_contender()
