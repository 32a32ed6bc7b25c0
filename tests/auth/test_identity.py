"""``get_current_user`` and ``require_role``: the token, the request, the configuration and the errors.

Hostile credentials, roles and configurations are in ``tests/attacks/test_credentials.py``; the data of a request that
error reporters show is in ``tests/leaks``.
"""

import asyncio
import gc
import logging
import weakref
from types import MappingProxyType, SimpleNamespace
from unittest import mock

import asgi_client
import httpx
import pytest
from challenges import INSUFFICIENT_SCOPE, INVALID, MISSING, REALM, forbidden
from error_text import shown_by
from outcomes import identical
from raw_tokens import SECRET, sign_claims

OTHER_SECRET = "another secret, also of 32 bytes or more"
CONFIG = {"jwt_secret": SECRET}
TOKEN = sign_claims({"sub": "ada", "role": "admin"})
CLAIMS = {"sub": "ada", "role": "admin"}
PLACES = {
    "bearer": lambda token: {"headers": [(b"authorization", f"Bearer {token}".encode())]},
    "cookie": lambda token: {"headers": [(b"cookie", f"session={token}".encode())]},
    "query": lambda token: {"query_string": f"token={token}".encode()},
}


def scope_of(*, config=CONFIG, **parts):
    return {"type": "http", "headers": [], "query_string": b"", "state": {"config": config}, **parts}


def request_of(token=TOKEN, **parts):
    return SimpleNamespace(scope=scope_of(**{**PLACES["bearer"](token), **parts}))


def error_of(fastware, call, *args, **kwargs):
    with pytest.raises(fastware.HTTPError) as raised:
        call(*args, **kwargs)
    return raised.value.status_code, raised.value.detail, raised.value.headers


# The token


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_claims_of_the_token_are_returned(auth, place):
    claims = auth.get_current_user(SimpleNamespace(scope=scope_of(**place(TOKEN))))
    assert identical(claims, CLAIMS)
    assert identical(auth.require_role("admin")(SimpleNamespace(scope=scope_of(**place(TOKEN)))), CLAIMS)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_invalid_token_is_401(fastware, auth, place):
    for token in ("x", "a.b.c", sign_claims({"exp": 1}), sign_claims(CLAIMS, secret=OTHER_SECRET), "x" * 100_000):
        request = SimpleNamespace(scope=scope_of(**place(token)))
        assert error_of(fastware, auth.get_current_user, request) == INVALID
        assert error_of(fastware, auth.require_role("admin"), request) == INVALID


def test_missing_token_is_401(fastware, auth):
    assert error_of(fastware, auth.get_current_user, scope_of()) == MISSING
    assert error_of(fastware, auth.require_role("admin"), scope_of()) == MISSING


@pytest.mark.parametrize(("first", "later"), [("bearer", "cookie"), ("bearer", "query"), ("cookie", "query")])
def test_only_the_first_token_counts(fastware, auth, first, later):
    def request(first_token, later_token):
        parts = {**PLACES[first](first_token), **PLACES[later](later_token)}
        parts["headers"] = [*PLACES[first](first_token)["headers"], *PLACES[later](later_token).get("headers", [])]
        return SimpleNamespace(scope=scope_of(**parts))

    assert auth.get_current_user(request(TOKEN, "x")) == CLAIMS
    assert error_of(fastware, auth.get_current_user, request("x", TOKEN)) == INVALID


def test_cookie_of_set_session_cookies_is_found(auth):
    headers = [(b"cookie", value.partition(";")[0].encode()) for value in auth.set_session_cookies(TOKEN, "c")]
    assert auth.get_current_user(scope_of(headers=headers)) == CLAIMS


def test_cookie_of_clear_session_cookies_is_not_a_token(fastware, auth):
    headers = [(b"cookie", value.partition(";")[0].encode()) for value in auth.clear_session_cookies()]
    assert error_of(fastware, auth.get_current_user, scope_of(headers=headers)) == MISSING


def test_clock_is_read_once(auth):
    with mock.patch("time.time", return_value=1_700_000_000.5) as clock:
        auth.get_current_user(request_of(sign_claims({"exp": 1_700_000_060})))
    assert clock.call_count == 1


def test_each_call_returns_new_claims(auth):
    request = request_of()
    auth.get_current_user(request)["sub"] = "eve"
    assert auth.get_current_user(request) == CLAIMS


def test_request_is_not_changed(auth):
    request = request_of()
    before = repr(request)
    auth.get_current_user(request)
    assert repr(request) == before


def test_dependencies_are_plain_functions_that_work_in_a_running_loop(auth):
    async def handle():
        return auth.get_current_user(request_of()), auth.require_role("admin")(request_of())

    assert asyncio.run(handle()) == (CLAIMS, CLAIMS)


QUERY_TOKENS = {
    "default": ({}, {}, True),
    "allowed": ({"allow_query_token": True}, {"allow_query_token": True}, True),
    "off-by-argument": ({}, {"allow_query_token": False}, False),
    "off-by-config": ({"allow_query_token": False}, {}, False),
    "off-by-config-though-the-argument-allows-them": ({"allow_query_token": False}, {"allow_query_token": True}, False),
}


@pytest.mark.parametrize(("config", "options", "is_allowed"), QUERY_TOKENS.values(), ids=QUERY_TOKENS)
def test_query_tokens_can_be_disabled(fastware, auth, config, options, is_allowed):
    scope = scope_of(config={**CONFIG, **config}, **PLACES["query"](TOKEN))
    for call in (lambda scope: auth.get_current_user(scope, **options), auth.require_role("admin", **options)):
        if is_allowed:
            assert call(scope) == CLAIMS
        else:
            assert error_of(fastware, call, scope) == MISSING
        assert call({**scope, **PLACES["cookie"](TOKEN)}) == CLAIMS


# Roles


def test_any_of_several_roles_passes(fastware, auth):
    dependency = auth.require_role("admin", "editor")
    for role in ("admin", "editor"):
        assert dependency(request_of(sign_claims({"role": role})))["role"] == role
    for role in ("user", "admineditor", "admin, editor", "admin or editor", "", None, ["admin"]):
        error = error_of(fastware, dependency, request_of(sign_claims({"role": role})))
        assert error == forbidden("admin or editor")


def test_each_dependency_keeps_its_roles(fastware, auth):
    admin, editor = auth.require_role("admin"), auth.require_role("editor")
    assert admin(request_of()) == CLAIMS
    assert error_of(fastware, editor, request_of())[0] == 403


@pytest.mark.parametrize("roles", [(), (None,), ("admin", 5), (["admin"],), (b"admin",)], ids=repr)
def test_roles_must_be_str(auth, roles):
    with pytest.raises(TypeError):
        auth.require_role(*roles)


# The secret

USABLE = {
    "str": SECRET,
    "bytes": SECRET.encode(),
    "list": [SECRET],
    "new-and-old": (OTHER_SECRET, SECRET),
    "with-an-unusable-one": ["", SECRET],
}


@pytest.mark.parametrize("secret", USABLE.values(), ids=USABLE)
def test_token_of_any_of_the_secrets_is_valid(fastware, auth, secret):
    config = {"jwt_secret": secret}
    assert auth.get_current_user(request_of(config=config)) == CLAIMS
    token = sign_claims(CLAIMS, secret="a secret that was taken out, of 32 bytes or more")
    assert error_of(fastware, auth.get_current_user, request_of(token, config=config)) == INVALID


def test_secret_is_read_for_each_request(fastware, auth):
    config = {"jwt_secret": OTHER_SECRET}
    request = request_of(config=config)
    assert error_of(fastware, auth.get_current_user, request) == INVALID
    config["jwt_secret"] = SECRET
    assert auth.get_current_user(request) == CLAIMS


# The request and its state


class AttributeState:
    """The ``State`` of Starlette before 0.52: attributes, and no items."""

    def __init__(self, state):
        self._state = state

    def __getattr__(self, name):
        try:
            return self._state[name]
        except KeyError:
            raise AttributeError(name) from None


def without_state(**parts):
    scope = scope_of(**PLACES["bearer"](TOKEN))
    del scope["state"]
    return SimpleNamespace(scope=scope, **parts)


REQUESTS = {
    "scope-only": request_of,
    "scope-itself": lambda: request_of().scope,
    "scope-that-is-not-a-dict": lambda: MappingProxyType(request_of().scope),
    "websocket-scope": lambda: request_of(type="websocket").scope,
    "config-that-is-not-a-dict": lambda: request_of(config=MappingProxyType(CONFIG)),
    "state-of-the-scope-by-attribute": lambda: request_of(state=SimpleNamespace(config=CONFIG)),
    "state-of-the-request-by-item": lambda: without_state(state={"config": CONFIG}),
    "state-of-the-request-by-attribute": lambda: without_state(state=AttributeState({"config": CONFIG})),
    "config-of-an-attribute-that-is-not-a-dict": lambda: without_state(
        state=AttributeState({"config": MappingProxyType(CONFIG)})
    ),
    "state-of-the-request-beside-an-empty-one": lambda: SimpleNamespace(
        scope=scope_of(**PLACES["bearer"](TOKEN), state={}), state=AttributeState({"config": CONFIG})
    ),
    "state-of-the-scope-before-that-of-the-request": lambda: SimpleNamespace(
        scope=request_of().scope, state={"config": {"jwt_secret": OTHER_SECRET}}
    ),
    "attribute-of-the-scope-before-that-of-the-request": lambda: SimpleNamespace(
        scope=request_of(state=AttributeState({"config": CONFIG})).scope,
        state={"config": {"jwt_secret": OTHER_SECRET}},
    ),
}


@pytest.mark.parametrize("make", REQUESTS.values(), ids=REQUESTS)
def test_config_is_found_in_the_state(auth, make):
    assert auth.get_current_user(make()) == CLAIMS
    assert auth.require_role("admin")(make()) == CLAIMS


def test_config_of_an_attribute_state_disables_query_tokens(fastware, auth):
    state = AttributeState({"config": {**CONFIG, "allow_query_token": False}})
    request = without_state(state=state)
    request.scope |= {"headers": [], **PLACES["query"](TOKEN)}
    assert error_of(fastware, auth.get_current_user, request) == MISSING


def test_request_of_the_package_is_accepted(fastware, auth):
    assert auth.get_current_user(fastware.Request(request_of().scope)) == CLAIMS


@pytest.mark.parametrize("has_items", [True, False], ids=["state-with-items", "state-with-attributes-only"])
def test_request_of_starlette_is_accepted(auth, has_items, monkeypatch):
    requests = pytest.importorskip("starlette.requests")
    if not has_items:
        monkeypatch.setattr(requests, "State", AttributeState)
    assert auth.get_current_user(requests.Request(request_of().scope)) == CLAIMS
    request = requests.Request(without_state().scope)
    request.state  # noqa: B018 - creates an empty state in the scope
    with pytest.raises(auth.ConfigurationError, match=NO_LIFESPAN):
        auth.get_current_user(request)


@pytest.mark.parametrize(
    "request_", [None, 5, "scope", [], object(), SimpleNamespace(scope=None)], ids=lambda each: type(each).__name__
)
def test_object_without_a_scope_is_a_type_error(auth, request_):
    with pytest.raises(TypeError, match="expected a request with an ASGI scope, or the scope itself, not"):
        auth.get_current_user(request_)


# Errors of the configuration

WHAT_TO_SET = 'let the lifespan yield {"config": {"jwt_secret": ...}}'
SET_IN_APP = 'set app.state.config = {"auth": Auth.from_env()}'
NO_LIFESPAN = "the application's lifespan did not run"
STATES = {
    "empty": ({}, "No JWT secret is configured", True),
    "none": (None, "No JWT secret is configured", True),
    "without-config": ({"other": 1}, "No JWT secret is configured", False),
    "config-is-a-list": ({"config": [SECRET]}, "No JWT secret is configured", False),
    "secret-beside-the-config": ({"config": {}, "jwt_secret": SECRET}, "No JWT secret is configured", False),
    "secret-is-a-number": ({"config": {"jwt_secret": 5}}, "The JWT secret is not usable", False),
    "secret-is-an-ssh-key": ({"config": {"jwt_secret": "ssh-rsa " + SECRET}}, "The JWT secret is not usable", False),
}


@pytest.mark.parametrize(("state", "message", "says_no_lifespan"), STATES.values(), ids=STATES)
def test_missing_or_unusable_secret_is_a_configuration_error(auth, state, message, says_no_lifespan):
    for call in (auth.get_current_user, auth.require_role("admin")):
        for place in PLACES.values():
            with pytest.raises(auth.ConfigurationError, match=message) as raised:
                call(scope_of(**place(TOKEN), state=state))
            assert WHAT_TO_SET in str(raised.value)
            assert (NO_LIFESPAN in str(raised.value)) is says_no_lifespan
            assert not [text for text in (SECRET, TOKEN) if text in shown_by(raised.value)]


UNUSABLE_CONFIGS = {
    "object": (SimpleNamespace(jwt_secret=SECRET), "is not a dict, but SimpleNamespace"),
    "other-names": ({"JWT_SECRET": SECRET}, 'has neither an "auth" nor a "jwt_secret"'),
}


@pytest.mark.parametrize(("config", "problem"), UNUSABLE_CONFIGS.values(), ids=UNUSABLE_CONFIGS)
def test_unusable_config_is_named_with_its_place(auth, config, problem):
    in_state = {"state": {"config": config}}
    in_app = {"state": {}, "app": SimpleNamespace(state=SimpleNamespace(config=config))}
    for place, parts in (("the state", in_state), ("app.state", in_app)):
        with pytest.raises(auth.ConfigurationError) as raised:
            auth.get_current_user({"type": "http", "headers": [], **parts})
        assert f'the "config" of {place} {problem}; {SET_IN_APP}' in str(raised.value)
        assert SECRET not in shown_by(raised.value)


def test_scope_without_a_state_says_that_the_lifespan_did_not_run(auth):
    with pytest.raises(auth.ConfigurationError, match=NO_LIFESPAN):
        auth.get_current_user(without_state())


def test_unusable_secret_without_a_token_is_401(fastware, auth):
    assert error_of(fastware, auth.get_current_user, scope_of(config={"jwt_secret": 5})) == MISSING


def test_configuration_error_is_a_runtime_error(fastware, auth):
    assert auth.ConfigurationError is fastware.ConfigurationError
    assert issubclass(auth.ConfigurationError, RuntimeError)


# In an application


def app_of(fastware, auth):
    router = fastware.Router()

    @router.get("/profile", deps={"user": auth.get_current_user})
    async def profile(user):
        return user

    @router.get("/edit", deps={"user": auth.require_role("admin", "editor"), "same": auth.get_current_user})
    def edit(user, same):
        return [user == same]

    return fastware.create_app(router)


def get(app, path, token=TOKEN, **options):
    headers = [("authorization", f"Bearer {token}")] if token else []
    return asgi_client.call(app, "GET", path, headers=headers, **options)


def test_handler_gets_the_user(fastware, auth):
    app, state = app_of(fastware, auth), {"config": CONFIG}
    assert get(app, "/profile", state=state).json == CLAIMS
    assert get(app, "/edit", state=state).json == [True]
    assert get(app, "/profile", None, query=f"token={TOKEN}", state=state).json == CLAIMS


def test_response_says_why_the_request_is_rejected(fastware, auth):
    app, state = app_of(fastware, auth), {"config": CONFIG}
    missing, other = (
        get(app, "/edit", None, state=state),
        get(app, "/edit", sign_claims({"role": "x"}), state=state),
    )
    assert (missing.status, missing.header("www-authenticate")) == (401, REALM)
    assert (other.status, other.header("www-authenticate")) == (403, INSUFFICIENT_SCOPE)
    assert other.json == {"detail": "Requires role: admin or editor"}


def assert_logs_that_the_lifespan_did_not_run(status, content, caplog):
    assert (status, content) == (500, {"detail": "Internal server error"})
    (record,) = [record for record in caplog.records if record.name == "fastware"]
    assert record.levelno == logging.ERROR
    assert NO_LIFESPAN in str(record.exc_info[1])


def test_application_under_asgi_transport_logs_that_its_lifespan_did_not_run(fastware, auth, caplog):
    async def ask():
        transport = httpx.ASGITransport(app=app_of(fastware, auth))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/profile", headers={"Authorization": f"Bearer {TOKEN}"})

    response = asyncio.run(ask())
    assert_logs_that_the_lifespan_did_not_run(response.status_code, response.json(), caplog)


def test_mounted_application_logs_that_its_lifespan_did_not_run(fastware, auth, caplog):
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.routing import Mount

    parent = Starlette(routes=[Mount("/api", app_of(fastware, auth))])
    response = get(parent, "/api/profile", state={})  # a server passes the state of the parent's lifespan
    assert_logs_that_the_lifespan_did_not_run(response.status, response.json, caplog)


def test_rejection_is_freed_without_a_garbage_collection(auth):
    gc.disable()
    try:
        try:
            auth.get_current_user({"type": "http", "headers": [], "state": {"config": {"jwt_secret": "s" * 32}}})
        except auth.HTTPError as error:
            rejection = weakref.ref(error)
        assert rejection() is None
    finally:
        gc.enable()
