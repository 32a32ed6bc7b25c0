"""``CSRFMiddleware`` in front of an ASGI application.

Forged requests and tricks around exempt paths are in ``tests/attacks/test_csrf.py``.
"""

import logging

import asgi_client
import pytest

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


REJECTED = {
    "missing": ([("cookie", "csrf_token=hunter2; session=hunter2")], "Missing CSRF token"),
    "mismatch": ([("cookie", "csrf_token=hunter2"), ("x-csrf-token", "swordfish")], "CSRF token mismatch"),
}


@pytest.mark.parametrize(("headers", "reason"), REJECTED.values(), ids=REJECTED)
def test_rejection_is_an_audit_event_without_the_tokens(app, caplog, headers, reason):
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
