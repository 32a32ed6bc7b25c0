"""POST through CSRF middleware; the time of the bare application is subtracted."""

import functools

import engines
from checks.samples import BROWSER_HEADERS, CLAIMS, cookie_beside, scope_maker, signed

from benches import csrf_peers
from benches.exchange import exchange, read_response, read_status
from benches.jobs import BY_HAND, Job, each_contender, on_both_engines

_JSON = b"application/json"


async def _app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", _JSON)]})
    await send({"type": "http.response.body", "body": b'{"saved":true}'})


_SESSION = signed(CLAIMS | {"sid": "9Yt3bVqL0sXw2ZkR7uHc5A"})
_TRUSTED = "https://www.example.com"


def _fastware(engine, app):
    csrf = engines.load(engine).auth.CSRFMiddleware
    return csrf_peers.with_plain_token(lambda app: csrf(app, trusted_origins=[_TRUSTED]), app)


def _fastware_with_secret(engine, app):
    auth = engines.load(engine).auth
    token = auth.create_csrf_token(_SESSION, csrf_peers.SECRET)
    return csrf_peers.Protected(auth.CSRFMiddleware(app, secret=csrf_peers.SECRET), app, token)


_OURS = on_both_engines(_fastware)
_SIGNING = {
    "starlette-csrf": csrf_peers.starlette_csrf,
    "asgi-csrf": csrf_peers.asgi_csrf,
    "Litestar": csrf_peers.litestar,
}
_PLAIN = _OURS | {BY_HAND: csrf_peers.by_hand_middleware} | _SIGNING
_SIGNED = on_both_engines(_fastware_with_secret) | _SIGNING


def _post(protect, step, further=()):
    """POST with the correct cookies; the header has its token forward (*step* 1) or backward (-1)."""
    protected = protect(_app)
    cookies = f"session={_SESSION}; ".encode() + cookie_beside(3, csrf_peers.COOKIE, protected.token)
    headers = [
        *BROWSER_HEADERS[:9],
        *(further or [(b"origin", b"https://shop.example.com"), (b"sec-fetch-site", b"same-origin")]),
        (b"cookie", cookies),
        (csrf_peers.HEADER.encode("ascii"), protected.token[::step].encode("ascii")),
    ]
    return exchange(protected.app, scope_maker("POST", "/basket", headers), baseline=protected.bare)


def _contenders(protections):
    return {name: functools.partial(_post, protect) for name, protect in protections.items()}


_SAVED = (200, _JSON, {"saved": True})
_FROM_TRUSTED = [(b"origin", _TRUSTED.encode()), (b"sec-fetch-site", b"same-site")]

JOBS = (
    Job("csrf: POST that passes", _contenders(_PLAIN), (1,), _SAVED, read_response, 0.45),
    Job("csrf: POST that is rejected", _contenders(_PLAIN), (-1,), 403, read_status),
    Job("csrf: POST of a trusted origin", _contenders(_OURS), (1, _FROM_TRUSTED), _SAVED, read_response, 0.45),
    Job("csrf: POST with a signed token", _contenders(_SIGNED), (1,), _SAVED, read_response, 1.2),
)


@each_contender(*JOBS)
def test_csrf(time_contender):
    time_contender()
