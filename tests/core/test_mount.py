"""Mounted applications: what they serve, their scope, their errors, and real frameworks as mounted applications."""

import asyncio
import logging
from typing import Any

import pytest
from asgi_client import acall, call, converse, run_lifespan, scope, sent_by, websocket_scope
from hypothesis import given
from hypothesis import strategies as st
from tests.reference import routing as reference


def child_that_says(name, seen=None):
    """Return an application that responds with *name*, accepts WebSockets, and appends each scope to *seen*."""

    async def child(scope, receive, send):
        if seen is not None:
            seen.append(scope)
        await receive()
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept", "subprotocol": name})
            await send({"type": "websocket.close", "code": 3000})
            return
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": name.encode()})

    return child


def mounting(fastware, *paths, seen=None, **options):
    """Return an application with one mounted application per path, which responds with the path."""
    router = fastware.Router()
    for path in paths:
        router.mount(path, child_that_says(path, seen))
    return fastware.create_app(router, **options)


def served(app, path, **options):
    """Return what a mounted application responds to HTTP and to a WebSocket, or the status."""
    response, conversation = call(app, path=path, **options), converse(app, path, **options)
    if response.status != 202:
        return response.status, conversation.response.status
    assert conversation.accept["subprotocol"] == response.body.decode()
    return response.body.decode()


# What it serves

PATHS = {
    # prefixes, path, the prefix that serves it
    "prefix": (["/static"], "/static", "/static"),
    "slash": (["/static"], "/static/", "/static"),
    "below": (["/static"], "/static/a/b.css", "/static"),
    "double-slash": (["/static"], "/static//a", "/static"),
    "other": (["/static"], "/a", (404, 404)),
    "longer-segment": (["/static"], "/statics", (404, 404)),
    "case": (["/static"], "/Static/a", (404, 404)),
    "longest": (["/a", "/a/b/c", "/a/b"], "/a/b/x", "/a/b"),
    "longest-is-no-segment": (["/a", "/a/b"], "/a/bc", "/a"),
    "root": (["/"], "/anything", "/"),
    "root-of-root": (["/"], "/", "/"),
    "empty": ([""], "/anything", ""),
    "root-is-last": (["/", "/a"], "/a/b", "/a"),
    "no-leading-slash": (["/"], "*", (404, 404)),
}


@pytest.mark.parametrize("step", [1, -1], ids=["in-order", "reversed"])
@pytest.mark.parametrize(("prefixes", "path", "expected"), PATHS.values(), ids=PATHS.keys())
def test_mounted_application_with_the_longest_prefix_serves_a_path(fastware, prefixes, path, expected, step):
    assert served(mounting(fastware, *prefixes[::step]), path) == expected


SEGMENTS = st.lists(st.sampled_from(["a", "b", "ab", "é", "", "."]), max_size=4)


@given(
    prefixes=st.lists(SEGMENTS.filter(lambda segments: segments[-1:] != [""]).map(tuple), unique=True, max_size=4),
    path=SEGMENTS,
)
def test_mount_of_the_reference_is_found(fastware, prefixes, path):
    prefixes = ["".join(f"/{segment}" for segment in segments) for segments in prefixes]
    path = f"/{'/'.join(path)}"
    expected = reference.find_mount(prefixes, path)
    assert served(mounting(fastware, *prefixes), path) == ((404, 404) if expected is None else prefixes[expected])


async def handler(websocket):
    await websocket.accept("own")


def beside_routes(fastware):
    router = fastware.Router()
    router.mount("/", child_that_says("root"))
    router.mount("/api", child_that_says("api"))
    router.get("/api/{rest:path}")(lambda: "route")
    router.get("/page")(lambda: "route")
    router.ws("/api/ws")(handler)
    return fastware.create_app(router)


ROUTES_FIRST = {
    ("GET", "/page"): b"route",
    ("HEAD", "/page"): b"",
    ("POST", "/page"): b"root",
    ("GET", "/api/x"): b"route",
    ("POST", "/api/x"): b"api",
    ("GET", "/api"): b"api",
    ("GET", "/other"): b"root",
    ("GET", "/api/ws"): b"route",
}


@pytest.mark.parametrize(("method", "path"), ROUTES_FIRST)
def test_route_of_the_method_takes_precedence_over_a_mount(fastware, method, path):
    assert call(beside_routes(fastware), method, path).body == ROUTES_FIRST[method, path]


def test_websocket_route_takes_precedence_over_a_mount(fastware):
    app = beside_routes(fastware)
    subprotocols = [converse(app, path, subprotocols=["own"]).accept["subprotocol"] for path in ("/api/ws", "/api/x")]
    assert subprotocols == ["own", "api"]


def test_mount_of_an_included_router_is_below_its_prefixes(fastware):
    outer, inner = fastware.Router(prefix="/a"), fastware.Router(prefix="/c")
    outer.include_router(inner, "/b")
    seen = []
    inner.mount("/d", child_that_says("deep", seen))  # after the inclusion, which includes later mounts
    inner.mount("/", child_that_says("root", seen))
    app = fastware.create_app(outer)
    assert [served(app, path) for path in ("/a/b/c/d/x", "/a/b/c/e", "/a/b/c", "/a/b")] == [
        "deep",
        "root",
        "root",
        (404, 404),
    ]
    assert [scope["root_path"] for scope in seen[::2]] == ["/a/b/c/d", "/a/b/c", "/a/b/c"]


def test_method_that_no_route_has_is_405_only_without_a_mount(fastware):
    router = fastware.Router()
    router.get("/a")(lambda: "")
    router.mount("/b", child_that_says("b"))
    app = fastware.create_app(router)
    assert [call(app, "POST", path).status for path in ("/a", "/b", "/c")] == [405, 202, 404]


# Its scope

SCOPES = {
    # path, root_path, path and root_path of the mounted application (ASGI: the path includes the root path)
    "no-root-path": ("/static/a", "", "/static/a", "/static"),
    "prefix-only": ("/static", "", "/static", "/static"),
    "root-path": ("/api/static/a", "/api", "/api/static/a", "/api/static"),
    "root-path-with-slash": ("/api/static/a", "/api/", "/api/static/a", "/api/static"),
    "root-path-is-slash": ("/static/a", "/", "/static/a", "/static"),
    "root-path-not-in-path": ("/static/a", "/api", "/api/static/a", "/api/static"),
    "root-path-not-ascii": ("/static/a", "/é", "/é/static/a", "/é/static"),
}


@pytest.mark.parametrize(("path", "root_path", "inner", "inner_root"), SCOPES.values(), ids=SCOPES.keys())
def test_root_path_of_a_mounted_application_ends_with_its_prefix(fastware, path, root_path, inner, inner_root):
    seen = []
    app = mounting(fastware, "/static", seen=seen)
    assert served(app, path, root_path=root_path, query="a=1", headers=[("x-kind", "v")]) == "/static"
    for child in seen:
        assert (child["path"], child["root_path"]) == (inner, inner_root)
        assert (child["query_string"], child["headers"]) == (b"a=1", [(b"x-kind", b"v")])
        assert child["raw_path"].endswith(path.encode())
    assert root_path != "/é" or seen[0]["raw_path"] == b"/%C3%A9/static/a"


def test_mounted_application_has_a_copy_of_the_scope_with_the_state(fastware):
    seen = []
    app = mounting(fastware, "/child", seen=seen)
    app.state["greeting"] = "hello"
    outer = scope(path="/child/x")
    asyncio.run(sent_by(app, outer, lambda: asyncio.sleep(0)))
    assert (seen[0]["state"], outer["root_path"]) == ({"greeting": "hello"}, "")
    assert served(app, "/child/x", state={"greeting": "of the server"}) == "/child"
    assert [child["state"]["greeting"] for child in seen[1:]] == ["of the server"] * 2


def test_mounted_application_reads_the_body_without_the_limit(fastware):
    async def child(scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % size})

    router = fastware.Router()
    router.mount("/upload", child)
    app = fastware.create_app(router, max_body_size=10)
    headers = [("content-length", "200")]
    assert call(app, "POST", "/upload", chunks=[b"x" * 100] * 2, headers=headers).body == b"200"


def test_lifespan_is_that_of_the_outer_application(fastware):
    seen = []
    assert run_lifespan(mounting(fastware, "/child", seen=seen)) == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert seen == []


# Its errors


def passes_on(app):
    async def middleware(scope, receive, send):
        await app(scope, receive, send)

    return middleware


def in_another_task(app):
    async def middleware(scope, receive, send):
        async with asyncio.TaskGroup() as group:
            group.create_task(app(scope, receive, send))

    return middleware


def starlette_middleware(app):
    from starlette.middleware.base import BaseHTTPMiddleware

    return BaseHTTPMiddleware(app, dispatch=lambda request, call_next: call_next(request))


MIDDLEWARE = {
    "none": [],
    "plain": [passes_on],
    "in-another-task": [in_another_task],
    "starlette": [starlette_middleware],
}


def child_that_fails(error, when):
    def when_called(scope, receive, send):
        raise error

    async def when_awaited(scope, receive, send):
        raise error

    async def after_start(scope, receive, send):
        await receive()
        kind = scope["type"]
        await send(
            {"type": "websocket.accept"}
            if kind == "websocket"
            else {"type": "http.response.start", "status": 200, "headers": []}
        )
        raise error

    return {"called": when_called, "awaited": when_awaited, "started": after_start}[when]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("when", ["called", "awaited", "started"])
@pytest.mark.parametrize("name", ["RuntimeError", "HTTPError"])
@pytest.mark.parametrize("middleware", MIDDLEWARE.values(), ids=MIDDLEWARE.keys())
def test_error_of_a_mounted_application_is_raised_and_gets_no_response(fastware, caplog, middleware, name, when, kind):
    if middleware == [starlette_middleware]:
        pytest.importorskip("starlette")
    error = RuntimeError("the cause") if name == "RuntimeError" else fastware.HTTPError(418, "teapot")
    router = fastware.Router()
    router.mount("/child", child_that_fails(error, when))
    app = fastware.create_app(router, middleware=middleware)
    connection = scope(path="/child") if kind == "http" else websocket_scope("/child")
    started = ["http.response.start" if kind == "http" else "websocket.accept"]
    sent = []

    async def receive():
        return {"type": "http.request", "body": b""} if kind == "http" else {"type": "websocket.connect"}

    async def send(message):
        sent.append(message["type"])

    with pytest.raises((type(error), ExceptionGroup)) as raised:
        asyncio.run(app(connection, receive, send))
    found = raised.value.exceptions[0] if isinstance(raised.value, ExceptionGroup) else raised.value
    assert found is error
    assert [kind for kind in sent if kind != "http.response.body"] == started[: when == "started"]
    assert [record for record in caplog.records if record.name == "fastware"] == []


def test_error_of_middleware_around_a_mount_becomes_a_response(fastware, caplog):
    def replaces(app):
        async def middleware(scope, receive, send):
            try:
                await app(scope, receive, send)
            except RuntimeError:
                raise fastware.HTTPError(502, "the child failed") from None

        return middleware

    caplog.set_level(logging.CRITICAL, logger="fastware")
    router = fastware.Router()
    router.mount("/child", child_that_fails(RuntimeError(), "awaited"))
    assert call(fastware.create_app(router, middleware=[replaces]), path="/child").status == 502


# Invalid mounts

INVALID_MOUNTS = {
    "relative": ("static", child_that_says(""), ValueError, "must start with '/'"),
    "slash-at-end": ("/static/", child_that_says(""), ValueError, "not end with it"),
    "parameter": ("/{name}", child_that_says(""), ValueError, "parameter"),
    "path-not-str": (child_that_says(""), "/static", TypeError, "path must be str"),
    "not-an-app": ("/static", "static", TypeError, "ASGI application, not str"),
    "class": ("/static", dict, TypeError, "ASGI application, not dict"),
}


@pytest.mark.parametrize(("path", "app", "error", "message"), INVALID_MOUNTS.values(), ids=INVALID_MOUNTS.keys())
def test_invalid_mount_is_an_error(fastware, path, app, error, message):
    def mount_and_create():
        router = fastware.Router()
        router.mount(path, app)
        fastware.create_app(router)

    with pytest.raises(error, match=message):
        mount_and_create()


def test_router_cannot_be_mounted(fastware):
    with pytest.raises(TypeError, match="include_router"):
        fastware.Router().mount("/a", fastware.Router())


def test_mount_below_a_parameter_is_a_value_error(fastware):
    router = fastware.Router(prefix="/{team}")
    router.mount("/static", child_that_says(""))
    with pytest.raises(ValueError, match="below a parameter"):
        fastware.create_app(router)


def test_two_applications_at_one_path_are_a_value_error(fastware):
    with pytest.raises(ValueError, match="two applications are mounted at /a"):
        mounting(fastware, "/a", "/b", "/a")
    with pytest.raises(ValueError, match="two applications are mounted at /"):
        mounting(fastware, "", "/")


@pytest.mark.parametrize("place", ["router", "outer-router", "inclusion"])
def test_mount_on_a_router_with_dependencies_is_a_type_error(fastware, place):
    """The dependencies would not protect the mounted application."""
    deps = {"user": lambda: None}
    inner = fastware.Router(deps=deps if place == "router" else None)
    inner.mount("/static", child_that_says(""))
    outer = fastware.Router(deps=deps if place == "outer-router" else None)
    outer.include_router(inner, deps=deps if place == "inclusion" else None)
    with pytest.raises(TypeError, match=r"dependencies user would not apply .* '/static'.*middleware"):
        fastware.create_app(outer)


# Real applications


def test_fastware_application_can_be_mounted_in_another_one(fastware):
    async def ws(websocket):
        await websocket.accept()
        await websocket.send_text(websocket.path_params["name"])

    inner = fastware.Router()
    inner.get("/items/{name}")(lambda request: [request.path, request.path_params["name"], request.state.greeting])
    inner.get("/")(lambda: "root")
    inner.ws("/ws/{name}")(ws)
    middle = fastware.Router()
    middle.mount("/inner", fastware.create_app(inner))
    outer = fastware.Router()
    outer.mount("/middle", fastware.create_app(middle))
    app = fastware.create_app(outer)
    app.state["greeting"] = "hello"
    for root_path in ("", "/api"):
        prefix = f"{root_path}/middle/inner"
        options = {"root_path": root_path}
        assert call(app, path=f"{prefix}/items/a", **options).json == [f"{prefix}/items/a", "a", "hello"]
        assert [call(app, path=path, **options).body for path in (prefix, f"{prefix}/")] == [b"root", b"root"]
        assert converse(app, f"{prefix}/ws/a", **options).messages == ["a"]
        assert call(app, path=f"{prefix}/none", **options).json == {"detail": "Not found"}


def test_static_files_of_starlette_can_be_mounted(fastware, tmp_path):
    staticfiles = pytest.importorskip("starlette.staticfiles")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.html").write_text("index")
    (tmp_path / "a.css").write_text("css")
    router = fastware.Router()
    router.mount("/static", staticfiles.StaticFiles(directory=tmp_path, html=True))
    app = fastware.create_app(router)

    async def get(path):
        responses = []
        for root_path in ("", "/api"):
            response = await acall(app, path=f"{root_path}{path}", root_path=root_path, stays=True)
            responses.append((response.status, response.body))
        assert responses[0] == responses[1]
        return responses[0]

    async def get_all():
        return [await get(path) for path in ("/static/a.css", "/static/docs/", "/static/none", "/static/../a.css")]

    assert asyncio.run(get_all()) == [(200, b"css"), (200, b"index"), (404, b"Not Found"), (404, b"Not Found")]
    assert call(app, path="/static/docs").header("location") == "http://127.0.0.1/static/docs/"
    posted = call(app, "POST", "/static/a.css")
    assert (posted.status, posted.body, posted.header("allow")) == (405, b"Method Not Allowed", "GET, HEAD")
    assert call(app, "HEAD", "/static/none").body == b""


def test_fastapi_application_can_be_mounted(fastware):
    fastapi = pytest.importorskip("fastapi")
    child = fastapi.FastAPI()

    @child.get("/items/{number}")
    async def item(number: int, request: fastapi.Request):
        return {"number": number, "url": str(request.url), "again": str(request.url_for("item", number=number))}

    @child.get("/teapot")
    async def teapot():
        raise fastapi.HTTPException(418, "own error")

    @child.websocket("/ws")
    async def ws(websocket: fastapi.WebSocket):
        await websocket.accept()
        await websocket.send_text(websocket.scope["root_path"])

    router = fastware.Router()
    router.mount("/v2", child)
    app = fastware.create_app(router, middleware=[passes_on])
    for root_path in ("", "/api"):
        prefix, options = f"{root_path}/v2", {"root_path": root_path}
        url = f"http://127.0.0.1{prefix}/items/5"
        assert call(app, path=f"{prefix}/items/5", **options).json == {"number": 5, "url": url, "again": url}
        assert call(app, path=f"{prefix}/items/x", **options).status == 422
        assert call(app, path=f"{prefix}/none", **options).json == {"detail": "Not Found"}
        assert call(app, path=f"{prefix}/teapot", **options).json == {"detail": "own error"}
        page = call(app, path=f"{prefix}/docs", **options).body.decode()
        assert f"'{prefix}/openapi.json'" in page
        assert call(app, path=f"{prefix}/openapi.json", **options).json["servers"] == [{"url": prefix}]
        assert converse(app, f"{prefix}/ws", **options).messages == [prefix]


def test_litestar_application_can_be_mounted(fastware):
    litestar = pytest.importorskip("litestar")

    @litestar.get("/items/{number:int}", sync_to_thread=False)
    def item(request: litestar.Request) -> dict[str, Any]:
        return {"number": request.path_params["number"]}

    router = fastware.Router()
    router.mount("/v3", litestar.Litestar([item]))
    app = fastware.create_app(router)
    for root_path in ("", "/api"):
        assert call(app, path=f"{root_path}/v3/items/5", root_path=root_path).json == {"number": 5}
        assert call(app, path=f"{root_path}/v3/none", root_path=root_path).status == 404


def test_mount_in_an_application_that_is_mounted_in_starlette(fastware):
    routing = pytest.importorskip("starlette.routing")
    seen = []
    app = routing.Router([routing.Mount("/outer", app=mounting(fastware, "/static", seen=seen))])
    assert served(app, "/outer/static/a") == "/static"
    assert {child["root_path"] for child in seen} == {"/outer/static"}


def test_application_mounted_in_a_framework_prefers_its_own_state(fastware):
    routing = pytest.importorskip("starlette.routing")
    from starlette.applications import Starlette

    router = fastware.Router()

    @router.get("/")
    async def show(request):
        return dict(request.state)

    @router.ws("/ws")
    async def show_ws(websocket):
        await websocket.accept(subprotocol=websocket.state["name"])

    app = fastware.create_app(router)
    app.state["name"] = "inner"
    outer = Starlette(routes=[routing.Mount("/inner", app)])
    state = {"name": "outer", "other": 1}
    assert call(outer, path="/inner/", state=state).json == {"name": "inner", "other": 1}
    assert converse(outer, "/inner/ws", subprotocols=["inner"], state=state).accept["subprotocol"] == "inner"
    assert state == {"name": "outer", "other": 1}
