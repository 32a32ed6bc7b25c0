"""What a client does on the wire, under real servers: large bodies, early departures, split and odd headers."""

import contextlib
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import servers

APP = """
import asyncio
from contextlib import asynccontextmanager
from fastware import Router, create_app
from fastware.auth import rate_limit

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
    before = request.state.get("visits", 0)
    request.state.visits = before + 1
    return {"visits": request.state["visits"]}


@router.post("/echo")
async def echo(request):
    return {"length": len(request.body)}


@router.get("/cookies")
async def cookies(request):
    return request.cookies


@router.get("/boom")
async def boom(request):
    raise RuntimeError("marked secret")


@router.get("/limited")
@rate_limit("2/hour")
async def limited(request):
    return {}


app = create_app(router, lifespan=lifespan, max_body_size=100_000)
"""


@pytest.fixture(scope="module", params=servers.NAMES)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "served.py").write_text(APP, encoding="utf-8")
    log = folder / "log"
    with servers.serve(request.param, "served:app", folder=folder, log=log) as url:
        yield url, log
    assert "opened" in log.read_text() and "closed" in log.read_text()


@pytest.fixture
def url(server):
    return server[0]


@pytest.fixture
def log(server) -> Path:
    return server[1]


def exchange(url, request):
    """Send bytes as they are, and return what comes back until the server ends or falls silent."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
                if received.count(b"\r\n\r\n") and received.endswith(b"}"):
                    break
        return received


def test_the_state_of_the_lifespan_reaches_requests(url):
    assert httpx.get(f"{url}/greeting").json() == {"greeting": "hello", "client": "127.0.0.1"}


def test_what_one_request_sets_in_the_state_is_not_seen_by_the_next(url):
    with httpx.Client(base_url=url) as client:
        assert [client.get("/visits").json() for _ in range(3)] == [{"visits": 1}] * 3


def test_a_body_up_to_the_limit_is_read(url):
    assert httpx.post(f"{url}/echo", content=b"x" * 100_000).json() == {"length": 100_000}


def test_a_larger_body_is_413(url):
    assert httpx.post(f"{url}/echo", content=b"x" * 100_001).status_code == 413


def test_a_larger_body_of_unknown_length_is_413(url):
    def pieces():
        for _ in range(20):
            yield b"x" * 10_000

    assert httpx.post(f"{url}/echo", content=pieces()).status_code == 413


def test_an_exception_is_a_plain_500_and_a_traceback_in_the_log(url, log):
    answer = httpx.get(f"{url}/boom")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal server error"})
    assert "RuntimeError: marked secret" in log.read_text()


def test_several_cookie_headers_are_read_as_one(url):
    request = b"GET /cookies HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\ncOOkie: b=2; a=3\r\nConnection: close\r\n\r\n"
    assert exchange(url, request).endswith(b'{"a":"3","b":"2"}')


def test_header_bytes_beyond_ascii_are_read_as_latin_1(url):
    request = b'GET /cookies HTTP/1.1\r\nHost: x\r\nCookie: a=\xe9; b="\\351"\r\nConnection: close\r\n\r\n'
    assert exchange(url, request).endswith('{"a":"é","b":"é"}'.encode())


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error(url, log):
    address = urlsplit(url)
    before = len(log.read_text())
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
    time.sleep(0.5)
    assert httpx.get(f"{url}/greeting").status_code == 200
    assert "Traceback" not in log.read_text()[before:]


BROKEN_OFF = {
    "length": b"Content-Length: 100\r\n\r\nabc",
    "chunked": b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "no-chunk": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc",
}


@pytest.mark.parametrize("rest", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_a_body_that_breaks_off_is_no_500(url, rest):
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\n" + rest)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
    # uvicorn says nothing to a client that is half gone.
    assert received == b"" or received.startswith(b"HTTP/1.1 400 ")


def test_a_client_that_ends_its_side_early_gets_its_answer(url):
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab")
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    assert received.endswith(b'{"length":2}')


def test_head_has_the_headers_of_get_and_no_body(url):
    request = b"HEAD /greeting HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    head, _, body = exchange(url, request).partition(b"\r\n\r\n")
    length = len(b'{"greeting":"hello","client":"127.0.0.1"}')
    assert b" 200 " in head and b"content-length: %d" % length in head.lower()
    assert body == b""


def test_a_call_too_many_is_429_with_retry_after(url):
    statuses = [httpx.get(f"{url}/limited").status_code for _ in range(2)]
    refused = httpx.get(f"{url}/limited")
    assert [*statuses, refused.status_code] == [200, 200, 429]
    assert 1790 <= int(refused.headers["retry-after"]) <= 1800
