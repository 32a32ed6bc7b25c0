"""Request bodies: in chunks, as JSON, and as the fields of a form or a query string."""

from collections.abc import Callable, Coroutine
from typing import Any

from outcomes import identical
from tests.reference import form, json_text

from fuzz.both_engines import PACKAGES, same
from fuzz.target import Finding, Input, expect, target

MAX_SIZE = 16

JSON_TEXTS = (
    *(b"", b"[]", b"[1,[2],{}]", b'"a"', b" \n[1]\t", b"\xef\xbb\xbf[1]", b"[NaN]", b"[1e309]", b'["\\ud800"]'),
    *(b'["\xff"]', b'{"a":1,"a":2}', b"[" * 99 + b"1" + b"]" * 99, b"[" * 101 + b"]" * 101, b"[" * 1_200),
    b"[18446744073709551616,-9223372036854775809,1e308,0.1,-0]",
    b'{"username":"ada","password":"x","n":[1,-2.5e3,null,true,"\\u00e9\\ud83d\\ude00"]}',
)
FORM_TYPE = b"application/x-www-form-urlencoded"
FIELDS = (
    *(b"", b"a=1&b=two+words&c=%C3%A9&a=2", b"&&=&a&=b&%zz=%&a=b=c", b"a=%ff%C3", b"a=\xc3\xa9"),
    *(b"a=1&" * 999 + b"a=1", b"a=1&" * 1_001),
)


def attempted(read: Callable[[Any], Any]) -> tuple[str, Any]:
    """Return ``("value", value)``, or ``("error", status)`` for an ``HTTPError``. Both engines must return the same."""

    def call(package: Any) -> tuple[str, Any]:
        try:
            return "value", read(package)
        except package.HTTPError as error:
            # An error reporter shows the context, and the body may hold a password.
            expect(error.__context__ is None, "an error with a context", error)
            return "error", error.status_code

    kind, *rest = same("a body", call, PACKAGES)
    expect(kind == "returned", "an unexpected error", rest)
    result: tuple[str, Any] = rest[0]
    return result


@target(
    "json_body",
    "json and the rules for bodies; HTTPError 400 for any other body",
    seeds=JSON_TEXTS,
)
def check_json_body(data: bytes) -> None:
    result = attempted(lambda package: plain(package.Request({}, data).json))
    value = json_text.body(data)
    expected = ("error", 400) if value is None else ("value", value)
    expect(identical(result, expected), "wrong JSON", data, result, expected)


def plain(value: Any) -> Any:
    """Return the value without the classes that report missing parts."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


@target(
    "form",
    "the reference of application/x-www-form-urlencoded",
    seeds=[
        *(FORM_TYPE + b"\x1e" + fields + b"\x00" for fields in FIELDS),
        *(b"\x1e" + fields + b"\x01" for fields in FIELDS),
        b"Application/X-WWW-Form-Urlencoded ; charset=utf-8\x1ea=1\x00",
        b"text/plain\x1ea=1\x00",
    ],
)
def check_form(data: bytes) -> None:
    inputs = Input(data)
    is_query = inputs.flag()
    content_type, encoded = inputs.fields(2)
    if is_query:
        result = attempted(lambda package: dict(package.Request({"query_string": encoded}).query_params))
    else:
        scope = {"headers": [(b"content-type", content_type)]}
        result = attempted(lambda package: dict(package.Request(scope, encoded).form))
    fields = form.fields(encoded)
    expected = ("error", 400) if fields is None else ("value", fields)
    if not is_query and not form.is_form(content_type):
        expected = ("error", 415)
    expect(identical(result, expected), "wrong fields", content_type, encoded, result, expected)


@target(
    "body",
    "the joined chunks, within the limit",
    seeds=[
        *(b"\x1eabc\x00\x00", b"\x1eabc\x1e\x1edef\x00\x00", b"\x1eabc\x1e\x00\x01", b"\x1exxxxxxxxxxxxxxxxx\x00\x00"),
        *(b"17\x1ea\x01\x00", b"3\x1eabc\x01\x00", b"+3\x1eabc\x01\x00"),
    ],
)
def check_body(data: bytes) -> None:
    inputs = Input(data)
    ends_early, is_announced = inputs.number(0, 3) == 1, inputs.flag()
    announced, *pieces = inputs.all_fields()
    pieces = pieces or [b""]
    scope = {"headers": [(b"content-length", announced)] if is_announced else []}
    result = attempted(lambda package: run(package.core.body.read_body(scope, receiver(pieces, ends_early), MAX_SIZE)))
    expected = expected_body(announced if is_announced else b"", pieces, ends_early)
    expect(identical(result, expected), "wrong body", announced, pieces, ends_early, result, expected)


def expected_body(announced: bytes, pieces: list[bytes], ends_early: bool) -> tuple[str, Any]:
    number = announced.strip(b" \t")
    if number and set(number) <= set(b"0123456789") and int(number) > MAX_SIZE:
        return "error", 413
    received = pieces[:-1] if ends_early else pieces
    if sum(map(len, received)) > MAX_SIZE:
        return "error", 413
    return ("error", 400) if ends_early else ("value", b"".join(pieces))


def receiver(pieces: list[bytes], ends_early: bool) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    if ends_early:
        messages[-1] = {"type": "http.disconnect"}

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return receive


def run(coroutine: Coroutine[Any, Any, bytes]) -> bytes:
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise Finding("it waits for something other than the next message")
