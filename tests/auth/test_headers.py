"""_get_asgi_header and _get_asgi_cookie: RFC 9110, RFC 9113 section 8.2.3, RFC 6265, and http.cookies as the peer."""

import time
from http.cookies import SimpleCookie

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

many = settings(max_examples=300, deadline=None)

# _get_asgi_header: headers, name, value

HEADER_ROWS = {
    "found": ([(b"accept", b"a"), (b"host", b"h")], b"host", b"h"),
    "not-found": ([(b"accept", b"a")], b"host", b""),
    "no-headers": ([], b"host", b""),
    "first-of-several": ([(b"accept", b"1"), (b"accept", b"2")], b"accept", b"1"),
    "first-though-empty": ([(b"accept", b""), (b"accept", b"2")], b"accept", b""),
    "names-without-case": ([(b"X-CSRF-Token", b"t")], b"x-csrf-token", b"t"),
    "names-in-capitals": ([(b"HOST", b"h")], b"host", b"h"),
    "whole-name-only": ([(b"x-host", b"1"), (b"hos", b"2"), (b"host ", b"3")], b"host", b""),
    "ascii-case-only": ([(b"x-\xc0", b"upper")], b"x-\xe0", b""),
    "latin-1-name": ([(b"X-\xe0", b"v")], b"x-\xe0", b"v"),
    "no-case-for-punctuation": ([(b"a@b[", b"1"), (b"a`b[", b"2")], b"a`b[", b"2"),
    "value-as-it-is": ([(b"a", b' \t"V\xff\x00\r\n ')], b"a", b' \t"V\xff\x00\r\n '),
    "empty-name": ([(b"a", b"1"), (b"", b"2")], b"", b"2"),
}


@pytest.mark.parametrize(("headers", "name", "value"), HEADER_ROWS.values(), ids=HEADER_ROWS.keys())
def test_the_first_value_of_a_header_is_found(auth, headers, name, value):
    found = auth._get_asgi_header(headers, name)
    assert found == value
    assert type(found) is bytes


# _get_asgi_cookie: Cookie header, name, value

COOKIE_ROWS = {
    # RFC 6265 section 4.2.1: cookie-string = cookie-pair *( ";" SP cookie-pair )
    "only": (b"a=1", "a", "1"),
    "first": (b"a=1; b=2; c=3", "a", "1"),
    "middle": (b"a=1; b=2; c=3", "b", "2"),
    "last": (b"a=1; b=2; c=3", "c", "3"),
    "absent": (b"a=1; b=2", "c", ""),
    "empty-header": (b"", "a", ""),
    "empty-value": (b"a=; b=2", "a", ""),
    # RFC 6265 section 5.2: OWS is optional, nothing but space and tab is trimmed
    "no-space": (b"a=1;b=2", "b", "2"),
    "spaces-and-tabs": (b" \t a \t = \t 1 \t ;\tb=2", "a", "1"),
    "spaces-around-the-last": (b"a=1; \t b=2 \t", "b", "2"),
    "inner-spaces-stay": (b"a=1 2\t3", "a", "1 2\t3"),
    "vertical-tab-stays": (b"a=\x0b1\x0c", "a", "\x0b1\x0c"),
    "line-feed-stays": (b"a=\n1\r", "a", "\n1\r"),
    "no-break-space-stays": (b"a=\xa01\x85", "a", "\xa01\x85"),
    "nul-stays": (b"a=\x001", "a", "\x001"),
    "nul-in-name": (b"a\x00=1", "a", ""),
    # The first "=" ends the name
    "equals-in-value": (b"a=b=c==", "a", "b=c=="),
    "equals-alone-as-value": (b"a==", "a", "="),
    # No cookie, and no harm to the next one
    "no-equals": (b"a; b=2", "a", ""),
    "after-no-equals": (b"a; b=2", "b", "2"),
    "name-that-looks-like-a-pair": (b"x a=1; b=2", "a", ""),
    "empty-name": (b"=1; b=2", "", ""),
    "empty-name-of-spaces": (b"  =1", "", ""),
    "after-empty-name": (b"=1; b=2", "b", "2"),
    "empty-pairs": (b";; ;a=1;;", "a", "1"),
    "after-illegal-characters": (b"x@[]{}\xff=\x01\x7f; a=1", "a", "1"),
    "after-comma": (b"x=1, y=2; a=1", "a", "1"),
    "comma-separates-nothing": (b"x=1,a=1", "a", ""),
    "illegal-name-is-a-name": (b"x@[]=1", "x@[]", "1"),
    # Names are compared exactly
    "other-case": (b"A=1", "a", ""),
    "prefix": (b"ab=1", "a", ""),
    "suffix": (b"ba=1", "a", ""),
    "dollar-version": (b"$Version=1; a=1", "a", "1"),
    "reserved-name": (b"Path=1; a=2", "Path", "1"),
    "host-prefix": (b"__Host-a=1", "__Host-a", "1"),
    "spaces-in-the-name-asked-for": (b"a=1", " a ", ""),
    # The last of two equal names wins, as in http.cookies
    "last-wins": (b"a=1; b=2; a=3", "a", "3"),
    "last-wins-though-empty": (b"a=1; a=", "a", ""),
    "last-wins-not-a-bare-name": (b"a=1; a", "a", "1"),
    # Bytes are Latin-1, nothing is percent-decoded
    "latin-1": (b"a=\xe9\xff", "a", "\xe9\xff"),
    "utf-8-read-as-latin-1": ("a=é".encode(), "a", "Ã©"),
    "latin-1-name": (b"\xe9=1", "é", "1"),
    "name-beyond-latin-1": (b"a=1", "愛", ""),
    "lone-surrogate-as-name": (b"a=1", "\ud800", ""),
    "percent": (b"a=%41%3B+x", "a", "%41%3B+x"),
    "percent-in-name": (b"%61=1", "a", ""),
    # Quotes: http.cookies._unquote
    "quoted": (b'a="1"', "a", "1"),
    "quoted-empty": (b'a=""', "a", ""),
    "quoted-spaces": (b'a=" 1 "', "a", " 1 "),
    "spaces-around-quotes": (b'a= "1" ; b=2', "a", "1"),
    "escaped-quote": (rb'a="x\"y"', "a", 'x"y'),
    "escaped-backslash": (rb'a="x\\y"', "a", "x\\y"),
    "escaped-letter": (rb'a="\x\y"', "a", "xy"),
    "escaped-semicolon-in-octal": (rb'a="1\0732"', "a", "1;2"),
    "escaped-comma-in-octal": (rb'a="1\0542"', "a", "1,2"),
    "octal-000": (rb'a="\000"', "a", "\x00"),
    "octal-377": (rb'a="\377"', "a", "\xff"),
    "octal-400-is-no-octal": (rb'a="\400"', "a", "400"),
    "octal-8-is-no-digit": (rb'a="\018"', "a", "018"),
    "octal-of-two-digits": (rb'a="\01"', "a", "01"),
    "octal-after-backslash": (rb'a="\\054"', "a", "\\054"),
    "octal-is-not-read-twice": (rb'a="\134054"', "a", "\\054"),
    "backslash-before-the-end": (rb'a="x\"', "a", "x\\"),
    "backslash-line-feed": (b'a="x\\\ny"', "a", "x\\\ny"),
    "inner-quotes": (b'a="x"y"', "a", 'x"y'),
    "one-quote": (b'a="', "a", '"'),
    "opening-quote-only": (b'a="1; b=2', "a", '"1'),
    "closing-quote-only": (b'a=1"', "a", '1"'),
    "backslash-without-quotes": (rb"a=\054", "a", "\\054"),
    "quoted-name": (b'"a"=1', "a", ""),
    # The "cookie sandwich": a quote planted in one cookie must not swallow the next
    "semicolon-ends-a-quoted-pair": (b'x="1; a=2; y=3"', "a", "2"),
    "semicolon-in-quotes": (b'a="1;2"', "a", '"1'),
    "sandwich-with-version": (b'$Version=1; x="1; session=s; y="', "session", "s"),
}


@pytest.mark.parametrize(("cookie", "name", "value"), COOKIE_ROWS.values(), ids=COOKIE_ROWS.keys())
def test_a_cookie_is_read(auth, cookie, name, value):
    found = auth._get_asgi_cookie([(b"host", b"a=host"), (b"cookie", cookie)], name)
    assert found == value
    assert type(found) is str


# RFC 9113 section 8.2.3: several Cookie headers are read as if joined by "; "
SPLIT_ROWS = {
    "second-header": ([b"a=1", b"b=2"], "b", "2"),
    "last-wins-across-headers": ([b"a=1", b"a=2"], "a", "2"),
    "malformed-first": ([b'x="1', b"a=2"], "a", "2"),
    "empty-first": ([b"", b"a=2"], "a", "2"),
    "absent-in-the-last": ([b"a=1", b"b=2"], "a", "1"),
    "a-pair-is-not-split": ([b"a", b"=2"], "a", ""),
    "a-value-does-not-go-on": ([b"a=1", b"2"], "a", "1"),
}


@pytest.mark.parametrize(("cookies", "name", "value"), SPLIT_ROWS.values(), ids=SPLIT_ROWS.keys())
def test_several_cookie_headers_are_read_as_one(auth, cookies, name, value):
    headers = [(spelling, cookie) for spelling, cookie in zip([b"cookie", b"Cookie"], cookies, strict=True)]
    assert auth._get_asgi_cookie(headers, name) == value


def test_no_cookie_header_is_no_cookie(auth):
    assert auth._get_asgi_cookie([(b"set-cookie", b"a=1"), (b"cookie2", b"a=1")], "a") == ""


# Any iterable of two-item iterables of bytes

FORMS = {
    "tuples": lambda pairs: pairs,
    "lists": lambda pairs: [list(pair) for pair in pairs],
    "tuple-of-lists": lambda pairs: tuple(list(pair) for pair in pairs),
    "tuple-of-tuples": tuple,
    "generator": lambda pairs: (pair for pair in pairs),
    "generators-of-generators": lambda pairs: ((part for part in pair) for pair in pairs),
    "iterators": lambda pairs: iter([iter(pair) for pair in pairs]),
    "dict-items": lambda pairs: dict(pairs).items(),
    "map": lambda pairs: map(list, pairs),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_any_iterable_of_pairs_will_do(auth, form):
    pairs = [(b"Host", b"h"), (b"cookie", b"a=1")]
    assert auth._get_asgi_header(form(pairs), b"host") == b"h"
    assert auth._get_asgi_header(form(pairs), b"cookie") == b"a=1"
    assert auth._get_asgi_cookie(form(pairs), "a") == "1"


NO_HEADERS = {
    "none": None,
    "number": 5,
    "bytes": b"cookie: a=1",
    "str": "cookie: a=1",
    "dict": {b"cookie": b"a=1"},
    "item-none": [None],
    "item-number": [1],
    "item-bytes": [b"ab"],
    "item-str": ["ab"],
    "item-empty": [()],
    "item-of-one": [(b"cookie",)],
    "item-of-three": [(b"cookie", b"a=1", b"")],
    "name-str": [("cookie", b"a=1")],
    "value-str": [(b"cookie", "a=1")],
    "name-none": [(None, b"a=1")],
    "value-none": [(b"cookie", None)],
    "name-bytearray": [(bytearray(b"cookie"), b"a=1")],
    "value-memoryview": [(b"cookie", memoryview(b"a=1"))],
    "value-str-of-another-header": [(b"host", "h"), (b"cookie", b"a=1")],
}
each_no_headers = pytest.mark.parametrize("headers", NO_HEADERS.values(), ids=NO_HEADERS.keys())


@each_no_headers
def test_what_is_no_headers_is_a_type_error_for_a_header(auth, headers):
    with pytest.raises(TypeError):
        auth._get_asgi_header(headers, b"cookie")


@each_no_headers
def test_what_is_no_headers_is_a_type_error_for_a_cookie(auth, headers):
    with pytest.raises(TypeError):
        auth._get_asgi_cookie(headers, "a")


@pytest.mark.parametrize("name", [None, "host", 5, bytearray(b"host"), (b"host",)], ids=repr)
def test_a_header_name_that_is_no_bytes_is_a_type_error(auth, name):
    with pytest.raises(TypeError):
        auth._get_asgi_header([(b"host", b"h")], name)


@pytest.mark.parametrize("name", [None, b"a", 5, ("a",)], ids=repr)
def test_a_cookie_name_that_is_no_str_is_a_type_error(auth, name):
    with pytest.raises(TypeError):
        auth._get_asgi_cookie([(b"cookie", b"a=1")], name)


def test_items_after_the_match_are_not_looked_at(auth):
    headers = iter([(b"host", b"h"), None])
    assert auth._get_asgi_header(headers, b"host") == b"h"
    assert list(headers) == [None]


# http.cookies as the peer, on what it writes itself

NAMES = st.text("abcXYZ019-_.!#", min_size=1, max_size=6).filter(
    lambda name: (
        name.lower() not in {"path", "domain", "expires", "secure", "comment", "version", "max-age", "httponly"}
    )
)
VALUES = st.text([chr(code) for code in range(256)], max_size=12)


@many
@given(cookies=st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_http_cookies_writes_is_read_back(both, cookies):
    jar = SimpleCookie()
    for name, value in cookies.items():
        jar[name] = value
    header = jar.output(attrs=[], header="", sep=";").strip().encode("latin-1")
    for engine in both:
        assert engine.cookies([(b"cookie", header)]) == cookies


QUOTED_PARTS = st.sampled_from(["a", " ", "=", "%", '\\"', "\\\\", "\\054", "\\073", "\\377", "\\400", "\\01", "\\x"])
WELL_FORMED_VALUES = st.one_of(
    st.text("abc019!#$%&'()*+-./:<=>?@[]^_`{|}~", max_size=8),
    st.lists(QUOTED_PARTS, max_size=8).map("".join).map('"{}"'.format),
)


@many
@given(pairs=st.lists(st.tuples(NAMES, WELL_FORMED_VALUES), min_size=1, max_size=5))
def test_a_well_formed_header_is_read_as_http_cookies_reads_it(both, pairs):
    header = "; ".join(f"{name}={value}" for name, value in pairs)
    jar = SimpleCookie(header)
    for engine in both:
        assert engine.cookies([(b"cookie", header.encode("latin-1"))]) == {name: jar[name].value for name in jar}


# Linear time

LARGE = {
    "equals": b"=",
    "semicolons": b";",
    "spaces": b" ",
    "quotes": b'"',
    "backslashes": b"\\",
    "octals": b"\\054",
    "pairs": b"a=1;",
    "quoted-pairs": b'a="\\"";',
    "bare-names": b"a;",
    "spaced": b"a = ",
}


@pytest.mark.parametrize("piece", LARGE.values(), ids=LARGE.keys())
@pytest.mark.parametrize("frame", [b"%b", b'x="%b"', b"x=%b; y", b"%b=x"], ids=["bare", "quoted", "value", "name"])
def test_a_large_header_costs_linear_time(auth, piece, frame):
    """Quadratic code would take far longer than the bound."""
    header = frame % (piece * (65_536 // len(piece)))
    start = time.perf_counter()
    for _ in range(20):
        auth._get_asgi_cookie([(b"cookie", header)] * 2, "session")
        auth._get_asgi_cookie([(b"cookie", header)] * 2, "x")
    assert time.perf_counter() - start < 10
