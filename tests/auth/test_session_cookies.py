"""``set_session_cookies`` and ``clear_session_cookies``, read with ``http.cookies``."""

import warnings
from http.cookies import SimpleCookie

import asgi_client
import pytest
from error_text import shown_by

NAMES = ["session", "csrf_token"]
VALUE_OCTETS = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in '",;\\']
"""RFC 6265 section 4.1.1, cookie-octet."""


def read(values):
    """Return the value and the attributes of each cookie, by name."""
    cookies = SimpleCookie()
    for value in values:
        cookies.load(value)
    return {
        name: (cookie.value, {attribute: text for attribute, text in cookie.items() if text != ""})
        for name, cookie in cookies.items()
    }


BOTH = {"path": "/", "samesite": "lax"}


@pytest.mark.rule("set-cookie.session")
@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ({}, {}),
        ({"max_age": 60}, {"max-age": "60"}),
        ({"max_age": 720 * 3600, "secure": True}, {"max-age": "2592000", "secure": True}),
    ],
    ids=["default", "max-age", "max-age-and-secure"],
)
def test_session_is_hidden_from_javascript_and_the_csrf_token_is_not(auth, options, attributes):
    values = auth.set_session_cookies("the-token", "the-csrf-token", **options)
    assert read(values) == {
        "session": ("the-token", {**BOTH, **attributes, "httponly": True}),
        "csrf_token": ("the-csrf-token", {**BOTH, **attributes}),
    }
    assert [value.partition("=")[0] for value in values] == NAMES


@pytest.mark.rule("set-cookie.session")
@pytest.mark.parametrize("secure", [False, True])
def test_clear_session_cookies_deletes_both_cookies(auth, secure):
    values = auth.clear_session_cookies(secure=secure)
    attributes = {**BOTH, "max-age": "0", **({"secure": True} if secure else {})}
    assert read(values) == {"session": ("", attributes), "csrf_token": ("", attributes)}
    assert [value.partition("=")[0] for value in values] == NAMES


def test_host_prefix_names_cookies_that_other_subdomains_cannot_set(auth):
    values = auth.set_session_cookies("t", "c", host_prefix=True)
    attributes = {**BOTH, "secure": True}  # the prefix needs Secure, Path=/ and no Domain (RFC 6265bis section 4.1.3.2)
    assert read(values) == {
        "__Host-session": ("t", {**attributes, "httponly": True}),
        "__Host-csrf_token": ("c", attributes),
    }
    assert list(read(auth.clear_session_cookies(host_prefix=True))) == ["__Host-session", "__Host-csrf_token"]


def test_no_attribute_is_repeated(auth):
    for value in (*auth.set_session_cookies("t", "c", max_age=60, secure=True), *auth.clear_session_cookies()):
        attributes = [attribute.partition("=")[0] for attribute in value.split("; ")]
        assert len(set(attributes)) == len(attributes)


def test_every_cookie_octet_is_allowed(auth):
    value = "".join(VALUE_OCTETS)
    session, csrf_token = auth.set_session_cookies(value, value[::-1])
    assert session.partition("; ")[0] == f"session={value}"
    assert csrf_token.partition("; ")[0] == f"csrf_token={value[::-1]}"


@pytest.mark.rule("set-cookie.value")
@pytest.mark.parametrize("place", ["{}x", "x{}", "x{}x"], ids=["first", "last", "inside"])
def test_any_other_character_is_a_value_error_that_does_not_show_the_value(auth, place):
    secret = "hunter2"
    others = [*map(chr, range(0x21)), '"', ",", ";", "\\", "\x7f", *map(chr, range(0x80, 0x100))]
    others += ["\u2028", "；", "愛", "👩", "\ud800", "\r\nSet-Cookie: a=b", "; Domain=evil.example"]
    for other in others:
        value = secret + place.format(other) + secret
        for arguments in ((value, "c"), ("t", value)):
            with pytest.raises(ValueError) as raised:
                auth.set_session_cookies(*arguments)
            assert secret not in shown_by(raised.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("size", "warns"),
    [(4095, False), (4096, False), (4097, True), (8000, True)],
)
def test_cookie_whose_name_and_value_are_over_4096_bytes_warns(auth, name, size, warns):
    """RFC 6265 section 6.1, as browsers measure it."""
    tokens = dict.fromkeys(NAMES, "t") | {name: "t" * (size - len(name))}
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        values = auth.set_session_cookies(tokens["session"], tokens["csrf_token"])
    assert read(values)[name][0] == tokens[name]
    assert [warning.category for warning in recorded] == ([auth.CookieSizeWarning] if warns else [])
    assert all(f"the cookie {name!r} is " in str(warning.message) for warning in recorded)
    assert all(warning.filename == __file__ for warning in recorded), "the warning names the caller's line"


def test_cookies_pass_the_csrf_middleware(auth):
    async def inner(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    cookie = "; ".join(value.partition(";")[0] for value in auth.set_session_cookies("t", "Az09-_"))
    headers = [("cookie", cookie), ("x-csrf-token", "Az09-_")]
    assert asgi_client.call(auth.CSRFMiddleware(inner), "POST", headers=headers).status == 204


def test_response_sets_both_cookies(fastware, auth):
    values = auth.set_session_cookies("t", "c")
    router = fastware.Router()
    router.get("/")(lambda: fastware.JSONResponse({}, cookies=values))
    assert asgi_client.call(fastware.create_app(router)).header_list("set-cookie") == values
