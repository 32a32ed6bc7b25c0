"""Tokens: verified by size and by what the payload is made of, created by the length of the username."""

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from unittest import mock

import engines

from benches.tokens import CLAIMS, NOW, SECRET, forged, signed

from .series import Series, Workload, always_the_same

_LONGEST = 65_536
_SIZES = (100, *(2**power for power in range(7, 17)))
_LETTERS = "characters of the token"


def _members(count: int) -> dict[str, Any]:
    return {f"m{number}": number % 10 for number in range(count)}


def _one_string(count: int) -> dict[str, Any]:
    return {"s": "x" * count}


def _one_escaped_string(count: int) -> dict[str, Any]:
    return {"s": "é" * count}


def _small_integers(count: int) -> dict[str, Any]:
    return {"n": [number % 10 for number in range(count)]}


def _nested_arrays(count: int) -> dict[str, Any]:
    """Arrays sixty deep, one beside another, the last as deep as *count* still allows."""
    return {"n": [_nested(depth) for depth in (60,) * (count // 60) + (count % 60,) if depth]}


def _nested(depth: int) -> list[Any]:
    array: list[Any] = []
    for _ in range(depth - 1):
        array = [array]
    return array


def _largest(claims: Callable[[int], dict[str, Any]], size: int) -> dict[str, Any]:
    """Return the claims with the greatest count whose token has at most *size* characters."""
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(signed(claims(middle))) <= size else (low, middle - 1)
    return claims(low)


def _verify(claims: Callable[[int], dict[str, Any]], engine: str, size: int) -> Workload:
    payload = _largest(claims, size)
    return always_the_same(partial(engines.load(engine).auth.verify_token, signed(payload), SECRET), payload)


def _refuse(engine: str, size: int) -> Workload:
    token = forged(signed(_largest(_one_string, size)))
    return always_the_same(partial(engines.load(engine).auth.verify_token, token, SECRET), None)


def _create(letter: str, engine: str, size: int) -> Workload:
    username = letter * size
    create = partial(engines.load(engine).auth.create_token, username, CLAIMS["role"], SECRET)

    def create_now():
        with mock.patch("time.time", return_value=float(NOW)):
            return create()

    return Workload(lambda: create, create_now, signed({**CLAIMS, "sub": username}))


def _lengths(most: int) -> tuple[int, ...]:
    return tuple(itertools.takewhile(lambda length: length <= most, (16 * 2**power for power in range(20))))


def _verify_series(shapes: Iterable[tuple[str, Callable[[int], dict[str, Any]]]]) -> list[Series]:
    return [Series("verify_token", shape, _LETTERS, _SIZES, partial(_verify, claims)) for shape, claims in shapes]


SERIES = [
    *_verify_series(
        (
            ("many members", _members),
            ("one long string", _one_string),
            ("one string of escapes", _one_escaped_string),
            ("many small integers", _small_integers),
            ("nested arrays", _nested_arrays),
        )
    ),
    Series("verify_token", "forged, one long string", _LETTERS, _SIZES, _refuse),
    Series("create_token", "username of ASCII", "characters of the username", _lengths(32_768), partial(_create, "a")),
    Series("create_token", "username of escapes", "characters of the username", _lengths(4_096), partial(_create, "é")),
]
