"""The documented dependencies and errors in FastAPI and Litestar, in one process.

Complete applications under real servers are in ``tests/frameworks``.
"""

import asyncio
import inspect
import re
import threading
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any
from unittest import mock

import asgi_client
import interpreters
import pytest
from challenges import INVALID, MISSING, forbidden
from raw_tokens import SECRET, sign_claims

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency field")  # Litestar 2.17 has no other way

USER, ADMIN = sign_claims({"sub": "ada", "role": "user"}), sign_claims({"sub": "bob", "role": "admin"})


class ThreadNoting(Mapping):
    """A configuration that notes the thread that reads it."""

    def __init__(self, values):
        self._values = values
        self.threads = set()

    def __getitem__(self, name):
        self.threads.add(threading.get_ident())
        return self._values[name]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)


def fastapi_app(dependency, overrides=()):
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()

    @app.get("/")
    async def handler(user: Annotated[dict[str, Any], fastapi.Depends(dependency)]):
        return user["sub"]

    app.dependency_overrides.update(overrides)
    return app


def litestar_app(dependency):
    litestar = pytest.importorskip("litestar")
    from litestar.di import Provide

    @litestar.get("/", dependencies={"user": Provide(dependency)})
    async def handler(user: dict[str, Any]) -> str:
        return user["sub"]

    return litestar.Litestar([handler], logging_config=None)


FRAMEWORKS = {"fastapi": fastapi_app, "litestar": litestar_app}
DEPENDENCIES = {
    "get_current_user": (lambda auth, settings: auth.get_current_user, 200),
    "require_role": (lambda auth, settings: auth.require_role("admin"), 403),
    "require_role-without-query": (lambda auth, settings: auth.require_role("admin", allow_query_token=False), 403),
    "current_user": (lambda auth, settings: settings.current_user, 200),
    "require_role-of-the-settings": (lambda auth, settings: settings.require_role("admin"), 403),
}


@pytest.fixture(params=FRAMEWORKS)
def make_app(request):
    return FRAMEWORKS[request.param]


@pytest.fixture(params=DEPENDENCIES)
def dependency(request, auth):
    return DEPENDENCIES[request.param][0](auth, auth.Auth(SECRET))


def get(app, token=None, *, config=None, **options):
    """Return the response. The configuration is that of the lifespan."""
    headers = [("authorization", f"Bearer {token}")] if token else []
    state = {"config": {"jwt_secret": SECRET} if config is None else config}
    return asgi_client.call(app, "GET", "/", headers=headers, state=state, **options)


def test_dependency_returns_what_the_function_returns(make_app, auth, dependency):
    app = make_app(dependency)
    is_role = "require_role" in dependency.__qualname__
    for token, expected in ((None, MISSING), ("x", INVALID), (USER, forbidden("admin") if is_role else None)):
        response = get(app, token)
        if expected is None:
            assert (response.status, response.body.strip(b'"')) == (200, b"ada")
        else:
            status, detail, headers = expected
            assert (response.status, response.json["detail"]) == (status, detail)
            assert response.header("www-authenticate") == headers["WWW-Authenticate"]
    assert get(app, ADMIN).status == 200


def test_dependency_runs_on_the_event_loop(make_app, auth):
    for dependency in (auth.get_current_user, auth.require_role("admin")):
        config = ThreadNoting({"jwt_secret": SECRET})
        assert get(make_app(dependency), ADMIN, config=config).status == 200
        assert config.threads == {threading.get_ident()}


def test_api_description_shows_no_parameter(dependency):
    assert "parameters" not in fastapi_app(dependency).openapi()["paths"]["/"]["get"]
    assert litestar_app(dependency).openapi_schema.paths["/"].get.parameters is None


@pytest.mark.parametrize("query", ["request=1", "allow_query_token=true", "scope=1", "value=1", "user=1"])
def test_client_cannot_pass_arguments_to_the_dependency(make_app, dependency, query):
    assert get(make_app(dependency), query=query).status == 401
    config = {"jwt_secret": SECRET, "allow_query_token": False}
    assert get(make_app(dependency), config=config, query=f"{query}&token={ADMIN}").status == 401


def test_role_without_query_tokens_rejects_one_that_get_current_user_accepts(make_app, auth):
    for options, status in (({}, 200), ({"allow_query_token": False}, 401)):
        app = make_app(auth.require_role("admin", **options))
        assert get(app, query=f"token={ADMIN}").status == status


def test_role_is_a_guard_of_litestar(auth):
    litestar = pytest.importorskip("litestar")
    settings = auth.Auth(SECRET)
    for guard in (auth.require_role("admin"), settings.require_role("admin")):

        @litestar.get("/", guards=[guard])
        async def handler() -> str:
            return "passed"

        app = litestar.Litestar([handler], logging_config=None)
        for token, (status, detail, _) in ((None, MISSING), ("x", INVALID), (USER, forbidden("admin"))):
            response = get(app, token)
            assert (response.status, response.json["detail"]) == (status, detail)
        assert get(app, ADMIN).body == b"passed"


def test_second_positional_argument_is_a_type_error(auth):
    for dependency in (auth.get_current_user, auth.require_role("admin")):
        with pytest.raises(TypeError, match="positional argument"):
            dependency({"type": "http", "headers": []}, False)


OVERRIDES = {
    "function": lambda: {"sub": "fake", "role": "admin"},
    "coroutine-function": lambda: asyncio.sleep(0, {"sub": "fake", "role": "admin"}),
}


@pytest.mark.parametrize("override", OVERRIDES.values(), ids=OVERRIDES)
def test_override_of_the_user_reaches_every_role(auth, override):
    settings = auth.Auth(SECRET)

    async def replacement():
        value = override()
        return await value if inspect.isawaitable(value) else value

    for name, (make, _) in DEPENDENCIES.items():
        source = settings.current_user if "settings" in name or name == "current_user" else auth.get_current_user
        app = fastapi_app(make(auth, settings), {source: replacement})
        assert (get(app).status, get(app).json) == (200, "fake")
        app.dependency_overrides = {source: lambda: {"sub": "fake", "role": "user"}}
        assert get(app).status == (403 if "role" in name else 200)


def test_signature_is_the_documented_one_for_all_callers_but_a_framework(auth):
    assert list(inspect.signature(auth.get_current_user).parameters) == ["request", "allow_query_token"]
    assert not inspect.iscoroutinefunction(auth.get_current_user)
    with mock.patch.object(auth, "get_current_user") as replaced:
        assert not isinstance(replaced, mock.AsyncMock)
    with pytest.raises(TypeError, match="get_current_user"):
        auth.get_current_user()


# Errors


def raising(make):
    """Return an ASGI application of each framework whose handler raises what *make* returns."""
    fastapi, litestar = pytest.importorskip("fastapi"), pytest.importorskip("litestar")
    from starlette.applications import Starlette
    from starlette.routing import Route

    async def in_fastapi():
        raise make()

    async def in_starlette(request):
        raise make()

    @litestar.get("/")
    async def in_litestar() -> str:
        raise make()

    app = fastapi.FastAPI()
    app.get("/")(in_fastapi)
    return {
        "fastapi": app,
        "starlette": Starlette(routes=[Route("/", in_starlette)]),
        "litestar": litestar.Litestar([in_litestar], logging_config=None),
    }


def test_error_becomes_the_response_of_the_framework(fastware, auth):
    for make, status, detail, header in (
        (lambda: fastware.HTTPError(418, "short and stout", {"X-Pot": "tea"}), 418, "short and stout", "tea"),
        (lambda: type("Mine", (fastware.HTTPError,), {})(409, "taken", {"X-Pot": "1"}), 409, "taken", "1"),
    ):
        for name, app in raising(make).items():
            response = asgi_client.call(app)
            shown = response.body.decode() if name == "starlette" else response.json["detail"]
            assert (response.status, shown, response.header("x-pot")) == (status, detail, header)


def test_rejection_of_a_rate_limit_becomes_the_response_of_the_framework(auth):
    limited = auth.rate_limit("1/hour")(lambda request: None)
    request = SimpleNamespace(scope={"client": ("203.0.113.7", 1)})
    limited(request)

    def rejection():
        with pytest.raises(auth.HTTPError) as raised:
            limited(request)
        return raised.value

    for app in raising(rejection).values():
        response = asgi_client.call(app)
        assert response.status == 429
        assert 3590 <= int(response.header("retry-after")) <= 3600


IMPORTS = {
    "none": ("", "FrameworkError"),
    "starlette": ("import starlette.routing", "starlette.exceptions.HTTPException"),
    "fastapi": ("import fastapi", "fastapi.exceptions.HTTPException"),
    "litestar": ("import litestar", "HTTPException, .*WebSocketException"),
    "both": ("import fastapi, litestar", "litestar.*HTTPException, .*WebSocketException, fastapi.*HTTPException"),
}
ADOPTION = """
import pickle, sys
from fastware import HTTPError
from fastware.core.client_data import MissingFieldError
before = HTTPError(401, "no", {"A": "b"})
assert not [name for name in ("starlette", "fastapi", "litestar") if name in sys.modules]
IMPORT
error = HTTPError(401, "no", {"A": "b"})
assert type(error) is type(before) is HTTPError and isinstance(error, Exception)
assert repr(error) == repr(before) == repr(pickle.loads(pickle.dumps(error))) == "HTTPError(401, 'no', {'A': 'b'})"
assert str(error) == "401 no"
try:
    raise MissingFieldError("name")
except KeyError as missing:
    assert isinstance(missing, HTTPError) and missing.status_code == 400
print(", ".join(f"{base.__module__}.{base.__name__}" for base in HTTPError.__bases__))
"""


@pytest.mark.parametrize(("imports", "bases"), IMPORTS.values(), ids=IMPORTS)
def test_error_takes_the_base_of_the_framework_that_is_imported_before_or_after(imports, bases):
    if imports:
        pytest.importorskip(imports.split()[-1])
    later = ADOPTION.replace("IMPORT", imports)
    earlier = f"{imports}\n" + ADOPTION.replace("IMPORT", "").replace(
        "assert not [", "assert [" if imports else "not ["
    )
    for code in (later, earlier):
        assert re.fullmatch(f".*{bases}", interpreters.run(code))
