"""Requests on the wire, to real servers: large bodies, disconnects, non-ASCII headers, WebSockets, mounts."""

import contextlib
import json
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest
import servers

APP = """
import time
from contextlib import asynccontextmanager
from fastware import HTTPError, Router, create_app, in_thread
from fastware.auth import CSRFMiddleware, get_current_user, rate_limit

router = Router()


@asynccontextmanager
async def lifespan(app):
    print("opened", flush=True)
    yield {"greeting": "hello", "config": {"jwt_secret": "a secret of at least 32 bytes for tests"}}
    print("closed", flush=True)


@router.get("/greeting")
async def greeting(request):
    return {"greeting": request.state.greeting, "client": request.client[0]}


@router.get("/visits")
async def visits(request):
    request.state.visits = request.state.get("visits", 0) + 1
    return {"visits": request.state["visits"]}


@router.post("/echo")
async def echo(request):
    return {"length": len(request.body)}


@router.get("/cookies")
async def cookies(request):
    return request.cookies


@router.get("/threads", deps={"value": in_thread(lambda: time.sleep(0.01) or "made")})
def threads(value):
    return {"value": value}


@router.get("/boom")
async def boom(request):
    raise RuntimeError("the cause")


@router.get("/limited")
@rate_limit("2/hour")
async def limited(request):
    return {}


def resource():
    yield "resource"
    print("resource released", flush=True)


@router.ws("/ws/echo", deps={"resource": resource, "number": in_thread(lambda: 1)})
async def ws_echo(websocket, resource):
    await websocket.accept(websocket.subprotocols[0] if websocket.subprotocols else None)
    await websocket.send_json([websocket.state.greeting, websocket.client[0]])
    async for message in websocket:
        await (websocket.send_text if isinstance(message, str) else websocket.send_bytes)(message)


@router.ws("/ws/user", deps={"user": get_current_user})
async def ws_user(websocket, user):
    await websocket.accept()


@router.ws("/ws/limited")
@rate_limit("1/hour")
async def ws_limited(websocket):
    await websocket.accept()


@router.ws("/ws/closes")
async def ws_closes(websocket):
    await websocket.close()


@router.ws("/ws/returns")
async def ws_returns(websocket):
    pass


@router.ws("/ws/boom")
async def ws_boom(websocket):
    raise RuntimeError("the cause in a WebSocket")


@router.ws("/ws/accepted/{what}")
async def ws_accepted(websocket, what):
    await websocket.accept()
    if what == "text":
        await websocket.receive_text()
    if what == "json":
        await websocket.receive_json()
    if what == "close":
        await websocket.close(4000, "bye")
        return
    if what == "forbidden":
        raise HTTPError(403, "é" * 100)
    if what == "boom":
        raise RuntimeError("the cause in a WebSocket")


async def failing(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/raise":
        raise RuntimeError("raised by a middleware")
    await app(scope, receive, send)


app = create_app(router, lifespan=lifespan, max_body_size=100_000)
app_with_middleware = create_app(router, middleware=[CSRFMiddleware], lifespan=lifespan)
middleware = CSRFMiddleware(CSRFMiddleware(failing))
"""
MOUNTS = """
import fastapi
from starlette.staticfiles import StaticFiles
from fastware import Router, create_app
from fastware.auth import CSRFMiddleware
from served import lifespan, router as inner

child = fastapi.FastAPI()


@child.get("/boom")
async def boom():
    raise RuntimeError("raised by FastAPI")


@child.websocket("/ws")
async def ws(websocket: fastapi.WebSocket):
    await websocket.accept()
    await websocket.send_text(websocket.scope["root_path"])
    await websocket.close()


async def failing(scope, receive, send):
    raise RuntimeError("raised by a mounted application")


router = Router()
router.mount("/static", StaticFiles(directory="files", html=True))
router.mount("/v2", child)
router.mount("/inner", create_app(inner))
router.mount("/failing", failing)
app = create_app(router, middleware=[lambda app: CSRFMiddleware(app, exempt_paths=["/v2"])], lifespan=lifespan)
"""
TOKENS = {"X-CSRF-Token": "t", "Cookie": "csrf_token=t"}


@contextlib.contextmanager
def served(server, app, folder, **options):
    """Serve *app* and yield its URL and log file. Its lifespan runs once."""
    (folder / "served.py").write_text(APP, encoding="utf-8")
    (folder / "mounts.py").write_text(MOUNTS, encoding="utf-8")
    log = folder / "log"
    with servers.serve(server, app if ":" in app else f"served:{app}", folder=folder, log=log, **options) as url:
        yield url, log
    assert [log.read_text().count(text) for text in ("opened", "closed")] == [1, 1]


@pytest.fixture(scope="module", params=servers.NAMES)
def server(request, tmp_path_factory):
    with served(request.param, "app", tmp_path_factory.mktemp("served")) as url_and_log:
        yield url_and_log


@pytest.fixture
def url(server):
    return server[0]


@pytest.fixture
def log(server):
    return server[1]


def exchange(url, request, *, half_closes=False):
    """Send bytes unchanged and return all bytes of the response. *half_closes* first ends the client's side."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        if half_closes:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
        return received


def test_state_of_the_lifespan_reaches_requests(url):
    assert httpx.get(f"{url}/greeting").json() == {"greeting": "hello", "client": "127.0.0.1"}


def test_request_does_not_see_what_another_request_set_in_the_state(url):
    with httpx.Client(base_url=url) as client:
        assert [client.get("/visits").json() for _ in range(3)] == [{"visits": 1}] * 3


def test_sync_handler_and_dependency_in_thread_respond(url):
    assert httpx.get(f"{url}/threads").json() == {"value": "made"}


def in_chunks(size):
    """Yield *size* bytes; the client announces no length for an iterator."""
    yield from [b"x" * 10_000] * (size // 10_000)


BODIES = {
    "at-limit": (lambda: b"x" * 100_000, 200),
    "over": (lambda: b"x" * 100_001, 413),
    "at-limit-in-chunks": (lambda: in_chunks(100_000), 200),
    "over-in-chunks": (lambda: in_chunks(200_000), 413),
}


@pytest.mark.parametrize(("make", "status"), BODIES.values(), ids=BODIES.keys())
def test_body_over_the_limit_is_413(url, make, status):
    response = httpx.post(f"{url}/echo", content=make())
    assert response.status_code == status
    assert status == 413 or response.json() == {"length": 100_000}


def test_exception_is_a_bare_500_and_a_traceback_in_the_log(url, log):
    response = httpx.get(f"{url}/boom")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal server error"})
    assert "RuntimeError: the cause" in log.read_text()


COOKIES = {
    "several-headers": (b"Cookie: a=1\r\ncOOkie: b=2; a=3", '{"a":"3","b":"2"}'),
    "latin-1": (b'Cookie: a=\xe9; b="\\351"', '{"a":"é","b":"é"}'),
}


@pytest.mark.parametrize(("headers", "body"), COOKIES.values(), ids=COOKIES.keys())
def test_cookie_headers_are_read(url, headers, body):
    response = exchange(url, b"GET /cookies HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%b\r\n\r\n" % headers)
    assert response.endswith(body.encode())


def test_client_that_disconnects_during_its_body_is_not_an_error(url, log):
    address = urlsplit(url)
    before = len(log.read_text())
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
    time.sleep(0.5)
    assert httpx.get(f"{url}/greeting").status_code == 200
    assert "Traceback" not in log.read_text()[before:]


INCOMPLETE_BODIES = {
    "length": b"Content-Length: 100\r\n\r\nabc",
    "chunk": b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "invalid-chunk": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc",
}


@pytest.mark.parametrize("rest", INCOMPLETE_BODIES.values(), ids=INCOMPLETE_BODIES.keys())
def test_incomplete_body_is_400(url, rest):
    response = exchange(url, b"POST /echo HTTP/1.1\r\nHost: x\r\n" + rest, half_closes=True)
    # uvicorn sends nothing to a client that has closed its side.
    assert response == b"" or response.startswith(b"HTTP/1.1 400 ")


def test_head_has_the_headers_of_get_and_no_body(url):
    response = exchange(url, b"HEAD /greeting HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = response.partition(b"\r\n\r\n")
    assert b" 200 " in head
    assert b"content-length: %d" % len('{"greeting":"hello","client":"127.0.0.1"}') in head.lower()
    assert body == b""


def test_rate_limited_handler_is_429_with_retry_after(url):
    responses = [httpx.get(f"{url}/limited") for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert 1790 <= int(responses[2].headers["retry-after"]) <= 1800


# WebSockets


def connected(url, path, **options):
    """Return a connection of the library websockets."""
    client = pytest.importorskip("websockets.sync.client")
    return client.connect(url.replace("http", "ws", 1) + path, **options)


def rejection(url, path, **options):
    """Return the response of a server that rejects a WebSocket."""
    exceptions = pytest.importorskip("websockets.exceptions")
    with pytest.raises(exceptions.InvalidStatus) as raised, connected(url, path, **options):
        pass
    return raised.value.response


def test_websocket_echoes_messages_and_releases_resources_at_its_end(url, log):
    before = log.read_text()
    with connected(url, "/ws/echo", subprotocols=["v1", "v2"]) as websocket:
        assert websocket.subprotocol == "v1"
        assert websocket.recv(timeout=10) == '["hello","127.0.0.1"]'
        for message in ("Zoë 愛", b"\x00\xff", "", b"", "x" * 100_000):
            websocket.send(message)
            assert websocket.recv(timeout=10) == message
        assert "resource released" not in log.read_text()[len(before) :]
    wait_for(lambda: "resource released" in log.read_text()[len(before) :])
    assert "Traceback" not in log.read_text()[len(before) :]


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_websocket_of_a_client_that_vanishes_releases_resources(url, log):
    before = len(log.read_text())
    with connected(url, "/ws/echo") as websocket:
        websocket.recv(timeout=10)
        websocket.socket.shutdown(socket.SHUT_RDWR)
    wait_for(lambda: "resource released" in log.read_text()[before:])
    assert "Traceback" not in log.read_text()[before:]


REJECTIONS = {
    # path, status, detail, header
    "no-token": ("/ws/user", 401, "Not authenticated"),
    "no-route": ("/ws/none", 404, "Not found"),
    "http-route": ("/greeting", 404, "Not found"),
    "not-accepted": ("/ws/returns", 403, "The WebSocket was not accepted"),
    "exception": ("/ws/boom", 500, "Internal server error"),
    "closed": ("/ws/closes", 403, None),
}


@pytest.mark.parametrize(("path", "status", "detail"), REJECTIONS.values(), ids=REJECTIONS.keys())
def test_websocket_that_is_not_accepted_gets_a_response(url, path, status, detail):
    response = rejection(url, path)
    assert response.status_code == status
    assert detail is None or json.loads(bytes(response.body)) == {"detail": detail}
    assert (status == 401) == ("www-authenticate" in response.headers)


def test_rate_limited_websocket_is_429_with_retry_after(url):
    with connected(url, "/ws/limited"):
        pass
    response = rejection(url, "/ws/limited")
    assert response.status_code == 429
    assert 3590 <= int(response.headers["retry-after"]) <= 3600


CLOSINGS = {
    # path, message to send, code and reason
    "normal": ("/ws/accepted/nothing", None, (1000, "")),
    "own-code": ("/ws/accepted/close", None, (4000, "bye")),
    "http-error": ("/ws/accepted/forbidden", None, (1008, "é" * 61)),
    "exception": ("/ws/accepted/boom", None, (1011, "Internal server error")),
    "bytes-for-text": ("/ws/accepted/text", b"bytes", (1003, "Expected a text message")),
    "invalid-json": ("/ws/accepted/json", "{", (1007, "Invalid JSON")),
}


@pytest.mark.parametrize(("path", "message", "closed"), CLOSINGS.values(), ids=CLOSINGS.keys())
def test_accepted_websocket_is_closed_with_a_code(url, path, message, closed):
    exceptions = pytest.importorskip("websockets.exceptions")
    with connected(url, path) as websocket:
        if message is not None:
            websocket.send(message)
        with pytest.raises(exceptions.ConnectionClosed) as raised:
            websocket.recv(timeout=10)
    assert (raised.value.rcvd.code, raised.value.rcvd.reason) == closed


# Middleware, mounted applications, other servers


@pytest.mark.parametrize("server", servers.NAMES)
def test_mounted_applications_are_served(tmp_path, server):
    pytest.importorskip("fastapi")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "index.html").write_text("index")
    (tmp_path / "files" / "large.txt").write_text("x" * 500_000)
    with served(server, "mounts:app", tmp_path) as (url, log), httpx.Client(base_url=url) as client:
        assert client.get("/static/").text == "index"
        assert client.get("/static", follow_redirects=True).text == "index"
        assert len(client.get("/static/large.txt").content) == 500_000
        assert client.get("/static/large.txt", headers={"Range": "bytes=0-9"}).text == "x" * 10
        assert (client.get("/static/none").status_code, client.get("/static/none").text) == (404, "Not Found")
        assert "'/v2/openapi.json'" in client.get("/v2/docs").text
        assert client.get("/v2/openapi.json").json()["servers"] == [{"url": "/v2"}]
        assert client.get("/v2/none").json() == {"detail": "Not Found"}
        assert client.get("/inner/greeting").json() == {"greeting": "hello", "client": "127.0.0.1"}
        assert client.post("/inner/echo", content=b"x").json() == {"detail": "Missing CSRF token"}
        assert client.post("/inner/echo", content=b"x" * 200_000, headers=TOKENS).json() == {"length": 200_000}
        assert client.get("/none").json() == {"detail": "Not found"}
        for path, cause in (("/v2/boom", "raised by FastAPI"), ("/failing", "raised by a mounted application")):
            response = client.get(path)
            assert (response.status_code, "detail" in response.text) == (500, False)
            wait_for(lambda cause=cause: cause in log.read_text())
        with connected(url, "/inner/ws/echo") as websocket:
            assert websocket.recv(timeout=10) == '["hello","127.0.0.1"]'
        with connected(url, "/v2/ws") as websocket:
            assert websocket.recv(timeout=10) == "/v2"
        assert rejection(url, "/static/ws").status_code == 403
        assert rejection(url, "/inner/ws/user").status_code == 401


@pytest.mark.parametrize("server", servers.NAMES)
@pytest.mark.parametrize("app", ["app_with_middleware", "middleware"])
def test_csrf_middleware_is_served_inside_and_outside_of_the_application(tmp_path, server, app):
    with served(server, app, tmp_path) as (url, log), httpx.Client(base_url=url) as client:
        assert client.get("/greeting").json()["greeting"] == "hello"
        rejected = client.post("/echo", content=b"x" * 1_000)
        assert (rejected.status_code, rejected.json()) == (403, {"detail": "Missing CSRF token"})
        assert client.post("/echo", content=b"x", headers=TOKENS | {"Cookie": "csrf_token=u"}).status_code == 403
        assert client.post("/echo", content=b"x" * 1_000, headers=TOKENS).json() == {"length": 1_000}
        assert client.delete("/echo", headers=TOKENS).status_code == 405
        assert client.get("/raise").status_code == (500 if app == "middleware" else 404)
        assert client.get("/greeting").status_code == 200
        assert app != "middleware" or "raised by a middleware" in log.read_text()


def test_hypercorn_serves_the_application_with_trio(tmp_path):
    pytest.importorskip("hypercorn")
    pytest.importorskip("trio")
    with served("hypercorn", "app", tmp_path, options=["-k", "trio"]) as (url, log):
        assert httpx.get(f"{url}/greeting").json() == {"greeting": "hello", "client": "127.0.0.1"}
        assert httpx.get(f"{url}/threads").json() == {"value": "made"}
        assert httpx.post(f"{url}/echo", content=in_chunks(200_000)).status_code == 413
        assert httpx.get(f"{url}/boom").json() == {"detail": "Internal server error"}
        assert "RuntimeError: the cause" in log.read_text()
        with connected(url, "/ws/echo") as websocket:
            assert websocket.recv(timeout=10) == '["hello","127.0.0.1"]'
        assert rejection(url, "/ws/user").status_code == 401
