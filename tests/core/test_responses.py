"""Responses, what handlers return, and send_error. tests/attacks has the rows for header injection."""

import asyncio
import dataclasses
import datetime
import logging

import msgspec
import pytest
from asgi_client import app_of, call
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET = "hunter2"


def response_of(fastware, make, **options):
    """Return the response if the handler returns ``make()``."""
    return call(app_of(fastware, make), **options)


# The classes

CLASSES = {
    # content, body, content type
    "Response": (b"\x00\xff", b"\x00\xff", "application/octet-stream"),
    "TextResponse": ("Zoë", "Zoë".encode(), "text/plain; charset=utf-8"),
    "HTMLResponse": ("<p>Zoë", "<p>Zoë".encode(), "text/html; charset=utf-8"),
    "JSONResponse": ({"a": "Zoë"}, '{"a":"Zoë"}'.encode(), "application/json"),
}


@pytest.fixture(params=CLASSES)
def kind(request):
    return request.param


@pytest.fixture
def make(fastware, kind):
    """Return a function that makes a response of the class."""
    return lambda **options: getattr(fastware, kind)(CLASSES[kind][0], **options)


def test_response_has_body_length_and_content_type_of_its_class(fastware, make, kind):
    response = response_of(fastware, make)
    _, body, content_type = CLASSES[kind]
    assert (response.status, response.body) == (200, body)
    assert response.headers == [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]


def test_response_has_the_given_status_headers_and_cookies(fastware, make, kind):
    given = {"status": 418, "headers": {"X-Kind": "\t é "}, "cookies": ["a=1", "b=2; Path=/"]}
    response = response_of(fastware, lambda: make(**given))
    assert (response.status, response.body) == (418, CLASSES[kind][1])
    assert response.header_list("set-cookie") == ["a=1", "b=2; Path=/"]
    assert response.header_list("x-kind") == ["\t é "]
    assert response.header_list("content-length") == [str(len(response.body))]


@pytest.mark.parametrize("name", ["content-type", "Content-Type", "Content-Length"])
def test_given_header_replaces_that_of_the_class(fastware, make, name):
    assert response_of(fastware, lambda: make(headers={name: "0"})).header_list(name.lower()) == ["0"]


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_body_is_sent_without_body_and_content_headers(fastware, make, status):
    """RFC 9110 sections 8.6, 15.3.5 and 15.4.5."""
    response = response_of(fastware, lambda: make(status=status))
    assert (response.status, response.body, response.headers) == (status, b"", [])


INVALID = {
    "header-value": ({"headers": {"x": "a\r\nb: c"}}, ValueError),
    "header-name": ({"headers": {"x\r\ny": "a"}}, ValueError),
    "cookie": ({"cookies": ["a=1\r\nx: y"]}, ValueError),
    "cookies-not-in-a-list": ({"cookies": "a=1"}, TypeError),
}


@pytest.mark.rule("response.headers")
@pytest.mark.parametrize(("options", "error"), INVALID.values(), ids=INVALID.keys())
def test_invalid_headers_and_cookies_are_an_error(make, options, error):
    with pytest.raises(error):
        make(**options)


@dataclasses.dataclass
class Point:
    x: int


class Struct(msgspec.Struct):
    x: int


JSON = {
    "dataclass": (Point(1), {"x": 1}),
    "struct": (Struct(1), {"x": 1}),
    "datetime": ({"at": datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)}, {"at": "2024-01-02T00:00:00Z"}),
    "tuple": ((1, 2), [1, 2]),
    "none": (None, None),
    "nested": ({"a": [{"b": None}]}, {"a": [{"b": None}]}),
}


@pytest.mark.parametrize(("content", "expected"), JSON.values(), ids=JSON.keys())
def test_json_response_encodes_what_msgspec_encodes(fastware, content, expected):
    assert response_of(fastware, lambda: fastware.JSONResponse(content)).json == expected


@pytest.mark.parametrize("kind", ["JSONResponse", "TextResponse", "HTMLResponse"])
def test_lone_surrogate_is_a_value_error_without_the_text(fastware, kind):
    with pytest.raises(ValueError, match="lone surrogate") as raised:
        getattr(fastware, kind)(f"{SECRET}\ud800")
    assert SECRET not in str(raised.value)
    assert raised.value.__context__ is None


# What a handler returns

RETURNED = {
    "dict": ({"a": 1}, b'{"a":1}', "application/json"),
    "list": ([1, 2], b"[1,2]", "application/json"),
    "empty-dict": ({}, b"{}", "application/json"),
    "empty-list": ([], b"[]", "application/json"),
    "str": ("Zoë", "Zoë".encode(), "text/plain; charset=utf-8"),
    "empty-str": ("", b"", "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize(("returned", "body", "content_type"), RETURNED.values(), ids=RETURNED.keys())
def test_returned_value_becomes_a_response(fastware, returned, body, content_type):
    response = response_of(fastware, lambda: returned)
    assert (response.status, response.body, response.header("content-type")) == (200, body, content_type)


def test_none_becomes_204(fastware):
    response = response_of(fastware, lambda: None)
    assert (response.status, response.body, response.headers) == (204, b"", [])


NOT_RESPONSES = {"int": 1, "bool": True, "bytes": b"bytes", "object": object(), "exception": ValueError("v")}


@pytest.mark.parametrize("returned", NOT_RESPONSES.values(), ids=NOT_RESPONSES.keys())
def test_any_other_returned_value_is_a_500_and_the_log_names_handler_and_type(fastware, caplog, returned):
    def the_handler():
        return returned

    with caplog.at_level(logging.ERROR, logger="fastware"):
        response = response_of(fastware, the_handler)
    assert (response.status, response.json) == (500, {"detail": "Internal server error"})
    assert f"the_handler returned {type(returned).__name__}; " in caplog.text


def test_dict_that_cannot_be_encoded_is_a_500(fastware):
    response = response_of(fastware, lambda: {"a": object()})
    assert (response.status, response.json) == (500, {"detail": "Internal server error"})


# send_error


def sent_error(fastware, *args):
    async def app(scope, receive, send):
        await fastware.send_error(send, *args)

    return call(app)


@settings(deadline=None)
@given(detail=st.text())
def test_send_error_sends_what_json_response_sends(fastware, detail):
    sent = sent_error(fastware, 403, detail, {"X-Why": "v"})
    assert sent == response_of(fastware, lambda: fastware.JSONResponse({"detail": detail}, 403, {"X-Why": "v"}))


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {"Content-Length": "0"}], ids=str)
def test_send_error_sends_no_header_twice(fastware, headers):
    names = [name for name, _ in sent_error(fastware, 403, "no", headers).headers]
    assert len(names) == len(set(names))


INVALID_ERRORS = {
    "header-value": ("no", {"x": "a\r\nb: c"}, "'x' has a control"),
    "header-name": ("no", {"x\r\ny": "a"}, "is not a header name"),
    "detail": (f"{SECRET}\ud800", None, "lone surrogate"),
}


@pytest.mark.parametrize(("detail", "headers", "message"), INVALID_ERRORS.values(), ids=INVALID_ERRORS.keys())
def test_invalid_argument_of_send_error_is_a_value_error_and_nothing_is_sent(fastware, detail, headers, message):
    sent = []
    with pytest.raises(ValueError, match=message) as raised:
        asyncio.run(fastware.send_error(sent.append, 403, detail, headers))
    assert sent == []
    assert SECRET not in str(raised.value)
    assert raised.value.__context__ is None
