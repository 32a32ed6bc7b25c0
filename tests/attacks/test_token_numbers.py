"""Numbers that no reader reads as the next one does, and depth."""

import pytest
from attacks import parameters
from raw_tokens import sign_bytes
from token_attacks import (
    AS_PYJWT,
    CLAIMS,
    NOT_COMPARED,
    STRICTER,
    TokenAttack,
    answered,
    compared_with_pyjwt,
    is_answer,
    signed,
)

GRAMMAR = "RFC 8259 section 6, the grammar of numbers"
NO_NUMBER = "RFC 8259 section 6, NaN and Infinity are no numbers"
RANGE = "RFC 8259 section 6, range and precision"
DIGITS = "CVE-2020-10735, digits that cost the square of their number"
DOUBLE = "IEEE 754-2019, binary64"


def number(name, source, text, answer=None, rule="token.numbers", **rest):
    claims = None if answer is None else {"a": answer}
    return signed(name, rule, source, f'{{"a":{text}}}'.encode(), claims, **rest)


def grammar(name, text):
    return number(name, GRAMMAR, text, rule="token.json")


def header(name, source, text, answer=None, **rest):
    return signed(name, "token.numbers", source, header=f'{{"alg":"HS256","a":{text}}}'.encode(), answer=answer, **rest)


NUMBERS = [
    number("zero", GRAMMAR, "0", 0),
    number("negative-zero", GRAMMAR, "-0", 0),
    number("negative-zero-with-a-point", DOUBLE, "-0.0", -0.0),
    number("negative-zero-with-an-exponent", DOUBLE, "-0e0", -0.0),
    number("exponent", GRAMMAR, "1E+2", 100.0),
    number("zero-with-a-huge-exponent", RANGE, "0e99999", 0.0),
    number("integer-of-53-bits", RANGE, "9007199254740991", 2**53 - 1),
    number("integer-beyond-53-bits", RANGE, "9007199254740993", 2**53 + 1),
    number("float-beyond-53-bits", RANGE, "9007199254740993.0", 9007199254740992.0),
    number("integer-of-63-bits", RANGE, "9223372036854775807", 2**63 - 1),
    number("integer-beyond-63-bits", RANGE, "9223372036854775808", 2**63),
    number("negative-integer-of-63-bits", RANGE, "-9223372036854775808", -(2**63)),
    number("negative-integer-beyond-63-bits", RANGE, "-9223372036854775809", -(2**63) - 1),
    number("integer-beyond-64-bits", RANGE, "18446744073709551616", 2**64),
    number("negative-integer-beyond-128-bits", RANGE, "-340282366920938463463374607431768211457", -(2**128) - 1),
    number("largest-double", DOUBLE, "1.7976931348623157e308", 1.7976931348623157e308),
    number("rounds-to-the-largest-double", DOUBLE, "1.7976931348623158e308", 1.7976931348623157e308),
    number("rounds-beyond-the-largest-double", DOUBLE, "1.7976931348623159e308", pyjwt=STRICTER),
    number("overflow", RANGE, "1e400", pyjwt=STRICTER),
    number("negative-overflow", RANGE, "-1e400", pyjwt=STRICTER),
    number("overflow-by-digits", RANGE, "1" + "0" * 400 + ".0", pyjwt=STRICTER),
    number("overflow-of-the-exponent", RANGE, "1e99999999999999999999", pyjwt=STRICTER),
    number("smallest-double", DOUBLE, "5e-324", 5e-324),
    number("half-of-the-smallest-double", DOUBLE, "2e-324", 0.0),
    number("underflow", RANGE, "1e-400", 0.0),
    number("underflow-of-the-exponent", RANGE, "1e-99999999999999999999", 0.0),
    number(
        "slow-double-of-php",
        "CVE-2010-4645, a double that is never found",
        "2.2250738585072011e-308",
        2.225073858507201e-308,
    ),
    number(
        "slow-double-of-java",
        "CVE-2010-4476, a double that is never found",
        "2.2250738585072012e-308",
        2.2250738585072014e-308,
    ),
    number("many-digits-after-the-point", RANGE, "0." + "3" * 10_000, 1 / 3),
    number("many-digits-and-an-exponent", RANGE, "9" * 400 + "e-100", float("9" * 400 + "e-100")),
    number("integer-of-4300-digits", DIGITS, "9" * 4_300, 10**4_300 - 1),
    number("integer-of-4301-digits", DIGITS, "9" * 4_301),
    number("negative-integer-of-4299-digits", DIGITS, "-" + "9" * 4_299, 1 - 10**4_299),
    number("negative-integer-of-4300-digits", DIGITS, "-" + "9" * 4_300, pyjwt=STRICTER),
    number("integer-of-40000-digits", DIGITS, "9" * 40_000),
    number("integer-of-40000-digits-in-an-array", DIGITS, "[" + "9" * 40_000 + "]"),
    number("nan", NO_NUMBER, "NaN", pyjwt=STRICTER),
    number("negative-nan", NO_NUMBER, "-NaN"),
    number("nan-in-lowercase", NO_NUMBER, "nan"),
    number("nan-deep", NO_NUMBER, "[[NaN]]", pyjwt=STRICTER),
    number("infinity", NO_NUMBER, "Infinity", pyjwt=STRICTER),
    number("negative-infinity", NO_NUMBER, "-Infinity", pyjwt=STRICTER),
    number("infinity-in-lowercase", NO_NUMBER, "infinity"),
    number("inf", NO_NUMBER, "inf"),
    number("infinity-with-a-plus", NO_NUMBER, "+Infinity"),
    number("indefinite-of-windows", NO_NUMBER, "1.#IND"),
    grammar("leading-zero", "01"),
    grammar("leading-zeros", "000"),
    grammar("negative-with-leading-zero", "-01"),
    grammar("leading-plus", "+1"),
    grammar("no-integer-part", ".5"),
    grammar("negative-without-integer-part", "-.5"),
    grammar("no-fraction", "1."),
    grammar("no-fraction-and-an-exponent", "1.e1"),
    grammar("no-exponent", "1e"),
    grammar("sign-for-an-exponent", "1e+"),
    grammar("point-in-the-exponent", "1e1.5"),
    grammar("two-points", "1.2.3"),
    grammar("two-exponents", "1e1e1"),
    grammar("minus-alone", "-"),
    grammar("plus-alone", "+"),
    grammar("two-minuses", "--1"),
    grammar("space-after-minus", "- 1"),
    grammar("space-within", "1 2"),
    grammar("hexadecimal", "0x10"),
    grammar("octal", "0o17"),
    grammar("binary", "0b1"),
    grammar("hexadecimal-float", "0x1p4"),
    grammar("underscore", "1_000"),
    grammar("comma-for-a-point", "1,5"),
    grammar("apostrophe", "1'000"),
    grammar("suffix-of-a-long", "1L"),
    grammar("suffix-of-a-big-integer", "1n"),
    grammar("suffix-of-a-float", "1.0f"),
    grammar("fraction", "1/2"),
    grammar("complex", "1j"),
    grammar("arabic-digit", "\u0661"),
    grammar("full-width-digit", "\uff11"),
    grammar("superscript", "1\u00b2"),
    grammar("minus-sign-of-unicode", "\u22121"),
    header("number-in-a-header", GRAMMAR, "1.5", CLAIMS),
    header("integer-of-4300-digits-in-a-header", DIGITS, "9" * 4_300, CLAIMS),
    header("integer-of-4301-digits-in-a-header", DIGITS, "9" * 4_301),
    header("nan-in-a-header", NO_NUMBER, "NaN", pyjwt=STRICTER),
    header("overflow-in-a-header", RANGE, "1e400", pyjwt=STRICTER),
]

DEPTH = "CWE-674, recursion without a bound"
COUNTED = "RFC 8259 section 9, a limit of depth"


def depth(name, make, answer=None, source=DEPTH, pyjwt=AS_PYJWT):
    return TokenAttack(name, "token.depth", source, lambda: sign_bytes(make()), answer, pyjwt=pyjwt)


def depth_of_header(name, make, answer=None, pyjwt=AS_PYJWT):
    return TokenAttack(
        name, "token.depth", DEPTH, lambda: sign_bytes(b'{"sub":"alice"}', header=make()), answer, pyjwt=pyjwt
    )


def arrays(levels, inner=b""):
    return b'{"a":' + b"[" * levels + inner + b"]" * levels + b"}"


def nested(levels, value=None):
    for _ in range(levels):
        value = [] if value is None else [value]
    return value


def nested_objects(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def nested_both(levels):
    value = {"a": []}
    for _ in range(levels - 1):
        value = {"a": [value]}
    return value


def with_depth(levels):
    return b'{"alg":"HS256","a":' + b"[" * levels + b"]" * levels + b"}"


DEPTHS = [
    depth("64-by-arrays", lambda: arrays(63), {"a": nested(63)}),
    depth("65-by-arrays", lambda: arrays(64), pyjwt=STRICTER),
    depth("64-by-objects", lambda: b'{"a":' * 64 + b"1" + b"}" * 64, nested_objects(64)),
    depth("65-by-objects", lambda: b'{"a":' * 65 + b"1" + b"}" * 65, pyjwt=STRICTER),
    depth("64-by-both", lambda: b'{"a":[' * 32 + b"]}" * 32, nested_both(32)),
    depth("65-by-both", lambda: b'{"a":[' * 32 + b"[]" + b"]}" * 32, pyjwt=STRICTER),
    depth("65-by-an-empty-object", lambda: arrays(63, b"{}"), pyjwt=STRICTER),
    depth("65-far-from-the-beginning", lambda: b'{"x":[' + b"[]," * 500 + b"[]]," + arrays(64)[1:], pyjwt=STRICTER),
    depth("65-after-a-quoted-bracket", lambda: b'{"x":"\\"]]]]",' + arrays(64)[1:], pyjwt=STRICTER),
    depth("65-in-an-overwritten-member", lambda: arrays(64)[:-1] + b',"a":1}', pyjwt=STRICTER),
    depth("65-with-brackets-of-the-other-kind", lambda: b'{"a":' + b"[" * 64 + b"}" * 64 + b"}"),
    depth("20000-deep", lambda: arrays(20_000), pyjwt=NOT_COMPARED),
    depth("24000-unclosed", lambda: b'{"a":' + b"[" * 24_000, pyjwt=NOT_COMPARED),
    depth("100000-deep", lambda: arrays(100_000), pyjwt=NOT_COMPARED),
    depth("8000-objects-deep", lambda: b'{"a":' * 8_000 + b"1" + b"}" * 8_000, pyjwt=NOT_COMPARED),
    depth("40000-closing", lambda: b'{"a":1}' + b"]" * 40_000),
    depth("1000-side-by-side", lambda: b'{"a":[' + b",".join([b"[]"] * 1_000) + b"]}", {"a": [[]] * 1_000}, COUNTED),
    depth("brackets-in-a-string", lambda: b'{"a":"' + b"[" * 1_000 + b'"}', {"a": "[" * 1_000}, COUNTED),
    depth("brackets-in-a-name", lambda: b'{"' + b"{" * 1_000 + b'":1}', {"{" * 1_000: 1}, COUNTED),
    depth(
        "brackets-after-an-escaped-quote",
        lambda: b'{"a":"\\"' + b"[" * 1_000 + b'"}',
        {"a": '"' + "[" * 1_000},
        COUNTED,
    ),
    depth_of_header("64-in-a-header", lambda: with_depth(63), CLAIMS),
    depth_of_header("65-in-a-header", lambda: with_depth(64), pyjwt=STRICTER),
    depth_of_header("20000-in-a-header", lambda: with_depth(20_000), pyjwt=NOT_COMPARED),
]


@pytest.mark.parametrize("attack", parameters(NUMBERS, DEPTHS))
def test_numbers_and_depth_are_bounded(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters([row for row in (*NUMBERS, *DEPTHS) if row.pyjwt]))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt
