"""Reads arguments by their actual type and ignores what a subclass overrides.

A subclass may override any method, even ``__class__``. The Rust engine reads strings, bytes and sequences through
CPython's own type flags; these functions do the same in Python.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

from fastware._engine.contract import MAX_LEEWAY

Expected: TypeAlias = tuple[float, tuple[str, ...] | None, str | None]
"""The options of ``verify_token``: the leeway in seconds, the names in the audience, the issuer."""

_NOTHING: Final[Expected] = (0.0, None, None)
_NOT_NAMES: Final = (bytes, bytearray, memoryview, Mapping)
_INFINITY: Final = float("inf")


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


def as_leeway(leeway: Any) -> float:
    """Return *leeway* in seconds. Raises ``TypeError`` or ``ValueError`` if it is invalid."""
    if not isinstance(leeway, (int, float)):
        if not issubclass(type(leeway), _timedelta()):
            raise wrong_type("leeway", "a number of seconds or a timedelta", leeway)
        leeway = _timedelta().total_seconds(leeway)
    if not 0 <= leeway <= MAX_LEEWAY:
        raise ValueError("leeway must be a number of seconds from 0 to 2**53")
    return float(leeway)


def as_expected(leeway: object, audience: object, issuer: object) -> Expected:
    """Return the options of ``verify_token``. Raises ``TypeError`` or ``ValueError`` if one of them is invalid."""
    if type(leeway) is float and leeway == 0.0 and audience is None and issuer is None:
        return _NOTHING  # saves 1 % of the pure engine's `verify_token`
    return as_leeway(leeway), as_audience(audience), as_issuer(issuer)


def as_expires_in(expires_in: Any) -> int:
    """Return *expires_in* in seconds, rounded down. Raises ``TypeError`` or ``ValueError`` if it is invalid."""
    kind = type(expires_in)
    if issubclass(kind, int) and kind is not bool:
        seconds = int.__int__(expires_in)
    elif issubclass(kind, float):
        if not abs(float.__float__(expires_in)) < _INFINITY:
            raise ValueError("expires_in must be a finite number of seconds")
        seconds = float.__floor__(expires_in)
    elif issubclass(kind, _timedelta()):
        seconds = _timedelta().__floordiv__(expires_in, _timedelta()(seconds=1))
    else:
        raise wrong_type("expires_in", "a number of seconds or a timedelta", expires_in)
    if not -(2**63) <= seconds < 2**63:
        raise ValueError("expires_in is out of range: exp must fit in 64 bits")
    return seconds


def as_audience(audience: Any) -> tuple[str, ...] | None:
    """Return the names in *audience*, if any is expected. Raises ``TypeError`` or ``ValueError`` if it is invalid."""
    if audience is None:
        return None
    name = as_text(audience)
    names: tuple[object, ...] | None = as_items(audience) if name is None else (name,)
    kind = type(audience)
    if names is None and issubclass(kind, Collection) and not issubclass(kind, _NOT_NAMES):
        names = tuple(audience)
    if names is None:
        raise wrong_type("audience", "str, or a collection of str", audience)
    texts = tuple(map(as_text, names))
    for text, value in zip(texts, names, strict=True):
        if text is None:
            raise wrong_type("a name in audience", "str", value)
    if not texts or "" in texts:
        raise ValueError("audience is empty; None, the default, accepts only tokens without an audience")
    return texts  # type: ignore[return-value]


def as_issuer(issuer: object) -> str | None:
    """Return *issuer* as an exact ``str``, if any is expected. Raises ``TypeError`` if it is not a ``str``."""
    text = as_text(issuer)
    if text is None and issuer is not None:
        raise wrong_type("issuer", "str", issuer)
    return text


def _timedelta() -> Any:
    """Return the class, or no class if ``datetime`` is not imported: then no object of the class exists."""
    return getattr(sys.modules.get("datetime"), "timedelta", ())


def wrong_type(name: str, expected: str, value: object) -> TypeError:
    """Return the error for an argument of another type. It does not show the value."""
    return TypeError(f"{name} must be {expected}, not {type(value).__name__}")
