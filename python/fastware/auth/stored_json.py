"""JSON as text, which a storage keeps and which reads back as an equal value."""

from __future__ import annotations

import json
from typing import Any

from fastware._engine.token_json import read_claims

_encode = json.JSONEncoder(separators=(",", ":")).encode


def as_json(name: str, value: Any, max_length: int) -> str:
    """Return *value* as JSON of at most *max_length* ASCII characters.

    Raises:
        TypeError: *value* contains what is not JSON, or does not read back equal, like a tuple or a key of ``int``.
        ValueError: it is too long or too deep, or has a number or a text that is not JSON (NaN, a lone surrogate).

    """
    try:
        text = _encode(value)
        is_equal = len(text) > max_length or from_json(text) == value
    except TypeError:
        text, is_equal = "", False
    except (ValueError, RecursionError):
        text, is_equal = "", True
    # Raised outside the `except`: the errors of `json` may show a part of the value.
    if not is_equal:
        raise TypeError(f"{name} must be JSON: dict with str keys, list, str, int, float, bool or None")
    if not text:
        raise ValueError(f"{name} has NaN, an infinity, a lone surrogate, a very long integer, or over 63 levels")
    if len(text) > max_length:
        raise ValueError(f"{name} is too long: {len(text):,} characters of JSON, and {max_length:,} are allowed")
    return text


def from_json(text: str) -> Any:
    """Return the value in a *text* of :func:`as_json`."""
    if text.startswith("{"):
        return read_claims(text.encode("ascii"))
    return read_claims(f'{{"value":{text}}}'.encode("ascii"))["value"]
