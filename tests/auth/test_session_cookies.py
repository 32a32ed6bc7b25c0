"""set_session_cookies and clear_session_cookies: Set-Cookie values, read with http.cookies."""

from http.cookies import SimpleCookie

import asgi_client
import pytest
from error_text import shown_by

SHOWN = "hunter2-must-not-be-shown"
SECRET = "a secret of the tests, 32 bytes or more"
NAMES = ["session", "csrf_token"]


def morsels(values):
    """The cookies by name, as http.cookies reads them."""
    parsed = SimpleCookie()
    for value in values:
        parsed.load(value)
    return parsed


def attributes(value):
    """The names of the attributes of one Set-Cookie value, in lower case."""
    return [attribute.strip().partition("=")[0].lower() for attribute in value.split(";")[1:]]


# Setting


def test_there_are_two_cookies_session_first(auth):
    values = auth.set_session_cookies("t", "c")
    assert type(values) is list
    assert [type(value) for value in values] == [str, str]
    assert [value.partition("=")[0] for value in values] == NAMES


def test_the_cookies_hold_the_tokens(auth):
    cookies = morsels(auth.set_session_cookies("the-token", "the-csrf-token"))
    assert {name: cookie.value for name, cookie in cookies.items()} == {
        "session": "the-token",
        "csrf_token": "the-csrf-token",
    }


@pytest.mark.rule("set-cookie.session")
def test_only_the_session_is_hidden_from_javascript(auth):
    cookies = morsels(auth.set_session_cookies("t", "c"))
    assert cookies["session"]["httponly"] is True
    assert cookies["csrf_token"]["httponly"] == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_cookie_is_lax_and_for_every_path(auth, name):
    cookie = morsels(auth.set_session_cookies("t", "c"))[name]
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"


@pytest.mark.parametrize("name", NAMES)
def test_a_cookie_ends_with_the_browser_session_and_goes_over_http_by_default(auth, name):
    cookie = morsels(auth.set_session_cookies("t", "c"))[name]
    assert (cookie["max-age"], cookie["expires"], cookie["secure"], cookie["domain"]) == ("", "", "", "")


def test_no_attribute_stands_twice(auth):
    for value in auth.set_session_cookies("t", "c", max_age=60, secure=True):
        assert len(set(attributes(value))) == len(attributes(value))


@pytest.mark.parametrize("max_age", [1, 3600, 720 * 3600])
def test_max_age_sets_the_lifetime_of_both(auth, max_age):
    cookies = morsels(auth.set_session_cookies("t", "c", max_age=max_age))
    assert [cookies[name]["max-age"] for name in NAMES] == [str(max_age)] * 2


def test_secure_marks_both(auth):
    cookies = morsels(auth.set_session_cookies("t", "c", secure=True))
    assert [cookies[name]["secure"] for name in NAMES] == [True, True]


def test_a_real_token_passes_and_is_read_back(auth):
    token = auth.create_token("José", "admin", SECRET)
    cookies = morsels(auth.set_session_cookies(token, "c"))
    assert cookies["session"].value == token
    assert auth.verify_token(cookies["session"].value, SECRET)["sub"] == "José"


# RFC 6265 section 4.1.1: cookie-octet
OCTETS = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in '",;\\']


def test_every_cookie_octet_passes_in_both(auth):
    value = "".join(OCTETS)
    one, other = auth.set_session_cookies(value, value[::-1])
    assert one.partition(";")[0] == f"session={value}"
    assert other.partition(";")[0] == f"csrf_token={value[::-1]}"


def test_the_csrf_cookie_passes_the_middleware(fastware, auth):
    router = fastware.Router()

    @router.post("/")
    async def post(request):
        return {"passed": True}

    app = fastware.create_app(router, middleware=[auth.CSRFMiddleware])
    csrf_token = morsels(auth.set_session_cookies("t", "Az09-_"))["csrf_token"].value
    headers = [("cookie", f"session=t; csrf_token={csrf_token}"), ("x-csrf-token", csrf_token)]
    assert asgi_client.call(app, "POST", headers=headers).json == {"passed": True}


# What is refused

CONTROLS = [chr(code) for code in [*range(0x20), 0x7F]]
SEPARATORS = [" ", '"', ",", ";", "\\"]
NON_ASCII = ["\x80", "\x85", "\xa0", "é", "\u2028", "；", "愛", "👩", "\ud800"]
each_refused = pytest.mark.parametrize("character", [*CONTROLS, *SEPARATORS, *NON_ASCII], ids=ascii)


def refused_without_being_shown(auth, token, csrf_token):
    with pytest.raises(ValueError) as raised:
        auth.set_session_cookies(token, csrf_token)
    return SHOWN not in shown_by(raised.value)


@each_refused
@pytest.mark.parametrize("place", ["{}x", "x{}", "x{}x"], ids=["first", "last", "inside"])
@pytest.mark.rule("set-cookie.value")
def test_a_session_that_could_end_the_value_is_refused_without_being_shown(auth, character, place):
    assert refused_without_being_shown(auth, SHOWN + place.format(character) + SHOWN, "c")


@each_refused
@pytest.mark.parametrize("text", ["{}" + SHOWN, SHOWN + "{}"], ids=["first", "last"])
def test_a_csrf_token_that_could_end_the_value_is_refused_without_being_shown(auth, character, text):
    assert refused_without_being_shown(auth, "t", text.format(character))


INJECTIONS = [
    "x\r\nSet-Cookie: session=evil",
    "x\nLocation: https://evil.example",
    "x; Domain=evil.example",
    "x;HttpOnly=",
    "x, session=evil",
    "x\0",
    '"x"',
]


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_no_header_can_be_injected(auth, text):
    for arguments in ((text, "c"), ("t", text)):
        with pytest.raises(ValueError):
            auth.set_session_cookies(*arguments)


# Clearing


@pytest.mark.rule("set-cookie.session")
def test_clearing_empties_the_same_two_cookies(auth):
    values = auth.clear_session_cookies()
    assert type(values) is list
    assert [value.partition("=")[0] for value in values] == NAMES
    assert [cookie.value for cookie in morsels(values).values()] == ["", ""]


@pytest.mark.parametrize("name", NAMES)
def test_clearing_ends_a_cookie_at_once_on_the_path_it_was_set_for(auth, name):
    cleared = morsels(auth.clear_session_cookies())[name]
    was_set = morsels(auth.set_session_cookies("t", "c"))[name]
    assert cleared["max-age"] == "0"
    assert (cleared["path"], cleared["domain"]) == (was_set["path"], was_set["domain"]) == ("/", "")


@pytest.mark.parametrize(("secure", "flag"), [(False, ""), (True, True)])
def test_clearing_is_secure_as_it_was_set(auth, secure, flag):
    cookies = morsels(auth.clear_session_cookies(secure=secure))
    assert [cookies[name]["secure"] for name in NAMES] == [flag, flag]


# In a response


def test_a_response_sends_both_cookies(fastware, auth):
    router = fastware.Router()

    @router.get("/login")
    async def login(request):
        return fastware.JSONResponse({}, cookies=auth.set_session_cookies("t", "c"))

    @router.get("/logout")
    async def logout(request):
        return fastware.JSONResponse({}, cookies=auth.clear_session_cookies())

    app = fastware.create_app(router)
    assert asgi_client.call(app, "GET", "/login").header_list("set-cookie") == auth.set_session_cookies("t", "c")
    assert asgi_client.call(app, "GET", "/logout").header_list("set-cookie") == auth.clear_session_cookies()
