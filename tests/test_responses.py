"""Responses, Set-Cookie values, and the errors that a middleware sends."""

import asyncio
import dataclasses
import datetime
import logging
from http.cookies import SimpleCookie

import msgspec
import pytest
from asgi_client import call

CONTROLS = [chr(code) for code in (*range(0x20), 0x7F)]
SHOWN = "hunter2"


def answer_of(fastware, make, method="GET", **options):
    """The answer of an application whose handler returns ``make()``."""
    router = fastware.Router()

    @router.get("/")
    def handler():
        return make()

    return call(fastware.create_app(router), method, "/", **options)


# The classes

CLASSES = {
    "Response": (b"\x00\xff", b"\x00\xff"),
    "TextResponse": ("Zoë", "Zoë".encode()),
    "HTMLResponse": ("<p>Zoë", "<p>Zoë".encode()),
    "JSONResponse": ({"a": "Zoë"}, '{"a":"Zoë"}'.encode()),
}
each_class = pytest.mark.parametrize(("name", "content"), [(k, v[0]) for k, v in CLASSES.items()], ids=CLASSES.keys())


@pytest.mark.parametrize(("name", "content", "body"), [(k, *v) for k, v in CLASSES.items()], ids=CLASSES.keys())
def test_a_response_is_sent_with_its_body_and_200(fastware, name, content, body):
    answer = answer_of(fastware, lambda: getattr(fastware, name)(content))
    assert (answer.status, answer.body) == (200, body)


@each_class
def test_a_response_announces_the_length_of_its_body(fastware, name, content):
    answer = answer_of(fastware, lambda: getattr(fastware, name)(content))
    assert answer.header_list("content-length") == [str(len(answer.body))]


@each_class
def test_a_response_has_its_status_headers_and_cookies(fastware, name, content):
    answer = answer_of(
        fastware,
        lambda: getattr(fastware, name)(content, status=418, headers={"X-Kind": "v"}, cookies=["a=1", "b=2; Path=/"]),
    )
    assert answer.status == 418
    assert answer.header("x-kind") == "v"
    assert answer.header_list("set-cookie") == ["a=1", "b=2; Path=/"]


@each_class
def test_header_names_are_sent_in_lowercase_bytes(fastware, name, content):
    answer = answer_of(fastware, lambda: getattr(fastware, name)(content, headers={"X-Kind": "v"}, cookies=["a=1"]))
    assert all(type(key) is bytes and type(value) is bytes for key, value in answer.headers)
    assert all(key == key.lower() for key, _ in answer.headers)


CONTENT_TYPES = {
    "TextResponse": ("a", "text/plain; charset=utf-8"),
    "HTMLResponse": ("a", "text/html; charset=utf-8"),
    "JSONResponse": ([], "application/json"),
}


@pytest.mark.parametrize(("name", "row"), CONTENT_TYPES.items(), ids=CONTENT_TYPES.keys())
def test_a_response_has_the_content_type_of_its_class(fastware, name, row):
    content, expected = row
    assert answer_of(fastware, lambda: getattr(fastware, name)(content)).header("content-type") == expected


@each_class
@pytest.mark.parametrize("spelling", ["content-type", "Content-Type"])
def test_a_content_type_in_the_headers_replaces_the_one_of_the_class(fastware, name, content, spelling):
    answer = answer_of(fastware, lambda: getattr(fastware, name)(content, headers={spelling: "text/csv"}))
    assert answer.header_list("content-type") == ["text/csv"]


@each_class
def test_a_content_length_in_the_headers_replaces_the_counted_one(fastware, name, content):
    answer = answer_of(fastware, lambda: getattr(fastware, name)(content, headers={"Content-Length": "0"}))
    assert answer.header_list("content-length") == ["0"]


@each_class
def test_cookies_that_are_one_str_are_a_type_error(fastware, name, content):
    with pytest.raises(TypeError, match="list"):
        getattr(fastware, name)(content, cookies="a=b")


# What msgspec encodes


@dataclasses.dataclass
class Point:
    x: int


class Struct(msgspec.Struct):
    x: int


JSON_ROWS = {
    "dataclass": (Point(1), {"x": 1}),
    "struct": (Struct(1), {"x": 1}),
    "datetime": ({"at": datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)}, {"at": "2024-01-02T00:00:00Z"}),
    "tuple": ((1, 2), [1, 2]),
    "none": (None, None),
    "text": ("a", "a"),
    "nested": ({"a": [{"b": None}]}, {"a": [{"b": None}]}),
}


@pytest.mark.parametrize(("content", "expected"), JSON_ROWS.values(), ids=JSON_ROWS.keys())
def test_a_json_response_holds_what_msgspec_encodes(fastware, content, expected):
    assert answer_of(fastware, lambda: fastware.JSONResponse(content)).json == expected


# What a handler may return

RETURNED = {
    "dict": ({"a": 1}, 200, b'{"a":1}', "application/json"),
    "list": ([1, 2], 200, b"[1,2]", "application/json"),
    "empty-dict": ({}, 200, b"{}", "application/json"),
    "empty-list": ([], 200, b"[]", "application/json"),
    "text": ("Zoë", 200, "Zoë".encode(), "text/plain; charset=utf-8"),
    "empty-text": ("", 200, b"", "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize(("returned", "status", "body", "content_type"), RETURNED.values(), ids=RETURNED.keys())
def test_what_a_handler_returns_becomes_a_response(fastware, returned, status, body, content_type):
    answer = answer_of(fastware, lambda: returned)
    assert (answer.status, answer.body, answer.header("content-type")) == (status, body, content_type)


def test_a_handler_that_returns_none_answers_204_without_a_body(fastware):
    answer = answer_of(fastware, lambda: None)
    assert (answer.status, answer.body) == (204, b"")
    # RFC 9110 section 8.6: no Content-Length in a 204.
    assert answer.header("content-length") is None


@pytest.mark.parametrize(
    "returned", [1, 1.5, True, b"bytes", object(), {1}, ValueError("v")], ids=lambda v: type(v).__name__
)
def test_a_handler_that_returns_anything_else_is_a_500_whose_log_names_it(fastware, caplog, returned):
    router = fastware.Router()

    @router.get("/")
    def the_strange_handler():
        return returned

    with caplog.at_level(logging.ERROR, logger="fastware"):
        answer = call(fastware.create_app(router))
    assert (answer.status, answer.json) == (500, {"detail": "Internal server error"})
    assert "the_strange_handler" in caplog.text


def test_a_dict_that_is_not_json_is_a_500_and_no_half_answer(fastware):
    answer = answer_of(fastware, lambda: {"a": object()})
    assert (answer.status, answer.json) == (500, {"detail": "Internal server error"})


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_is_sent_without_one(fastware, status):
    assert answer_of(fastware, lambda: fastware.TextResponse("text", status=status)).body == b""


# Header injection

WRONG_HEADER_VALUES = {
    "crlf": "a\r\nset-cookie: x=1",
    "cr": "a\rb",
    "lf": "a\nb",
    "nul": "a\0b",
    "beyond-latin-1": "愛",
    "lf-at-the-end": "a\n",
}
WRONG_HEADER_NAMES = {
    "empty": "",
    "space": "x y",
    "colon": "x:",
    "crlf": "x\r\ny",
    "nul": "x\0",
    "non-ascii": "x-\u00e9",
    "line-feed-at-the-end": "x\n",
}


@each_class
@pytest.mark.parametrize("value", WRONG_HEADER_VALUES.values(), ids=WRONG_HEADER_VALUES.keys())
@pytest.mark.rule("response.headers")
def test_a_header_value_that_http_does_not_allow_is_a_value_error(fastware, name, content, value):
    with pytest.raises(ValueError):
        getattr(fastware, name)(content, headers={"x-kind": value})


@each_class
@pytest.mark.parametrize("header", WRONG_HEADER_NAMES.values(), ids=WRONG_HEADER_NAMES.keys())
@pytest.mark.rule("response.headers")
def test_a_header_name_that_http_does_not_allow_is_a_value_error(fastware, name, content, header):
    with pytest.raises(ValueError):
        getattr(fastware, name)(content, headers={header: "v"})


@pytest.mark.parametrize("cookie", ["a=1\r\nx: y", "a=1\n", "a=\0", "a=\r"], ids=ascii)
def test_a_cookie_that_would_end_its_header_is_a_value_error(fastware, cookie):
    with pytest.raises(ValueError):
        fastware.Response(b"", cookies=[cookie])


# set_cookie


def test_set_cookie_alone_is_for_every_path_and_same_site_lax(fastware):
    (morsel,) = SimpleCookie(fastware.set_cookie("name", "value")).values()
    assert (morsel.key, morsel.value, morsel["path"], morsel["samesite"].lower()) == ("name", "value", "/", "lax")
    assert not any(morsel[attribute] for attribute in ("max-age", "domain", "secure", "httponly", "expires"))


ATTRIBUTES = {
    "max-age": ({"max_age": 60}, "max-age", "60"),
    "max-age-zero": ({"max_age": 0}, "max-age", "0"),
    "path": ({"path": "/api"}, "path", "/api"),
    "no-path": ({"path": None}, "path", ""),
    "domain": ({"domain": "example.com"}, "domain", "example.com"),
    "secure": ({"secure": True}, "secure", True),
    "httponly": ({"httponly": True}, "httponly", True),
    "strict": ({"samesite": "strict"}, "samesite", "strict"),
    "none": ({"samesite": "none", "secure": True}, "samesite", "none"),
    "without-samesite": ({"samesite": None}, "samesite", ""),
}


@pytest.mark.parametrize(("options", "attribute", "expected"), ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_set_cookie_has_the_attributes_asked_for(fastware, options, attribute, expected):
    (morsel,) = SimpleCookie(fastware.set_cookie("name", "value", **options)).values()
    found = morsel[attribute]
    assert (found.lower() if isinstance(found, str) else found) == expected


def test_set_cookie_takes_an_empty_value(fastware):
    assert SimpleCookie(fastware.set_cookie("name", ""))["name"].value == ""


@pytest.mark.rule("set-cookie.attributes")
def test_set_cookie_refuses_same_site_none_without_secure(fastware):
    with pytest.raises(ValueError, match=r"(?i)secure"):
        fastware.set_cookie("name", "value", samesite="none")


def test_set_cookie_refuses_an_unknown_same_site(fastware):
    with pytest.raises(ValueError):
        fastware.set_cookie("name", "value", samesite="loose")


# RFC 6265 section 4.1.1: cookie-octet leaves out controls, whitespace, DQUOTE, comma, semicolon and backslash.
BAD_IN_VALUES = [*CONTROLS, " ", '"', ",", ";", "\\", "\x80", "é", "愛", "\ud800"]


@pytest.mark.parametrize("at", ["start", "middle", "end"])
@pytest.mark.parametrize("bad", BAD_IN_VALUES, ids=ascii)
@pytest.mark.rule("set-cookie.value")
def test_set_cookie_refuses_a_value_that_a_cookie_cannot_hold_and_does_not_show_it(fastware, bad, at):
    value = {"start": bad + SHOWN, "middle": f"{SHOWN}{bad}{SHOWN}", "end": SHOWN + bad}[at]
    with pytest.raises(ValueError) as caught:
        fastware.set_cookie("name", value)
    assert SHOWN not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "a b", "a=b", "a;b", "a,b", 'a"', "a\\", "é", "a\n", "a\r\nb", "a\0", "(a)"], ids=ascii
)
@pytest.mark.rule("set-cookie.name")
def test_set_cookie_refuses_a_name_that_is_no_token(fastware, name):
    with pytest.raises(ValueError):
        fastware.set_cookie(name, "value")


@pytest.mark.parametrize("option", ["path", "domain"])
@pytest.mark.parametrize("value", ["/a; Domain=evil", "/a\r\nx: y", "/a\0", "/a\n"], ids=ascii)
@pytest.mark.rule("set-cookie.attributes")
def test_set_cookie_refuses_an_attribute_that_would_end_itself(fastware, option, value):
    with pytest.raises(ValueError):
        fastware.set_cookie("name", "value", **{option: value})


# delete_cookie


def test_delete_cookie_ends_the_cookie_of_that_name_and_path(fastware):
    (morsel,) = SimpleCookie(fastware.delete_cookie("name", path="/api", domain="example.com")).values()
    assert (morsel.key, morsel.value, morsel["max-age"]) == ("name", "", "0")
    assert (morsel["path"], morsel["domain"]) == ("/api", "example.com")


def test_delete_cookie_is_for_the_path_that_set_cookie_sets_by_default(fastware):
    assert SimpleCookie(fastware.delete_cookie("name"))["name"]["path"] == "/"


@pytest.mark.parametrize("name", ["", "a;b", "a\r\nb"], ids=ascii)
def test_delete_cookie_refuses_a_name_that_is_no_token(fastware, name):
    with pytest.raises(ValueError):
        fastware.delete_cookie(name)


# send_error


def sent_by(send_error, *args, **options):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(send_error(send, *args, **options))
    return sent


def test_send_error_sends_a_whole_answer(fastware):
    start, body = sent_by(fastware.send_error, 403, "Not for you", headers={"X-Why": "v"})
    assert (start["type"], start["status"]) == ("http.response.start", 403)
    assert {(b"content-type", b"application/json"), (b"x-why", b"v")} <= set(map(tuple, start["headers"]))
    assert (body["type"], body["body"]) == ("http.response.body", b'{"detail":"Not for you"}')
    assert not body.get("more_body")


def test_send_error_sends_nothing_where_a_header_is_wrong(fastware):
    sent = []

    async def send(message):
        sent.append(message)

    with pytest.raises(ValueError):
        asyncio.run(fastware.send_error(send, 403, "no", headers={"x": "a\r\nb: c"}))
    assert sent == []


@pytest.mark.parametrize("kind", ["JSONResponse", "TextResponse", "HTMLResponse"])
def test_content_with_a_lone_surrogate_is_refused_without_hanging_on_the_error(fastware, kind):
    content = f"{SHOWN}\ud800"
    with pytest.raises(ValueError, match="lone surrogate") as raised:
        getattr(fastware, kind)([content] if kind == "JSONResponse" else content)
    assert SHOWN not in repr(raised.value)
    assert raised.value.__context__ is None
