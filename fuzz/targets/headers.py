"""Headers, cookies, the credential and the claims of a request."""

import re
from http.cookies import SimpleCookie

from outcomes import identical
from raw_tokens import SECRET, sign_bytes
from tests.reference import headers as reference
from tests.reference import identity, tokens

from fuzz.both_engines import returned
from fuzz.target import Input, as_headers, as_text, expect, target

HEADERS = (
    b"",
    b"Authorization:bEARER  a.b.c \t\x1eauthorization:Bearer d",
    b'host:example.org\x1ecookie:a=1; b="\\"q\\054\\377"; session=s; a=2\x1eCookie:c=3',
    b"x-csrf-token: t \t\x1ecookie:csrf_token=t; session=s",
    b"x-csrf-token:t\x1ecookie:csrf_token=u",
    b'x-csrf-token:tok\x1ecookie:csrf_token=token; a="\\400"',
    b'cookie:a=1; b=two; c="3 \\" \\\\ 4"',
    b"authorization:Bearer a.b.c\n\x1ecookie:a=1\n; \nb=2",
    b"cookie:;=;a;=b; a =\t1;;\xff=\xff",
    b'cookie:a="x; session=y; b="',
)

# Cookies that http.cookies reads as the contract does: ASCII pairs, joined as browsers join them, with values that are
# plain or quoted as a whole, and without names that are attributes of Set-Cookie.
NAME = r"(?!\$)[A-Za-z0-9!#$%&'*+.^_`|~-]+"
VALUE = r'(?:[A-Za-z0-9!#$%&\'()*+./:<>?@^_`|~-]*|"(?:[^"\\;\x00-\x1f\x7f-\xff]|\\["\\])*")'
COMMON = re.compile(rf"{NAME}={VALUE}(?:; {NAME}={VALUE})*\Z")
ATTRIBUTE = re.compile(
    r"(?:expires|path|comment|domain|max-age|secure|httponly|version|samesite|partitioned)=", re.IGNORECASE
)


@target("header", "a loop over the headers", seeds=(b"cookie\x1e" + each for each in HEADERS))
def check_header(data: bytes) -> None:
    name, *fields = Input(data).all_fields()
    headers, name = as_headers(fields), name.lower()
    found = returned("header", headers, name)
    expect(identical(found, reference.header(headers, name)), "wrong header", headers, name, found)


@target(
    "cookies",
    "the reference; http.cookies for the values that it reads by the same rules",
    seeds=(b"a\x1e" + each for each in HEADERS),
)
def check_cookies(data: bytes) -> None:
    name, *fields = Input(data).all_fields()
    headers = as_headers(fields)
    expected = reference.cookies(headers)
    found = returned("cookies", headers)
    expect(identical(found, expected), "wrong cookies", headers, found, expected)
    for cookie_name in (as_text(name), name.decode("latin-1"), *expected):
        value = returned("cookie", headers, cookie_name)
        expect(identical(value, expected.get(cookie_name, "")), "wrong cookie", headers, cookie_name, value)
    for _, octets in headers:
        text = octets.decode("latin-1")
        if COMMON.match(text) and not ATTRIBUTE.search(text):
            theirs = {name: morsel.value for name, morsel in SimpleCookie(text).items()}
            ours = returned("cookies", [(b"cookie", octets)])
            expect(ours == theirs, "other cookies than http.cookies reads", text, ours, theirs)


@target(
    "credential",
    "the reference, with urllib.parse for the query string",
    seeds=(b"x=1&t%6Fken=a+b%2\x1e" + each + b"\x00\x01" for each in HEADERS),
)
def check_credential(data: bytes) -> None:
    inputs = Input(data)
    has_query, name = inputs.flag(), inputs.choice(("session", "a", "", "\ud800"))
    query_string, *fields = inputs.all_fields()
    arguments = as_headers(fields), query_string if has_query else None, name
    token = returned("credential", *arguments)
    expected = reference.credential(*arguments)
    expect(identical(token, expected), "wrong credential", arguments, token, expected)


NOW = 1_700_000_000.5
CLAIMS = b'{"sub":"ada","exp":1700000001}'
OTHER_SECRET = "another secret of the tests, 32 bytes too"
TOKENS = {
    b"<valid>": sign_bytes(CLAIMS).encode("ascii"),
    b"<other>": sign_bytes(CLAIMS, secret=OTHER_SECRET).encode("ascii"),
    b"<expired>": sign_bytes(b'{"exp":1700000000}').encode("ascii"),
    b"<unsigned>": sign_bytes(CLAIMS)[:-1].encode("ascii"),
}
SECRETS = (SECRET, SECRET.encode("ascii"), [OTHER_SECRET, SECRET], (OTHER_SECRET,), "", [], ["", "-----BEGIN "])
PRESENTED = (
    *(b"\x1ehost:a", b"token=<valid>\x1ehost:a", b"token=<valid>\x1ecookie:session=<expired>"),
    *(b"\x1eauthorization:Bearer " + mark for mark in TOKENS),
    *(b"\x1ecookie:session=" + mark for mark in TOKENS),
    b"\x1eauthorization:Bearer <expired>\x1ecookie:session=<valid>",
)


@target(
    "identify",
    "the references of the credential and of tokens",
    seeds=(each + choices for each in PRESENTED for choices in (b"\x00\x01\x00", b"\x00\x00\x02", b"\x00\x00\x06")),
)
def check_identify(data: bytes) -> None:
    inputs = Input(data)
    secret, has_query, name = inputs.choice(SECRETS), inputs.flag(), inputs.choice(("session", "a"))
    query_string, *fields = inputs.all_fields()
    for mark, token in TOKENS.items():
        query_string = query_string.replace(mark, token)
        fields = [field.replace(mark, token) for field in fields]
    arguments = as_headers(fields), query_string if has_query else None, name, secret
    with tokens.stopped_clock(NOW):
        found = returned("identify", *arguments)
        expected = identity.identify(*arguments)
    expect(identical(found, expected), "wrong identity", arguments, found, expected)
