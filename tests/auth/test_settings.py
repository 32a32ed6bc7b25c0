"""``Auth``: its arguments, tokens, requests and roles, and the environment that it is read from."""

import asyncio
import copy
import datetime
import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import asgi_client
import interpreters
import pytest
from challenges import INVALID, MISSING, forbidden
from error_text import shown_by
from raw_tokens import SECRET, sign_claims
from shown import locals_of

OTHER_SECRET = "another secret, also of 32 bytes or more"
SETTINGS = {"leeway": 5, "audience": ["app", "api"], "issuer": "me"}


def scope_of(token=None, **parts):
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    return {"type": "http", "headers": headers, "query_string": b"", **parts}


def error_of(call, *args):
    try:
        call(*args)
    except Exception as error:
        return error.status_code, error.detail, error.headers
    raise AssertionError("no error")


# Arguments


UNUSABLE = {
    "none": (None, TypeError, "secret must be str, bytes or a sequence of them, not NoneType"),
    "number": (5, TypeError, "secret must be"),
    "empty": ("", ValueError, "secret is empty"),
    "no-secrets": ([], ValueError, "secret is an empty sequence"),
    "second-is-empty": ([SECRET, b""], ValueError, r"secret\[1\] is empty"),
    "second-is-a-number": ((SECRET, 5), TypeError, r"secret\[1\] must be str or bytes, not int"),
    "pem": ("-----BEGIN PUBLIC KEY-----" + SECRET, ValueError, "secret is a PEM, SSH, DER or JWK key"),
    "lone-surrogate": (SECRET + "\ud800", ValueError, "secret has a lone surrogate"),
}
INVALID_OPTIONS = {
    "leeway-of-str": ({"leeway": "5"}, TypeError, "leeway must be"),
    "negative-leeway": ({"leeway": -1}, ValueError, "leeway must be"),
    "audience-of-bytes": ({"audience": b"app"}, TypeError, "audience must be"),
    "empty-audience": ({"audience": []}, ValueError, "audience"),
    "issuer-of-list": ({"issuer": ["me"]}, TypeError, "issuer must be"),
    "allow-query-token-of-int": ({"allow_query_token": 1}, TypeError, "allow_query_token must be a bool, not int"),
    "host-prefix-of-str": ({"host_prefix": "no"}, TypeError, "host_prefix must be a bool, not str"),
}


@pytest.mark.parametrize(("secret", "kind", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_secret_is_an_error_that_does_not_show_it(auth, secret, kind, message):
    with pytest.raises(kind, match=message) as raised:
        auth.Auth(secret)
    assert SECRET not in shown_by(raised.value)


@pytest.mark.parametrize(("options", "kind", "message"), INVALID_OPTIONS.values(), ids=INVALID_OPTIONS)
def test_invalid_option_is_an_error_that_names_it(auth, options, kind, message):
    with pytest.raises(kind, match=message):
        auth.Auth(SECRET, **options)


def test_settings_are_shown_without_the_secret(auth):
    settings = auth.Auth([SECRET, OTHER_SECRET], **SETTINGS)
    assert repr(settings) == (
        "<Auth: leeway=5.0, audience=('app', 'api'), issuer='me', allow_query_token=False, host_prefix=False>"
    )
    assert not hasattr(settings, "__dict__")


def test_settings_are_immutable(auth):
    secrets = [SECRET]
    settings = auth.Auth(secrets)
    for change in (
        lambda: setattr(settings, "leeway", 60),
        lambda: setattr(settings, "secret", "x"),
        lambda: delattr(settings, "issuer"),
    ):
        with pytest.raises(AttributeError, match="Auth is immutable"):
            change()
    secrets[0] = OTHER_SECRET
    assert settings.verify_token(sign_claims({"sub": "ada"}))


def test_short_secret_warns(auth):
    code = "from fastware.auth import Auth; Auth(['s' * 32, 'short'])"
    with pytest.raises(RuntimeError, match=r"(?s)line 1.*InsecureKeyLengthWarning: secret is 5 bytes long"):
        interpreters.run(code, engine=auth.ENGINE)


# Tokens


def test_token_carries_the_settings_and_further_claims(auth):
    settings = auth.Auth([SECRET, OTHER_SECRET], **SETTINGS)
    token = settings.create_token("ada", "admin", expires_in=datetime.timedelta(minutes=1), claims={"jti": "1"})
    claims = settings.verify_token(token)
    assert list(claims) == ["sub", "role", "iat", "exp", "iss", "aud", "jti"]
    assert (claims["iss"], claims["aud"], claims["exp"] - claims["iat"]) == ("me", "app", 60)
    assert auth.verify_token(token, SECRET, audience="app", issuer="me") == claims
    assert settings.inspect_token(token).claims == claims
    without = auth.Auth(SECRET)
    assert list(without.verify_token(without.create_token("ada", "admin"))) == ["sub", "role", "iat", "exp"]


@pytest.mark.parametrize(
    "arguments", [{"username": 5}, {"expires_in": "5"}, {"expires_in": -(10**30)}, {"claims": {"a": float("nan")}}]
)
def test_invalid_argument_leaves_no_secret_in_the_frames(auth, arguments):
    settings = auth.Auth(SECRET)
    with pytest.raises((TypeError, ValueError), match=next(iter(arguments))) as raised:
        settings.create_token(**{"username": "ada", "role": "admin"} | arguments)
    assert SECRET not in repr(dict(locals_of(raised.value, Path(auth.__file__).parents[1])))


@pytest.mark.parametrize("name", ["iss", "aud", "sub"])
def test_claim_that_is_set_already_is_a_value_error(auth, name):
    with pytest.raises(ValueError, match=name):
        auth.Auth(SECRET, **SETTINGS).create_token("ada", "admin", claims={name: "x"})


NOW = 1_800_000_000
TOKENS = {
    "second-audience": ({"aud": ["other", "api"], "iss": "me"}, None),
    "old-secret": ({"aud": "app", "iss": "me"}, None),
    "within-leeway": ({"aud": "app", "iss": "me", "exp": NOW - 4}, None),
    "beyond-leeway": ({"aud": "app", "iss": "me", "exp": NOW - 6}, "expired"),
    "other-audience": ({"aud": "other", "iss": "me"}, "wrong audience"),
    "no-audience": ({"iss": "me"}, "wrong audience"),
    "other-issuer": ({"aud": "app", "iss": "you"}, "wrong issuer"),
}


@pytest.mark.parametrize(("claims", "reason"), TOKENS.values(), ids=TOKENS)
def test_settings_apply_to_every_check(auth, monkeypatch, claims, reason):
    monkeypatch.setattr("time.time", lambda: NOW)
    settings = auth.Auth([OTHER_SECRET, SECRET], **SETTINGS)
    token = sign_claims(claims)
    report = settings.inspect_token(token)
    assert report.reason == reason
    for scope in (scope_of(token), scope_of(token, state={"config": {"auth": settings}})):
        check = settings.identify if "state" not in scope else auth.get_current_user
        if reason is None:
            assert settings.verify_token(token) == check(scope) == claims
        else:
            assert settings.verify_token(token) is None
            assert error_of(check, scope) == INVALID


# Requests


def test_settings_identify_any_object_with_a_scope(auth):
    settings = auth.Auth(SECRET)
    token = settings.create_token("ada", "admin")
    for request in (scope_of(token), SimpleNamespace(scope=scope_of(token)), scope_of(token, type="websocket")):
        assert settings.identify(request)["sub"] == "ada"
        assert asyncio.run(settings.current_user(request))["sub"] == "ada"
    assert error_of(settings.identify, scope_of()) == MISSING
    assert error_of(settings.identify, scope_of("x")) == INVALID
    for request in (None, 5, object()):
        with pytest.raises(TypeError, match="expected a request with an ASGI scope"):
            settings.identify(request)


@pytest.mark.parametrize("host_prefix", [False, True])
def test_settings_read_the_session_cookie_of_their_name_only(auth, host_prefix):
    settings = auth.Auth(SECRET, host_prefix=host_prefix)
    token = settings.create_token("ada", "admin")
    for is_prefixed in (False, True):
        cookies = auth.set_session_cookies(token, "c", host_prefix=is_prefixed)
        scope = scope_of() | {"headers": [(b"cookie", cookies[0].partition(";")[0].encode())]}
        if is_prefixed is host_prefix:
            assert settings.identify(scope)["sub"] == "ada"
        else:
            assert error_of(settings.identify, scope) == MISSING


QUERY = {"default": ({}, {}, False), "on": ({"allow_query_token": True}, {}, True)}
QUERY |= {"on-and-off-by-argument": ({"allow_query_token": True}, {"allow_query_token": False}, False)}


@pytest.mark.parametrize(("options", "arguments", "is_read"), QUERY.values(), ids=QUERY)
def test_query_token_is_read_if_the_settings_allow_it(auth, options, arguments, is_read):
    settings = auth.Auth(SECRET, **options)
    scope = scope_of(
        state={"config": {"auth": settings}}, query_string=f"token={settings.create_token('a', 'b')}".encode()
    )
    for call in (lambda: auth.get_current_user(scope, **arguments), lambda: auth.require_role("b", **arguments)(scope)):
        assert call()["sub"] == "a" if is_read else error_of(call) == MISSING


CONFIGS = {
    "state": lambda config: {"state": {"config": config}},
    "application": lambda config: {"app": SimpleNamespace(state=SimpleNamespace(config=config))},
    "application-beside-an-empty-state": lambda config: {
        "state": {},
        "app": SimpleNamespace(state=SimpleNamespace(config=config)),
    },
    "application-beside-another-config": lambda config: {
        "state": {"config": {"debug": True}},
        "app": SimpleNamespace(state=SimpleNamespace(config=config)),
    },
    "state-before-the-application": lambda config: {
        "state": {"config": config},
        "app": SimpleNamespace(state=SimpleNamespace(config={"jwt_secret": OTHER_SECRET})),
    },
}


@pytest.mark.rule("identity.settings")
@pytest.mark.parametrize("place", CONFIGS.values(), ids=CONFIGS)
def test_documented_functions_find_the_settings(auth, place):
    token = sign_claims({"sub": "ada", "role": "admin"})
    for config in ({"auth": auth.Auth(SECRET)}, {"jwt_secret": SECRET}):
        assert auth.get_current_user(scope_of(token, **place(config)))["sub"] == "ada"
        assert auth.require_role("admin")(scope_of(token, **place(config)))["sub"] == "ada"


def test_settings_beside_documented_keys_or_of_another_type_are_an_error(auth):
    settings = auth.Auth(SECRET)
    for config, message in (
        ({"auth": settings, "jwt_secret": SECRET}, 'config has "auth" and "jwt_secret"'),
        ({"auth": settings, "allow_query_token": False}, 'config has "auth" and "allow_query_token"'),
        ({"auth": SECRET}, r'config\["auth"\] must be a fastware.auth.Auth, not str'),
    ):
        for place in CONFIGS.values():
            with pytest.raises(auth.ConfigurationError, match=message) as raised:
                auth.get_current_user(scope_of("x", **place(config)))
            assert SECRET not in shown_by(raised.value)


# Roles


def test_role_dependency_is_async_and_one_object_for_equal_roles(auth):
    settings = auth.Auth(SECRET)
    admin = settings.require_role("admin", "editor")
    assert settings.require_role("admin", "editor") is admin
    assert settings.require_role("admin") is not admin
    assert auth.Auth(SECRET).require_role("admin", "editor") is not admin
    assert auth.require_role("admin") is auth.require_role("admin")
    assert auth.require_role("admin") is not auth.require_role("admin", allow_query_token=False)
    assert asyncio.run(admin(scope_of(settings.create_token("ada", "editor"))))["role"] == "editor"
    with pytest.raises(auth.HTTPError) as raised:
        asyncio.run(admin(scope_of(settings.create_token("bob", "user"))))
    error = raised.value
    assert (error.status_code, error.detail, error.headers) == forbidden("admin or editor")
    with pytest.raises(TypeError, match="roles must be str"):
        settings.require_role(["admin"])


def test_async_dependencies_take_no_options(auth):
    settings = auth.Auth(SECRET, allow_query_token=True)
    for dependency in (settings.current_user, settings.require_role("admin")):
        with pytest.raises(TypeError, match="allow_query_token"):
            asyncio.run(dependency(scope_of(settings.create_token("ada", "admin")), allow_query_token=False))


def test_dependencies_of_the_settings_and_their_overrides_work_in_the_core(fastware, auth):
    settings = auth.Auth(SECRET)
    router = fastware.Router()

    @router.get("/profile", deps={"user": settings.current_user})
    async def profile(user):
        return {"user": user["sub"]}

    @router.get("/admin", deps={"user": settings.require_role("admin")})
    def admin(user):
        return {"user": user["sub"]}

    app = fastware.create_app(router)

    def get(path, role):
        token = settings.create_token("ada", role)
        response = asgi_client.call(app, "GET", path, headers=[("authorization", f"Bearer {token}")])
        return response.status, response.json.get("user")

    assert get("/profile", "user") == get("/admin", "admin") == (200, "ada")
    assert get("/admin", "user")[0] == 403
    app.dependency_overrides[settings.current_user] = lambda: {"sub": "fake", "role": "admin"}
    assert get("/profile", "user") == get("/admin", "user") == (200, "fake")
    app.dependency_overrides = {settings.current_user: lambda request: {"sub": "fake", "role": "user"}}
    assert get("/admin", "admin")[0] == 403


def test_settings_can_be_copied_and_not_pickled(auth):
    settings = auth.Auth(SECRET)
    assert copy.copy(auth.get_current_user) is copy.deepcopy(auth.get_current_user) is auth.get_current_user
    assert copy.deepcopy({"auth": settings})["auth"] is copy.copy(settings) is settings
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(settings)


# The environment

FIRST, SECOND = "the first secret of 32 bytes or more", "the second secret of 32 bytes or more"

ENVIRONMENTS = {
    "secret": ({"JWT_SECRET": FIRST}, {}),
    "several": ({"JWT_SECRET": f"{FIRST},\n {SECOND} \n"}, {}),
    "everything": (
        {"JWT_SECRET": FIRST, "JWT_LEEWAY": " 2.5 ", "JWT_AUDIENCE": "app", "JWT_ISSUER": "me"},
        {"leeway": 2.5, "audience": ("app",), "issuer": "me"},
    ),
    "empty-options": ({"JWT_SECRET": FIRST, "JWT_LEEWAY": "", "JWT_AUDIENCE": " ", "JWT_ISSUER": ""}, {}),
}
INVALID_ENVIRONMENTS = {
    "missing": ({}, "X_JWT_SECRET is not set; create one with: python -c"),
    "empty": ({"JWT_SECRET": " , \n"}, "X_JWT_SECRET is not set"),
    "short": ({"JWT_SECRET": "s" * 31}, "X_JWT_SECRET has a secret of 31 bytes; it needs at least 32"),
    "second-is-short": ({"JWT_SECRET": FIRST + ",short"}, "has a secret of 5 bytes"),
    "ssh-key": ({"JWT_SECRET": "ssh-rsa " + FIRST}, "X_JWT_SECRET has an SSH, DER or JWK key"),
    "leeway-of-text": ({"JWT_SECRET": FIRST, "JWT_LEEWAY": "5s"}, "X_JWT_LEEWAY must be a number of seconds"),
    "leeway-of-nan": ({"JWT_SECRET": FIRST, "JWT_LEEWAY": "nan"}, "X_JWT_LEEWAY must be a number of seconds"),
}


@pytest.fixture
def environment(monkeypatch):
    def set_variables(variables):
        for name in [name for name in os.environ if name.startswith(("X_", "FASTWARE_JWT"))]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(f"X_{name}", value)

    return set_variables


@pytest.mark.parametrize(("variables", "expected"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_settings_are_read_from_the_environment(auth, environment, variables, expected):
    environment(variables)
    settings = auth.Auth.from_env("X_")
    for name, default in (("leeway", 0), ("audience", None), ("issuer", None)):
        assert getattr(settings, name) == expected.get(name, default)
    claims = {"aud": expected.get("audience", [])} | ({"iss": "me"} if "issuer" in expected else {})
    claims["aud"] = list(claims["aud"])
    for secret in (FIRST, SECOND):
        is_accepted = settings.verify_token(sign_claims(claims, secret=secret)) is not None
        assert is_accepted == (secret in variables["JWT_SECRET"])


@pytest.mark.parametrize(("variables", "message"), INVALID_ENVIRONMENTS.values(), ids=INVALID_ENVIRONMENTS)
def test_invalid_environment_is_a_configuration_error_without_the_secret(auth, environment, variables, message):
    environment(variables)
    with pytest.raises(auth.ConfigurationError, match=message) as raised:
        auth.Auth.from_env("X_")
    shown = shown_by(raised.value) + repr(dict(locals_of(raised.value, Path(auth.__file__).parents[1])))
    assert not [value for value in (FIRST, "s" * 31) if value in shown]


def test_options_replace_the_environment(auth, environment):
    environment({"JWT_SECRET": FIRST, "JWT_LEEWAY": "5"})
    settings = auth.Auth.from_env("X_", leeway=7, allow_query_token=True)
    assert (settings.leeway, settings.allow_query_token) == (7, True)
