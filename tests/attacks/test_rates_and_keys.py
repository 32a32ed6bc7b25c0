"""Rates that are none in every odd spelling, and keys that are meant to be taken for others."""

import pytest
from attacks import Attack, parameters

FORM = 'rate must be "N/second", "N/minute" or "N/hour" with N from 1 to 1000000000, like "5/minute"; not '
NUMBER = "CWE-1286"
BLANK = "CWE-1286, blanks"
DIGITS = "Unicode UAX 44, digits that are no ASCII"


def rate(name, source, spelled):
    return Attack(name, "rate.spelling", source, spelled, FORM + f"{spelled!r:.80}")


RATES = [
    *[rate(f"number-{text}", NUMBER, f"{text}/minute") for text in ("0", "00", "-1", "-0", "+5", "05", "five", "1.5")],
    *[rate(f"number-{text}", NUMBER, f"{text}/minute") for text in ("1e3", "0x5", "1_000", "1,000", "inf", "nan", "")],
    *[
        rate(f"unit-{text}", NUMBER, f"5/{text}")
        for text in ("day", "week", "minutes", "min", "m", "s", "Minute", "HOUR", "")
    ],
    *[
        rate(f"blank-{text!r}", BLANK, text)
        for text in ("5 / minute", " 5/minute", "5/minute ", "5 /minute", "5/\tminute")
    ],
    *[rate(f"form-{text}", NUMBER, text) for text in ("5", "5minute", "5 per minute", "5//minute", "5/minute/hour")],
    *[rate(f"form-{text}", NUMBER, text) for text in ("5/1/minute", "5\\minute", "5;minute", "minute/5", "/", "")],
    rate("line-feed-behind", "CWE-93", "5/minute\n"),
    rate("nul-behind", "CWE-158", "5/minute\0"),
    rate("arabic-digit", DIGITS, "٥/minute"),
    rate("fullwidth-digit", DIGITS, "５/minute"),
    rate("superscript-digit", DIGITS, "²/minute"),
    rate("fullwidth-letter", "Unicode UAX 15, NFKC", "5/ｍinute"),
    rate("lone-surrogate", "Unicode chapter 3.8, surrogates", "5/minute\ud800"),
    rate("over-the-limit", "CWE-190", "1000000001/second"),
    rate("far-over-the-limit", "CWE-1284", "9" * 5_000 + "/second"),
    rate("none", "CWE-1287", None),
    rate("int", "CWE-1287", 5),
    rate("true", "CWE-1287", True),
    rate("bytes", "CWE-1287", b"5/minute"),
    rate("tuple", "CWE-1287", (5, "minute")),
]


@pytest.mark.parametrize("attack", parameters(RATES))
def test_another_rate_is_refused_with_the_form(auth, attack):
    with pytest.raises(ValueError) as raised:
        auth.rate_limit(attack.given)
    assert str(raised.value) == attack.answer


def keys(name, source, *given):
    return Attack(name, "rate.keys", source, given)


KEYS = [
    keys("composed-and-decomposed", "Unicode UAX 15, NFC and NFD", "caf\u00e9", "cafe\u0301"),
    keys("compatible", "Unicode UAX 15, NFKC", "admin", "ａdmin", "ADMIN"),
    keys("with-a-nul", "CWE-158", "a", "a\0", "a\0b", "\0a"),
    keys("empty-and-blank", "CWE-1286", "", " ", "\t", "\n"),
    keys("lone-surrogates", "Unicode chapter 3.8, surrogates", "\ud800", "\udc00", "\ud800x", "\ufffd", "?"),
    keys("surrogates-and-their-pair", "Unicode chapter 3.8, surrogates", "\ud83d\ude00", "\U0001f600"),
    keys("long-with-equal-beginnings", "CWE-187", "k" * 300 + "a", "k" * 300 + "b", "k" * 301, "k" * 300),
    keys("long-with-equal-ends", "CWE-187", "a" + "k" * 300, "b" + "k" * 300),
    keys("at-the-kept-length", "CWE-187", "k" * 64, "k" * 65, "k" * 256, "k" * 257),
    keys(
        "addresses-of-one-host",
        "RFC 4291 section 2.5.5.2",
        "192.0.2.1",
        "::ffff:192.0.2.1",
        "192.0.2.1 ",
        "192.000.2.1",
    ),
]


@pytest.mark.parametrize("attack", parameters(KEYS))
def test_unequal_keys_have_buckets_of_their_own(engine, attack):
    buckets = engine.TokenBuckets(1, 3_600 * 10**9)
    assert [buckets.take(key, 0) for key in attack.given] == [0] * len(attack.given)
    assert all(buckets.take(key, 0) == 3_600 * 10**9 for key in attack.given)


@pytest.mark.rule("rate.memory")
def test_an_exhausted_client_is_not_forgotten_while_others_come(engine):
    """A table that drops some keys when many come would let an attacker wash his own out."""
    buckets = engine.TokenBuckets(1, 3_600 * 10**9)
    assert buckets.take("mallory", 10**9) == 0
    for number in range(100_000):
        assert buckets.take(f"other {number}", 10**9 + number) == 0
    assert buckets.take("mallory", 10**9 + 100_000) == 3_600 * 10**9 - 100_000


def named(name, source, key):
    return Attack(name, "rate.keys", source, key, f"key_func must return str, not {type(key).__name__}")


def coroutine():
    async def key():
        return "a"

    made = key()
    made.close()
    return made


NO_KEYS = [
    named("none", "CWE-1287", None),
    named("int", "CWE-1287", 5),
    named("bytes", "CWE-1287", b"192.0.2.1"),
    named("tuple", "ASGI HTTP connection scope, client", ("192.0.2.1", 1)),
    named("list", "CWE-1287", ["a"]),
    named("coroutine", "PEP 492, a key_func that is async", coroutine()),
    named("class", "CWE-1287", str),
    named("not-a-number", "CWE-1287", float("nan")),
]


@pytest.mark.parametrize("attack", parameters(NO_KEYS))
def test_what_is_no_key_is_an_error_and_no_way_past_the_limit(auth, attack):
    calls = []

    @auth.rate_limit("5/hour", key_func=lambda request: attack.given)
    def handler(request):
        calls.append(request)

    for _ in range(2):
        with pytest.raises(TypeError) as raised:
            handler(None)
        assert str(raised.value) == attack.answer
    assert calls == []


@pytest.mark.rule("rate.keys")
def test_what_a_key_func_raises_comes_through_and_calls_nothing(auth):
    calls = []

    @auth.rate_limit("5/hour", key_func=lambda request: request["tenant"])
    def handler(request):
        calls.append(request)

    with pytest.raises(KeyError, match="tenant"):
        handler({})
    assert calls == []


def megabytes(name, source, *keys):
    return Attack(name, "rate.keys", source, keys)


LONG_KEYS = [
    megabytes("of-one-character", "CWE-770", ("a", 1_000_000), ("a", 1_000_001), ("b", 1_000_000)),
    megabytes("of-nuls", "CWE-158", ("\0", 1_000_000), ("\0", 999_999)),
    megabytes("of-surrogates", "Unicode chapter 3.8, surrogates", ("\ud800", 500_000), ("\udfff", 500_000)),
    megabytes("of-wide-characters", "CWE-770", ("\U0001f600", 500_000), ("\U0001f601", 500_000)),
]


@pytest.mark.parametrize("attack", parameters(LONG_KEYS))
def test_keys_of_megabytes_are_told_apart(engine, attack):
    buckets = engine.TokenBuckets(1, 3_600 * 10**9)
    made = [character * length for character, length in attack.given]
    assert [buckets.take(key, 0) for key in made] == [0] * len(made)
    assert [buckets.take(key, 0) for key in made] == [3_600 * 10**9] * len(made)


@pytest.mark.rule("rate.clock")
def test_a_clock_that_goes_back_gives_no_token(engine):
    buckets = engine.TokenBuckets(1, 10**9)
    assert buckets.take("a", 10 * 10**9) == 0
    assert all(buckets.take("a", now) > 0 for now in (10 * 10**9, 9 * 10**9, 0, 1, 10 * 10**9 + 5))
