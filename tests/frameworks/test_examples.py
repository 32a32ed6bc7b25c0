"""One client for ``examples/``: the application of each framework, under each server, with two workers.

The applications use files on this machine; two of them also PostgreSQL and Valkey, as on many machines.
"""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, product
from pathlib import Path

import bcrypt_cost
import httpx
import pytest
import servers
from challenges import INVALID, MISSING, forbidden
from checks.processes import Server
from postgres_server import PostgresServer
from redis_server import RedisServer
from websocket_client import converse

from fastware.auth import JSONFileUserStore, SQLUserStore, password_problem

ROOT = Path(__file__).parents[2]
SECRET = "a secret of at least 32 bytes for the examples"
PASSWORDS = {"ada": "correct horse", "bob": "battery staple"}
NEW_PASSWORD = "a staple of correct horses"
WEAK = password_problem("short")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without certificates, which take long to load


@dataclass(frozen=True)
class Example:
    """An application in ``examples/``, the variable with its secret, and the status of a denied WebSocket."""

    name: str
    variable: str = "FASTWARE_JWT_SECRET"
    denial: int = 401
    is_small: bool = False
    """It has a login, a logout, ``/profile`` and ``/admin``, and nothing else."""
    on_databases: bool = False
    """It uses PostgreSQL and Valkey."""

    @property
    def effective_seconds(self):
        """The time after which a revocation is effective in every worker."""
        return 1.1 if self.on_databases else 0.1


EXAMPLES = (
    Example("jwt_auth", variable="JWT_SECRET", is_small=True),
    Example("core_app"),
    Example("fastapi_app"),
    Example("starlette_app"),
    Example("litestar_app", denial=403),
)
PAIRS = [pytest.param(pair, id=f"{pair[0].name}-{pair[1]}") for pair in product(EXAMPLES, servers.NAMES)]
ON_DATABASES = [
    pytest.param(
        (replace(EXAMPLES[number], on_databases=True), server), id=f"{EXAMPLES[number].name}-{server}-databases"
    )
    for number, server in ((1, "uvicorn"), (2, "granian"))
]
EVERY = pytest.mark.parametrize("served", PAIRS, indirect=True)
COMPLETE = pytest.mark.parametrize(
    "served", [*(pair for pair in PAIRS if not pair.values[0][0].is_small), *ON_DATABASES], indirect=True
)


def add_users(store):
    """Add the users ``ada`` and ``bob``."""
    with bcrypt_cost.lowest():
        store.create_user("ada", PASSWORDS["ada"], "admin")
        store.create_user("bob", PASSWORDS["bob"], "user")
    return store


def environment_of(example, folder):
    """Return the environment of an example that uses files."""
    files = {"USERS_FILE": "users.json", "ACCOUNTS_DB": "accounts.db", "LIMITS_FILE": "limits.bin"}
    return {name: str(folder / file) for name, file in files.items()} | {example.variable: SECRET}


@pytest.fixture(scope="session")
def databases():
    """Return the environment of an example that uses servers."""
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(contextlib.closing(PostgresServer()))
        redis = stack.enter_context(RedisServer())
        yield lambda: {"DATABASE_URL": postgres.new_url(), "REDIS_URL": redis.url}


@pytest.fixture(scope="session")
def served(request, tmp_path_factory):
    """Serve an example. Yields it and its URL. Nothing that these tests do is an error for the server's log."""
    example, server = request.param
    folder = tmp_path_factory.mktemp("example")
    environment = environment_of(example, folder)
    if example.on_databases:
        environment |= request.getfixturevalue("databases")()
        store = SQLUserStore(environment["DATABASE_URL"])
    else:
        store = JSONFileUserStore(environment["USERS_FILE"])
    add_users(store)
    options = {"folder": ROOT, "env": environment, "workers": 2, "log": folder / "log"}
    with servers.serve(server, f"tests.examples.served:{example.name}", **options) as url:
        yield example, url, store
    assert "Traceback" not in options["log"].read_text("utf-8")


def client_of(url):
    return httpx.Client(base_url=url, timeout=30, verify=NO_TLS)


@pytest.fixture
def client(served):
    with client_of(served[1]) as client:
        yield client


@pytest.fixture
def workers(served):
    """Return a client for each of the two workers: a client keeps its connection, and so its worker."""
    found, deadline = {}, time.monotonic() + 30  # one may start later than the other
    with contextlib.ExitStack() as stack:
        while len(found) < 2:
            assert time.monotonic() < deadline
            client = stack.enter_context(client_of(served[1]))
            found.setdefault(client.get("/profile").headers["x-worker"], client)
        yield list(found.values())


usernames = (f"user-{number}" for number in count())


@pytest.fixture
def account(served):
    """Return the username and the password of a new account, as JSON for the login."""
    credentials = {"username": next(usernames), "password": "a long enough password"}
    with client_of(served[1]) as client:
        assert client.post("/register", json=credentials).status_code == 201
    return credentials


def log_in(client, username):
    """Log in. The client keeps the cookies. Returns the token as headers."""
    session = session_of(client.post("/login", json={"username": username, "password": PASSWORDS[username]}), username)
    assert set(client.cookies) == {"session", "csrf_token"}
    return bearer(session)


def session_of(response, username):
    assert response.status_code == 200, response.text
    assert response.json()["username"] == username
    assert response.headers["cache-control"] == "no-store"
    return response.json()


def open_session(client, account):
    """Log in, as a client without cookies does."""
    session = session_of(client.post("/login", json=account), account["username"])
    client.cookies.clear()
    return session


def refresh(client, session):
    response = client.post("/refresh", json={"refresh_token": session["refresh_token"]})
    client.cookies.clear()
    return response


def bearer(session):
    return {"Authorization": f"Bearer {session['token']}"}


def statuses(clients, session):
    """Return the statuses of ``/profile`` with the token of *session*."""
    return [client.get("/profile", headers=bearer(session)).status_code for client in clients]


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
def test_login_and_refresh_of_another_site_set_no_cookies(client, content_type):
    # A form with enctype="text/plain", or fetch() of a Blob without a type: neither needs a CORS preflight.
    credentials = {"username": "ada", "password": PASSWORDS["ada"]}
    session = open_session(client, credentials)
    for path, body in (("/login", credentials), ("/refresh", {"refresh_token": session["refresh_token"]})):
        headers = {"Sec-Fetch-Site": "cross-site", **content_type}
        client.post(path, content=json.dumps(body).encode(), headers=headers)
        assert not client.cookies


@COMPLETE
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_login_that_the_browser_says_to_be_of_another_site_is_403(client, headers):
    response = client.post("/login", json={"username": "ada", "password": PASSWORDS["ada"]}, headers=headers)
    assert response.status_code == 403
    assert "trusted_origins" in response.text
    assert "set-cookie" not in response.headers


@EVERY
def test_logout_needs_the_csrf_token_and_deletes_the_cookies(client):
    log_in(client, "ada")
    assert client.post("/logout").json() == {"detail": "Missing CSRF token"}
    assert client.post("/logout", headers={"X-CSRF-Token": "guess"}).json() == {"detail": "CSRF token mismatch"}
    response = client.post("/logout", headers={"X-CSRF-Token": client.cookies["csrf_token"]})
    assert (response.status_code, response.json()) == (200, {"message": "Logged out"})
    assert response.headers["cache-control"] == "no-store"
    assert not client.cookies


@COMPLETE
def test_registration_rejects_weak_passwords_and_taken_or_unusual_names(client, account):
    def register(username, password):
        return client.post("/register", json={"username": username, "password": password})

    assert_is_rejected(register("eve", "short"), 400, WEAK, {})
    assert_is_rejected(register(account["username"], NEW_PASSWORD), 409, "This username is taken", {})
    assert_is_rejected(register("Eve", NEW_PASSWORD), 400, "lowercase", {})
    assert not client.cookies
    session = open_session(client, account)
    assert client.get("/profile", headers=bearer(session)).json()["role"] == "user"


@COMPLETE
def test_refreshed_session_works_in_every_worker_and_has_the_present_role(served, workers, account):
    session = open_session(workers[0], account)
    served[2].update_user(account["username"], role="admin")  # a store without revocations: sessions go on
    assert workers[1].get("/admin", headers=bearer(session)).status_code == 403
    refreshed = session_of(refresh(workers[1], session), account["username"])
    for client in workers:
        assert client.get("/admin", headers=bearer(refreshed)).status_code == 200
        assert client.get("/profile", headers=bearer(session)).status_code == 200


@COMPLETE
def test_two_refreshes_at_once_in_two_workers_get_the_same_refresh_token(workers, account):
    session = open_session(workers[0], account)
    with ThreadPoolExecutor() as threads:
        first, second = threads.map(lambda client: session_of(refresh(client, session), account["username"]), workers)
    assert first["refresh_token"] == second["refresh_token"]
    assert refresh(workers[0], first).status_code == 200


@COMPLETE
def test_old_refresh_token_ends_the_refreshes_of_its_session_only(workers, account):
    stolen, other = open_session(workers[0], account), open_session(workers[1], account)
    second = refresh(workers[0], stolen).json()
    third = refresh(workers[1], second).json()
    assert_is_rejected(refresh(workers[1], stolen), 401, "Invalid or expired refresh token", {})
    assert_is_rejected(refresh(workers[0], third), 401, "Invalid or expired refresh token", {})
    assert refresh(workers[0], other).status_code == 200


@COMPLETE
@pytest.mark.parametrize("token", ["", "junk"])
def test_refresh_with_an_unknown_token_is_401(client, token):
    assert_is_rejected(refresh(client, {"refresh_token": token}), 401, "Invalid or expired refresh token", {})


@COMPLETE
def test_logout_ends_every_token_of_its_session_in_every_worker(served, workers, account):
    other, session = open_session(workers[0], account), open_session(workers[0], account)
    refreshed = refresh(workers[1], session).json()
    assert workers[0].post("/logout", headers=bearer(refreshed)).status_code == 200
    time.sleep(served[0].effective_seconds)
    assert statuses(workers, session) == statuses(workers, refreshed) == [401, 401]
    assert [refresh(client, refreshed).status_code for client in workers] == [401, 401]
    assert statuses(workers, other) == [200, 200]
    assert refresh(workers[1], other).status_code == 200


@COMPLETE
def test_logout_everywhere_ends_all_sessions_and_a_login_right_after_it_works(served, workers, account):
    sessions = [open_session(client, account) for client in workers]
    assert workers[0].post("/logout-everywhere", headers=bearer(sessions[1])).status_code == 200
    again = open_session(workers[1], account)
    assert statuses(workers, again) == [200, 200]
    time.sleep(served[0].effective_seconds)
    for session in sessions:
        assert statuses(workers, session) == [401, 401]
        assert refresh(workers[1], session).status_code == 401
    assert statuses(workers, again) == [200, 200]


@COMPLETE
def test_new_password_ends_all_sessions_but_that_of_its_client(served, workers, account):
    def change(client, **passwords):
        return client.post("/password", headers=bearer(session), json=passwords)

    session, other = open_session(workers[0], account), open_session(workers[1], account)
    assert_is_rejected(change(workers[0], old_password="wrong", new_password=NEW_PASSWORD), 403, "Wrong password", {})
    old = account["password"]
    assert_is_rejected(change(workers[0], old_password=old, new_password="short"), 400, WEAK, {})
    new = session_of(change(workers[0], old_password=old, new_password=NEW_PASSWORD), account["username"])
    assert "session" in workers[0].cookies
    workers[0].cookies.clear()
    time.sleep(served[0].effective_seconds)
    for ended in (session, other):
        assert statuses(workers, ended) == [401, 401]
        assert refresh(workers[1], ended).status_code == 401
    assert statuses(workers, new) == [200, 200]
    assert refresh(workers[1], new).status_code == 200
    assert workers[1].post("/login", json=account).status_code == 401
    open_session(workers[1], {**account, "password": NEW_PASSWORD})


@COMPLETE
def test_deleted_account_has_no_sessions_even_if_its_name_is_registered_again(served, workers, account):
    def delete(password):
        return workers[0].request("DELETE", "/account", headers=bearer(session), json={"password": password})

    session = open_session(workers[1], account)
    assert_is_rejected(delete("wrong"), 403, "Wrong password", {})
    assert delete(account["password"]).status_code == 200
    assert workers[1].post("/login", json=account).status_code == 401
    assert workers[1].post("/register", json=account).status_code == 201
    time.sleep(served[0].effective_seconds)
    assert statuses(workers, session) == [401, 401]
    assert refresh(workers[0], session).status_code == 401


@COMPLETE
def test_eleventh_wrong_password_is_limited_and_other_users_are_not(client, workers, account):
    guesses = [workers[number % 2].post("/login", json={**account, "password": "a guess"}) for number in range(11)]
    assert [guess.status_code for guess in guesses] == [401] * 10 + [429]
    assert 1 <= int(guesses[10].headers["retry-after"]) <= 360
    assert client.post("/login", json=account).status_code == 429
    log_in(client, "bob")


@COMPLETE
def test_search_is_limited_to_five_calls_a_minute_in_all_workers_together(workers):
    responses = [workers[number % 2].get("/search") for number in range(6)]
    assert [response.status_code for response in responses] == [200] * 5 + [429]
    assert 1 <= int(responses[5].headers["retry-after"]) <= 12


@COMPLETE
def test_websocket_greets_the_user_of_a_cookie_or_a_bearer_token(client, served):
    bearer = log_in(client, "ada")
    for headers in (bearer, {"Cookie": f"session={client.cookies['session']}"}):
        conversation = converse(f"{served[1]}/ws", headers, says=["ping"], reads=2)
        assert conversation.messages == ["Hello, ada", "ping"]


@COMPLETE
def test_websocket_of_a_page_of_another_origin_is_denied_with_the_cookie(client, served):
    log_in(client, "ada")
    headers = {"Cookie": f"session={client.cookies['session']}"}
    assert converse(f"{served[1]}/ws", headers | {"Origin": "https://evil.example"}).status == 403
    assert converse(f"{served[1]}/ws", headers | {"Origin": served[1]}, reads=1).messages == ["Hello, ada"]


@COMPLETE
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer junk"}], ids=["no-token", "invalid-token"])
def test_websocket_without_a_valid_token_is_denied(served, headers):
    example, url, _ = served
    assert converse(f"{url}/ws", headers).status == example.denial


@COMPLETE
def test_ticket_opens_one_websocket(client, served):
    example, url, _ = served
    response = client.post("/ticket", headers=log_in(client, "bob"))
    with_ticket = f"{url}/ws?ticket={response.json()['ticket']}"
    assert converse(with_ticket, says=["ping"], reads=2).messages == ["Hello, bob", "ping"]
    # In a few attempts, whichever worker gets them.
    assert [converse(with_ticket).status for _ in range(4)] == [example.denial] * 4


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
def wait_until_nothing_listens(port):
    """A killed worker may accept connections for a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.01)
    raise AssertionError("a killed process still listens")


def test_killed_server_forgets_no_session_and_no_logout(tmp_path):
    example = EXAMPLES[1]
    options = {"environment": environment_of(example, tmp_path), "workers": 2}
    add_users(JSONFileUserStore(options["environment"]["USERS_FILE"]))
    account = {"username": "bob", "password": PASSWORDS["bob"]}
    with Server("granian", f"tests.examples.served:{example.name}", ROOT, **options) as running:
        with client_of(running.url) as client:
            ended, kept = open_session(client, account), open_session(client, account)
            assert client.post("/logout", headers=bearer(ended)).status_code == 200
            for process_id in sorted(running.processes()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGKILL)
        running.stop()
        wait_until_nothing_listens(running.port)
        running.start()
        with client_of(running.url) as client:
            assert statuses([client], ended) == [401]
            assert refresh(client, ended).status_code == 401
            assert statuses([client], kept) == [200]
            assert refresh(client, kept).status_code == 200


@pytest.mark.parametrize(("example", "server"), [pair.values[0] for pair in PAIRS], ids=[pair.id for pair in PAIRS])
def test_server_without_a_secret_stops_with_a_message_that_says_what_to_set(example, server, tmp_path):
    environment = {**os.environ, **environment_of(example, tmp_path)}
    del environment[example.variable]
    interface = ["--interface", "asgi"] if server == "granian" else []
    run = subprocess.run(
        [sys.executable, "-m", server, *interface, "--port", str(servers.free_port()), f"examples.{example.name}:app"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    output = run.stdout + run.stderr
    assert f"{example.variable} is not set" in output
    assert "secrets.token_urlsafe(32)" in output
