"""One client for ``examples/``: the application of each framework, under each server."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import bcrypt_cost
import httpx
import pytest
import servers
from challenges import INVALID, MISSING, forbidden
from websocket_client import converse

from fastware.auth import JSONFileUserStore

ROOT = Path(__file__).parents[2]
SECRET = "a secret of at least 32 bytes for the examples"
PASSWORDS = {"ada": "correct horse", "bob": "battery staple"}


@dataclass(frozen=True)
class Example:
    """An application in ``examples/``, the variable with its secret, and the status of a denied WebSocket."""

    name: str
    variable: str = "FASTWARE_JWT_SECRET"
    denial: int = 401
    is_small: bool = False
    """It has no ``/search`` and no ``/ws``."""


EXAMPLES = (
    Example("jwt_auth", variable="JWT_SECRET", is_small=True),
    Example("fastapi_app"),
    Example("starlette_app"),
    Example("litestar_app", denial=403),
)
PAIRS = [pytest.param(pair, id=f"{pair[0].name}-{pair[1]}") for pair in product(EXAMPLES, servers.NAMES)]
EVERY = pytest.mark.parametrize("served", PAIRS, indirect=True)
COMPLETE = pytest.mark.parametrize("served", [pair for pair in PAIRS if not pair.values[0][0].is_small], indirect=True)


@pytest.fixture(scope="session")
def users_file(tmp_path_factory):
    store = JSONFileUserStore(tmp_path_factory.mktemp("examples") / "users.json")
    with bcrypt_cost.lowest():
        store.create_user("ada", PASSWORDS["ada"], "admin")
        store.create_user("bob", PASSWORDS["bob"], "user")
    return store.path


@pytest.fixture(scope="session")
def served(request, users_file, tmp_path_factory):
    """Serve an example. Yields it and its URL. Nothing that these tests do is an error for the server's log."""
    example, server = request.param
    log = tmp_path_factory.mktemp("example") / "log"
    environment = {"USERS_FILE": str(users_file), example.variable: SECRET}
    with servers.serve(server, f"examples.{example.name}:app", folder=ROOT, env=environment, log=log) as url:
        yield example, url
    assert "Traceback" not in log.read_text("utf-8")


@pytest.fixture
def client(served):
    with httpx.Client(base_url=served[1], timeout=30) as client:
        yield client


def log_in(client, username):
    """Log in. The client keeps the cookies. Returns the token as headers."""
    response = client.post("/login", json={"username": username, "password": PASSWORDS[username]})
    assert response.status_code == 200
    assert response.json()["username"] == username
    assert set(client.cookies) == {"session", "csrf_token"}
    return {"Authorization": f"Bearer {response.json()['token']}"}


def assert_is_rejected(response, status, detail, headers):
    assert response.status_code == status
    assert detail in response.text
    assert {name: response.headers.get(name) for name in headers} == headers


@EVERY
def test_profile_is_for_users_with_a_cookie_or_a_bearer_token(client):
    bearer = log_in(client, "bob")
    assert client.get("/profile").json() == {"username": "bob", "role": "user"}
    client.cookies.clear()
    assert client.get("/profile", headers=bearer).json() == {"username": "bob", "role": "user"}
    assert_is_rejected(client.get("/profile"), *MISSING)
    assert_is_rejected(client.get("/profile", headers={"Authorization": "Bearer junk"}), *INVALID)


@EVERY
def test_admin_page_is_for_admins(client):
    assert_is_rejected(client.get("/admin"), *MISSING)
    assert_is_rejected(client.get("/admin", headers=log_in(client, "bob")), *forbidden("admin"))
    log_in(client, "ada")
    assert client.get("/admin").json() == {"message": "Welcome, admin ada"}


@EVERY
@pytest.mark.parametrize(
    ("username", "password"), [("ada", "wrong"), ("ada", ""), ("ada", "x" * 100), ("nobody", PASSWORDS["ada"])]
)
def test_login_with_wrong_credentials_is_401_without_cookies(client, username, password):
    response = client.post("/login", json={"username": username, "password": password})
    assert_is_rejected(response, 401, "Invalid credentials", {})
    assert not client.cookies


@EVERY
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"username": "ada"}', b"\xff"])
def test_login_with_a_malformed_body_is_an_error_of_the_client(client, body):
    response = client.post("/login", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= response.status_code < 500


@COMPLETE
@pytest.mark.parametrize("content_type", [{}, {"Content-Type": "text/plain"}], ids=["absent", "text"])
def test_login_of_another_site_sets_no_cookies(client, content_type):
    # A form with enctype="text/plain", or fetch() of a Blob without a type: neither needs a CORS preflight.
    body = json.dumps({"username": "ada", "password": PASSWORDS["ada"]}).encode()
    client.post("/login", content=body, headers={"Sec-Fetch-Site": "cross-site", **content_type})
    assert not client.cookies


@EVERY
def test_logout_needs_the_csrf_token_and_deletes_the_cookies(client):
    log_in(client, "ada")
    assert client.post("/logout").json() == {"detail": "Missing CSRF token"}
    assert client.post("/logout", headers={"X-CSRF-Token": "guess"}).json() == {"detail": "CSRF token mismatch"}
    response = client.post("/logout", headers={"X-CSRF-Token": client.cookies["csrf_token"]})
    assert (response.status_code, response.json()) == (200, {"message": "Logged out"})
    assert not client.cookies


@COMPLETE
def test_search_is_limited_to_five_calls_a_minute(client):
    responses = [client.get("/search") for _ in range(6)]
    assert [response.status_code for response in responses] == [200] * 5 + [429]
    assert 1 <= int(responses[5].headers["retry-after"]) <= 12


@COMPLETE
def test_websocket_greets_the_user_of_a_cookie_or_a_bearer_token(client, served):
    bearer = log_in(client, "ada")
    for headers in (bearer, {"Cookie": f"session={client.cookies['session']}"}):
        conversation = converse(f"{served[1]}/ws", headers, says=["ping"], reads=2)
        assert conversation.messages == ["Hello, ada", "ping"]


@COMPLETE
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer junk"}], ids=["no-token", "invalid-token"])
def test_websocket_without_a_valid_token_is_denied(served, headers):
    example, url = served
    assert converse(f"{url}/ws", headers).status == example.denial


@pytest.mark.parametrize(("example", "server"), [pair.values[0] for pair in PAIRS], ids=[pair.id for pair in PAIRS])
def test_server_without_a_secret_stops_with_a_message_that_says_what_to_set(example, server, users_file):
    environment = {name: value for name, value in os.environ.items() if name != example.variable}
    interface = ["--interface", "asgi"] if server == "granian" else []
    run = subprocess.run(
        [sys.executable, "-m", server, *interface, "--port", str(servers.free_port()), f"examples.{example.name}:app"],
        cwd=ROOT,
        env={**environment, "USERS_FILE": str(users_file)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    output = run.stdout + run.stderr
    assert f"{example.variable} is not set" in output
    assert "secrets.token_urlsafe(32)" in output
