"""Bodies that are no JSON or no form, lengths that are none, and path parameters that look like numbers."""

import contextlib
import json

import asgi_client
import growth
import pytest
from attacks import Attack, parameters

SHAPES = {
    "empty": (b"", "RFC 8259 section 2"),
    "blanks": (b" \n\t ", "RFC 8259 section 2"),
    "cut-short": (b'{"a":1', "RFC 8259 section 4"),
    "trailing-comma": (b'{"a":1,}', "RFC 8259 section 4"),
    "single-quotes": (b"{'a':1}", "RFC 8259 section 7"),
    "bare-name": (b"{a:1}", "RFC 8259 section 4"),
    "comment": (b'{"a":1/**/}', "RFC 8259 section 2"),
    "second-value": (b'{"a":1}{"a":2}', "RFC 8259 section 2"),
    "trailing-nul": (b'{"a":1}\0', "CWE-158"),
    "nan": (b'{"a":NaN}', "RFC 8259 section 6"),
    "infinity": (b'{"a":-Infinity}', "RFC 8259 section 6"),
    "leading-zero": (b'{"a":01}', "RFC 8259 section 6"),
    "hexadecimal": (b'{"a":0x1}', "RFC 8259 section 6"),
    "plus": (b'{"a":+1}', "RFC 8259 section 6"),
    "control-in-a-string": (b'{"a":"\n"}', "RFC 8259 section 7"),
    "byte-order-mark": (b'\xef\xbb\xbf{"a":1}', "RFC 8259 section 8.1"),
    "utf-16": ('{"a":1}'.encode("utf-16"), "RFC 8259 section 8.1"),
    "utf-16-without-mark": ('{"a":1}'.encode("utf-16-le"), "RFC 8259 section 8.1"),
    "latin-1": (b'{"a":"\xe9"}', "RFC 3629 section 3"),
    "overlong": (b'{"a":"\xc0\xaf"}', "RFC 3629 section 10"),
    "encoded-surrogate": (b'{"a":"\xed\xa0\x80"}', "RFC 3629 section 3"),
    "deep-arrays": (b"[" * 100_000, "CWE-674"),
    "deep-objects": (b'{"a":' * 100_000, "CWE-674"),
    "form": (b"a=1", "RFC 8259 section 2"),
    "overflowing-number": (b'{"a":1e400}', "RFC 8259 section 6"),
    "endless-integer": (b'{"a":' + b"9" * 500_000 + b"}", "CVE-2020-10735"),
    "lone-surrogate": (b'{"a":"\\ud800"}', "RFC 8259 section 8.2"),
    "reversed-surrogates": (b'{"a":"\\udc00\\ud800"}', "RFC 8259 section 8.2"),
    "lone-surrogate-in-a-name": (b'{"a":1,"\\udfff":1}', "RFC 8259 section 8.2"),
    "hexadecimal-escape": (b'{"a":"\\x41"}', "RFC 8259 section 7"),
    "short-escape": (b'{"a":"\\u12"}', "RFC 8259 section 7"),
    "point-without-digits": (b'{"a":1.}', "RFC 8259 section 6"),
    "digits-without-whole": (b'{"a":.5}', "RFC 8259 section 6"),
    "exponent-without-digits": (b'{"a":1e}', "RFC 8259 section 6"),
    "capitals": (b'{"a":True}', "RFC 8259 section 3"),
    "number-as-a-name": (b'{"a":1,1:2}', "RFC 8259 section 4"),
    "comma-missing": (b'{"a":1 "b":2}', "RFC 8259 section 4"),
    "vertical-tab": (b'\x0b{"a":1}', "RFC 8259 section 2"),
    "no-break-space": (b'\xa0{"a":1}', "RFC 8259 section 2"),
    "a-level-too-many": (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "CWE-674"),
}
JSON = [Attack(name, "body.json", source, body, 400) for name, (body, source) in SHAPES.items()]


@pytest.fixture(scope="module")
def app(fastware):
    router = fastware.Router()

    @router.post("/json")
    async def named_a(request):
        return {"a": request.json["a"]}

    @router.post("/form")
    async def form(request):
        return request.form

    @router.post("/size")
    async def size(request):
        return {"size": len(request.body)}

    @router.get("/items/{id:int}")
    async def item(id):
        return {"id": id}

    return fastware.create_app(router, max_body_size=1_000_000)


@pytest.mark.parametrize("attack", parameters(JSON))
def test_what_is_no_json_is_a_400(app, attack):
    assert asgi_client.call(app, "POST", "/json", body=attack.given).status == attack.answer


def read(name, source, body, value):
    return Attack(name, "body.json", source, body, value)


READ = [
    read("last-of-two", "RFC 8259 section 4", b'{"a":1,"a":2}', 2),
    read("last-of-two-spellings", "RFC 8259 section 4", b'{"a":1,"\\u0061":2}', 2),
    read("beyond-doubles", "RFC 8259 section 6", b'{"a":9007199254740993}', 2**53 + 1),
    read("beyond-64-bits", "RFC 8259 section 6", b'{"a":18446744073709551616}', 2**64),
    read("underflow", "RFC 8259 section 6", b'{"a":1e-400}', 0.0),
    read("nul", "RFC 8259 section 7", b'{"a":"x\\u0000"}', "x\0"),
    read("delete", "RFC 8259 section 7", b'{"a":"\x7f"}', "\x7f"),
    read("pair-of-surrogates", "RFC 8259 section 7", b'{"a":"\\ud83d\\ude00"}', "\U0001f600"),
    read("prototype", "CWE-1321", b'{"__proto__":{"a":1},"constructor":1,"a":2}', 2),
    read("lines-around", "RFC 8259 section 2", b' \r\n{"a":1}\n', 1),
    read("an-object-in-place-of-text", "CWE-943", b'{"a":{"$ne":null}}', {"$ne": None}),
    read("as-deep-as-may-be", "CWE-674", b'{"a":' + b"[" * 99 + b"]" * 99 + b"}", json.loads("[" * 99 + "]" * 99)),
]


@pytest.mark.parametrize("attack", parameters(READ))
def test_odd_json_is_read_as_what_it_is(app, attack):
    answer = asgi_client.call(app, "POST", "/json", body=attack.given)
    assert (answer.status, answer.json) == (200, {"a": attack.answer})


GROWING = [
    Attack("brackets", "engines.linear", "CWE-674", b"["),
    Attack("members", "engines.linear", "CWE-407", b'{"a":1,'),
    Attack("quotes", "engines.linear", "CWE-407", b'"'),
    Attack("backslashes", "engines.linear", "CWE-407", b"\\"),
    Attack("digits", "engines.linear", "CVE-2020-10735", b"7"),
    Attack("blanks", "engines.linear", "RFC 8259 section 2", b" "),
    Attack("separators", "engines.linear", "CWE-407", b"&"),
    Attack("signs", "engines.linear", "CWE-407", b"="),
    Attack("escapes", "engines.linear", "WHATWG URL, percent-decode", b"%41"),
    Attack("broken-escapes", "engines.linear", "WHATWG URL, percent-decode", b"%"),
    Attack("raw-bytes", "engines.linear", "WHATWG URL, percent-decode", b"\xe9"),
]


@pytest.mark.parametrize("attack", parameters(GROWING))
def test_a_large_body_costs_linear_time(fastware, attack):
    form_headers = [(b"content-type", b"application/x-www-form-urlencoded")]

    def read_as_all(body):
        for scope, name in (({"headers": []}, "json"), ({"headers": form_headers}, "form")):
            with contextlib.suppress(fastware.HTTPError):
                getattr(fastware.Request(scope, body), name)

    assert growth.is_linear(read_as_all, lambda length: attack.given * (length // len(attack.given)))


def number(name, source, segment, answer=404):
    return Attack(name, "path.segments", source, segment, answer)


NUMBERS = [
    number("forty-digits", "CWE-190", "7" * 40, 200),
    number("forty-one-digits", "CWE-190", "7" * 41),
    number("leading-zeros", "CWE-1286", "007", 200),
    number("minus", "CWE-1286", "-1"),
    number("plus", "CWE-1286", "+1"),
    number("underscore", "PEP 515, which int takes", "1_0"),
    number("space", "CWE-1286, which int takes", " 1"),
    number("line-feed", "CWE-93", "1\n"),
    number("nul", "CWE-158", "1\0"),
    number("arabic-digits", "Unicode UAX 44, which int takes", "١٢"),
    number("fullwidth-digits", "Unicode UAX 44, which int takes", "１２"),
    number("superscript", "Unicode UAX 44, which isdigit takes", "²"),
    number("doubly-encoded", "CWE-174", "%31"),
    number("exponent", "CWE-1286", "1e3"),
    number("empty", "CWE-1286", ""),
    number("dots", "CWE-22", ".."),
]


@pytest.mark.parametrize("attack", parameters(NUMBERS))
def test_a_number_in_a_path_is_ascii_digits(app, attack):
    assert asgi_client.call(app, "GET", f"/items/{attack.given}").status == attack.answer


URLENCODED = "application/x-www-form-urlencoded"


def form(name, source, body, answer, content_type=URLENCODED):
    return Attack(name, "body.form", source, (content_type, body), answer)


FORMS = [
    form("thousand-fields", "CWE-770", b"&".join([b"a=1"] * 1_000), (200, {"a": "1"})),
    form("thousand-and-one-fields", "CWE-770", b"&".join([b"a=1"] * 1_001), (400, None)),
    form("thousand-separators", "CWE-770", b"&" * 1_000, (400, None)),
    form("semicolon-separates-nothing", "CVE-2021-23336", b"a=1;b=2", (200, {"a": "1;b=2"})),
    form("last-of-two", "CWE-235", b"a=1&%61=2", (200, {"a": "2"})),
    form("broken-escapes", "WHATWG URL, percent-decode", b"a=%zz%", (200, {"a": "%zz%"})),
    form("type-missing", "RFC 9110 section 8.3", b"a=1", (415, None), ""),
    form("type-longer", "CWE-187", b"a=1", (415, None), URLENCODED + "-not"),
    form("type-in-a-list", "RFC 9110 section 8.3", b"a=1", (415, None), f"text/plain, {URLENCODED}"),
    form("type-as-a-parameter", "RFC 9110 section 8.3.1", b"a=1", (415, None), f"text/plain; x={URLENCODED}"),
]


@pytest.mark.parametrize("attack", parameters(FORMS))
def test_a_form_is_read_or_refused(app, attack):
    content_type, body = attack.given
    answer = asgi_client.call(app, "POST", "/form", headers=[("content-type", content_type)], body=body)
    assert (answer.status, answer.json if answer.status == 200 else None) == attack.answer


def length(name, source, announced, answer):
    return Attack(name, "body.size", source, announced, answer)


LENGTHS = [
    length("over-the-limit", "CWE-770", "1000001", 413),
    length("huge", "CWE-190", "9" * 5_000, 413),
    length("negative", "CWE-1284", "-1", 200),
    length("plus", "RFC 9110 section 8.6", "+5", 200),
    length("list", "RFC 9110 section 8.6", "5, 5", 200),
    length("superscript", "Unicode UAX 44, which isdigit takes", b"\xb2", 200),
    length("too-small", "CWE-130, what is received counts", "1", 200),
]


@pytest.mark.parametrize("attack", parameters(LENGTHS))
def test_an_announced_length_only_ever_refuses(app, attack):
    """What the server hands on is what is read; the header can only end it early."""
    headers = [("content-length", attack.given)]
    answer = asgi_client.call(app, "POST", "/size", headers=headers, chunks=[b"x"] * 5)
    assert answer.status == attack.answer
    assert attack.answer == 413 or answer.json == {"size": 5}
