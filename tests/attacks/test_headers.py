"""Header names that look alike and duplicates, malformed headers, and text that would break a response header."""

from functools import partial

import csrf_checks
import pytest
from attacks import Attack, Raises, attacks, check, each, row

PLAIN = [(b"x-user", b"alice")]
FOLDS_TO_K = "Unicode CaseFolding, the lower case is k"
ANY_BYTES = b' \t"V\xff\x00\r\n\x7f '
CASE_BIT = "RFC 9110 section 5.1, the bit that folds case"


def lookup(rule, name, source, headers, expected, header_name=b"x-user"):
    return Attack(name, rule, source, (headers, header_name), expected)


named = partial(lookup, "headers.name")
first = partial(lookup, "headers.first")


def similar_name(name, source, header_name):
    """Return a row without ``x-user``, which a less exact parser finds."""
    return named(name, source, [(header_name, b"mallory")], b"")


NAMES = [
    named("lowercase-name", "RFC 9110 section 5.1", PLAIN, b"alice"),
    *each(named, "RFC 9110 section 5.1", [(b"X-USER", b"alice")], [(b"x-UsEr", b"alice")], expected=b"alice"),
    *each(similar_name, "RFC 9112 section 5.1, white space before the colon", b"x-user ", b"x-user\t"),
    similar_name("leading-space", "RFC 9112 section 5.2, a folded line", b" x-user"),
    similar_name("trailing-colon", "CWE-444, split by another parser", b"x-user:"),
    *each(similar_name, "CWE-158", b"x-user\0", b"x\0-user"),
    *each(similar_name, "CWE-93", b"x-user\r", b"\nx-user"),
    *each(similar_name, "CWE-444, white space for some parsers", b"x-user\x0b", b"x-user\x0c", b"x-user\xa0"),
    similar_name("trailing-next-line", "CWE-444, white space for some parsers", b"x-user\x85"),
    similar_name("underscore-for-hyphen", "RFC 3875 section 4.1.18, CGI folds both", b"x_user"),
    similar_name("dot-for-hyphen", "RFC 3875 section 4.1.18, PHP folds it too", b"x.user"),
    *each(similar_name, "RFC 9110 section 5.6.2", b"x user", b'"x-user"'),
    similar_name("non-breaking-hyphen", "Unicode UTS 39, confusables", "x\u2011user".encode()),
    similar_name("soft-hyphen", "Unicode UTS 39, confusables", "x-\u00aduser".encode()),
    similar_name("soft-hyphen-in-latin-1", "Unicode UTS 39, confusables", b"x\xaduser"),
    similar_name("fullwidth-letters", "Unicode UTS 39, confusables", "x-ｕser".encode()),
    similar_name("cyrillic-letter", "Unicode UTS 39, confusables", "х-user".encode()),
    similar_name("long-s", "Unicode UTS 39, a letter whose upper case is S", "x-uſer".encode()),
    similar_name("leading-byte-order-mark", "RFC 3629 section 6", b"\xef\xbb\xbfx-user"),
    *each(similar_name, "CWE-187", b"x-user-id", b"x-use"),
    similar_name("empty-name", "RFC 9110 section 5.1", b""),
    similar_name("percent-encoded", "CWE-177", b"x%2duser"),
    named("kelvin-sign", FOLDS_TO_K, [("coo\u212aie".encode(), b"session=s")], b"", b"cookie"),
    named("latin-1-case", "RFC 9110 section 5.1", [(b"x-\xc0", b"v")], b"", b"x-\xe0"),
    named("latin-1-byte", "RFC 9110 section 5.1", [(b"X-\xe0", b"v")], b"v", b"x-\xe0"),
    named("brackets-are-not-letters", CASE_BIT, [(b"a@b[\\]^_", b"1"), (b"a`b{|}~\x7f", b"2")], b"2", b"a`b{|}~\x7f"),
    named("control-for-hyphen", CASE_BIT, [(b"x\ruser", b"1")], b"", b"x-user"),
    named("empty-name-requested", "RFC 9110 section 5.1", [(b"a", b"1"), (b"", b"2")], b"2", b""),
]
DUPLICATES = [
    first("first-of-two", "CWE-235", [*PLAIN, (b"x-user", b"mallory")], b"alice"),
    first("first-of-two-in-mixed-case", "CWE-235", [(b"X-User", b"alice"), (b"x-user", b"m")], b"alice"),
    first("first-is-empty", "CWE-235", [(b"x-user", b""), *PLAIN], b""),
    first("first-is-whitespace", "CWE-235", [(b"x-user", b" "), *PLAIN], b" "),
    first("values-are-not-joined", "RFC 9110 section 5.3", [(b"x-user", b"a"), (b"x-user", b"b")], b"a"),
    first("comma-list-is-one-value", "RFC 9110 section 5.6.1", [(b"x-user", b"a, b")], b"a, b"),
    first("after-similar-name", "CWE-444", [(b"x-user ", b"mallory"), *PLAIN], b"alice"),
    first("after-underscore-name", "RFC 3875 section 4.1.18", [(b"x_user", b"m"), *PLAIN], b"alice"),
    first("missing", "RFC 9110 section 5.1", [(b"host", b"h")], b""),
    first("no-headers", "ASGI HTTP Connection Scope", [], b""),
    first("value-is-unchanged", "RFC 9110 section 5.5, invalid bytes", [(b"x-user", ANY_BYTES)], ANY_BYTES),
    first("line-break-in-value", "CWE-113", [(b"accept", b"a\r\nx-user: mallory"), *PLAIN], b"alice"),
]


@attacks(NAMES, DUPLICATES)
def test_first_header_with_exactly_the_name_is_returned(engine, attack):
    headers, name = attack.input
    check(attack, engine.header, headers, name)


def generator_of(*items):
    yield from items


TYPE_ERROR = Raises(TypeError, "ASGI headers are an iterable of (name, value) pairs of bytes")
HEADERS = "ASGI HTTP Connection Scope, headers"
malformed = row("headers.shape", TYPE_ERROR)
MALFORMED = [
    *each(malformed, HEADERS, None, 5, b"cookie: a=1", "cookie: a=1", {b"cookie": b"a=1"}, [None], [1], [b"ab"]),
    *each(malformed, HEADERS, ["ab"], [()], [(b"cookie",)], [(b"cookie", b"a=1", b"")], [{b"cookie"}]),
    *each(malformed, HEADERS, [("cookie", b"a=1")], [(b"cookie", "a=1")], [(None, b"a=1")], [(b"cookie", None)]),
    *each(malformed, HEADERS, [(b"cookie", 5)], [(b"cookie", [b"a=1"])], [(b"host", "h"), (b"cookie", b"a=1")]),
    malformed("name-bytearray", HEADERS, [(bytearray(b"cookie"), b"a=1")]),
    malformed("value-memoryview", HEADERS, [(b"cookie", memoryview(b"a=1"))]),
    malformed("generator-that-yields-str", HEADERS, lambda: generator_of((b"host", b"h"), "cookie")),
]
CALLS = {
    "header": (b"cookie",),
    "cookie": ("a",),
    "cookies": (),
    "credential": (b"", "a"),
    "identify": (b"", "a", "a secret of the tests, 32 bytes or more"),
    **csrf_checks.METHODS,
}


@attacks(MALFORMED)
@pytest.mark.parametrize("call", CALLS)
def test_malformed_headers_raise_type_error(engine, call, attack):
    check(attack, csrf_checks.call_of(engine, call), attack.make(), *CALLS[call])


# Text that ends a cookie or a header line in some parser
BREAKS = {
    "line-break": ("v\r\nSet-Cookie: session=mallory", "CWE-113"),
    "line-feed": ("v\nLocation: https://mallory.example", "CWE-113"),
    "carriage-return": ("v\rX: y", "CWE-113"),
    "trailing-line-feed": ("v\n", "CWE-93"),
    "nul": ("v\0", "CWE-158"),
    "vertical-tab": ("v\x0b", "CWE-93, a line end for str.splitlines"),
    "next-line": ("v\x85X: y", "CWE-93, a line end for str.splitlines"),
    "line-separator": ("v\u2028X: y", "CWE-93, a line end for str.splitlines"),
    "letters-whose-low-bytes-are-a-line-break": ("v\u560d\u560aX: y", "CWE-113, truncation to low bytes"),
    "attribute": ("v; Domain=mallory.example", "RFC 6265 section 4.1.1"),
    "list": ("v, session=mallory", "RFC 6265 section 3"),
    "quotes": ('"v"', "RFC 6265 section 4.1.1"),
    "backslash": ("v\\073", "CPython http.cookies, _unquote"),
    "space": ("v w", "RFC 6265 section 4.1.1"),
    "delete": ("v\x7f", "RFC 6265 section 4.1.1"),
    "fullwidth-semicolon": ("v；x", "Unicode UAX 15, NFKC"),
    "lone-surrogate": ("v\udc80", "Unicode chapter 3.8, surrogates"),
}


def set_cookie(name, rule, source, expected, cookie_name="id", value="v", **options):
    if not isinstance(expected, str):
        expected = Raises(*expected)
    return Attack(name, f"set-cookie.{rule}", source, (cookie_name, value, options), expected)


NAME = (ValueError, "a cookie name must be letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.6.2)")
VALUE = (
    ValueError,
    "the value of the cookie 'id' must be visible ASCII without space, quote, comma, semicolon and backslash "
    "(RFC 6265 section 4.1.1)",
)
PATH = (ValueError, "the path of the cookie 'id' must be ASCII without ; and controls")
DOMAIN = (ValueError, "the domain of the cookie 'id' must be ASCII without ; and controls")
NEEDS_SECURE = (ValueError, "samesite='none' needs secure=True: browsers drop the cookie otherwise")
PARTITIONED_NEEDS_SECURE = (ValueError, "partitioned=True needs secure=True: browsers drop the cookie otherwise")
CHIPS = "CPython http.cookies, Partitioned needs Secure (CHIPS)"
LIFETIME = {"str": ("60", "str"), "str-with-attribute": ("1; Domain=x", "str")}
LIFETIME |= {"bytes": (b"60", "bytes"), "list": ([60], "list")}
NOT_FINITE = (ValueError, "max_age must be a finite number of seconds")

SET_COOKIES = [
    *[set_cookie(f"value-{name}", "value", source, VALUE, value=text) for name, (text, source) in BREAKS.items()],
    set_cookie("value-encoded-line-break", "value", "CWE-177", "id=v%0d%0a; Path=/; SameSite=lax", value="v%0d%0a"),
    *[set_cookie(f"name-{name}", "name", source, NAME, text) for name, (text, source) in BREAKS.items()],
    set_cookie("name-equals-sign", "name", "RFC 6265 section 5.2", NAME, "id="),
    set_cookie("name-empty", "name", "RFC 6265bis section 5.8.3, a nameless cookie", NAME, ""),
    *[
        set_cookie(f"{option}-{name}", "attributes", source, expected, **{option: text})
        for option, expected in {"path": PATH, "domain": DOMAIN}.items()
        for name, (text, source) in BREAKS.items()
        if name not in ("list", "quotes", "backslash", "space")
    ],
    set_cookie("path-empty", "attributes", "RFC 6265 section 5.2.4", PATH, path=""),
    set_cookie("domain-empty", "attributes", "RFC 6265 section 5.2.3", DOMAIN, domain=""),
    *[
        set_cookie(
            f"max-age-{name}",
            "attributes",
            "CWE-1287",
            (TypeError, f"max_age must be a number of seconds or a timedelta, not {kind}"),
            max_age=value,
        )
        for name, (value, kind) in LIFETIME.items()
    ],
    set_cookie(
        "max-age--1", "attributes", "RFC 6265 section 5.2.2", "id=v; Max-Age=-1; Path=/; SameSite=lax", max_age=-1
    ),
    *[
        set_cookie(f"max-age-{value}", "attributes", "CWE-1287", NOT_FINITE, max_age=value)
        for value in (float("nan"), float("inf"), float("-inf"))
    ],
    set_cookie("max-age-bool", "attributes", "CWE-1287", "id=v; Max-Age=1; Path=/; SameSite=lax", max_age=True),
    *[
        set_cookie(
            f"samesite-{value!r}",
            "attributes",
            "RFC 6265bis section 4.1.2.7",
            (ValueError, f"samesite must be 'lax', 'strict', 'none' or None, not {value!r}"),
            samesite=value,
        )
        for value in ("Lax", "lax; Domain=x", "lax\n", "", True)
    ],
    set_cookie("samesite-none-not-secure", "attributes", "RFC 6265bis section 5.7", NEEDS_SECURE, samesite="none"),
    set_cookie("partitioned-not-secure", "attributes", CHIPS, PARTITIONED_NEEDS_SECURE, partitioned=True),
]


@attacks(SET_COOKIES)
def test_set_cookie_rejects_text_that_ends_the_cookie(fastware, attack):
    name, value, options = attack.input
    check(attack, fastware.set_cookie, name, value, **options)


HEADER_VALUE = Raises(
    ValueError, "the value of the header 'x' has a control or non-Latin-1 character (RFC 9110 section 5.5)"
)
ALLOWED_IN_HEADERS = {"next-line", "attribute", "list", "quotes", "backslash", "space"}
RESPONSE_HEADERS = [
    Attack(name, "response.headers", source, {"x": text}, HEADER_VALUE)
    for name, (text, source) in BREAKS.items()
    if name not in ALLOWED_IN_HEADERS
] + [
    Attack(
        f"name-{name!r}",
        "response.headers",
        "RFC 9110 section 5.1",
        {name: "v"},
        Raises(ValueError, f"{name!r} is not a header name (RFC 9110 section 5.1)"),
    )
    for name in ("", "x y", "x:", "x\r\ny", "x\0", "x\n", " x", "x-é", "ｘ")
]


@attacks(RESPONSE_HEADERS)
def test_response_rejects_text_that_ends_a_header(fastware, attack):
    check(attack, fastware.Response, b"", headers=attack.input)
