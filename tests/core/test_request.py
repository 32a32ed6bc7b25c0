"""Request: the values that a handler reads, and the 400 and 415 responses to invalid requests.

tests/attacks has the rows for malformed JSON, forms and cookies.
"""

import copy
import dataclasses
import enum
import json
import logging
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import pytest
from asgi_client import app_of, call, scope
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reference import form as reference

FORM = [("content-type", "application/x-www-form-urlencoded")]
SECRET = "hunter2"


def read(fastware, reader, *, path="/", **options):
    """Return the response if the handler returns ``reader(request)`` as JSON."""
    app = app_of(fastware, lambda request: fastware.JSONResponse(reader(request)), path=path, method="POST")
    return call(app, "POST", path, **options)


# Body and text


def test_body_is_the_bytes_of_all_chunks(fastware):
    response = read(fastware, lambda request: request.body.hex(), chunks=[b"\x00a", b"", b"\xff", b"z"])
    assert bytes.fromhex(response.json) == b"\x00a\xffz"


@pytest.mark.parametrize("text", ["", "plain", "Zoë 愛 👩‍🚀", "a\r\nb\x00"], ids=ascii)
def test_text_is_the_body_decoded_as_utf_8(fastware, text):
    assert read(fastware, lambda request: request.text, body=text.encode()).json == text


INVALID_BODIES = {
    "text-not-utf-8": ("text", b"hunter2\xff"),
    "json-not-utf-8": ("json", b'{"password":"hunter2\xff"}'),
    "json-malformed": ("json", b'{"password":"hunter2"'),
    "json-too-deep": ("json", b"[" * 101 + b'"hunter2"' + b"]" * 101),
    "json-scalar": ("json", b'"hunter2"'),
    "form-too-many-fields": ("form", b"password=hunter2&" * 2_000),
}


@pytest.mark.parametrize(("attribute", "body"), INVALID_BODIES.values(), ids=INVALID_BODIES.keys())
def test_invalid_body_is_a_400_that_does_not_hold_the_body(fastware, attribute, body):
    with pytest.raises(fastware.HTTPError) as raised:
        getattr(fastware.Request(scope(headers=FORM), body), attribute)
    assert raised.value.status_code == 400
    assert SECRET not in repr(raised.value)
    assert raised.value.__context__ is None


# json


@pytest.mark.parametrize("value", [{}, [], {"a": [1, True, None, 1.5, "Zoë 愛"]}, [1, [2, {"a": [3]}]]], ids=ascii)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_json_is_a_dict_or_list_whatever_the_content_type(fastware, value, content_type):
    request = fastware.Request(scope(headers=[("content-type", content_type)]), json.dumps(value).encode())
    assert request.json == value and value == request.json
    assert isinstance(request.json, type(value))
    assert json.dumps(request.json) == json.dumps(value)
    assert copy.deepcopy(request.json) == value
    assert request.json is request.json


@pytest.mark.rule("body.json")
@pytest.mark.parametrize("body", ["null", "5", "-1.5", '"text"', '""', "true"])
def test_json_that_is_not_an_object_or_array_is_a_400(fastware, body):
    response = read(fastware, lambda request: request.json, body=body.encode())
    assert (response.status, response.json) == (400, {"detail": "The body must be a JSON object or array"})


MISSING = {
    "field": ({}, lambda json: json["username"], "Missing field: username"),
    "field-of-field": ({"user": {"name": "ada"}}, lambda json: json["user"]["age"], "Missing field: age"),
    "field-of-item": ([{"name": "ada"}], lambda json: json[0]["age"], "Missing field: age"),
    "item": ([], lambda json: json[0], "Missing item: 0"),
    "item-of-field": ({"users": ["ada"]}, lambda json: json["users"][1], "Missing item: 1"),
    "last-item": ({"users": [[], []]}, lambda json: json["users"][1][-1], "Missing item: -1"),
    "field-of-array": (["username"], lambda json: json["username"], "Missing field: username"),
    "field-of-array-in-field": ({"user": [1]}, lambda json: json["user"]["name"], "Missing field: name"),
}


@pytest.mark.rule("body.json")
@pytest.mark.parametrize(("body", "reader", "detail"), MISSING.values(), ids=MISSING.keys())
def test_missing_part_of_json_is_a_400_that_names_it(fastware, body, reader, detail):
    response = read(fastware, lambda request: reader(request.json), body=body)
    assert (response.status, response.json) == (400, {"detail": detail})


def test_missing_part_of_json_can_be_caught_as_key_error_or_index_error(fastware):
    def with_defaults(request):
        found = [request.json.get("x", "default"), "x" in request.json]
        for key, error in (("x", KeyError), ("list", IndexError)):
            try:
                found.append(request.json[key][0])
            except error:
                found.append(error.__name__)
        return found

    response = read(fastware, with_defaults, body={"list": []})
    assert response.json == ["default", False, "KeyError", "IndexError"]


@pytest.mark.rule("body.json")
@pytest.mark.parametrize("user", [5, "ada", None, True, 1.5], ids=ascii)
def test_scalar_in_place_of_an_object_is_a_type_error_of_the_handler(fastware, caplog, user):
    with caplog.at_level(logging.ERROR, logger="fastware"):
        response = read(fastware, lambda request: request.json["user"]["name"], body={"user": user})
    assert (response.status, response.json) == (500, {"detail": "Internal server error"})
    assert "TypeError: " in caplog.text and "Traceback" in caplog.text


NESTED = {
    "arrays": lambda depth: b"[" * depth + b"]" * depth,
    "objects": lambda depth: b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1),
    "last-of-many": lambda depth: b"[" + b"{},[[]]," * 500 + NESTED["arrays"](depth - 1) + b"]",
}


@pytest.mark.rule("body.json")
@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED.keys())
def test_json_can_be_100_levels_deep(fastware, nested):
    for depth in (2, 99, 100):
        assert read(fastware, lambda request: request.json, body=nested(depth)).json == json.loads(nested(depth))
    for depth in (101, 300, 900, 100_000):
        response = read(fastware, lambda request: request.json, body=nested(depth))
        assert (response.status, response.json) == (400, {"detail": "The body is nested too deep"})


# decode


class Name(msgspec.Struct):
    name: str


class Login(msgspec.Struct):
    user: Name
    password: str


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Options(TypedDict):
    limit: int
    sort: NotRequired[str]


class Role(enum.Enum):
    ADMIN = "admin"


class Member(msgspec.Struct):
    role: Role


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    n: Annotated[int, msgspec.Meta(le=10)]


VALID = {
    "struct": (Login, {"user": {"name": "ada"}, "password": "p"}, Login(Name("ada"), "p")),
    "struct-unknown-field": (Name, {"name": "ada", "age": 5}, Name("ada")),
    "dataclass": (Point, {"x": 1}, Point(1, 0)),
    "typed-dict": (Options, {"limit": 1}, {"limit": 1}),
    "list": (list[int], [1, 2], [1, 2]),
    "dict": (dict[str, int], {"a": 1}, {"a": 1}),
    "enum": (Member, {"role": "admin"}, Member(Role.ADMIN)),
    "int": (int, 5, 5),
}


@pytest.mark.parametrize(("type_", "body", "value"), VALID.values(), ids=VALID.keys())
def test_decode_returns_a_value_of_the_type(fastware, type_, body, value):
    decoded = fastware.Request(scope(), json.dumps(body).encode()).decode(type_)
    assert (decoded, type(decoded)) == (value, type(value))


INVALID = {
    # type, body, detail
    "wrong-type": (Name, '{"name":5}', "The body is invalid: Expected `str`, got `int` - at `$.name`"),
    "nested": (
        Login,
        '{"user":{"name":null},"password":5}',
        "The body is invalid: Expected `str`, got `null` - at `$.user.name`",
    ),
    "missing-field": (Login, '{"user":{}}', "The body is invalid: Object missing required field `name` - at `$.user`"),
    "dataclass": (Point, '{"x":"1"}', "The body is invalid: Expected `int`, got `str` - at `$.x`"),
    "typed-dict": (Options, "{}", "The body is invalid: Object missing required field `limit`"),
    "item": (list[int], '[1,"2"]', "The body is invalid: Expected `int`, got `str` - at `$[1]`"),
    "not-an-array": (list[int], "{}", "The body is invalid: Expected `array`, got `object`"),
    "constraint": (Strict, '{"n":11}', "The body is invalid: Expected `int` <= 10 - at `$.n`"),
    "unknown-field": (Strict, '{"n":1,"m":1}', "The body is invalid: Object contains an unknown field"),
    "empty": (Name, "", "The body is empty, expected JSON"),
    "not-utf-8": (Name, '{"name":"\xff"}', "The body is not JSON: it is not UTF-8"),
    "malformed": (Name, '{"name":', "The body is not JSON: Input data was truncated"),
    "too-deep": (list[Any], "[" * 101 + "]" * 101, "The body is nested too deep"),
    "too-deep-in-unknown-field": (
        Name,
        '{"name":"","x":' + "[" * 100 + "]" * 100 + "}",
        "The body is nested too deep",
    ),
}


@pytest.mark.rule("body.json")
@pytest.mark.parametrize(("type_", "body", "detail"), INVALID.values(), ids=INVALID.keys())
def test_decode_of_an_invalid_body_is_a_400_with_the_path_of_the_first_invalid_field(fastware, type_, body, detail):
    with pytest.raises(fastware.HTTPError) as raised:
        fastware.Request(scope(), body.encode("latin-1")).decode(type_)
    assert (raised.value.status_code, raised.value.detail) == (400, detail)
    assert raised.value.__context__ is None


INVALID_VALUES = [SECRET, f"{SECRET}\n", f"' - at `$.{SECRET}", f"' - at `$.{SECRET}`", 77]


@pytest.mark.parametrize("value", INVALID_VALUES)
@pytest.mark.parametrize("type_", [Role, Literal["a", "b"], Literal[1, 2]], ids=["enum", "str-literal", "int-literal"])
@pytest.mark.parametrize("is_root", [False, True], ids=["field", "root"])
def test_error_of_decode_does_not_show_an_invalid_value(fastware, is_root, type_, value):
    """Not even a value that imitates the path in a message of msgspec."""
    body, decoded = (value, type_) if is_root else ({"role": value}, dict[str, type_])
    with pytest.raises(fastware.HTTPError) as raised:
        fastware.Request(scope(), json.dumps(body).encode()).decode(decoded)
    assert SECRET not in raised.value.detail and "77" not in raised.value.detail
    assert is_root or raised.value.detail.endswith(" - at `$[...]`")


# form and query_params


@pytest.mark.rule("body.form")
@settings(deadline=None)
@given(encoded=st.one_of(st.binary(), st.text("ab=&;+%éÉ3c9 ").map(str.encode)))
def test_form_and_query_params_are_the_decoded_fields(fastware, encoded):
    assert fastware.Request(scope("POST", headers=FORM), encoded).form == reference.fields(encoded)
    assert fastware.Request({"query_string": encoded}).query_params == reference.fields(encoded)


CONTENT_TYPES = {
    "parameter": ("application/x-www-form-urlencoded; charset=utf-8", 200),
    "case": ("Application/X-WWW-Form-Urlencoded", 200),
    "multipart": ("multipart/form-data; boundary=x", 415),
}


@pytest.mark.rule("body.form")
@pytest.mark.parametrize(("content_type", "status"), CONTENT_TYPES.values(), ids=CONTENT_TYPES.keys())
def test_form_of_another_content_type_is_a_415(fastware, content_type, status):
    headers = [("content-type", content_type)]
    assert read(fastware, lambda request: request.form, body=b"a=1", headers=headers).status == status


@pytest.mark.parametrize("attribute", ["form", "query_params"])
def test_missing_field_of_form_or_query_is_a_400_that_names_it(fastware, attribute):
    response = read(fastware, lambda request: getattr(request, attribute)["page"], body=b"a=1", headers=FORM)
    assert (response.status, response.json) == (400, {"detail": "Missing field: page"})


# Headers and cookies. tests/engine has the rows for parsing.


@pytest.mark.parametrize("name", ["x-kind", "X-Kind", "X-KIND"])
def test_header_is_the_first_of_its_name_in_any_case(fastware, name):
    headers = [("x-kind", "1"), ("x-kind", "2")]
    assert fastware.Request(scope(headers=headers)).header(name) == "1"


def test_cookie_is_found_by_name(fastware):
    request = fastware.Request(scope(headers=[("cookie", 'a=1; b="x y"'), ("cookie", "a=2")]))
    assert request.cookies == {"a": "2", "b": "x y"}
    assert (request.cookie("a"), request.cookie("b")) == ("2", "x y")


@pytest.mark.parametrize("headers", [[], [("x", ""), ("cookie", "x=")]], ids=["missing", "empty"])
def test_missing_or_empty_header_and_cookie_are_the_default(fastware, headers):
    request = fastware.Request(scope(headers=headers))
    assert [request.header("x"), request.header("x", "d"), request.cookie("x"), request.cookie("x", "d")] == [
        "",
        "d",
    ] * 2


# Scope


def test_request_can_be_created_from_a_scope(fastware):
    made = scope("PUT", "/x", headers=[("x-kind", "v")], query="a=1")
    request = fastware.Request(made)
    assert (request.method, request.path, request.body, request.path_params) == ("PUT", "/x", b"", {})
    assert (request.header("x-kind"), request.query_params, request.scope) == ("v", {"a": "1"}, made)


@pytest.mark.parametrize("client", [("10.0.0.1", 1234), ["10.0.0.1", 1234], None], ids=["tuple", "list", "none"])
def test_client_is_host_and_port_or_none(fastware, client):
    assert fastware.Request(scope(client=client)).client == (client and ("10.0.0.1", 1234))


def test_repr_escapes_the_path_and_hides_query_and_headers(fastware):
    request = fastware.Request(scope(path="/a\nb", query=f"token={SECRET}", headers=[("cookie", f"session={SECRET}")]))
    assert repr(request) == "<Request GET '/a\\nb'>"
