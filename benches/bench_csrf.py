"""POST through CSRF middleware; what the bare application costs is subtracted."""

import engines

from . import csrf_peers
from .contenders import BY_HAND, on_both_engines
from .exchange import ask_for_response, ask_for_status, exchange
from .goal import Goal
from .job import Job, each_contender
from .requests import BROWSER_HEADERS, cookie_of, each_scope

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


class _Posted:
    """A POST with the right cookie, and the header that *submit* makes of the cookie's value."""

    def __init__(self, protect, submit):
        self._protect = protect
        self._submit = submit

    def __call__(self):
        protected = self._protect(_app)
        headers = [
            *BROWSER_HEADERS[:12],
            (b"cookie", cookie_of(csrf_peers.COOKIE, protected.token)),
            (csrf_peers.HEADER.encode("ascii"), self._submit(protected.token).encode("ascii")),
        ]
        return exchange(protected.app, each_scope("POST", "/basket", headers), baseline=protected.bare)


def _posted(submit):
    return {name: _Posted(protect, submit) for name, protect in _PROTECTIONS.items()}


def _same(token):
    return token


def _reversed(token):
    return token[::-1]


JOBS = (
    Job("csrf: POST that passes", _posted(_same), (), (200, _JSON, {"saved": True}), ask_for_response, Goal(0.3)),
    Job("csrf: POST that is refused", _posted(_reversed), (), 403, ask_for_status),
)


@each_contender(*JOBS)
def test_csrf(time_contender):
    time_contender()
