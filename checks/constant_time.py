"""Look for comparisons of secrets that take longer where more bytes are equal.

Single calls are timed in random order: in one class the first byte of a secret is wrong, in the other the last one. The
exit status is 1 if the classes of an engine's comparison differ, or if those of a leaky control do not.
"""

import argparse
import base64
import gc
import importlib
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import csrf_checks
import engines

from checks.instructions import callgrind
from checks.samples import BROWSER_HEADERS, CSRF_TOKEN, SECRET, claims_at, signed, signed_csrf_token
from checks.tables import table
from fastware._engine import contract

THRESHOLD = 4.5
"""The classes differ if |t| is larger in every run, with the same sign (Reparaz, Balasch, Verbauwhede, "Dude, is my
code constant time?", DATE 2017)."""

_SHARES = (0.5, 0.75, 0.9, 0.99, 1.0)
"""Shares of the fastest calls: the slowest were interrupted. The share with the largest |t| counts."""

_CLASSES = ("first", "last")
_MODULES = {"rust": "fastware._engine._rust", "python": "fastware._engine.pure"}
_LONG_TOKEN = CSRF_TOKEN.encode("ascii") * 8
_COOKIE = (b"cookie", b"csrf_token=" + _LONG_TOKEN)  # one object: its address is the same in both classes
_KEY = b"the key of signed CSRF tokens..."
_LONGER = bytes(range(256)) * 16
_INPUTS, _BATCH = 32, 4_000
"""New inputs of each class for every batch of calls: the address of an input costs or saves a nanosecond."""


@dataclass(frozen=True)
class Comparison:
    """*call* takes an input that *make* returns for a class, and returns *rejection* in both."""

    name: str
    call: Callable[[Any], Any]
    make: Callable[[str], Any]
    rejection: Any
    leaks: bool = False


def comparisons(engine: str) -> list[Comparison]:
    """Return the comparisons of secrets that an engine makes."""
    module = importlib.import_module(_MODULES[engine])

    def verdict_of(**settings: Any) -> Callable[[Any], Any]:
        verdict = csrf_checks.new(module, **settings).verdict
        return lambda headers: verdict(headers, True)

    return [
        Comparison(f"{engine}: signature", lambda token: module.verify_token(token, SECRET), _forged_token, None),
        Comparison(f"{engine}: CSRF token", verdict_of(), _forged_headers, contract.CSRF_MISMATCH),
        Comparison(
            f"{engine}: signed CSRF token", verdict_of(keys=[_KEY]), _forged_signed, contract.CSRF_WRONG_SESSION
        ),
    ]


def controls() -> list[Comparison]:
    """Return two comparisons that end at the first difference, and one whose two classes are the same."""

    def loop(other: bytes) -> bool:
        return all(one == another for one, another in zip(_LONG_TOKEN, other, strict=True))

    def equal(other: bytes) -> bool:
        return other == _LONGER

    return [
        Comparison("control: one class", equal, lambda _: _aligned(_changed(_LONGER, "last")), False),
        Comparison("control: loop", loop, lambda where: _aligned(_changed(_LONG_TOKEN, where)), False, leaks=True),
        Comparison("control: 4 KB ==", equal, lambda where: _aligned(_changed(_LONGER, where)), False, leaks=True),
    ]


def _forged_token(where: str) -> str:
    """Return a token whose signature is wrong in one byte."""
    signing_input, _, segment = signed(claims_at(1_750_000_000)).rpartition(".")
    signature = _changed(base64.urlsafe_b64decode(segment + "="), where)
    return f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _forged_headers(where: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request whose CSRF token is wrong in one byte."""
    submitted = (b"x-csrf-token", _aligned(_changed(_LONG_TOKEN, where)))
    return [*BROWSER_HEADERS, _COOKIE, submitted]


def _forged_signed(where: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request whose signed CSRF token has a MAC that is wrong in one byte."""
    random_segment, _, segment = signed_csrf_token(b"s1", _KEY).partition(".")
    mac = _changed(base64.urlsafe_b64decode(segment + "="), where)
    token = f"{random_segment}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    return [*BROWSER_HEADERS, (b"cookie", b"session=s1"), (b"x-csrf-token", _aligned(token.encode("ascii")))]


def _changed(secret: bytes, where: str) -> bytes:
    at = 0 if where == "first" else len(secret) - 1
    return secret[:at] + bytes([secret[at] ^ 1]) + secret[at + 1 :]


def _aligned(data: bytes) -> bytes:
    """Return a copy of *data* at the beginning of a cache line: elsewhere a comparison takes more steps."""
    copies = []
    while not copies or id(copies[-1]) % 64:
        copies.append(bytes(bytearray(data)))
        if len(copies) > 10_000:
            raise RuntimeError("no copy begins a cache line")
    return copies[-1]


def largest_t(comparison: Comparison, calls: int, chance: random.Random) -> float:
    """Time *calls* calls; return Welch's t, positive if the first byte takes longer."""
    times: tuple[list[int], list[int]] = ([], [])
    for done in range(0, calls, _BATCH):
        # In random order, so that neither class gets faster addresses.
        numbers = chance.sample((0, 1), 2 * _INPUTS, counts=(_INPUTS, _INPUTS))
        inputs = [(number, comparison.make(_CLASSES[number])) for number in numbers]
        for _, wrong in inputs:
            if comparison.call(wrong) != comparison.rejection:
                raise ValueError(f"{comparison.name}: a wrong secret was not rejected")
        order = chance.choices(inputs, k=min(_BATCH, calls - done))
        for (number, _), nanoseconds in zip(order, _time_each(comparison.call, order), strict=True):
            times[number].append(nanoseconds)
    return largest_t_of(*times)


def _time_each(call: Callable[[Any], Any], order: Sequence[tuple[int, Any]]) -> list[int]:
    taken = []
    gc.disable()
    try:
        for _, wrong in order:
            start = perf_counter_ns()
            call(wrong)
            end = perf_counter_ns()
            taken.append(end - start)
    finally:
        gc.enable()
    return taken


def largest_t_of(first: Sequence[float], last: Sequence[float]) -> float:
    """Return the t with the largest absolute value among those of several shares of the fastest calls."""
    together = sorted([*first, *last])
    found = 0.0
    for share in _SHARES:
        limit = together[math.ceil(share * len(together)) - 1]
        cropped = [[time for time in times if time <= limit] for times in (first, last)]
        if min(map(len, cropped)) >= 100:
            found = max(found, _welch_t(*cropped), key=abs)
    return found


def _welch_t(one: Sequence[float], other: Sequence[float]) -> float:
    difference = statistics.fmean(one) - statistics.fmean(other)
    error = math.sqrt(_variance(one) / len(one) + _variance(other) / len(other))
    return difference / error if error else math.copysign(math.inf, difference) if difference else 0.0


def _variance(sample: Sequence[float]) -> float:
    """Return the variance in floats: ``statistics.variance`` computes with fractions and takes seconds."""
    mean = statistics.fmean(sample)
    return math.fsum((value - mean) ** 2 for value in sample) / (len(sample) - 1)


def differ(ts: Sequence[float]) -> bool:
    """Return whether the classes differ in every run, and the same class is slower in all of them."""
    return min(ts) > THRESHOLD or max(ts) < -THRESHOLD


def count_instructions(engine: str, profiles: Path) -> dict[str, list[int]]:
    """Return the instructions of each comparison with the first byte wrong and with the last one wrong (valgrind)."""
    counts = callgrind.count(profiles, __name__, "callgrind_jobs", engine)
    names = [each.name for each in (*comparisons(engine), *controls())]
    return {name: [counts[f"{name}, {where}"] for where in _CLASSES] for name in names}


def callgrind_jobs(engine: str) -> Iterator[callgrind.Job]:
    for each in (*comparisons(engine), *controls()):
        # Twice, because the first hundreds of calls grow a heap.
        for turn in (", warm-up", ""):
            for where in _CLASSES:
                wrong = each.make(where)
                call = lambda call=each.call, wrong=wrong: call(wrong)  # noqa: E731
                yield callgrind.Job(f"{each.name}, {where}{turn}", call, each.rejection, 200)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m checks constant_time", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="in each of three runs (default: 100,000)")
    parser.add_argument("--quick", action="store_true", help="30,000 calls in each run")
    arguments = parser.parse_args()
    calls = 30_000 if arguments.quick else arguments.calls
    rows, passed = [], True
    for each in (*controls(), *(comparison for engine in engines.BUILT for comparison in comparisons(engine))):
        ts = [largest_t(each, calls, random.Random()) for _ in range(3)]
        found = differ(ts)
        passed &= found == each.leaks
        verdict = "as expected" if found == each.leaks else "LEAKS" if found else "NOT FOUND: the run is not conclusive"
        rows.append((each.name, ", ".join(f"{t:+.1f}" for t in ts), "yes" if found else "no", verdict))
    print(table(("comparison", "t of each run", "differs", ""), rows, text_columns=4))
    print(f"t is positive if the first byte takes longer; beyond {THRESHOLD} in each run, the classes differ.")
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
