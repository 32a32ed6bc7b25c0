"""R, the unit of the tables: the time of one HMAC-SHA256 of 150 bytes, the least that any token check costs."""

import hmac
from typing import NamedTuple

from .call import call
from .loop import empty_loop, loop_of

_CALLS = 100
_PASSES = 1_000
_R_LOOP = loop_of(call(hmac.digest, b"k" * 32, b"m" * 150, "sha256"))


class Yardstick(NamedTuple):
    """R, and what a loop costs for each of its passes, both in seconds, as this machine is at a moment."""

    r: float
    loop_pass: float


def measure() -> Yardstick:
    """Measure both; it takes a tenth of a millisecond."""
    loop_pass = empty_loop(_PASSES) / _PASSES
    return Yardstick(_R_LOOP(_CALLS) / _CALLS - loop_pass, loop_pass)
