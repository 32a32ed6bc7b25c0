"""POST through the CSRF middleware and an application that answers at once."""

import engines

from . import by_hand
from .contenders import BY_HAND, on_both_engines
from .drive import asgi_call, ask_for_response
from .job import Job, each_contender
from .requests import BROWSER_HEADERS, cookie_header, http_scope

_CSRF_TOKEN = "q3mXz0oN8yK5vT2rB7wL4sJ1hG6fD9aP"
_HEADERS = [*BROWSER_HEADERS[:12], (b"cookie", cookie_header(4, 300, "csrf_token", _CSRF_TOKEN))]
_JSON = b"application/json"


async def _app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", _JSON)]})
    await send({"type": "http.response.body", "body": b'{"saved":true}'})


def _fastware(engine, scope):
    return asgi_call(engines.load(engine).auth.CSRFMiddleware(_app), scope)


def _by_hand(scope):
    return asgi_call(by_hand.CSRFMiddleware(_app), scope)


def _job(title, submitted, *expected):
    scope = http_scope("POST", "/basket", [*_HEADERS, (b"x-csrf-token", submitted.encode("ascii"))])
    contenders = {**on_both_engines(_fastware), BY_HAND: _by_hand}
    return Job(f"csrf: {title}", contenders, (scope,), expected, trial=ask_for_response)


JOBS = (
    _job("POST that passes", _CSRF_TOKEN, 200, _JSON, {"saved": True}),
    _job("POST that is refused", _CSRF_TOKEN[::-1], 403, _JSON, {"detail": "CSRF token mismatch"}),
)


@each_contender(*JOBS)
def test_csrf(time_contender):
    time_contender()
