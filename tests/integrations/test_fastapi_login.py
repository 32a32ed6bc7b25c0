"""``login_route`` of ``fastware.integrations.fastapi``: bodies, responses, cookies, and the event loop."""

import asyncio
import functools
import json
import secrets
import threading
import time
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import asgi_client
import bcrypt
import bcrypt_cost
import clock
import pytest
from error_text import shown_by
from raw_tokens import SECRET
from shown import locals_of

pytest.importorskip("fastapi")

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from openapi_spec_validator import validate

import fastware
from fastware.auth import (
    Auth,
    CSRFMiddleware,
    HTTPError,
    LoginGuard,
    MemoryRevocations,
    UserStore,
    client_address,
    login,
    password_pool,
    passwords,
)
from fastware.integrations.fastapi import FastAPIAuth, login_route
from fastware.integrations.fastapi.login import Credentials

AUTH = Auth(SECRET)
PASSWORD = "correct horse"
JSON = [("content-type", "application/json")]
FORM = [("content-type", "application/x-www-form-urlencoded")]
CREDENTIALS = {"username": "ada", "password": PASSWORD}


class Store(UserStore):
    """Users in memory. Notes the threads in which it is read."""

    def __init__(self, **hashes):
        self.threads = set()
        self._users = [
            {"username": name, "password_hash": hashed, "role": "admin", "created_at": ""}
            for name, hashed in hashes.items()
        ]

    def load_users(self):
        self.threads.add(threading.get_ident())
        return self._users

    def save_users(self, users):
        self._users = users


NO_PASSWORD = passwords._NO_PASSWORD


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    """Hashes of the lowest cost are up to date, and the check for unknown users has that cost."""
    cheap = bcrypt.hashpw(b"nobody has it", bcrypt.gensalt(bcrypt_cost.LOWEST))
    monkeypatch.setattr(passwords, "_NO_PASSWORD", cheap)
    monkeypatch.setattr(login, "needs_rehash", functools.partial(passwords.needs_rehash, cost=bcrypt_cost.LOWEST))


@pytest.fixture(scope="module")
def store():
    cheap = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(bcrypt_cost.LOWEST)).decode()
    return Store(ada=cheap, disabled="", without=None, broken="$2b$12$short")


def app_of(store, auth=AUTH, route_options=None, **options):
    app = FastAPI()
    app.include_router(login_route(auth, store, **(route_options or {})), **options)
    return app


@pytest.fixture(scope="module")
def app(store):
    return app_of(store)


def post(app, body, headers=JSON, **options):
    if isinstance(body, dict):
        body = urlencode(body).encode() if headers == FORM else body
    return asgi_client.call(app, "POST", "/login", body=body, headers=headers, **options)


# The response


@pytest.mark.parametrize("headers", [JSON, FORM], ids=["json", "form"])
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_login_returns_the_token_and_sets_both_cookies(app, headers, loop):
    response = post(app, CREDENTIALS, headers, loop=loop)
    assert response.status == 200
    token = response.json["token"]
    assert response.json == {"token": token, "username": "ada", "access_token": token, "token_type": "bearer"}
    claims = AUTH.verify_token(token)
    assert (claims["sub"], claims["role"]) == ("ada", "admin")
    session, csrf = response.header_list("set-cookie")
    assert session == f"session={token}; Path=/; HttpOnly; SameSite=lax"
    name, _, value = csrf.removesuffix("; Path=/; SameSite=lax").partition("=")
    assert (name, len(value)) == ("csrf_token", 43)
    assert csrf != post(app, CREDENTIALS).header_list("set-cookie")[1]
    assert response.header("cache-control") == "no-store"


def test_token_of_the_login_is_that_of_the_user(store):
    app = app_of(store)
    api = FastAPIAuth(AUTH)
    app.get("/", dependencies=[Depends(api.require_role("admin"))])(lambda: "in")
    token = post(app, CREDENTIALS).json["access_token"]
    assert asgi_client.call(app, headers=[("authorization", f"bearer {token}")]).json == "in"


@pytest.mark.parametrize(
    ("scheme", "host_prefix", "names", "is_secure"),
    [
        ("http", False, ["session", "csrf_token"], False),
        ("https", False, ["session", "csrf_token"], True),
        ("http", True, ["__Host-session", "__Host-csrf_token"], True),
        ("https", True, ["__Host-session", "__Host-csrf_token"], True),
    ],
)
def test_cookies_are_secure_over_https_and_with_a_host_prefix(store, scheme, host_prefix, names, is_secure):
    app = app_of(store, Auth(SECRET, host_prefix=host_prefix))

    async def with_scheme(scope, receive, send):
        await app({**scope, "scheme": scheme}, receive, send)

    cookies = post(with_scheme, CREDENTIALS).header_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == names
    assert [("; Secure" in cookie) for cookie in cookies] == [is_secure] * 2


EMBEDDED = {"secure": True, "domain": "example.com", "path": "/shop", "samesite": "none", "partitioned": True}
COOKIE_OPTIONS = {
    "secure": ({"secure": True}, "; Path=/; Secure; SameSite=lax"),
    "insecure": ({"secure": False}, "; Path=/; SameSite=lax"),
    "all": (EMBEDDED, "; Domain=example.com; Path=/shop; Secure; SameSite=none; Partitioned"),
    "max-age": ({"expires_in": 900, "max_age": timedelta(days=1)}, "; Max-Age=86400; Path=/; SameSite=lax"),
    "until-the-token-expires": ({"max_age": "exp"}, "; Max-Age=2592000; Path=/; SameSite=lax"),
}


@pytest.mark.parametrize(("options", "attributes"), COOKIE_OPTIONS.values(), ids=COOKIE_OPTIONS)
def test_cookies_have_the_attributes_of_the_options(store, options, attributes):
    with clock.stopped_at(time.time()):
        session, csrf = post(app_of(store, route_options=options), CREDENTIALS).header_list("set-cookie")
    assert csrf[csrf.index(";") :] == attributes
    assert session[session.index(";") :].replace("; HttpOnly", "") == attributes


@pytest.mark.parametrize("options", [{"samesite": "none"}, {"partitioned": True}, {"path": "/;"}, {"max_age": "1"}])
def test_invalid_options_of_the_cookies_raise_before_the_first_login(store, options):
    with pytest.raises((TypeError, ValueError)):
        login_route(AUTH, store, **options)


def test_cookies_with_a_host_prefix_have_no_domain(store):
    with pytest.raises(ValueError, match="host_prefix=True excludes domain"):
        login_route(Auth(SECRET, host_prefix=True), store, domain="example.com")


def test_csrf_token_of_the_login_is_made_for_its_session(store):
    secret = "a secret of the CSRF tokens, which is random"
    auth = Auth(SECRET, revocations=MemoryRevocations())  # two logins in one second are two sessions
    app = app_of(store, auth, route_options={"csrf_secret": secret})
    app.post("/save")(lambda: "saved")
    protected = CSRFMiddleware(app, exempt_paths=["/login"], secret=secret)
    sessions = [SimpleCookie("; ".join(post(protected, CREDENTIALS).header_list("set-cookie"))) for _ in range(2)]
    (session, csrf), (_, other) = [(cookies["session"].value, cookies["csrf_token"].value) for cookies in sessions]

    def status_with(token):
        headers = [("cookie", f"session={session}; csrf_token={token}"), ("x-csrf-token", token)]
        return asgi_client.call(protected, "POST", "/save", headers=headers).status

    assert [status_with(token) for token in (csrf, other, "planted")] == [200, 403, 403]


def test_unusable_csrf_secret_is_a_value_error_without_it(store):
    key = "-----BEGIN RSA PRIVATE KEY-----" + secrets.token_hex(16)
    with pytest.raises(ValueError, match="secret") as raised:
        login_route(AUTH, store, csrf_secret=key)
    assert key not in shown_by(raised.value)
    assert key not in repr(locals_of(raised.value, Path(fastware.__file__).parent))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_other_methods_are_405(app, method):
    assert asgi_client.call(app, method, "/login").status == 405


# Credentials

WRONG = {
    "password": ("ada", "wrong"),
    "username": ("bob", PASSWORD),
    "case-of-the-username": ("Ada", PASSWORD),
    "empty": ("", ""),
    "long-password": ("ada", "x" * 1_000),
    "long-username": ("x" * 60_000, PASSWORD),
    "password-with-more": ("ada", PASSWORD + "\0"),
    "control-characters": ("ada\0\r\n", PASSWORD),
    "user-with-an-empty-hash": ("disabled", ""),
    "user-without-a-hash": ("without", "None"),
    "user-with-a-broken-hash": ("broken", PASSWORD),
}


@pytest.mark.parametrize(("username", "password"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("headers", [JSON, FORM], ids=["json", "form"])
def test_wrong_credentials_are_the_same_401(app, headers, username, password):
    response = post(app, {"username": username, "password": password}, headers)
    assert (response.status, response.json) == (401, {"detail": "Invalid credentials"})
    assert response.header("www-authenticate") == 'Bearer realm="api"'
    assert response.header("set-cookie") is None


@pytest.mark.parametrize("username", ["ada", "bob", "disabled", "without", "broken"])
def test_each_login_checks_one_hash_of_the_default_cost(app, username, monkeypatch):
    checked = []
    monkeypatch.setattr(passwords, "_NO_PASSWORD", NO_PASSWORD)
    monkeypatch.setattr(bcrypt, "checkpw", lambda password, hashed: checked.append((password, hashed)) or False)
    assert post(app, {"username": username, "password": "wrong"}).status == 401
    ((password, hashed),) = checked
    assert password == b"wrong"
    assert bcrypt_cost.cost_of(hashed.decode()) == (bcrypt_cost.LOWEST if username == "ada" else 12)
    assert len(hashed) == 60


def test_user_without_a_hash_cannot_log_in_even_if_the_check_passes(app, monkeypatch):
    monkeypatch.setattr(bcrypt, "checkpw", lambda password, hashed: True)
    for username, status in (("ada", 200), ("bob", 401), ("disabled", 401), ("broken", 401)):
        assert post(app, {"username": username, "password": "any"}).status == status


def test_event_loop_is_free_while_the_user_and_the_password_are_checked(monkeypatch):
    store = Store()

    def slow(password, hashed):
        store.threads.add(threading.get_ident())
        time.sleep(0.2)
        return False

    monkeypatch.setattr(bcrypt, "checkpw", slow)

    async def log_in():
        task = asyncio.ensure_future(asgi_client.acall(app_of(store), "POST", "/login", body=CREDENTIALS, headers=JSON))
        steps = 0
        while not task.done():
            await asyncio.sleep(0.01)
            steps += 1
        return (await task).status, steps

    status, steps = asyncio.run(log_in())
    assert status == 401
    assert steps >= 5
    assert threading.get_ident() not in store.threads


@pytest.mark.parametrize(
    ("client", "address"),
    [(("203.0.113.7", 5), "203.0.113.7"), (None, "unknown"), (("", 0), "unknown")],
    ids=["address", "none", "empty"],
)
def test_guard_counts_failed_logins_of_the_address_of_the_client(store, client, address):
    guard = LoginGuard(per_user_and_address="1/hour")
    app = app_with_guard(store, guard)
    assert [post(app, CREDENTIALS, client=client).status for _ in range(3)] == [200] * 3
    wrong = {"username": "ada", "password": "x"}
    assert [post(app, wrong, client=client).status for _ in range(2)] == [401, 429]
    guard.reset("ada", address)
    assert post(app, CREDENTIALS, client=client).status == 200


def test_guard_counts_failed_logins_of_the_client_behind_a_proxy(store):
    app = app_with_guard(store, LoginGuard(per_address="1/hour"), address=client_address(trusted_proxies=["unix"]))
    wrong = b'{"username": "nobody", "password": "x"}'

    def status_from(address):
        return post(app, wrong, client=None, headers=[*JSON, ("x-forwarded-for", address)]).status

    assert [status_from("203.0.113.7"), status_from("203.0.113.7"), status_from("203.0.113.8")] == [401, 429, 401]


def app_with_guard(store, guard, **options):
    app = FastAPI()
    app.include_router(login_route(AUTH, store, guard=guard, **options))
    return app


def test_full_pool_is_503_and_no_attempt(store, monkeypatch):
    def reject(pool, job):
        raise HTTPError(503, "Too many logins at once; try again later", {"Retry-After": "6"})

    app = app_with_guard(store, LoginGuard(per_user_and_address="1/hour"))
    with monkeypatch.context() as full:
        full.setattr(password_pool._Pool, "add", reject)
        for _ in range(2):
            response = post(app, CREDENTIALS)
            assert (response.status, response.header("retry-after")) == (503, "6")
            assert response.json == {"detail": "Too many logins at once; try again later"}
    assert post(app, CREDENTIALS).status == 200


def test_role_that_changes_while_the_token_is_made_revokes_it(store):
    class Changing(Auth):
        async def acreate_token(self, username, role, **options):
            changing.update_user("ada", role="guest")
            return await super().acreate_token(username, role, **options)

    changing = Store(**{user["username"]: user["password_hash"] for user in store.load_users()})
    changing.revocations = MemoryRevocations()
    auth = Changing(SECRET, revocations=changing.revocations)
    response = post(app_of(changing, auth), CREDENTIALS)
    assert response.status == 200
    assert auth.inspect_token(response.json["token"]).reason == "revoked"


def test_invalid_guard_or_address_is_a_type_error(store):
    with pytest.raises(TypeError, match=r"guard must be a fastware\.auth\.LoginGuard"):
        login_route(AUTH, store, guard=5)
    with pytest.raises(TypeError, match=r"address must be client_address\(\.\.\.\), not str"):
        login_route(AUTH, store, address="203.0.113.7")


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"5",
        b"[]",
        b"{}",
        b'{"username":"ada"}',
        b'{"password":"x"}',
        b'{"username":5,"password":"x"}',
        b'{"username":"ada","password":null}',
        b'{"username":["ada"],"password":{"x":1}}',
        b'{"username":"ada","password":"\xff"}',
        b'{"username":"ada","password":"\\ud800"}',
        b"[" * 60_000,
        b'{"username":"ada","password":NaN}',
        b"username=ada&password=x",
    ],
    ids=lambda body: repr(body[:40]),
)
@pytest.mark.parametrize("headers", [JSON, []], ids=["json", "no-type"])
def test_malformed_json_is_400(app, headers, body):
    response = post(app, body, headers)
    assert response.status == 400
    assert list(response.json) == ["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"username=ada", b"password=x", b'{"username":"ada","password":"x"}', b"&" * 2_000, b"username&password=x;"],
    ids=lambda body: repr(body[:40]),
)
def test_malformed_form_is_400_or_401(app, body):
    assert post(app, body, FORM).status == (401 if b"username&" in body else 400)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([("content-type", "application/json; charset=utf-8")], CREDENTIALS),
        ([("content-type", "Application/JSON")], CREDENTIALS),
        ([], CREDENTIALS),
        ([("content-type", "application/x-www-form-urlencoded;charset=UTF-8")], urlencode(CREDENTIALS).encode()),
        (JSON, {**CREDENTIALS, "grant_type": "password", "more": [1]}),
        (FORM, {**CREDENTIALS, "grant_type": "password", "scope": "", "client_id": "", "client_secret": ""}),
        (FORM, b"username=eve&password=x&username=ada&password=correct+horse"),
        (FORM, b"username=%61da&password=correct%20horse"),
        ([*JSON, ("host", "[")], CREDENTIALS),
    ],
    ids=["charset", "case", "no-type", "form-charset", "more-json", "oauth2", "duplicates", "escapes", "invalid-host"],
)
def test_body_with_the_credentials_is_accepted(app, headers, body):
    assert post(app, body, headers).status == 200


@pytest.mark.parametrize(
    "body", [b"username=ada&password=\xff", b"username=ada&password=%FF%00", b"username=%&password=%"]
)
def test_form_that_is_not_utf8_is_a_wrong_password(app, body):
    assert post(app, body, FORM).status == 401


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "application/jsonp", "x"]
)
def test_body_of_another_type_is_415(app, content_type):
    response = post(app, CREDENTIALS, [("content-type", content_type)])
    assert response.status == 415
    assert response.json == {"detail": "Expected application/json or application/x-www-form-urlencoded"}


@pytest.mark.parametrize("headers", [JSON, FORM], ids=["json", "form"])
def test_large_body_is_413_and_is_not_read(app, headers):
    announced = [*headers, ("content-length", "1000000")]
    assert post(app, b"x", announced).status == 413
    assert post(app, b"x" * 65_537, headers).status == 413
    chunks = [b"x" * 30_000] * 100
    assert post(app, b"", headers, chunks=chunks).status == 413
    assert post(app, b"x" * 65_536, headers).status == 400


def test_body_in_pieces_is_read_and_a_lost_client_is_400(app):
    body = b'{"username":"ada","password":"correct horse"}'
    assert post(app, b"", chunks=[body[:9], b"", body[9:], b""]).status == 200
    assert post(app, b"", chunks=[body[:9], None]).status == 400


def test_body_that_a_dependency_has_read_is_read_again(store):
    async def log(request: Request):
        await request.body()

    for headers in (JSON, FORM):
        assert post(app_of(store, dependencies=[Depends(log)]), CREDENTIALS, headers).status == 200


# Secrets


def test_wrong_password_is_in_no_frame_of_the_package():
    app = app_of(Store())
    shown = []

    @app.exception_handler(HTTPError)
    async def keep(request, error):
        shown.extend(locals_of(error, Path(fastware.__file__).parent))
        return JSONResponse({}, error.status_code)

    for headers in (JSON, FORM):
        assert post(app, CREDENTIALS, headers).status == 401
    assert shown and PASSWORD not in repr(shown)
    assert PASSWORD not in repr(Credentials("ada", PASSWORD))


# The document


def test_document_shows_both_bodies_and_every_response(app):
    document = app.openapi()
    validate(document)
    operation = document["paths"]["/login"]["post"]
    content = operation["requestBody"]["content"]
    assert list(content) == ["application/json", "application/x-www-form-urlencoded"]
    for body in content.values():
        assert body["schema"]["required"] == ["username", "password"]
    assert set(operation["responses"]) == {"200", "400", "401", "413", "415", "429", "503"}
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(answer["properties"]) == {"token", "username", "access_token", "token_type"}
    assert "security" not in operation
    assert "components" not in document  # no model takes a name of the application


def test_login_is_included_under_a_prefix(store):
    app = app_of(store, prefix="/api")
    app.include_router(login_route(AUTH, store), prefix="/v2")
    assert asgi_client.call(app, "POST", "/api/login", body=CREDENTIALS, headers=JSON).status == 200
    validate(app.openapi())


SITES = {
    "same-origin": ({"sec-fetch-site": "same-origin", "origin": "https://else.example"}, True),
    "none": ({"sec-fetch-site": "none"}, True),
    "no-browser": ({}, True),
    "same-site": ({"sec-fetch-site": "same-site"}, False),
    "cross-site": ({"sec-fetch-site": "cross-site"}, False),
    "old-browser": ({"origin": "http://a.example:80", "host": "A.example"}, True),
    "old-browser-cross-origin": ({"origin": "https://b.example", "host": "a.example"}, False),
    "old-browser-null": ({"origin": "null", "host": "a.example"}, False),
}


@pytest.mark.parametrize(("fetch_metadata", "has_cookies"), SITES.values(), ids=SITES)
def test_login_of_another_site_gets_no_cookies(store, fetch_metadata, has_cookies):
    for content_type, body, expected in (
        (FORM, urlencode(CREDENTIALS).encode(), has_cookies),
        ([], json.dumps(CREDENTIALS).encode(), has_cookies),  # fetch(url, {mode: "no-cors", body: new Blob([...])})
        (JSON, CREDENTIALS, True),
    ):
        headers = [*content_type, *fetch_metadata.items()]
        response = asgi_client.call(app_of(store), "POST", "/login", headers=headers, body=body)
        assert (response.status, bool(response.header_list("set-cookie"))) == (200, expected)
        assert AUTH.verify_token(response.json["access_token"])


def test_token_and_cookies_have_the_same_lifetime(store):
    for lifetime, max_age in ((900, "900"), (timedelta(hours=1), "3600"), (None, "")):
        app = FastAPI()
        app.include_router(login_route(AUTH, store, expires_in=lifetime))
        response = asgi_client.call(app, "POST", "/login", headers=JSON, body=CREDENTIALS)
        claims = AUTH.verify_token(response.json["token"])
        assert claims["exp"] - claims["iat"] == int(max_age or 30 * 24 * 3600)
        cookies = SimpleCookie("; ".join(response.header_list("set-cookie")))
        assert [cookie["max-age"] for cookie in cookies.values()] == [max_age, max_age]
    for invalid in (0, -1, 0.5):
        with pytest.raises(ValueError, match="expires_in must be at least one second"):
            login_route(AUTH, store, expires_in=invalid)
    with pytest.raises(TypeError, match="expires_in must be a number of seconds or a timedelta"):
        login_route(AUTH, store, expires_in="900")
