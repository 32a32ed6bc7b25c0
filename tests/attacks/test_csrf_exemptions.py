"""Tricks around exempt paths: what the check lets past, and what the router then runs of it.

The check and the router read one string. So a path that the check takes for exempt is looked up as exactly that path,
and ends at a handler below the exempt prefix, or nowhere.
"""

from dataclasses import dataclass

import asgi_client
import pytest
from attacks import Attack, parameters

REFUSED = (403, {"detail": "Missing CSRF token"})
NOWHERE = (404, {"detail": "Not found"})
TRAVERSAL = "CWE-22"
ROUTES = ["/login", "/login/help", "/files/{rest:path}", "/users/{name}", "/admin", "/admin/users", "/"]


@dataclass(frozen=True)
class Posted:
    """A POST without a token, its path as the server decoded it."""

    path: str
    exempt: tuple = ("/login",)
    root_path: str = ""
    raw_path: bytes | None = None


def ran(path):
    return 200, {"ran": path}


def post(name, source, path, answer, exempt=("/login",), **rest):
    return Attack(name, "csrf.exempt", source, Posted(path, exempt, **rest), answer)


PREFIXES = [
    post("the-path", "OWASP Cross-Site Request Forgery Prevention Cheat Sheet", "/login", ran("/login")),
    post("below-it", "OWASP Cross-Site Request Forgery Prevention Cheat Sheet", "/login/help", ran("/login/help")),
    post("another", "OWASP Cross-Site Request Forgery Prevention Cheat Sheet", "/admin", REFUSED),
    post("root", "CWE-1188", "/", REFUSED),
    post("shorter", "CWE-187", "/logi", REFUSED),
    post("longer", "CWE-187", "/login-as", NOWHERE),
    post("not-at-the-beginning", "CWE-187", "/admin/login", REFUSED),
    post("in-the-middle", "CWE-187", "/x/login/x", REFUSED),
    post("other-case", "CWE-178", "/LOGIN", REFUSED),
    post("odd-case", "CWE-178", "/Login", REFUSED),
    post("slash-behind", "CWE-289", "/login/", NOWHERE),
    post("slashes-behind", "CWE-289", "/login//", NOWHERE),
    post("two-slashes-in-front", "CWE-289", "//login", REFUSED),
    post("host-in-front", "RFC 3986 section 3.2", "//x/login", REFUSED),
    post("no-slash-in-front", "RFC 9112 section 3.2.1", "login", REFUSED),
    post("no-path", "RFC 9112 section 3.2.1", "", REFUSED),
    post("asterisk", "RFC 9112 section 3.2.4", "*", REFUSED),
    post("absolute-form", "RFC 9112 section 3.2.2", "http://x/login", REFUSED),
    post("backslash-in-front", "WHATWG URL, backslashes of special schemes", "\\login", REFUSED),
    post("slash-and-backslash", "WHATWG URL, backslashes of special schemes", "/\\login", REFUSED),
    post("prefix-with-a-slash", "CWE-289", "/login", REFUSED, ("/login/",)),
    post("all-are-exempt", "CWE-1188, what was asked for", "/admin", ran("/admin"), ("/",)),
    post("all-are-exempt-but-what-has-no-slash", "RFC 9112 section 3.2.1", "admin", REFUSED, ("/",)),
    post("wildcards-are-letters", "CWE-155", "/admin", REFUSED, ("/*", "/a*", "/.*", "/{name}")),
    post("empty-list", "CWE-1188", "/login", REFUSED, ()),
    post("second-of-two", "CWE-187", "/admin/users", ran("/admin/users"), ("/login", "/admin/")),
    post("beside-the-second-of-two", "CWE-187", "/admin", REFUSED, ("/login", "/admin/")),
]

TRICKS = [
    post("up-and-out", TRAVERSAL, "/login/../admin", NOWHERE),
    post("up-and-out-twice", TRAVERSAL, "/login/../../admin", NOWHERE),
    post("up-and-out-below", TRAVERSAL, "/login/help/../../admin", NOWHERE),
    post("up-by-a-suffix", TRAVERSAL, "/login../admin", NOWHERE),
    post("dot", TRAVERSAL, "/./login", REFUSED),
    post("dot-behind", TRAVERSAL, "/login/.", NOWHERE),
    post("dot-before-the-admin", TRAVERSAL, "/./admin", REFUSED),
    post("up-into-it", TRAVERSAL, "/x/../login", REFUSED),
    post("up-to-the-admin", TRAVERSAL, "/x/../admin", REFUSED),
    post(
        "encoded-slash-that-the-server-decoded", "CWE-177", "/login/../admin", NOWHERE, raw_path=b"/login%2f..%2fadmin"
    ),
    post(
        "encoded-dots-that-the-server-decoded", "CWE-177", "/login/../admin", NOWHERE, raw_path=b"/login/%2e%2e/admin"
    ),
    post("raw-path-says-login", "ASGI HTTP Connection Scope, raw_path", "/admin", REFUSED, raw_path=b"/login"),
    post("raw-path-says-admin", "ASGI HTTP Connection Scope, raw_path", "/login", ran("/login"), raw_path=b"/admin"),
    post("doubly-encoded-slash", "CWE-174", "/login%2f..%2fadmin", NOWHERE),
    post("doubly-encoded-name", "CWE-174", "/%6cogin", REFUSED),
    post("doubly-encoded-admin", "CWE-174", "/%61dmin", REFUSED),
    post("overlong-slash", "RFC 3629 section 10", "/login\xc0\xaf..\xc0\xafadmin", NOWHERE),
    post("parameter-of-a-segment", "RFC 3986 section 3.3, path parameters", "/login;x", NOWHERE),
    post("parameter-and-up", "CVE-2020-5902, a server that cuts parameters off", "/login/..;/admin", NOWHERE),
    post("parameter-on-the-admin", "CVE-2020-1957, a filter and a router that differ", "/admin;/login", REFUSED),
    post("session-parameter", "RFC 3986 section 3.3, path parameters", "/login;jsessionid=x/../admin", NOWHERE),
    post("query-in-the-path", "CWE-436", "/admin?/login", REFUSED),
    post("query-behind-the-login", "CWE-436", "/login?/../admin", NOWHERE),
    post("fragment-in-the-path", "CWE-436", "/login#/../admin", NOWHERE),
    post("nul-behind", "CWE-158", "/login\0", NOWHERE),
    post("nul-and-more", "CWE-158", "/login\0/../admin", NOWHERE),
    post("nul-on-the-admin", "CWE-158", "/admin\0/login", REFUSED),
    post("line-feed-behind", "CWE-93", "/login\n", NOWHERE),
    post("line-feed-and-admin", "CWE-93", "/login\n/admin", NOWHERE),
    post("space-behind", "CWE-289", "/login ", NOWHERE),
    post("space-in-front", "CWE-289", " /login", REFUSED),
    post("dot-of-windows", "CWE-289", "/login.", NOWHERE),
    post("extension", "CWE-289", "/login.json", NOWHERE),
    post("extension-on-the-admin", "CWE-289", "/admin.json", REFUSED),
    post("backslash-and-up", "WHATWG URL, backslashes of special schemes", "/login\\..\\admin", NOWHERE),
    post("slash-and-admin", "CWE-289", "/login//admin", NOWHERE),
    post("whole-path-behind", "CWE-436", "/login/admin", NOWHERE),
    post("two-slashes-before-the-admin", "CWE-289", "//admin", REFUSED),
    post("slash-behind-the-admin", "CVE-2023-20860, a filter and a router that differ", "/admin/", REFUSED),
    post("fullwidth-slash", "Unicode UAX 15, NFKC", "/login／..／admin", NOWHERE),
    post("division-slash", "Unicode UTS 39, confusables", "/login∕..∕admin", NOWHERE),
    post("fullwidth-name", "Unicode UAX 15, NFKC", "/ｌogin", REFUSED),
    post("kelvin-sign", "Unicode CaseFolding", "/\u212aey", REFUSED, ("/key",)),
    post("composed-prefix", "Unicode UAX 15, NFC and NFD", "/cafe\u0301", REFUSED, ("/caf\u00e9",)),
    post("decomposed-prefix", "Unicode UAX 15, NFC and NFD", "/caf\u00e9", REFUSED, ("/cafe\u0301",)),
    post("zero-width-joiner", "Unicode UTS 39, confusables", "/\u200dlogin", REFUSED),
    post("lone-surrogate-behind", "Unicode chapter 3.8, surrogates", "/login\udc80", NOWHERE),
    post("parameter-that-is-a-path", TRAVERSAL, "/files/../admin", ran("/files/{rest:path}"), ("/files",)),
    post("parameter-that-climbs", TRAVERSAL, "/users/..", ran("/users/{name}"), ("/users/",)),
    post("parameter-that-climbs-on", TRAVERSAL, "/users/../admin", NOWHERE, ("/users/",)),
]

MOUNTED = [
    post("mounted", "ASGI HTTP Connection Scope, root_path", "/api/login", ran("/login"), root_path="/api"),
    post("mounted-admin", "ASGI HTTP Connection Scope, root_path", "/api/admin", REFUSED, root_path="/api"),
    post(
        "mounted-without-the-prefix", "ASGI HTTP Connection Scope, root_path", "/login", ran("/login"), root_path="/api"
    ),
    post("mounted-with-a-slash", "ASGI HTTP Connection Scope, root_path", "/api/admin", REFUSED, root_path="/api/"),
    post(
        "mounted-at-the-exemption", "ASGI HTTP Connection Scope, root_path", "/login/admin", REFUSED, root_path="/login"
    ),
    post(
        "mounted-at-the-exemption-itself",
        "ASGI HTTP Connection Scope, root_path",
        "/login",
        REFUSED,
        root_path="/login",
    ),
    post(
        "mounted-at-the-exemption-twice",
        "ASGI HTTP Connection Scope, root_path",
        "/login/login",
        ran("/login"),
        root_path="/login",
    ),
    post("mounted-beside", "CWE-187", "/apis/login", REFUSED, root_path="/api"),
    post("mounted-twice-in-front", "CWE-289", "//api/login", REFUSED, root_path="/api"),
    post("mounted-and-up", TRAVERSAL, "/api/../login", REFUSED, root_path="/api"),
    post("mounted-and-out-of-the-login", TRAVERSAL, "/api/login/../admin", NOWHERE, root_path="/api"),
    post("mounted-in-another-case", "CWE-178", "/API/login", REFUSED, root_path="/api"),
    post("mounted-at-a-slash", "ASGI HTTP Connection Scope, root_path", "/admin", REFUSED, root_path="/"),
    post("mounted-at-the-admin", "ASGI HTTP Connection Scope, root_path", "/admin/admin", REFUSED, root_path="/admin"),
    post(
        "mounted-whose-rest-has-no-slash",
        "ASGI HTTP Connection Scope, root_path",
        "/apilogin",
        REFUSED,
        root_path="/api",
    ),
]


def runs(route):
    async def handler():
        return {"ran": route}

    return handler


@pytest.fixture(scope="module")
def router(fastware):
    made = fastware.Router()
    for route in ROUTES:
        made.post(route)(runs(route))
    return made


@pytest.mark.parametrize("attack", parameters(PREFIXES, TRICKS, MOUNTED))
def test_an_exemption_opens_what_is_below_it_and_nothing_else(fastware, auth, router, attack):
    posted = attack.given
    app = fastware.create_app(router, middleware=[lambda app: auth.CSRFMiddleware(app, exempt_paths=posted.exempt)])

    async def server(scope, receive, send):
        raw_path = scope["raw_path"] if posted.raw_path is None else posted.raw_path
        await app({**scope, "path": posted.path, "root_path": posted.root_path, "raw_path": raw_path}, receive, send)

    answer = asgi_client.call(server, "POST", "/")
    assert (answer.status, answer.json) == attack.answer


UNFIT = [
    Attack("one-str", "csrf.exempt", "CWE-1287, each letter would be a prefix", "/login", "must be a list"),
    Attack("bytes", "csrf.exempt", "CWE-1287", [b"/login"], "must be str, not bytes"),
    Attack("one-bytes", "csrf.exempt", "CWE-1287, iterates as numbers", b"/login", "must be str, not int"),
    Attack("none-in-it", "csrf.exempt", "CWE-1287", ["/login", None], "must be str, not NoneType"),
    Attack("empty", "csrf.exempt", "CWE-187, begins every path", ["/login", ""], "must start with '/'"),
    Attack("no-slash", "csrf.exempt", "CWE-187", ["login"], "must start with '/'"),
    Attack("wildcard", "csrf.exempt", "CWE-155", ["*"], "must start with '/'"),
    Attack("blank-in-front", "csrf.exempt", "CWE-187", [" /login"], "must start with '/'"),
]


@pytest.mark.parametrize("attack", parameters(UNFIT))
def test_what_is_no_list_of_prefixes_is_refused_at_once(auth, attack):
    with pytest.raises((TypeError, ValueError)) as raised:
        auth.CSRFMiddleware(None, exempt_paths=attack.given)
    assert attack.answer in str(raised.value)
