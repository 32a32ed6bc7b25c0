"""``examples/jwt_auth.py`` under each server with two workers, on each engine."""

import os
import subprocess
import sys
import time
from pathlib import Path

import engines
import httpx
import pytest
import raw_tokens
import servers

from fastware.auth import JSONFileUserStore

ROOT = Path(__file__).parents[2]
JWT_SECRET = "an example's secret of at least 32 bytes"
PASSWORDS = {"ada": "correct horse", "bob": "battery staple"}


@pytest.fixture(scope="module")
def users_file(tmp_path_factory):
    store = JSONFileUserStore(tmp_path_factory.mktemp("example") / "users.json")
    store.create_user("ada", PASSWORDS["ada"], "admin")
    store.create_user("bob", PASSWORDS["bob"], "user")
    return store.path


@pytest.fixture(
    scope="module", params=[(server, engine) for server in servers.NAMES for engine in engines.BUILT], ids="-".join
)
def base_url(request, users_file):
    server, engine = request.param
    environment = {"USERS_FILE": str(users_file), "JWT_SECRET": JWT_SECRET, "FASTWARE_ENGINE": engine}
    with servers.serve(server, "examples.jwt_auth:app", folder=ROOT, env=environment, workers=2) as url:
        yield url


@pytest.fixture
def client(base_url):
    with httpx.Client(base_url=base_url, timeout=30) as client:
        yield client


def log_in(client, username):
    response = client.post("/login", json={"username": username, "password": PASSWORDS[username]})
    assert response.status_code == 200
    return response


def signed(**changes):
    now = int(time.time())
    claims = {"sub": "ada", "role": "admin", "iat": now, "exp": now + 60, **changes}
    return raw_tokens.sign_claims(claims, secret=JWT_SECRET)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_login_returns_token_and_sets_both_cookies(client):
    response = log_in(client, "ada")
    assert response.json()["username"] == "ada"
    session, csrf = response.headers.get_list("set-cookie")
    assert session.startswith(f"session={response.json()['token']};") and "HttpOnly" in session
    assert csrf.startswith("csrf_token=") and "HttpOnly" not in csrf


@pytest.mark.parametrize(
    ("username", "password"), [("ada", "wrong"), ("nobody", "correct horse"), ("ada", ""), ("", ""), ("ada", "x" * 100)]
)
def test_login_with_wrong_credentials_is_401(client, username, password):
    response = client.post("/login", json={"username": username, "password": password})
    assert (response.status_code, response.json()) == (401, {"detail": "Invalid credentials"})
    assert "set-cookie" not in response.headers


BAD_BODIES = [
    b"",
    b"{",
    b"null",
    b"5",
    b'"x"',
    b"[]",
    b"{}",
    b'{"username":"ada"}',
    b"\xff",
    b"[" * 100_000,
    b'{"a":NaN}',
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:20]))
def test_login_with_malformed_body_is_400(client, body):
    assert client.post("/login", content=body).status_code == 400


VALUES_OF_OTHER_TYPES = [None, 5, True, [], {}, ["ada"], "\0", "a" * 100_000, "é"]


@pytest.mark.parametrize("value", VALUES_OF_OTHER_TYPES, ids=lambda value: repr(value)[:10])
def test_login_with_values_of_other_types_is_401(client, value):
    assert client.post("/login", json={"username": value, "password": value}).status_code == 401
    assert client.post("/login", json={"username": "ada", "password": value}).status_code == 401


def test_profile_accepts_cookie_bearer_and_query_token(client, base_url):
    token = log_in(client, "bob").json()["token"]  # the client keeps the cookies
    expected = {"username": "bob", "role": "user"}
    assert client.get("/profile").json() == expected
    assert httpx.get(f"{base_url}/profile", headers=bearer(token)).json() == expected
    assert httpx.get(f"{base_url}/profile", params={"token": token}).json() == expected


def test_profile_without_token_is_401(client):
    response = client.get("/profile")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="api"'


def test_token_signed_elsewhere_with_the_same_secret_is_accepted(client):
    assert client.get("/profile", headers=bearer(signed(sub="eve", role="user"))).json()["username"] == "eve"


BAD_TOKENS = {
    "expired": lambda: signed(exp=int(time.time()) - 1),
    "other-secret": lambda: raw_tokens.sign_claims(
        {"sub": "ada", "role": "admin"}, secret="another secret, 32 bytes or more"
    ),
    "alg-none": lambda: raw_tokens.sign_claims({"sub": "ada"}, header={"alg": "none"}, secret=JWT_SECRET),
    "junk": lambda: "junk",
    "padded": lambda: signed() + "=",
}


@pytest.mark.parametrize("make_token", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_invalid_bearer_token_is_401_even_with_valid_cookie(client, make_token):
    log_in(client, "ada")
    assert client.get("/profile", headers=bearer(make_token())).status_code == 401


def test_admin_page_requires_admin_role(client):
    log_in(client, "bob")
    assert client.get("/admin").status_code == 403
    log_in(client, "ada")
    assert client.get("/admin").json() == {"message": "Welcome, admin ada"}


def test_post_requires_csrf_token(client):
    log_in(client, "ada")
    assert client.post("/logout").json() == {"detail": "Missing CSRF token"}
    assert client.post("/logout", headers={"X-CSRF-Token": "guess"}).json() == {"detail": "CSRF token mismatch"}
    assert client.get("/profile").status_code == 200


def test_logout_deletes_cookies(client):
    log_in(client, "ada")
    assert client.post("/logout", headers={"X-CSRF-Token": client.cookies["csrf_token"]}).status_code == 200
    assert not client.cookies
    assert client.get("/profile").status_code == 401


def test_unknown_path_is_404_and_unknown_method_is_405(client):
    assert client.get("/nowhere").status_code == 404
    response = client.delete("/profile", headers=bearer(signed()))
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


def test_head_returns_headers_of_get_without_body(client):
    response = client.head("/profile", headers=bearer(signed()))
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) == len(b'{"username":"ada","role":"admin"}')


SERVER_COMMANDS = {
    "granian": ["granian", "--interface", "asgi", "--workers", "2"],
    "uvicorn": ["uvicorn", "--workers", "2"],
}


@pytest.mark.parametrize("command", SERVER_COMMANDS.values(), ids=SERVER_COMMANDS.keys())
def test_server_without_jwt_secret_stops_with_clear_message(command, users_file):
    environment = {name: value for name, value in os.environ.items() if name != "JWT_SECRET"}
    run = subprocess.run(
        [sys.executable, "-m", *command, "--port", str(servers.free_port()), "examples.jwt_auth:app"],
        cwd=ROOT,
        env={**environment, "USERS_FILE": str(users_file)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "JWT_SECRET is not set. Create a secret: python -c" in run.stdout + run.stderr
