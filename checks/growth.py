"""Measure how the cost of each operation grows with its input, on both engines.

The exponent is the slope of log time over log size, over the upper half of the sizes: 1 is linear, 2 is quadratic, and
fixed costs make it smaller. The exit status is 1 if an exponent is above the limit.
"""

import argparse
import itertools
import math
import random
import statistics
import sys
import timeit
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest import mock

import csrf_checks
import engines

from checks.samples import CLAIMS, SECRET, forged, signed, signed_csrf_token
from checks.tables import duration, machine, table
from fastware._engine import contract

_LIMIT, _QUICK_LIMIT = 1.2, 1.3
_RETRIES = 2
"""More rounds only reduce noise: an exponent above the limit is measured again."""

Call = Callable[[], Any]
Operation = Callable[[Any, int], tuple[Call, Any]]
"""Takes a copy of the package and a size; returns the call to time, and what it must return."""


# Tokens


def _nested_arrays(count: int) -> list[Any]:
    """Return *count* arrays, in groups that are 60 deep."""
    result = []
    for depth in filter(None, (60,) * (count // 60) + (count % 60,)):
        array: list[Any] = []
        for _ in range(depth - 1):
            array = [array]
        result.append(array)
    return result


_CLAIMS_OF = {
    "many members": lambda count: {f"m{number}": number % 10 for number in range(count)},
    "one long string": lambda count: {"s": "x" * count},
    "one string of escapes": lambda count: {"s": "é" * count},
    "many small integers": lambda count: {"n": [number % 10 for number in range(count)]},
    "nested arrays": lambda count: {"n": _nested_arrays(count)},
}


def _largest(claims: Callable[[int], dict[str, Any]], size: int) -> dict[str, Any]:
    """Return the claims with the greatest count whose token has at most *size* characters."""
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(signed(claims(middle))) <= size else (low, middle - 1)
    return claims(low)


def _verify(claims: Callable[[int], dict[str, Any]], package: Any, size: int) -> tuple[Call, Any]:
    payload = _largest(claims, size)
    return partial(package.auth.verify_token, signed(payload), SECRET), payload


def _reject(package: Any, size: int) -> tuple[Call, Any]:
    token = forged(signed(_largest(_CLAIMS_OF["one long string"], size)))
    return partial(package.auth.verify_token, token, SECRET), None


def _create(letter: str, package: Any, size: int) -> tuple[Call, Any]:
    username = letter * size
    create = partial(package.auth.create_token, username, CLAIMS["role"], SECRET)
    if package.auth.verify_token(create(), SECRET)["sub"] != username:
        raise ValueError("create_token: the token is for another user")
    return create, mock.ANY  # the time in the token changes


# Headers and cookies


def _find_header(package: Any, size: int) -> tuple[Call, Any]:
    others = [(f"x-header-{number}".encode("ascii"), b"a value") for number in range(size - 1)]
    return partial(package.auth._get_asgi_header, [*others, (b"x-request-id", b"0f8e")], b"x-request-id"), b"0f8e"


def _find_cookie(shape: Callable[[int], tuple[list[str], str]], package: Any, size: int) -> tuple[Call, Any]:
    cookies, value = shape(size)
    headers = [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]
    return partial(package.auth._get_asgi_cookie, headers, "session"), value


def _others(count: int) -> list[str]:
    return [f"tracker{number}=GA1.2.1687290412" for number in range(count - 1)]


def _filled(unit: str, start: str = "", value: str = "") -> Callable[[int], tuple[list[str], str]]:
    return lambda size: ([start + unit * ((size - len(start)) // len(unit))], value)


def _quoted(escape: str, meaning: str) -> Callable[[int], tuple[list[str], str]]:
    def shape(size: int) -> tuple[list[str], str]:
        count = (size - len('session=""')) // len(escape)
        return [f'session="{escape * count}"'], meaning * count

    return shape


_COOKIES = {
    "the first one": lambda count: (["; ".join(["session=v", *_others(count)])], "v"),
    "the last one": lambda count: (["; ".join([*_others(count), "session=v"])], "v"),
    "a header for each": lambda count: (["session=v", *_others(count)], "v"),
}
"""By the number of cookies: the headers, and the value to find."""

_HOSTILE_COOKIES = {
    "only ;": _filled(";"),
    "only =": _filled("="),
    "only spaces": _filled(" "),
    "spaces before =": lambda size: (["session" + " " * (size - 9) + "=v"], "v"),
    "a=; after the wanted one": _filled("a=;", "session=v;", "v"),
    "the name without =": _filled("session;"),
    "the name repeated": _filled("session=v;", value="v"),
    r"escapes \" in quotes": _quoted(r"\"", '"'),
    r"escapes \101 in quotes": _quoted(r"\101", "A"),
}
"""By the size of the header."""


# CSRF

_CSRF_KEY = b"the key of signed CSRF tokens..."


def _check_csrf(claims: Callable[[int], dict[str, Any]], package: Any, size: int) -> tuple[Call, Any]:
    """Check a signed CSRF token beside a session cookie of *size* characters."""
    session = signed(_largest(lambda count: {"sid": "s1", **claims(count)}, size))
    token = signed_csrf_token(b"s1", _CSRF_KEY).encode("ascii")
    headers = [(b"cookie", f"session={session}".encode("ascii")), (b"x-csrf-token", token)]
    check = csrf_checks.new(package._engine.engine, keys=[_CSRF_KEY])
    return partial(check.verdict, headers, True), contract.CSRF_PASSED


def _check_origin(package: Any, size: int) -> tuple[Call, Any]:
    origin = b"https://" + b"a" * size
    headers = [(b"host", b"b" * size), (b"origin", origin), (b"cookie", b"session=s1")]
    check = csrf_checks.new(package._engine.engine, trusted_origins=[origin[:-1], b"http://localhost"])
    return partial(check.verdict, headers, False), contract.CSRF_ORIGIN


# Proxies

_FORWARDED = {
    ("x-forwarded-for", "proxies"): "10.0.0.1,",
    ("x-forwarded-for", "blanks"): " ",
    ("forwarded", "proxies"): "for=10.0.0.1;proto=https,",
    ("forwarded", "parameters"): "for=10.0.0.1;",
    ("forwarded", "commas in quotes"): 'a="' + "," * 60,
}


def _find_client(header: str, unit: str, package: Any, size: int) -> tuple[Call, Any]:
    line = (unit * (size // len(unit) + 1))[:size].encode("ascii")
    scope = {"type": "http", "client": ("10.0.0.2", 1), "headers": [(header.encode("ascii"), line)]}
    by_address = package.auth.client_address(trusted_proxies=["10.0.0.0/8"], header=header)
    return partial(by_address, scope), mock.ANY  # at most 32 elements are read


# Buckets


def _take(package: Any, count: int) -> tuple[Call, Any]:
    """Take from one of *count* buckets. None becomes full again: a token returns after 3.6 s, a call takes 1 µs."""
    take = package._engine.engine.TokenBuckets(1_000, 3_600 * 10**9).take
    now = itertools.count(10**9, 1_000).__next__
    for number in range(count):
        take(str(number), now())
    # New strings, as in a server: a string remembers its hash.
    numbers = random.Random(count).choices(range(count), k=100_000)
    keys = map(str, itertools.cycle(numbers)).__next__
    return lambda: take(keys(), now()), 0


_TOKEN_SIZES = (100, *(2**power for power in range(7, 17)))
_NUMBERS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
_COOKIE_SIZES = tuple(2**power for power in range(6, 17))
_OPERATIONS: dict[str, tuple[str, Sequence[int], Operation]] = {
    **{
        f"verify_token, {shape}": ("characters of the token", _TOKEN_SIZES, partial(_verify, claims))
        for shape, claims in _CLAIMS_OF.items()
    },
    "verify_token, forged, one long string": ("characters of the token", _TOKEN_SIZES, _reject),
    "create_token, ASCII": ("characters of the username", [2**n for n in range(4, 16)], partial(_create, "a")),
    "create_token, escapes": ("characters of the username", [2**n for n in range(4, 13)], partial(_create, "é")),
    "_get_asgi_header, the last one": ("headers", _NUMBERS, _find_header),
    **{
        f"_get_asgi_cookie, {shape}": ("cookies", _NUMBERS, partial(_find_cookie, make))
        for shape, make in _COOKIES.items()
    },
    **{
        f"_get_asgi_cookie, hostile: {shape}": ("bytes of Cookie", _COOKIE_SIZES, partial(_find_cookie, make))
        for shape, make in _HOSTILE_COOKIES.items()
    },
    **{
        f"CSRFCheck, session with {shape}": (
            "characters of the session",
            _TOKEN_SIZES[2:],
            partial(_check_csrf, claims),
        )
        for shape, claims in _CLAIMS_OF.items()
    },
    "CSRFCheck, origin": ("characters of the host", _COOKIE_SIZES, _check_origin),
    **{
        f"client_address, {header}: {shape}": (f"bytes of {header}", _COOKIE_SIZES, partial(_find_client, header, unit))
        for (header, shape), unit in _FORWARDED.items()
    },
    "TokenBuckets.take, random keys": ("live keys", [10**power for power in range(7)], _take),
}
"""The unit of the sizes, the sizes, and the operation."""


def exponent(times: dict[int, float]) -> float:
    """Return the slope of log time over log size."""
    return statistics.linear_regression([*map(math.log, times)], [*map(math.log, times.values())]).slope


def measure(calls: dict[int, Call], times: dict[int, float], rounds: int, round_seconds: float) -> None:
    """Keep the best time of each call in *times*. Sizes take turns in short rounds, so that noise affects them all."""
    repeats = {
        size: max(1, int(round_seconds / max(1e-9, min(timeit.repeat(call, number=1, repeat=3)))))
        for size, call in calls.items()
    }
    for _ in range(rounds):
        for size, call in calls.items():
            seconds = timeit.timeit(call, number=repeats[size]) / repeats[size]
            times[size] = min(seconds, times.get(size, seconds))


def _calls(title: str, engine: str, quick: bool) -> tuple[dict[int, Call], list[int]]:
    """Return the calls by size, after each has returned the expected result, and the sizes of the upper half."""
    _, sizes, operation = _OPERATIONS[title]
    if engine == "python" and "TokenBuckets" in title:
        sizes = [size for size in sizes if size <= 100_000]
    large = [size for size in sizes if size >= math.sqrt(sizes[0] * sizes[-1])]
    if quick:
        sizes = large = [large[0], large[len(large) // 2], large[-1]]
    calls = {}
    for size in sizes:
        calls[size], expected = operation(engines.load(engine), size)
        result = calls[size]()
        if expected != result:
            raise ValueError(f"{title}, {engine} engine, {size}: returned {result!r:.200}, expected {expected!r:.200}")
    return calls, large


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m checks growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three sizes of each, measured briefly")
    parser.add_argument("--only", default="", metavar="TEXT", help="operations with TEXT in their title")
    arguments = parser.parse_args()
    limit, *effort = (_QUICK_LIMIT, 7, 0.0005) if arguments.quick else (_LIMIT, 15, 0.002)
    rows, steep = [], []
    for title in _OPERATIONS:
        for engine in engines.BUILT if arguments.only in title else ():
            calls, large = _calls(title, engine, arguments.quick)
            times: dict[int, float] = {}
            for _ in range(1 + _RETRIES):
                measure(calls, times, *effort)
                found = exponent({size: times[size] for size in large})
                if found <= limit:
                    break
            else:
                steep.append(f"{title}, {engine} engine: {found:.2f}")
            sizes = f"{min(calls):,} to {max(calls):,} {_OPERATIONS[title][0]}"
            # Adding zero turns -0.0 into 0.0.
            rows.append((title, engine, sizes, duration(times[max(calls)]), f"{round(found, 2) + 0:.2f}"))
            print(*rows[-1], sep=", ", flush=True)
    titles = ("operation", "engine", "sizes", "time at the largest", "exponent")
    print(f"\n{table(titles, rows, text_columns=3)}\n\n{machine()}")
    print(f"{len(rows) - len(steep)} of {len(rows)} exponents are at most {limit}.")
    for line in steep:
        print(f"NOT LINEAR: {line}")
    return int(bool(steep) or not rows)


if __name__ == "__main__":
    sys.exit(main())
