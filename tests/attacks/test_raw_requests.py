"""The same attacks as bytes on the wire: with each server, no protected handler runs."""

import contextlib
import re
import socket
from urllib.parse import urlsplit

import pytest
import servers
from attacks import Attack, attacks, each, pairs, row

APP = """
from fastware import Router, create_app
from fastware.auth import CSRFMiddleware

router = Router()


def respond(name):
    async def handler(request):
        return {"ran": name, "cookie": request.cookie("session"), "body": len(request.body)}

    return handler


for path in ("/login", "/login/help", "/admin"):
    router.post(path)(respond(path))
router.get("/admin")(respond("GET /admin"))
app = create_app(router, middleware=[lambda app: CSRFMiddleware(app, exempt_paths=["/login"])])
"""


@pytest.fixture(scope="module", params=servers.NAMES)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    (folder / "served.py").write_text(APP, encoding="utf-8")
    # The rows are written for uvicorn's parser h11; if httptools is installed, uvicorn uses that by default.
    options = ("--http", "h11") if request.param == "uvicorn" else ()
    with servers.serve(request.param, "served:app", folder=folder, options=options) as url:
        yield request.param, url


def exchange(url, request):
    """Send the bytes; return the status of the response, and the handler that ran."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
    status = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
    return int(status[1]) if status else None, (re.findall(rb'"ran":"([^"]*)"', received) or [None])[0]


# The expected result is the status, with the handler if one runs; by server if the servers differ.


def raw(line, headers=b"", body=b""):
    return line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n" + headers + b"\r\n" + body


def posted(headers):
    return raw(b"POST /admin", headers)


def method(name, source, method, expected, headers=b""):
    return Attack(f"method-{name}", "csrf.methods", source, raw(method + b" /admin", headers), expected)


path = row("csrf.exempt", prefix="path-", of=lambda target: raw(b"POST " + target))
double_submit = row("csrf.double-submit", of=posted)
missing = row("csrf.missing", of=posted)
bearer = row("csrf.bearer", of=posted)
body_size = row("body.size", of=posted)

COOKIE = b"Cookie: csrf_token=t\r\n"
EQUAL = COOKIE + b"X-CSRF-Token: t\r\n"
CHUNKED = (EQUAL + b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n")
PATHS = [
    *pairs(path, "RFC 9112 section 3.2.1", {b"/login": (200, b"/login"), b"/admin": 403}),
    *each(path, "CWE-289", b"//login", b"//admin", expected=403),
    *pairs(path, "CWE-22", {b"/login/../admin": 404, b"/./login": 403}),
    *each(path, "CWE-177", b"/login%2f..%2fadmin", b"/login/%2e%2e/admin", expected=404),
    path("slashes-encoded-twice", "CWE-174", b"/login%252f..%252fadmin", 404),
    *pairs(path, "CWE-177, decoded before the check", {b"/%6cogin": (200, b"/login"), b"/%61dmin": 403}),
    path("path-parameter", "RFC 3986 section 3.3, path parameters", b"/login;x", 404),
    path("path-parameter-and-dot-dot", "CVE-2020-5902, a server that cuts parameters off", b"/login/..;/admin", 404),
    path("uppercase", "CWE-178", b"/LOGIN", 403),
    *each(path, "CWE-158", b"/login%00", b"/login%00/../admin", expected=404),
    path("encoded-line-break", "CWE-93", b"/login%0d%0a/admin", 404),
    *pairs(path, "CWE-436", {b"/login%3f/../admin": 404, b"/admin%3f/login": 403}),
    path("exempt-path-in-query", "RFC 3986 section 3.4", b"/admin?/login", 403),
    path("malformed-escape", "RFC 3986 section 2.1", b"/login%zz", 404),
    path("overlong-slash", "RFC 3629 section 10", b"/login%c0%af..%c0%afadmin", 404),
    path("backslashes-for-slashes", "WHATWG URL, backslashes", b"/login\\..\\admin", 404),
    *each(path, "RFC 9112 section 3.2.2", b"http://x/admin", b"http://login/admin", expected=403),
    path("user-information", "RFC 9112 section 3.2.2", b"http://x/login@y/admin", {"granian": 404, "uvicorn": 403}),
]
METHODS = [
    method("get", "RFC 9110 section 9.2.1", b"GET", (200, b"GET /admin")),
    *each(method, "RFC 9110 section 9.1", b"get", b"Get", b"post", b"BREW", expected=403),
    method("trace", "RFC 9110 section 9.3.8", b"TRACE", 403),
    method("get-and-space", "RFC 9112 section 3", b"GET ", 400),
    method("get-and-nul", "CWE-158", b"GET\0", 400),
    method("post-overridden-by-get", "CWE-650", b"POST", 403, b"X-HTTP-Method-Override: GET\r\n"),
    method("get-overridden-by-post", "CWE-650", b"GET", (200, b"GET /admin"), b"X-HTTP-Method-Override: POST\r\n"),
]

ADMIN_RAN = (200, b"/admin")
# A server rejects a folded header, or replaces the fold with spaces. The application never gets a fold.
UNFOLDED = {"granian": 400, "uvicorn": ADMIN_RAN}
HEADERS = [
    double_submit("equal-tokens", "RFC 9110 section 5.1", EQUAL, ADMIN_RAN),
    double_submit("mixed-case", "RFC 9110 section 5.1", b"cOOKIE: csrf_token=t\r\nx-cSRF-tOKEN: t\r\n", ADMIN_RAN),
    double_submit(
        "whitespace-around-header-values",
        "RFC 9110 section 5.5",
        b"Cookie: \t csrf_token=t \t\r\nX-CSRF-Token: \t t \t\r\n",
        ADMIN_RAN,
    ),
    double_submit("second-header-equals-cookie", "CWE-235", COOKIE + b"X-CSRF-Token: u\r\nX-CSRF-Token: t\r\n", 403),
    double_submit(
        "header-equals-first-cookie-header",
        "RFC 9113 section 8.2.3",
        COOKIE + b"Cookie: csrf_token=u\r\nX-CSRF-Token: t\r\n",
        403,
    ),
    missing("underscores-in-header-name", "RFC 3875 section 4.1.18", COOKIE + b"X_CSRF_Token: t\r\n", 403),
    missing("space-before-colon", "RFC 9112 section 5.1", COOKIE + b"X-CSRF-Token : t\r\n", 400),
    missing("folded-header", "RFC 9112 section 5.2", COOKIE + b"X-CSRF-Token:\r\n t\r\n", UNFOLDED),
    double_submit("nul-in-cookie", "CWE-158", b"Cookie: csrf_token=t\0\r\nX-CSRF-Token: t\r\n", 400),
    missing("bare-carriage-return", "RFC 9112 section 2.2", b"X: a\rX-CSRF-Token: t\r\n" + COOKIE, 400),
    bearer("tab-after-bearer", "RFC 9110 section 11.4", b"Authorization: Bearer\ta.b.c\r\n", 403),
    bearer("folded-bearer-header", "RFC 9112 section 5.2", b"Authorization: Bearer\r\n a.b.c\r\n", UNFOLDED),
    bearer("after-basic", "RFC 9110 section 5.3", b"Authorization: Basic eA\r\nAuthorization: Bearer a.b.c\r\n", 403),
    Attack("content-length-and-chunked", "body.size", "RFC 9112 section 6.3", raw(b"POST /admin", *CHUNKED), ADMIN_RAN),
    body_size("two-content-lengths", "RFC 9112 section 6.3", EQUAL + b"Content-Length: 5\r\n", 400),
    body_size("signed-content-length", "RFC 9110 section 8.6", EQUAL + b"Content-Length: +0\r\n", 400),
]


@attacks(PATHS, METHODS, HEADERS)
def test_raw_request_is_rejected_or_runs_the_expected_handler(server, attack):
    name, url = server
    expected = attack.expected[name] if isinstance(attack.expected, dict) else attack.expected
    assert exchange(url, attack.input) == (expected if isinstance(expected, tuple) else (expected, None))
