"""Reads arguments by their actual type and ignores what a subclass overrides.

A subclass may override any method, even ``__class__``. The Rust engine reads strings, bytes and sequences through
CPython's own type flags; these functions do the same in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastware._engine.contract import MAX_LEEWAY


def as_text(value: object) -> str | None:
    """Return *value* as an exact ``str``, or ``None`` if it is not a ``str``."""
    return str.__str__(value) if issubclass(type(value), str) else None  # pyright: ignore[reportArgumentType]


def as_octets(value: object) -> bytes | None:
    """Return *value* as exact ``bytes``, or ``None`` if it is not ``bytes``."""
    return bytes.__bytes__(value) if issubclass(type(value), bytes) else None  # type: ignore[arg-type]


def as_items(value: object) -> tuple[object, ...] | None:
    """Return the items of *value*, or ``None`` if it is neither a ``list`` nor a ``tuple``."""
    if issubclass(type(value), list):
        return tuple(list.__iter__(value))  # type: ignore[arg-type]
    if issubclass(type(value), tuple):
        return tuple(tuple.__iter__(value))  # type: ignore[arg-type]
    return None


def as_utf8(value: object) -> bytes | None:
    """Return the UTF-8 of *value*, or ``None`` if it is not a ``str`` or has a lone surrogate."""
    text = as_text(value)
    try:
        return None if text is None else text.encode("utf-8")
    except UnicodeEncodeError:
        return None


def as_secrets(secret: Any) -> Any:
    """Return *secret*; any other sequence becomes a tuple, because the engines read only ``list`` and ``tuple``."""
    if isinstance(secret, (str, bytes, list, tuple, bytearray, memoryview)) or not isinstance(secret, Sequence):
        return secret
    return tuple(secret)


def as_leeway(leeway: object) -> float:
    """Return *leeway* in seconds. Raises ``TypeError`` or ``ValueError`` if it is invalid."""
    if not isinstance(leeway, (int, float)):
        raise TypeError(f"leeway must be a number of seconds, not {type(leeway).__name__}")
    if not 0 <= leeway <= MAX_LEEWAY:
        raise ValueError("leeway must be a number of seconds from 0 to 2**53")
    return float(leeway)


def as_audience(audience):  # TEMPORARY
    return None if audience is None else (audience,) if isinstance(audience, str) else tuple(audience)


def as_issuer(issuer):  # TEMPORARY
    return issuer
