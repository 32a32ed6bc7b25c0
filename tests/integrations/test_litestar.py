"""``fastware.integrations.litestar``: the dependency, the guards and the OpenAPI document, at every layer.

The example under real servers, with the oldest and the current Litestar, is in ``tests/frameworks``.
"""

import importlib
import sys
import threading
from typing import Annotated, Any, ClassVar
from unittest import mock

import asgi_client
import pytest
from asgi_client import call
from challenges import INSUFFICIENT_SCOPE, INVALID_TOKEN, REALM
from raw_tokens import SECRET, sign_claims

pytest.importorskip("litestar")

from litestar import Controller, Litestar, Request, Router, WebSocket, asgi, get, post, websocket
from litestar.app import DEFAULT_OPENAPI_CONFIG
from litestar.config.cors import CORSConfig
from litestar.config.response_cache import ResponseCacheConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import WebsocketListener, websocket_listener
from litestar.openapi import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Components, SecurityScheme

from fastware.auth import Auth, HTTPError, get_current_user, rate_limit
from fastware.integrations.litestar import AuthPlugin, CurrentUser, require_role

AUTH = Auth(SECRET)
OTHER_SECRET = "another secret, also of 32 bytes or more"
OTHER_AUTH = Auth(OTHER_SECRET, host_prefix=True)


def bearer(token):
    return [("authorization", f"Bearer {token}")]


def user(role, secret=SECRET, **claims):
    return bearer(sign_claims({"sub": "ada", "role": role, **claims}, secret=secret))


INVALID = user("admin", secret=OTHER_SECRET)


def app_of(*handlers, auth=AUTH, plugins=None, **options):
    plugins = [AuthPlugin(auth)] if plugins is None else plugins
    return Litestar(handlers, plugins=plugins, logging_config=None, **options)


async def websocket_messages(app, path="/", *, headers=(), texts=()):
    """Return the messages that *app* sends to a WebSocket client."""
    incoming = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "text": text} for text in texts]

    async def receive():
        return incoming.pop(0) if incoming else {"type": "websocket.disconnect", "code": 1000}

    scope = asgi_client.scope(path=path, headers=headers) | {"type": "websocket", "scheme": "ws", "subprotocols": []}
    del scope["method"]
    return await asgi_client.sent_by(app, scope, receive)


def rejection(response):
    return response.status, response.header("www-authenticate")


# The dependency


@get("/")
async def profile(user: CurrentUser) -> dict[str, Any]:
    return user


@get("/", guards=[require_role("admin")])
async def admin(user: CurrentUser) -> str:
    return user["sub"]


@get("/", guards=[require_role("admin")])
async def guarded() -> str:
    return "ok"


def test_dependency_is_the_claims_of_the_token():
    claims = {"sub": "ada", "role": ["x"], "exp": 2**40, "n": 1.5, "nested": {"a": None}}
    assert call(app_of(profile), headers=bearer(sign_claims(claims))).json == claims
    assert call(app_of(profile), headers=[("cookie", f"session={sign_claims(claims)}")]).json == claims
    assert rejection(call(app_of(profile))) == (401, REALM)
    assert rejection(call(app_of(profile), headers=INVALID)) == (401, INVALID_TOKEN)


@pytest.mark.filterwarnings("ignore:.*Parameter|.*parameter")
def test_dependency_has_the_name_that_the_plugin_is_given():
    @get("/{user:int}")
    async def handler(user: Annotated[int, "id"], me: CurrentUser) -> str:
        return f"{user} {me['sub']}"

    app = app_of(handler, plugins=[AuthPlugin(AUTH, dependency="me")])
    assert call(app, path="/5", headers=user("x")).body == b"5 ada"
    assert call(app, path="/5").status == 401


def test_nothing_takes_a_thread():
    threads = set()

    class Headers(dict):
        pass

    @get("/", guards=[require_role("admin")])
    async def handler(user: CurrentUser) -> None:
        threads.add(threading.get_ident())

    def identify(*arguments):
        threads.add(threading.get_ident())
        return original(*arguments)

    original = importlib.import_module("fastware.auth.settings").identify
    with mock.patch("fastware.auth.settings.identify", identify):
        assert call(app_of(handler), headers=user("admin")).status == 200
    assert threads == {threading.get_ident()}


def test_guards_and_dependency_verify_the_token_once():
    original = importlib.import_module("fastware.auth.settings").identify
    plugin = AuthPlugin(AUTH)
    app = app_of(
        Router("/", route_handlers=[admin], guards=[plugin.require_role("admin", "x")]),
        plugins=[plugin],
        guards=[require_role()],
    )
    with mock.patch("fastware.auth.settings.identify", side_effect=original) as identify:
        for number in (1, 2):
            assert call(app, headers=user("admin")).status == 200
            assert identify.call_count == number
        assert call(app, headers=INVALID).status == 401


def test_dependency_of_a_lower_layer_replaces_that_of_the_plugin():
    @get("/replaced", dependencies={"user": Provide(lambda: {"sub": "eve"}, sync_to_thread=False)})
    async def replaced(user: CurrentUser) -> str:
        return user["sub"]

    app = app_of(replaced, profile)
    assert call(app, path="/replaced").body == b"eve"
    assert call(app).status == 401
    assert "security" not in operation(app, "/replaced")


def test_options_are_no_query_parameters():
    token = sign_claims({"sub": "ada", "role": "admin"})
    app = app_of(profile, Router("/admin", route_handlers=[admin]))
    for query in ("", "allow_query_token=true&", "request=x&scope=x&auth=x&user=x&dependency=x&value=x&"):
        for path in ("/", "/admin"):
            assert rejection(call(app, path=path, query=f"{query}token={token}")) == (401, REALM)
            assert call(app, path=path, query=query, headers=bearer(token)).status == 200
    assert [each.get("parameters") for each in operations(app)] == [None, None]
    assert call(app_of(profile, auth=Auth(SECRET, allow_query_token=True)), query=f"token={token}").status == 200


# Guards


def test_any_of_the_roles_passes():
    app = app_of(get("/", guards=[require_role("admin", "editor")])(guarded.fn))
    for role in ("admin", "editor"):
        assert call(app, headers=user(role)).status == 200
    for role in ("user", "", None, ["admin"], "admin or editor"):
        response = call(app, headers=user(role))
        assert rejection(response) == (403, INSUFFICIENT_SCOPE)
        assert response.json == {"status_code": 403, "detail": "Requires role: admin or editor"}


def test_without_roles_any_authenticated_user_passes():
    app = app_of(get("/", guards=[require_role()])(guarded.fn))
    assert [call(app, headers=headers).status for headers in (user("x"), bearer(sign_claims({})), INVALID, [])] == [
        200,
        200,
        401,
        401,
    ]


GUARDS = {"module": require_role("admin"), "plugin": AuthPlugin(AUTH).require_role("admin")}


def controller_of(handler_guards, own_guards):
    class C(Controller):
        path = "/"
        guards = own_guards

        @get("/", guards=handler_guards)
        async def method(self) -> str:
            return "ok"

    return C


LAYERS = {
    "handler": lambda guard: app_of(get("/", guards=[guard])(guarded.fn)),
    "controller-method": lambda guard: app_of(controller_of([guard], [])),
    "controller": lambda guard: app_of(controller_of([], [guard])),
    "router": lambda guard: app_of(Router("/", route_handlers=[controller_of([], [])], guards=[guard])),
    "router-in-router": lambda guard: app_of(
        Router("/", route_handlers=[Router("/", route_handlers=[controller_of([guard], [])])])
    ),
    "app": lambda guard: app_of(get("/")(guarded.fn), guards=[guard]),
    "opt-keys": lambda guard: app_of(
        get("/", guards=[guard], exclude_from_auth=True, exclude_from_csrf=True, **{"fastware.auth": None})(guarded.fn)
    ),
    "registered-later": lambda guard: registered_later(get("/", guards=[guard])(guarded.fn)),
    "mounted-application": lambda guard: app_of(asgi("/", is_mount=True, copy_scope=True, guards=[guard])(mounted)),
}


def registered_later(handler):
    app = app_of()
    app.register(handler)
    return app


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
@pytest.mark.parametrize("make_app", LAYERS.values(), ids=LAYERS)
def test_guard_protects_each_layer(make_app, guard):
    app = make_app(guard)
    assert rejection(call(app)) == (401, REALM)
    assert rejection(call(app, headers=INVALID)) == (401, INVALID_TOKEN)
    assert rejection(call(app, headers=user("user"))) == (403, INSUFFICIENT_SCOPE)
    assert call(app, headers=user("admin")).status == 200
    assert call(app, "HEAD").status in (401, 405)


def test_equal_roles_return_the_same_guard():
    plugin = AuthPlugin(AUTH)
    for make in (require_role, plugin.require_role):
        assert make("a", "b") is make("a", "b")
        assert make("a", "b") is not make("b")
        assert repr(make("a", "b")) == "<guard require_role('a', 'b')>"
    assert require_role("a") is not plugin.require_role("a") is not AuthPlugin(AUTH).require_role("a")


@pytest.mark.parametrize("make", [require_role, AuthPlugin(AUTH).require_role])
@pytest.mark.parametrize("roles", [(5,), (["admin"],), ("admin", None), (print,)])
def test_roles_of_another_type_are_rejected(make, roles):
    with pytest.raises(TypeError, match=r"^roles must be str: guards=\[require_role\("):
        make(*roles)


@pytest.mark.parametrize("handler", [guarded, get("/", guards=[require_role])(guarded.fn)])
def test_guard_without_plugin_is_a_bare_500(handler, caplog):
    app = app_of(handler, plugins=[], debug=False)
    response = call(app, headers=user("admin"))
    assert (response.status, response.json["detail"]) == (500, "Internal Server Error")


def test_guard_without_plugin_says_what_to_add():
    errors = []

    async def note(error, scope):
        errors.append(error)

    call(app_of(guarded, plugins=[], after_exception=[note]), headers=user("admin"))
    assert [str(error) for error in errors] == ["require_role needs the plugin: Litestar(plugins=[AuthPlugin(auth)])"]


def test_preflight_requests_need_no_token():
    app = app_of(admin, guards=[require_role()], cors_config=CORSConfig(allow_origins=["https://a.example"]))
    headers = [("origin", "https://a.example"), ("access-control-request-method", "GET")]
    assert call(app, "OPTIONS", headers=headers).status == 204


def test_limited_handlers_have_a_user():
    @get("/", guards=[require_role("admin")])
    @rate_limit("1/hour")
    async def handler(request: Request[Any, Any, Any], user: CurrentUser) -> str:
        return user["sub"]

    app = app_of(handler)
    assert [call(app, headers=headers).status for headers in ([], user("admin"), user("admin"))] == [401, 200, 429]


# WebSockets


@websocket("/dependency")
async def socket_of_user(socket: WebSocket[Any, Any, Any], user: CurrentUser) -> None:
    await socket.accept()
    async for text in socket.iter_data("text"):
        await socket.send_text(f"{user['sub']}: {text}")


@websocket("/guard", guards=[require_role("admin")])
async def guarded_socket(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.send_text(f"ada: {await socket.receive_text()}")


@websocket_listener("/listener", guards=[require_role("admin")])
async def listener(data: str, user: CurrentUser) -> str:
    return f"{user['sub']}: {data}"


class Listener(WebsocketListener):
    path = "/class"
    guards: ClassVar = [require_role("admin")]

    async def on_receive(self, data: str) -> str:
        return f"ada: {data}"


@pytest.mark.filterwarnings("ignore:Reserved kwarg 'data'")
@pytest.mark.parametrize("path", ["/dependency", "/guard", "/listener", "/class"])
def test_websocket_needs_a_user(path):
    app = app_of(socket_of_user, guarded_socket, listener, Listener)
    for headers in ([], INVALID, *([user("user")] if path != "/dependency" else [])):
        # Servers answer a close before `accept` with a bare 403.
        (message,) = asgi_client.run(websocket_messages, app, path, headers=headers)
        assert (message["type"], message["code"]) == ("websocket.close", 1008)
    messages = asgi_client.run(websocket_messages, app, path, headers=user("admin"), texts=["x"])
    assert [messages[0]["type"], messages[1]["text"]] == ["websocket.accept", "ada: x"]


def test_error_in_an_accepted_websocket_closes_it():
    @websocket("/")
    async def handler(socket: WebSocket[Any, Any, Any], user: CurrentUser) -> None:
        await socket.accept()
        raise HTTPError(403, "No")

    accept, close = asgi_client.run(websocket_messages, app_of(handler), headers=user("x"))
    assert (accept["type"], close["type"], close["code"]) == ("websocket.accept", "websocket.close", 1008)


# Several applications


def test_each_application_uses_its_own_settings():
    apps = [
        (app_of(profile, guarded_at("/g"), auth=auth), secret)
        for auth, secret in ((AUTH, SECRET), (OTHER_AUTH, OTHER_SECRET))
    ]
    for app, secret in apps:
        for path in ("/", "/g"):
            for token_secret in (SECRET, OTHER_SECRET):
                status = 200 if token_secret == secret else 401
                assert call(app, path=path, headers=user("admin", secret=token_secret)).status == status


def guarded_at(path):
    return get(path, guards=[require_role("admin")])(guarded.fn)


def test_guard_of_a_plugin_has_the_settings_of_the_plugin():
    handler = get("/", guards=[AuthPlugin(AUTH).require_role("admin")])(guarded.fn)
    for app in (app_of(handler, plugins=[]), app_of(handler, auth=OTHER_AUTH)):
        assert [call(app, headers=headers).status for headers in (user("admin"), INVALID)] == [200, 401]


@pytest.mark.parametrize("copy_scope", [True, False])
def test_mounted_application_with_other_settings_verifies_the_token_itself(copy_scope):
    inner = app_of(profile, guarded_at("/g"), auth=OTHER_AUTH)
    same = app_of(profile, guarded_at("/g"))

    def mount(path, app):
        return asgi(path, is_mount=True, copy_scope=copy_scope, guards=[require_role("admin")])(app.__call__)

    outer = app_of(mount("/other", inner), mount("/same", same))
    for path, status in (("/other", 401), ("/other/g", 401), ("/same", 200), ("/same/g", 200)):
        assert call(outer, path=path, headers=user("admin")).status == status


def test_middleware_of_a_mounted_application_may_replace_the_token():
    async def impersonate(scope: Any, receive: Any, send: Any) -> None:
        await app_of(profile)({**scope, "headers": [(b"authorization", user("user")[0][1].encode())]}, receive, send)

    outer = app_of(asgi("/", is_mount=True, copy_scope=True, guards=[require_role("admin")])(impersonate))
    assert call(outer, headers=user("admin")).json["role"] == "user"


# The configuration


def test_get_current_user_finds_the_settings():
    @get("/", dependencies={"me": Provide(get_current_user)})
    async def handler(me: CurrentUser) -> str:
        return me["sub"]

    app = app_of(handler, state=State({"config": {"theme": "dark"}, "other": 1}))
    assert app.state.dict() == {"config": {"theme": "dark", "auth": AUTH}, "other": 1}
    assert call(app, headers=user("x")).body == b"ada"
    assert rejection(call(app, headers=INVALID)) == (401, INVALID_TOKEN)


def test_configuration_of_the_application_is_not_changed():
    config = {"theme": "dark"}
    for auth in (AUTH, OTHER_AUTH):
        assert app_of(profile, auth=auth, state=State({"config": config})).state.config["auth"] is auth
    assert config == {"theme": "dark"}


def test_configuration_of_another_type_is_left_alone():
    settings = object()
    app = app_of(profile, guarded_at("/g"), state=State({"config": settings}))
    assert app.state.config is settings
    assert [call(app, path=path, headers=user("admin")).status for path in ("/", "/g")] == [200, 200]


def test_equal_settings_are_no_conflict():
    app = app_of(profile, plugins=[AuthPlugin(AUTH), AuthPlugin(AUTH, dependency="me")])
    assert app.state.config == {"auth": AUTH}
    app_of(profile, state=State({"config": {"auth": AUTH, "theme": "dark"}}))


CONFLICTS = {
    "auth": {"auth": OTHER_AUTH},
    "jwt_secret": {"jwt_secret": SECRET},
    "allow_query_token": {"allow_query_token": False},
    "jwt_secret-of-none": {"jwt_secret": None},
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_other_settings_are_an_error(name):
    with pytest.raises(
        RuntimeError,
        match=rf'^app.state.config has "{next(iter(CONFLICTS[name]))}" too; pass all settings to the Auth of',
    ):
        app_of(profile, state=State({"config": CONFLICTS[name]}))


def test_two_plugins_with_other_settings_are_an_error():
    with pytest.raises(RuntimeError, match=r'^app.state.config has "auth" too'):
        app_of(profile, plugins=[AuthPlugin(AUTH), AuthPlugin(OTHER_AUTH, dependency="me")])


def test_two_dependencies_of_one_name_are_an_error():
    with pytest.raises(RuntimeError, match=r"another dependency named 'user'; .*AuthPlugin\(auth, dependency="):
        app_of(profile, dependencies={"user": Provide(get_current_user)})


async def handle() -> None: ...


class OfController(Controller):
    path = "/{user:str}"
    handle = get("/")(handle)


class WithMethod(Controller):
    handle = post(["/a", "/b/{ user : int }"])(handle)


class ListenerOfUser(Listener):
    path: ClassVar = ["/a", "/{user:str}"]


AMBIGUOUS = {
    "handler": get("/a/{user:str}")(handle),
    "several-paths": get(["/a", "/{user:uuid}/b"])(handle),
    "websocket": websocket("/{user:str}")(handle),
    "controller": OfController,
    "controller-method": WithMethod,
    "router": Router("/{user:int}", route_handlers=[get("/")(handle)]),
    "router-in-router": Router("/a", route_handlers=[Router("/b", route_handlers=[WithMethod])]),
    "listener": ListenerOfUser,
}


@pytest.mark.parametrize("handler", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_path_parameter_of_the_name_is_an_error(handler):
    with pytest.raises(
        RuntimeError, match=r"^the path '.*user.*' has a parameter .* AuthPlugin\(auth, dependency=\"cur"
    ):
        app_of(profile, handler)


def test_path_of_the_application_is_checked():
    with pytest.raises(RuntimeError, match=r"^the path '/{user:str}' has a parameter"):
        app_of(profile, path="/{user:str}")
    app_of(get("/{username:str}/user/{the_user:int}")(handle))


@pytest.mark.parametrize("value", [SECRET, {"auth": AUTH}, Auth, None])
def test_settings_of_another_type_are_rejected(value):
    with pytest.raises(TypeError, match=r"^auth must be a fastware.auth.Auth, not "):
        AuthPlugin(value)


@pytest.mark.parametrize("name", ["", "a b", "1", "request", "scope", "state", "a-b"])
def test_name_that_cannot_be_a_dependency_is_rejected(name):
    with pytest.raises(ValueError, match=r"^dependency must be the name of a parameter that Litestar does not use: "):
        AuthPlugin(AUTH, dependency=name)


def test_name_of_another_type_is_rejected():
    with pytest.raises(TypeError, match=r"^dependency must be a str, not int$"):
        AuthPlugin(AUTH, dependency=5)


CACHED = {
    "dependency": lambda **options: get("/", cache=60, **options)(profile.fn),
    "guard-and-dependency": lambda **options: get("/", cache=True, guards=[require_role("admin")], **options)(
        profile.fn
    ),
}


@pytest.mark.parametrize("make", CACHED.values(), ids=CACHED)
def test_response_for_one_user_is_not_cached_for_others(make):
    with pytest.raises(RuntimeError, match=r"profile receives the user, but its response is cached for everybody"):
        app_of(make())

    def key_of(request):
        return request.headers.get("authorization", "")

    for app in (
        app_of(make(cache_key_builder=key_of)),
        app_of(make(), response_cache_config=ResponseCacheConfig(key_builder=key_of)),
    ):
        for name in ("ada", "bob", "ada"):
            assert call(app, headers=user("admin", sub=name)).json["sub"] == name
        assert call(app).status == 401


def test_response_that_is_equal_for_all_users_is_cached():
    app = app_of(get("/", cache=60, guards=[require_role("admin")])(guarded.fn))
    assert [call(app, headers=user(role)).status for role in ("admin", "admin", "user")] == [200, 200, 403]
    assert call(app).status == 401


def test_plugin_works_in_several_applications():
    plugin = AuthPlugin(AUTH)
    for app in [app_of(profile, plugins=[plugin]), app_of(admin, plugins=[plugin])]:
        assert [call(app, headers=headers).status for headers in (user("admin"), INVALID)] == [200, 401]


# OpenAPI

BOTH = [{"bearer": []}, {"cookie": []}]


def document(app):
    return app.openapi_schema.to_schema()


def operations(app):
    return [operation for path in document(app)["paths"].values() for operation in path.values()]


def operation(app, path, method="get"):
    return document(app)["paths"][path][method]


@get("/public")
async def public() -> str:
    return "ok"


async def name_of(user: CurrentUser) -> str:
    return user["sub"]


@get("/indirect", dependencies={"name": Provide(name_of)})
async def indirect(name: Annotated[str, "that of the user"]) -> str:
    return name


@get("/found", dependencies={"me": Provide(AUTH.current_user)})
async def found(me: CurrentUser) -> str:
    return me["sub"]


OPERATIONS = {
    "/profile": (get("/profile")(profile.fn), BOTH, {"401"}),
    "/guarded": (guarded_at("/guarded"), BOTH, {"401", "403"}),
    "/signed-in": (get("/signed-in", guards=[require_role()])(guarded.fn), BOTH, {"401"}),
    "/public": (public, None, set()),
    "/indirect": (indirect, BOTH, {"401"}),
    "/found": (found, BOTH, {"401"}),
    "/unused": (get("/unused", dependencies={"me": Provide(AUTH.current_user)})(handle), None, set()),
    "/own": (
        get("/own", security=[{"bearer": []}], responses={401: ResponseSpec(str)}, guards=[require_role("a")])(
            guarded.fn
        ),
        BOTH,
        {"401", "403"},
    ),
    "/raises": (get("/raises", raises=[NotAuthorizedException])(profile.fn), BOTH, {"401"}),
}


@pytest.mark.parametrize("path", OPERATIONS)
def test_operation_is_described(path):
    handler, security, responses = OPERATIONS[path]
    described = operation(app_of(handler), path)
    assert described.get("security") == security
    assert described["responses"].keys() - {"200", "400"} == responses


def test_security_schemes_have_the_real_name_of_the_cookie():
    for auth, name in ((AUTH, "session"), (OTHER_AUTH, "__Host-session")):
        schemes = document(app_of(profile, auth=auth))["components"]["securitySchemes"]
        assert schemes == {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": name},
        }
    assert DEFAULT_OPENAPI_CONFIG.components == Components()
    assert "securitySchemes" not in document(app_of(public, plugins=[])).get("components", {})


@pytest.mark.parametrize("is_list", [True, False])
def test_components_of_the_application_are_kept(is_list):
    theirs = Components(
        security_schemes={"cookie": SecurityScheme(type="apiKey", name="mine", security_scheme_in="query")}
    )
    config = OpenAPIConfig("Title", "1", components=[theirs] if is_list else theirs)
    app = app_of(profile, openapi_config=config)
    schemes = document(app)["components"]["securitySchemes"]
    assert (schemes["cookie"]["name"], schemes["bearer"]["type"]) == ("mine", "http")
    assert document(app)["info"] == {"title": "Title", "version": "1"}
    assert list(theirs.security_schemes) == ["cookie"]


def test_application_without_a_document_works():
    app = app_of(profile, openapi_config=None)
    assert call(app, headers=user("x")).status == 200


def test_handlers_with_several_paths_and_applications_are_described_once():
    handler = get(["/a", "/b"], guards=[require_role("x")])(guarded.fn)
    for _ in range(2):
        app = app_of(handler, post("/a")(handle))
        app.register(Router("/", route_handlers=[get("/c", guards=[require_role()])(guarded.fn)]))
        for path in ("/a", "/b", "/c"):
            described = operation(app, path)
            assert described["security"] == BOTH
            assert "oneOf" not in str(described["responses"])
        assert "security" not in operation(app, "/a", "post")
    assert (handler.security, handler.raises) == (None, None)


def test_document_is_valid():
    validator = pytest.importorskip("openapi_spec_validator")
    handlers = [handler for handler, _, _ in OPERATIONS.values()]
    validator.validate(document(app_of(*handlers)))


def test_document_is_protected_by_a_guard_of_the_application():
    app = app_of(public, guards=[require_role("admin")])
    assert call(app, path="/schema/openapi.json").status == 401
    assert call(app, path="/schema/openapi.json", headers=user("admin")).status == 200


# The package


def test_import_without_litestar_names_the_package():
    missing = dict.fromkeys([name for name in sys.modules if name.split(".")[0] == "litestar"])
    with mock.patch.dict(sys.modules, missing):
        for name in [name for name in sys.modules if name.startswith("fastware.integrations.litestar")]:
            del sys.modules[name]
        with pytest.raises(ImportError, match=r"needs the package litestar: pip install litestar$"):
            importlib.import_module("fastware.integrations.litestar")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_test_client_of_litestar_works():
    testing = pytest.importorskip("litestar.testing")
    from litestar.exceptions import WebSocketDisconnect

    with testing.TestClient(app_of(profile, socket_of_user)) as client:
        assert client.get("/").headers["www-authenticate"] == REALM
        with client.websocket_connect("/dependency", headers=dict(user("x"))) as session:
            session.send_text("x")
            assert session.receive_text() == "ada: x"
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/dependency"):
            pass
