"""The trickiest requests once more, as bytes on the wire: whichever server decodes them, nothing protected runs."""

import contextlib
import re
import socket
from urllib.parse import urlsplit

import pytest
import servers
from attacks import Attack, parameters

APP = """
from fastware import Router, create_app
from fastware.auth import CSRFMiddleware

router = Router()


def runs(name):
    async def handler(request):
        return {"ran": name, "cookie": request.cookie("session"), "body": len(request.body)}

    return handler


for path in ("/login", "/login/help", "/admin"):
    router.post(path)(runs(path))
router.get("/admin")(runs("GET /admin"))
app = create_app(router, middleware=[lambda app: CSRFMiddleware(app, exempt_paths=["/login"])])
"""


@pytest.fixture(scope="module", params=servers.NAMES)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    (folder / "served.py").write_text(APP, encoding="utf-8")
    # The rows know uvicorn's own parser, not httptools, which it takes where that is installed.
    options = ("--http", "h11") if request.param == "uvicorn" else ()
    with servers.serve(request.param, "served:app", folder=folder, options=options) as url:
        yield request.param, url


def exchange(url, request):
    """Send bytes as they are; the status of the answer, and what ran."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
    status = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
    return int(status[1]) if status else None, (re.findall(rb'"ran":"([^"]*)"', received) or [None])[0]


def raw(name, rule, source, line, answer, headers=b"", body=b""):
    """*answer* is the status, with what ran, if anything did; by server where the servers differ."""
    request = line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n" + headers + b"\r\n" + body
    return Attack(name, rule, source, request, answer)


def posted(name, source, target, answer, headers=b""):
    return raw(name, "csrf.exempt", source, b"POST " + target, answer, headers)


EQUAL = b"Cookie: csrf_token=t\r\nX-CSRF-Token: t\r\n"
PATHS = [
    posted("login", "RFC 9112 section 3.2.1", b"/login", (200, b"/login")),
    posted("admin", "RFC 9112 section 3.2.1", b"/admin", 403),
    posted("two-slashes", "CWE-289", b"//login", 403),
    posted("two-slashes-admin", "CWE-289", b"//admin", 403),
    posted("up-and-out", "CWE-22", b"/login/../admin", 404),
    posted("dot", "CWE-22", b"/./login", 403),
    posted("encoded-slashes", "CWE-177", b"/login%2f..%2fadmin", 404),
    posted("encoded-dots", "CWE-177", b"/login/%2e%2e/admin", 404),
    posted("doubly-encoded", "CWE-174", b"/login%252f..%252fadmin", 404),
    posted("encoded-letter", "CWE-177, decoded by the server before the check", b"/%6cogin", (200, b"/login")),
    posted("encoded-admin", "CWE-177, decoded by the server before the check", b"/%61dmin", 403),
    posted("parameter", "RFC 3986 section 3.3, path parameters", b"/login;x", 404),
    posted("parameter-and-up", "CVE-2020-5902, a server that cuts parameters off", b"/login/..;/admin", 404),
    posted("capitals", "CWE-178", b"/LOGIN", 403),
    posted("encoded-nul", "CWE-158", b"/login%00", 404),
    posted("encoded-nul-and-up", "CWE-158", b"/login%00/../admin", 404),
    posted("encoded-line-break", "CWE-93", b"/login%0d%0a/admin", 404),
    posted("encoded-question-mark", "CWE-436", b"/login%3f/../admin", 404),
    posted("encoded-question-mark-on-the-admin", "CWE-436", b"/admin%3f/login", 403),
    posted("query-says-login", "RFC 3986 section 3.4", b"/admin?/login", 403),
    posted("broken-escape", "RFC 3986 section 2.1", b"/login%zz", 404),
    posted("overlong-slash", "RFC 3629 section 10", b"/login%c0%af..%c0%afadmin", 404),
    posted("backslash", "WHATWG URL, backslashes of special schemes", b"/login\\..\\admin", 404),
    posted("absolute-form-of-the-admin", "RFC 9112 section 3.2.2", b"http://x/admin", 403),
    posted("absolute-form-whose-host-is-login", "RFC 9112 section 3.2.2", b"http://login/admin", 403),
    posted(
        "absolute-form-as-a-path", "RFC 9112 section 3.2.2", b"http://x/login@y/admin", {"granian": 404, "uvicorn": 403}
    ),
]


def spelled(name, source, method, answer, headers=b""):
    return raw(name, "csrf.methods", source, method + b" /admin", answer, headers)


METHODS = [
    spelled("get", "RFC 9110 section 9.2.1", b"GET", (200, b"GET /admin")),
    spelled("lowercase-get", "RFC 9110 section 9.1", b"get", 403),
    spelled("odd-case-get", "RFC 9110 section 9.1", b"Get", 403),
    spelled("lowercase-post", "RFC 9110 section 9.1", b"post", 403),
    spelled("trace", "RFC 9110 section 9.3.8", b"TRACE", 403),
    spelled("unknown", "RFC 9110 section 9.1", b"BREW", 403),
    spelled("space-behind", "RFC 9112 section 3", b"GET ", 400),
    spelled("nul-behind", "CWE-158", b"GET\0", 400),
    spelled("post-that-says-get", "CWE-650", b"POST", 403, b"X-HTTP-Method-Override: GET\r\n"),
    spelled("get-that-says-post", "CWE-650", b"GET", (200, b"GET /admin"), b"X-HTTP-Method-Override: POST\r\n"),
]


def smuggled(name, rule, source, headers, answer, body=b""):
    return raw(name, rule, source, b"POST /admin", answer, headers, body)


UNFOLDED = {"granian": 400, "uvicorn": (200, b"/admin")}
"""A server may refuse a folded header, or put spaces in the place of the fold; the application sees no fold."""
CHUNKED = (200, b"/admin")
"""Chunks go before the length: no byte of the body is taken for a request."""


HEADERS = [
    smuggled("equal-tokens", "csrf.double-submit", "RFC 9110 section 5.1", EQUAL, (200, b"/admin")),
    smuggled(
        "odd-case",
        "csrf.double-submit",
        "RFC 9110 section 5.1",
        b"cOOKIE: csrf_token=t\r\nx-cSRF-tOKEN: t\r\n",
        (200, b"/admin"),
    ),
    smuggled(
        "blanks-around-the-value",
        "csrf.double-submit",
        "RFC 9110 section 5.5",
        b"Cookie: \t csrf_token=t \t\r\nX-CSRF-Token: \t t \t\r\n",
        (200, b"/admin"),
    ),
    smuggled(
        "second-header",
        "csrf.double-submit",
        "CWE-235",
        b"Cookie: csrf_token=t\r\nX-CSRF-Token: u\r\nX-CSRF-Token: t\r\n",
        403,
    ),
    smuggled(
        "second-cookie-header",
        "csrf.double-submit",
        "RFC 9113 section 8.2.3",
        b"Cookie: csrf_token=t\r\nCookie: csrf_token=u\r\nX-CSRF-Token: t\r\n",
        403,
    ),
    smuggled(
        "underscores", "csrf.missing", "RFC 3875 section 4.1.18", b"Cookie: csrf_token=t\r\nX_CSRF_Token: t\r\n", 403
    ),
    smuggled(
        "space-before-the-colon",
        "csrf.missing",
        "RFC 9112 section 5.1",
        b"Cookie: csrf_token=t\r\nX-CSRF-Token : t\r\n",
        400,
    ),
    smuggled(
        "folded", "csrf.missing", "RFC 9112 section 5.2", b"Cookie: csrf_token=t\r\nX-CSRF-Token:\r\n t\r\n", UNFOLDED
    ),
    smuggled(
        "nul-in-the-value", "csrf.double-submit", "CWE-158", b"Cookie: csrf_token=t\0\r\nX-CSRF-Token: t\r\n", 400
    ),
    smuggled(
        "bare-carriage-return",
        "csrf.missing",
        "RFC 9112 section 2.2",
        b"X: a\rX-CSRF-Token: t\r\nCookie: csrf_token=t\r\n",
        400,
    ),
    smuggled("bearer-with-a-tab", "csrf.bearer", "RFC 9110 section 11.4", b"Authorization: Bearer\ta.b.c\r\n", 403),
    smuggled("bearer-folded", "csrf.bearer", "RFC 9112 section 5.2", b"Authorization: Bearer\r\n a.b.c\r\n", UNFOLDED),
    smuggled(
        "bearer-behind-basic",
        "csrf.bearer",
        "RFC 9110 section 5.3",
        b"Authorization: Basic eA\r\nAuthorization: Bearer a.b.c\r\n",
        403,
    ),
    smuggled(
        "length-and-chunked",
        "body.size",
        "RFC 9112 section 6.3",
        EQUAL + b"Transfer-Encoding: chunked\r\n",
        CHUNKED,
        b"0\r\n\r\n",
    ),
    smuggled("two-lengths", "body.size", "RFC 9112 section 6.3", EQUAL + b"Content-Length: 5\r\n", 400),
    smuggled("signed-length", "body.size", "RFC 9110 section 8.6", EQUAL + b"Content-Length: +0\r\n", 400),
]


@pytest.mark.parametrize("attack", parameters(PATHS, METHODS, HEADERS))
def test_a_raw_request_runs_what_the_row_names(server, attack):
    name, url = server
    status, ran = exchange(url, attack.given)
    answer = attack.answer[name] if isinstance(attack.answer, dict) else attack.answer
    assert (status, ran) == (answer if isinstance(answer, tuple) else (answer, None))
