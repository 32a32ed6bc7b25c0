"""R, the unit of the tables: the time of one HMAC-SHA256 of 150 bytes, the least that any token check costs."""

import hmac
from typing import NamedTuple

from .call import call
from .loop import empty_loop, loop_of

_CALLS = 100
_PASSES = 1_000
_R_LOOP = loop_of(call(hmac.digest, b"k" * 32, b"m" * 150, "sha256"))


class Yardstick(NamedTuple):
    """R, and what measuring itself costs, in seconds, as this machine is at a moment."""

    r: float
    loop_pass: float
    """One pass through an empty loop."""
    reading: float
    """One reading of the clock."""

    def net(self, seconds: float, count: int) -> float:
        """The seconds of one call, where a loop of *count* calls took *seconds*."""
        return (seconds - self.reading) / count - self.loop_pass


def measure() -> Yardstick:
    """Measure all three; it takes a fifth of a millisecond."""
    reading = min(empty_loop(0) for _ in range(3))
    loop_pass = (empty_loop(_PASSES) - reading) / _PASSES
    without_r = Yardstick(0.0, loop_pass, reading)
    return without_r._replace(r=without_r.net(_R_LOOP(_CALLS), _CALLS))


def between(before: Yardstick, after: Yardstick) -> Yardstick:
    """What the machine was like between two measurements."""
    return Yardstick(*((earlier + later) / 2 for earlier, later in zip(before, after, strict=True)))
