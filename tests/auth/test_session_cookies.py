"""``set_session_cookies`` and ``clear_session_cookies``, read with ``http.cookies``."""

import json
import warnings
from datetime import timedelta
from http.cookies import SimpleCookie

import asgi_client
import clock
import pytest
import raw_tokens
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


def max_ages(values):
    """Return the ``Max-Age`` of each cookie in seconds."""
    return [int(attributes["max-age"]) for _, attributes in read(values).values()]


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


OPTIONS = {
    "default": ({}, "Path=/; SameSite=lax"),
    "secure": ({"secure": True}, "Path=/; Secure; SameSite=lax"),
    "domain": ({"domain": "example.com"}, "Domain=example.com; Path=/; SameSite=lax"),
    "path": ({"path": "/shop"}, "Path=/shop; SameSite=lax"),
    "samesite": ({"samesite": "strict"}, "Path=/; SameSite=strict"),
    "no-samesite": ({"samesite": None}, "Path=/"),
    "host-prefix": ({"host_prefix": True}, "Path=/; Secure; SameSite=lax"),
    "embedded": (
        {"host_prefix": True, "samesite": "none", "partitioned": True},
        "Path=/; Secure; SameSite=none; Partitioned",
    ),
    "all": (
        {"secure": True, "domain": "a.example", "path": "/b", "samesite": "none", "partitioned": True},
        "Domain=a.example; Path=/b; Secure; SameSite=none; Partitioned",
    ),
}


@pytest.mark.rule("set-cookie.session")
@pytest.mark.parametrize(("options", "attributes"), OPTIONS.values(), ids=OPTIONS)
def test_session_is_set_and_cleared_with_equal_attributes(auth, options, attributes):
    session, csrf = (("__Host-" if options.get("host_prefix") else "") + name for name in NAMES)
    session_attributes = (
        attributes.replace("; SameSite", "; HttpOnly; SameSite") if "SameSite" in attributes else "Path=/; HttpOnly"
    )
    assert auth.set_session_cookies("t", "c", **options) == [
        f"{session}=t; {session_attributes}",
        f"{csrf}=c; {attributes}",
    ]
    assert auth.clear_session_cookies(**options) == [f"{name}=; Max-Age=0; {attributes}" for name in (session, csrf)]


CONTRADICTIONS = {
    "domain": ({"host_prefix": True, "domain": "example.com"}, "host_prefix=True excludes domain: .*; leave out one"),
    "path": ({"host_prefix": True, "path": "/shop"}, "host_prefix=True needs path='/': .*; leave out host_prefix or"),
    "samesite": ({"samesite": "none"}, "samesite='none' needs secure=True: browsers drop"),
    "partitioned": ({"partitioned": True}, "partitioned=True needs secure=True: browsers drop"),
}


@pytest.mark.rule("set-cookie.session")
@pytest.mark.parametrize(("options", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_cookies_that_browsers_drop_are_a_value_error(auth, options, message):
    for call in (lambda **given: auth.set_session_cookies("t", "c", **given), auth.clear_session_cookies):
        with pytest.raises(ValueError, match=message):
            call(**options)


# Lifetimes


@pytest.mark.rule("set-cookie.lifetime")
@pytest.mark.parametrize(
    ("max_age", "seconds"), [(60, 60), (60.9, 60), (timedelta(hours=1), 3600), (0, 0)], ids=["int", "float", "td", "0"]
)
def test_max_age_is_a_duration(auth, max_age, seconds):
    assert max_ages(auth.set_session_cookies("t", "c", max_age=max_age)) == [seconds] * 2


@pytest.mark.rule("set-cookie.lifetime")
@pytest.mark.parametrize(
    ("claims", "seconds"),
    [
        ({"exp": 1_000_900}, 900),
        ({"exp": 1_000_900.9, "sub": "愛"}, 900),
        ({"exp": 1_000_000}, 0),
        ({"exp": -5}, 0),
    ],
    ids=["ahead", "fraction", "now", "past"],
)
def test_cookies_end_with_the_token(auth, claims, seconds):
    with clock.stopped_at(1_000_000.7):
        values = auth.set_session_cookies(raw_tokens.sign_claims(claims), "c", max_age="exp")
    assert max_ages(values) == [seconds] * 2


def test_cookies_of_a_new_token_have_its_whole_lifetime(auth):
    with clock.stopped_at(1_000_000.7):
        token = auth.create_token("ada", "admin", raw_tokens.SECRET, expires_in=900)
        assert max_ages(auth.set_session_cookies(token, "c", max_age="exp")) == [900, 900]


WITHOUT_EXP = {
    "random": "x" * 43,
    "empty": "",
    "two-segments": raw_tokens.sign_claims({"exp": 5}).rpartition(".")[0],
    "four-segments": raw_tokens.sign_claims({"exp": 5}) + ".x",
    "no-exp": raw_tokens.sign_claims({"sub": "ada"}),
    "bool": raw_tokens.sign_claims({"exp": True}),
    "str": raw_tokens.sign_claims({"exp": "900"}),
    "null": raw_tokens.sign_claims({"exp": None}),
    "array": raw_tokens.sign_bytes(b'["exp"]'),
    "no-json": raw_tokens.sign_bytes(b"{"),
    "nan": raw_tokens.sign_bytes(b'{"exp":NaN}'),
    "overflow": raw_tokens.sign_bytes(b'{"exp":1e999}'),
    "deep": raw_tokens.sign_bytes(b'{"exp":5,"a":' + b"[" * 70_000),
    "padded": ".".join((raw_tokens.sign_claims({"exp": 5}).split(".")[0], "eyJleHAiOjV9==", "x")),
    "not-ascii": "é.é.é",
    "too-long": raw_tokens.sign_bytes(json.dumps({"a": "x" * 70_000, "exp": 5}).encode()),
    "bytes": b"a.b.c",
}


@pytest.mark.rule("set-cookie.lifetime")
@pytest.mark.parametrize("token", WITHOUT_EXP.values(), ids=WITHOUT_EXP)
def test_max_age_exp_needs_a_token_with_exp(auth, token):
    with pytest.raises(ValueError, match="max_age='exp' needs a token with the claim exp") as raised:
        auth.set_session_cookies(token, "c", max_age="exp")
    assert not token or str(token) not in shown_by(raised.value)


@pytest.mark.parametrize("max_age", ["", "60", "EXP", "exp "])
def test_another_str_as_max_age_is_a_value_error(auth, max_age):
    with pytest.raises(ValueError, match="max_age must be a number of seconds, a timedelta, 'exp' or None"):
        auth.set_session_cookies("t", "c", max_age=max_age)


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


# Responses


def headers_of(fastware, response):
    router = fastware.Router()
    router.get("/")(lambda: response)
    answer = asgi_client.call(fastware.create_app(router))
    return answer.header_list("set-cookie"), answer.header_list("cache-control")


@pytest.mark.rule("set-cookie.no-store")
@pytest.mark.parametrize("host_prefix", [False, True])
@pytest.mark.parametrize("status", [200, 204])
def test_response_with_session_cookies_is_not_stored(fastware, auth, host_prefix, status):
    for cookies in (
        auth.set_session_cookies("t", "c", host_prefix=host_prefix),
        auth.clear_session_cookies(host_prefix=host_prefix),
        auth.set_session_cookies("t", "c", host_prefix=host_prefix)[1:],
    ):
        response = fastware.JSONResponse({}, status, cookies=iter(cookies))
        assert headers_of(fastware, response) == (cookies, ["no-store"])


@pytest.mark.rule("set-cookie.no-store")
def test_other_responses_are_as_they_were(fastware, auth):
    session = auth.set_session_cookies("t", "c")
    for headers in ({"Cache-Control": "no-cache, private"}, {"cache-control": "no-cache, private"}):
        response = fastware.TextResponse("", headers=headers, cookies=session)
        assert headers_of(fastware, response) == (session, ["no-cache, private"])
    others = [fastware.set_cookie(name, "session=") for name in ("theme", "sessions", "__Host-id", "Session")]
    assert headers_of(fastware, fastware.TextResponse("", cookies=others)) == (others, [])
