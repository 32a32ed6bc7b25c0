"""What a request's headers say: header, cookies, credential, CSRF verdict."""

import http.cookies
import re

from outcomes import identical

from fuzz.alike import returned
from fuzz.fuzzed_input import FuzzedInput, as_headers, as_text
from fuzz.reference import headers as reference
from fuzz.target import Target, expect

_WORDS = (
    b"\x1e",
    b"cookie:",
    b"Cookie:",
    b"authorization:",
    b"Authorization:Bearer ",
    b"bearer ",
    b"x-csrf-token:",
    b"csrf_token=",
    b"session=",
    b"a.b.c",
    b'"',
    b'";',
    b"\\054",
    b"\\377",
    b'\\"',
    b"; ",
    b"=",
    b"\n",
)

# Where http.cookies follows the contract too: pairs of ASCII, joined as browsers join them, each with a value that is
# plain or wholly quoted, and no name that is an attribute of Set-Cookie.
_NAME = r"(?!\$)[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PLAIN = r"[A-Za-z0-9!#$%&'()*+./:<>?@^_`|~-]*"
_QUOTED = r'"(?:[^"\\;\x00-\x1f\x7f-\xff]|\\["\\])*"'
_PAIR = rf"{_NAME}=(?:{_PLAIN}|{_QUOTED})"
_ALIKE_IN_HTTP_COOKIES = re.compile(rf"{_PAIR}(?:; {_PAIR})*\Z")
_ATTRIBUTES = re.compile(
    r"(?:expires|path|comment|domain|max-age|secure|httponly|version|samesite|partitioned)=", re.IGNORECASE
)


def _check_header(data: bytes) -> None:
    name, *fields = FuzzedInput(data).all_fields()
    headers, name = as_headers(fields), name.lower()
    found = returned("header", headers, name)
    expect(identical(found, reference.header(headers, name)), "another header", headers, name, found)


def _check_cookies(data: bytes) -> None:
    name, *fields = FuzzedInput(data).all_fields()
    headers = as_headers(fields)
    expected = reference.cookies(headers)
    found = returned("cookies", headers)
    expect(identical(found, expected), "other cookies", headers, found, expected)
    for cookie_name in (as_text(name), name.decode("latin-1"), *expected):
        value = returned("cookie", headers, cookie_name)
        expect(identical(value, expected.get(cookie_name, "")), "another cookie", headers, cookie_name, value)
    for _, value in headers:
        _compare_with_http_cookies(value)


def _compare_with_http_cookies(value: bytes) -> None:
    text = value.decode("latin-1")
    if not _ALIKE_IN_HTTP_COOKIES.match(text) or _ATTRIBUTES.search(text):
        return
    theirs = {name: morsel.value for name, morsel in http.cookies.SimpleCookie(text).items()}
    ours = returned("cookies", [(b"cookie", value)])
    expect(ours == theirs, "other cookies than those of http.cookies", value, ours, theirs)


def _check_credential(data: bytes) -> None:
    given = FuzzedInput(data)
    allow_query, name = given.flag(), given.choice(("session", "a", "", "\ud800"))
    query_string, *fields = given.all_fields()
    headers = as_headers(fields)
    token = returned("credential", headers, query_string, name, allow_query)
    expected = reference.credential(headers, query_string, name, allow_query)
    expect(identical(token, expected), "another credential", headers, query_string, name, token, expected)


def _check_csrf_verdict(data: bytes) -> None:
    headers = as_headers(FuzzedInput(data).all_fields())
    verdict = returned("csrf_verdict", headers)
    expect(identical(verdict, reference.csrf_verdict(headers)), "another verdict", headers, verdict)


HEADER = Target("header", "a loop over the headers", _check_header, _WORDS)

COOKIES = Target(
    "cookies", "the contract's rule, written out; http.cookies where both have the same rules", _check_cookies, _WORDS
)

CREDENTIAL = Target(
    "credential",
    "the contract's rule, written out; urllib.parse for the query string",
    _check_credential,
    (*_WORDS, b"token=", b"&", b"%74oken=", b"%", b"+"),
)

CSRF_VERDICT = Target("csrf_verdict", "the contract's rule, written out", _check_csrf_verdict, _WORDS)
