"""Bodies: read in pieces, as JSON, and as the fields of a form or a query string."""

import math
import string
from collections.abc import Coroutine
from typing import Any

import engines
from outcomes import identical

from fuzz.fuzzed_input import FuzzedInput
from fuzz.reference.json_text import Members, decoder, has_surrogate
from fuzz.target import Disagreement, Target, expect

_PACKAGES = [engines.load(name) for name in engines.BUILT]
_MAX_FIELDS = 1_000
_MAX_SIZE = 16


def _answers(read: Any) -> list[tuple[str, Any]]:
    """What *read* made of each package: ``("value", it)``, or ``("error", status)`` for an HTTPError."""
    answers = []
    for package in _PACKAGES:
        try:
            answers.append(("value", read(package)))
        except package.HTTPError as error:
            answers.append(("error", error.status_code))
            expect(error.__context__ is None, "an error that the body hangs on", error)
    expect(all(identical(one, answers[0]) for one in answers), "the engines differ", answers)
    return answers


# JSON


def _check_json(data: bytes) -> None:
    kind, found = _answers(lambda package: _plain(package.Request({}, data).json))[0]
    try:
        expected = _JSON.decode(data.decode("utf-8"))
    except RecursionError:
        expect(kind == "value" or found == 400, "another status", data, found)  # each reader has a bound of its own
        return
    except ValueError as error:
        expect((kind, found) == ("error", 400), "read, where json does not", data, found, error)
        return
    if kind == "value":
        expect(identical(found, expected), "another value than that of json", data, found, expected)
    else:
        expect(found == 400, "another status", data, found)
        expect(_is_beyond_msgspec(data), "refused, where json does not", data, expected)


def _plain(value: Any) -> Any:
    """The value without the classes that answer the client where it left something out."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _is_beyond_msgspec(data: bytes) -> bool:
    """Whether the text has what ``json`` reads and RFC 8259 does not have, or what is beyond the decoder's bounds."""
    try:
        read = _STRICT_JSON.decode(data.decode("utf-8"))
    except ValueError:
        return True
    return has_surrogate(read)


def _refused(literal: str) -> Any:
    raise ValueError(literal)


def _finite(literal: str) -> float:
    return float(literal) if math.isfinite(float(literal)) else _refused(literal)


_JSON = decoder()
_STRICT_JSON = decoder(parse_constant=_refused, parse_float=_finite, object_pairs_hook=Members)


# Fields


def _check_form(data: bytes) -> None:
    given = FuzzedInput(data)
    is_query = given.flag()
    content_type, body = given.fields(2)
    if is_query:
        kind, found = _answers(lambda package: dict(package.Request({"query_string": body}).query_params))[0]
    else:
        scope = {"headers": [(b"content-type", content_type)]}
        kind, found = _answers(lambda package: dict(package.Request(scope, body).form))[0]
        media_type = content_type.decode("latin-1").partition(";")[0].strip().lower()
        if media_type != "application/x-www-form-urlencoded":
            expect((kind, found) == ("error", 415), "not 415", content_type, found)
            return
    if kind == "error":
        expect(found == 400 and body.count(b"&") >= _MAX_FIELDS, "refused", body, found)
    else:
        expect(identical(found, _fields(body)), "other fields", body, found, _fields(body))


def _fields(body: bytes) -> dict[str, str]:
    pairs = [pair.partition(b"=") for pair in body.split(b"&") if pair]
    return {_decoded(name): _decoded(value) for name, _, value in pairs}


def _decoded(text: bytes) -> str:
    octets, at = bytearray(), 0
    while at < len(text):
        digits = text[at + 1 : at + 3].decode("latin-1")
        if text[at : at + 1] == b"%" and len(digits) == 2 and all(digit in string.hexdigits for digit in digits):
            octets.append(int(digits, 16))
            at += 3
        else:
            octets.append(ord(" ") if text[at : at + 1] == b"+" else text[at])
            at += 1
    return octets.decode("utf-8", "replace")


# Pieces


def _check_pieces(data: bytes) -> None:
    given = FuzzedInput(data)
    ends_early, is_announced = given.number(0, 3) == 1, given.flag()
    announced, *pieces = given.all_fields()
    scope = {"headers": [(b"content-length", announced)] if is_announced else []}
    pieces = pieces or [b""]
    answer = _answers(lambda package: _run(package.body.read_body(scope, _receive(pieces, ends_early), _MAX_SIZE)))[0]
    expected = _expected(announced if is_announced else b"", pieces, ends_early)
    expect(identical(answer, expected), "another body", announced, pieces, ends_early, answer, expected)


def _expected(announced: bytes, pieces: list[bytes], ends_early: bool) -> tuple[str, Any]:
    is_number = announced != b"" and all(octet in b"0123456789" for octet in announced)
    if is_number and int(announced) > _MAX_SIZE:
        return "error", 413
    size = 0
    for number, piece in enumerate(pieces, 1):
        if ends_early and number == len(pieces):
            return "error", 400
        size += len(piece)
        if size > _MAX_SIZE:
            return "error", 413
    return "value", b"".join(pieces)


def _receive(pieces: list[bytes], ends_early: bool) -> Any:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    if ends_early:
        messages[-1] = {"type": "http.disconnect"}

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return receive


def _run(coroutine: Coroutine[Any, Any, bytes]) -> bytes:
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise Disagreement("it waits for something else than the next message")


JSON_BODY = Target(
    "json_body",
    "json, where both read; nothing but HTTPError 400 otherwise",
    _check_json,
    (b"null", b"true", b"NaN", b"-Infinity", b"1e309", b"18446744073709551616", b"\\ud800", b'{"a":', b"[[[[", b"-0"),
    longest=2_048,
)

FORM = Target(
    "form",
    "the rules of x-www-form-urlencoded, written out",
    _check_form,
    (b"application/x-www-form-urlencoded", b"\x1e", b"%C3%A9", b"%", b"&", b"=", b"+", b"; charset=utf-8"),
    longest=2_048,
)

BODY = Target("body", "the pieces joined, within the limit", _check_pieces, (b"\x1e", b"16", b"17"), longest=128)
