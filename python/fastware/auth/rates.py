"""Rates, such as ``"5/minute"``, and the time that a client waits."""

from __future__ import annotations

import re
from typing import Final

from fastware._engine.contract import MAX_BUCKET_CAPACITY, MAX_BUCKET_PERIOD

NANOSECONDS: Final = 10**9
_UNITS: Final = {
    "second": NANOSECONDS,
    "minute": 60 * NANOSECONDS,
    "hour": 3_600 * NANOSECONDS,
    "day": 86_400 * NANOSECONDS,
}
_RATE: Final = re.compile(
    r"([1-9][0-9]{0,9})/(?:(second|minute|hour|day)|([1-9][0-9]{0,9}) (second|minute|hour|day)s?)\Z"
)


def parse_rate(rate: object, parameter: str = "rate") -> tuple[int, int]:
    """Return the tokens of *rate*, and the nanoseconds in which they are refilled."""
    match = _RATE.match(rate) if isinstance(rate, str) else None
    capacity = int(match[1]) if match else 0
    if not match or capacity > MAX_BUCKET_CAPACITY:
        raise ValueError(
            f'{parameter} must be "N/second", "N/minute", "N/hour" or "N/day" with N from 1 to 1000000000, '
            f'like "5/minute" or "10/15 seconds"; not {rate!r:.80}'
        )
    period = int(match[3] or 1) * _UNITS[match[2] or match[4]]
    if period > MAX_BUCKET_PERIOD:
        raise ValueError(f"{parameter} must be a rate for at most 104 days; not {rate!r:.80}")
    return capacity, period


def seconds(nanoseconds: int) -> int:
    """Return *nanoseconds* in whole seconds, rounded up."""
    return -(-nanoseconds // NANOSECONDS)


def retry_after(wait: int) -> dict[str, str]:
    """Return the header for a *wait* in nanoseconds: whole seconds, rounded up (RFC 9110 section 10.2.3)."""
    return {"Retry-After": str(seconds(wait))}
