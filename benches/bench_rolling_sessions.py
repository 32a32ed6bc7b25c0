"""A request through ``RollingSessions`` that renews nothing; the time of the bare application is subtracted."""

import engines
from checks.samples import BROWSER_HEADERS, SECRET, cookie_beside, scope_maker

from benches.exchange import exchange, read_response
from benches.jobs import Job, each_contender, on_both_engines

_JSON = b"application/json"


async def _app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", _JSON)]})
    await send({"type": "http.response.body", "body": b'{"found":true}'})


def _get(engine, has_session):
    auth = engines.load(engine).auth
    settings = auth.Auth(SECRET, revocations=auth.MemoryRevocations())
    token = settings.create_token("alice", "admin", expires_in=86_400)
    cookie = cookie_beside(3, "session" if has_session else "other", token)
    scopes = scope_maker("GET", "/basket", [*BROWSER_HEADERS[:12], (b"cookie", cookie)])
    return exchange(auth.RollingSessions(_app, settings, absolute_limit=86_400), scopes, baseline=_app)


def _job(title, has_session, goal=None):
    return Job(title, on_both_engines(_get), (has_session,), (200, _JSON, {"found": True}), read_response, goal)


JOBS = (
    _job("rolling sessions: GET with a session that is not renewed", True),
    _job("rolling sessions: GET without a session", False),
)


@each_contender(*JOBS)
def test_rolling_sessions(time_contender):
    time_contender()
