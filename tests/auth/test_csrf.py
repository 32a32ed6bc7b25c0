"""``CSRFMiddleware`` in front of an ASGI application.

Forged requests and tricks around exempt paths are in ``tests/attacks/test_csrf.py``.
"""

import asyncio
import gc
import logging
import sys
from collections import deque
from types import SimpleNamespace
from unittest import mock

import asgi_client
import pytest
import raw_tokens
from hypothesis import given, settings
from hypothesis import strategies as st

PAIR = [("cookie", "csrf_token=t0k3n"), ("x-csrf-token", "t0k3n")]
MISSING = {"detail": "Missing CSRF token"}
MISMATCH = {"detail": "CSRF token mismatch"}


async def echo(scope, receive, send):
    """An application that returns the body of the request."""
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-path", scope["raw_path"])]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def app(auth):
    return auth.CSRFMiddleware(echo)


def post(app, path="/", **options):
    return asgi_client.call(app, "POST", path, body=b"body", **options)


def test_request_with_equal_tokens_passes_unchanged(app):
    response = post(app, "/a", headers=PAIR)
    assert (response.status, response.header("x-path"), response.body) == (201, "/a", b"body")


def test_request_without_a_token_is_rejected(app):
    response = post(app)
    assert (response.status, response.json) == (403, MISSING)
    assert response.header("content-type") == "application/json"
    assert response.header("content-length") == str(len(response.body))


def test_well_formed_bearer_token_passes_despite_unequal_tokens(auth, app):
    token = auth.create_token("José", "admin", "a secret of the tests, 32 bytes or more")
    unequal = [("cookie", "csrf_token=t"), ("x-csrf-token", "u")]
    assert post(app, headers=[*unequal, ("authorization", f"Bearer {token}")]).status == 201


def test_rejection_shows_neither_token(app):
    response = post(app, headers=[("cookie", "csrf_token=hunter2"), ("x-csrf-token", "swordfish")])
    assert response.json == MISMATCH
    assert not [token for token in (b"hunter2", b"swordfish") if token in response.body]


SECRET = "a secret of the CSRF tests, 32 bytes or more"
OTHER_SECRET = "another secret of the CSRF tests, also long enough"
FORM = ("content-type", "application/x-www-form-urlencoded")
WITH_FORMS = {"secret": SECRET, "form_field": "csrf_token"}
CROSS_SITE = "Cross-site request: the browser says in Sec-Fetch-Site that a page of another origin sent it. "
CROSS_SITE += "If that page is yours, add its origin to trusted_origins"
CROSS_ORIGIN = "Cross-origin request: Origin differs from Host. If that origin is yours, add it to trusted_origins; "
CROSS_ORIGIN += "a proxy must pass on the Host that the browser sent"
OTHER_SESSION = "CSRF token mismatch: the token is not signed for this session"


def test_host_prefix_is_that_of_the_csrf_cookie(auth):
    app, header = auth.CSRFMiddleware(echo, host_prefix=True), ("x-csrf-token", "t0k3n")
    assert post(app, headers=[("cookie", "__Host-csrf_token=t0k3n; csrf_token=planted"), header]).status == 201
    assert post(app, headers=[("cookie", "csrf_token=t0k3n"), header]).json == MISSING


REJECTED = {
    "missing": ({}, [("cookie", "csrf_token=hunter2; session=hunter2")], "Missing CSRF token"),
    "mismatch": ({}, [("cookie", "csrf_token=hunter2"), ("x-csrf-token", "swordfish")], "CSRF token mismatch"),
    "cross-site": ({}, [("sec-fetch-site", "cross-site"), ("origin", "https://hunter2.example")], CROSS_SITE),
    "session": ({"secret": SECRET}, [("cookie", "session=hunter2"), ("x-csrf-token", "swordfish")], OTHER_SESSION),
    "form": (
        WITH_FORMS,
        [("cookie", "session=hunter2"), FORM],
        "Missing CSRF token: X-CSRF-Token and the form field are missing",
    ),
}


@pytest.mark.rule("csrf.rejection")
@pytest.mark.parametrize(("options", "headers", "reason"), REJECTED.values(), ids=REJECTED)
def test_rejection_is_one_audit_event_without_the_tokens(auth, caplog, options, headers, reason):
    app = auth.CSRFMiddleware(echo, **options)
    with caplog.at_level(logging.INFO, "fastware.auth"):
        assert post(app, headers=PAIR).status == 201
        assert caplog.records == []
        assert post(app, headers=headers, client=("192.0.2.1", 5)).json == {"detail": reason}
        assert post(app, headers=headers, client=None).json == {"detail": reason}
    fields = ("levelname", "event", "username", "address", "reason")
    recorded = [tuple(getattr(record, field) for field in fields) for record in caplog.records]
    assert recorded == [("INFO", "csrf_rejected", None, address, reason) for address in ("192.0.2.1", None)]
    shown = repr([vars(record) for record in caplog.records])
    assert not [token for token in ("hunter2", "swordfish") if token in shown]


BLANKS = {
    "space-before": (" t0k3n", 201),
    "space-after": ("t0k3n ", 201),
    "tab-before": ("\tt0k3n", 201),
    "spaces-and-tabs": (" \t t0k3n\t \t", 201),
    "space-inside": ("t0 k3n", MISMATCH),
    "line-feed-after": ("t0k3n\n", MISMATCH),
    "carriage-return-after": ("t0k3n\r", MISMATCH),
    "vertical-tab-before": ("\x0bt0k3n", MISMATCH),
    "form-feed-after": ("t0k3n\x0c", MISMATCH),
    "no-break-space-after": ("t0k3n\xa0", MISMATCH),
    "nul-after": ("t0k3n\0", MISMATCH),
    "only-spaces-and-tabs": (" \t ", MISSING),
}


@pytest.mark.rule("csrf.double-submit")
@pytest.mark.parametrize(("value", "expected"), BLANKS.values(), ids=BLANKS)
def test_spaces_and_tabs_around_the_header_are_not_part_of_the_token(app, value, expected):
    """RFC 9110 section 5.5: optional white space around a field value."""
    response = post(app, headers=[("cookie", "csrf_token=t0k3n"), ("x-csrf-token", value)])
    assert expected == (201 if response.status == 201 else response.json)


def test_headers_may_be_lists(auth):
    async def server(scope, receive, send):
        headers = [list(pair) for pair in scope["headers"]]
        await auth.CSRFMiddleware(echo)({**scope, "headers": headers}, receive, send)

    assert post(server, headers=PAIR).status == 201


@pytest.mark.parametrize("make", [list, tuple, set, iter, lambda paths: (path for path in paths)])
def test_exempt_paths_may_be_any_iterable_and_are_read_once(auth, make):
    app = auth.CSRFMiddleware(echo, make(["/login", "/token"]))
    assert [post(app, path).status for path in ("/login", "/token", "/login-as", "/other")] == [201, 201, 201, 403]


def test_disabled_middleware_checks_nothing(auth):
    app = auth.CSRFMiddleware(echo, disabled=True)
    assert [asgi_client.call(app, method).status for method in ("POST", "PUT", "PATCH", "DELETE", "X")] == [201] * 5


# Options


@pytest.mark.rule("csrf.trusted-origins")
@pytest.mark.parametrize("make", [list, tuple, set, iter, lambda origins: (origin for origin in origins)])
def test_trusted_origins_may_be_any_iterable_and_are_normalized(auth, make):
    trusted = make(["https://App.Example:443", "http://localhost:3000", "HTTPS://[0:0:0:0:0:0:0:1]", "app-scheme://x"])
    app = auth.CSRFMiddleware(echo, trusted_origins=trusted)
    for origin, status in {
        "https://app.example": 201,
        "http://localhost:3000": 201,
        "https://[::1]": 201,
        "app-scheme://x": 201,
        "http://app.example": 403,
        "http://localhost": 403,
    }.items():
        headers = [*PAIR, ("sec-fetch-site", "cross-site"), ("origin", origin)]
        assert post(app, headers=headers).status == status, origin


INVALID_ORIGINS = {
    "https://app.example": r'trusted_origins must be a list of origins: \["https://app.example.com"\]',
    b"https://app.example": "must be a list of origins",
    None: "must be a list of origins",
    (b"https://app.example",): r"trusted_origins\[0\] must be str, not bytes",
    ("https://app.example", "null"): r"trusted_origins\[1\] is null: any site can send that origin",
    ("*",): "has a wildcard: list each origin",
    ("https://*.app.example",): "has a wildcard: list each origin",
    ("app.example",): "has no scheme: write scheme://host",
    ("//app.example",): "has no scheme: write scheme://host",
    ("https://app.example/",): "has a path, a query or a fragment: write .* without a slash at the end",
    ("https://app.example?a",): "has a path, a query or a fragment",
    ("https://hunter2:hunter2@app.example",): "has a username or a password: write .* without them",
    ("https://b\xfccher.example",): r"is not ASCII: .*https://xn--bcher-kva.example",
    ("https://app.example:",): "is not scheme://host",
    ("https://app.example:65536",): "is not scheme://host",
    ("https://app.example\n",): "is not scheme://host",
    ("https://[::g]",): "is not scheme://host",
    ("https://a b",): "is not scheme://host",
}


@pytest.mark.rule("csrf.trusted-origins")
@pytest.mark.parametrize("origins", INVALID_ORIGINS, ids=str)
def test_invalid_trusted_origin_raises_an_error_that_names_the_fix(auth, origins):
    for use in (
        lambda: auth.CSRFMiddleware(echo, trusted_origins=origins),
        lambda: auth.reject_cross_site({"headers": []}, trusted_origins=origins),
    ):
        with pytest.raises((TypeError, ValueError), match=INVALID_ORIGINS[origins]) as raised:
            use()
        assert "hunter2" not in str(raised.value)


INVALID_OPTIONS = {
    "form-without-secret": ({"form_field": "csrf_token"}, ValueError, "form_field needs secret: "),
    "empty-form-field": ({"form_field": "", "secret": SECRET}, ValueError, "form_field must be a name of letters"),
    "form-field-with-space": ({"form_field": "a b", "secret": SECRET}, ValueError, "form_field must be a name of"),
    "form-field-of-bytes": ({"form_field": b"a", "secret": SECRET}, TypeError, "form_field must be str, not bytes"),
    "empty-secret": ({"secret": ""}, ValueError, "secret is empty; create one with"),
    "no-secrets": ({"secret": []}, ValueError, "secret is an empty sequence"),
    "empty-second-secret": ({"secret": [SECRET, ""]}, ValueError, r"secret\[1\] is empty"),
    "pem-secret": ({"secret": f"-----BEGIN KEY-----{SECRET}"}, ValueError, "secret is a PEM, SSH, DER or JWK key"),
    "secret-of-int": ({"secret": 5}, TypeError, "secret must be str, bytes or a sequence of them, not int"),
    "check-origin-of-str": ({"check_origin": "false"}, TypeError, "check_origin must be a bool, not str"),
    "websockets-of-none": ({"websockets": None}, TypeError, "websockets must be a bool, not NoneType"),
    "host-prefix-of-int": ({"host_prefix": 1}, TypeError, "host_prefix must be a bool, not int"),
}


@pytest.mark.parametrize(("options", "kind", "message"), INVALID_OPTIONS.values(), ids=INVALID_OPTIONS)
def test_invalid_option_raises_at_once(auth, options, kind, message):
    with pytest.raises(kind, match=message) as raised:
        auth.CSRFMiddleware(echo, **options)
    assert SECRET not in str(raised.value)


def test_short_secret_warns_as_that_of_auth_does(fastware, auth):
    for use in (
        lambda: auth.CSRFMiddleware(echo, secret="short"),
        lambda: auth.create_csrf_token("session", "short"),
        lambda: auth.Auth("short"),
    ):
        with (
            mock.patch.object(fastware._engine.token_errors, "_has_warned", False),
            pytest.warns(auth.InsecureKeyLengthWarning, match="secret is 5 bytes long") as warned,
        ):
            use()
        assert [warning.filename for warning in warned] == [__file__]


# Tokens of a session


def in_session(session, token):
    return [("cookie", f"session={session}; csrf_token=planted"), ("x-csrf-token", token)]


@pytest.mark.rule("csrf.session")
def test_token_is_valid_only_in_its_session(auth):
    app = auth.CSRFMiddleware(echo, secret=SECRET)
    tokens = [auth.create_csrf_token("first", SECRET) for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert [post(app, headers=in_session("first", token)).status for token in tokens] == [201, 201]
    for session, token in (("second", tokens[0]), ("first", "planted"), ("first", tokens[0] + "A")):
        assert post(app, headers=in_session(session, token)).json == {"detail": OTHER_SESSION}
    assert post(app, headers=PAIR).status == 201, "without a session, the double submit counts"


@pytest.mark.rule("csrf.session")
def test_token_stays_valid_when_the_session_is_renewed(auth):
    settings = auth.Auth(SECRET, revocations=auth.MemoryRevocations())
    first = settings.create_token("ada", "user")
    renewed = settings.renew_token(settings.verify_token(first))
    app = auth.CSRFMiddleware(echo, secret=SECRET)
    token = auth.create_csrf_token(first, SECRET)
    other = settings.create_token("ada", "user")
    statuses = [post(app, headers=in_session(each, token)).status for each in (first, renewed, other)]
    assert statuses == [201, 201, 403]


@pytest.mark.rule("csrf.session")
def test_first_secret_signs_and_each_verifies(auth):
    rotated = auth.CSRFMiddleware(echo, secret=[OTHER_SECRET.encode(), SECRET])
    for secret, status in (
        (SECRET, 201),
        ([OTHER_SECRET, SECRET], 201),
        ("a third secret, which nobody verifies", 403),
    ):
        assert post(rotated, headers=in_session("s", auth.create_csrf_token("s", secret))).status == status
    only_new = auth.CSRFMiddleware(echo, secret=OTHER_SECRET)
    token = auth.create_csrf_token("s", [OTHER_SECRET, SECRET])
    assert post(only_new, headers=in_session("s", token)).status == 201


@given(session=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='";,\\'), min_size=1))
@settings(max_examples=40, deadline=None)
def test_token_of_any_session_is_valid(auth, session):
    token = auth.create_csrf_token(session, SECRET)
    app = auth.CSRFMiddleware(echo, secret=SECRET)
    assert post(app, headers=in_session(session, token)).status == 201
    assert post(app, headers=in_session(session + "x", token)).status == 403


@pytest.mark.parametrize(
    ("session", "kind", "message"),
    [
        (None, TypeError, "session_token must be str, not NoneType"),
        ("", ValueError, "session_token is empty; pass the value of the session cookie"),
        ("\xe9", ValueError, "session_token is not ASCII"),
    ],
)
def test_invalid_session_token_raises(auth, session, kind, message):
    with pytest.raises(kind, match=message):
        auth.create_csrf_token(session, SECRET)


@pytest.mark.rule("csrf.session")
def test_signature_of_a_csrf_token_is_none_of_a_jwt(auth):
    """The session is text that a client chooses. Under the secret itself, its MAC could be that of a JWT."""
    token = raw_tokens.sign_claims({"sub": "ada", "role": "admin"}, secret=SECRET)
    unsigned, _, signature = token.rpartition(".")
    assert auth.create_csrf_token(unsigned, SECRET).rpartition(".")[2] != signature
    assert SECRET not in repr(vars(auth.CSRFMiddleware(echo, secret=SECRET)))


# Forms


async def messages_of(app, headers, messages):
    """Send *messages*, and return those that *app* sends."""
    left, sent = deque(messages), []

    async def receive():
        return left.popleft() if left else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await app(asgi_client.scope("POST", "/", headers=headers), receive, send)
    return sent


class Recorder:
    """An application that receives messages until there is no body left, and then once more."""

    def __init__(self):
        self.received = []

    async def __call__(self, scope, receive, send):
        self.received.append(await receive())
        while self.received[-1].get("more_body"):
            self.received.append(await receive())
        self.received.append(await receive())


@pytest.mark.rule("csrf.form")
@given(data=st.data(), is_multipart=st.booleans())
@settings(max_examples=40, deadline=None)
def test_body_reaches_the_application_as_it_was_sent(auth, data, is_multipart):
    token = auth.create_csrf_token("s", SECRET).encode()
    body = b"a=b&csrf_token=" + token + b"&c=d"
    content_type = FORM[1]
    if is_multipart:
        pytest.importorskip("python_multipart")
        head = b'--B\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
        body, content_type = head + token + b"\r\n--B--\r\n", "multipart/form-data; boundary=B"
    ends = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    pieces = [body[start:end] for start, end in zip([0, *ends], [*ends, len(body)], strict=True)]
    messages = [
        {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1, "extra": index}
        for index, piece in enumerate(pieces)
    ]
    inner = Recorder()
    app = auth.CSRFMiddleware(inner, **WITH_FORMS)
    sent = asyncio.run(messages_of(app, [("cookie", "session=s"), ("content-type", content_type)], messages))
    assert sent == []
    assert inner.received == [*messages, {"type": "http.disconnect"}]
    assert all(mine is theirs for mine, theirs in zip(inner.received, messages, strict=False))


@pytest.mark.rule("csrf.form")
def test_body_is_read_only_until_the_field_is_complete(auth):
    inner = Recorder()
    app = auth.CSRFMiddleware(inner, **WITH_FORMS)
    token = auth.create_csrf_token("s", SECRET).encode()
    received = []

    async def client():
        for body in (b"csrf_token=" + token[:9], token[9:], b"&a=", b"b"):
            received.append(body)
            yield {"type": "http.request", "body": body, "more_body": True}

    async def main():
        stream = client()

        async def application(scope, receive, send):
            assert received == [b"csrf_token=" + token[:9], token[9:], b"&a="]

        app.app = application
        headers = [("cookie", "session=s"), FORM]
        await app(asgi_client.scope("POST", "/", headers=headers), stream.__anext__, None)
        await stream.aclose()

    asyncio.run(main())


INCOMPLETE = {
    "disconnect": [{"type": "http.request", "body": b"a=b&csrf", "more_body": True}, {"type": "http.disconnect"}],
    "only-disconnect": [],
}
TOO_LONG = {
    "many-empty-messages": [{"type": "http.request", "body": b"", "more_body": True}] * 2_000,
    "long-field": [{"type": "http.request", "body": b"x" * 40_000, "more_body": True}] * 3,
}


@pytest.mark.rule("csrf.form")
@pytest.mark.parametrize("case", [*INCOMPLETE, *TOO_LONG])
def test_form_that_does_not_end_is_rejected(auth, case):
    app = auth.CSRFMiddleware(Recorder(), **WITH_FORMS)
    messages = (INCOMPLETE | TOO_LONG)[case]
    sent = asyncio.run(messages_of(app, [("cookie", "session=s"), FORM], messages))
    assert sent[0]["status"] == 403
    expected = b"first 64 KiB" if case in TOO_LONG else b"ended before the form field"
    assert expected in sent[1]["body"]


@pytest.mark.rule("csrf.form")
def test_multipart_form_without_its_package_is_an_import_error(fastware, auth):
    app = auth.CSRFMiddleware(echo, **WITH_FORMS)
    headers = [("cookie", "session=s")]
    require = fastware._internal.extras.require
    require.cache_clear()
    needed = r'needs the package python-multipart here: pip install "fastware\[forms\]"'
    with mock.patch.dict(sys.modules, {"python_multipart": None}), pytest.raises(ImportError, match=needed):
        post(app, headers=[*headers, ("content-type", "multipart/form-data; boundary=B")])
    assert post(app, headers=[*headers, FORM]).status == 403, "urlencoded forms need no package"


def test_form_leaves_no_garbage_behind(auth):
    """A reader that refers to itself would hold the body until a garbage collection."""
    pytest.importorskip("python_multipart")
    app = auth.CSRFMiddleware(echo, **WITH_FORMS)
    headers = [("cookie", "session=s"), ("content-type", "multipart/form-data; boundary=B")]
    post(app, headers=headers)
    readers = f"{auth.__name__}.csrf_forms"
    gc.collect()
    gc.disable()
    try:
        post(app, headers=headers)
        assert [each for each in gc.get_objects() if type(each).__module__ == readers] == []
    finally:
        gc.enable()


# WebSockets

ORIGIN = ("origin", "https://evil.example")
SESSION = ("cookie", "session=s")
HANDSHAKES = {
    "no-session": ([ORIGIN], {}, None),
    "session-without-origin": ([SESSION], {}, None),
    "session-of-the-page-itself": ([SESSION, ("host", "a.example"), ("origin", "http://a.example")], {}, None),
    "session-with-same-origin": ([SESSION, ("sec-fetch-site", "same-origin"), ORIGIN], {}, None),
    "session-of-another-origin": ([SESSION, ("host", "a.example"), ORIGIN], {}, CROSS_ORIGIN),
    "session-of-another-site": ([SESSION, ORIGIN, ("sec-fetch-site", "cross-site")], {}, CROSS_SITE),
    "session-of-a-trusted-origin": ([SESSION, ORIGIN], {"trusted_origins": [ORIGIN[1]]}, None),
    "bearer-beside-the-session": ([SESSION, ORIGIN, ("authorization", "Bearer opaque")], {}, None),
    "signed-tokens-are-not-needed": ([SESSION], {"secret": SECRET}, None),
    "plain-name-with-host-prefix": ([SESSION, ORIGIN], {"host_prefix": True}, None),
    "prefixed-name-with-host-prefix": ([("cookie", "__Host-session=s"), ORIGIN], {"host_prefix": True}, CROSS_ORIGIN),
    "exempt": ([SESSION, ORIGIN], {"exempt_paths": ["/"]}, None),
    "disabled": ([SESSION, ORIGIN], {"disabled": True}, None),
    "websockets-are-off": ([SESSION, ORIGIN], {"websockets": False}, None),
    "check-is-off": ([SESSION, ORIGIN], {"check_origin": False}, None),
}


async def accept(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 1000})


@pytest.mark.rule("csrf.websockets")
@pytest.mark.parametrize("extensions", [("websocket.http.response",), ()], ids=["response", "close"])
@pytest.mark.parametrize(("headers", "options", "detail"), HANDSHAKES.values(), ids=HANDSHAKES)
def test_websocket_of_another_origin_is_denied_if_it_has_the_session_cookie(
    auth, caplog, headers, options, detail, extensions
):
    app = auth.CSRFMiddleware(accept, **options)
    with caplog.at_level(logging.INFO, "fastware.auth"):
        conversation = asgi_client.converse(app, headers=headers, extensions=extensions)
    assert [(record.event, record.reason) for record in caplog.records] == (
        [("csrf_rejected", detail)] if detail else []
    )
    if detail is None:
        assert conversation.accept
    elif extensions:
        assert (conversation.response.status, conversation.response.json) == (403, {"detail": detail})
    else:
        assert (conversation.accept, conversation.close) == (None, (1008, ""))


def test_denied_websocket_whose_client_has_gone_ends_quietly(auth):
    app = auth.CSRFMiddleware(accept)
    scope = asgi_client.websocket_scope(headers=[SESSION, ORIGIN])

    async def connect():
        return {"type": "websocket.connect"}

    async def disconnect():
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(message):
        raise OSError("the client has gone")

    asyncio.run(app(scope, connect, send))
    asyncio.run(app(scope, disconnect, None))


# Logins, which have no token yet


@pytest.mark.rule("csrf.login")
@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ([], None),
        ([("host", "a.example"), ("origin", "https://a.example")], None),
        ([("sec-fetch-site", "same-origin"), ORIGIN], None),
        ([("host", "a.example"), ORIGIN], CROSS_ORIGIN),
        ([("sec-fetch-site", "same-site"), ORIGIN], CROSS_SITE),
        ([("sec-fetch-site", "cross-site"), ORIGIN, *PAIR, SESSION], CROSS_SITE),
    ],
)
@pytest.mark.parametrize("kind", ["scope", "request"])
def test_login_of_another_site_is_rejected(auth, caplog, headers, detail, kind):
    scope = asgi_client.scope("POST", "/login", headers=headers)
    request = scope if kind == "scope" else SimpleNamespace(scope=scope)
    with caplog.at_level(logging.INFO, "fastware.auth"):
        if detail is None:
            assert auth.reject_cross_site(request) is None
        else:
            with pytest.raises(auth.HTTPError) as raised:
                auth.reject_cross_site(request)
            assert (raised.value.status_code, raised.value.detail) == (403, detail)
    assert [record.reason for record in caplog.records] == ([detail] if detail else [])
    assert auth.reject_cross_site(request, trusted_origins=[ORIGIN[1]]) is None


@pytest.mark.rule("csrf.login")
def test_check_of_a_login_is_a_dependency_of_the_core(fastware, auth):
    async def log_in():
        return "in"

    app = asgi_client.app_of(fastware, log_in, method="POST", deps={"_": auth.reject_cross_site})
    assert post(app).body == b"in"
    assert post(app, headers=[("sec-fetch-site", "cross-site")]).json == {"detail": CROSS_SITE}


def test_check_of_a_login_is_a_dependency_of_fastapi():
    fastapi = pytest.importorskip("fastapi")
    from fastware.auth import reject_cross_site

    app = fastapi.FastAPI()
    app.post("/", dependencies=[fastapi.Depends(reject_cross_site)])(lambda: "in")
    assert post(app).json == "in"
    assert post(app, headers=[("sec-fetch-site", "cross-site")]).json == {"detail": CROSS_SITE}
    assert "requestBody" not in app.openapi()["paths"]["/"]["post"]
    assert "parameters" not in app.openapi()["paths"]["/"]["post"]


@pytest.mark.parametrize("is_guard", [False, True])
def test_check_of_a_login_works_as_guard_and_in_a_handler_of_litestar(is_guard):
    litestar = pytest.importorskip("litestar")
    from fastware.auth import reject_cross_site

    async def log_in(request: litestar.Request) -> str:
        if not is_guard:
            reject_cross_site(request)
        return "in"

    guards = [reject_cross_site] if is_guard else []
    app = litestar.Litestar([litestar.post("/", guards=guards)(log_in)], openapi_config=None)
    assert post(app).body == b"in"
    response = post(app, headers=[("sec-fetch-site", "cross-site")])
    assert (response.status, response.json["detail"]) == (403, CROSS_SITE)
