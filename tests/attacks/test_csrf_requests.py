"""Forged requests at a whole application: tokens that do not match, odd methods, overrides, and what goes past."""

import asyncio
from dataclasses import dataclass

import asgi_client
import pytest
from attacks import Attack, parameters

MISSING = (403, {"detail": "Missing CSRF token"})
MISMATCH = (403, {"detail": "CSRF token mismatch"})
NOT_ALLOWED = (405, {"detail": "Method not allowed"})
READ = (200, {"ran": "read"})
CHANGED = (200, {"ran": "change"})
DELETED = (200, {"ran": "delete"})
OWASP = "OWASP Cross-Site Request Forgery Prevention Cheat Sheet"
NAIVE = f"{OWASP}, naive double submit"


@dataclass(frozen=True)
class Sent:
    """A request as it comes to the application."""

    method: str = "POST"
    headers: tuple = ()
    path: str = "/account"
    query: str = ""
    body: bytes = b""


def pair(cookie, header):
    """The Cookie header and the X-CSRF-Token header; ``None`` is none of it."""
    named = (("cookie", cookie), ("x-csrf-token", header))
    return tuple((name, value) for name, value in named if value is not None)


def submitted(name, source, headers, answer):
    rule = "csrf.missing" if answer == MISSING else "csrf.double-submit"
    return Attack(name, rule, source, Sent(headers=tuple(headers)), answer)


TOKENS = [
    submitted("nothing", OWASP, (), MISSING),
    submitted("cookie-only", OWASP, pair("csrf_token=t", None), MISSING),
    submitted("header-only", OWASP, pair(None, "t"), MISSING),
    submitted("empty-cookie", "CWE-1025", pair("csrf_token=", "t"), MISSING),
    submitted("empty-header", "CWE-1025", pair("csrf_token=t", ""), MISSING),
    submitted("both-empty", "CWE-1025, two empty tokens are equal", pair("csrf_token=", ""), MISSING),
    submitted("quoted-empty-cookie", "RFC 6265 section 4.1.1", pair('csrf_token=""', ""), MISSING),
    submitted("quoted-empty-cookie-and-quotes", "RFC 6265 section 4.1.1", pair('csrf_token=""', '""'), MISSING),
    submitted("blank-cookie-and-empty-header", "RFC 6265 section 5.2", pair("csrf_token= \t ", ""), MISSING),
    submitted("blank-cookie-and-blank-header", "RFC 6265 section 5.2", pair("csrf_token= ", " "), MISSING),
    submitted("last-cookie-empty", "CWE-235", pair("csrf_token=t; csrf_token=", "t"), MISSING),
    submitted("first-header-empty", "CWE-235", [*pair("csrf_token=t", ""), ("x-csrf-token", "t")], MISSING),
    submitted("bare-cookie", "RFC 6265 section 5.2", pair("csrf_token", "csrf_token"), MISSING),
    submitted("nameless-cookie", "RFC 6265bis section 5.8.3", pair("=csrf_token=t", "t"), MISSING),
    submitted("cookie-in-another-case", "CWE-178", pair("CSRF_TOKEN=t; Csrf_Token=t", "t"), MISSING),
    submitted("cookie-with-a-hyphen", "CWE-187", pair("csrf-token=t; csrftoken=t; xsrf_token=t", "t"), MISSING),
    submitted("host-prefixed-cookie", "RFC 6265bis section 4.1.3.2", pair("__Host-csrf_token=t", "t"), MISSING),
    submitted("header-of-another-name", "CWE-287", [("cookie", "csrf_token=t"), ("x-xsrf-token", "t")], MISSING),
    submitted(
        "header-with-underscores",
        "RFC 3875 section 4.1.18",
        [("cookie", "csrf_token=t"), ("x_csrf_token", "t")],
        MISSING,
    ),
    submitted(
        "header-with-a-space", "RFC 9112 section 5.1", [("cookie", "csrf_token=t"), ("x-csrf-token ", "t")], MISSING
    ),
    submitted(
        "cookie-in-cookie2", "RFC 2965 section 3.3.5", [("cookie2", "csrf_token=t"), ("x-csrf-token", "t")], MISSING
    ),
    submitted(
        "cookie-in-set-cookie", "RFC 6265 section 4.1", [("set-cookie", "csrf_token=t"), ("x-csrf-token", "t")], MISSING
    ),
    submitted("differ", OWASP, pair("csrf_token=t", "u"), MISMATCH),
    submitted("differ-in-case", "CWE-178", pair("csrf_token=t", "T"), MISMATCH),
    submitted("header-is-a-prefix", "CWE-187", pair("csrf_token=token", "tok"), MISMATCH),
    submitted("cookie-is-a-prefix", "CWE-187", pair("csrf_token=tok", "token"), MISMATCH),
    submitted("differ-in-the-last-byte", "CWE-187", pair("csrf_token=" + "t" * 64, "t" * 63 + "u"), MISMATCH),
    submitted("differ-behind-a-nul", "CWE-158", pair("csrf_token=t\0a", "t\0b"), MISMATCH),
    submitted("nul-behind-one", "CWE-158", pair("csrf_token=t", "t\0"), MISMATCH),
    submitted("blank-behind-the-header", "RFC 9110 section 5.5", pair("csrf_token=t", "t "), MISMATCH),
    submitted("vertical-tab-behind-the-cookie", "CWE-444, str.strip", pair("csrf_token=t\x0b", "t"), MISMATCH),
    submitted("quoted-header", "RFC 6265 section 4.1.1", pair("csrf_token=t", '"t"'), MISMATCH),
    submitted(
        "both-quoted", "RFC 6265 section 4.1.1, quotes of the cookie only", pair('csrf_token="t"', '"t"'), MISMATCH
    ),
    submitted(
        "octal-against-its-spelling", "CPython http.cookies, _unquote", pair(r'csrf_token="\164"', r"\164"), MISMATCH
    ),
    submitted("octal-header", "CPython http.cookies, _unquote", pair("csrf_token=t", r'"\164"'), MISMATCH),
    submitted("percent-encoded-cookie", "CWE-177", pair("csrf_token=%74", "t"), MISMATCH),
    submitted("percent-encoded-header", "CWE-177", pair("csrf_token=t", "%74"), MISMATCH),
    submitted("utf-8-against-latin-1", "CWE-176", pair(b"csrf_token=\xc3\xa9", b"\xe9"), MISMATCH),
    submitted(
        "composed-against-decomposed",
        "Unicode UAX 15, NFC and NFD",
        pair("csrf_token=é".encode(), "e\u0301".encode()),
        MISMATCH,
    ),
    submitted("fullwidth", "Unicode UAX 15, NFKC", pair("csrf_token=t", "ｔ".encode()), MISMATCH),
    submitted(
        "ascii-against-bytes", "CPython hmac.compare_digest, str is ASCII only", pair("csrf_token=t", b"\xff"), MISMATCH
    ),
    submitted(
        "first-of-two-cookies",
        f"{NAIVE}: a subdomain plants a cookie",
        pair("csrf_token=t; csrf_token=u", "t"),
        MISMATCH,
    ),
    submitted(
        "first-of-two-cookie-headers",
        "RFC 9113 section 8.2.3",
        [("cookie", "csrf_token=t"), *pair("csrf_token=u", "t")],
        MISMATCH,
    ),
    submitted("second-of-two-headers", "CWE-235", [*pair("csrf_token=t", "u"), ("x-csrf-token", "t")], MISMATCH),
    submitted("list-of-headers", "RFC 9110 section 5.3", pair("csrf_token=t", "u, t"), MISMATCH),
    submitted("equals-in-one", "RFC 6265 section 5.2", pair("csrf_token=t=", "t"), MISMATCH),
    submitted("cookie-in-the-sandwich", "CWE-565", pair('csrf_token=t; x="; csrf_token=u; y="', "t"), MISMATCH),
    submitted("64-kilobytes-against-a-byte", "CWE-770", pair("csrf_token=" + "t" * 65_536, "t"), MISMATCH),
    submitted("equal", OWASP, pair("csrf_token=t", "t"), CHANGED),
    submitted(
        "equal-though-split",
        "RFC 9113 section 8.2.3",
        [("cookie", "a=1"), *pair("csrf_token=t", "t"), ("cookie", "b=2")],
        CHANGED,
    ),
    submitted("equal-header-first", "RFC 9110 section 5.3", pair("csrf_token=t", "t")[::-1], CHANGED),
    submitted("last-cookie", "CWE-235", pair("csrf_token=u; csrf_token=t", "t"), CHANGED),
    submitted("first-header", "CWE-235", [*pair("csrf_token=t", "t"), ("x-csrf-token", "u")], CHANGED),
    submitted("quoted-cookie", "RFC 6265 section 4.1.1", pair('csrf_token="t"', "t"), CHANGED),
    submitted("octal-cookie", "CPython http.cookies, _unquote", pair(r'csrf_token="\164"', "t"), CHANGED),
    submitted("high-bytes", "RFC 9110 section 5.5", pair(b"csrf_token=\xe9\xff", b"\xe9\xff"), CHANGED),
    submitted("behind-a-planted-quote", "CWE-565", pair('x="1; csrf_token=t; y="', "t"), CHANGED),
    submitted("equals-in-both", "RFC 6265 section 5.2", pair("csrf_token=t==", "t=="), CHANGED),
]


def bearer(name, source, value, answer=MISSING):
    name = f"bearer-{name}"
    values = value if isinstance(value, tuple) else (value,)
    headers = tuple(("authorization", each) for each in values)
    return Attack(name, "csrf.bearer", source, Sent(headers=headers), answer)


BEARERS = [
    bearer("token", "RFC 7519 section 3.1", "Bearer a.b.c", CHANGED),
    bearer("token-in-odd-case", "RFC 9110 section 11.1", "bEaReR   aZ0-_.aZ0-_.aZ0-_ \t", CHANGED),
    bearer("empty", "RFC 9110 section 11.4", ""),
    bearer("scheme-only", "RFC 9110 section 11.4", "Bearer"),
    bearer("scheme-and-blank", "RFC 9110 section 11.4", "Bearer \t "),
    bearer("opaque-token", "RFC 6750 section 2.1", "Bearer abc"),
    bearer("two-segments", "RFC 7515 section 7.1", "Bearer a.b"),
    bearer("four-segments", "RFC 7515 section 7.1", "Bearer a.b.c.d"),
    bearer("five-segments-of-jwe", "RFC 7516 section 7.1", "Bearer a.b.c.d.e"),
    bearer("dots-only", "RFC 7515 section 7.1", "Bearer .."),
    bearer("no-header", "RFC 7515 section 7.1", "Bearer .b.c"),
    bearer("no-payload", "RFC 7515 appendix F, detached content", "Bearer a..c"),
    bearer("no-signature", "RFC 7519 section 6.1, an unsecured token", "Bearer a.b."),
    bearer("padding", "RFC 7515 section 2", "Bearer a.b.c="),
    bearer("plus-of-base64", "RFC 4648 section 4", "Bearer a.b.+"),
    bearer("slash-of-base64", "RFC 4648 section 4", "Bearer a.b./"),
    bearer("space-within", "RFC 9110 section 11.4", "Bearer a.b.c d"),
    bearer("line-feed-behind", "CWE-93, a pattern that ends before the last line feed", "Bearer a.b.c\n"),
    bearer("carriage-return-behind", "CWE-93", "Bearer a.b.c\r"),
    bearer("nul-behind", "CWE-158", "Bearer a.b.c\0"),
    bearer("comma-behind", "RFC 9110 section 11.3", "Bearer a.b.c,"),
    bearer("high-byte", "RFC 7515 section 2", "Bearer a.b.\xe9"),
    bearer("other-dot", "Unicode UTS 39, confusables", "Bearer a·b·c"),
    bearer("scheme-twice", "RFC 9110 section 11.4", "Bearer Bearer a.b.c"),
    bearer("no-space", "RFC 9110 section 11.4", "Bearera.b.c"),
    bearer("tab-for-the-space", "RFC 9110 section 11.4", "Bearer\ta.b.c"),
    bearer("blank-in-front", "RFC 9110 section 5.5", " Bearer a.b.c"),
    bearer("comma-in-front", "RFC 9110 section 5.6.1", "Bearer, a.b.c"),
    bearer("bare-token", "RFC 9110 section 11.4", "a.b.c"),
    bearer("basic", "RFC 7617 section 2, which a browser adds by itself", "Basic a.b.c"),
    bearer("basic-with-a-bearer-behind", "RFC 7617 section 2", "Basic dXNlcjpwYXNz, Bearer a.b.c"),
    bearer("digest", "RFC 7616 section 3.4, which a browser adds by itself", "Digest a.b.c"),
    bearer("negotiate", "RFC 4559 section 4.2, which a browser adds by itself", "Negotiate a.b.c"),
    bearer("second-of-two", "RFC 9110 section 5.3", ("Basic eA", "Bearer a.b.c")),
    bearer("second-behind-an-empty", "RFC 9110 section 5.3", ("", "Bearer a.b.c")),
    Attack(
        "name-with-a-space",
        "csrf.bearer",
        "RFC 9112 section 5.1",
        Sent(headers=(("authorization ", "Bearer a.b.c"),)),
        MISSING,
    ),
    Attack(
        "proxy-authorization",
        "csrf.bearer",
        "RFC 9110 section 11.7.2",
        Sent(headers=(("proxy-authorization", "Bearer a.b.c"),)),
        MISSING,
    ),
    Attack("token-in-the-query", "csrf.bearer", "CWE-352, a link can carry it", Sent(query="token=a.b.c"), MISSING),
    Attack(
        "token-in-the-cookie",
        "csrf.bearer",
        "CWE-352, a browser adds it",
        Sent(headers=(("cookie", "session=a.b.c"),)),
        MISSING,
    ),
]


def method(name, source, spelled, answer=MISSING, headers=()):
    return Attack(f"method-{name}", "csrf.methods", source, Sent(spelled, tuple(headers)), answer)


EQUAL = pair("csrf_token=t", "t")
METHODS = [
    method("get", "RFC 9110 section 9.2.1", "GET", READ),
    method("head", "RFC 9110 section 9.2.1", "HEAD", (200, None)),
    method("options-is-safe-and-not-routed", "RFC 9110 section 9.2.1", "OPTIONS", NOT_ALLOWED),
    method("put", "RFC 9110 section 9.3.4", "PUT"),
    method("patch", "RFC 5789 section 2", "PATCH"),
    method("delete", "RFC 9110 section 9.3.5", "DELETE"),
    method("trace", "RFC 9110 section 9.3.8", "TRACE"),
    method("connect", "RFC 9110 section 9.3.6", "CONNECT"),
    method("lowercase-post", "RFC 9110 section 9.1, methods have case", "post"),
    method("lowercase-get", "RFC 9110 section 9.1", "get"),
    method("odd-case-get", "RFC 9110 section 9.1", "Get"),
    method("lowercase-head", "RFC 9110 section 9.1", "head"),
    method("space-behind-head", "RFC 9112 section 3", "HEAD "),
    method("space-before-get", "RFC 9112 section 3", " GET"),
    method("nul-behind-get", "CWE-158", "GET\0"),
    method("line-feed-behind-get", "CWE-93", "GET\n"),
    method("get-and-more", "CWE-187", "GETX"),
    method("short-of-get", "CWE-187", "GE"),
    method("nul", "CWE-158", "\0"),
    method("empty", "RFC 9110 section 9.1", ""),
    method("unknown", "RFC 9110 section 9.1", "X"),
    method("propfind", "RFC 4918 section 9.1", "PROPFIND"),
    method("search", "RFC 5323 section 2", "SEARCH"),
    method("dotless-i-in-options", "Unicode CaseFolding, locale", "OPTıONS"),
    method("fullwidth-get", "Unicode UAX 15, NFKC", "ＧＥＴ"),
    method("lowercase-post-with-tokens", "RFC 9110 section 9.1", "post", NOT_ALLOWED, EQUAL),
    method("odd-case-get-with-tokens", "RFC 9110 section 9.1", "Get", NOT_ALLOWED, EQUAL),
    method("unknown-with-tokens", "RFC 9110 section 9.1", "X", NOT_ALLOWED, EQUAL),
    method("delete-with-tokens", "RFC 9110 section 9.3.5", "DELETE", DELETED, EQUAL),
]


def override(name, headers=(), *, verb="GET", query="", body=b"", answer=READ):
    source = "CWE-650, a method named elsewhere than in the request line"
    return Attack(name, "csrf.methods", source, Sent(verb, tuple(headers), query=query, body=body), answer)


FORM = ("content-type", "application/x-www-form-urlencoded")
OVERRIDES = [
    override("get-that-says-post", [("x-http-method-override", "POST")]),
    override("get-that-says-delete", [("x-http-method", "DELETE"), ("x-method-override", "DELETE")]),
    override("get-that-says-delete-in-the-query", query="_method=DELETE"),
    override("head-that-says-delete", [("x-http-method-override", "DELETE")], verb="HEAD", answer=(200, None)),
    override("post-that-says-get", [("x-http-method-override", "GET")], verb="POST", answer=MISSING),
    override("post-that-says-get-in-the-query", verb="POST", query="_method=GET", answer=MISSING),
    override("post-that-says-get-in-the-form", [FORM], verb="POST", body=b"_method=GET", answer=MISSING),
    override(
        "post-with-tokens-that-says-delete", [*EQUAL, ("x-http-method-override", "DELETE")], verb="POST", answer=CHANGED
    ),
]


def simple(name, headers, body=b'{"to":"mallory"}', answer=MISSING, query=""):
    source = "WHATWG Fetch, what a page elsewhere may send without asking"
    return Attack(
        f"simple-{name}", "csrf.missing", source, Sent(headers=tuple(headers), body=body, query=query), answer
    )


SIMPLE = [
    simple("form", [FORM], b"to=mallory"),
    simple("multipart", [("content-type", "multipart/form-data; boundary=x")], b"--x--"),
    simple("json-as-text", [("content-type", "text/plain")]),
    simple("json-as-a-form", [FORM], b'{"to":"mallory","x":"=y"}'),
    simple("json-in-the-parameter", [("content-type", "text/plain; application/json")]),
    simple("json-without-a-type", []),
    simple("json-itself", [("content-type", "application/json")]),
    simple("token-in-the-form", [FORM, ("cookie", "csrf_token=t")], b"csrf_token=t"),
    simple("token-in-the-query", [("cookie", "csrf_token=t")], query="csrf_token=t&x-csrf-token=t"),
    simple("same-site-says-so", [("sec-fetch-site", "same-origin"), ("origin", "http://testserver")]),
    simple("ajax-says-so", [("x-requested-with", "XMLHttpRequest")]),
    simple("upgrade", [("upgrade", "websocket"), ("connection", "upgrade")]),
]


@pytest.fixture(scope="module")
def app(fastware, auth):
    router = fastware.Router()

    @router.get("/account")
    async def read():
        return {"ran": "read"}

    @router.post("/account")
    async def change():
        return {"ran": "change"}

    @router.delete("/account")
    async def delete():
        return {"ran": "delete"}

    return fastware.create_app(router, middleware=[auth.CSRFMiddleware])


@pytest.mark.parametrize("attack", parameters(TOKENS, BEARERS, METHODS, OVERRIDES, SIMPLE))
def test_a_request_is_refused_or_reaches_what_it_names(app, attack):
    sent = attack.given
    answer = asgi_client.call(app, sent.method, sent.path, headers=sent.headers, query=sent.query, body=sent.body)
    status, content = attack.answer
    assert (answer.status, answer.json if answer.body else None) == (status, content)


# What is not HTTP

CHANNELS = [
    Attack(
        "websocket",
        "csrf.scopes",
        "ASGI WebSocket Connection Scope",
        {"type": "websocket", "path": "/account", "headers": []},
    ),
    Attack(
        "websocket-with-a-method",
        "csrf.scopes",
        "ASGI WebSocket Connection Scope, which has no method",
        {"type": "websocket", "path": "/account", "headers": [], "method": "POST"},
    ),
    Attack("lifespan", "csrf.scopes", "ASGI Lifespan Scope", {"type": "lifespan"}),
    Attack(
        "unknown",
        "csrf.scopes",
        "ASGI Connection Scope, a type of later versions",
        {"type": "webtransport", "headers": []},
    ),
]


@pytest.mark.parametrize("attack", parameters(CHANNELS))
def test_what_is_not_http_passes_as_it_is(auth, attack):
    seen = []

    async def inner(scope, receive, send):
        seen.append((scope, receive, send))

    middleware = auth.CSRFMiddleware(inner)
    asyncio.run(middleware(attack.given, "receive", "send"))
    assert seen == [(attack.given, "receive", "send")]
    assert seen[0][0] is attack.given
