"""Token buckets: calls with any keys at any moments; and the rates of rate limits."""

import random

from tests.reference import rates
from tests.reference.buckets import Buckets

from fuzz.both_engines import ENGINES, PACKAGES, same
from fuzz.target import Input, as_text, expect, target

SECOND = 10**9
KEYS = ("", "a", "b", "\ud800", "k" * 64, "k" * 65, "\x00", "ÿ")
CAPACITIES = (1, 2, 3, 5, 7, 60, 1_000, 4_097, 10**6, 10**9)
PERIODS = (SECOND, SECOND + 1, 60 * SECOND, 3_600 * SECOND, 2**53, 2**53 - 1, 7_777_777_777)
LAST_MOMENT = 2**63 - 1


@target(
    "buckets",
    "buckets that count tokens in exact fractions",
    seeds=[
        *(random.Random(number).randbytes(130) for number in range(5)),
        bytes(30) + b"\x01\x00\x02\x00",
        # Read from the end: capacity 1, a second, moment 0; a call at 10 s; a call at 5 s.
        (5 * SECOND).to_bytes(8, "big") + b"\x08\x01" + (10 * SECOND).to_bytes(8, "big") + b"\x09\x01" + bytes(10),
    ],
)
def check_buckets(data: bytes) -> None:
    inputs = Input(data)
    capacity = inputs.number(1, 10**9) if inputs.flag() else inputs.choice(CAPACITIES)
    period = inputs.number(SECOND, 2**53) if inputs.flag() else inputs.choice(PERIODS)
    buckets = [engine.TokenBuckets(capacity, period) for engine in ENGINES]
    exact = Buckets(capacity, period)
    now, wait = inputs.number(0, 2**40), 0
    keys = set()
    while not inputs.is_used_up():
        key = inputs.choice(KEYS)
        keys.add(key)
        kind = inputs.number(0, 31)
        gives_back, kind = kind > 23, kind % 16
        if kind >= 14:
            for each in (*buckets, exact):
                each.reset(key if kind == 14 else None)
            continue
        now = min(max(0, now + step(kind, inputs, period, capacity, wait)), LAST_MOMENT)
        if gives_back:
            for each in (*buckets, exact):
                each.give_back(key, now)
            continue
        waits = [each.take(key, now) for each in buckets]
        wait = exact.take(key, now)
        expect(waits == [wait] * len(waits), "wrong wait", capacity, period, key, now, waits, wait)
        kept = [len(each) for each in buckets]
        expect(all(exact.not_full() <= count <= len(keys) for count in kept), "wrong number of buckets", kept)


def step(kind: int, inputs: Input, period: int, capacity: int, wait: int) -> int:
    """Return the nanoseconds until the next call."""
    if kind <= 3:
        return 0
    if kind <= 5:
        return wait - (kind == 5)
    if kind == 6:
        return -inputs.number(0, period // 2_048)
    if kind == 7:
        return -period + inputs.number(-2_000, 2_000)
    if kind == 8:
        return -inputs.number(0, 2**62)
    if kind == 9:
        return inputs.number(0, 2**62)
    if kind <= 11:
        return inputs.number(0, period // capacity)
    return inputs.number(0, period) if kind == 12 else period


@target(
    "rate_string",
    "the form, read without a pattern",
    seeds=[
        *(b"1/second", b"5/minute", b"1000000000/hour", b"1000000001/hour", b"0/second", b"01/second", b"5/minutes"),
        *(b"5/minute\n", b"\xd9\xa3/minute"),
        *(b"5/day", b"10/15 seconds", b"5/1 minute", b"5/104 days", b"5/105 days", b"5/01 hours"),
    ],
)
def check_rate_string(data: bytes) -> None:
    rate = as_text(data)
    parsers = [package.auth.rate_limit.__globals__["parse_rate"] for package in PACKAGES]
    outcome = same("rate_limit", lambda parse: parse(rate), parsers)
    expected = rates.parse(rate)
    if expected is None:
        expect(outcome[:2] == ("raised", ValueError) and "must be" in outcome[2], "not rejected", rate, outcome)
    else:
        expect(outcome == ("returned", expected), "wrong rate", rate, outcome, expected)
