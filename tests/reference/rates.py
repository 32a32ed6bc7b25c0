"""The rate of a rate limit: ``"N/second"``, ``"N/day"``, ``"N/15 seconds"``."""

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
MAX_CAPACITY = 10**9
MAX_PERIOD = 2**53


def parse(rate: str) -> tuple[int, int] | None:
    """Return capacity and period in nanoseconds, or ``None`` for an invalid rate."""
    capacity, slash, rest = rate.partition("/")
    number, space, unit = rest.partition(" ")
    if space:
        unit = unit.removesuffix("s")
    else:
        number, unit = "1", rest
    if not slash or not is_natural(capacity) or not is_natural(number) or unit not in SECONDS:
        return None
    period = int(number) * SECONDS[unit] * 10**9
    return (int(capacity), period) if int(capacity) <= MAX_CAPACITY and period <= MAX_PERIOD else None


def is_natural(text: str) -> bool:
    return 0 < len(text) <= 10 and set(text) <= set("0123456789") and text[0] != "0"
