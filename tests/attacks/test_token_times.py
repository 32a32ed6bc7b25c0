"""The registered claims: moments of every kind around a stopped clock, and what must be text or empty."""

import json

import clock
import pytest
from attacks import Attack, parameters
from outcomes import outcome
from raw_tokens import SECRET, sign_bytes, sign_claims
from token_attacks import (
    AS_PYJWT,
    NOW,
    STRICTER,
    TOKEN,
    answered,
    compared_with_pyjwt,
    is_answer,
    signed,
)

DATE = "RFC 7519 section 2, a NumericDate is a number"
EXP = "RFC 7519 section 4.1.4"
NBF = "RFC 7519 section 4.1.5"
IAT = "RFC 7519 section 4.1.6"
SECOND = int(NOW)


def time(name, rule, source, text, is_valid=False, **rest):
    claims = json.loads(text) if is_valid else None
    return signed(name, rule, source, text.encode(), claims, **rest)


def exp(name, value, is_valid=False, source=EXP, **rest):
    return time(f"exp-{name}", "claims.exp", source, f'{{"exp":{value}}}', is_valid, **rest)


def nbf(name, value, is_valid=False, source=NBF, **rest):
    return time(f"nbf-{name}", "claims.nbf", source, f'{{"nbf":{value}}}', is_valid, **rest)


def iat(name, value, is_valid=False, source=IAT, **rest):
    return time(f"iat-{name}", "claims.iat", source, f'{{"iat":{value}}}', is_valid, **rest)


RANGE = "RFC 8259 section 6, range and precision"

# The clock says SECOND and a half.
BOUNDS = [
    exp("absent", SECOND + 1, True),
    exp("in-a-second", SECOND + 1, True),
    exp("at-this-second", SECOND),
    exp("a-second-ago", SECOND - 1),
    exp("in-a-second-and-a-fraction", f"{SECOND + 1}.0", True),
    exp("this-moment", f"{SECOND}.5"),
    exp("later-in-this-second", f"{SECOND}.9"),
    exp("just-below-the-next-second", f"{SECOND}.999999"),
    exp("rounds-up-to-the-next-second", f"{SECOND}.9999999999999", True, RANGE),
    exp("with-an-exponent", "1.700000001e9", True, RANGE),
    exp("with-an-exponent-now", "1.7e9", source=RANGE),
    exp("with-a-negative-exponent", f"{SECOND + 1}0e-1", True, RANGE),
    exp("zero", 0),
    exp("negative-zero", "-0.0"),
    exp("negative", -1),
    exp("in-milliseconds", SECOND * 1_000 - 10**9, True, "CWE-682, milliseconds for seconds"),
    exp("minutes-for-seconds", SECOND // 60, source="CWE-682, minutes for seconds"),
    exp("at-2-31", 2**31, True, "CWE-190, the year 2038"),
    exp("at-2-32", 2**32, True, "CWE-190, the year 2106"),
    exp("negative-by-31-bits", 2**31 - 2**32, source="CWE-190, the year 2038"),
    exp("at-2-53", 2**53, True, RANGE),
    exp("beyond-2-53", 2**53 + 1, True, RANGE),
    exp("at-2-63-less-one", 2**63 - 1, True, RANGE),
    exp("at-2-63", 2**63, True, RANGE),
    exp("at-2-64", 2**64, True, RANGE),
    exp("wraps-to-the-past-in-64-bits", 2**64 + 1, True, "CWE-190, a moment beyond 64 bits"),
    exp("below-64-bits", -(2**63) - 1, source=RANGE),
    exp("wraps-to-the-future-in-64-bits", -(2**64) + 2**40, source="CWE-190, a moment beyond 64 bits"),
    exp("far-below-64-bits", -(10**40), source=RANGE),
    exp("far-beyond-64-bits", 10**40, True, RANGE),
    exp("largest-double", "1.7976931348623157e308", True, RANGE),
    exp("1e308", "1e308", True, RANGE),
    exp("negative-1e308", "-1e308", source=RANGE),
    exp("underflow", "1e-400", source=RANGE),
    exp("of-4300-digits", "9" * 4_300, True, "CVE-2020-10735, digits that cost the square of their number"),
    exp("of-4301-digits", "9" * 4_301, source="CVE-2020-10735, digits that cost the square of their number"),
    nbf("this-second", SECOND, True),
    nbf("later-in-this-second", f"{SECOND}.9", True),
    nbf("next-second", SECOND + 1),
    nbf("next-second-with-a-point", f"{SECOND + 1}.0"),
    nbf("a-second-ago", SECOND - 1, True),
    nbf("rounds-up-to-the-next-second", f"{SECOND}.9999999999999", source=RANGE),
    nbf("zero", 0, True),
    nbf("negative", -1, True),
    nbf("negative-fraction", "-0.5", True),
    nbf("with-an-exponent", "1.7e9", True, RANGE),
    nbf("in-milliseconds", SECOND * 1_000, source="CWE-682, milliseconds for seconds"),
    nbf("at-2-63", 2**63, source=RANGE),
    nbf("at-2-64", 2**64, source=RANGE),
    nbf("wraps-to-the-past-in-64-bits", 2**64 + 1, source="CWE-190, a moment beyond 64 bits"),
    nbf("below-64-bits", -(2**63) - 1, True, RANGE),
    nbf("far-beyond-64-bits", 10**40, source=RANGE),
    nbf("1e308", "1e308", source=RANGE),
    nbf("negative-1e308", "-1e308", True, RANGE),
    iat("this-second", SECOND, True),
    iat("later-in-this-second", f"{SECOND}.9", True),
    iat("next-second", SECOND + 1),
    iat("a-second-ago", SECOND - 1, True),
    iat("zero", 0, True),
    iat("negative", -1, True),
    iat("in-milliseconds", SECOND * 1_000, source="CWE-682, milliseconds for seconds"),
    iat("at-2-63", 2**63, source=RANGE),
    iat("at-2-64", 2**64, source=RANGE),
    iat("below-64-bits", -(2**63) - 1, True, RANGE),
    iat("far-beyond-64-bits", 10**40, source=RANGE),
    iat("1e300", "1e300", source=RANGE),
    time("nbf-after-exp", "claims.nbf", NBF, f'{{"nbf":{SECOND + 5},"exp":{SECOND + 1}}}'),
    time("nbf-and-exp-around-now", "claims.nbf", NBF, f'{{"nbf":{SECOND},"exp":{SECOND + 1}}}', True),
    time("exp-before-iat", "claims.exp", EXP, f'{{"iat":{SECOND},"exp":{SECOND - 1}}}'),
    time("expired-and-not-yet", "claims.exp", EXP, f'{{"nbf":{SECOND + 1},"exp":{SECOND}}}'),
    time(
        "max-age-is-another-claim",
        "claims.exp",
        "RFC 7519 section 4.3, private claims",
        '{"maxAge":1,"expires":1}',
        True,
    ),
    time("exp-in-a-nested-object", "claims.exp", EXP, '{"a":{"exp":1}}', True),
    time("exp-with-a-space", "claims.exp", EXP, '{"exp ":1}', True),
]

# With a leeway
WIDENED = [
    exp("now-with-a-second", SECOND, True, leeway=1),
    exp("now-with-half-a-second", SECOND, False, leeway=0.5),
    exp("now-with-more-than-half-a-second", SECOND, True, leeway=0.50001),
    exp("a-minute-ago-with-a-minute", SECOND - 60, True, leeway=61),
    exp("a-minute-ago-with-less", SECOND - 60, False, leeway=60),
    exp("zero-with-the-longest", 0, True, leeway=2**53),
    exp("far-below-with-the-longest", -(2**63), False, leeway=2**53),
    nbf("next-second-with-half-a-second", SECOND + 1, True, leeway=0.5),
    nbf("next-second-with-less", SECOND + 1, False, leeway=0.4),
    nbf("in-a-minute-with-a-minute", SECOND + 60, True, leeway=60),
    nbf("in-a-minute-with-less", SECOND + 61, False, leeway=60),
    nbf("far-beyond-with-the-longest", 2**63, False, leeway=2**53),
    iat("next-second-with-half-a-second", SECOND + 1, True, leeway=0.5),
    iat("next-second-with-less", SECOND + 1, False, leeway=0.4),
    iat("in-a-minute-with-less", SECOND + 61, False, leeway=60),
]
# At other moments of the clock
CLOCKS = [
    exp("at-zero-before-the-epoch", 0, True, now=-0.5),
    exp("at-zero-at-the-epoch", 0, False, now=0.0),
    exp("below-zero-before-the-epoch", -2, False, now=-1.5),
    exp("at-minus-one-before-the-epoch", -1, True, now=-1.5),
    nbf("at-minus-one-before-the-epoch", -1, False, now=-1.5),
    nbf("at-minus-two-before-the-epoch", -2, True, now=-1.5),
    nbf("negative-fraction-before-the-epoch", "-0.5", False, now=-0.5),
    exp("at-the-whole-second", SECOND, False, now=float(SECOND)),
    exp("just-before-the-whole-second", SECOND, True, now=SECOND - 0.000001),
    nbf("just-before-the-whole-second", SECOND, False, now=SECOND - 0.000001),
    nbf("at-the-whole-second", SECOND, True, now=float(SECOND)),
    iat("at-the-whole-second", SECOND, True, now=float(SECOND)),
]


# What is no number


def no_dates():
    for claim in ("exp", "nbf", "iat"):
        fit = SECOND + 1_000 if claim == "exp" else SECOND - 1_000
        for name, value, pyjwt in [
            ("null", "null", AS_PYJWT),
            ("true", "true", AS_PYJWT if claim == "exp" else STRICTER),
            ("false", "false", AS_PYJWT if claim == "exp" else STRICTER),
            ("empty-string", '""', AS_PYJWT),
            ("words", '"soon"', AS_PYJWT),
            ("digits-in-a-string", f'"{fit}"', STRICTER),
            ("digits-and-spaces-in-a-string", f'" {fit}\\n"', STRICTER),
            ("underscored-digits-in-a-string", f'"{str(fit)[0]}_{str(fit)[1:]}"', STRICTER),
            ("arabic-digits-in-a-string", json.dumps("".join(chr(0x660 + int(digit)) for digit in str(fit))), STRICTER),
            ("signed-digits-in-a-string", f'"+{fit}"', STRICTER),
            ("float-in-a-string", f'"{fit}.5"', AS_PYJWT),
            ("exponent-in-a-string", '"1e12"', AS_PYJWT),
            ("hexadecimal-in-a-string", '"0xFFFFFFFFFF"', AS_PYJWT),
            ("date-in-a-string", '"2100-01-01T00:00:00Z"', AS_PYJWT),
            ("infinity-in-a-string", '"Infinity"', AS_PYJWT),
            ("many-digits-in-a-string", '"' + "9" * 5_000 + '"', AS_PYJWT),
            ("empty-array", "[]", AS_PYJWT),
            ("array", f"[{fit}]", AS_PYJWT),
            ("object", f'{{"exp":{fit}}}', AS_PYJWT),
            ("empty-object", "{}", AS_PYJWT),
            ("nan", "NaN", AS_PYJWT),
            ("infinity", "Infinity", AS_PYJWT),
            ("negative-infinity", "-Infinity", AS_PYJWT),
            ("overflow", "1e400", AS_PYJWT),
            ("negative-overflow", "-1e400", AS_PYJWT),
            ("hexadecimal", "0xFFFFFFFFFF", AS_PYJWT),
            ("leading-zero", f"0{fit}", AS_PYJWT),
            ("leading-plus", f"+{fit}", AS_PYJWT),
            ("trailing-point", f"{fit}.", AS_PYJWT),
        ]:
            yield time(f"{claim}-{name}", "claims.numbers", DATE, f'{{"{claim}":{value}}}', pyjwt=pyjwt)


STRING = "RFC 7519 section 4.1.2, sub is a string"
JTI = "RFC 7519 section 4.1.7, jti is a string"
AUD = "RFC 7519 section 4.1.3, an audience that is another"
EMPTY_AUD = "CVE-2020-26160, an audience that is an empty list"


def text(name, source, payload, is_valid=False, **rest):
    return time(name, "claims.strings", source, payload, is_valid, **rest)


def aud(name, value, is_valid=False, source=AUD, **rest):
    return time(f"aud-{name}", "claims.aud", source, f'{{"aud":{value}}}', is_valid, **rest)


STRINGS = [
    text("sub-empty", STRING, '{"sub":""}', True),
    text("sub-number", STRING, '{"sub":1}'),
    text("sub-zero", STRING, '{"sub":0}'),
    text("sub-float", STRING, '{"sub":1.5}'),
    text("sub-null", STRING, '{"sub":null}'),
    text("sub-true", STRING, '{"sub":true}'),
    text("sub-false", STRING, '{"sub":false}'),
    text("sub-array", STRING, '{"sub":["alice"]}'),
    text("sub-empty-array", STRING, '{"sub":[]}'),
    text("sub-object", "CWE-943, operators of a query", '{"sub":{"$ne":null}}'),
    text("sub-empty-object", STRING, '{"sub":{}}'),
    text("jti-empty", JTI, '{"jti":""}', True),
    text("jti-number", JTI, '{"jti":1}'),
    text("jti-zero", JTI, '{"jti":0}'),
    text("jti-null", JTI, '{"jti":null}'),
    text("jti-false", JTI, '{"jti":false}'),
    text("jti-array", JTI, '{"jti":[]}'),
    text("jti-object", JTI, '{"jti":{}}'),
    text("iss-is-not-looked-at", "RFC 7519 section 4.1.1", '{"iss":5}', True, pyjwt=AS_PYJWT),
]
AUDIENCES = [
    aud("string", '"other"'),
    aud("space", '" "'),
    aud("array", '["other"]'),
    aud("array-of-an-empty-string", '[""]', source=EMPTY_AUD),
    aud("array-of-null", "[null]", source=EMPTY_AUD),
    aud("array-of-an-empty-array", "[[]]", source=EMPTY_AUD),
    aud("array-of-numbers", "[0]"),
    aud("object", '{"other":1}'),
    aud("object-with-an-empty-name", '{"":null}'),
    aud("number", "1"),
    aud("float", "0.5"),
    aud("smallest-float", "5e-324"),
    aud("true", "true"),
    aud("wildcard", '"*"'),
    aud("of-an-access-token", '"https://rs.example.com/"', source="RFC 9068 section 2.2"),
    aud("empty-string", '""', True),
    aud("empty-array", "[]", True, EMPTY_AUD),
    aud("empty-object", "{}", True),
    aud("zero", "0", True),
    aud("negative-zero", "-0.0", True),
    aud("underflow", "1e-400", True),
    aud("false", "false", True),
    aud("null", "null", True),
    time("aud-in-capitals", "claims.aud", AUD, '{"AUD":"other"}', True),
    time("aud-nested", "claims.aud", AUD, '{"a":{"aud":"other"}}', True),
]
NO_DATES = list(no_dates())
ALL = (BOUNDS, WIDENED, CLOCKS, NO_DATES, STRINGS, AUDIENCES)


@pytest.mark.parametrize("attack", parameters(*ALL))
def test_the_registered_claims_hold_at_the_clock(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters([row for table in ALL for row in table if row.pyjwt]))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt


# The leeway is the application's own

BAD_TYPE = (TypeError, "leeway must be a number of seconds, not {}")
BAD_VALUE = (ValueError, "leeway must be a number of seconds from 0 to 2**53")


def leeway(name, value, error):
    kind, message = error
    return Attack(
        name,
        "claims.leeway",
        "RFC 7519 section 4.1.4, a small leeway",
        value,
        ("raised", kind, message.format(type(value).__name__)),
    )


LEEWAYS = [
    leeway("negative", -1, BAD_VALUE),
    leeway("just-below-zero", -5e-324, BAD_VALUE),
    leeway("nan", float("nan"), BAD_VALUE),
    leeway("infinity", float("inf"), BAD_VALUE),
    leeway("negative-infinity", float("-inf"), BAD_VALUE),
    leeway("beyond-2-53", 2**53 + 1, BAD_VALUE),
    leeway("beyond-doubles", 10**400, BAD_VALUE),
    leeway("text", "5", BAD_TYPE),
    leeway("none", None, BAD_TYPE),
    leeway("list", [5], BAD_TYPE),
    leeway("complex", 5j, BAD_TYPE),
]


@pytest.mark.parametrize("attack", parameters(LEEWAYS))
@pytest.mark.parametrize(
    "token", [TOKEN, "", None, sign_claims({"exp": 1}), sign_bytes(b"{", secret="another")], ids=ascii
)
def test_a_leeway_that_is_none_is_an_error_whatever_the_token_is(engine, attack, token):
    assert outcome(lambda: engine.verify_token(token, SECRET, leeway=attack.given)) == attack.answer


CLOCKS = [float("inf"), float("-inf"), float("nan"), 2.0**63, 9.3e18, -1e19, 1e300]


@pytest.mark.rule("claims.clock")
@pytest.mark.parametrize("now", CLOCKS)
@pytest.mark.parametrize("claim", [b'"exp":1' + b"0" * 20, b'"nbf":-1' + b"0" * 20, b'"iat":-1e300', b'"exp":1e308'])
def test_a_clock_beyond_64_bits_lets_no_time_pass(engine, now, claim):
    with clock.stopped_at(now):
        assert engine.verify_token(sign_bytes(b"{" + claim + b"}"), SECRET) is None
        assert engine.verify_token(sign_bytes(b'{"sub":"alice"}'), SECRET) == {"sub": "alice"}
