"""``json`` with its scanner in Python: the one in C would not tell a fuzzer what it runs through."""

import json
import json.scanner
from collections.abc import Callable
from typing import Any


class Members(list[tuple[str, Any]]):
    """The members of an object, equal names included."""


def decoder(**hooks: Callable[[Any], Any]) -> json.JSONDecoder:
    """A ``json.JSONDecoder`` with these hooks."""
    made: Any = json.JSONDecoder(**hooks)
    made.scan_once = json.scanner.py_make_scanner(made)
    return made


def has_surrogate(value: Any) -> bool:
    """Whether a string has a lone surrogate, at any depth of lists and members."""
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    return isinstance(value, (list, tuple)) and any(map(has_surrogate, value))
