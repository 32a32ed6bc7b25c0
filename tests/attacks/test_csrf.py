"""CSRF: forged requests, exempt paths, methods and other scopes, with a whole application.

The middleware and the router compare the same string: an exempt path reaches the handler of exactly that path, or none.
"""

import asyncio
from dataclasses import dataclass

import asgi_client
import pytest
from attacks import Attack, attacks, each, pairs, row

MISSING = (403, {"detail": "Missing CSRF token"})
MISMATCH = (403, {"detail": "CSRF token mismatch"})
NOT_FOUND = (404, {"detail": "Not found"})
NOT_ALLOWED = (405, {"detail": "Method not allowed"})
READ = (200, {"ran": "GET /account"})
CHANGED = (200, {"ran": "POST /account"})
DELETED = (200, {"ran": "DELETE /account"})
OWASP = "OWASP Cross-Site Request Forgery Prevention Cheat Sheet"
PLANTED = f"{OWASP}, naive double submit: a subdomain sets a cookie"
PARAMETERS_CUT = "CVE-2020-5902, a server that cuts parameters off"
NORMAL_FORMS = "Unicode UAX 15, NFC and NFD"
ASCII_ONLY = "CPython hmac.compare_digest, ASCII str"
UNQUOTE = "CPython http.cookies, _unquote"
FIELD_VALUE = "RFC 9110 section 5.5"
PATH_PARAMETERS = "RFC 3986 section 3.3, path parameters"
BACKSLASHES = "WHATWG URL, backslashes of special schemes"
ROOT_PATH = "ASGI HTTP Connection Scope, root_path"
POSTED = ["/login", "/login/help", "/files/{rest:path}", "/users/{name}", "/admin", "/admin/users", "/", "/account"]


@dataclass(frozen=True)
class Sent:
    """A request as the server passes it on, and the exempt paths of the middleware."""

    method: str = "POST"
    headers: tuple = ()
    path: str = "/account"
    query: str = ""
    body: bytes = b""
    exempt: tuple = ()
    root_path: str = ""
    raw_path: bytes | None = None


def ran(path):
    return 200, {"ran": f"POST {path}"}


def pair(cookie, header):
    """Return a Cookie header and an X-CSRF-Token header, each unless it is ``None``."""
    named = (("cookie", cookie), ("x-csrf-token", header))
    return tuple((name, value) for name, value in named if value is not None)


COOKIE = ("cookie", "csrf_token=t")
HEADER = ("x-csrf-token", "t")
EQUAL = pair("csrf_token=t", "t")


def authorization(value):
    values = value if isinstance(value, tuple) else (value,)
    return tuple(("authorization", item) for item in values)


def tokens(name, source, headers, expected):
    rule = "csrf.missing" if expected == MISSING else "csrf.double-submit"
    return Attack(name, rule, source, Sent(headers=tuple(headers)), expected)


TOKENS = [
    tokens("neither-cookie-nor-header", OWASP, (), MISSING),
    tokens("cookie-only", OWASP, pair("csrf_token=t", None), MISSING),
    tokens("header-only", OWASP, pair(None, "t"), MISSING),
    tokens("empty-cookie", "CWE-1025", pair("csrf_token=", "t"), MISSING),
    tokens("empty-header", "CWE-1025", pair("csrf_token=t", ""), MISSING),
    tokens("both-empty", "CWE-1025, two empty tokens are equal", pair("csrf_token=", ""), MISSING),
    tokens("quoted-empty-cookie", "RFC 6265 section 4.1.1", pair('csrf_token=""', ""), MISSING),
    tokens("quoted-empty-cookie-and-quotes", "RFC 6265 section 4.1.1", pair('csrf_token=""', '""'), MISSING),
    tokens("whitespace-cookie-and-empty-header", "RFC 6265 section 5.2", pair("csrf_token= \t ", ""), MISSING),
    tokens("whitespace-cookie-and-whitespace-header", "RFC 6265 section 5.2", pair("csrf_token= ", " "), MISSING),
    tokens("last-cookie-empty", "CWE-235", pair("csrf_token=t; csrf_token=", "t"), MISSING),
    tokens("first-header-empty", "CWE-235", [*pair("csrf_token=t", ""), ("x-csrf-token", "t")], MISSING),
    tokens("cookie-without-equals-sign", "RFC 6265 section 5.2", pair("csrf_token", "csrf_token"), MISSING),
    tokens("nameless-cookie", "RFC 6265bis section 5.8.3", pair("=csrf_token=t", "t"), MISSING),
    tokens("cookie-name-in-other-case", "CWE-178", pair("CSRF_TOKEN=t; Csrf_Token=t", "t"), MISSING),
    tokens("similar-cookie-names", "CWE-187", pair("csrf-token=t; csrftoken=t; xsrf_token=t", "t"), MISSING),
    tokens("host-prefixed-cookie", "RFC 6265bis section 4.1.3.2", pair("__Host-csrf_token=t", "t"), MISSING),
    tokens("similar-header-name", "CWE-287", [COOKIE, ("x-xsrf-token", "t")], MISSING),
    tokens("underscores-in-header-name", "RFC 3875 section 4.1.18", [COOKIE, ("x_csrf_token", "t")], MISSING),
    tokens("space-after-header-name", "RFC 9112 section 5.1", [COOKIE, ("x-csrf-token ", "t")], MISSING),
    tokens("cookie2-header", "RFC 2965 section 3.3.5", [("cookie2", "csrf_token=t"), HEADER], MISSING),
    tokens("set-cookie-header", "RFC 6265 section 4.1", [("set-cookie", "csrf_token=t"), HEADER], MISSING),
    tokens("different-tokens", OWASP, pair("csrf_token=t", "u"), MISMATCH),
    tokens("tokens-differ-in-case", "CWE-178", pair("csrf_token=t", "T"), MISMATCH),
    tokens("header-is-prefix-of-cookie", "CWE-187", pair("csrf_token=token", "tok"), MISMATCH),
    tokens("cookie-is-prefix-of-header", "CWE-187", pair("csrf_token=tok", "token"), MISMATCH),
    tokens("tokens-differ-in-last-byte", "CWE-187", pair("csrf_token=" + "t" * 64, "t" * 63 + "u"), MISMATCH),
    tokens("tokens-differ-after-nul", "CWE-158", pair("csrf_token=t\0a", "t\0b"), MISMATCH),
    tokens("nul-after-header-value", "CWE-158", pair("csrf_token=t", "t\0"), MISMATCH),
    tokens("trailing-space-in-header", FIELD_VALUE, pair("csrf_token=t", "t "), CHANGED),
    tokens("trailing-vertical-tab-in-cookie", "CWE-444, str.strip", pair("csrf_token=t\x0b", "t"), MISMATCH),
    tokens("quoted-header", "RFC 6265 section 4.1.1", pair("csrf_token=t", '"t"'), MISMATCH),
    tokens("cookie-and-header-quoted", "RFC 6265 section 4.1.1", pair('csrf_token="t"', '"t"'), MISMATCH),
    tokens("octal-escape-in-cookie-and-raw-in-header", UNQUOTE, pair(r'csrf_token="\164"', r"\164"), MISMATCH),
    tokens("octal-escape-in-header", UNQUOTE, pair("csrf_token=t", r'"\164"'), MISMATCH),
    tokens("percent-encoding-in-cookie", "CWE-177", pair("csrf_token=%74", "t"), MISMATCH),
    tokens("percent-encoding-in-header", "CWE-177", pair("csrf_token=t", "%74"), MISMATCH),
    tokens("utf-8-cookie-and-latin-1-header", "CWE-176", pair(b"csrf_token=\xc3\xa9", b"\xe9"), MISMATCH),
    tokens("decomposed-header", NORMAL_FORMS, pair("csrf_token=é".encode(), "e\u0301".encode()), MISMATCH),
    tokens("fullwidth-letter-in-header", "Unicode UAX 15, NFKC", pair("csrf_token=t", "ｔ".encode()), MISMATCH),
    tokens("ascii-cookie-and-high-byte-header", ASCII_ONLY, pair("csrf_token=t", b"\xff"), MISMATCH),
    tokens("header-equals-first-of-two-cookies", PLANTED, pair("csrf_token=t; csrf_token=u", "t"), MISMATCH),
    tokens("header-equals-first-cookie", "RFC 9113 section 8.2.3", [COOKIE, *pair("csrf_token=u", "t")], MISMATCH),
    tokens("second-header-equals-cookie", "CWE-235", [*pair("csrf_token=t", "u"), ("x-csrf-token", "t")], MISMATCH),
    tokens("comma-list-in-header", "RFC 9110 section 5.3", pair("csrf_token=t", "u, t"), MISMATCH),
    tokens("equals-sign-after-cookie-value", "RFC 6265 section 5.2", pair("csrf_token=t=", "t"), MISMATCH),
    tokens("cookie-sandwich", "CWE-565", pair('csrf_token=t; x="; csrf_token=u; y="', "t"), MISMATCH),
    tokens("64-kilobyte-cookie", "CWE-770", pair("csrf_token=" + "t" * 65_536, "t"), MISMATCH),
    tokens("equal-tokens", OWASP, pair("csrf_token=t", "t"), CHANGED),
    tokens("equal-among-others", "RFC 9113 section 8.2.3", [("cookie", "a=1"), *EQUAL, ("cookie", "b=2")], CHANGED),
    tokens("equal-tokens-header-first", "RFC 9110 section 5.3", pair("csrf_token=t", "t")[::-1], CHANGED),
    tokens("header-equals-last-cookie", "CWE-235", pair("csrf_token=u; csrf_token=t", "t"), CHANGED),
    tokens("first-header-equals-cookie", "CWE-235", [*pair("csrf_token=t", "t"), ("x-csrf-token", "u")], CHANGED),
    tokens("quoted-cookie", "RFC 6265 section 4.1.1", pair('csrf_token="t"', "t"), CHANGED),
    tokens("octal-escape-in-cookie", UNQUOTE, pair(r'csrf_token="\164"', "t"), CHANGED),
    tokens("equal-high-bytes", "RFC 9110 section 5.5", pair(b"csrf_token=\xe9\xff", b"\xe9\xff"), CHANGED),
    tokens("cookie-after-open-quote", "CWE-565", pair('x="1; csrf_token=t; y="', "t"), CHANGED),
    tokens("equals-signs-in-both", "RFC 6265 section 5.2", pair("csrf_token=t==", "t=="), CHANGED),
    # White space around the value of X-CSRF-Token
    tokens("trailing-tab-in-header", FIELD_VALUE, pair("csrf_token=t", "t\t"), CHANGED),
    tokens("leading-space-in-header", FIELD_VALUE, pair("csrf_token=t", " t"), CHANGED),
    tokens("spaces-and-tabs-around-header", FIELD_VALUE, pair("csrf_token=t", " \t t\t \t"), CHANGED),
    tokens("spaces-and-tabs-around-both", FIELD_VALUE, pair("csrf_token= \tt \t", "\t t "), CHANGED),
    tokens("whitespace-header", FIELD_VALUE, pair("csrf_token=t", " \t "), MISSING),
    tokens("whitespace-header-and-quoted-space-cookie", FIELD_VALUE, pair('csrf_token=" "', " "), MISSING),
    tokens("quoted-spaces-in-cookie-are-kept", FIELD_VALUE, pair('csrf_token=" t "', " t "), MISMATCH),
    tokens("space-inside-header", FIELD_VALUE, pair("csrf_token=tu", "t u"), MISMATCH),
    tokens("trailing-vertical-tab-in-header", "CWE-444, str.strip", pair("csrf_token=t", "t\x0b"), MISMATCH),
    tokens("trailing-no-break-space-in-header", "CWE-444, str.strip", pair("csrf_token=t", b"t\xa0"), MISMATCH),
    tokens("trailing-line-feed-in-header", "CWE-93", pair("csrf_token=t", "t\n"), MISMATCH),
    tokens("trailing-nul-and-space-in-header", "CWE-158", pair("csrf_token=t", "t\0 "), MISMATCH),
]


bearer = row("csrf.bearer", MISSING, prefix="bearer-", of=lambda value: Sent(headers=authorization(value)))


def elsewhere(name, source, **sent):
    """Return a row with a bearer token that is not in an Authorization header."""
    return Attack(name, "csrf.bearer", source, Sent(**sent), MISSING)


BEARERS = [
    bearer("token", "RFC 7519 section 3.1", "Bearer a.b.c", CHANGED),
    bearer("scheme-in-mixed-case", "RFC 9110 section 11.1", "bEaReR   aZ0-_.aZ0-_.aZ0-_ \t", CHANGED),
    *each(bearer, "RFC 9110 section 11.4", "", "Bearer", "Bearer \t ", "Bearer a.b.c d", "Bearer Bearer a.b.c"),
    *each(bearer, "RFC 9110 section 11.4", "Bearera.b.c", "Bearer\ta.b.c", "a.b.c"),
    bearer("opaque-token", "RFC 6750 section 2.1", "Bearer abc"),
    *each(bearer, "RFC 7515 section 7.1", "Bearer a.b", "Bearer a.b.c.d", "Bearer ..", "Bearer .b.c"),
    bearer("five-segments", "RFC 7516 section 7.1", "Bearer a.b.c.d.e"),
    bearer("empty-payload-segment", "RFC 7515 appendix F, detached content", "Bearer a..c"),
    bearer("empty-signature-segment", "RFC 7519 section 6.1, an unsecured token", "Bearer a.b."),
    *each(bearer, "RFC 7515 section 2", "Bearer a.b.c=", "Bearer a.b.\xe9"),
    *each(bearer, "RFC 4648 section 4", "Bearer a.b.+", "Bearer a.b./"),
    bearer("trailing-line-feed", "CWE-93, a pattern with $", "Bearer a.b.c\n"),
    bearer("trailing-carriage-return", "CWE-93", "Bearer a.b.c\r"),
    bearer("trailing-nul", "CWE-158", "Bearer a.b.c\0"),
    bearer("trailing-comma", "RFC 9110 section 11.3", "Bearer a.b.c,"),
    bearer("middle-dots", "Unicode UTS 39, confusables", "Bearer a·b·c"),
    bearer("leading-space", "RFC 9110 section 5.5", " Bearer a.b.c"),
    bearer("leading-comma", "RFC 9110 section 5.6.1", "Bearer, a.b.c"),
    bearer("basic", "RFC 7617 section 2, sent by browsers on their own", "Basic a.b.c"),
    bearer("basic-then-bearer-in-one-header", "RFC 7617 section 2", "Basic dXNlcjpwYXNz, Bearer a.b.c"),
    bearer("digest", "RFC 7616 section 3.4, sent by browsers on their own", "Digest a.b.c"),
    bearer("negotiate", "RFC 4559 section 4.2, sent by browsers on their own", "Negotiate a.b.c"),
    bearer("second-of-two", "RFC 9110 section 5.3", ("Basic eA", "Bearer a.b.c")),
    bearer("second-after-empty", "RFC 9110 section 5.3", ("", "Bearer a.b.c")),
    elsewhere("bearer-space-after-header-name", "RFC 9112 section 5.1", headers=(("authorization ", "Bearer a.b.c"),)),
    elsewhere("proxy-bearer", "RFC 9110 section 11.7.2", headers=(("proxy-authorization", "Bearer a.b.c"),)),
    Attack("token-in-query", "csrf.bearer", "CWE-352, a link can carry it", Sent(query="token=a.b.c"), MISSING),
    elsewhere("bearer-token-in-cookie", "CWE-352, a browser adds it", headers=(("cookie", "session=a.b.c"),)),
]


def method(name, source, spelling, expected=MISSING, headers=()):
    name = f"method-{name}-with-tokens" if headers else f"method-{name}"
    return Attack(name, "csrf.methods", source, Sent(spelling, tuple(headers)), expected)


METHODS = [
    *pairs(method, "RFC 9110 section 9.2.1", {"GET": READ, "HEAD": (200, None), "OPTIONS": NOT_ALLOWED}),
    method("put", "RFC 9110 section 9.3.4", "PUT"),
    method("patch", "RFC 5789 section 2", "PATCH"),
    method("delete", "RFC 9110 section 9.3.5", "DELETE"),
    method("trace", "RFC 9110 section 9.3.8", "TRACE"),
    method("connect", "RFC 9110 section 9.3.6", "CONNECT"),
    method("lowercase-post", "RFC 9110 section 9.1, methods are case-sensitive", "post"),
    *each(method, "RFC 9110 section 9.1", "get", "Get", "head", "", "X"),
    *each(method, "RFC 9112 section 3", "HEAD ", " GET"),
    *each(method, "CWE-158", "GET\0", "\0"),
    method("get-and-line-feed", "CWE-93", "GET\n"),
    *each(method, "CWE-187", "GETX", "GE"),
    method("propfind", "RFC 4918 section 9.1", "PROPFIND"),
    method("search", "RFC 5323 section 2", "SEARCH"),
    method("options-with-dotless-i", "Unicode CaseFolding, locale", "OPTıONS"),
    method("fullwidth-get", "Unicode UAX 15, NFKC", "ＧＥＴ"),
    *each(method, "RFC 9110 section 9.1", "post", "Get", "X", expected=NOT_ALLOWED, headers=EQUAL),
    method("delete", "RFC 9110 section 9.3.5", "DELETE", DELETED, EQUAL),
]


def override(name, headers=(), *, verb="GET", query="", body=b"", expected=READ):
    source = "CWE-650, a method named outside the request line"
    return Attack(name, "csrf.methods", source, Sent(verb, tuple(headers), query=query, body=body), expected)


FORM = ("content-type", "application/x-www-form-urlencoded")
OVERRIDES = [
    override("get-overridden-by-post", [("x-http-method-override", "POST")]),
    override("get-overridden-by-delete", [("x-http-method", "DELETE"), ("x-method-override", "DELETE")]),
    override("get-overridden-by-delete-in-query", query="_method=DELETE"),
    override("head-overridden-by-delete", [("x-http-method-override", "DELETE")], verb="HEAD", expected=(200, None)),
    override("post-overridden-by-get", [("x-http-method-override", "GET")], verb="POST", expected=MISSING),
    override("post-overridden-by-get-in-query", verb="POST", query="_method=GET", expected=MISSING),
    override("post-overridden-by-get-in-form", [FORM], verb="POST", body=b"_method=GET", expected=MISSING),
    override("post-with-tokens", [*EQUAL, ("x-http-method-override", "DELETE")], verb="POST", expected=CHANGED),
]


def simple(name, headers, body=b'{"to":"mallory"}', query=""):
    """Return a row with a request that a page of another origin may send without a preflight."""
    source = "WHATWG Fetch, requests without a preflight"
    sent = Sent(headers=tuple(headers), body=body, query=query)
    return Attack(f"simple-{name}", "csrf.missing", source, sent, MISSING)


SIMPLE = [
    simple("form", [FORM], b"to=mallory"),
    simple("multipart", [("content-type", "multipart/form-data; boundary=x")], b"--x--"),
    simple("json-as-plain-text", [("content-type", "text/plain")]),
    simple("json-as-form", [FORM], b'{"to":"mallory","x":"=y"}'),
    simple("json-in-content-type-parameter", [("content-type", "text/plain; application/json")]),
    simple("json-without-content-type", []),
    simple("json", [("content-type", "application/json")]),
    simple("token-in-form", [FORM, ("cookie", "csrf_token=t")], b"csrf_token=t"),
    simple("token-in-query", [("cookie", "csrf_token=t")], query="csrf_token=t&x-csrf-token=t"),
    simple("same-origin-headers", [("sec-fetch-site", "same-origin"), ("origin", "http://testserver")]),
    simple("requested-with-header", [("x-requested-with", "XMLHttpRequest")]),
    simple("upgrade-header", [("upgrade", "websocket"), ("connection", "upgrade")]),
]


def path(name, source, path, expected, exempt=("/login",), root_path="", raw_path=None):
    """Return a row with a POST without a token; *path* is the path as the server decoded it."""
    sent = Sent(path=path, exempt=exempt, root_path=root_path, raw_path=raw_path)
    return Attack(f"{root_path} {name}".lstrip(), "csrf.exempt", source, sent, expected)


EXEMPT = [
    *pairs(path, OWASP, {"/login": ran("/login"), "/login/help": ran("/login/help"), "/admin": MISSING}),
    path("root", "CWE-1188", "/", MISSING),
    *each(path, "CWE-187", "/logi", "/admin/login", "/x/login/x", expected=MISSING),
    path("suffix-on-path", "CWE-187", "/login-as", NOT_FOUND),
    *each(path, "CWE-178", "/LOGIN", "/Login", expected=MISSING),
    *each(path, "CWE-289", "/login/", "/login//", expected=NOT_FOUND),
    path("two-leading-slashes", "CWE-289", "//login", MISSING),
    path("host-before-path", "RFC 3986 section 3.2", "//x/login", MISSING),
    *each(path, "RFC 9112 section 3.2.1", "login", "", expected=MISSING),
    path("asterisk", "RFC 9112 section 3.2.4", "*", MISSING),
    path("absolute-form", "RFC 9112 section 3.2.2", "http://x/login", MISSING),
    *each(path, BACKSLASHES, "\\login", "/\\login", expected=MISSING),
    path("exemption-with-trailing-slash", "CWE-289", "/login", MISSING, ("/login/",)),
    path("everything-is-exempt", "CWE-1188, an explicit exemption", "/admin", ran("/admin"), ("/",)),
    path("everything-is-exempt-and-no-leading-slash", "RFC 9112 section 3.2.1", "admin", MISSING, ("/",)),
    path("wildcards-are-ordinary-characters", "CWE-155", "/admin", MISSING, ("/*", "/a*", "/.*", "/{name}")),
    path("no-exemptions", "CWE-1188", "/login", MISSING, ()),
    path("second-exemption", "CWE-187", "/admin/users", ran("/admin/users"), ("/login", "/admin/")),
    path("above-second-exemption", "CWE-187", "/admin", MISSING, ("/login", "/admin/")),
    # Tricks with paths
    *each(path, "CWE-22", "/login/../admin", "/login/../../admin", "/login/help/../../admin", expected=NOT_FOUND),
    *each(path, "CWE-22", "/login../admin", "/login/.", expected=NOT_FOUND),
    *each(path, "CWE-22", "/./login", "/./admin", "/x/../login", "/x/../admin", expected=MISSING),
    path("decoded-slash", "CWE-177", "/login/../admin", NOT_FOUND, raw_path=b"/login%2f..%2fadmin"),
    path("decoded-dots", "CWE-177", "/login/../admin", NOT_FOUND, raw_path=b"/login/%2e%2e/admin"),
    path("raw-path-of-exempt-path", "ASGI HTTP Connection Scope, raw_path", "/admin", MISSING, raw_path=b"/login"),
    path("raw-path-of-admin", "ASGI HTTP Connection Scope, raw_path", "/login", ran("/login"), raw_path=b"/admin"),
    path("slash-encoded-twice", "CWE-174", "/login%2f..%2fadmin", NOT_FOUND),
    *each(path, "CWE-174", "/%6cogin", "/%61dmin", expected=MISSING),
    path("overlong-slash", "RFC 3629 section 10", "/login\xc0\xaf..\xc0\xafadmin", NOT_FOUND),
    *each(path, PATH_PARAMETERS, "/login;x", "/login;jsessionid=x/../admin", expected=NOT_FOUND),
    path("path-parameter-and-dot-dot", PARAMETERS_CUT, "/login/..;/admin", NOT_FOUND),
    path("path-parameter-on-admin", "CVE-2020-1957, a filter and a router disagree", "/admin;/login", MISSING),
    path("question-mark-after-admin", "CWE-436", "/admin?/login", MISSING),
    *each(path, "CWE-436", "/login?/../admin", "/login#/../admin", "/login/admin", expected=NOT_FOUND),
    *each(path, "CWE-158", "/login\0", "/login\0/../admin", expected=NOT_FOUND),
    path("nul-after-admin", "CWE-158", "/admin\0/login", MISSING),
    *each(path, "CWE-93", "/login\n", "/login\n/admin", expected=NOT_FOUND),
    *each(path, "CWE-289", "/login ", "/login.", "/login.json", "/login//admin", expected=NOT_FOUND),
    *each(path, "CWE-289", " /login", "/admin.json", "//admin", expected=MISSING),
    path("backslashes-for-slashes", BACKSLASHES, "/login\\..\\admin", NOT_FOUND),
    path("trailing-slash-on-admin", "CVE-2023-20860, a filter and a router disagree", "/admin/", MISSING),
    *pairs(path, "Unicode UAX 15, NFKC", {"/login／..／admin": NOT_FOUND, "/ｌogin": MISSING}),
    *pairs(path, "Unicode UTS 39, confusables", {"/login∕..∕admin": NOT_FOUND, "/\u200dlogin": MISSING}),
    path("kelvin-sign", "Unicode CaseFolding", "/\u212aey", MISSING, ("/key",)),
    path("decomposed-path-for-composed-exemption", NORMAL_FORMS, "/cafe\u0301", MISSING, ("/caf\u00e9",)),
    path("composed-path-for-decomposed-exemption", NORMAL_FORMS, "/caf\u00e9", MISSING, ("/cafe\u0301",)),
    path("trailing-lone-surrogate", "Unicode chapter 3.8, surrogates", "/login\udc80", NOT_FOUND),
    path("dot-dot-in-path-parameter", "CWE-22", "/files/../admin", ran("/files/{rest:path}"), ("/files",)),
    path("dot-dot-as-parameter", "CWE-22", "/users/..", ran("/users/{name}"), ("/users/",)),
    path("dot-dot-as-parameter-and-more", "CWE-22", "/users/../admin", NOT_FOUND, ("/users/",)),
    # Mounted applications
    *each(path, ROOT_PATH, "/api/login", "/login", expected=ran("/login"), root_path="/api"),
    *each(path, ROOT_PATH, "/api/admin", "/apilogin", expected=MISSING, root_path="/api"),
    path("root-path-with-trailing-slash", ROOT_PATH, "/api/admin", MISSING, root_path="/api/"),
    *each(path, ROOT_PATH, "/login/admin", "/login", expected=MISSING, root_path="/login"),
    path("exempt-path-below-equal-root-path", ROOT_PATH, "/login/login", ran("/login"), root_path="/login"),
    path("path-with-root-path-as-prefix", "CWE-187", "/apis/login", MISSING, root_path="/api"),
    path("two-slashes-before-root-path", "CWE-289", "//api/login", MISSING, root_path="/api"),
    *pairs(path, "CWE-22", {"/api/../login": MISSING, "/api/login/../admin": NOT_FOUND}, root_path="/api"),
    path("root-path-in-other-case", "CWE-178", "/API/login", MISSING, root_path="/api"),
    path("root-path-is-a-slash", ROOT_PATH, "/admin", MISSING, root_path="/"),
    path("root-path-is-admin", ROOT_PATH, "/admin/admin", MISSING, root_path="/admin"),
]


def respond(text):
    async def handler():
        return {"ran": text}

    return handler


@pytest.fixture(scope="module")
def router(fastware):
    made = fastware.Router()
    for route in POSTED:
        made.post(route)(respond(f"POST {route}"))
    made.get("/account")(respond("GET /account"))
    made.delete("/account")(respond("DELETE /account"))
    return made


@attacks(TOKENS, BEARERS, METHODS, OVERRIDES, SIMPLE, EXEMPT)
def test_request_is_rejected_or_runs_the_expected_handler(fastware, auth, router, attack):
    sent = attack.input
    app = fastware.create_app(router, middleware=[lambda app: auth.CSRFMiddleware(app, exempt_paths=sent.exempt)])

    async def server(scope, receive, send):
        raw_path = scope["raw_path"] if sent.raw_path is None else sent.raw_path
        await app({**scope, "path": sent.path, "root_path": sent.root_path, "raw_path": raw_path}, receive, send)

    response = asgi_client.call(server, sent.method, headers=sent.headers, query=sent.query, body=sent.body)
    assert (response.status, response.json if response.body else None) == attack.expected


def scope(name, source, **scope):
    return Attack(name, "csrf.scopes", source, scope)


SCOPES = [
    scope("websocket", "ASGI WebSocket Connection Scope", type="websocket", path="/account", headers=[]),
    scope(
        "websocket-with-method",
        "ASGI WebSocket Connection Scope, without method",
        type="websocket",
        path="/account",
        headers=[],
        method="POST",
    ),
    scope("lifespan", "ASGI Lifespan Scope", type="lifespan"),
    scope("unknown-scope-type", "ASGI Connection Scope, a later type", type="webtransport", headers=[]),
]


@attacks(SCOPES)
def test_other_scopes_pass_unchanged(auth, attack):
    seen = []

    async def inner(scope, receive, send):
        seen.append((scope, receive, send))

    asyncio.run(auth.CSRFMiddleware(inner)(attack.input, "receive", "send"))
    assert seen == [(attack.input, "receive", "send")]
    assert seen[0][0] is attack.input


exempt_paths = row("csrf.exempt")
INVALID = [
    exempt_paths("one-str", "CWE-1287, each letter would be a prefix", "/login", "must be a list"),
    exempt_paths("bytes", "CWE-1287", [b"/login"], "must be str, not bytes"),
    exempt_paths("one-bytes", "CWE-1287, iterates as numbers", b"/login", "must be str, not int"),
    exempt_paths("none-in-list", "CWE-1287", ["/login", None], "must be str, not NoneType"),
    exempt_paths("empty-prefix", "CWE-187, begins every path", ["/login", ""], "must start with '/'"),
    *each(exempt_paths, "CWE-187", ["login"], [" /login"], expected="must start with '/'"),
    exempt_paths("wildcard", "CWE-155", ["*"], "must start with '/'"),
]


@attacks(INVALID)
def test_invalid_exempt_paths_raise(auth, attack):
    with pytest.raises((TypeError, ValueError), match=attack.expected):
        auth.CSRFMiddleware(None, exempt_paths=attack.input)
