"""Token buckets: calls with any keys at any moments."""

from fuzz.alike import ENGINES
from fuzz.fuzzed_input import FuzzedInput
from fuzz.reference.buckets import ExactBuckets
from fuzz.target import Target, expect

_SECOND = 10**9
_KEYS = ("", "a", "b", "\ud800", "k" * 64, "k" * 65, "\x00", "ÿ")
_CAPACITIES = (1, 2, 3, 5, 7, 60, 1_000, 4_097, 10**6, 10**9)
_PERIODS = (_SECOND, _SECOND + 1, 60 * _SECOND, 3_600 * _SECOND, 2**53, 2**53 - 1, 7_777_777_777)
_LAST_MOMENT = 2**63 - 1


def _check_calls(data: bytes) -> None:
    given = FuzzedInput(data)
    capacity = given.number(1, 10**9) if given.flag() else given.choice(_CAPACITIES)
    period = given.number(_SECOND, 2**53) if given.flag() else given.choice(_PERIODS)
    buckets = [engine.TokenBuckets(capacity, period) for engine in ENGINES]
    exact = ExactBuckets(capacity, period)
    now = given.number(0, 2**40)
    wait = 0
    keys = set()
    while not given.is_used_up():
        key = given.choice(_KEYS)
        keys.add(key)
        now = min(max(0, now + _step(given, period, capacity, wait)), _LAST_MOMENT)
        waits = [one.take(key, now) for one in buckets]
        wait = exact.take(key, now)
        expect(waits == [wait] * len(waits), "another wait", capacity, period, key, now, waits, wait)
        expect(all(len(one) <= len(keys) for one in buckets), "more buckets than keys", capacity, period, len(keys))


def _step(given: FuzzedInput, period: int, capacity: int, wait: int) -> int:
    kind = given.number(0, 9)
    if kind < 3:
        return 0
    if kind < 5:
        return wait - (kind == 4)
    if kind == 5:
        return -given.number(0, period // 2_048)
    if kind == 6:
        return given.number(0, period // capacity)
    if kind == 7:
        return given.number(0, period)
    return given.number(0, 2**62) if kind == 8 else period


def _check_limits(data: bytes) -> None:
    given = FuzzedInput(data)
    capacity = given.choice((0, 1, 10**9, 10**9 + 1)) + given.number(-2, 2)
    period = given.choice((10**9, 2**53, 0)) + given.number(-2, 2)
    now = given.choice((0, 2**63 - 1, 2**63)) + given.number(-2, 2)
    is_right = 1 <= capacity <= 10**9 and 10**9 <= period <= 2**53
    for engine in ENGINES:
        try:
            buckets = engine.TokenBuckets(capacity, period)
        except ValueError:
            expect(not is_right, "refused", capacity, period)
            continue
        expect(is_right, "not refused", capacity, period)
        try:
            buckets.take("a", now)
        except OverflowError:
            expect(not 0 <= now < 2**63, "refused", now)
        else:
            expect(0 <= now < 2**63, "not refused", now)


def _check(data: bytes) -> None:
    _check_limits(data[-8:])
    _check_calls(data)


TARGET = Target("buckets", "buckets that count tokens in exact fractions", _check, longest=240)
