"""Decodes what a client sent: JSON, form fields and query parameters. An invalid or missing part is a 400."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from fastware.errors import HTTPError

ValueT = TypeVar("ValueT")

MAX_FIELDS: Final = 1_000
MAX_JSON_DEPTH: Final = 100
"""Maximum number of nested objects and arrays: handlers often process a body recursively, and Python limits that."""

_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
_CONTAINERS: Final = (dict, list)
_UNKNOWN_FIELD: Final = re.compile(r"unknown field `.*?`(?= - at `\$[^`]*`\Z|\Z)", re.DOTALL)
_INVALID_VALUE: Final = re.compile(r"Invalid (?:enum )?value .*?(?= - at `\$[^`]*`\Z|\Z)", re.DOTALL)


class _MissingError(HTTPError):
    """The client did not send a part that the handler reads."""

    kind: ClassVar[str]

    def __init__(self, name: object) -> None:
        super().__init__(400, f"Missing {self.kind}: {name}")
        self.name = name


class MissingFieldError(_MissingError, KeyError):
    """A field that the handler reads is missing: a 400, and a ``KeyError`` for code that catches one."""

    kind = "field"


class MissingItemError(_MissingError, IndexError):
    """An item that the handler reads is missing: a 400, and an ``IndexError`` for code that catches one."""

    kind = "item"


class Fields(dict[str, Any]):
    """Fields that a client sent. Reading a missing one raises ``MissingFieldError``."""

    __slots__ = ()

    def __missing__(self, name: str) -> Any:
        raise MissingFieldError(name)


class Items(list[Any]):
    """An array that a client sent. Reading a missing item, or a field as of an object, is a 400."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            raise MissingFieldError(index)
        try:
            return super().__getitem__(index)
        except IndexError:
            raise MissingItemError(index) from None


def decode_json(body: bytes) -> Any:
    """Return the JSON object or array in *body*. Raises ``HTTPError`` 400 for anything else."""
    value = _decode_json(body, Any)
    if not isinstance(value, _CONTAINERS):
        raise HTTPError(400, "The body must be a JSON object or array")
    return _reporting_missing_parts(value)


def decode_any_json(text: bytes) -> Any:
    """Return the JSON value in *text*, of any type. Raises ``HTTPError`` 400 for anything else."""
    return _reporting_missing_parts(_decode_json(text, Any))


def decode_typed_json(body: bytes, type_: type[ValueT]) -> ValueT:
    """Return the JSON in *body* as a *type_*. Raises ``HTTPError`` 400 with the path of the first invalid field."""
    value: ValueT = _decode_json(body, type_)
    return value


def decode_fields(encoded: bytes) -> Fields:
    """Return the fields of an ``application/x-www-form-urlencoded`` text; the last of duplicate fields counts.

    Raises:
        HTTPError: 400 for malformed text or more than 1,000 fields.

    """
    if not encoded.isascii():
        # Unescaped bytes are read as UTF-8, like escaped ones (WHATWG URL section 5.1).
        encoded = _NON_ASCII.sub(lambda octet: b"%%%02X" % octet[0][0], encoded)
    try:
        return Fields(parse_qsl(encoded.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        pass
    raise HTTPError(400, f"Malformed fields, or more than {MAX_FIELDS}")


def _decode_json(body: bytes, type_: Any) -> Any:
    if not body:
        raise HTTPError(400, "The body is empty, expected JSON")
    # The error is raised outside the `except`, so that its context does not hold the body, which may have passwords.
    try:
        value = msgspec.json.decode(body, type=type_)
        may_be_deep = body.count(b"[") + body.count(b"{") > MAX_JSON_DEPTH
        if not may_be_deep or not _is_deeper(msgspec.json.decode(body), MAX_JSON_DEPTH):
            return value
        problem = "The body is nested too deep"
    except msgspec.ValidationError as error:
        problem = f"The body is invalid: {_without_value(error)}"
    except OverflowError:  # raised by `timedelta`; msgspec does not convert it
        problem = "The body is invalid: a value is out of range"
    except UnicodeError:
        problem = "The body is not JSON: it is not UTF-8"
    except msgspec.DecodeError as error:
        problem = f"The body is not JSON: {error}"
    except RecursionError:
        problem = "The body is nested too deep"
    raise HTTPError(400, problem)


def _without_value(error: msgspec.ValidationError) -> str:
    """Return the message of *error* without text of the client, which may be a secret."""
    return _UNKNOWN_FIELD.sub("an unknown field", _INVALID_VALUE.sub("Invalid value", str(error)))


def _is_deeper(value: Any, depth: int) -> bool:
    """Return whether *value* has more than *depth* levels of objects and arrays."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(depth):
        items = (container.values() if type(container) is dict else container for container in level)
        level = [item for several in items for item in several if type(item) in _CONTAINERS]
        if not level:
            return False
    return True


def _reporting_missing_parts(value: Any) -> Any:
    if isinstance(value, dict):
        return Fields(zip(value, map(_reporting_missing_parts, value.values()), strict=True))
    if isinstance(value, list):
        return Items(map(_reporting_missing_parts, value))
    return value
