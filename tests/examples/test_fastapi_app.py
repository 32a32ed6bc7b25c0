"""``examples/fastapi_app.py`` under each server, on each engine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import engines
import httpx
import pytest
import servers

pytest.importorskip("fastapi")

from openapi_spec_validator import validate
from websockets import InvalidStatus
from websockets.sync.client import connect

from fastware.auth import Auth, JSONFileUserStore

ROOT = Path(__file__).parents[2]
SECRET = "an example's secret of at least 32 bytes"
PASSWORDS = {"ada": "correct horse", "bob": "battery staple"}
AUTH = Auth(SECRET)


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
    environment = {"USERS_FILE": str(users_file), "FASTWARE_JWT_SECRET": SECRET, "FASTWARE_ENGINE": engine}
    with servers.serve(server, "examples.fastapi_app:app", folder=ROOT, env=environment) as url:
        yield url


@pytest.fixture
def client(base_url):
    with httpx.Client(base_url=base_url, timeout=30) as client:
        yield client


def log_in(client, username, **options):
    options = options or {"json": {"username": username, "password": PASSWORDS[username]}}
    response = client.post("/login", **options)
    assert response.status_code == 200
    return response.json()["access_token"]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_user_logs_in_with_json_or_a_form(client, base_url):
    form = {"data": {"grant_type": "password", "username": "bob", "password": PASSWORDS["bob"]}}
    for options in ({}, form):
        token = log_in(client, "bob", **options)  # the client keeps the cookies
        expected = {"username": "bob", "role": "user"}
        assert client.get("/profile").json() == expected
        assert httpx.get(f"{base_url}/profile", headers=bearer(token)).json() == expected


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_wrong_credentials_are_401(client, username):
    response = client.post("/login", json={"username": username, "password": "wrong"})
    assert (response.status_code, response.json()) == (401, {"detail": "Invalid credentials"})


def test_profile_without_a_valid_token_is_401(client):
    for headers in ({}, bearer("x")):
        response = client.get("/profile", headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith('Bearer realm="api"')


def test_admin_page_requires_the_role(client):
    log_in(client, "bob")
    assert client.get("/admin").status_code == 403
    log_in(client, "ada")
    assert client.get("/admin").json() == {"message": "Welcome, admin ada"}


def test_logout_requires_the_csrf_token_and_deletes_the_cookies(client):
    log_in(client, "ada")
    assert client.post("/logout").json() == {"detail": "Missing CSRF token"}
    assert client.post("/logout", headers={"X-CSRF-Token": client.cookies["csrf_token"]}).status_code == 200
    assert not client.cookies
    assert client.get("/profile").status_code == 401


def test_sixth_search_of_a_minute_is_429(client):
    responses = [client.get("/search") for _ in range(6)]
    assert [response.status_code for response in responses] == [200] * 5 + [429]
    assert 1 <= int(responses[5].headers["retry-after"]) <= 12


def test_websocket_greets_the_user_and_echoes(client, base_url):
    url = base_url.replace("http", "ws", 1) + "/ws"
    token = log_in(client, "ada")
    for headers in (bearer(token), {"Cookie": f"session={token}"}):
        with connect(url, additional_headers=headers, proxy=None) as connection:
            assert connection.recv(timeout=10) == "Hello, ada"
            connection.send("one")
            assert connection.recv(timeout=10) == "one"
    with pytest.raises(InvalidStatus) as rejected, connect(url, proxy=None):
        pass
    assert rejected.value.response.status_code == 401


def test_document_is_valid_and_shows_the_login_and_the_cookie(client):
    document = client.get("/openapi.json").json()
    validate(document)
    assert document["components"]["securitySchemes"]["password"]["flows"]["password"]["tokenUrl"] == "login"
    for path in ("/profile", "/admin"):
        assert document["paths"][path]["get"]["security"] == [{"password": []}, {"cookie": []}]


def test_first_commands_of_the_example_work(tmp_path):
    text = (ROOT / "examples/fastapi_app.py").read_text(encoding="utf-8")
    commands = re.findall(r"^    (export .*|python .*)$", text.partition('"""\n\n')[0], re.MULTILINE)
    assert len(commands) == 2
    script = "\n".join(["set -e", f"python() {{ '{sys.executable}' \"$@\"; }}", *commands])
    users_file = tmp_path / "users.json"
    subprocess.run(["bash", "-c", script], cwd=ROOT, env={**os.environ, "USERS_FILE": str(users_file)}, check=True)
    assert JSONFileUserStore(users_file).find_user("ada")["role"] == "admin"


def test_example_without_a_secret_says_how_to_create_one():
    environment = {name: value for name, value in os.environ.items() if name != "FASTWARE_JWT_SECRET"}
    command = [sys.executable, "-c", "import examples.fastapi_app"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert re.search("ConfigurationError: .* FASTWARE_JWT_SECRET is not set; .*token_urlsafe", run.stderr)
