"""The registered claims: times around a stopped clock, strings, the audience, the issuer; and the leeway."""

import json
from datetime import timedelta

import clock
import jwt
import pytest
from attacks import Attack, Raises, attacks, check, each, row
from hostile_objects import HostileList, HostileText, HostileTuple, SaysItIsText
from outcomes import identical, outcome
from raw_tokens import SECRET, TOKEN, sign_bytes, sign_claims
from token_attacks import ACCEPTS, NOW, SAME, check_pyjwt, check_token, signed

DATE = "RFC 7519 section 2, a NumericDate is a number"
EXP = "RFC 7519 section 4.1.4"
NBF = "RFC 7519 section 4.1.5"
IAT = "RFC 7519 section 4.1.6"
RANGE = "RFC 8259 section 6, range and precision"
DIGITS = "CVE-2020-10735, quadratic conversion of digits"
SECOND = int(NOW)


def claims(name, rule, source, text, is_valid=False, **options):
    """Return a row with these claims (JSON): they are returned, or the token is rejected."""
    return signed(name, rule, source, text.encode(), json.loads(text) if is_valid else None, **options)


exp = row("claims.exp", kind=claims, prefix="exp-", of='{{"exp":{}}}'.format)
nbf = row("claims.nbf", kind=claims, prefix="nbf-", of='{{"nbf":{}}}'.format)
iat = row("claims.iat", kind=claims, prefix="iat-", of='{{"iat":{}}}'.format)

# The clock is at SECOND + 0.5.
TIMES = [
    claims("exp-missing", "claims.exp", EXP, '{"sub":"alice"}', True),
    exp("in-one-second", EXP, SECOND + 1, True),
    exp("at-this-second", EXP, SECOND),
    exp("one-second-ago", EXP, SECOND - 1),
    exp("in-second-and-fraction", EXP, f"{SECOND + 1}.0", True),
    exp("this-half-second", EXP, f"{SECOND}.5"),
    exp("later-in-this-second", EXP, f"{SECOND}.9"),
    exp("just-below-next-second", EXP, f"{SECOND}.999999"),
    exp("rounds-up-to-next-second", RANGE, f"{SECOND}.9999999999999", True),
    *each(exp, RANGE, "1.700000001e9", "1.7976931348623157e308", "1e308", expected=True),
    *each(exp, RANGE, "1.7e9", "-1e308", "1e-400"),
    exp("with-negative-exponent", RANGE, f"{SECOND + 1}0e-1", True),
    *each(exp, EXP, 0, "-0.0", -1),
    exp("in-milliseconds", "CWE-682, milliseconds", SECOND * 1_000 - 10**9, True),
    exp("in-minutes", "CWE-682, minutes", SECOND // 60),
    exp("at-2-31", "CWE-190, the year 2038", 2**31, True),
    exp("at-2-32", "CWE-190, the year 2106", 2**32, True),
    exp("negative-by-31-bits", "CWE-190, the year 2038", 2**31 - 2**32),
    *each(exp, RANGE, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**40, expected=True),
    *each(exp, RANGE, -(2**63) - 1, -(10**40)),
    exp("wraps-to-the-past", "CWE-190, a time over 64 bits", 2**64 + 1, True),
    exp("wraps-to-the-future", "CWE-190, a time over 64 bits", -(2**64) + 2**40),
    exp("of-4300-digits", DIGITS, "9" * 4_300, True),
    exp("of-4301-digits", DIGITS, "9" * 4_301),
    nbf("this-second", NBF, SECOND, True),
    nbf("later-in-this-second", NBF, f"{SECOND}.9", True),
    nbf("next-second", NBF, SECOND + 1),
    nbf("next-second-with-point", NBF, f"{SECOND + 1}.0"),
    nbf("one-second-ago", NBF, SECOND - 1, True),
    nbf("rounds-up-to-next-second", RANGE, f"{SECOND}.9999999999999"),
    *each(nbf, NBF, 0, -1, "-0.5", expected=True),
    *each(nbf, RANGE, "1.7e9", "-1e308", expected=True),
    nbf("in-milliseconds", "CWE-682, milliseconds", SECOND * 1_000),
    *each(nbf, RANGE, 2**63, 2**64, 10**40, "1e308"),
    nbf("wraps-to-the-past", "CWE-190, a time over 64 bits", 2**64 + 1),
    nbf("below-64-bits", RANGE, -(2**63) - 1, True),
    iat("this-second", IAT, SECOND, True),
    iat("later-in-this-second", IAT, f"{SECOND}.9", True),
    iat("next-second", IAT, SECOND + 1),
    iat("one-second-ago", IAT, SECOND - 1, True),
    *each(iat, IAT, 0, -1, expected=True),
    iat("in-milliseconds", "CWE-682, milliseconds", SECOND * 1_000),
    *each(iat, RANGE, 2**63, 2**64, 10**40, "1e300"),
    iat("below-64-bits", RANGE, -(2**63) - 1, True),
    claims("nbf-after-exp", "claims.nbf", NBF, f'{{"nbf":{SECOND + 5},"exp":{SECOND + 1}}}'),
    claims("nbf-and-exp-around-now", "claims.nbf", NBF, f'{{"nbf":{SECOND},"exp":{SECOND + 1}}}', True),
    claims("exp-before-iat", "claims.exp", EXP, f'{{"iat":{SECOND},"exp":{SECOND - 1}}}'),
    claims("expired-and-not-yet-valid", "claims.exp", EXP, f'{{"nbf":{SECOND + 1},"exp":{SECOND}}}'),
    claims("max-age-is-ignored", "claims.exp", "RFC 7519 section 4.3", '{"maxAge":1,"expires":1}', True),
    claims("exp-in-nested-object", "claims.exp", EXP, '{"a":{"exp":1}}', True),
    claims("exp-with-space", "claims.exp", EXP, '{"exp ":1}', True),
    # With a leeway
    exp("now-leeway-1", EXP, SECOND, True, leeway=1),
    exp("now-leeway-0.5", EXP, SECOND, leeway=0.5),
    exp("now-leeway-over-0.5", EXP, SECOND, True, leeway=0.50001),
    exp("60-seconds-ago-leeway-61", EXP, SECOND - 60, True, leeway=61),
    exp("60-seconds-ago-leeway-60", EXP, SECOND - 60, leeway=60),
    exp("zero-longest-leeway", EXP, 0, True, leeway=2**53),
    exp("far-below-longest-leeway", EXP, -(2**63), leeway=2**53),
    nbf("next-second-leeway-0.5", NBF, SECOND + 1, True, leeway=0.5),
    nbf("next-second-leeway-0.4", NBF, SECOND + 1, leeway=0.4),
    nbf("in-60-seconds-leeway-60", NBF, SECOND + 60, True, leeway=60),
    nbf("in-61-seconds-leeway-60", NBF, SECOND + 61, leeway=60),
    nbf("far-over-longest-leeway", NBF, 2**63, leeway=2**53),
    iat("next-second-leeway-0.5", IAT, SECOND + 1, True, leeway=0.5),
    iat("next-second-leeway-0.4", IAT, SECOND + 1, leeway=0.4),
    iat("in-61-seconds-leeway-60", IAT, SECOND + 61, leeway=60),
    # With another time of the clock
    exp("at-zero-before-epoch", EXP, 0, True, now=-0.5),
    exp("at-zero-at-epoch", EXP, 0, now=0.0),
    exp("below-zero-before-epoch", EXP, -2, now=-1.5),
    exp("at-minus-one-before-epoch", EXP, -1, True, now=-1.5),
    nbf("at-minus-one-before-epoch", NBF, -1, now=-1.5),
    nbf("at-minus-two-before-epoch", NBF, -2, True, now=-1.5),
    nbf("negative-fraction-before-epoch", NBF, "-0.5", now=-0.5),
    exp("at-whole-second", EXP, SECOND, now=float(SECOND)),
    exp("just-before-whole-second", EXP, SECOND, True, now=SECOND - 0.000001),
    nbf("just-before-whole-second", NBF, SECOND, now=SECOND - 0.000001),
    nbf("at-whole-second", NBF, SECOND, True, now=float(SECOND)),
    iat("at-whole-second", IAT, SECOND, True, now=float(SECOND)),
]

# Values that are not JSON numbers; %d is a number with which the claim would be valid.
NOT_NUMBERS = [
    *["null", '""', '"soon"', '"%d.5"', '"1e12"', '"0xFFFFFFFFFF"', '"2100-01-01T00:00:00Z"', '"Infinity"'],
    *['"' + "9" * 5_000 + '"', "[]", "[%d]", '{"exp":%d}', "{}", "NaN", "Infinity", "-Infinity"],
    *["1e400", "-1e400", "0xFFFFFFFFFF", "0%d", "+%d", "%d."],
]
NUMBERS_FOR_PYJWT = ['"%d"', '" %d\\n"', '"+%d"']


def not_a_number(claim, number):
    digits = str(number)
    make = row("claims.numbers", kind=claims, prefix=f"{claim}-", of=lambda value: f'{{"{claim}":{value}}}')
    arabic = "".join(chr(0x660 + int(digit)) for digit in digits)
    yield from each(make, DATE, *[value.replace("%d", digits) for value in NOT_NUMBERS])
    yield from each(make, DATE, *[value.replace("%d", digits) for value in NUMBERS_FOR_PYJWT], pyjwt=ACCEPTS)
    yield from each(make, DATE, f'"{digits[0]}_{digits[1:]}"', json.dumps(arabic), pyjwt=ACCEPTS)
    yield from each(make, DATE, "true", "false", pyjwt=SAME if claim == "exp" else ACCEPTS)


NOT_A_NUMBER = [
    *not_a_number("exp", SECOND + 1_000),
    *not_a_number("nbf", SECOND - 1_000),
    *not_a_number("iat", SECOND - 1_000),
]

SUB = "RFC 7519 section 4.1.2, sub is a string"
JTI = "RFC 7519 section 4.1.7, jti is a string"
AUD = "RFC 7519 section 4.1.3, another audience"
EMPTY_AUD = "CVE-2020-26160, an audience that is an empty list"


string = row("claims.strings", kind=claims)
aud = row("claims.aud", kind=claims, prefix="aud-", of='{{"aud":{}}}'.format)
STRINGS = [
    string("sub-empty", SUB, '{"sub":""}', True),
    *each(string, SUB, '{"sub":1}', '{"sub":0}', '{"sub":1.5}', '{"sub":null}', '{"sub":true}', '{"sub":false}'),
    *each(string, SUB, '{"sub":["alice"]}', '{"sub":[]}', '{"sub":{}}'),
    string("sub-object", "CWE-943, operators of a query", '{"sub":{"$ne":null}}'),
    string("jti-empty", JTI, '{"jti":""}', True),
    *each(string, JTI, '{"jti":1}', '{"jti":0}', '{"jti":null}', '{"jti":false}', '{"jti":[]}', '{"jti":{}}'),
    string("iss-is-ignored", "RFC 7519 section 4.1.1", '{"iss":5}', True),
]
AUDIENCES = [
    *each(aud, AUD, '"other"', '" "', '["other"]', "[0]", '{"other":1}', '{"":null}', "1", "0.5", "5e-324", "true"),
    aud("wildcard", AUD, '"*"'),
    *each(aud, EMPTY_AUD, '[""]', "[null]", "[[]]"),
    aud("access-token-audience", "RFC 9068 section 2.2", '"https://rs.example.com/"'),
    *each(aud, AUD, '""', "{}", "0", "-0.0", "1e-400", "false", "null", expected=True),
    aud("empty-array", EMPTY_AUD, "[]", True),
    claims("aud-uppercase", "claims.aud", AUD, '{"AUD":"other"}', True),
    claims("aud-nested", "claims.aud", AUD, '{"a":{"aud":"other"}}', True),
]
TABLES = (TIMES, NOT_A_NUMBER, STRINGS, AUDIENCES)


@attacks(*TABLES)
def test_registered_claims_are_verified(engine, attack):
    check_token(engine, attack)


@attacks(*TABLES)
def test_pyjwt_accepts_or_rejects_the_claims_as_stated(attack):
    check_pyjwt(attack)


OUT_OF_RANGE = Raises(ValueError, "leeway must be a number of seconds from 0 to 2**53")


def leeway_type(name, source, value):
    expected = Raises(TypeError, f"leeway must be a number of seconds or a timedelta, not {type(value).__name__}")
    return Attack(name, "claims.leeway", source, value, expected)


SMALL = "RFC 7519 section 4.1.4, a small leeway"
leeway = row("claims.leeway", OUT_OF_RANGE)
LEEWAYS = [
    *each(leeway, SMALL, -1, -5e-324, float("nan"), float("inf"), float("-inf"), 2**53 + 1, 10**400),
    *each(leeway_type, SMALL, "5", None, [5], 5j),
    leeway("negative-timedelta", SMALL, timedelta(microseconds=-1)),
    leeway("smallest-timedelta", SMALL, timedelta.min),
]
TOKENS = {
    "valid": TOKEN,
    "empty": "",
    "none": None,
    "expired": sign_claims({"exp": 1}),
    "forged": sign_bytes(b"{", secret="another"),
}


@attacks(LEEWAYS)
@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
def test_invalid_leeway_raises_for_every_token(engine, attack, token):
    check(attack, engine.verify_token, token, SECRET, leeway=attack.input)


@pytest.mark.rule("claims.clock")
@pytest.mark.parametrize("now", [float("inf"), float("-inf"), float("nan"), 2.0**63, 9.3e18, -1e19, 1e300])
@pytest.mark.parametrize("claim", [b'"exp":1' + b"0" * 20, b'"nbf":-1' + b"0" * 20, b'"iat":-1e300', b'"exp":1e308'])
def test_times_are_rejected_when_the_clock_exceeds_64_bits(engine, now, claim):
    with clock.stopped_at(now):
        assert engine.verify_token(sign_bytes(b"{" + claim + b"}"), SECRET) is None
        assert engine.verify_token(sign_bytes(b'{"sub":"alice"}'), SECRET) == {"sub": "alice"}


@pytest.mark.rule("claims.leeway")
@pytest.mark.parametrize(
    ("leeway", "late"),
    [(timedelta(seconds=5), 4), (timedelta(milliseconds=600), 0), (timedelta(days=1), 86_399), (timedelta.max, 10**9)],
)
def test_leeway_may_be_a_timedelta(engine, leeway, late):
    with clock.stopped_at(NOW):
        assert engine.verify_token(sign_claims({"exp": SECOND - late}), SECRET, leeway=leeway) is not None
        assert engine.verify_token(sign_claims({"exp": SECOND - 10**14}), SECRET, leeway=leeway) is None


# An expected audience and issuer: *input* is the JSON of the claim and the option; *expected* is whether they match.

ISS = "RFC 7519 section 4.1.1, another issuer"


def expected_audience(name, source, aud, audience, is_valid=False):
    text = "{}" if aud is None else f'{{"aud":{aud}}}'
    return Attack(name, "claims.aud", source, (text, {"audience": audience}), is_valid)


def expected_issuer(name, source, iss, issuer, is_valid=False):
    return Attack(
        name, "claims.iss", source, ("{}" if iss is None else f'{{"iss":{iss}}}', {"issuer": issuer}), is_valid
    )


EXPECTED_AUDIENCES = [
    expected_audience("same", AUD, '"api"', "api", True),
    expected_audience("other", AUD, '"other"', "api"),
    expected_audience("longer", AUD, '"api/admin"', "api"),
    expected_audience("shorter", AUD, '"ap"', "api"),
    expected_audience("one-character", AUD, '"a"', "api"),
    expected_audience("other-case", "RFC 7519 section 2, StringOrURI is case-sensitive", '"API"', "api"),
    expected_audience("escaped", "RFC 8259 section 8.3", '"\\u0061pi"', "api", True),
    expected_audience("decomposed", "Unicode UAX 15, canonical forms", '"e\u0301"', "\u00e9"),
    expected_audience("in-an-array", AUD, '["other","api"]', "api", True),
    expected_audience("twice-in-an-array", AUD, '["api","api"]', "api", True),
    expected_audience("array-without-it", AUD, '["other","ap"]', "api"),
    expected_audience("array-of-characters", AUD, '["a","p","i"]', "api"),
    expected_audience("array-with-a-number", AUD, '["api",5]', "api"),
    expected_audience("array-with-null", AUD, '[null,"api"]', "api"),
    expected_audience("nested-array", AUD, '[["api"]]', "api"),
    expected_audience("array-with-an-array", AUD, '["api",["api"]]', "api"),
    expected_audience("object", AUD, '{"api":1}', "api"),
    expected_audience("number", AUD, "5", "5"),
    expected_audience("true", AUD, "true", "true"),
    expected_audience("null", AUD, "null", "null"),
    expected_audience("missing", AUD, None, "api"),
    expected_audience("empty", EMPTY_AUD, '""', "api"),
    expected_audience("empty-array", EMPTY_AUD, "[]", "api"),
    expected_audience("array-of-an-empty-string", EMPTY_AUD, '[""]', "api"),
    expected_audience("last-of-duplicates", "RFC 7519 section 4", '"other","aud":"api"', "api", True),
    expected_audience("first-of-duplicates", "RFC 7519 section 4", '"api","aud":"other"', "api"),
    expected_audience("emptied-by-a-duplicate", "RFC 7519 section 4", '"api","aud":""', "api"),
    expected_audience("one-of-a-list", AUD, '"api"', ["other", "api"], True),
    expected_audience("one-of-a-tuple", AUD, '"api"', ("other", "api"), True),
    expected_audience("one-of-a-set", AUD, '"api"', {"other", "api"}, True),
    expected_audience("one-of-a-frozenset", AUD, '["api"]', frozenset(["api"]), True),
    expected_audience("one-of-several-in-both", AUD, '["a","b"]', ("b", "c"), True),
    expected_audience("none-of-several-in-both", AUD, '["a","b"]', ("c", "d")),
    expected_audience("none-of-a-tuple", AUD, '"api"', ("other",)),
    expected_audience("array-of-objects-for-a-tuple", AUD, '[{"a":"api"}]', ("api", "b")),
    expected_audience("lone-surrogate", "RFC 8259 section 8.2, lone surrogates", '"api"', "\ud800"),
    expected_audience("replacement-character", "RFC 8259 section 8.2, lone surrogates", '"\ufffd"', ("\ud800",)),
]
EXPECTED_ISSUERS = [
    expected_issuer("same", ISS, '"https://id.example"', "https://id.example", True),
    expected_issuer("empty", ISS, '""', "", True),
    expected_issuer("longer", ISS, '"https://id.example/"', "https://id.example"),
    expected_issuer("shorter", "CVE-2024-53861, a part of the issuer", '"https://id"', "https://id.example"),
    expected_issuer("other-case", "RFC 7519 section 2, StringOrURI is case-sensitive", '"ID"', "id"),
    expected_issuer("decomposed", "Unicode UAX 15, canonical forms", '"e\u0301"', "\u00e9"),
    expected_issuer("missing", ISS, None, "id"),
    expected_issuer("missing-for-empty", ISS, None, ""),
    expected_issuer("null", ISS, "null", "null"),
    expected_issuer("null-for-empty", ISS, "null", ""),
    expected_issuer("number", ISS, "5", "5"),
    expected_issuer("array", ISS, '["id"]', "id"),
    expected_issuer("object", ISS, '{"id":1}', "id"),
    expected_issuer("last-of-duplicates", "RFC 7519 section 4", '"other","iss":"id"', "id", True),
    expected_issuer("first-of-duplicates", "RFC 7519 section 4", '"id","iss":"other"', "id"),
    expected_issuer("lone-surrogate", "RFC 8259 section 8.2, lone surrogates", '"id"', "\ud800"),
]


@attacks(EXPECTED_AUDIENCES, EXPECTED_ISSUERS)
def test_expected_audience_and_issuer_are_compared_as_pyjwt_does(engine, attack):
    text, options = attack.input
    token = sign_bytes(text.encode("utf-8"))
    claims = json.loads(text) if attack.expected else None
    assert identical(engine.verify_token(token, SECRET, **options), claims)
    headers = [(b"cookie", b"session=" + token.encode())]
    found = engine.identify(headers, None, "session", SECRET, **options)
    assert identical(found, claims) if claims else found == 1
    pyjwt = outcome(jwt.decode, token, SECRET, algorithms=["HS256"], **options)
    assert pyjwt[0] == ("returned" if attack.expected else "raised")


@pytest.mark.rule("claims.iss")
def test_every_issuer_is_accepted_if_none_is_expected(engine):
    for iss in ("id", "", 5, None, ["id"]):
        assert engine.verify_token(sign_claims({"iss": iss}), SECRET) == {"iss": iss}


def generator():
    yield "api"


def audience_type(name, source, value):
    message = f"audience must be str, or a collection of str, not {type(value).__name__}"
    return Attack(f"audience-{name}", "claims.aud", source, {"audience": value}, Raises(TypeError, message))


def audience_item(name, source, value):
    message = f"a name in audience must be str, not {type(value).__name__}"
    return Attack(
        f"audience-with-{name}", "claims.aud", source, {"audience": ["api", value]}, Raises(TypeError, message)
    )


def empty_audience(name, source, value):
    message = "audience is empty; None, the default, accepts only tokens without an audience"
    return Attack(f"audience-{name}", "claims.aud", source, {"audience": value}, Raises(ValueError, message))


def issuer_type(name, source, value):
    message = f"issuer must be str, not {type(value).__name__}"
    return Attack(f"issuer-{name}", "claims.iss", source, {"issuer": value}, Raises(TypeError, message))


ANOTHER_TYPE = "CWE-1287, an argument of another type"
INVALID_OPTIONS = [
    *each(audience_type, ANOTHER_TYPE, 5, True, b"api", bytearray(b"api"), {"api": 1}, object),
    audience_type("generator", ANOTHER_TYPE, generator()),
    audience_type("object-that-claims-to-be-str", ANOTHER_TYPE, SaysItIsText()),
    *each(audience_item, ANOTHER_TYPE, 5, None, b"api", ["api"]),
    audience_item("object-that-claims-to-be-str", ANOTHER_TYPE, SaysItIsText()),
    *each(empty_audience, EMPTY_AUD, "", [], (), [""], ["api", ""]),
    empty_audience("empty-set", EMPTY_AUD, set()),
    empty_audience("empty-frozenset", EMPTY_AUD, frozenset()),
    empty_audience("tuple-with-empty", EMPTY_AUD, ("", "api")),
    empty_audience("empty-subclass", EMPTY_AUD, HostileText("")),
    *each(issuer_type, ANOTHER_TYPE, 5, True, b"id", ["id"]),
    issuer_type("object-that-claims-to-be-str", ANOTHER_TYPE, SaysItIsText()),
]


@attacks(INVALID_OPTIONS)
def test_invalid_audience_and_issuer_raise_for_every_token(engine, attack):
    for token in TOKENS.values():
        check(attack, engine.verify_token, token, SECRET, **attack.input)
    check(attack, engine.identify, [], None, "session", SECRET, **attack.input)
    check(attack, engine.identify, None, "not bytes", 5, None, **attack.input)


@pytest.mark.rule("engines.exact-types")
def test_audience_and_issuer_of_subclasses_are_read_as_their_base_types(engine):
    token = sign_claims({"aud": ["other", "api"], "iss": "id"})
    for audience in (HostileText("api"), HostileList(["api"]), HostileTuple([HostileText("api")])):
        assert engine.verify_token(token, SECRET, audience=audience, issuer=HostileText("id")) is not None
        assert engine.verify_token(token, SECRET, audience=audience, issuer=HostileText("other")) is None
