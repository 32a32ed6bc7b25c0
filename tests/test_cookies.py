"""set_cookie and delete_cookie. tests/attacks has the rows for characters that could end a value or the header."""

import warnings
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import set_cookie as reference

EVERYTHING = {"path": "/api", "domain": "example.com", "secure": True, "httponly": True, "samesite": "none"}


def attributes(header):
    """Return the attributes of a ``Set-Cookie`` value that ``http.cookies`` reads, and the name and value."""
    (morsel,) = SimpleCookie(header).values()
    return {"name": morsel.key, "value": morsel.value, **{name: value for name, value in morsel.items() if value}}


DEFAULTS = {"name": "id", "value": "v", "path": "/", "samesite": "lax"}
SET = {
    "defaults": ({}, {}),
    "max-age": ({"max_age": 60}, {"max-age": "60"}),
    "max-age-zero": ({"max_age": 0}, {"max-age": "0"}),
    "max-age-float": ({"max_age": 1.9}, {"max-age": "1"}),
    "max-age-negative-float": ({"max_age": -0.5}, {"max-age": "-1"}),
    "max-age-timedelta": ({"max_age": timedelta(days=1, milliseconds=900)}, {"max-age": "86400"}),
    "path": ({"path": "/api"}, {"path": "/api"}),
    "domain": ({"domain": "example.com"}, {"domain": "example.com"}),
    "secure": ({"secure": True}, {"secure": True}),
    "httponly": ({"httponly": True}, {"httponly": True}),
    "samesite-strict": ({"samesite": "strict"}, {"samesite": "strict"}),
    "everything": (EVERYTHING, EVERYTHING),
}


@pytest.mark.parametrize(("options", "expected"), SET.values(), ids=SET.keys())
def test_set_cookie_has_the_given_attributes(fastware, options, expected):
    assert attributes(fastware.set_cookie("id", "v", **options)) == DEFAULTS | expected


def test_path_and_samesite_can_be_left_out(fastware):
    assert fastware.set_cookie("id", "", path=None, samesite=None) == "id="


TEXTS = st.text(st.characters(max_codepoint=0x100) | st.sampled_from('ab/.-"\\,; \ud800'), max_size=5)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "max_age": st.integers(-1, 10**20) | st.floats() | st.timedeltas(),
        "path": st.none() | TEXTS,
        "domain": st.none() | TEXTS,
        "secure": st.booleans(),
        "httponly": st.booleans(),
        "samesite": st.sampled_from(["lax", "strict", "none", None, "Lax", ""]),
        "partitioned": st.booleans(),
    },
)


@pytest.mark.rule("set-cookie.value")
@pytest.mark.rule("set-cookie.name")
@pytest.mark.rule("set-cookie.attributes")
@settings(deadline=None)
@given(name=st.sampled_from(["id", "__Host-a", ""]) | TEXTS, value=TEXTS, options=OPTIONS)
def test_set_cookie_returns_a_valid_header_or_raises(fastware, name, value, options):
    expected = reference.set_cookie(name, value, **options)
    if expected is None:
        with pytest.raises(ValueError):
            fastware.set_cookie(name, value, **options)
    else:
        assert fastware.set_cookie(name, value, **options) == expected


@pytest.mark.parametrize("value", ["hunter2;", "hunter2\n", "hunter2\ud800"], ids=ascii)
def test_error_of_set_cookie_does_not_show_the_value(fastware, value):
    with pytest.raises(ValueError) as raised:
        fastware.set_cookie("id", value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("name", ["i", "session"])
def test_set_cookie_warns_where_name_and_value_exceed_4096_bytes(fastware, name):
    at_limit = "v" * (4_096 - len(name))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fastware.set_cookie(name, at_limit, **EVERYTHING)
    assert caught == []
    with pytest.warns(fastware.CookieSizeWarning, match=f"'{name}' is 4097 bytes") as caught:
        assert attributes(fastware.set_cookie(name, at_limit + "v"))["value"] == at_limit + "v"
    assert caught[0].filename == __file__


def test_delete_cookie_empties_the_cookie_and_ends_it_at_once(fastware):
    assert attributes(fastware.delete_cookie("id")) == {**DEFAULTS, "value": "", "max-age": "0"}


@pytest.mark.parametrize(
    "options",
    [{name: EVERYTHING[name]} for name in ("path", "domain", "secure", "httponly")] + [EVERYTHING],
    ids=",".join,
)
def test_delete_cookie_takes_the_attributes_of_set_cookie(fastware, options):
    assert attributes(fastware.delete_cookie("id", **options)) == {**DEFAULTS, "value": "", "max-age": "0", **options}


def test_cross_site_cookie_is_deleted_by_a_cross_site_cookie(fastware):
    header = fastware.delete_cookie("embed", samesite="none", secure=True)
    assert header == "embed=; Max-Age=0; Path=/; Secure; SameSite=none"


def test_partitioned_cookie_is_set_and_deleted_with_the_attribute(fastware):
    options = {"samesite": "none", "secure": True, "partitioned": True}
    attributes_in_order = "Path=/; Secure; SameSite=none; Partitioned"
    assert fastware.set_cookie("embed", "v", **options) == f"embed=v; {attributes_in_order}"
    assert fastware.delete_cookie("embed", **options) == f"embed=; Max-Age=0; {attributes_in_order}"


@pytest.mark.parametrize(
    "options",
    [
        {"name": "a;b"},
        {"name": "a", "path": "/;"},
        {"name": "a", "samesite": "none"},
        {"name": "a", "partitioned": True},
    ],
    ids=str,
)
def test_delete_cookie_checks_its_arguments(fastware, options):
    with pytest.raises(ValueError):
        fastware.delete_cookie(**options)
