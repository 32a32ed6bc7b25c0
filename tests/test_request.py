"""Request: what a handler reads, and what a client is told that sends something else."""

import copy
import functools
import json

import pytest
from asgi_client import call, scope

FORM = [("content-type", "application/x-www-form-urlencoded")]


def read(fastware, reader, *, path="/", lifespan=None, **options):
    """The answer of an application whose handler returns ``reader(request)``, as JSON."""
    router = fastware.Router()

    @router.post(path.split("?", maxsplit=1)[0])
    def handler(request):
        return fastware.JSONResponse(reader(request))

    return call(fastware.create_app(router, lifespan=lifespan), "POST", path, **options)


# Body


def test_body_is_the_bytes_of_all_chunks(fastware):
    answer = read(fastware, lambda request: request.body.hex(), chunks=[b"\x00a", b"", b"\xff", b"z"])
    assert bytes.fromhex(answer.json) == b"\x00a\xffz"


def test_body_is_empty_bytes_where_none_is_sent(fastware):
    assert read(fastware, lambda request: request.body == b"").json is True


@pytest.mark.parametrize("text", ["", "plain", "Zoë 愛 👩‍🚀", "a\r\nb\x00"])
def test_text_is_the_body_read_as_utf_8(fastware, text):
    assert read(fastware, lambda request: request.text, body=text.encode("utf-8")).json == text


@pytest.mark.parametrize("body", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"])
def test_text_that_is_not_utf_8_is_400(fastware, body):
    assert read(fastware, lambda request: request.text, body=body).status == 400


READS = {
    "json-not-utf-8": (b'{"password":"hunter2\xff"}', lambda request: request.json),
    "json-malformed": (b'{"password":"hunter2"', lambda request: request.json),
    "json-too-deep": (b"[" * 5_000 + b'"hunter2"', lambda request: request.json),
    "text": (b"hunter2\xff", lambda request: request.text),
    "form": (b"password=hunter2&" * 2_000, lambda request: request.form),
}


@pytest.mark.parametrize(("body", "read_it"), READS.values(), ids=READS.keys())
def test_the_body_does_not_hang_on_the_error(fastware, body, read_it):
    form = [("content-type", "application/x-www-form-urlencoded")]
    request = fastware.Request(scope(headers=form), body)
    with pytest.raises(fastware.HTTPError) as raised:
        read_it(request)
    assert raised.value.status_code == 400
    assert raised.value.__context__ is None
    assert "hunter2" not in repr(raised.value)


# JSON

JSON_VALUES = [
    {"a": 1, "b": [True, None, 1.5]},
    [],
    {},
    [1, [2, [3]]],
    "text",
    0,
    -1,
    1.5,
    True,
    None,
    "Zoë 愛 \U0001f680",
]


@pytest.mark.parametrize("value", JSON_VALUES, ids=ascii)
def test_json_is_the_decoded_body(fastware, value):
    answer = read(fastware, lambda request: {"got": request.json}, body=json.dumps(value).encode())
    assert answer.json == {"got": value}


def test_json_is_decoded_whatever_the_content_type(fastware):
    answer = read(fastware, lambda request: request.json, body=b"[1]", headers=[("content-type", "text/plain")])
    assert answer.json == [1]


def test_json_can_be_read_twice(fastware):
    assert read(fastware, lambda request: [request.json["a"], request.json["a"]], body={"a": 1}).json == [1, 1]


MALFORMED_JSON = {
    "empty": b"",
    "spaces": b"  \n",
    "cut-short": b'{"a": 1',
    "trailing-comma": b"[1,]",
    "single-quotes": b"{'a': 1}",
    "two-values": b"1 2",
    "word": b"nonsense",
    "nan": b"NaN",
    "not-utf-8": b'"\xff"',
    "too-deep": b"[" * 100_000,
    "control-in-string": b'"a\nb"',
}


@pytest.mark.parametrize("body", MALFORMED_JSON.values(), ids=MALFORMED_JSON.keys())
@pytest.mark.rule("body.json")
def test_a_body_that_is_not_json_is_400(fastware, body):
    answer = read(fastware, lambda request: request.json, body=body)
    assert answer.status == 400
    assert isinstance(answer.json["detail"], str)


NESTED = {
    "arrays": lambda depth: b"[" * depth + b"]" * depth,
    "objects": lambda depth: b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1),
    "mixed": lambda depth: (
        b'[1,{"a":' * (depth // 2) + b"[]" * (depth % 2) + b"0" * (1 - depth % 2) + b"}]" * (depth // 2)
    ),
    "last": lambda depth: b"[" + b"{},[[]]," * 500 + NESTED["arrays"](depth - 1) + b"]",
}


@pytest.mark.rule("body.json")
@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED.keys())
def test_a_body_may_be_a_hundred_objects_and_arrays_deep(fastware, nested):
    for depth in (2, 3, 99, 100):
        assert read(fastware, lambda request: request.json, body=nested(depth)).json == json.loads(nested(depth))
    for depth in (101, 102, 300, 700, 900):
        answer = read(fastware, lambda request: request.json, body=nested(depth))
        assert (answer.status, answer.json) == (400, {"detail": "The body is nested too deep"})


def test_a_handler_can_walk_down_whatever_body_it_gets(fastware):
    def depth_of(value):
        return 1 + max((depth_of(item) for item in value), default=0)

    statuses = {
        read(fastware, lambda request: depth_of(request.json), body=b"[" * n + b"]" * n).status
        for n in range(90, 991, 50)
    }
    assert statuses == {200, 400}


def test_a_malformed_body_is_not_shown_in_the_answer(fastware):
    answer = read(fastware, lambda request: request.json, body=b'{"password": "hunter2')
    assert answer.status == 400
    assert b"hunter2" not in answer.body


@pytest.mark.rule("body.json")
def test_a_missing_member_is_a_400_that_names_it(fastware):
    answer = read(fastware, lambda request: request.json["username"], body={"other": 1})
    assert answer.status == 400
    assert "username" in answer.json["detail"]


def test_a_missing_member_of_a_nested_object_is_a_400_that_names_it(fastware):
    answer = read(fastware, lambda request: request.json["user"]["age"], body={"user": {"name": "alice"}})
    assert answer.status == 400
    assert "age" in answer.json["detail"]


def test_a_missing_member_of_an_object_in_an_array_is_a_400_that_names_it(fastware):
    answer = read(fastware, lambda request: request.json[0]["age"], body=[{"name": "alice"}])
    assert answer.status == 400
    assert "age" in answer.json["detail"]


def test_a_missing_field_of_a_form_is_a_400_that_names_it(fastware):
    form = [("content-type", "application/x-www-form-urlencoded")]
    answer = read(fastware, lambda request: request.form["username"], body=b"other=1", headers=form)
    assert answer.status == 400
    assert "username" in answer.json["detail"]


def test_a_missing_parameter_of_the_query_is_a_400_that_names_it(fastware):
    answer = read(fastware, lambda request: request.query_params["page"])
    assert answer.status == 400
    assert "page" in answer.json["detail"]


@pytest.mark.parametrize("body", ["null", "5", '"text"', "true", "[]", '["username"]'])
def test_a_body_that_is_no_object_is_400_for_a_handler_that_reads_a_member(fastware, body):
    answer = read(fastware, lambda request: request.json["username"], body=body.encode())
    assert answer.status == 400


def test_a_missing_item_of_an_array_is_a_400_that_names_it(fastware):
    answer = read(fastware, lambda request: request.json["users"][1], body={"users": ["alice"]})
    assert answer.status == 400
    assert "1" in answer.json["detail"]


LOOKED_UP = {
    "dict": {"ada": 1}.get,
    "item": lambda value: {"ada": 1}[value],
    "set": lambda value: value in {"ada"},
    "cache": functools.lru_cache(lambda value: value),
}


@pytest.mark.rule("body.json")
@pytest.mark.parametrize("value", [{}, [], {"a": 1}, [["ada"]]], ids=str)
@pytest.mark.parametrize("look_up", LOOKED_UP.values(), ids=LOOKED_UP.keys())
def test_an_object_or_array_that_the_handler_looks_up_is_400(fastware, look_up, value):
    answer = read(fastware, lambda request: look_up(request.json["name"]), body={"name": value})
    found = "an object" if isinstance(value, dict) else "an array"
    assert (answer.status, answer.json) == (400, {"detail": f"Expected a single value, found {found}"})


def test_looking_up_what_is_no_part_of_the_body_is_a_500(fastware):
    assert read(fastware, lambda request: {}.get([]), body={"name": "ada"}).status == 500
    assert read(fastware, lambda request: {}.get(request.form), body=b"a=1", headers=FORM).status == 500


def test_an_object_or_array_that_is_looked_up_is_a_type_error_for_those_who_catch_one(fastware):
    def with_default(request):
        try:
            return request.json["name"] in {"ada"}
        except TypeError:
            return False

    assert read(fastware, with_default, body={"name": []}).json is False


@pytest.mark.parametrize("value", [{"a": [{"b": [1]}]}, [{}, []]], ids=str)
def test_json_is_what_plain_dicts_and_lists_are(fastware, value):
    decoded = fastware.Request(scope(), json.dumps(value).encode()).json
    assert decoded == value and value == decoded
    assert isinstance(decoded, type(value))
    assert json.dumps(decoded) == json.dumps(value)
    assert copy.deepcopy(decoded) == value


def test_a_type_error_of_the_handler_is_a_500_where_the_body_is_an_object(fastware):
    assert read(fastware, lambda request: request.json["a"]["b"], body={"a": 1}).status == 500


def test_a_missing_member_is_a_key_error_for_those_who_catch_one(fastware):
    def with_default(request):
        try:
            return request.json["username"]
        except KeyError:
            return "nobody"

    assert read(fastware, with_default, body={}).json == "nobody"


def test_a_missing_member_can_be_asked_for_with_get_and_in(fastware):
    answer = read(fastware, lambda request: [request.json.get("x", "default"), "x" in request.json], body={})
    assert answer.json == ["default", False]


# Forms


def test_form_holds_the_decoded_fields(fastware):
    answer = read(fastware, lambda request: request.form, body=b"name=Zo%C3%AB+K&empty=&n=1", headers=FORM)
    assert answer.json == {"name": "Zoë K", "empty": "", "n": "1"}


@pytest.mark.rule("body.form")
def test_of_two_equal_form_fields_the_last_wins(fastware):
    assert read(fastware, lambda request: request.form, body=b"a=1&a=2", headers=FORM).json == {"a": "2"}


ENCODED = {
    "escaped": (b"a=%C3%A9", "é"),
    "raw": (b"a=\xc3\xa9", "é"),
    "half-and-half": (b"a=\xc3%A9", "é"),
    "latin-1": (b"a=\xe9!", "\ufffd!"),
    "latin-1-escaped": (b"a=%E9!", "\ufffd!"),
}


@pytest.mark.parametrize(("encoded", "text"), ENCODED.values(), ids=ENCODED.keys())
def test_fields_are_utf_8_whether_escaped_or_not(fastware, encoded, text):
    assert read(fastware, lambda request: request.form, body=encoded, headers=FORM).json == {"a": text}
    request = fastware.Request({"query_string": encoded})
    assert dict(request.query_params) == {"a": text}


FORM_TYPES = {
    "with-charset": "application/x-www-form-urlencoded; charset=utf-8",
    "in-capitals": "Application/X-WWW-Form-Urlencoded",
}


@pytest.mark.parametrize("content_type", FORM_TYPES.values(), ids=FORM_TYPES.keys())
def test_a_form_may_spell_its_content_type_in_other_ways(fastware, content_type):
    answer = read(fastware, lambda request: request.form, body=b"a=1", headers=[("content-type", content_type)])
    assert answer.json == {"a": "1"}


OTHER_TYPES = {
    "multipart": [("content-type", "multipart/form-data; boundary=x")],
    "json": [("content-type", "application/json")],
    "text": [("content-type", "text/plain")],
    "longer-name": [("content-type", "application/x-www-form-urlencoded-not")],
    "none": [],
}


@pytest.mark.parametrize("headers", OTHER_TYPES.values(), ids=OTHER_TYPES.keys())
@pytest.mark.rule("body.form")
def test_a_form_of_another_content_type_is_415(fastware, headers):
    assert read(fastware, lambda request: request.form, body=b"a=1", headers=headers).status == 415


# Headers and cookies


@pytest.mark.parametrize("name", ["x-kind", "X-Kind", "X-KIND"])
def test_header_is_found_in_any_case(fastware, name):
    answer = read(fastware, lambda request: request.header(name), headers=[("x-kind", "v")])
    assert answer.json == "v"


def test_header_is_the_first_of_several(fastware):
    headers = [("x-kind", "1"), ("x-kind", "2")]
    assert read(fastware, lambda request: request.header("x-kind"), headers=headers).json == "1"


def test_header_is_its_default_where_it_is_missing(fastware):
    assert read(fastware, lambda request: [request.header("x-a"), request.header("x-a", "d")]).json == ["", "d"]


def test_cookie_is_found_by_its_name(fastware):
    assert read(fastware, lambda request: request.cookie("b"), headers=[("cookie", "a=1; b=2")]).json == "2"


def test_cookie_is_its_default_where_it_is_missing(fastware):
    assert read(fastware, lambda request: [request.cookie("x"), request.cookie("x", "d")]).json == ["", "d"]


COOKIE_ROWS = {
    "one": ([("cookie", "a=1")], {"a": "1"}),
    "two": ([("cookie", "a=1; b=2")], {"a": "1", "b": "2"}),
    "split-over-headers": ([("cookie", "a=1"), ("cookie", "b=2")], {"a": "1", "b": "2"}),
    "last-of-equal-names": ([("cookie", "a=1; a=2")], {"a": "2"}),
    "quoted": ([("cookie", 'a="x\\"y"')], {"a": 'x"y'}),
    "malformed-pair-hides-none": ([("cookie", "nonsense; =x; a=1")], {"a": "1"}),
    "no-percent-decoding": ([("cookie", "a=%20")], {"a": "%20"}),
    "semicolon-in-quotes-ends-the-pair": ([("cookie", 'a="x; session=s; b=y"')], {"session": "s"}),
    "none": ([], {}),
}


@pytest.mark.parametrize(("headers", "expected"), COOKIE_ROWS.values(), ids=COOKIE_ROWS.keys())
def test_cookies_are_all_cookies_by_name(fastware, headers, expected):
    found = read(fastware, lambda request: request.cookies, headers=headers).json
    assert {name: found.get(name) for name in expected} == expected
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(("headers", "expected"), COOKIE_ROWS.values(), ids=COOKIE_ROWS.keys())
def test_cookies_and_cookie_agree(fastware, headers, expected):
    both = read(
        fastware,
        lambda request: [request.cookies, {name: request.cookie(name) for name in request.cookies}],
        headers=headers,
    ).json
    assert both[0] == both[1]


# Query and path

QUERY_ROWS = {
    "none": ("", {}),
    "one": ("a=1", {"a": "1"}),
    "several": ("a=1&b=2", {"a": "1", "b": "2"}),
    "last-of-equal-names": ("a=1&a=2", {"a": "2"}),
    "decoded": ("name=Zo%C3%AB+K%26", {"name": "Zoë K&"}),
    "empty-value": ("a=", {"a": ""}),
    "encoded-name": ("%61=1", {"a": "1"}),
    "semicolon-is-no-separator": ("a=1;b=2", {"a": "1;b=2"}),
}


@pytest.mark.parametrize(("query", "expected"), QUERY_ROWS.values(), ids=QUERY_ROWS.keys())
def test_query_params_are_the_decoded_parameters(fastware, query, expected):
    assert read(fastware, lambda request: request.query_params, query=query).json == expected


@pytest.mark.parametrize("query", [b"\xff=\xfe", "%ff=%fe", "%zz=%", "&&&=&=", "a" * 10_000])
def test_query_params_of_any_bytes_are_no_server_error(fastware, query):
    assert read(fastware, lambda request: list(map(ascii, request.query_params)), query=query).status in (200, 400)


def test_path_params_are_empty_for_a_literal_path(fastware):
    assert read(fastware, lambda request: request.path_params).json == {}


def test_method_and_path_are_those_of_the_request(fastware):
    assert read(fastware, lambda request: [request.method, request.path], path="/a/b").json == ["POST", "/a/b"]


@pytest.mark.parametrize("client", [("10.0.0.1", 1234), None], ids=["known", "unknown"])
def test_client_is_host_and_port_or_none(fastware, client):
    expected = None if client is None else list(client)
    assert read(fastware, lambda request: request.client, client=client).json == expected


def test_scope_is_the_scope_of_the_server(fastware):
    assert read(fastware, lambda request: [request.scope["type"], request.scope["scheme"]]).json == ["http", "http"]


def test_a_request_can_be_made_of_a_scope_alone(fastware):
    request = fastware.Request(scope("GET", "/x", headers=[("x-kind", "v")], query="a=1"))
    assert (request.method, request.path, request.body, request.path_params) == ("GET", "/x", b"", {})
    assert (request.header("x-kind"), request.query_params) == ("v", {"a": "1"})


# State


def test_state_is_found_by_item_and_by_attribute(fastware):
    def both(request):
        return [request.state["config"]["k"], request.state.config["k"]]

    assert read(fastware, both, state={"config": {"k": "v"}}).json == ["v", "v"]


def test_state_set_by_attribute_is_found_by_item(fastware):
    def set_and_get(request):
        request.state.user = "alice"
        request.state["role"] = "admin"
        return [request.state["user"], request.state.role]

    assert read(fastware, set_and_get).json == ["alice", "admin"]


def test_state_without_a_value_is_a_key_error_or_an_attribute_error(fastware):
    state = fastware.State({})
    with pytest.raises(KeyError):
        state["missing"]
    with pytest.raises(AttributeError):
        _ = state.missing
    assert not hasattr(state, "missing")


def test_state_is_a_mapping(fastware):
    state = fastware.State({"a": 1, "b": 2})
    assert (dict(state), len(state), "a" in state, state.get("c", 3)) == ({"a": 1, "b": 2}, 2, True, 3)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_state_has_its_values_and_goes_its_own_way(fastware, copied):
    state = fastware.State({"config": {"a": 1}})
    twin = copied(state)
    assert dict(twin) == dict(state)
    twin.b = 2
    assert "b" not in state
    assert (twin.config is state.config) == (copied is copy.copy)


def test_a_line_feed_in_a_path_makes_no_line_of_its_own_in_a_log(fastware):
    request = fastware.Request({"type": "http", "method": "GET", "path": "/a\nb", "headers": []})
    assert repr(request) == "<Request GET '/a\\nb'>"


def test_state_can_be_deleted_by_item_and_by_attribute(fastware):
    state = fastware.State({"a": 1, "b": 2})
    del state["a"]
    del state.b
    assert dict(state) == {}
