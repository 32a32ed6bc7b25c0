"""The same requests to the application of each framework, under each server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import httpx
import pytest
import servers
from challenges import INVALID, MISSING, forbidden
from openapi_spec_validator import validate
from websocket_client import converse

from fastware.auth import create_token
from tests.frameworks.apps.accounts import PASSWORD, SECRET
from tests.frameworks.frameworks import FRAMEWORKS, Framework

ROOT = Path(__file__).parents[2]
PAIRS = list(product(FRAMEWORKS, servers.NAMES))


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


ADA = bearer(create_token("ada", "admin", SECRET))
BOB = bearer(create_token("bob", "user", SECRET))
BOB_BY_COOKIE = {"Cookie": f"session={create_token('bob', 'user', SECRET)}"}
INVALID_BEARER = bearer(create_token("ada", "admin", "another secret of at least 32 bytes!"))

# The headers of a request, and the name of the user, or the status, detail and headers of the error.
USERS = {
    "bearer": (BOB, "bob"),
    "cookie": (BOB_BY_COOKIE, "bob"),
    "no-token": ({}, MISSING),
    "invalid-token": (INVALID_BEARER, INVALID),
    "invalid-token-with-valid-cookie": (INVALID_BEARER | BOB_BY_COOKIE, INVALID),
}
ADMINS = {
    "admin": (ADA, "ada"),
    "other-role": (BOB, forbidden("admin")),
    "no-token": ({}, MISSING),
    "invalid-token": (INVALID_BEARER, INVALID),
}
CROSS_SITE = "Cross-site request: the browser says in Sec-Fetch-Site that a page of another origin sent it. "
CROSS_SITE += "If that page is yours, add its origin to trusted_origins"
# The headers of a POST, and the detail of the 403.
CSRF = {
    "no-token": ({}, "Missing CSRF token"),
    "cookie-without-header": ({"Cookie": "csrf_token=a"}, "Missing CSRF token"),
    "mismatch": ({"Cookie": "csrf_token=a", "X-CSRF-Token": "b"}, "CSRF token mismatch"),
    "match": ({"Cookie": "csrf_token=a", "X-CSRF-Token": "a"}, None),
    "bearer": (BOB, None),
    "cross-site": ({"Cookie": "csrf_token=a", "X-CSRF-Token": "a", "Sec-Fetch-Site": "cross-site"}, CROSS_SITE),
}


@dataclass(eq=False)
class Case:
    """A request with *headers* to *path*, and its result."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    result: object = None


def cases(paths, table):
    """Return a case for each of *paths* and each row of *table*, by its id."""
    return {f"{path[1:]}-{name}": Case(path, *row) for path in paths for name, row in table.items()}


@dataclass(frozen=True)
class Served:
    """The application of a framework on a server."""

    framework: Framework
    url: str
    client: httpx.Client


@pytest.fixture(scope="session")
def served(request, tmp_path_factory) -> Iterator[Served]:
    """Serve the application of a framework. Nothing that these tests do is an error for the server's log."""
    framework, server = request.param
    log = tmp_path_factory.mktemp("served") / "log"
    with (
        servers.serve(server, framework.target, folder=ROOT, log=log) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        yield Served(framework, url, client)
    assert "Traceback" not in log.read_text("utf-8")


def on_every_server(has=lambda framework: True):
    """Run a test, which takes ``served``, with the application of each framework that *has* what it needs."""
    pairs = [pytest.param(pair, id=f"{pair[0].name}-{pair[1]}") for pair in PAIRS if has(pair[0])]
    return pytest.mark.parametrize("served", pairs, indirect=True)


def on_every_server_with(cases_of):
    """Run a test, which takes ``served`` and ``case``, for each case that *cases_of* returns for a framework."""
    rows = [
        pytest.param(pair, case, id=f"{pair[0].name}-{pair[1]}-{name}")
        for pair in PAIRS
        for name, case in cases_of(pair[0]).items()
    ]
    # With the scope of the session, pytest runs all tests of a server before it starts the next one.
    return pytest.mark.parametrize(("served", "case"), rows, indirect=["served"], scope="session")


def content(response):
    is_json = response.headers["content-type"].startswith("application/json")
    return response.json() if is_json else response.text


def assert_is_error(served, response, status, detail, headers):
    """Check that *response* is what the framework makes of ``HTTPError(status, detail, headers)``."""
    assert response.status_code == status
    assert content(response) == served.framework.error_content(status, detail)
    assert {name: response.headers.get(name) for name in headers} == headers


def assert_is_denial(served, conversation, status, headers):
    if served.framework.denies_with_the_error:
        assert conversation.status == status
        assert {name: conversation.headers.get(name) for name in headers} == headers
    else:
        assert conversation.status == 403


@on_every_server_with(lambda framework: cases(framework.profiles, USERS) | cases(framework.admin_pages, ADMINS))
def test_page_needs_a_valid_token_and_the_role(served, case):
    response = served.client.get(case.path, headers=case.headers)
    if isinstance(case.result, str):
        assert (response.status_code, response.json()) == (200, {"username": case.result})
    else:
        assert_is_error(served, response, *case.result)


@on_every_server()
def test_login_sets_the_cookies_of_a_session(served):
    with httpx.Client(base_url=served.url, timeout=30) as client:
        response = client.post("/login", json={"username": "bob", "password": PASSWORD})
        assert response.status_code in {200, 201}
        assert [each.partition("=")[0] for each in response.headers.get_list("set-cookie")] == ["session", "csrf_token"]
        assert client.cookies["session"] == response.json()["token"]
        assert client.get("/profile").json() == {"username": "bob"}
        assert client.post("/notes").status_code == 403
        assert client.post("/notes", headers={"X-CSRF-Token": client.cookies["csrf_token"]}).status_code == 200


@on_every_server()
def test_login_with_a_wrong_password_is_the_error_of_the_application(served):
    response = served.client.post("/login", json={"username": "bob", "password": "wrong"})
    assert_is_error(served, response, 401, "Invalid credentials", {})


@on_every_server()
def test_error_of_a_handler_is_the_response_with_its_headers(served):
    assert_is_error(served, served.client.get("/teapot"), 418, "I am a teapot", {"X-Tea": "Assam"})


@on_every_server_with(lambda framework: cases(["/notes"], CSRF))
def test_post_needs_its_csrf_token(served, case):
    response = served.client.post(case.path, headers=case.headers)
    expected = (403, {"detail": case.result}) if case.result else (200, {"saved": True})
    assert (response.status_code, response.json()) == expected


@on_every_server_with(lambda framework: {path[1:]: Case(path) for path in framework.limited})
def test_call_beyond_the_rate_limit_is_429_with_retry_after(served, case):
    responses = [served.client.get(case.path, headers=BOB) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert [response.json() for response in responses[:2]] == [{"found": True}] * 2
    assert content(responses[2]) == served.framework.error_content(429, "Rate limit exceeded")
    assert 1790 <= int(responses[2].headers["retry-after"]) <= 1800


@on_every_server_with(lambda framework: cases(["/ws/profile"], USERS) | cases(["/ws/admin"], ADMINS))
def test_websocket_is_accepted_only_with_a_valid_token_and_the_role(served, case):
    conversation = converse(served.url + case.path, case.headers)
    if isinstance(case.result, str):
        assert (conversation.status, conversation.messages) == (101, [f"Hello, {case.result}"])
        assert conversation.close_code == 1000
    else:
        status, _, headers = case.result
        assert_is_denial(served, conversation, status, headers)


@on_every_server()
def test_websocket_of_a_page_of_another_origin_is_denied_with_the_session_cookie(served):
    evil = {"Origin": "https://evil.example"}
    assert converse(f"{served.url}/ws/profile", BOB_BY_COOKIE | evil).status == 403
    assert converse(f"{served.url}/ws/profile", BOB | evil).messages == ["Hello, bob"]
    assert converse(f"{served.url}/ws/profile", BOB_BY_COOKIE | {"Origin": served.url}).messages == ["Hello, bob"]


@on_every_server()
def test_websocket_beyond_the_rate_limit_is_denied(served):
    first, second, third = (converse(f"{served.url}/ws/limited") for _ in range(3))
    assert first.messages == second.messages == ["Hello"]
    assert_is_denial(served, third, 429, {})
    assert not served.framework.denies_with_the_error or 1790 <= int(third.headers["retry-after"]) <= 1800


@on_every_server(has=lambda framework: framework.closes_with_1008)
def test_error_in_an_accepted_websocket_closes_it_with_1008(served):
    conversation = converse(f"{served.url}/ws/late")
    assert (conversation.status, conversation.messages, conversation.close_code) == (101, [], 1008)


@on_every_server(has=lambda framework: framework.schema)
def test_openapi_document_is_valid_and_shows_no_parameter_of_ours(served):
    document = served.client.get(served.framework.schema).json()
    validate(document)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) > len(served.framework.limited)
    shown = {each["name"] for operation in operations for each in operation.get("parameters", ())}
    assert shown == {"q", "name"}  # the parameters of the application
