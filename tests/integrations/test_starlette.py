"""``fastware.integrations.starlette``: the backend, and ``requires`` on every kind of handler.

The example under real servers, with the oldest and the current Starlette, is in ``tests/frameworks``.
"""

import functools
import gc
import importlib
import sys
import threading
import weakref
from typing import ClassVar
from unittest import mock

import asgi_client
import pytest
from asgi_client import call
from challenges import INSUFFICIENT_SCOPE, INVALID_TOKEN, REALM
from raw_tokens import SECRET, sign_claims

pytest.importorskip("starlette")

from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationError, SimpleUser, UnauthenticatedUser
from starlette.authentication import requires as starlette_requires
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from fastware.auth import Auth, ConfigurationError, CSRFMiddleware, rate_limit
from fastware.integrations.starlette import AuthBackend, TokenUser, requires

AUTH = Auth(SECRET)
OTHER_SECRET = "another secret, also of 32 bytes or more"


def bearer(token):
    return [("authorization", f"Bearer {token}")]


def user(role, **claims):
    return bearer(sign_claims({"sub": "ada", "role": role, **claims}))


INVALID = bearer(sign_claims({"sub": "ada", "role": "admin"}, secret=OTHER_SECRET))


def authentication(backend, **options):
    return Middleware(AuthenticationMiddleware, backend=backend, **options)


def app_of(*routes, backend=None, **options):
    return Starlette(routes=list(routes), middleware=[authentication(backend or AuthBackend(AUTH))], **options)


async def websocket(app, path="/", *, headers=(), texts=(), extensions=("websocket.http.response",)):
    """Return the messages that *app* sends to a WebSocket client."""
    incoming = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "text": text} for text in texts]

    async def receive():
        return incoming.pop(0) if incoming else {"type": "websocket.disconnect", "code": 1000}

    scope = asgi_client.scope(path=path, headers=headers)
    scope |= {"type": "websocket", "scheme": "ws", "subprotocols": [], "extensions": {name: {} for name in extensions}}
    del scope["method"]
    return await asgi_client.sent_by(app, scope, receive)


def rejection(response):
    return response.status, response.header("www-authenticate")


# The backend


async def who(request):
    return JSONResponse(
        {
            "user": type(request.user).__name__,
            "name": request.user.display_name,
            "identity": None if isinstance(request.user, UnauthenticatedUser) else request.user.identity,
            "is_authenticated": request.user.is_authenticated,
            "scopes": request.auth.scopes,
        }
    )


ANONYMOUS = {
    "user": "UnauthenticatedUser",
    "name": "",
    "identity": None,
    "is_authenticated": False,
    "scopes": [],
}
SIGNED_IN = {
    "user": "TokenUser",
    "name": "ada",
    "identity": "ada",
    "is_authenticated": True,
    "scopes": ["authenticated", "admin"],
}
USERS = {
    "admin": (user("admin"), SIGNED_IN),
    "session-cookie": ([("cookie", f"session={sign_claims({'sub': 'ada', 'role': 'admin'})}")], SIGNED_IN),
    "no-token": ([], ANONYMOUS),
    "invalid-token": (INVALID, ANONYMOUS),
    "no-claims": (bearer(sign_claims({})), SIGNED_IN | {"name": "", "identity": "", "scopes": ["authenticated"]}),
    "role-of-another-type": (user(["admin"]), SIGNED_IN | {"scopes": ["authenticated"]}),
}


@pytest.mark.parametrize(("headers", "expected"), USERS.values(), ids=USERS)
def test_backend_identifies_the_user(headers, expected):
    assert call(app_of(Route("/", who)), headers=headers).json == expected


def test_user_has_the_claims_of_the_token():
    claims = {"sub": "ada", "role": "admin", "exp": 2**40, "team": ["a"]}

    async def handler(request):
        assert type(request.user) is TokenUser
        return JSONResponse(request.user.claims)

    assert call(app_of(Route("/", handler)), headers=bearer(sign_claims(claims))).json == claims


def test_backend_without_settings_finds_those_of_the_application():
    app = app_of(Route("/", who), backend=AuthBackend())
    for config in ({"auth": AUTH}, {"jwt_secret": SECRET}):
        assert call(app, headers=user("admin"), state={"config": config}).json == SIGNED_IN
        assert call(app, state={"config": config}).json == ANONYMOUS
    app.state.config = {"jwt_secret": SECRET}
    assert call(app, headers=user("admin")).json == SIGNED_IN
    assert call(app, headers=INVALID).json == ANONYMOUS


def test_missing_configuration_is_a_bare_500():
    messages = []

    async def send(message):
        messages.append(message)

    with pytest.raises(ConfigurationError, match="No JWT secret is configured"):
        asgi_client.run(app_of(Route("/", who), backend=AuthBackend()), asgi_client.scope(), None, send)
    assert messages[0]["status"] == 500
    assert messages[1]["body"] == b"Internal Server Error"


def test_backend_with_settings_does_not_read_those_of_the_application():
    app = app_of(Route("/", who))
    assert call(app, headers=INVALID, state={"config": {"jwt_secret": OTHER_SECRET}}).json == ANONYMOUS


@pytest.mark.parametrize("value", [SECRET, {"auth": AUTH}, Auth, 0])
def test_backend_of_another_type_is_rejected(value):
    with pytest.raises(TypeError, match=r"^auth must be a fastware.auth.Auth, not "):
        AuthBackend(value)


def test_last_of_two_backends_decides():
    other = AuthBackend(Auth(OTHER_SECRET))
    for backends, headers, expected in (
        ((AuthBackend(AUTH), other), user("admin"), (401, INVALID_TOKEN)),
        ((AuthBackend(AUTH), other), INVALID, (200, None)),
        ((other, AuthBackend(AUTH)), [], (401, REALM)),
    ):
        app = Starlette(routes=[Route("/", shapes["async"])], middleware=[*map(authentication, backends)])
        assert rejection(call(app, headers=headers)) == expected


class BackendOfActiveUsers(AuthBackend):
    async def authenticate(self, conn):
        found = await super().authenticate(conn)
        if found is not None and found[1].claims.get("is_locked"):
            raise AuthenticationError(*found[1].claims["is_locked"])
        return found


@pytest.mark.parametrize("text", ["The account is locked", ""])
def test_on_error_returns_a_challenge_for_errors_of_subclasses(text):
    backend = BackendOfActiveUsers(AUTH)
    app = Starlette(
        routes=[Route("/", who), WebSocketRoute("/ws", shapes["websocket"])],
        middleware=[authentication(backend, on_error=backend.on_error)],
    )
    locked = user("admin", is_locked=[text])
    response = call(app, headers=locked)
    assert rejection(response) == (401, INVALID_TOKEN)
    assert response.body.decode() == (text or "Invalid or expired token")
    assert asgi_client.run(websocket, app, "/ws", headers=locked) == [{"type": "websocket.close", "code": 1000}]
    assert call(app, headers=user("admin")).json == SIGNED_IN


# requires

ok = PlainTextResponse("ok")


@requires()
async def anyone(request):
    return ok


class Endpoint(HTTPEndpoint):
    @requires("admin")
    async def get(self, request):
        return ok

    @requires("admin")
    def post(self, request):
        return ok


class OtherNames(HTTPEndpoint):
    @requires("admin")
    async def get(self, r):
        return ok


class Object:
    scope: ClassVar = {"type": "http", "user": TokenUser({}), "auth": AuthCredentials(["admin"])}

    async def __call__(self, request):
        return ok

    @requires("admin")
    async def method(self, request):
        return ok


class Socket(WebSocketEndpoint):
    encoding = "text"

    @requires("admin")
    async def on_connect(self, websocket):
        await websocket.accept()


async def plain(request):
    return ok


def sync(request):
    return ok


async def other_name(conn: Request):
    return ok


async def with_options(prefix, request):
    return ok


async def echo(websocket: WebSocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"{websocket.user.display_name}: {text}")


admin = requires("admin")
shapes = {
    "async": admin(plain),
    "sync": admin(sync),
    "another-name": admin(other_name),
    "object": admin(Object()),
    "bound-method": Object().method,
    "partial": functools.partial(admin(with_options), "x"),
    "of-a-partial": admin(functools.partial(with_options, "x")),
    "endpoint": Endpoint,
    "endpoint-with-other-names": OtherNames,
    "limited": admin(rate_limit("1000/second")(plain)),
    "limit-outside": rate_limit("1000/second")(admin(plain)),
    "websocket": admin(echo),
    "websocket-endpoint": Socket,
}
HTTP_SHAPES = {name: shape for name, shape in shapes.items() if "websocket" not in name}


@pytest.mark.parametrize("handler", HTTP_SHAPES.values(), ids=HTTP_SHAPES)
def test_role_is_required(handler):
    app = app_of(Route("/", handler))
    assert rejection(call(app)) == (401, REALM)
    assert rejection(call(app, headers=INVALID)) == (401, INVALID_TOKEN)
    for role in ("user", "authenticated", "", ["admin"], "administrator"):
        assert rejection(call(app, headers=user(role))) == (403, INSUFFICIENT_SCOPE)
    response = call(app, headers=user("admin"))
    assert (response.status, response.body) == (200, b"ok")
    assert call(app, "HEAD", headers=user("admin")).status == 200
    assert rejection(call(app, "HEAD")) == (401, REALM)


def test_methods_of_an_endpoint_are_checked_one_by_one():
    app = app_of(Route("/", Endpoint))
    assert call(app, "POST", headers=user("admin")).status == 200
    assert rejection(call(app, "POST", headers=user("user"))) == (403, INSUFFICIENT_SCOPE)
    assert call(app, "OPTIONS").status == call(app, "DELETE").status == 405


@pytest.mark.parametrize("path", ["/function", "/endpoint"])
def test_websocket_handshake_is_denied(path):
    routes = WebSocketRoute("/function", shapes["websocket"]), WebSocketRoute("/endpoint", Socket)
    app = app_of(*routes)
    for headers, expected in (
        ([], (401, REALM)),
        (INVALID, (401, INVALID_TOKEN)),
        (user("x"), (403, INSUFFICIENT_SCOPE)),
    ):
        start, _ = asgi_client.run(websocket, app, path, headers=headers)
        assert start["type"] == "websocket.http.response.start"
        assert (start["status"], dict(start["headers"])[b"www-authenticate"].decode()) == expected
    assert asgi_client.run(websocket, app, path, headers=user("admin"))[0]["type"] == "websocket.accept"


def test_websocket_of_a_user_works():
    app = app_of(WebSocketRoute("/", shapes["websocket"]))
    _, first, second = asgi_client.run(websocket, app, headers=user("admin"), texts=["a", "b"])
    assert [first["text"], second["text"]] == ["ada: a", "ada: b"]


def test_any_of_several_roles_passes():
    app = app_of(Route("/", requires("admin", "editor")(plain)))
    assert [call(app, headers=user(role)).status for role in ("admin", "editor", "user")] == [200, 200, 403]
    assert call(app, headers=user("user")).body == b"Requires role: admin or editor"


def test_without_roles_any_authenticated_user_passes():
    app = app_of(Route("/", anyone))
    assert [call(app, headers=headers).status for headers in (user("x"), bearer(sign_claims({})), INVALID, [])] == [
        200,
        200,
        401,
        401,
    ]


def test_starlette_requires_reads_the_same_scopes():
    @starlette_requires(["authenticated", "admin"])
    async def handler(request):
        return ok

    app = app_of(Route("/", handler))
    assert [call(app, headers=headers).status for headers in (user("admin"), user("user"), INVALID)] == [200, 403, 403]


def test_users_of_other_backends_pass():
    class Backend(AuthBackend):
        async def authenticate(self, conn):
            found = await super().authenticate(conn)
            if found is None:
                return None
            found[0].scopes.remove("admin")  # a role that was taken away after the token was created
            found[0].scopes.append("editor")
            return found[0], SimpleUser("ada")

    app = app_of(Route("/a", shapes["async"]), Route("/e", requires("editor")(plain)), backend=Backend(AUTH))
    assert [call(app, path=path, headers=user("admin")).status for path in ("/a", "/e")] == [403, 200]
    assert rejection(call(app, path="/e", headers=INVALID)) == (401, INVALID_TOKEN)


def test_mounted_applications_use_the_user_of_the_outer_one():
    inner = Starlette(routes=[Route("/a", shapes["async"])])
    app = app_of(Mount("/outer", routes=[Mount("/inner", inner), Route("/b", Endpoint)]))
    for path in ("/outer/inner/a", "/outer/b"):
        assert rejection(call(app, path=path)) == (401, REALM)
        assert call(app, path=path, headers=user("admin")).status == 200
        assert call(app, path=f"/proxy{path}", root_path="/proxy", headers=user("admin")).status == 200


def test_async_handlers_take_no_thread():
    threads = []

    def note(request):
        threads.append(threading.get_ident())
        return ok

    async def note_async(request):
        return note(request)

    app = app_of(Route("/sync", requires()(note)), Route("/async", requires()(note_async)))
    assert [call(app, path=path, headers=user("x")).status for path in ("/async", "/sync")] == [200, 200]
    assert [thread == threading.get_ident() for thread in threads] == [True, False]


def test_handler_keeps_its_metadata():
    async def handler(request: Request) -> PlainTextResponse:
        """Text."""

    decorated = requires("admin")(handler)
    assert (decorated.__name__, decorated.__doc__, decorated.__wrapped__) == ("handler", "Text.", handler)


def test_limit_of_the_handler_is_kept():
    assert shapes["limited"].limit is not shapes["limit-outside"].limit
    shapes["limited"].limit.reset()


@pytest.mark.parametrize(
    "decorate", [lambda: requires(plain), lambda: requires("admin", 5), lambda: requires(["admin"])]
)
def test_roles_of_another_type_are_rejected(decorate):
    with pytest.raises(
        TypeError, match=r'^requires takes roles, which are str: @requires\("admin"\), or @requires\(\)'
    ):
        decorate()


@pytest.mark.parametrize("handler", [lambda: ok, Endpoint, lambda *, text="": ok])
def test_handlers_without_a_request_are_rejected(handler):
    with pytest.raises(TypeError, match=r"^requires decorates a function or method that takes the request, not "):
        admin(handler)


def test_call_without_a_request_is_rejected():
    with pytest.raises(TypeError, match=r"^sync was called without its request$"):
        shapes["sync"]("text", {"type": "http"})


def with_user_only(app):
    """Return a middleware that is not Starlette's."""
    return lambda scope, receive, send: app({**scope, "user": TokenUser({})}, receive, send)


def test_missing_middleware_is_a_configuration_error():
    for app in (
        Starlette(routes=[Route("/", shapes["async"])]),
        Starlette(routes=[Route("/", shapes["sync"])], middleware=[Middleware(CSRFMiddleware)]),
        Starlette(routes=[Route("/", shapes["sync"])], middleware=[Middleware(with_user_only)]),
    ):
        with pytest.raises(ConfigurationError, match=r"add Middleware\(AuthenticationMiddleware, "):
            call(app, headers=user("admin"))


def test_requires_works_in_fastapi():
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI(middleware=[authentication(AuthBackend(AUTH))])

    @app.get("/{number}")
    @requires("admin")
    async def handler(number: int, request: fastapi.Request):
        return {"number": number, "user": request.user.display_name}

    assert call(app, path="/5", headers=user("admin")).json == {"number": 5, "user": "ada"}
    assert rejection(call(app, path="/5", headers=INVALID)) == (401, INVALID_TOKEN)
    assert call(app, path="/5", headers=user("user")).json == {"detail": "Requires role: admin"}
    assert [each["name"] for each in app.openapi()["paths"]["/{number}"]["get"]["parameters"]] == ["number"]


def test_rejections_leave_no_garbage():
    class Scope(dict):
        pass

    async def reject(headers):
        scope = Scope(asgi_client.scope(headers=headers))
        app = AuthenticationMiddleware(handle, AuthBackend(AUTH))
        await app(scope, None, None)
        return weakref.ref(scope)

    async def handle(scope, receive, send):
        with pytest.raises(Exception, match="401") as raised:
            await shapes["async"](Request(scope))
        del raised

    gc.collect()
    gc.disable()
    try:
        assert [asgi_client.run(reject, headers)() for headers in ([], INVALID)] == [None, None]
    finally:
        gc.enable()


def test_import_without_starlette_names_the_package():
    missing = dict.fromkeys([name for name in sys.modules if name.split(".")[0] == "starlette"])
    with mock.patch.dict(sys.modules, missing):
        del sys.modules["fastware.integrations.starlette"]
        with pytest.raises(ImportError, match=r"needs the package starlette: pip install starlette$"):
            importlib.import_module("fastware.integrations.starlette")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_test_client_of_starlette_works():
    testclient = pytest.importorskip("starlette.testclient")
    app = app_of(Route("/", shapes["async"]), WebSocketRoute("/ws", shapes["websocket"]))
    client = testclient.TestClient(app)
    assert client.get("/").headers["www-authenticate"] == REALM
    with client.websocket_connect("/ws", headers=dict(user("admin"))) as session:
        session.send_text("x")
        assert session.receive_text() == "ada: x"
    with pytest.raises(testclient.WebSocketDenialResponse) as denied, client.websocket_connect("/ws"):
        pass
    assert denied.value.headers["www-authenticate"] == REALM
