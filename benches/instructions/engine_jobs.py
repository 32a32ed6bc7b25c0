"""What an engine is asked on the paths of every request: each function of the contract, as the public API calls it."""

from itertools import cycle
from types import SimpleNamespace

from benches.instructions.clock import STOPPED_AT
from benches.instructions.job import Job
from benches.requests import BROWSER_HEADERS, cookie_header
from benches.tokens import SECRET, forged, signed

_NOW = STOPPED_AT
_CLAIMS = {"sub": "alice", "role": "admin", "iat": _NOW, "exp": _NOW + 2_592_000}
_LARGE_CLAIMS = {
    **_CLAIMS,
    "organisation": {"id": 4711, "name": "Müller & Söhne", "verified": True, "parent": None},
    "permissions": [f"project:{number:04}:{verb}" for number in range(60) for verb in ("read", "write", "admin")],
}
_TOKEN = signed(_CLAIMS)
_ROTATED_SECRETS = ("rX4vB9nM2qW7eL5tY8uI3oP6aS1dF0gH", SECRET)

_CSRF_TOKEN = "q3mXz0oN8yK5vT2rB7wL4sJ1hG6fD9aP"
_COOKIES_8 = [*BROWSER_HEADERS, (b"cookie", cookie_header(8, 600, "session", "s1"))]
_COOKIES_36 = [*BROWSER_HEADERS, (b"cookie", cookie_header(36, 4_000, "session", "s1"))]
_BEARER = [*BROWSER_HEADERS, (b"authorization", f"Bearer {_TOKEN}".encode("ascii"))]
_SUBMITTED = [
    *BROWSER_HEADERS,
    (b"cookie", cookie_header(4, 300, "csrf_token", _CSRF_TOKEN)),
    (b"x-csrf-token", _CSRF_TOKEN.encode("ascii")),
]

_HOUR = 3_600 * 10**9
_HOST = "203.0.113.7"
_BUCKETS = 10_000


def jobs(engine):
    """The jobs of *engine*. One after another is made only when it is asked for."""
    create_token, verify_token, credential = engine.create_token, engine.verify_token, engine.credential
    identify = engine.identify
    header, cookie, cookies, csrf_verdict = engine.header, engine.cookie, engine.cookies, engine.csrf_verdict
    forged_token, large_token = forged(_TOKEN), signed(_LARGE_CLAIMS)

    yield Job("create_token", lambda: create_token("alice", "admin", SECRET), _TOKEN, 100)
    yield Job("verify_token, valid", lambda: verify_token(_TOKEN, SECRET), _CLAIMS, 100)
    yield Job("verify_token, second secret", lambda: verify_token(_TOKEN, _ROTATED_SECRETS), _CLAIMS, 100)
    yield Job("verify_token, forged", lambda: verify_token(forged_token, SECRET), None, 100)
    yield Job("verify_token, 4 KB", lambda: verify_token(large_token, SECRET), _LARGE_CLAIMS, 50)
    yield Job("header, last of 20", lambda: header(BROWSER_HEADERS, b"x-real-ip"), _HOST.encode("ascii"))
    yield Job("cookie, of 8", lambda: cookie(_COOKIES_8, "session"), "s1")
    yield Job("cookie, of 36", lambda: cookie(_COOKIES_36, "session"), "s1")
    yield Job("cookies, 36", lambda: len(cookies(_COOKIES_36)), 36, 100)
    yield Job("credential, bearer", lambda: credential(_BEARER, b"", "session", False), _TOKEN)
    yield Job("credential, cookie of 8", lambda: credential(_COOKIES_8, b"", "session", False), "s1")
    yield Job("identify, bearer", lambda: identify(_BEARER, "session", SECRET), _CLAIMS, 100)
    yield Job("csrf, passed", lambda: csrf_verdict(_SUBMITTED), 0)
    yield from _bucket_jobs(engine)


def _bucket_jobs(engine):
    hot = engine.TokenBuckets(10**9, _HOUR).take
    yield Job("bucket, hot", lambda: hot(_HOST, _HOUR), 0)

    by_client = engine.TokenBuckets(10**9, _HOUR).take_by_client
    request = SimpleNamespace(scope={"client": (_HOST, 50000)})
    yield Job("bucket, by client", lambda: by_client(request), 0)

    empty = engine.TokenBuckets(1, _HOUR).take
    empty(_HOST, _HOUR)
    yield Job("bucket, refused", lambda: empty(_HOST, _HOUR), _HOUR)

    many = engine.TokenBuckets(10**6, _HOUR).take
    hosts = [f"10.0.{number >> 8}.{number & 255}".encode("ascii") for number in range(_BUCKETS)]
    for host in hosts:
        many(host.decode("ascii"), _HOUR)
    keys = map(bytes.decode, cycle(hosts))
    yield Job(f"bucket, of {_BUCKETS:,}", lambda: many(next(keys), _HOUR), 0, 4_000)
