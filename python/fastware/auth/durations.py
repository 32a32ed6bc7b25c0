"""Durations: arguments in seconds, or as a ``timedelta``."""

from __future__ import annotations

import sys
from typing import Any, Final

_MAX: Final = 2**53


def as_seconds(name: str, value: Any, *, may_be_zero: bool = False) -> float:
    """Return *value* in seconds. Raises ``TypeError`` or ``ValueError``, with the *name* of the argument."""
    timedelta = getattr(sys.modules.get("datetime"), "timedelta", ())
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds or a timedelta, not {type(value).__name__}")
    if not 0 <= value <= _MAX or (value == 0 and not may_be_zero):
        raise ValueError(f"{name} must be a number of seconds {'from 0' if may_be_zero else 'above 0 and'} up to 2**53")
    return float(value)
