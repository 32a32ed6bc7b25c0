"""Requests on the wire, to real servers: large bodies, disconnects, split and non-ASCII headers."""

import contextlib
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest
import servers

APP = """
import time
from contextlib import asynccontextmanager
from fastware import Router, create_app, in_thread
from fastware.auth import CSRFMiddleware, rate_limit

router = Router()


@asynccontextmanager
async def lifespan(app):
    print("opened", flush=True)
    yield {"greeting": "hello"}
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


async def failing(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/raise":
        raise RuntimeError("raised by a middleware")
    await app(scope, receive, send)


app = create_app(router, lifespan=lifespan, max_body_size=100_000)
app_with_middleware = create_app(router, middleware=[CSRFMiddleware], lifespan=lifespan)
middleware = CSRFMiddleware(CSRFMiddleware(failing))
"""
TOKENS = {"X-CSRF-Token": "t", "Cookie": "csrf_token=t"}


@contextlib.contextmanager
def served(server, app, folder, **options):
    """Serve *app* and yield its URL and log file. Its lifespan runs once."""
    (folder / "served.py").write_text(APP, encoding="utf-8")
    log = folder / "log"
    with servers.serve(server, f"served:{app}", folder=folder, log=log, **options) as url:
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
