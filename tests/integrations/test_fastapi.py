"""``fastware.integrations.fastapi``: dependencies, overrides, the OpenAPI document, and the checks of arguments.

The login is in ``test_fastapi_login.py``. ``tests/frameworks`` runs applications under real servers.
"""

import copy
import inspect
import pickle
from pathlib import Path
from typing import Annotated, Any, Optional

import asgi_client
import interpreters
import pytest
from challenges import INVALID, MISSING, forbidden
from raw_tokens import SECRET, sign_claims
from shown import locals_of

pytest.importorskip("fastapi")

import anyio.to_thread
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Header, Request, Security, WebSocket
from fastapi.dependencies.utils import get_dependant
from fastapi.security import APIKeyHeader
from openapi_spec_validator import validate

import fastware
import fastware.integrations.fastapi as integration
from fastware.auth import Auth, ConfigurationError, UserStore, get_current_user
from fastware.auth import require_role as role_of_auth
from fastware.integrations.fastapi import (
    Claims,
    CurrentUser,
    FastAPIAuth,
    OptionalUser,
    describe,
    login_route,
    require_role,
)

OTHER_SECRET = "another secret, also of 32 bytes or more"
AUTH = Auth(SECRET)
API = FastAPIAuth(AUTH, token_url="login")
CURRENT_USER = CurrentUser.__metadata__[0].dependency
USERS = {"CurrentUser": CURRENT_USER, "api.current_user": API.current_user}
ROLES = {"require_role": require_role("admin"), "api.require_role": API.require_role("admin")}
DEPENDENCIES = USERS | ROLES


def token(role, secret=SECRET):
    return sign_claims({"sub": "ada", "role": role}, secret=secret)


def bearer(role, secret=SECRET):
    return [("authorization", f"Bearer {token(role, secret)}")]


def app_of(*dependencies, config=None, **options):
    """Return an application whose route ``/`` returns the values of *dependencies*."""
    app = FastAPI(**options)
    app.state.config = {"auth": AUTH} if config is None else config
    parameters = ", ".join(f"v{number}=Depends(dependencies[{number}])" for number in range(len(dependencies)))
    values = ", ".join(f"v{number}" for number in range(len(dependencies)))
    app.get("/")(eval(f"lambda {parameters}: [{values}]", {"Depends": Depends, "dependencies": dependencies}))
    return app


def get(app, path="/", headers=(), **options):
    return asgi_client.call(app, "GET", path, headers=headers, **options)


def converse(app, headers=()):
    """Return the conversation of ``/ws``. Starlette denies a WebSocket before it has received the first message."""
    incoming = [{"type": "websocket.connect"}]

    async def receive():
        return incoming.pop(0) if incoming else {"type": "websocket.disconnect", "code": 1000}

    scope = asgi_client.websocket_scope("/ws", headers=headers)
    return asgi_client.conversation_of(asgi_client.run(asgi_client.sent_by, app, scope, receive))


def websocket(app, headers=()):
    """Return the status of a rejected handshake, or the texts that the application sends."""
    conversation = converse(app, headers)
    return conversation.response.status if conversation.response else conversation.messages


# The user


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_dependency_returns_what_the_documented_one_returns(name):
    app = app_of(DEPENDENCIES[name])
    of_user = (403, forbidden("admin")) if name in ROLES else (200, None)
    for headers, (status, error) in (
        ([], (401, MISSING)),
        (bearer("admin", OTHER_SECRET), (401, INVALID)),
        (bearer("user"), of_user),
        ([("cookie", f"session={token('user')}")], of_user),
        (bearer("admin"), (200, None)),
    ):
        response = get(app, headers=headers)
        assert response.status == status
        if error:
            assert (status, response.json["detail"], {"WWW-Authenticate": response.header("www-authenticate")}) == error
        else:
            assert response.json[0]["sub"] == "ada"


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_websocket_is_denied_or_gets_the_user(name):
    app = FastAPI()
    app.state.config = {"auth": AUTH}

    @app.websocket("/ws")
    async def greet(websocket: WebSocket, user: Annotated[dict[str, Any], Depends(DEPENDENCIES[name])]):
        await websocket.accept()
        await websocket.send_text(user["sub"])

    assert websocket(app) == 401
    assert websocket(app, bearer("user")) == (403 if name in ROLES else ["ada"])
    assert websocket(app, bearer("admin")) == ["ada"]


@pytest.mark.parametrize("dependency", DEPENDENCIES.values(), ids=DEPENDENCIES)
def test_dependency_takes_no_thread(dependency, monkeypatch):
    async def fail(*args, **kwargs):
        raise AssertionError("a thread")

    app = FastAPI(dependencies=[Depends(dependency)])
    app.state.config = {"auth": AUTH}

    @app.get("/")
    async def handler():
        return 1

    monkeypatch.setattr(anyio.to_thread, "run_sync", fail)
    assert get(app, headers=bearer("admin")).status == 200


@pytest.mark.parametrize("name", ROLES)
def test_role_has_no_further_dependency(name):
    assert get_dependant(path="/", call=ROLES[name]).dependencies == []


def test_current_user_reads_the_settings_like_get_current_user():
    for config in ({"auth": AUTH}, {"jwt_secret": SECRET}):
        assert get(app_of(CURRENT_USER, config=config), headers=bearer("user")).status == 200
        state = {"config": config}
        assert get(app_of(CURRENT_USER, config={}), headers=bearer("user"), state=state).status == 200
    with pytest.raises(ConfigurationError, match="No JWT secret is configured"):
        get(app_of(CURRENT_USER, config={}), headers=bearer("user"))


def test_fastapi_auth_reads_no_settings_of_the_application():
    app = app_of(API.current_user, config={"jwt_secret": OTHER_SECRET})
    assert get(app, headers=bearer("user")).status == 200
    assert get(app, headers=bearer("user", OTHER_SECRET)).status == 401


def test_equal_roles_are_the_same_dependency():
    for make in (require_role, API.require_role):
        assert make("admin") is make("admin")
        assert make("admin", "editor") is make("admin", "editor")
        assert make("admin") is not make("editor")
    assert require_role("admin") is not API.require_role("admin")


@pytest.mark.parametrize("name", ROLES)
def test_role_is_checked_in_fastware_too(name):
    router = fastware.Router()
    for path, dependency in (("/", ROLES[name]), ("/thread", fastware.in_thread(ROLES[name]))):
        router.get(path, deps={"user": dependency})(lambda user: user)
    app = fastware.create_app(router)
    state = {"config": {"auth": AUTH}}
    for path in ("/", "/thread"):
        statuses = [get(app, path, bearer(role), state=state).status for role in ("admin", "user")]
        assert statuses == [200, 403]


def test_two_applications_of_one_process_accept_their_own_tokens_only():
    other = FastAPIAuth(Auth(OTHER_SECRET))
    for api, accepted, rejected in ((API, SECRET, OTHER_SECRET), (other, OTHER_SECRET, SECRET)):
        for app in (app_of(api.current_user), app_of(api.require_role("admin"))):
            assert get(app, headers=bearer("admin", accepted)).status == 200
            assert get(app, headers=bearer("admin", rejected)).status == 401
        app = app_of(CURRENT_USER, require_role("admin"), config={"jwt_secret": accepted})
        assert get(app, headers=bearer("admin", accepted)).status == 200
        assert get(app, headers=bearer("admin", rejected)).status == 401


def test_dependency_works_in_sync_handlers_routers_and_mounted_applications():
    def in_background(names, name):
        names.append(name)

    names = []
    router = APIRouter(dependencies=[Depends(require_role("admin"))])

    @router.get("/report")
    def report(user: CurrentUser, tasks: BackgroundTasks):
        tasks.add_task(in_background, names, user["sub"])
        return user["role"]

    inner = FastAPI()
    inner.include_router(router, prefix="/inner")
    inner.state.config = {"jwt_secret": OTHER_SECRET}
    app = FastAPI()
    app.state.config = {"auth": AUTH}
    app.include_router(router, prefix="/api", dependencies=[Depends(API.current_user)])
    app.mount("/mounted", inner)
    assert get(app, "/api/report", bearer("admin")).json == "admin"
    assert get(app, "/api/report", bearer("user")).status == 403
    assert get(app, "/mounted/inner/report", bearer("admin")).status == 401
    assert get(app, "/mounted/inner/report", bearer("admin", OTHER_SECRET)).json == "admin"
    assert names == ["ada", "ada"]


FUTURE = """
from __future__ import annotations
from typing import Annotated, Any
from fastapi import Depends, FastAPI
from fastware.integrations.fastapi import CurrentUser, FastAPIAuth, require_role
Admin = Annotated[dict[str, Any], Depends(require_role("admin"))]
app = FastAPI()

@app.get("/")
async def handler(user: CurrentUser, admin: Admin) -> dict[str, Any]:
    return user | admin
"""


def test_annotations_of_the_future_work():
    names = {"__name__": "of_the_future"}
    exec(compile(FUTURE, "<future>", "exec", dont_inherit=True), names)
    names["app"].state.config = {"auth": AUTH}
    assert get(names["app"], headers=bearer("admin")).json["sub"] == "ada"
    assert get(names["app"]).status == 401


def test_security_with_scopes_checks_the_user():
    app = FastAPI()
    app.state.config = {"auth": AUTH}
    for number, dependency in enumerate(DEPENDENCIES.values()):
        app.get(f"/{number}")(lambda user=Security(dependency, scopes=["reports"]): user)  # noqa: B008
        assert get(app, f"/{number}", bearer("admin")).status == 200
        assert get(app, f"/{number}").status == 401
    validate(app.openapi())


@pytest.mark.parametrize("dependency", USERS.values(), ids=USERS)
def test_copy_of_a_dependency_is_the_dependency(dependency):
    assert copy.deepcopy(dependency) is copy.copy(dependency) is dependency
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(dependency)


@pytest.mark.parametrize("query", ["scope=1", "value=1", "request=1", "connection=1"])
@pytest.mark.parametrize("dependency", DEPENDENCIES.values(), ids=DEPENDENCIES)
def test_client_cannot_pass_arguments_to_the_dependency(dependency, query):
    app = app_of(dependency)
    assert get(app, query=query).status == 401
    assert "parameters" not in app.openapi()["paths"]["/"]["get"]


# Overrides


async def awaited():
    return {"sub": "fake", "role": "admin"}


def with_parameters(request: Request, sub: Annotated[str, Header()] = "fake", token: str = "x"):
    return {"sub": sub, "role": "admin", "path": request.url.path}


async def with_a_dependency(user: Annotated[dict[str, Any], Depends(awaited)]):
    return user | {"more": True}


def yielding():
    yield {"sub": "fake", "role": "admin"}


async def yielding_later(request: Request):
    yield {"sub": "fake", "role": "admin"}


class Callable:
    async def __call__(self):
        return {"sub": "fake", "role": "admin"}


OVERRIDES = {
    "function": lambda: {"sub": "fake", "role": "admin"},
    "coroutine-function": awaited,
    "with-parameters": with_parameters,
    "with-a-dependency": with_a_dependency,
    "generator": yielding,
    "asynchronous-generator": yielding_later,
    "object": Callable(),
    "dependency-of-fastware": FastAPIAuth(Auth(OTHER_SECRET)).current_user,
}
REACHED = {
    # what is replaced, and the dependencies whose user it replaces
    "get_current_user": (get_current_user, set(DEPENDENCIES)),
    "CurrentUser": (CURRENT_USER, {"CurrentUser", "require_role"}),
    "auth.current_user": (AUTH.current_user, {"api.current_user", "api.require_role"}),
    "api.current_user": (API.current_user, {"api.current_user", "api.require_role"}),
}


@pytest.mark.parametrize("override", OVERRIDES.values(), ids=OVERRIDES)
@pytest.mark.parametrize(("replaced", "reached"), REACHED.values(), ids=REACHED)
def test_override_replaces_the_user_and_that_of_the_roles(replaced, reached, override):
    headers = bearer("admin", OTHER_SECRET)  # valid for the override that is a dependency of fastware
    for name, dependency in DEPENDENCIES.items():
        app = app_of(dependency)
        app.dependency_overrides[replaced] = override
        response = get(app, headers=headers)
        if name in reached:
            assert (response.status, response.json[0]["role"]) == (200, "admin")
        else:
            assert response.status == 401
        app.dependency_overrides.clear()
        assert get(app, headers=headers).status == 401


@pytest.mark.parametrize("name", ROLES)
def test_override_without_the_role_is_forbidden(name):
    app = app_of(ROLES[name])
    app.dependency_overrides[get_current_user] = lambda: {"sub": "fake", "role": "user"}
    assert get(app, headers=bearer("admin")).status == 403


@pytest.mark.parametrize("name", ROLES)
def test_override_of_a_role_replaces_that_role_only(name):
    app = app_of(ROLES[name])
    app.dependency_overrides[ROLES[name]] = lambda: {"sub": "fake"}
    assert get(app).json == [{"sub": "fake"}]
    app.dependency_overrides = {require_role("editor"): lambda: {"sub": "fake"}}
    assert get(app).status == 401


def test_nearest_override_counts():
    app = app_of(API.current_user)
    for name, dependency in (("1", get_current_user), ("2", AUTH.current_user), ("3", API.current_user)):
        app.dependency_overrides[dependency] = eval(f"lambda: {name!r}")
        assert get(app).json == [name]


def test_override_that_lacks_its_parameter_is_a_422():
    def fake(number: int):
        return {"sub": "fake", "role": "admin", "number": number}

    for dependency in DEPENDENCIES.values():
        app = app_of(dependency)
        app.dependency_overrides[get_current_user] = fake
        assert get(app, query="number=x").status == 422
        assert get(app, query="number=5").json[0]["number"] == 5


def test_override_reaches_a_websocket_and_sees_the_path():
    def fake(websocket: WebSocket, name: str, number: int = 0):
        return {"sub": name}

    app = FastAPI()

    @app.websocket("/{name}")
    async def greet(websocket: WebSocket, user: CurrentUser, same: Annotated[Any, Depends(API.current_user)]):
        await websocket.accept()
        await websocket.send_text(user["sub"] + same["sub"])

    app.dependency_overrides[get_current_user] = fake
    assert websocket(app) == ["wsws"]

    def lacking(missing: int):
        return {"sub": "fake"}

    app.dependency_overrides[get_current_user] = lacking
    assert converse(app).close[0] == 1008


def test_mounted_application_has_its_own_overrides():
    inner = app_of(CURRENT_USER, API.require_role("admin"))
    app = FastAPI()
    app.mount("/inner", inner)
    app.dependency_overrides[get_current_user] = OVERRIDES["function"]
    assert get(app, "/inner/").status == 401
    inner.dependency_overrides[get_current_user] = OVERRIDES["function"]
    assert get(app, "/inner/").status == 200


# FastAPI gives equal dependencies of a route one value and one entry in the document.
BOTH = [(get_current_user, API.current_user), (API.current_user, get_current_user), (CURRENT_USER, API.current_user)]


@pytest.mark.parametrize("dependencies", BOTH, ids=["application-first", "explicit-first", "CurrentUser"])
def test_user_of_one_setting_is_not_accepted_under_another(dependencies):
    app = app_of(*dependencies, config={"jwt_secret": OTHER_SECRET})
    assert get(app, headers=bearer("admin", OTHER_SECRET)).status == 401
    assert get(app, headers=bearer("admin", SECRET)).status == 401
    both = [("authorization", f"Bearer {token('admin')}")]
    assert get(app_of(*dependencies, config={"jwt_secret": [OTHER_SECRET, SECRET]}), headers=both).status == 200


# The document

BEARER = {"type": "http", "scheme": "bearer"}
OAUTH2 = {"type": "oauth2", "flows": {"password": {"scopes": {}, "tokenUrl": "login"}}}
COOKIE = {"type": "apiKey", "in": "cookie", "name": "session"}
HOST_COOKIE = {**COOKIE, "name": "__Host-session"}


def security(app, path="/"):
    """Return the security schemes of the document, which is valid, and the requirements of the route."""
    document = app.openapi()
    validate(document)
    return document["components"]["securitySchemes"], document["paths"][path]["get"]["security"]


@pytest.mark.parametrize(
    ("dependency", "scheme", "definition"),
    [
        (CURRENT_USER, "bearer", BEARER),
        (require_role("admin"), "bearer", BEARER),
        (FastAPIAuth(AUTH).current_user, "bearer", BEARER),
        (API.current_user, "password", OAUTH2),
        (API.require_role("admin"), "password", OAUTH2),
    ],
    ids=["CurrentUser", "require_role", "FastAPIAuth", "password", "role-with-password"],
)
def test_document_shows_the_token_and_after_describe_the_cookie(dependency, scheme, definition):
    app = app_of(dependency)
    assert security(app) == ({scheme: definition}, [{scheme: []}])
    for _ in range(3):
        describe(app)
        for _ in range(2):
            expected = ({scheme: definition, "cookie": COOKIE}, [{scheme: []}, {"cookie": []}])
            assert security(app) == expected
    assert get(app, "/openapi.json").json == app.openapi()


@pytest.mark.parametrize("first", [get_current_user, role_of_auth("admin")], ids=["user", "role"])
def test_document_shows_the_token_beside_a_dependency_of_fastware_auth(first):
    app = app_of(first, CURRENT_USER)
    assert security(app) == ({"bearer": BEARER}, [{"bearer": []}])


@pytest.mark.parametrize(
    ("make", "options", "cookie"),
    [
        (lambda: app_of(CURRENT_USER), {}, COOKIE),
        (lambda: app_of(CURRENT_USER, config={"jwt_secret": SECRET}), {}, COOKIE),
        (lambda: app_of(CURRENT_USER, config={"auth": Auth(SECRET, host_prefix=True)}), {}, HOST_COOKIE),
        (lambda: app_of(CURRENT_USER, config={"auth": Auth(SECRET, host_prefix=True)}), {"host_prefix": False}, COOKIE),
        (lambda: app_of(CURRENT_USER, config={}), {"host_prefix": True}, HOST_COOKIE),
        (lambda: app_of(FastAPIAuth(Auth(SECRET, host_prefix=True)).current_user, config={}), {}, HOST_COOKIE),
        (lambda: app_of(FastAPIAuth(Auth(SECRET, host_prefix=True), token_url="x").current_user), {}, HOST_COOKIE),
    ],
    ids=["default", "secret", "config", "argument-wins", "argument", "FastAPIAuth", "password"],
)
def test_document_names_the_cookie_of_the_settings(make, options, cookie):
    app = make()
    describe(app, **options)
    assert security(app)[0]["cookie"] == cookie


def test_document_distinguishes_the_cookies_of_two_settings():
    app = app_of(CURRENT_USER)
    api = FastAPIAuth(Auth(SECRET, host_prefix=True), token_url="login")
    app.get("/api", dependencies=[Depends(api.current_user)])(lambda: 1)
    describe(app)
    schemes, of_user = security(app)
    assert (schemes["cookie"], schemes["cookie2"]) == (COOKIE, HOST_COOKIE)
    assert of_user == [{"bearer": []}, {"cookie": []}]
    assert security(app, "/api")[1] == [{"password": []}, {"cookie2": []}]


def test_document_has_routes_that_are_added_after_describe():
    app = app_of(CURRENT_USER)
    describe(app)
    router = APIRouter()
    router.get("/later", dependencies=[Depends(require_role("admin"))])(lambda: 1)
    app.include_router(router, prefix="/api")
    app.include_router(login_route(AUTH, UserStore()))
    assert security(app, "/api/later")[1] == [{"bearer": []}, {"cookie": []}]


def test_mounted_application_has_its_own_document():
    inner, app = app_of(CURRENT_USER), app_of(CURRENT_USER)
    app.mount("/inner", inner)
    describe(inner)
    assert security(app) == ({"bearer": BEARER}, [{"bearer": []}])
    assert get(app, "/inner/openapi.json").json["components"]["securitySchemes"]["cookie"] == COOKIE


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "made-each-time"])
def test_document_of_the_application_is_extended(is_kept):
    app = app_of(CURRENT_USER)
    app.get("/open")(lambda: 1)
    kept = app.openapi()
    made = []

    def openapi():
        made.append(1)
        document = kept if is_kept else copy.deepcopy(kept)
        document["info"]["title"] = "Mine"
        # One of the schemes has the name of ours; one requirement has two of them; one is that of every operation.
        document["components"]["securitySchemes"] |= {"cookie": {"type": "http", "scheme": "basic"}}
        document["paths"]["/"]["get"]["security"] = [{"bearer": [], "cookie": []}]
        document["security"] = [{"bearer": []}]
        document["paths"]["/"]["parameters"] = []
        return document

    app.openapi = openapi
    describe(app)
    for _ in range(2):
        schemes, requirements = security(app)
        assert (schemes["cookie"]["scheme"], schemes["cookie2"]) == ("basic", COOKIE)
        assert requirements == [{"bearer": [], "cookie": []}, {"cookie2": [], "cookie": []}]
    document = app.openapi()
    assert document["security"] == [{"bearer": []}, {"cookie2": []}]
    assert "security" not in document["paths"]["/open"]["get"]
    assert document["info"]["title"] == "Mine" and len(made) == 3


def test_document_without_users_is_unchanged():
    app = FastAPI()
    app.get("/", dependencies=[Depends(APIKeyHeader(name="x-key"))])(lambda: 1)
    before = copy.deepcopy(app.openapi())
    describe(app)
    assert app.openapi() == before


# Arguments


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FastAPIAuth(SECRET), r"auth must be .*Auth, not str: FastAPIAuth\(Auth\(...\)\)"),
        (lambda: FastAPIAuth({"auth": SECRET}), "auth must be .*Auth, not dict"),
        (lambda: FastAPIAuth(Auth), "auth must be .*Auth, not type"),
        (lambda: FastAPIAuth(API), "auth must be .*Auth, not FastAPIAuth"),
        (lambda: FastAPIAuth(AUTH, token_url=b"login"), "token_url must be a str, not bytes"),
        (lambda: FastAPIAuth(AUTH, "login"), "positional argument"),
        (lambda: login_route(SECRET, UserStore()), r"auth must be .*Auth, not str: login_route\(Auth\(...\), store\)"),
        (lambda: login_route(AUTH, "users.json"), r"store must be .*UserStore, not str"),
        (lambda: login_route(UserStore(), AUTH), "auth must be .*Auth, not UserStore"),
        (lambda: describe(APIRouter()), "app must be a FastAPI application, not APIRouter"),
        (require_role, "role"),
        (lambda: require_role(["admin"]), "roles must be str"),
        (API.require_role, "role"),
        (lambda: API.require_role("admin", None), "roles must be str"),
    ],
)
def test_argument_of_another_type_is_a_type_error_that_names_it(call, message):
    with pytest.raises(TypeError, match=message) as raised:
        call()
    frames = dict(locals_of(raised.value, Path(fastware.__file__).parent))
    assert SECRET not in f"{raised.value}{frames}"


def test_repr_shows_no_secret():
    assert SECRET not in f"{API!r} {API.current_user!r} {API.require_role('admin')!r}"


# Optional users


def test_optional_user_is_none_without_a_valid_token():
    app = FastAPI()
    app.state.config = {"auth": AUTH}

    @app.get("/")
    async def home(
        user: OptionalUser, same: Annotated[dict[str, Any] | None, Depends(API.optional_user)]
    ) -> list[str | None]:
        return [each and each["sub"] for each in (user, same)]

    assert get(app).json == get(app, headers=[("authorization", "Bearer x")]).json == [None, None]
    assert get(app, headers=bearer("user")).json == ["ada", "ada"]
    assert "security" not in app.openapi()["paths"]["/"]["get"]
    app.dependency_overrides[get_current_user] = lambda: {"sub": "fake"}
    assert get(app).json == ["fake", "fake"]
    app.dependency_overrides = {}
    app.state.config = {}
    with pytest.raises(ConfigurationError):
        get(app)


OF_API = Annotated[Claims, Depends(API.current_user)]


@pytest.mark.parametrize("annotation", [CurrentUser | None, Optional[CurrentUser], list[CurrentUser], OF_API | None])  # noqa: UP045
def test_current_user_within_another_type_is_a_type_error(annotation):
    # FastAPI would read it from the body: the client would choose the user.
    app = FastAPI()

    async def home(user: annotation = None):
        return user

    with pytest.raises(TypeError, match="use OptionalUser"):
        app.get("/")(home)


# Names

SIGNATURES = {
    "Claims": None,
    "CurrentUser": None,
    "FastAPIAuth": "(auth, *, token_url=None)",
    "OptionalUser": None,
    "describe": "(app, *, host_prefix=None)",
    "login_route": "(auth, store, *, guard=None, address=client_address(), expires_in=None, max_age=None, "
    "csrf_secret=None, secure=None, domain=None, path='/', samesite='lax', partitioned=False)",
    "require_role": "(role, *other_roles)",
}


def test_public_names_have_their_signatures_and_docstrings():
    assert integration.__all__ == list(SIGNATURES)
    for name, expected in SIGNATURES.items():
        if expected:
            function = getattr(integration, name)
            parameters = inspect.signature(function).parameters.values()
            bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
            assert str(inspect.Signature(bare)) == expected
            assert function.__doc__


def test_import_without_fastapi_names_the_package():
    code = "import sys; sys.modules['fastapi'] = None; import fastware.integrations.fastapi"
    with pytest.raises(RuntimeError, match=r"\nImportError: .*integrations\.fastapi needs .*: pip install fastapi"):
        interpreters.run(code)
