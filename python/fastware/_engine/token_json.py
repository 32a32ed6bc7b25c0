"""Reads the JSON of tokens: ``json`` with the limits and the strictness of the engine contract."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

from fastware._engine.contract import MAX_INTEGER_LENGTH, MAX_JSON_DEPTH

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, up to its end or the end of the text. A search that restarted at every quote would be quadratic."""
_BRACKET = re.compile(r"[\[\]{}]")
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]|u([dD][89a-fA-F])|.)")
"""An escape in a JSON text. The group matches a lone surrogate."""


def read_claims(text: bytes) -> dict[str, Any]:
    """Return the JSON object in *text*, or raise ``ValueError`` (or ``RecursionError``)."""
    return _read_object(text, _claims_decoder)


def read_jose_header(text: bytes) -> dict[str, Any]:
    """Return the same without converting integers: no header rule reads one, so all of them become 0."""
    return _read_object(text, _jose_header_decoder)


def _read_object(text: bytes, decoder: json.JSONDecoder) -> dict[str, Any]:
    json_text = text.decode("utf-8")
    if json_text.count("[") + json_text.count("{") > MAX_JSON_DEPTH and _depth(json_text) > MAX_JSON_DEPTH:
        raise ValueError("too deep")
    value = decoder.decode(json_text)
    if type(value) is not dict:
        raise ValueError("not an object")
    if "\\" in json_text and any(_ESCAPE.findall(json_text)):
        raise ValueError("a lone surrogate")
    return value


def _depth(json_text: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", json_text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _integer(literal: str) -> int:
    _check_length(literal)
    return int(literal)


def _check_length(literal: str) -> int:
    if len(literal) > MAX_INTEGER_LENGTH:
        raise ValueError("integer too long")
    return 0


def _float(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        raise ValueError("number overflows")
    return value


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _decoder(parse_int: Callable[[str], int]) -> json.JSONDecoder:
    return json.JSONDecoder(parse_int=parse_int, parse_float=_float, parse_constant=_reject_constant)


_claims_decoder = _decoder(_integer)
_jose_header_decoder = _decoder(_check_length)
