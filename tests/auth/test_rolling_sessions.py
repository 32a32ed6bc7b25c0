"""``RollingSessions`` in front of applications of every framework."""

import asyncio
import importlib.util
import json
import re

import asgi_client
import jwt
import pytest
from clock import stopped_at
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_tokens import SECRET, sign_claims

NOW = 1_800_000_000
LIFETIME = 600
ABSOLUTE = 3_600
CACHED = (b"cache-control", b"public, max-age=60")
NO_STORE = ["no-store"]
LOGIN = (b"set-cookie", b"session=of-a-login; Path=/")
LOGOUT = (b"set-cookie", b"session=; Max-Age=0; Path=/")


# One application in each framework. `answer` takes the scope and returns a status, headers and a body.


def plain_asgi(fastware, answer, middleware, **options):
    async def app(scope, receive, send):
        status, headers, body = answer(scope)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return middleware(app, **options)


def core(fastware, answer, middleware, **options):
    async def handler(request):
        status, headers, body = answer(request.scope)
        response = fastware.Response(body, status)
        response.raw_headers += headers
        return response

    return asgi_client.app_of(fastware, handler, middleware=[lambda app: middleware(app, **options)])


def starlette_response(response_class, answer, scope):
    status, headers, body = answer(scope)
    response = response_class(body, status)
    response.raw_headers += headers
    return response


def starlette(fastware, answer, middleware, **options):
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import Response
    from starlette.routing import Route

    def handler(request):
        return starlette_response(Response, answer, request.scope)

    return Starlette(routes=[Route("/", handler)], middleware=[Middleware(middleware, **options)])


def fastapi(fastware, answer, middleware, **options):
    from fastapi import FastAPI, Request, Response

    app = FastAPI()
    app.add_middleware(middleware, **options)

    @app.api_route("/", methods=["GET", "HEAD"])
    async def handler(request: Request):
        return starlette_response(Response, answer, request.scope)

    return app


def litestar(fastware, answer, middleware, **options):
    from litestar import Litestar, Request, route
    from litestar.middleware import DefineMiddleware
    from litestar.response.base import ASGIResponse

    @route("/", http_method=["GET", "HEAD"])
    async def handler(request: Request) -> ASGIResponse:
        status, headers, body = answer(request.scope)
        headers = [(name.decode(), value.decode()) for name, value in headers]
        return ASGIResponse(body=body, status_code=status, headers=headers)

    return Litestar([handler], middleware=[DefineMiddleware(middleware, **options)], logging_config=None)


def of_framework(kind):
    name = kind.__name__
    is_missing = importlib.util.find_spec(name) is None
    return pytest.param(kind, id=name, marks=pytest.mark.skipif(is_missing, reason=f"needs {name}"))


APPLICATIONS = (*map(of_framework, (fastapi, starlette, litestar)), core, plain_asgi)


class Site:
    """An application behind the middleware, and what a browser knows of it."""

    def __init__(self, fastware, kind=plain_asgi, limits=None, settings=None, **cookies):
        self.fastware, self.auth = fastware, fastware.auth
        self.settings = settings or self.auth.Auth(SECRET, revocations=self.auth.MemoryRevocations())
        self.status, self.headers, self.action = 200, [], None
        limits = {"absolute_limit": ABSOLUTE} if limits is None else limits
        self.app = kind(fastware, self.answer, self.auth.RollingSessions, auth=self.settings, **limits, **cookies)

    def answer(self, scope):
        """Return who the user is and which cookies there are."""
        user = self.settings.verify_token(self.auth._get_asgi_cookie(scope["headers"], "session"))
        if self.action is not None:
            self.action(user)
        cookies = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
        body = json.dumps({"user": user and user.get("sub"), "cookies": cookies}).encode()
        return self.status, [CACHED, *self.headers], body if self.status == 200 else b""

    def log_in(self, **claims):
        """Return a token that was issued at ``NOW``."""
        with stopped_at(NOW):
            return self.settings.create_token("ada", "admin", expires_in=LIFETIME, claims=claims)

    def visit(self, token, age, *, cookie="theme=dark; session=%s; csrf_token=t0k3n", headers=(), **options):
        with stopped_at(NOW + age):
            cookies = [("cookie", cookie.replace("%s", token))]
            return asgi_client.call(self.app, headers=[*cookies, *headers], **options)


@pytest.fixture
def site(fastware):
    return Site(fastware)


def set_cookies(response):
    """Return the cookies that *response* sets, with their attributes."""
    values = (value.split("; ") for value in response.header_list("set-cookie"))
    return {pair.partition("=")[0]: (pair.partition("=")[2], attributes) for pair, *attributes in values}


def renewed_claims(site, response, age):
    with stopped_at(NOW + age):
        return site.settings.verify_token(set_cookies(response)["session"][0])


@pytest.mark.parametrize("kind", APPLICATIONS)
@pytest.mark.rule("rolling.renewal")
def test_token_is_renewed_after_half_of_its_lifetime(fastware, kind):
    site = Site(fastware, kind)
    token = site.log_in(plan="pro", jti="1")
    for age in (0, 299):
        response = site.visit(token, age)
        assert (response.json["user"], response.header("cache-control")) == ("ada", CACHED[1].decode())
        assert set_cookies(response) == {}
    response = site.visit(token, 300)
    assert (response.status, response.json["user"]) == (200, "ada")
    assert response.header_list("cache-control") == NO_STORE
    cookies = set_cookies(response)
    assert cookies["session"][1] == ["Max-Age=600", "Path=/", "HttpOnly", "SameSite=lax"]
    assert cookies["csrf_token"] == ("t0k3n", ["Max-Age=600", "Path=/", "SameSite=lax"])
    with stopped_at(NOW):
        old = site.settings.verify_token(token)
    del old["jti"]
    times = {"iat": NOW + 300, "exp": NOW + 900, "auth_time": NOW}
    assert renewed_claims(site, response, 300) == old | times


@pytest.mark.parametrize("kind", APPLICATIONS)
@pytest.mark.rule("rolling.absolute")
def test_session_ends_at_the_absolute_limit(fastware, kind):
    site = Site(fastware, kind)
    token, age, renewals = site.log_in(), 0, 0
    while age < ABSOLUTE:
        response = site.visit(token, age)
        assert response.json["user"] == "ada"
        if "session" in set_cookies(response):
            token, renewals = set_cookies(response)["session"][0], renewals + 1
            claims = renewed_claims(site, response, age)
            assert claims["auth_time"] == NOW
            assert claims["exp"] <= NOW + ABSOLUTE
        age += 50
    assert renewals == 10  # every 300 seconds, but none at 3,300: that token would not live longer
    assert site.visit(token, ABSOLUTE).json["user"] is None


@pytest.mark.parametrize("kind", APPLICATIONS)
@pytest.mark.rule("rolling.ended")
def test_application_sees_no_session_after_a_limit_and_the_response_deletes_it(fastware, kind):
    site = Site(fastware, kind, {"idle_limit": 60, "absolute_limit": ABSOLUTE})
    response = site.visit(site.log_in(), 60)
    assert response.json == {"user": None, "cookies": ["theme=dark; csrf_token=t0k3n"]}
    assert response.header_list("cache-control") == NO_STORE
    deleted = ("", ["Max-Age=0", "Path=/", "SameSite=lax"])
    assert set_cookies(response) == {"session": deleted, "csrf_token": deleted}


@pytest.mark.parametrize("kind", APPLICATIONS)
@pytest.mark.parametrize("age", [300, ABSOLUTE], ids=["renewal", "end"])
@pytest.mark.parametrize("own", [LOGIN, LOGOUT, (b"clear-site-data", b'"cookies"')], ids=["in", "out", "clear"])
@pytest.mark.rule("rolling.login-wins")
def test_login_or_logout_in_the_response_wins(fastware, kind, age, own):
    site = Site(fastware, kind)
    site.headers = [own]
    token = site.log_in() if age < LIFETIME else raw_token(site, exp=NOW + 2 * ABSOLUTE)
    response = site.visit(token, age)
    assert response.header(own[0].decode()) == own[1].decode()
    assert len(response.header_list("set-cookie")) == (own[0] == b"set-cookie")
    assert response.header_list("cache-control") == [CACHED[1].decode()]


def test_response_that_clears_everything_wins_too(site):
    site.headers = [(b"Clear-Site-Data", b'"*"')]
    assert set_cookies(site.visit(site.log_in(), 300)) == {}


def raw_token(site, **claims):
    with stopped_at(NOW):
        known = site.settings.verify_token(site.log_in())
    return sign_claims({name: value for name, value in (known | claims).items() if value is not None}, secret=SECRET)


RENEWED = {
    "half-life": ({}, {}, 300, 600),
    "before-it": ({}, {}, 299, None),
    "idle-limit-is-shorter": ({"idle_limit": 60}, {}, 30, 60),
    "before-half-of-the-idle-limit": ({"idle_limit": 60}, {}, 29, None),
    "idle-limit-is-longer": ({"idle_limit": 1_200}, {}, 300, 1_200),
    "fraction": ({"idle_limit": 60.9}, {}, 59, 60),
    "rest-of-the-absolute-limit": ({}, {"auth_time": NOW - 2_900}, 300, 400),
    "rest-that-ends-with-the-token": ({}, {"auth_time": NOW - 3_000}, 300, None),
    "float-times": ({}, {"iat": NOW + 0.9, "exp": NOW + 600.9, "auth_time": NOW - 2_900.5}, 300, 399),
    "auth-time-is-no-number": ({}, {"auth_time": "yesterday"}, 300, 600),
    "auth-time-is-true": ({}, {"auth_time": True}, 300, 600),
    "auth-time-is-null": ({"absolute_limit": 700}, {"auth_time": None}, 300, 400),
    "auth-time-after-iat": ({"absolute_limit": 700}, {"auth_time": NOW + 200}, 300, 400),
    "another-jti": ({}, {"jti": "1"}, 300, 600),
    "without-exp": ({}, {"exp": None}, 3_599, None),
    "without-sid": ({}, {"sid": None}, 300, None),
    "without-role": ({}, {"role": None}, 300, None),
    "without-user": ({}, {"sub": None}, 300, None),
    "another-kind-of-role": ({}, {"role": ["admin"]}, 300, None),
    "another-kind-of-issuer": ({}, {"iss": 7}, 300, None),
    "too-large-for-a-cookie": ({}, {"text": "x" * 3_000}, 300, None),
    "too-large-with-auth-time": ({}, {"text": "x" * 2_878}, 300, None),
    "endless": ({}, {"exp": 10**18}, 3_599, None),
}
ENDED = {
    "idle-limit": ({"idle_limit": 60}, {}, 60),
    "absolute-limit": ({"absolute_limit": 599}, {}, 599),
    "absolute-limit-since-the-login": ({}, {"auth_time": NOW - 3_600}, 0),
    "login-in-the-ice-age": ({}, {"auth_time": -(10**400)}, 0),
    "without-iat": ({}, {"iat": None}, 0),
    "without-iat-with-a-login": ({}, {"iat": None, "auth_time": NOW}, 0),
}


@pytest.mark.parametrize(("limits", "claims", "age", "lifetime"), RENEWED.values(), ids=RENEWED)
@pytest.mark.rule("rolling.lifetime")
def test_lifetime_of_a_renewed_token(fastware, limits, claims, age, lifetime):
    site = Site(fastware, limits={"absolute_limit": ABSOLUTE} | limits)
    response = site.visit(raw_token(site, **claims), age)
    assert response.json["cookies"][0].startswith("theme=dark; session=ey")
    if lifetime is None:
        assert set_cookies(response) == {}
        assert response.header("cache-control") == CACHED[1].decode()
    else:
        assert f"Max-Age={lifetime}" in set_cookies(response)["session"][1]
        renewed = renewed_claims(site, response, age)
        assert (renewed["iat"], renewed["exp"]) == (NOW + age, NOW + age + lifetime)
        login = claims.get("auth_time")
        assert renewed["auth_time"] == (int(login) if type(login) in (int, float) and login < NOW else NOW)
        assert "jti" not in renewed


@pytest.mark.parametrize(("limits", "claims", "age"), ENDED.values(), ids=ENDED)
def test_session_past_a_limit_is_no_session(fastware, limits, claims, age):
    site = Site(fastware, limits={"absolute_limit": ABSOLUTE} | limits)
    response = site.visit(raw_token(site, **claims), age)
    assert response.json == {"user": None, "cookies": ["theme=dark; csrf_token=t0k3n"]}
    assert set_cookies(response)["session"][0] == ""


TIMES = st.one_of(
    st.integers(NOW - 2 * ABSOLUTE, NOW + 2 * ABSOLUTE),
    st.floats(NOW - 2 * ABSOLUTE, NOW + 2 * ABSOLUTE),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([None, True, "1800000000", [], {}, 10**400, -(10**400)]),
)
CLAIMS = st.fixed_dictionaries({}, optional=dict.fromkeys(("iat", "exp", "auth_time", "nbf"), TIMES)) | st.dictionaries(
    st.sampled_from(["sub", "role", "sid", "rev", "iss", "jti", "auth_time"]), st.none() | st.text() | st.integers()
)


@given(claims=CLAIMS, idle=st.none() | st.integers(1, ABSOLUTE), leeway=st.sampled_from([0, 100]))
@settings(deadline=None, max_examples=200)
def test_no_claims_of_a_valid_token_fail_the_request_or_outlive_the_limits(fastware, claims, idle, leeway):
    auth = fastware.auth.Auth(SECRET, revocations=fastware.auth.MemoryRevocations(), leeway=leeway)
    site = Site(fastware, limits={"idle_limit": idle, "absolute_limit": ABSOLUTE}, settings=auth)
    known = {"sub": "ada", "role": "admin", "iat": NOW - 900, "exp": NOW + 900, "sid": "1", "rev": 0}
    token = sign_claims(known | claims, secret=SECRET)
    response = site.visit(token, 0)
    assert response.status == 200
    cookies = set_cookies(response)
    if cookies.get("session", [""])[0]:
        old = jwt.decode(token, options={"verify_signature": False})
        new = renewed_claims(site, response, 0)
        assert NOW < new["exp"] <= min(NOW + (idle or ABSOLUTE), new["auth_time"] + ABSOLUTE)
        assert new["auth_time"] <= old["iat"]
        assert {name: new[name] for name in ("sub", "role", "sid")} == {
            name: old[name] for name in ("sub", "role", "sid")
        }


def test_leeway_applies_to_the_limits(fastware):
    settings = fastware.auth.Auth(SECRET, revocations=fastware.auth.MemoryRevocations(), leeway=10)
    site = Site(fastware, limits={"idle_limit": 100, "absolute_limit": 200}, settings=settings)
    for auth_time, age, user in ((NOW, 109, "ada"), (NOW, 110, None), (NOW - 200, 9, "ada"), (NOW - 200, 10, None)):
        response = site.visit(raw_token(site, auth_time=auth_time), age)
        assert response.json["user"] == user
    expired_within_the_leeway = site.visit(raw_token(site, exp=NOW + 50), 55)
    assert set_cookies(expired_within_the_leeway)["session"][0]
    without_idle_limit = Site(fastware, settings=settings)
    expired_before_it_was_issued = without_idle_limit.visit(raw_token(site, iat=NOW + 52, exp=NOW + 50), 55)
    assert (expired_before_it_was_issued.json["user"], set_cookies(expired_before_it_was_issued)) == ("ada", {})
    from_a_clock_that_is_ahead = site.visit(site.log_in(), -10)
    assert (from_a_clock_that_is_ahead.json["user"], set_cookies(from_a_clock_that_is_ahead)) == ("ada", {})


def test_invalid_tokens_are_passed_on(fastware, site):
    other = fastware.auth.Auth(SECRET, revocations=site.settings.revocations, audience="app")
    with stopped_at(NOW):
        other_audience = other.create_token("ada", "admin", expires_in=LIFETIME)
    for token in ("", "x", '"', other_audience, sign_claims({"sub": "ada"}, secret=b"another secret, of 32 bytes")):
        response = site.visit(token, 300)
        assert response.json == {"user": None, "cookies": [f"theme=dark; session={token}; csrf_token=t0k3n"]}
        assert set_cookies(response) == {}


# What happens to the session while the request is handled


@pytest.mark.parametrize("end", ["revoke", "revoke_user"])
@pytest.mark.rule("rolling.revoked")
def test_session_that_is_revoked_in_the_handler_is_not_renewed(site, end):
    revocations = site.settings.revocations
    site.action = lambda user: revocations.revoke(user) if end == "revoke" else revocations.revoke_user("ada")
    response = site.visit(site.log_in(), 300)
    assert (response.json["user"], set_cookies(response)) == ("ada", {})
    assert response.header("cache-control") == CACHED[1].decode()


def test_revocation_ends_every_renewed_token(site):
    token = site.log_in()
    renewed = set_cookies(site.visit(token, 300))["session"][0]
    with stopped_at(NOW + 300):
        site.settings.revocations.revoke(site.settings.verify_token(token))
    for each in (token, renewed):
        response = site.visit(each, 599)
        assert (response.json["user"], set_cookies(response)) == (None, {})


@pytest.mark.parametrize("call", ["_store_token", "is_revoked"])
@pytest.mark.rule("rolling.outage")
def test_response_is_unchanged_and_the_failure_logged_once_if_the_storage_fails(site, auth, tmp_path, caplog, call):
    message = f"cannot use {tmp_path}"

    def fail(*args):
        raise auth.StorageError(message)

    site = Site(site.fastware, limits={"idle_limit": 700})  # longer than the lifetime of the token, so it is stored
    site.action = lambda user: setattr(site.settings.revocations, call, fail)
    token = site.log_in()
    for _ in range(2):
        response = site.visit(token, 300)
        assert (response.status, set_cookies(response)) == (200, {})
        assert response.header("cache-control") == CACHED[1].decode()
    assert [record.getMessage() for record in caplog.records] == [message]


def test_parallel_requests_all_get_a_token_of_the_session(site):
    token = site.log_in()

    async def visit_together():
        headers = [("cookie", f"session={token}")]
        return await asyncio.gather(*(asgi_client.acall(site.app, headers=headers) for _ in range(5)))

    with stopped_at(NOW + 300):
        sids = [renewed_claims(site, response, 300)["sid"] for response in asyncio.run(visit_together())]
        assert sids == [site.settings.verify_token(token)["sid"]] * 5


# Requests


def test_bearer_token_is_not_renewed_and_hides_no_ended_session(site):
    token = site.log_in()
    bearer = [("authorization", f"Bearer {token}")]
    assert set_cookies(site.visit("", 300, headers=bearer)) == {}
    assert set_cookies(site.visit(token, 300, headers=[("authorization", "Bearer other")])) == {}
    assert set_cookies(site.visit(token, 300, headers=[("authorization", "Basic b3RoZXI=")]))["session"][0]
    ended = raw_token(site, exp=NOW + 2 * ABSOLUTE)
    assert site.visit(ended, ABSOLUTE, headers=[("authorization", "Bearer other")]).json["user"] is None


CSRF_COOKIES = {
    "missing": ("", None),
    "empty": ("csrf_token=", None),
    "of-another-writer": ('csrf_token="a/b=c"', "a/b=c"),
    "with-a-space": ('csrf_token="a b"', None),
    "with-a-line-break": ('csrf_token="a\\015\\012set-cookie: a=b"', None),
    "too-large": ("csrf_token=" + "x" * 4_087, None),
    "as-large-as-possible": ("csrf_token=" + "x" * 4_086, "x" * 4_086),
}


@pytest.mark.parametrize(("pair", "kept"), CSRF_COOKIES.values(), ids=CSRF_COOKIES)
@pytest.mark.rule("rolling.csrf")
def test_csrf_token_of_the_request_is_set_again(site, pair, kept):
    cookies = set_cookies(site.visit(site.log_in(), 300, cookie=f"session=%s; {pair}"))
    assert list(cookies) == ["session"] + ["csrf_token"] * (kept is not None)
    assert cookies.get("csrf_token", (None,))[0] == kept


def test_csrf_token_of_the_response_wins(site):
    site.headers = [(b"Set-Cookie", b"csrf_token=new; Path=/")]
    response = site.visit(site.log_in(), 300)
    values = [value for name, value in response.headers if name.lower() == b"set-cookie"]
    assert [value.partition(b"=")[0] for value in values] == [b"csrf_token", b"session"]
    assert values[0] == b"csrf_token=new; Path=/"


def test_every_session_cookie_of_an_ended_session_is_removed(site):
    token = raw_token(site, exp=NOW + 2 * ABSOLUTE)
    headers = [("Cookie", "a=1;session = other"), ("cookie", "\u00a0session=; b=2 ; Session=3;session="), ("x-a", "b")]
    with stopped_at(NOW + ABSOLUTE):
        seen = []
        site.app.app = capture(seen)
        headers += [("cookie", f"session={token}")]
        asgi_client.call(site.app, headers=headers)
    assert seen[0]["headers"] == [(b"Cookie", b"a=1"), (b"cookie", b"b=2 ; Session=3"), (b"x-a", b"b")]


def capture(seen):
    async def app(scope, receive, send):
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    return app


@pytest.mark.rule("rolling.websocket")
def test_websocket_sees_no_ended_session_and_renews_none(site):
    seen = []

    async def app(scope, receive, send):
        seen.append([value for name, value in scope["headers"] if name == b"cookie"])
        await receive()
        await send({"type": "websocket.accept"})

    site.app.app = app
    token = raw_token(site, exp=NOW + 2 * ABSOLUTE).encode()
    for age in (ABSOLUTE - 1, ABSOLUTE):
        with stopped_at(NOW + age):
            conversation = asgi_client.converse(site.app, headers=[(b"cookie", b"session=" + token)])
        assert conversation.accept == {"type": "websocket.accept"}
    assert seen == [[b"session=" + token], []]


def test_other_scopes_are_passed_on(site):
    assert asgi_client.run_lifespan(site.auth.RollingSessions(lifespan, site.settings)) == ["lifespan.startup.complete"]


async def lifespan(scope, receive, send):
    await send({"type": "lifespan.startup.complete"})


# Responses


@pytest.mark.parametrize("kind", APPLICATIONS)
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304), ("GET", 404)])
def test_response_without_content_renews_the_token_too(fastware, kind, method, status):
    site = Site(fastware, kind)
    site.status = status
    response = site.visit(site.log_in(), 300, method=method)
    assert (response.status, list(set_cookies(response))) == (status, ["session", "csrf_token"])


def test_streams_and_further_messages_pass_as_they_are(site):
    messages = [
        {"type": "http.response.early_hint", "links": [b"</a.css>"]},
        {"type": "http.response.start", "status": 200, "headers": iter([(b"X-A", b"b"), (b"CDN-Cache-Control", b"1")])},
        {"type": "http.response.start", "status": 500, "headers": []},
        {"type": "http.response.body", "body": b"a", "more_body": True},
        {"type": "http.response.body", "body": b"b", "more_body": False},
        {"type": "http.response.trailers", "headers": [(b"a", b"b")]},
    ]

    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    site.app.app = app
    token = site.log_in()
    with stopped_at(NOW + 300):
        scope = asgi_client.scope(headers=[("cookie", f"session={token}")])
        sent = asyncio.run(asgi_client.sent_by(site.app, scope, None))
    assert [*sent[:1], *sent[2:]] == [*messages[:1], *messages[2:]]
    assert [name for name, _ in sent[1]["headers"]] == [b"X-A", b"set-cookie", b"cache-control"]


def test_options_and_the_prefix_are_those_of_the_cookies(fastware, auth):
    settings = auth.Auth(SECRET, revocations=auth.MemoryRevocations(), host_prefix=True)
    prefixed = Site(fastware, settings=settings, samesite="strict", partitioned=True)
    options = {"domain": "example.com", "path": "/app", "secure": True, "samesite": "none"}
    sites = {
        prefixed: ("__Host-", ["Path=/", "Secure", "HttpOnly", "SameSite=strict", "Partitioned"]),
        Site(fastware, **options): ("", ["Domain=example.com", "Path=/app", "Secure", "HttpOnly", "SameSite=none"]),
    }
    for site, (prefix, attributes) in sites.items():
        cookie = f"{prefix}session=%s; {prefix}csrf_token=t"
        renewed = set_cookies(site.visit(site.log_in(), 300, cookie=cookie))
        assert renewed[f"{prefix}session"][1] == ["Max-Age=600", *attributes]
        ended = set_cookies(site.visit(raw_token(site, exp=NOW + 2 * ABSOLUTE), ABSOLUTE, cookie=cookie))
        without_script = [each for each in attributes if each != "HttpOnly"]
        for name in ("session", "csrf_token"):
            assert ended[prefix + name] == ("", ["Max-Age=0", *without_script])
    plain = set_cookies(prefixed.visit(prefixed.log_in(), 300))
    assert plain == {}


# In applications


def test_middleware_around_a_mounted_application_and_around_both_renews_once(fastware, site):
    routing = pytest.importorskip("starlette.routing")
    inner = site.app
    mounted = routing.Router([routing.Mount("/api", inner)])
    token = site.log_in()
    for app in (mounted, site.auth.RollingSessions(mounted, site.settings, absolute_limit=ABSOLUTE)):
        site.app = app
        response = site.visit(token, 300, path="/api/a")
        assert response.json["user"] == "ada"
        assert [value[:9] for value in response.header_list("set-cookie")] == ["session=e", "csrf_toke"]
        response = site.visit(raw_token(site, exp=NOW + 2 * ABSOLUTE), ABSOLUTE, path="/api/a")
        assert (response.json["user"], len(response.header_list("set-cookie"))) == (None, 2)


@pytest.mark.parametrize("csrf_is_outside", [True, False], ids=["outside", "inside"])
@pytest.mark.rule("rolling.csrf")
def test_csrf_token_of_the_session_stays_valid(site, csrf_is_outside):
    settings, auth = site.settings, site.auth

    def rolling(app):
        return auth.RollingSessions(app, settings, absolute_limit=ABSOLUTE)

    def csrf(app):
        return auth.CSRFMiddleware(app, secret=SECRET)

    app = site.app.app
    site.app = csrf(rolling(app)) if csrf_is_outside else rolling(csrf(app))
    token = site.log_in()
    with stopped_at(NOW):
        csrf_token = auth.create_csrf_token(token, SECRET)
    for age in (300, 600):
        post = {"method": "POST", "headers": [("x-csrf-token", csrf_token)]}
        response = site.visit(token, age, cookie=f"session=%s; csrf_token={csrf_token}", **post)
        assert (response.status, response.json["user"]) == (200, "ada")
        cookies = set_cookies(response)
        assert cookies["csrf_token"][0] == csrf_token
        token = cookies["session"][0]
        assert site.visit(token, age, cookie="session=%s; csrf_token=x", **post | {"headers": []}).status == 403


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_renewal_writes_in_a_thread(fastware, auth, tmp_path, loop):
    settings = auth.Auth(SECRET, revocations=auth.SQLiteRevocations(tmp_path / "sessions.db"))
    site = Site(fastware, limits={"idle_limit": 1_200}, settings=settings)
    response = site.visit(site.log_in(), 300, loop=loop)
    assert renewed_claims(site, response, 300)["exp"] == NOW + 1_500


# Arguments


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"auth": "secret"}, TypeError, "auth must be a fastware.auth.Auth, not str"),
        (
            {"absolute_limit": None},
            TypeError,
            "absolute_limit must be a number of seconds or a timedelta",
        ),
        ({"absolute_limit": 0}, ValueError, "absolute_limit must be a number of seconds above 0"),
        ({"idle_limit": 0.5}, ValueError, "idle_limit must be at least one second"),
        ({"idle_limit": "60"}, TypeError, "idle_limit must be a number of seconds or a timedelta, not str"),
        ({"idle_limit": 43_201}, ValueError, "idle_limit is longer than absolute_limit"),
        ({"samesite": "none"}, ValueError, "samesite='none' needs secure=True"),
        ({"partitioned": True}, ValueError, "partitioned"),
        ({"domain": "a;b"}, ValueError, "domain"),
    ],
)
def test_invalid_argument_is_rejected(site, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        site.auth.RollingSessions(plain_asgi, **{"auth": site.settings} | options)


def test_settings_without_revocations_are_rejected(auth):
    with pytest.raises(ValueError, match="auth has no revocations, so a renewed session could not be ended"):
        auth.RollingSessions(plain_asgi, auth.Auth(SECRET))
