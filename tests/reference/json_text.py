"""JSON: ``json`` of the standard library, with the limits that it does not have.

The scanner is the one that is written in Python: a fuzzer measures the coverage of it.
"""

import json
import json.scanner
import math
from collections.abc import Callable
from typing import Any

MAX_TOKEN_DEPTH = 64
MAX_BODY_DEPTH = 100
MAX_INTEGER_LENGTH = 4_300


class Members(list[tuple[str, Any]]):
    """The members of an object, duplicate names included."""


def token_object(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a token's header or payload, or ``None`` if a rule of the contract rejects it."""
    members = _strict(text, MAX_TOKEN_DEPTH)
    return _plain(members) if isinstance(members, Members) else None


def body(text: bytes) -> dict[str, Any] | list[Any] | None:
    """Return the JSON object or array in a request's body, or ``None`` if it is a 400."""
    value = _strict(text, MAX_BODY_DEPTH)
    return _plain(value) if isinstance(value, list) else None


def decoder(**hooks: Callable[[Any], Any]) -> json.JSONDecoder:
    """Return a ``json.JSONDecoder`` with these hooks."""
    made: Any = json.JSONDecoder(**hooks)
    made.scan_once = json.scanner.py_make_scanner(made)
    return made


def has_surrogate(value: Any) -> bool:
    """Return whether a string in *value* has a lone surrogate, at any depth of lists and members."""
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    return isinstance(value, (list, tuple)) and any(map(has_surrogate, value))


def depth(value: Any) -> int:
    """Return the number of nested objects and arrays at the deepest place of *value*."""
    if not isinstance(value, list):
        return 0
    parts = [part for _, part in value] if isinstance(value, Members) else value
    return 1 + max(map(depth, parts), default=0)


def _strict(text: bytes, max_depth: int) -> Any:
    """Return a value whose objects are ``Members``, or ``None``."""
    try:
        value = _STRICT.decode(text.decode("utf-8"))
        return None if has_surrogate(value) or depth(value) > max_depth else value
    except (ValueError, RecursionError):
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, Members):
        return {name: _plain(part) for name, part in value}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _finite(literal: str) -> float:
    return float(literal) if math.isfinite(float(literal)) else _rejected(literal)


def _bounded(literal: str) -> int:
    return int(literal) if len(literal) <= MAX_INTEGER_LENGTH else _rejected(literal)


def _rejected(literal: str) -> Any:
    raise ValueError(literal)


_STRICT = decoder(parse_float=_finite, parse_int=_bounded, parse_constant=_rejected, object_pairs_hook=Members)
