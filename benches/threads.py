"""Measure what a second thread gains: the calls of the engine in one thread and in two, side by side.

Without a GIL two threads should do nearly twice as much as one. Each thread has its own requests and keys; they share
the secret and the buckets, as the threads of a server do. The exit status is 1 if a gain is below its goal.
"""

import argparse
import functools
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from checks import SKIPPED
from checks.samples import BROWSER_HEADERS, SECRET, bearer, signed
from checks.tables import duration, machine, table
from checks.threads import has_gil

from fastware._engine import engine

_CLAIMS = {"sub": "ada", "role": "admin"}
_KEYS = 1_000
_ROUNDS = 80
_SECONDS = 0.004
"""Of a round. Other programs disturb most rounds on a busy machine, and the shortest one counts."""

Loop = Callable[[int], Any]
"""Makes a number of calls, and returns the last result."""


def _own(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return *function* for one thread: CPython 3.13 counts references to a shared one in each call, unlike 3.14."""
    return functools.partial(function)


def verify_token(engine: Any) -> Callable[[int], Loop]:
    token = signed(_CLAIMS)

    def loop_of(_: int) -> Loop:
        call, own, secret = _own(engine.verify_token), token[:1] + token[1:], SECRET

        def loop(calls: int) -> Any:
            for _ in range(calls):
                claims = call(own, secret)
            return claims == _CLAIMS

        return loop

    return loop_of


def identify(engine: Any) -> Callable[[int], Loop]:
    pairs = [*BROWSER_HEADERS, bearer(signed(_CLAIMS))]

    def loop_of(_: int) -> Loop:
        call, secret = _own(engine.identify), SECRET
        headers = [(bytes(bytearray(name)), bytes(bytearray(value))) for name, value in pairs]

        def loop(calls: int) -> Any:
            for _ in range(calls):
                claims = call(headers, b"", "session", secret)
            return claims == _CLAIMS

        return loop

    return loop_of


def take(engine: Any, keys: int = 1) -> Callable[[int], Loop]:
    buckets = engine.TokenBuckets(10**9, 10**9)

    def loop_of(thread: int) -> Loop:
        call, own = buckets.take, [f"key {number} of thread {thread}" for number in range(keys)]
        random.shuffle(own)

        def loop(calls: int) -> Any:
            for _ in range(max(1, calls // len(own))):
                for key in own:
                    wait = call(key)
            return wait == 0

        return loop

    return loop_of


MEASURED: dict[str, tuple[Callable[[Any], Callable[[int], Loop]], float]] = {
    "verify_token": (verify_token, 1.9),
    "identify": (identify, 1.9),
    "take, one key a thread": (take, 1.9),
    f"take, {_KEYS:,} keys a thread": (lambda engine: take(engine, _KEYS), 1.5),
}
"""What is measured, and what a second thread must gain. With many keys both threads write the same lines of memory."""


def seconds(loop_of: Callable[[int], Loop], threads: int, calls: int) -> float:
    """Return the time from the first call of *threads* threads to the last, each on a processor of its own."""
    processors = random.sample(sorted(os.sched_getaffinity(0)), threads)
    start = threading.Barrier(threads)
    times: list[tuple[float, float]] = []

    def run(number: int) -> None:
        os.sched_setaffinity(0, {processors[number]})  # of this thread
        loop = loop_of(number)
        loop(1)
        start.wait()
        began = time.perf_counter()
        is_right = loop(calls)
        ended = time.perf_counter()
        if is_right:
            times.append((began, ended))

    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if len(times) < threads:
        raise RuntimeError("a call returned a wrong result")
    return max(ended for _, ended in times) - min(began for began, _ in times)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.threads", description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help=f"of each measurement (default: {_ROUNDS})")
    rounds = parser.parse_args().rounds
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        print("Nothing measured: it needs Linux and two processors.")
        return SKIPPED
    with suppress(OSError):
        os.nice(-15)  # other programs disturb fewer rounds
    rows, missed = [], []
    for what, (make, goal) in MEASURED.items():
        loop_of = make(engine)
        calls = _KEYS * max(1, round(_SECONDS / seconds(loop_of, 1, _KEYS)))
        pairs = [(seconds(loop_of, 1, calls), seconds(loop_of, 2, calls)) for _ in range(rounds)]
        one, two = (min(times) / calls for times in zip(*pairs, strict=True))
        rows.append((what, duration(one), duration(two), f"{2 * one / two:.2f}"))
        missed += [what] if 2 * one / two < goal else []
    print(table(("call", "in one thread", "in each of two", "gain"), rows))
    print(f"\n{machine()}, {'with' if has_gil() else 'without'} a GIL, the {engine.NAME} engine.")
    if has_gil() or engine.NAME != "rust":
        return 0
    for what in missed:
        print(f"MISSED: {what}", file=sys.stderr)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
