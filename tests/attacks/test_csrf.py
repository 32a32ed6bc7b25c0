"""CSRF: forged requests, exempt paths, methods and other scopes, with a whole application.

The middleware and the router compare the same string: an exempt path reaches the handler of exactly that path, or none.
"""

import asyncio
import base64
import functools
import hashlib
import hmac
from dataclasses import dataclass, field

import asgi_client
import pytest
from attacks import Attack, attacks, each, pairs, row

MISSING = (403, {"detail": "Missing CSRF token"})
MISMATCH = (403, {"detail": "CSRF token mismatch"})
CROSS_SITE = (
    403,
    {
        "detail": "Cross-site request: the browser says in Sec-Fetch-Site that a page of another origin sent it. "
        "If that page is yours, add its origin to trusted_origins"
    },
)
CROSS_ORIGIN = (
    403,
    {
        "detail": "Cross-origin request: Origin differs from Host. If that origin is yours, add it to "
        "trusted_origins; a proxy must pass on the Host that the browser sent"
    },
)
NULL_ORIGIN = (
    403,
    {
        "detail": "Cross-origin request: Origin is null, which trusted_origins cannot contain. "
        "Sandboxed frames, data: URLs and redirects of any site send it"
    },
)
OTHER_SESSION = (403, {"detail": "CSRF token mismatch: the token is not signed for this session"})
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
    options: dict = field(default_factory=dict)


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
    *each(bearer, "RFC 6750 section 2.1", "Bearer abc", "Bearer sk_live_4eC39HqLyjWD", "Bearer .", expected=CHANGED),
    *each(bearer, "RFC 6750 section 2.1", "Bearer a.b.c=", "Bearer a~b+c/d==", "Bearer a.b.", expected=CHANGED),
    *each(bearer, "RFC 6750 section 2.1", "Bearer =", "Bearer a=b", "Bearer a%b", "Bearer a:b", "Bearer \xe9"),
    bearer("five-segments", "RFC 7516 section 7.1", "Bearer a.b.c.d.e", CHANGED),
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


# Origins: what a browser says of the page that sent the request. The tokens are equal, as if a cookie were planted.


def browser(name, source, expected=CHANGED, *, site=None, origin=None, host="app.example", tokens=EQUAL, **options):
    named = (("host", host), ("origin", origin), ("sec-fetch-site", site))
    headers = (*((name, value) for name, value in named if value is not None), *tokens)
    return Attack(f"origin-{name}", "csrf.origin", source, Sent(headers=headers, options=options), expected)


FETCH_METADATA = "W3C Fetch Metadata section 2.3"
GO = "Go net/http CrossOriginProtection"
EVIL = "https://evil.example"
FORWARDED = [*EQUAL, ("x-forwarded-host", "evil.example")]
TRUSTED = ["https://app.example:8443", "http://[::1]:3000"]
ORIGINS = [
    browser("of-a-form-on-the-page-itself", FETCH_METADATA, site="same-origin", origin="https://app.example"),
    browser("of-an-address-that-is-typed", FETCH_METADATA, site="none"),
    browser("of-no-browser", GO),
    browser("planted-cookie-from-another-site", PLANTED, CROSS_SITE, site="cross-site", origin=EVIL),
    browser("planted-cookie-from-a-sibling", PLANTED, CROSS_SITE, site="same-site", origin="https://b.app.example"),
    browser("sibling-with-an-older-browser", PLANTED, CROSS_ORIGIN, origin="https://b.app.example"),
    browser("other-site-with-an-older-browser", GO, CROSS_ORIGIN, origin=EVIL),
    browser("cross-site-with-the-origin-of-the-host", GO, CROSS_SITE, site="cross-site", origin="https://app.example"),
    browser("cross-site-without-an-origin", GO, CROSS_SITE, site="cross-site"),
    browser("unknown-value", FETCH_METADATA, CROSS_SITE, site="same-Origin", origin="https://app.example"),
    browser("empty-value", FETCH_METADATA, CROSS_SITE, site="", origin="https://app.example"),
    browser("sandboxed-frame", "WHATWG HTML, sandboxed origin", CROSS_SITE, site="cross-site", origin="null"),
    browser("sandboxed-frame-in-an-older-browser", "WHATWG HTML, sandboxed origin", NULL_ORIGIN, origin="null"),
    browser("null-host", "CWE-346", NULL_ORIGIN, origin="null", host="null"),
    browser("host-with-another-port", "RFC 6454 section 5", CROSS_ORIGIN, origin="https://app.example:8443"),
    browser("host-in-capitals", "RFC 9110 section 4.2.3", origin="https://APP.example", host="App.Example"),
    browser("default-port-in-host", "RFC 6454 section 6.2", origin="https://app.example", host="app.example:443"),
    browser("tls-ends-at-a-proxy", GO, origin="https://app.example"),
    browser("host-as-prefix", "CWE-187", CROSS_ORIGIN, origin="https://app.example.evil.example"),
    browser("host-as-suffix", "CWE-187", CROSS_ORIGIN, origin="https://evilapp.example"),
    browser("host-as-username", "RFC 3986 section 3.2.1", CROSS_ORIGIN, origin="https://app.example@evil.example"),
    browser("empty-origin", "RFC 6454 section 7.1", CROSS_ORIGIN, origin=""),
    browser("no-host", "RFC 9112 section 3.2", CROSS_ORIGIN, origin="https://app.example", host=None),
    browser("forwarded-host", "CWE-348", CROSS_ORIGIN, origin=EVIL, tokens=FORWARDED),
    browser("rebound-host", "CWE-350, DNS rebinding", site="same-origin", origin=EVIL, host="evil.example"),
    browser("without-tokens", OWASP, MISSING, site="same-origin", tokens=[]),
    browser("of-another-site-without-tokens", OWASP, CROSS_SITE, site="cross-site", origin=EVIL, tokens=[]),
    browser("bearer-of-another-site", OWASP, site="cross-site", origin=EVIL, tokens=authorization("Bearer a.b.c")),
    browser("check-is-off", OWASP, site="cross-site", origin=EVIL, check_origin=False),
    browser("trusted", GO, site="cross-site", origin="https://app.example:8443", trusted_origins=TRUSTED),
    browser("trusted-older-browser", GO, origin="HTTP://[::1]:3000", trusted_origins=TRUSTED),
    browser("other-port", GO, CROSS_SITE, site="same-site", origin="https://app.example:9", trusted_origins=TRUSTED),
    browser("other-scheme", GO, CROSS_ORIGIN, origin="http://app.example:8443", trusted_origins=TRUSTED),
    browser("trusted-as-prefix", "CWE-187", CROSS_ORIGIN, origin="http://[::1]:30000", trusted_origins=TRUSTED),
    browser("null-beside-trusted", "CWE-346", NULL_ORIGIN, origin="null", trusted_origins=TRUSTED),
    browser("trusted-but-no-token", GO, MISSING, origin="http://[::1]:3000", trusted_origins=TRUSTED, tokens=[]),
]

# Tokens that are signed for a session

SECRET = "a secret of the CSRF tests, 32 bytes or more"


def segment(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def jwt(payload):
    return f"eyJhbGciOiJIUzI1NiJ9.{segment(payload)}.c2ln"


def sign(session, *, secret=SECRET, random=b"r" * 16, purpose=b"fastware csrf 1"):
    """Return a token as section 6 of RFC 2104 and the docs define it, made without the package."""
    key = hmac.digest(secret.encode(), purpose, "sha256") if purpose else secret.encode()
    session = session.encode("latin-1") if isinstance(session, str) else session
    message = len(session).to_bytes(4, "big") + session + len(random).to_bytes(4, "big") + random
    return f"{segment(random)}.{segment(hmac.digest(key, message, hashlib.sha256))}"


def signed(name, source, expected, *, session="opaque", submitted="", csrf_cookie=None, secret=SECRET):
    cookies = [f"{name}={value}" for name, value in (("session", session), ("csrf_token", csrf_cookie)) if value]
    headers = [("cookie", "; ".join(cookies))] if cookies else []
    headers += [("x-csrf-token", submitted)] if submitted else []
    return Attack(
        f"signed-{name}", "csrf.session", source, Sent(headers=tuple(headers), options={"secret": secret}), expected
    )


WITH_SID, RENEWED = jwt(b'{"sid":"s1","exp":1}'), jwt(b'{"exp":2,"sid":"s1"}')
BOUND = "OWASP CSRF Prevention Cheat Sheet, HMAC CSRF token"
KEYS = [SECRET, "an older secret of the CSRF tests, 32 bytes or more"]
SESSIONS = [
    signed("for-the-session", BOUND, CHANGED, submitted=sign("opaque")),
    signed("without-a-token", BOUND, MISSING),
    signed("planted-pair", PLANTED, OTHER_SESSION, submitted="t", csrf_cookie="t"),
    signed("planted-pair-of-a-signed-token", PLANTED, OTHER_SESSION, submitted=sign("x"), csrf_cookie=sign("x")),
    signed("for-the-sid", BOUND, CHANGED, session=WITH_SID, submitted=sign("s1")),
    signed("for-the-sid-after-a-renewal", BOUND, CHANGED, session=RENEWED, submitted=sign("s1")),
    signed("for-the-whole-cookie-of-a-sid", BOUND, OTHER_SESSION, session=WITH_SID, submitted=sign(WITH_SID)),
    signed("sid-is-empty", BOUND, CHANGED, session=jwt(b'{"sid":""}'), submitted=sign(jwt(b'{"sid":""}'))),
    signed("sid-is-a-number", BOUND, CHANGED, session=jwt(b'{"sid":1}'), submitted=sign(jwt(b'{"sid":1}'))),
    signed("planted-session-with-its-token", "CWE-384", CHANGED, session="planted", submitted=sign("planted")),
    signed("under-the-secret-itself", "CWE-323", OTHER_SESSION, submitted=sign("opaque", purpose=None)),
    signed("under-another-secret", BOUND, OTHER_SESSION, submitted=sign("opaque", secret=KEYS[1])),
    signed("under-the-second-secret", BOUND, CHANGED, submitted=sign("opaque", secret=KEYS[1]), secret=KEYS),
    signed("with-a-longer-random-part", BOUND, OTHER_SESSION, submitted=sign("opaque", random=b"r" * 17)),
    signed("moved-boundary", "CWE-347", OTHER_SESSION, submitted=sign("opaqu", random=b"e" * 16)),
    signed("without-a-session", OWASP, CHANGED, session=None, submitted="t", csrf_cookie="t"),
    signed("without-a-session-mismatch", OWASP, MISMATCH, session=None, submitted="u", csrf_cookie="t"),
    signed("empty-session", OWASP, CHANGED, session='""', submitted="t", csrf_cookie="t"),
]

# Forms

FORM_OPTIONS = {"secret": SECRET, "form_field": "csrf_token"}
TOKEN = sign("opaque")
SESSION = ("cookie", "session=opaque")
NO_FORM = "X-CSRF-Token is missing, and the body is not a form. "
NO_FORM += "application/x-www-form-urlencoded and multipart/form-data are read"
NO_FIELD = "X-CSRF-Token and the form field are missing"
TOO_LATE = "X-CSRF-Token is missing, and the form field is not in the first 64 KiB of the body. "
TOO_LATE += "Put it before long fields and files"
MALFORMED = "X-CSRF-Token is missing, and the multipart body is malformed"
MULTIPART = ("content-type", "multipart/form-data; boundary=B")
LONG_CONTENT_TYPE = f'{MULTIPART[1]}; a="{";" * 4_096}'


def missing(reason):
    return 403, {"detail": f"Missing CSRF token: {reason}"}


def form(name, source, body, expected=CHANGED, *, kind=FORM, headers=(SESSION,)):
    body = body.replace("%s", TOKEN).encode("latin-1")
    sent = Sent(headers=(*headers, *([kind] if kind else [])), body=body, options=FORM_OPTIONS)
    return Attack(f"form-{name}", "csrf.form", source, sent, expected)


def parts(*named, end="--B--\r\n"):
    """Return a multipart body. A name may have further parameters: ``a"; filename="b``."""
    made = (f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in named)
    return "".join(made) + end


FIELD = parts(("csrf_token", "%s"))


def multipart(name, source, body, expected=CHANGED, kind=MULTIPART):
    return form(f"multipart-{name}", source, body, expected, kind=kind)


URLENCODED = "WHATWG URL, application/x-www-form-urlencoded"
RFC_7578 = "RFC 7578 section 4.2"
FORMS = [
    form("only-field", URLENCODED, "csrf_token=%s"),
    form("among-others", URLENCODED, "to=bob&csrf_token=%s&amount=1"),
    form("percent-encoded", URLENCODED, "a=%&csrf%5Ftoken=" + TOKEN.replace(".", "%2e")),
    form(
        "content-type-in-capitals", "RFC 9110 section 8.3.1", "csrf_token=%s", kind=(FORM[0], f"{FORM[1].upper()} ;x")
    ),
    form("first-of-two", "CWE-235", "csrf_token=%s&csrf_token=x"),
    form("second-of-two", "CWE-235", "csrf_token=x&csrf_token=%s", OTHER_SESSION),
    form("empty-field-first", "CWE-235", "csrf_token&csrf_token=%s", MISSING),
    form("plus", URLENCODED, "csrf_token=a+b", headers=[("cookie", 'csrf_token="a b"')]),
    form("planted-pair", PLANTED, "csrf_token=t", OTHER_SESSION, headers=[("cookie", "session=opaque; csrf_token=t")]),
    form("without-a-session", OWASP, "csrf_token=t", headers=[("cookie", "csrf_token=t")]),
    form("without-a-session-and-cookie", OWASP, "csrf_token=t", MISSING, headers=[]),
    form("wrong-header-beside-it", OWASP, "csrf_token=%s", OTHER_SESSION, headers=[SESSION, HEADER]),
    form("empty-header-beside-it", OWASP, "csrf_token=%s", headers=[SESSION, ("x-csrf-token", " ")]),
    form("similar-names", "CWE-187", "csrf_tokens=%s&xcsrf_token=%s&CSRF_TOKEN=%s&csrf_token[]=%s", missing(NO_FIELD)),
    form("semicolons", URLENCODED, "a;csrf_token=%s;b", missing(NO_FIELD)),
    form("empty", URLENCODED, "", missing(NO_FIELD)),
    form("ends-at-64-kib", OWASP, f"a={'x' * (65536 - 14 - len(TOKEN))}&csrf_token=%s"),
    form("ends-after-64-kib", OWASP, f"a={'x' * (65536 - 13 - len(TOKEN))}&csrf_token=%s", missing(TOO_LATE)),
    form("goes-on-after-64-kib", OWASP, f"a={'x' * (65536 - 13 - len(TOKEN))}&csrf_token=%s&b=c", missing(TOO_LATE)),
    form("before-a-long-field", OWASP, f"csrf_token=%s&a={'x' * 100_000}"),
    form("json", FETCH_METADATA, '{"csrf_token":"%s"}', missing(NO_FORM), kind=("content-type", "application/json")),
    form("plain-text", "WHATWG HTML", "csrf_token=%s", missing(NO_FORM), kind=("content-type", "text/plain")),
    form("without-content-type", "RFC 9110 section 8.3", "csrf_token=%s", missing(NO_FORM), kind=None),
    multipart("only-field", RFC_7578, parts(("csrf_token", "%s"))),
    multipart("among-others", RFC_7578, parts(('f"; filename="x', "y" * 9_000), ("csrf_token", "%s"), ("b", ""))),
    multipart("first-of-two", "CWE-235", parts(("csrf_token", "%s"), ("csrf_token", "x"))),
    multipart("second-of-two", "CWE-235", parts(("csrf_token", "x"), ("csrf_token", "%s")), OTHER_SESSION),
    multipart("file", RFC_7578, parts(('csrf_token"; filename="x', "%s")), missing(NO_FIELD)),
    multipart("similar-names", "CWE-187", parts(("csrf_token ", "%s"), ("Csrf_token", "%s")), missing(NO_FIELD)),
    multipart("empty", RFC_7578, "", missing(NO_FIELD)),
    multipart("no-end", RFC_7578, parts(("csrf_token", "%s"), end="")[:-2], missing(NO_FIELD)),
    multipart("malformed", "RFC 2046 section 5.1.1", "csrf_token=%s", missing(MALFORMED)),
    multipart(
        "malformed-after-the-field", "RFC 2046 section 5.1.1", parts(("csrf_token", "%s"), end="--B\r\nA\0: b\r\n\r\n")
    ),
    multipart("nul-in-header", "CWE-158", "--B\r\nA\0: b\r\n\r\n", missing(MALFORMED)),
    multipart("headers-without-end", "CWE-770", "--B\r\n" + "a: b\r\n" * 9_000, missing(MALFORMED)),
    multipart("header-without-end", "CWE-770", "--B\r\na: " + "b" * 60_000, missing(MALFORMED)),
    multipart("long-headers", "CWE-770", f"--B\r\na: {'b' * 4_090}\r\n" + FIELD[5:], missing(MALFORMED)),
    multipart("many-parts", "CWE-770", parts(*[("csrf_tokens", "")] * 2_000), missing(TOO_LATE)),
    multipart("after-64-kib", OWASP, parts(("a", "x" * 65_400), ("csrf_token", "%s")), missing(TOO_LATE)),
    multipart("no-boundary", "RFC 2046 section 5.1.1", "--", missing(MALFORMED), (FORM[0], "multipart/form-data")),
    multipart(
        "long-content-type", "CWE-407", parts(("csrf_token", "%s")), missing(MALFORMED), (FORM[0], LONG_CONTENT_TYPE)
    ),
    multipart("long-boundary", "RFC 2046 section 5.1.1", "x", missing(MALFORMED), (FORM[0], MULTIPART[1] + "B" * 300)),
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


@attacks(TOKENS, BEARERS, METHODS, OVERRIDES, SIMPLE, EXEMPT, ORIGINS, SESSIONS, FORMS)
def test_request_is_rejected_or_runs_the_expected_handler(fastware, auth, router, attack):
    sent = attack.input
    csrf = functools.partial(auth.CSRFMiddleware, exempt_paths=sent.exempt, **sent.options)
    app = fastware.create_app(router, middleware=[csrf])

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
