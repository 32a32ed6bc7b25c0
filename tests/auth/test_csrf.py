"""CSRFMiddleware: the double-submit check in front of an ASGI application."""

import asyncio

import asgi_client
import pytest

PAIR = [("cookie", "csrf_token=t0k3n"), ("x-csrf-token", "t0k3n")]
CHANGING = ["POST", "PUT", "PATCH", "DELETE"]
SAFE = ["GET", "HEAD", "OPTIONS"]


class Recorder:
    """An inner application that answers 200 and keeps the scopes it was called with."""

    def __init__(self):
        self.scopes = []

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inner"})


@pytest.fixture
def inner():
    return Recorder()


def passed(answer, inner):
    return answer.status == 200 and answer.body == b"inner" and len(inner.scopes) == 1


def refused(answer, inner, detail):
    return answer.status == 403 and answer.json == {"detail": detail} and inner.scopes == []


# Methods


@pytest.mark.parametrize("method", SAFE)
def test_a_safe_method_passes_without_a_token(auth, inner, method):
    assert passed(asgi_client.call(auth.CSRFMiddleware(inner), method), inner)


@pytest.mark.parametrize(
    "method", [*CHANGING, "TRACE", "CONNECT", "PROPFIND", "BREW", "get", "head", "options", "Get", ""]
)
def test_any_other_method_needs_a_token(auth, inner, method):
    answer = asgi_client.call(auth.CSRFMiddleware(inner), method)
    assert refused(answer, inner, "Missing CSRF token")


@pytest.mark.parametrize("method", [*CHANGING, "post", "BREW"])
def test_any_method_passes_with_equal_tokens(auth, inner, method):
    assert passed(asgi_client.call(auth.CSRFMiddleware(inner), method, headers=PAIR), inner)


def test_the_inner_application_gets_the_same_scope_and_the_whole_body(auth):
    async def echo(scope, receive, send):
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 201, "headers": [(b"x-path", scope["raw_path"])]})
        await send({"type": "http.response.body", "body": body})

    answer = asgi_client.call(auth.CSRFMiddleware(echo), "POST", "/a", headers=PAIR, body=b"body")
    assert (answer.status, answer.header("x-path"), answer.body) == (201, "/a", b"body")


# Cookie and header

MISSING = "Missing CSRF token"
MISMATCH = "CSRF token mismatch"
FAILURES = {
    "nothing": ([], MISSING),
    "cookie-only": ([("cookie", "csrf_token=t")], MISSING),
    "header-only": ([("x-csrf-token", "t")], MISSING),
    "empty-cookie": ([("cookie", "csrf_token="), ("x-csrf-token", "t")], MISSING),
    "empty-header": ([("cookie", "csrf_token=t"), ("x-csrf-token", "")], MISSING),
    "both-empty": ([("cookie", "csrf_token="), ("x-csrf-token", "")], MISSING),
    "quoted-empty-cookie": ([("cookie", 'csrf_token=""'), ("x-csrf-token", "")], MISSING),
    "other-cookie": ([("cookie", "CSRF_TOKEN=t; csrf=t"), ("x-csrf-token", "t")], MISSING),
    "other-header": ([("cookie", "csrf_token=t"), ("x-xsrf-token", "t")], MISSING),
    "bare-cookie": ([("cookie", "csrf_token"), ("x-csrf-token", "csrf_token")], MISSING),
    "differ": ([("cookie", "csrf_token=t"), ("x-csrf-token", "u")], MISMATCH),
    "differ-in-case": ([("cookie", "csrf_token=t"), ("x-csrf-token", "T")], MISMATCH),
    "prefix": ([("cookie", "csrf_token=token"), ("x-csrf-token", "tok")], MISMATCH),
    "longer": ([("cookie", "csrf_token=tok"), ("x-csrf-token", "token")], MISMATCH),
    "non-ascii-differ": ([("cookie", b"csrf_token=\xc3\xa9"), ("x-csrf-token", b"\xe9")], MISMATCH),
    "ascii-and-non-ascii": ([("cookie", b"csrf_token=t"), ("x-csrf-token", b"\xff")], MISMATCH),
    "last-cookie-counts": ([("cookie", "csrf_token=t; csrf_token=u"), ("x-csrf-token", "t")], MISMATCH),
    "last-cookie-header-counts": (
        [("cookie", "csrf_token=t"), ("cookie", "csrf_token=u"), ("x-csrf-token", "t")],
        MISMATCH,
    ),
    "first-header-counts": ([("cookie", "csrf_token=t"), ("x-csrf-token", "u"), ("x-csrf-token", "t")], MISMATCH),
    "percent-encoding-is-not-read": ([("cookie", "csrf_token=%74"), ("x-csrf-token", "t")], MISMATCH),
}


@pytest.mark.parametrize("method", CHANGING)
@pytest.mark.parametrize(("headers", "detail"), FAILURES.values(), ids=FAILURES.keys())
def test_a_request_without_equal_tokens_is_refused(auth, inner, method, headers, detail):
    answer = asgi_client.call(auth.CSRFMiddleware(inner), method, headers=headers, body=b"x=1")
    assert refused(answer, inner, detail)


def test_a_refusal_is_json_with_its_length(auth, inner):
    answer = asgi_client.call(auth.CSRFMiddleware(inner), "POST")
    assert answer.header("content-type").startswith("application/json")
    assert answer.header("content-length") == str(len(answer.body))


def test_a_refusal_shows_neither_token(auth, inner):
    headers = [("cookie", "csrf_token=hunter2"), ("x-csrf-token", "swordfish")]
    answer = asgi_client.call(auth.CSRFMiddleware(inner), "POST", headers=headers)
    assert not any(token in answer.body for token in (b"hunter2", b"swordfish"))


SUCCESSES = {
    "equal": PAIR,
    "header-first": PAIR[::-1],
    "names-in-capitals": [("Cookie", "csrf_token=t"), ("X-CSRF-Token", "t")],
    "among-cookies": [("cookie", "a=1; csrf_token=t; b=2"), ("x-csrf-token", "t")],
    "split-cookies": [("cookie", "a=1"), ("cookie", "csrf_token=t"), ("cookie", "b=2"), ("x-csrf-token", "t")],
    "last-cookie-counts": [("cookie", "csrf_token=u; csrf_token=t"), ("x-csrf-token", "t")],
    "first-header-counts": [("cookie", "csrf_token=t"), ("x-csrf-token", "t"), ("x-csrf-token", "u")],
    "quoted-cookie": [("cookie", 'csrf_token="t"'), ("x-csrf-token", "t")],
    "latin-1": [("cookie", b"csrf_token=\xe9\xff"), ("x-csrf-token", b"\xe9\xff")],
    "utf-8": [("cookie", "csrf_token=愛".encode()), ("x-csrf-token", "愛".encode())],
    "equals-signs": [("cookie", "csrf_token=t=="), ("x-csrf-token", "t==")],
    "after-a-planted-quote": [("cookie", 'a="1; csrf_token=t; b=2"'), ("x-csrf-token", "t")],
    "long": [("cookie", "csrf_token=" + "t" * 8000), ("x-csrf-token", "t" * 8000)],
}


@pytest.mark.parametrize("headers", SUCCESSES.values(), ids=SUCCESSES.keys())
def test_a_request_with_equal_tokens_passes(auth, inner, headers):
    assert passed(asgi_client.call(auth.CSRFMiddleware(inner), "POST", headers=headers), inner)


def test_headers_may_be_lists(auth, inner):
    scope = asgi_client.scope("POST", headers=PAIR)
    scope["headers"] = [list(pair) for pair in scope["headers"]]
    assert run(auth.CSRFMiddleware(inner), scope)[0]["status"] == 200


# Authorization: Bearer is never added by a browser on its own

WELL_FORMED = [
    "Bearer a.b.c",
    "bearer a.b.c",
    "BEARER a.b.c",
    "Bearer   a.b.c",
    "Bearer aZ0-_.aZ0-_.aZ0-_",
    "Bearer a.b.c \t",
]


@pytest.mark.parametrize("value", WELL_FORMED)
def test_a_well_formed_bearer_token_passes(auth, inner, value):
    answer = asgi_client.call(auth.CSRFMiddleware(inner), "POST", headers=[("Authorization", value)])
    assert passed(answer, inner)


def test_a_created_token_is_well_formed(auth, inner):
    token = auth.create_token("José", "admin", "a secret of the tests, 32 bytes or more")
    answer = asgi_client.call(auth.CSRFMiddleware(inner), "POST", headers=[("authorization", f"Bearer {token}")])
    assert passed(answer, inner)


MALFORMED = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer a",
    "Bearer a.b",
    "Bearer a.b.",
    "Bearer .b.c",
    "Bearer a..c",
    "Bearer ..",
    "a.b.c",
]
MALFORMED += [
    "Bearer a.b.c.d",
    "Bearer a.b.c=",
    "Bearer a.b.c d",
    "Bearer a.b.+",
    "Bearer a.b./",
    "Bearer a.b.\xe9",
    "Bearera.b.c",
]
MALFORMED += [
    "Basic a.b.c",
    "Basic dXNlcjpwYXNz",
    "Digest a.b.c",
    "Bearer\ta.b.c",
    " Bearer a.b.c",
    "Bearer, a.b.c",
    "Bearer a.b.c,",
]


@pytest.mark.parametrize("value", MALFORMED)
def test_another_authorization_does_not_pass(auth, inner, value):
    answer = asgi_client.call(auth.CSRFMiddleware(inner), "POST", headers=[("authorization", value)])
    assert refused(answer, inner, "Missing CSRF token")


def test_the_first_authorization_header_counts(auth, inner):
    headers = [("authorization", "Basic eA"), ("authorization", "Bearer a.b.c")]
    answer = asgi_client.call(auth.CSRFMiddleware(inner), "POST", headers=headers)
    assert refused(answer, inner, "Missing CSRF token")


def test_a_bearer_token_passes_in_spite_of_unequal_tokens(auth, inner):
    headers = [("cookie", "csrf_token=t"), ("x-csrf-token", "u"), ("authorization", "Bearer a.b.c")]
    assert passed(asgi_client.call(auth.CSRFMiddleware(inner), "POST", headers=headers), inner)


# exempt_paths and disabled

EXEMPTIONS = [
    (["/login"], "/login", True),
    (["/login"], "/login/", True),
    (["/login"], "/login-as", True),
    (["/login/"], "/login", False),
    (["/login"], "/logi", False),
    (["/login"], "/Login", False),
    (["/login"], "/x/login", False),
    (["/login"], "//login", False),
    (["/a", "/b"], "/b/c", True),
    (["/a", "/b"], "/c", False),
    (["/"], "/anything", True),
    (["/*"], "/login", False),
    (["/é"], "/é/x", True),
    ([], "/", False),
    (None, "/", False),
]


@pytest.mark.parametrize(("prefixes", "path", "exempt"), EXEMPTIONS)
def test_exempt_paths_are_plain_prefixes(auth, inner, prefixes, path, exempt):
    answer = asgi_client.call(auth.CSRFMiddleware(inner, exempt_paths=prefixes), "POST", path)
    assert passed(answer, inner) if exempt else refused(answer, inner, "Missing CSRF token")


def test_exempt_paths_are_those_within_the_prefix_that_the_application_is_mounted_under(auth, inner):
    middleware = auth.CSRFMiddleware(inner, exempt_paths=["/login"])

    async def mounted(scope, receive, send):
        await middleware({**scope, "root_path": "/api"}, receive, send)

    assert asgi_client.call(mounted, "POST", "/api/login").status == 200
    assert asgi_client.call(mounted, "POST", "/api/logout").status == 403


@pytest.mark.parametrize("make", [list, tuple, set, iter, lambda paths: (path for path in paths)])
def test_exempt_paths_may_be_any_iterable_and_are_read_once(auth, inner, make):
    app = auth.CSRFMiddleware(inner, make(["/login", "/token"]))
    statuses = [asgi_client.call(app, "POST", path).status for path in ("/login", "/token", "/login", "/other")]
    assert statuses == [200, 200, 200, 403]


@pytest.mark.parametrize("paths", ["/login", b"/login", [b"/login"], [None], ["/a", 5], 5], ids=repr)
def test_exempt_paths_of_another_type_are_a_type_error(auth, inner, paths):
    with pytest.raises(TypeError):
        auth.CSRFMiddleware(inner, exempt_paths=paths)


@pytest.mark.parametrize("path", ["", "login", " /login", "*"])
def test_a_prefix_without_a_slash_is_a_value_error(auth, inner, path):
    with pytest.raises(ValueError):
        auth.CSRFMiddleware(inner, exempt_paths=["/ok", path])


@pytest.mark.parametrize("method", CHANGING)
def test_disabled_checks_nothing(auth, inner, method):
    assert passed(asgi_client.call(auth.CSRFMiddleware(inner, disabled=True), method), inner)


# Scopes that are not HTTP


def run(app, scope):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_other_scopes_pass_as_they_are(auth, inner, kind):
    scope = {"type": kind, "path": "/", "headers": []}
    run(auth.CSRFMiddleware(inner), scope)
    assert inner.scopes == [scope]
    assert inner.scopes[0] is scope
