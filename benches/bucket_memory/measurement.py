"""One measurement, in a process of its own: ``python -m benches.bucket_memory.measurement LIMITER KEYS SECONDS CLOCK``.

Clients come, each for one call; a server made their keys as new strings and drops them. Then they stay away for two
periods, while a hundred others go on calling. Prints JSON.
"""

import gc
import json
import random
import sys
import time
from collections.abc import Iterator

from .latency import Latencies, paced, steps
from .limiters import LIMITERS, Limiter, Take
from .memory import resident_bytes

_START = 10**12
_OTHERS = 100
_SAMPLE = 1_000


def main() -> None:
    name, keys, seconds, clock = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    limiter = LIMITERS[name]
    gc.disable()
    check_capacity(limiter, seconds)
    print(json.dumps(measure(limiter, keys, seconds, clock)))


def measure(limiter: Limiter, keys: int, seconds: int, clock: str) -> dict[str, object]:
    """Return memory in bytes a key and latencies in nanoseconds."""
    period, middle = seconds * 10**9, _START + seconds * 10**9 // 2
    nothing, arriving, going_stale = (Latencies(keys, clock) for _ in range(3))
    nothing.time_each(_nothing, clients(keys), steps(_START, period, keys), None)
    take = limiter.make(1, seconds)
    take("warm", _START)

    before = resident_bytes()
    began = time.monotonic()
    admitted = arriving.time_each(take, clients(keys), steps(_START, period // 2, keys), limiter.admitted)
    came_in = time.monotonic() - began
    live = resident_bytes()
    _expect("clients admitted at their first call", admitted, keys)
    all_live = limiter.is_told_the_time or came_in < seconds
    if all_live:
        _expect("clients admitted at their second call", _again(take, limiter, keys, middle), 0)

    times = steps(middle, 2 * period, keys) if limiter.is_told_the_time else paced(2 * seconds, keys)
    admitted = going_stale.time_each(take, others(keys), times, limiter.admitted)
    stale = resident_bytes()
    # Each at once, again a period later, perhaps a third time when two periods are over.
    if not 2 * _OTHERS <= admitted <= 3 * _OTHERS:
        _expect("calls of the others admitted", admitted, 2 * _OTHERS)
    _expect("clients admitted two periods later", _again(take, limiter, keys, middle + 2 * period), _SAMPLE)
    return {
        "live_bytes_a_key": (live - before) / keys,
        "stale_bytes_a_key": (stale - before) / keys,
        "came_in": came_in,
        "all_live": all_live,
        "clock": nothing.clock_cost(),
        # Made last: sorting needs memory.
        "nothing": nothing.summary(),
        "arriving": arriving.summary(),
        "going_stale": going_stale.summary(),
    }


def check_capacity(limiter: Limiter, seconds: int) -> None:
    """Raise ``ValueError`` unless each key is admitted exactly the capacity, the calls of many keys mixed."""
    take = limiter.make(3, seconds)
    calls = [*range(_SAMPLE)] * 5
    random.Random(1).shuffle(calls)
    admitted = [0] * _SAMPLE
    for number in calls:
        admitted[number] += take(client(number), _START) == limiter.admitted
    _expect("admissions of each key with a capacity of 3", set(admitted), {3})


def client(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def clients(count: int) -> Iterator[str]:
    return map(client, range(count))


def others(count: int) -> Iterator[str]:
    return (f"192.0.2.{number % _OTHERS}" for number in range(count))


def _again(take: Take, limiter: Limiter, keys: int, now: int) -> int:
    """Return how many of a sample of the clients are admitted."""
    sample = random.Random(2).sample(range(keys), _SAMPLE)
    return sum(take(client(number), now) == limiter.admitted for number in sample)


def _nothing(key: str, now: int) -> None:
    """Stand in for a limiter: what is measured then is the machine."""


def _expect(what: str, found: object, right: object) -> None:
    if found != right:
        raise ValueError(f"{what}: {found}, right is {right}")


if __name__ == "__main__":
    main()
