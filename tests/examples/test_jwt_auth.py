"""The example of the reference page, unchanged, over real sockets: each server on each engine."""

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
    answer = client.post("/login", json={"username": username, "password": PASSWORDS[username]})
    assert answer.status_code == 200
    return answer


def signed(**changes):
    now = int(time.time())
    claims = {"sub": "ada", "role": "admin", "iat": now, "exp": now + 60, **changes}
    return raw_tokens.sign_claims(claims, secret=JWT_SECRET)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_login_returns_the_token_and_sets_both_cookies(client):
    answer = log_in(client, "ada")
    assert answer.json()["username"] == "ada"
    session, csrf = answer.headers.get_list("set-cookie")
    assert session.startswith(f"session={answer.json()['token']};") and "HttpOnly" in session
    assert csrf.startswith("csrf_token=") and "HttpOnly" not in csrf


@pytest.mark.parametrize(
    ("username", "password"), [("ada", "wrong"), ("nobody", "correct horse"), ("ada", ""), ("", ""), ("ada", "x" * 100)]
)
def test_a_login_with_wrong_credentials_is_401(client, username, password):
    answer = client.post("/login", json={"username": username, "password": password})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid credentials"})
    assert "set-cookie" not in answer.headers


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
def test_a_login_with_a_body_that_is_no_login_is_400(client, body):
    assert client.post("/login", content=body).status_code == 400


ODD_CREDENTIALS = [None, 5, True, [], {}, ["ada"], "\0", "a" * 100_000, "é"]


@pytest.mark.parametrize("value", ODD_CREDENTIALS, ids=lambda value: repr(value)[:10])
def test_a_login_with_odd_values_is_401(client, value):
    assert client.post("/login", json={"username": value, "password": value}).status_code == 401
    assert client.post("/login", json={"username": "ada", "password": value}).status_code == 401


def test_the_profile_is_read_with_each_kind_of_credential(client, base_url):
    token = log_in(client, "bob").json()["token"]
    expected = {"username": "bob", "role": "user"}
    assert client.get("/profile").json() == expected  # the cookie
    assert httpx.get(f"{base_url}/profile", headers=bearer(token)).json() == expected
    assert httpx.get(f"{base_url}/profile", params={"token": token}).json() == expected


def test_the_profile_without_a_credential_is_401(client):
    answer = client.get("/profile")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_made_elsewhere_with_the_secret_is_accepted(client):
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
def test_a_bad_token_is_401_although_the_cookie_is_good(client, make_token):
    log_in(client, "ada")
    assert client.get("/profile", headers=bearer(make_token())).status_code == 401


def test_the_admin_page_is_for_admins(client):
    log_in(client, "bob")
    assert client.get("/admin").status_code == 403
    log_in(client, "ada")
    assert client.get("/admin").json() == {"message": "Welcome, admin ada"}


def test_a_post_needs_the_csrf_token(client):
    log_in(client, "ada")
    assert client.post("/logout").json() == {"detail": "Missing CSRF token"}
    assert client.post("/logout", headers={"X-CSRF-Token": "guess"}).json() == {"detail": "CSRF token mismatch"}
    assert client.get("/profile").status_code == 200


def test_a_logout_takes_the_cookies_away(client):
    log_in(client, "ada")
    assert client.post("/logout", headers={"X-CSRF-Token": client.cookies["csrf_token"]}).status_code == 200
    assert not client.cookies
    assert client.get("/profile").status_code == 401


def test_unknown_paths_and_methods_are_told_apart(client):
    assert client.get("/nowhere").status_code == 404
    answer = client.delete("/profile", headers=bearer(signed()))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_the_body(client):
    answer = client.head("/profile", headers=bearer(signed()))
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(b'{"username":"ada","role":"admin"}')
