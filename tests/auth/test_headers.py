"""Header and cookie lookup, compared with ``http.cookies``.

The rules are tested in ``tests/engine/test_headers.py`` and by the rows of ``tests/attacks``.
"""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

many = settings(max_examples=300, deadline=None)

RESERVED = {"path", "domain", "expires", "secure", "comment", "version", "max-age", "httponly"}
NAMES = st.text("abcXYZ019-_.!#", min_size=1, max_size=6).filter(lambda name: name.lower() not in RESERVED)


@pytest.mark.parametrize(("name", "call"), [("_get_asgi_header", "header"), ("_get_asgi_cookie", "cookie")])
def test_lookup_functions_are_those_of_the_engine(auth, engine, name, call):
    assert getattr(auth, name) is getattr(engine, call)


def test_first_header_of_the_name_is_returned(auth):
    headers = [[b"Host", b"a"], [b"host", b"b"]]
    assert auth._get_asgi_header(headers, b"host") == b"a"
    assert auth._get_asgi_header(headers, b"accept") == b""


def test_last_cookie_of_the_name_is_returned(auth):
    headers = [(b"cookie", b"a=1; b=2"), (b"cookie", b"a=3"), (b"set-cookie", b"a=4"), (b"cookie2", b"a=5")]
    assert auth._get_asgi_cookie(headers, "a") == "3"
    assert auth._get_asgi_cookie(headers, "c") == ""


@many
@given(cookies=st.dictionaries(NAMES, st.text([chr(code) for code in range(256)], max_size=12), max_size=5))
def test_cookies_that_http_cookies_writes_are_read(engine, cookies):
    # Quoted by `http.cookies` alone: setting a value with a control character in it raises from Python 3.14 on.
    pairs = (f"{name}={SimpleCookie().value_encode(value)[1]}" for name, value in cookies.items())
    assert engine.cookies([(b"cookie", "; ".join(pairs).encode("latin-1"))]) == cookies


QUOTED_PARTS = st.sampled_from(["a", " ", "=", "%", '\\"', "\\\\", "\\054", "\\073", "\\377", "\\400", "\\01", "\\x"])
WELL_FORMED_VALUES = st.one_of(
    st.text("abc019!#$%&'()*+-./:<=>?@[]^_`{|}~", max_size=8),
    st.lists(QUOTED_PARTS, max_size=8).map("".join).map('"{}"'.format),
)


@many
@given(pairs=st.lists(st.tuples(NAMES, WELL_FORMED_VALUES), min_size=1, max_size=5))
def test_well_formed_cookies_are_read_as_by_http_cookies(engine, pairs):
    header = "; ".join(f"{name}={value}" for name, value in pairs)
    jar = SimpleCookie(header)
    assert engine.cookies([(b"cookie", header.encode("latin-1"))]) == {name: jar[name].value for name in jar}
