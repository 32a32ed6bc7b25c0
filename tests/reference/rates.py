"""The rate of a rate limit: ``"N/second"``, ``"N/minute"`` or ``"N/hour"``."""

PERIODS = {"second": 10**9, "minute": 60 * 10**9, "hour": 3_600 * 10**9}
MAX_CAPACITY = 10**9


def parse(rate: str) -> tuple[int, int] | None:
    """Return capacity and period in nanoseconds, or ``None`` for an invalid rate."""
    number, _, unit = rate.partition("/")
    is_natural = number != "" and set(number) <= set("0123456789") and number[0] != "0"
    if not is_natural or len(number) > 10 or int(number) > MAX_CAPACITY or unit not in PERIODS:
        return None
    return int(number), PERIODS[unit]
