"""_get_asgi_header and _get_asgi_cookie: the forms of headers, and http.cookies as the peer. Rows: tests/attacks/."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

many = settings(max_examples=300, deadline=None)


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
