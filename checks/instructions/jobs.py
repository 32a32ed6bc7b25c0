"""The calls on the path of every request whose instructions are counted."""

import importlib
import mmap
from itertools import cycle
from types import SimpleNamespace

import csrf_checks

from checks.instructions.callgrind import STOPPED_AT, Job
from checks.samples import (
    BROWSER_HEADERS,
    CSRF_TOKEN,
    SECRET,
    bearer,
    claims_at,
    cookie_header,
    forged,
    large_claims_at,
    scope_maker,
    signed,
    signed_csrf_token,
)
from fastware._engine import contract

_CLAIMS, _LARGE_CLAIMS = claims_at(STOPPED_AT), large_claims_at(STOPPED_AT)
_TOKEN = signed(_CLAIMS)
_SECRETS = ("rX4vB9nM2qW7eL5tY8uI3oP6aS1dF0gH", SECRET)
_COOKIES_8 = [*BROWSER_HEADERS, (b"cookie", cookie_header(8, 600, "session", "s1"))]
_COOKIES_36 = [*BROWSER_HEADERS, (b"cookie", cookie_header(36, 4_000, "session", "s1"))]
_BEARER = [*BROWSER_HEADERS, bearer(_TOKEN)]
_CSRF_HEADERS = [
    (b"cookie", cookie_header(4, 300, "csrf_token", CSRF_TOKEN)),
    (b"x-csrf-token", CSRF_TOKEN.encode("ascii")),
]
_CSRF_KEY, _SID = b"the key of signed CSRF tokens...", "Qm8dT1xWc0yVh3nR5kJ7sA"
_SIGNED_CSRF_HEADERS = [
    (b"cookie", cookie_header(4, 500, "session", signed({**_CLAIMS, "sid": _SID, "rev": 0}))),
    (b"x-csrf-token", signed_csrf_token(_SID.encode("ascii"), _CSRF_KEY).encode("ascii")),
]
_HOUR = 3_600 * 10**9
_HOST = "203.0.113.7"
_BUCKETS = 10_000


def engine_jobs(module: str):
    """Yield the functions of an engine, called as the public API calls them. Each job is made just before it runs."""
    engine = importlib.import_module(module)
    create_token, verify_token, identify = engine.create_token, engine.verify_token, engine.identify
    header, cookie, cookies, credential = engine.header, engine.cookie, engine.cookies, engine.credential
    csrf, csrf_headers = csrf_checks.new(engine).verdict, [*BROWSER_HEADERS, *_CSRF_HEADERS]
    signed_csrf = csrf_checks.new(engine, keys=[_CSRF_KEY]).verdict
    signed_csrf_headers = [*BROWSER_HEADERS, *_SIGNED_CSRF_HEADERS]
    forged_token, large_token = forged(_TOKEN), signed(_LARGE_CLAIMS)

    yield Job("create_token", lambda: create_token("alice", "admin", SECRET), _TOKEN, 100)
    yield Job("verify_token, valid", lambda: verify_token(_TOKEN, SECRET), _CLAIMS, 100)
    yield Job("verify_token, second secret", lambda: verify_token(_TOKEN, _SECRETS), _CLAIMS, 100)
    yield Job("verify_token, forged", lambda: verify_token(forged_token, SECRET), None, 100)
    yield Job("verify_token, 4 KB", lambda: verify_token(large_token, SECRET), _LARGE_CLAIMS, 50)
    yield Job("header, last of 20", lambda: header(BROWSER_HEADERS, b"x-real-ip"), _HOST.encode("ascii"))
    yield Job("cookie, of 8", lambda: cookie(_COOKIES_8, "session"), "s1")
    yield Job("cookie, of 36", lambda: cookie(_COOKIES_36, "session"), "s1")
    yield Job("cookies, 36", lambda: len(cookies(_COOKIES_36)), 36, 100)
    yield Job("credential, bearer", lambda: credential(_BEARER, None, "session"), _TOKEN)
    yield Job("credential, cookie of 8", lambda: credential(_COOKIES_8, None, "session"), "s1")
    yield Job("identify, bearer", lambda: identify(_BEARER, None, "session", SECRET), _CLAIMS, 100)
    yield Job("csrf, passed", lambda: csrf(csrf_headers, True), 0)
    yield Job("csrf, signed token", lambda: signed_csrf(signed_csrf_headers, True), 0, 100)

    hot = engine.TokenBuckets(10**9, _HOUR).take
    yield Job("bucket, hot", lambda: hot(_HOST, _HOUR), 0)
    by_client = engine.TokenBuckets(10**9, _HOUR).take_by_client
    request = SimpleNamespace(scope={"client": (_HOST, 50000)})
    yield Job("bucket, by client", lambda: by_client(request), 0)
    empty = engine.TokenBuckets(1, _HOUR).take
    empty(_HOST, _HOUR)
    yield Job("bucket, rejected", lambda: empty(_HOST, _HOUR), _HOUR)
    many = engine.TokenBuckets(10**6, _HOUR).take
    hosts = [f"10.0.{number >> 8}.{number & 255}".encode("ascii") for number in range(_BUCKETS)]
    for host in hosts:
        many(host.decode("ascii"), _HOUR)
    keys = map(bytes.decode, cycle(hosts))
    yield Job(f"bucket, of {_BUCKETS:,}", lambda: many(next(keys), _HOUR), 0, 4_000)

    memory = mmap.mmap(-1, contract.SHARED_SLOTS_AT + 4 * _BUCKETS * contract.SHARED_GROUP)
    shared = engine.SharedTokenBuckets(memory, 128, 10**9, _HOUR).take
    yield Job("shared bucket, hot", lambda: shared(_HOST), 0)
    clients = map(bytes.decode, cycle(hosts))
    for host in hosts:
        shared(host.decode("ascii"))
    yield Job(f"shared bucket, of {_BUCKETS:,}", lambda: shared(next(clients)), 0, 4_000)


def public_jobs():
    """Yield calls of the public API: the additional instructions are the Python code above the engine."""
    from fastware import Router, auth, create_app

    @auth.rate_limit("1000000000/hour")
    async def search(request):
        return 3

    request = SimpleNamespace(scope={"client": (_HOST, 50000)})
    yield Job("rate-limited handler", lambda: _drive(search(request)), 3)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})

    headers = [*BROWSER_HEADERS[:12], *_CSRF_HEADERS]
    post = _asgi_call(auth.CSRFMiddleware(app), scope_maker("POST", "/basket", headers)())
    yield Job("CSRF middleware, POST", lambda: post()[0]["status"], 204, 100)

    router = Router()

    @router.get("/profile", deps={"user": auth.get_current_user})
    async def profile(request, user):
        return {"username": user["sub"], "role": user["role"]}

    headers = [*BROWSER_HEADERS[:12], bearer(_TOKEN)]
    scope = scope_maker("GET", "/profile", headers, state={"config": {"jwt_secret": SECRET}})()
    get = _asgi_call(create_app(router), scope)
    yield Job("request, GET /profile", lambda: get()[1]["body"], b'{"username":"alice","role":"admin"}', 100)


def _drive(coroutine):
    """Run a coroutine that never waits, without the cost of an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("the coroutine waits for something")


def _asgi_call(app, scope):
    """Return a function that sends one request through *app*, and returns the messages of the response."""

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    def call():
        sent = []

        async def send(message):
            sent.append(message)

        _drive(app(dict(scope), receive, send))
        return sent

    return call
