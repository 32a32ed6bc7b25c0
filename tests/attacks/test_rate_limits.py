"""Rate limits: rates in invalid spellings, keys that look alike, and a clock that goes back."""

import pytest
from attacks import Attack, Raises, attacks, check, each

FORM = (
    'rate must be "N/second", "N/minute", "N/hour" or "N/day" with N from 1 to 1000000000, '
    'like "5/minute" or "10/15 seconds"; not '
)
LONG = "rate must be a rate for at most 104 days; not "
INVALID = {
    "CWE-1286": [
        *["0/minute", "00/minute", "-1/minute", "-0/minute", "+5/minute", "05/minute", "five/minute", "1.5/minute"],
        *["1e3/minute", "0x5/minute", "1_000/minute", "1,000/minute", "inf/minute", "nan/minute", "/minute"],
        *["5/week", "5/days", "5/minutes", "5/min", "5/m", "5/s", "5/Minute", "5/HOUR", "5/"],
        *["5", "5minute", "5 per minute", "5//minute", "5/minute/hour"],
        *["5/0 seconds", "5/01 seconds", "5/-1 seconds", "5/1.5 seconds", "5/15seconds", "5/15", "5/15 s"],
        *["5/15 secondss", "5/seconds 15", "5/1 2 seconds", "5/1 minute 30 seconds", "5/15 Seconds", "5/15 weeks"],
        *["5/1/minute", "5\\minute", "5;minute", "minute/5", "/", ""],
    ],
    "CWE-1286, white space": ["5 / minute", " 5/minute", "5/minute ", "5 /minute", "5/\tminute", "5/1  minute"],
    "CWE-93": ["5/minute\n"],
    "CWE-158": ["5/minute\0", "5/15\0seconds"],
    "Unicode UAX 44, digits that are not ASCII": ["5/٥ minutes", "٥/minute", "５/minute", "²/minute"],
    "Unicode UAX 15, NFKC": ["5/ｍinute"],
    "Unicode chapter 3.8, surrogates": ["5/minute\ud800"],
    "CWE-190": ["1000000001/second"],
    "CWE-1284": ["9" * 5_000 + "/second", "5/" + "9" * 5_000 + " days", "5/10000000000 seconds"],
    "CWE-1287": [None, 5, True, b"5/minute", (5, "minute")],
}
RATES = [
    Attack(ascii(rate)[:40], "rate.spelling", source, rate, Raises(ValueError, FORM + repr(rate)[:80]))
    for source, rates in INVALID.items()
    for rate in rates
]
RATES += [
    Attack(rate, "rate.spelling", "CWE-1284", rate, Raises(ValueError, LONG + repr(rate)))
    for rate in ("5/9007200 seconds", "5/150120 minutes", "5/2502 hours", "5/105 days", "1/9999999999 days")
]


@attacks(RATES)
def test_invalid_rate_raises_value_error(auth, attack):
    check(attack, auth.rate_limit, attack.input)


HOUR = 3_600 * 10**9


def keys(name, source, *keys):
    return Attack(name, "rate.keys", source, keys)


def long_keys(name, source, *pieces):
    """Return a row with keys of a character and its count."""
    return Attack(f"long-{name}", "rate.keys", source, lambda: [character * count for character, count in pieces])


KEYS = [
    keys("composed-and-decomposed", "Unicode UAX 15, NFC and NFD", "caf\u00e9", "cafe\u0301"),
    keys("compatibility-forms", "Unicode UAX 15, NFKC", "admin", "ａdmin", "ADMIN"),
    keys("keys-with-nul", "CWE-158", "a", "a\0", "a\0b", "\0a"),
    keys("empty-and-whitespace", "CWE-1286", "", " ", "\t", "\n"),
    keys("lone-surrogates", "Unicode chapter 3.8, surrogates", "\ud800", "\udc00", "\ud800x", "\ufffd", "?"),
    keys("surrogates-and-their-pair", "Unicode chapter 3.8, surrogates", "\ud83d\ude00", "\U0001f600"),
    keys("long-keys-with-equal-start", "CWE-187", "k" * 300 + "a", "k" * 300 + "b", "k" * 301, "k" * 300),
    keys("long-keys-with-equal-end", "CWE-187", "a" + "k" * 300, "b" + "k" * 300),
    keys("around-lengths-of-fingerprints", "CWE-187", "k" * 64, "k" * 65, "k" * 256, "k" * 257),
    keys(
        "spellings-of-one-address",
        "RFC 4291 section 2.5.5.2",
        "192.0.2.1",
        "::ffff:192.0.2.1",
        "192.0.2.1 ",
        "192.000.2.1",
    ),
    long_keys("megabyte-of-one-character", "CWE-770", ("a", 1_000_000), ("a", 1_000_001), ("b", 1_000_000)),
    long_keys("megabyte-of-nuls", "CWE-158", ("\0", 1_000_000), ("\0", 999_999)),
    long_keys("megabyte-of-surrogates", "Unicode chapter 3.8, surrogates", ("\ud800", 500_000), ("\udfff", 500_000)),
    long_keys("megabyte-of-wide-characters", "CWE-770", ("\U0001f600", 500_000), ("\U0001f601", 500_000)),
]


@attacks(KEYS)
def test_keys_share_a_bucket_only_if_they_are_equal(engine, attack):
    buckets = engine.TokenBuckets(1, HOUR)
    keys = attack.make()
    assert [buckets.take(key, 0) for key in keys] == [0] * len(keys)
    assert [buckets.take(key, 0) for key in keys] == [HOUR] * len(keys)


@pytest.mark.rule("rate.memory")
def test_client_stays_limited_while_other_clients_arrive(engine):
    """If the table dropped keys under load, attackers could drop their own."""
    buckets = engine.TokenBuckets(1, HOUR)
    assert buckets.take("mallory", 10**9) == 0
    for number in range(100_000):
        assert buckets.take(f"other {number}", 10**9 + number) == 0
    assert buckets.take("mallory", 10**9 + 100_000) == HOUR - 100_000


def not_str(name, source, key):
    return Attack(name, "rate.keys", source, key, f"key_func must return str, not {type(key).__name__}")


def coroutine():
    async def key():
        return "a"

    made = key()
    made.close()
    return made


NOT_STR = [
    *each(not_str, "CWE-1287", None, 5, b"192.0.2.1", ["a"]),
    not_str("tuple", "ASGI HTTP connection scope, client", ("192.0.2.1", 1)),
    not_str("coroutine", "PEP 492, an async key_func", coroutine()),
    not_str("class", "CWE-1287", str),
    not_str("nan", "CWE-1287", float("nan")),
]


@attacks(NOT_STR)
def test_key_that_is_not_str_raises_and_does_not_call_the_handler(auth, attack):
    calls = []

    @auth.rate_limit("5/hour", key_func=lambda request: attack.input)
    def handler(request):
        calls.append(request)

    for _ in range(2):
        with pytest.raises(TypeError) as raised:
            handler(None)
        assert str(raised.value) == attack.expected
    assert calls == []


@pytest.mark.rule("rate.keys")
def test_error_of_key_func_is_raised_and_does_not_call_the_handler(auth):
    calls = []

    @auth.rate_limit("5/hour", key_func=lambda request: request["tenant"])
    def handler(request):
        calls.append(request)

    with pytest.raises(KeyError, match="tenant"):
        handler({})
    assert calls == []


@pytest.mark.rule("rate.clock")
@pytest.mark.parametrize("now", [10 * 10**9, 10 * 10**9 - 1, 9_500_000_000, 9 * 10**9])
def test_clock_that_goes_back_by_at_most_a_period_refills_nothing(engine, now):
    buckets = engine.TokenBuckets(1, 10**9)
    assert buckets.take("a", 10 * 10**9) == 0
    assert buckets.take("a", now) == 10**9
    assert buckets.take("a", 10 * 10**9 + 5_000) == 10**9 - 5_000


@pytest.mark.rule("rate.clock")
@pytest.mark.parametrize("now", [9 * 10**9 - 1_000, 10**9, 0])
def test_clock_that_goes_back_by_more_locks_nobody_out(engine, now):
    buckets = engine.TokenBuckets(1, 10**9)
    assert buckets.take("a", 10 * 10**9) == 0
    assert [buckets.take("a", now), buckets.take("a", now)] == [0, 10**9]
    assert buckets.take("a", now + 10**9) == 0
