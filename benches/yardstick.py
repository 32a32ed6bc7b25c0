"""R, the unit of the tables: the time of one HMAC-SHA256 of 150 bytes, the least that any token check costs."""

import hmac
import statistics
import timeit
from functools import partial

_ROUNDS = 25
_CALLS_PER_ROUND = 200


def measure() -> float:
    """Return R in seconds, as this machine is at this moment."""
    timer = timeit.Timer(partial(hmac.digest, b"k" * 32, b"m" * 150, "sha256"))
    return statistics.median(timer.repeat(_ROUNDS, _CALLS_PER_ROUND)) / _CALLS_PER_ROUND
