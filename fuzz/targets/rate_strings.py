"""The rate of a rate limit."""

import engines

from fuzz.fuzzed_input import as_text
from fuzz.target import Target, expect

_UNITS = {"second": 10**9, "minute": 60 * 10**9, "hour": 3_600 * 10**9}
_PARSERS = [engines.load(name).auth.rate_limit.__globals__["_parse"] for name in engines.BUILT]


def _check(data: bytes) -> None:
    rate = as_text(data)
    expected = _read(rate)
    for parse in _PARSERS:
        try:
            found = parse(rate)
        except ValueError as error:
            expect(expected is None, "refused", rate, error)
            expect("must be" in str(error), "an error that does not show the form", error)
        else:
            expect(found == expected, "another rate", rate, found, expected)


def _read(rate: str) -> tuple[int, int] | None:
    number, _, unit = rate.partition("/")
    is_natural = number != "" and all(digit in "0123456789" for digit in number) and number[0] != "0"
    if not is_natural or len(number) > 10 or int(number) > 10**9 or unit not in _UNITS:
        return None
    return int(number), _UNITS[unit]


TARGET = Target(
    "rate_string",
    "the form, read without a pattern",
    _check,
    (b"/second", b"/minute", b"/hour", b"1000000000", b"1000000001", b"\xd9\xa1", b"\xef\xbc\x91", b"\n"),
    longest=64,
)
