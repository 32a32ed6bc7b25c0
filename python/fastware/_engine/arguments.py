"""Arguments as what they are, not as what their class says: a subclass may override any method, or lie about its type.

The Rust engine reads strings, bytes and sequences through CPython's own type flags; this is the same in Python.
"""

from __future__ import annotations


def as_text(value: object) -> str | None:
    """The exact ``str`` that *value* is, or ``None``."""
    return str.__str__(value) if issubclass(type(value), str) else None


def as_octets(value: object) -> bytes | None:
    """The exact ``bytes`` that *value* is, or ``None``."""
    return bytes.__bytes__(value) if issubclass(type(value), bytes) else None  # type: ignore[arg-type]


def as_items(value: object) -> tuple[object, ...] | None:
    """The items of *value*, a ``list`` or a ``tuple``, or ``None``."""
    if issubclass(type(value), list):
        return tuple(list.__iter__(value))  # type: ignore[arg-type]
    if issubclass(type(value), tuple):
        return tuple(tuple.__iter__(value))  # type: ignore[arg-type]
    return None


def as_utf8(value: object) -> bytes | None:
    """The UTF-8 of *value*, a ``str``, or ``None``, where it has a lone surrogate too."""
    text = as_text(value)
    try:
        return None if text is None else text.encode("utf-8")
    except UnicodeEncodeError:
        return None
