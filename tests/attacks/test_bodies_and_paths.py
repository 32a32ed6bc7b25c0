"""Request bodies and path parameters: invalid JSON, wrong types, forms, Content-Length, and numbers in a path."""

import json

import asgi_client
import msgspec
import pytest
from attacks import Attack, attacks, each, pairs, row


class Item(msgspec.Struct):
    quantity: int


class Order(msgspec.Struct):
    name: str
    items: list[Item] = []
    is_paid: bool = False


@pytest.fixture(scope="module")
def app(fastware):
    router = fastware.Router()

    @router.post("/json")
    async def read_json(request):
        return {"a": request.json["a"]}

    @router.post("/typed")
    async def read_typed(request):
        return msgspec.to_builtins(request.decode(Order))

    @router.post("/form")
    async def read_form(request):
        return request.form

    @router.post("/size")
    async def read_size(request):
        return {"size": len(request.body)}

    @router.get("/items/{id:int}")
    async def read_item(id):
        return {"id": id}

    return fastware.create_app(router, max_body_size=1_000_000)


invalid = row("body.json", 400)
NOT_JSON = [
    *each(invalid, "RFC 8259 section 2", b"", b" \n\t ", b'{"a":1/**/}', b'{"a":1}{"a":2}', b"a=1", b'\x0b{"a":1}'),
    invalid("no-break-space", "RFC 8259 section 2", b'\xa0{"a":1}'),
    *each(invalid, "RFC 8259 section 4", b'{"a":1', b'{"a":1,}', b"{a:1}", b'{"a":1,1:2}', b'{"a":1 "b":2}'),
    *each(invalid, "RFC 8259 section 7", b"{'a':1}", b'{"a":"\n"}', b'{"a":"\\x41"}', b'{"a":"\\u12"}'),
    invalid("trailing-nul", "CWE-158", b'{"a":1}\0'),
    *each(invalid, "RFC 8259 section 6", b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":01}', b'{"a":0x1}', b'{"a":+1}'),
    *each(invalid, "RFC 8259 section 6", b'{"a":1e400}', b'{"a":1.}', b'{"a":.5}', b'{"a":1e}'),
    invalid("byte-order-mark", "RFC 8259 section 8.1", b'\xef\xbb\xbf{"a":1}'),
    invalid("utf-16", "RFC 8259 section 8.1", '{"a":1}'.encode("utf-16")),
    invalid("utf-16-without-byte-order-mark", "RFC 8259 section 8.1", '{"a":1}'.encode("utf-16-le")),
    *each(invalid, "RFC 3629 section 3", b'{"a":"\xe9"}', b'{"a":"\xed\xa0\x80"}'),
    invalid("overlong-utf-8", "RFC 3629 section 10", b'{"a":"\xc0\xaf"}'),
    invalid("100000-arrays", "CWE-674", b"[" * 100_000),
    invalid("100000-objects", "CWE-674", b'{"a":' * 100_000),
    invalid("500000-digits", "CVE-2020-10735", b'{"a":' + b"9" * 500_000 + b"}"),
    *each(invalid, "RFC 8259 section 8.2", b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"a":1,"\\udfff":1}'),
    invalid("python-literal", "RFC 8259 section 3", b'{"a":True}'),
    invalid("101-levels", "CWE-674", b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"),
]
# JSON without the field that the handler reads
WRONG_SHAPE = [
    *each(invalid, "CWE-1287", b"null", b"true", b"5", b"-0.5", b'"a"', b'"{\\"a\\":1}"', b"{}", b"[]", b'["a"]'),
    *each(invalid, "CWE-1287", b'[{"a":1}]', b'{"b":{"a":1}}'),
    invalid("other-case", "RFC 8259 section 7", b'{"A":1}'),
]


@attacks(NOT_JSON, WRONG_SHAPE)
def test_invalid_json_is_a_400(app, attack):
    assert asgi_client.call(app, "POST", "/json", body=attack.input).status == attack.expected


read = row("body.json")
UNUSUAL_JSON = [
    *each(read, "RFC 8259 section 4", b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', expected=2),
    *pairs(read, "RFC 8259 section 6", {b'{"a":9007199254740993}': 2**53 + 1, b'{"a":18446744073709551616}': 2**64}),
    read("number-underflow", "RFC 8259 section 6", b'{"a":1e-400}', 0.0),
    *pairs(read, "RFC 8259 section 7", {b'{"a":"x\\u0000"}': "x\0", b'{"a":"\x7f"}': "\x7f"}),
    read("pair-of-surrogates", "RFC 8259 section 7", b'{"a":"\\ud83d\\ude00"}', "\U0001f600"),
    read("prototype-members", "CWE-1321", b'{"__proto__":{"a":1},"constructor":1,"a":2}', 2),
    read("whitespace-around-value", "RFC 8259 section 2", b' \r\n{"a":1}\n', 1),
    read("object-in-place-of-string", "CWE-943", b'{"a":{"$ne":null}}', {"$ne": None}),
    read("deepest-nesting", "CWE-674", b'{"a":' + b"[" * 99 + b"]" * 99 + b"}", json.loads("[" * 99 + "]" * 99)),
]


@attacks(UNUSUAL_JSON)
def test_unusual_json_is_read_exactly(app, attack):
    response = asgi_client.call(app, "POST", "/json", body=attack.input)
    assert (response.status, response.json) == (200, {"a": attack.expected})


# The expected result is the order, or the path of the first invalid field.
typed = row("body.json")
TYPED = [
    *each(typed, "CWE-1287", b'{"name":5}', b'{"name":null}', b'{"name":["a"]}', expected="$.name"),
    typed("object-for-string", "CWE-943", b'{"name":{"$ne":null}}', "$.name"),
    typed("string-for-number", "CWE-1287", b'{"name":"a","items":[{"quantity":"1"}]}', "$.items[0].quantity"),
    typed("float-for-number", "CWE-1287", b'{"name":"a","items":[{"quantity":1.5}]}', "$.items[0].quantity"),
    typed(
        "bool-for-number", "CWE-1287", b'{"name":"a","items":[{"quantity":1},{"quantity":true}]}', "$.items[1].quantity"
    ),
    typed("object-for-array", "CWE-1287", b'{"name":"a","items":{"0":{"quantity":1}}}', "$.items"),
    typed("number-for-bool", "CWE-1287", b'{"name":"a","is_paid":1}', "$.is_paid"),
    *each(typed, "CWE-1287", b'{"name":"a","items":[5]}', b'{"name":"a","items":[{}]}', expected="$.items[0]"),
    typed("duplicate-with-wrong-type", "RFC 8259 section 4", b'{"name":"a","name":5}', "$.name"),
    typed("unknown-field", "CWE-915", b'{"name":"a","role":"admin"}', {"name": "a", "items": [], "is_paid": False}),
]


@attacks(TYPED)
def test_typed_body_with_a_wrong_type_is_a_400_with_its_path(app, attack):
    response = asgi_client.call(app, "POST", "/typed", body=attack.input)
    if isinstance(attack.expected, dict):
        assert (response.status, response.json) == (200, attack.expected)
    else:
        assert response.status == 400
        assert response.json["detail"].endswith(f"- at `{attack.expected}`")


@attacks(NOT_JSON, [invalid("array", "CWE-1287", b'["a"]'), invalid("missing-field", "CWE-1287", b"{}")])
def test_typed_body_that_is_not_the_object_is_a_400(app, attack):
    assert asgi_client.call(app, "POST", "/typed", body=attack.input).status == attack.expected


segment = row("path.segments", 404)
SEGMENTS = [
    segment("forty-digits", "CWE-190", "7" * 40, 200),
    segment("forty-one-digits", "CWE-190", "7" * 41),
    segment("leading-zeros", "CWE-1286", "007", 200),
    *each(segment, "CWE-1286", "-1", "+1", "1e3", ""),
    segment("underscore-in-number", "PEP 515, accepted by int", "1_0"),
    segment("space", "CWE-1286, accepted by int", " 1"),
    segment("line-feed", "CWE-93", "1\n"),
    segment("nul", "CWE-158", "1\0"),
    *each(segment, "Unicode UAX 44, accepted by int", "١٢", "１２"),
    segment("superscript-digit", "Unicode UAX 44, accepted by isdigit", "²"),
    segment("encoded-twice", "CWE-174", "%31"),
    segment("dot-dot", "CWE-22", ".."),
]


@attacks(SEGMENTS)
def test_number_in_a_path_is_1_to_40_ascii_digits(app, attack):
    assert asgi_client.call(app, "GET", f"/items/{attack.input}").status == attack.expected


URLENCODED = "application/x-www-form-urlencoded"


def form(name, source, body, expected, content_type=URLENCODED):
    return Attack(name, "body.form", source, (content_type, body), expected)


FORMS = [
    form("1000-fields", "CWE-770", b"&".join([b"a=1"] * 1_000), (200, {"a": "1"})),
    form("1001-fields", "CWE-770", b"&".join([b"a=1"] * 1_001), (400, None)),
    form("1000-separators", "CWE-770", b"&" * 1_000, (400, None)),
    form("semicolon-is-not-a-separator", "CVE-2021-23336", b"a=1;b=2", (200, {"a": "1;b=2"})),
    form("duplicate-names", "CWE-235", b"a=1&%61=2", (200, {"a": "2"})),
    form("malformed-escapes", "WHATWG URL, percent-decode", b"a=%zz%", (200, {"a": "%zz%"})),
    form("content-type-missing", "RFC 9110 section 8.3", b"a=1", (415, None), ""),
    form("content-type-with-suffix", "CWE-187", b"a=1", (415, None), URLENCODED + "-not"),
    form("content-type-in-list", "RFC 9110 section 8.3", b"a=1", (415, None), f"text/plain, {URLENCODED}"),
    form("content-type-as-parameter", "RFC 9110 section 8.3.1", b"a=1", (415, None), f"text/plain; x={URLENCODED}"),
]


@attacks(FORMS)
def test_form_is_read_or_rejected(app, attack):
    content_type, body = attack.input
    response = asgi_client.call(app, "POST", "/form", headers=[("content-type", content_type)], body=body)
    assert (response.status, response.json if response.status == 200 else None) == attack.expected


length = row("body.size")
LENGTHS = [
    length("over-limit", "CWE-770", "1000001", 413),
    length("huge", "CWE-190", "9" * 5_000, 413),
    length("negative", "CWE-1284", "-1", 200),
    *each(length, "RFC 9110 section 8.6", "+5", "5, 5", expected=200),
    length("superscript-digit", "Unicode UAX 44, accepted by isdigit", b"\xb2", 200),
    length("smaller-than-body", "CWE-130", "1", 200),
]


@attacks(LENGTHS)
def test_content_length_over_the_limit_is_rejected_and_others_are_ignored(app, attack):
    """The body is what the server passes on, for any Content-Length within the limit."""
    headers = [("content-length", attack.input)]
    response = asgi_client.call(app, "POST", "/size", headers=headers, chunks=[b"x"] * 5)
    assert response.status == attack.expected
    assert response.status == 413 or response.json == {"size": 5}
