"""The JSON of tokens, read by both engines: strings, numbers, depth and white space at every position of the text.

The Rust engine reads eight bytes of a string at a time, and short payloads without an allocation: a character that is
read correctly at one position may not be at another. Valid text must have the value that ``json`` reads. The rows of
``tests/attacks/test_tokens_json.py`` have the rules and their sources.
"""

import itertools
import json
import math
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from json_texts import NUMBERS
from outcomes import identical, outcome_of_both
from raw_tokens import SECRET, sign_bytes
from tests.reference import json_text

many = settings(max_examples=500, deadline=None)
OFFSETS = [*range(35), 62, 63, 64, 65, 127, 128]
TAILS = [0, 1, 7, 8, 9]


def read(both, payload):
    """Return the claims of a signed token, or ``None``. Both engines must return the same."""
    how, claims = outcome_of_both(both, "verify_token", sign_bytes(payload), SECRET)
    assert how == "returned"
    return claims


def assert_accepted(both, payload):
    assert identical(read(both, payload), json.loads(payload)), payload


def assert_rejected(both, payload):
    assert read(both, payload) is None, payload


# Strings

ESCAPES = rb"\" \\ \/ \b \f \n \r \t \u0000 \u0041 \u0022 \u00e9 \u07ff \u2028 \uffff \uD7FF \ue000".split()
PAIRS = rb"\ud83d\ude00 \uD83D\uDE00 \ud800\udc00 \udbff\udfff \udaff\udd00 \uD9AB\uDFCD".split()
CHARACTERS = [character.encode() for character in "\x7f\x80é\u07ff\u0800愛\u2028\ufeff\uffff\U00010000😀\U0010ffff/ "]
PUNCTUATION = [b"[{]}", b",:", b"  ", b"//", b"#", b"'"]
VALID = {
    "escapes": ESCAPES,
    "surrogate pairs": PAIRS,
    "characters beyond ASCII": CHARACTERS,
    "JSON punctuation": PUNCTUATION,
}
INVALID = {
    "control characters": [bytes([control]) for control in range(0x20)],
    "lone bytes beyond ASCII": [bytes([byte]) for byte in range(0x80, 0x100)],
    "malformed escapes": [
        *rb"\x41 \' \N \101 \v \u \u004 \u00g1 \u+041 \u0_41 \u00G1 \U00000041".split(),
        *(b'"', b"\\\n", rb"\u 041", "\\u００４１".encode()),
    ],
    "lone surrogates": [
        *rb"\ud83d \ude00 \ud83d\ud83d \ude00\ud83d \ud83dx \ud83d\n \ud83d\u00e9 \ud83d\ude0 \ud83d\\ude00".split(),
        *rb"\ud83d\ud83d\ude00 \ud83d\ude00\ude00 \\\ud83d \ud800\uda00 \ud83d\udbff \udc00\udfff \uDBFF\uDBFF".split(),
    ],
    "malformed UTF-8": [
        *(b"\xe6\x84", b"\xf0\x9f\x98", b"\xc0\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf"),
        *(b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xe9x"),
    ],
}


def around(text):
    """Yield payloads with *text* in a value and in a name, at many offsets."""
    for before in OFFSETS:
        for after in TAILS:
            padded = b"x" * before + text + b"y" * after
            yield b'{"a":"%b"}' % padded
            yield b'{"%b":1}' % padded


@pytest.mark.parametrize("kind", VALID)
def test_valid_string_is_read_at_every_offset(both, kind):
    for text in VALID[kind]:
        for payload in around(text):
            assert_accepted(both, payload)


@pytest.mark.parametrize("kind", INVALID)
def test_invalid_string_is_rejected_at_every_offset(both, kind):
    for text in INVALID[kind]:
        for payload in around(text):
            assert_rejected(both, payload)


@pytest.mark.parametrize("length", [*range(10), 15, 16, 17, 31, 32, 33, 255, 256, 257, 4_095, 4_096, 4_097, 40_000])
def test_string_of_any_length_is_read(both, length):
    for character in ("x", "é", "愛", "😀", '"', "\\", "\x00", "\x7f", "/"):
        text = character * min(length, 48_000 // len(json.dumps(character)))
        for value in (text, text + "x", "x" + text, text + "é", "é" + text):
            for ascii_only in (True, False):
                payload = json.dumps({"a": value, value: 1}, ensure_ascii=ascii_only).encode()
                if len(payload) < 48_000:
                    assert_accepted(both, payload)


ALL_STRINGS = itertools.chain(*VALID.values(), *INVALID.values())
PIECES = st.sampled_from([*ALL_STRINGS, b"x", b"xxxxxxx", b"\\", b'"'])
STRING_CONTENT = st.lists(PIECES | st.integers(0, 17).map(lambda length: b"y" * length), max_size=8).map(b"".join)


@settings(many, max_examples=1_000)
@given(name=STRING_CONTENT, value=STRING_CONTENT)
@example(name=b"", value=b"\\")
def test_string_of_any_pieces_is_read_as_the_reference_reads_it(both, name, value):
    payload = b'{"%b":"%b"}' % (name, value)
    assert identical(read(both, payload), json_text.token_object(payload))


# Numbers

LIMITS = [0, *(2**n for n in (31, 32, 53, 62, 63, 64, 127, 128)), *(10**n for n in (*range(45), 308, 309, 310, 4_298))]
INTEGERS = sorted({sign * (limit + by) for limit in LIMITS for by in (-2, -1, 0, 1, 2) for sign in (1, -1)})
FLOATS = (
    "1e22 1e23 8.41e21 0.1 0.30000000000000004 9007199254740993.0 9007199254740992.5 123456789012345678901234567890.5 "
    "1.0000000000000002220446049250313080847263336181640625 3.5844466002796428e298 1e308 1.7976931348623157e308 "
    "1.7976931348623158e308 5e-324 2e-324 3e-324 6.631236846766476e-316 2.2250738585072011e-308 "
    f"2.2250738585072014e-308 0.{'0' * 307}1 1{'0' * 300}.0 {'9' * 400}e-100 0e99999 0E-99999 0.0 0e0"
).split()


def test_integer_is_exact(both):
    for number in INTEGERS:
        for payload in ('{"a":%}', '{"a":[%,%]}', '{"a": % }', '{"a":%,"b":1}', '{"a":{"b":%}}'):
            assert_accepted(both, payload.replace("%", str(number)).encode())


def test_integer_with_a_fraction_or_an_exponent_is_a_float(both):
    for number in INTEGERS:
        for tail in (".0", "e0", "E0", "e+0", "e-0", ".0e0", ".5", "e1", "e-1", ".00000000000000000000001"):
            literal = f"{number}{tail}"
            expected = {"a": float(literal)} if math.isfinite(float(literal)) else None
            assert identical(read(both, f'{{"a":{literal}}}'.encode()), expected), literal


def test_float_is_the_nearest_one(both):
    for number in FLOATS:
        for literal in (number, f"-{number}"):
            assert identical(read(both, f'{{"a":{literal}}}'.encode()), {"a": float(literal)}), literal


@many
@given(number=NUMBERS, after=st.sampled_from(["", " ", ",1", "]", "x", ".", "e", "-", '"', "0"]))
def test_any_number_is_read_as_the_reference_reads_it(both, number, after):
    payload = f'{{"a":[{number}{after}]}}'.encode()
    assert identical(read(both, payload), json_text.token_object(payload))


def test_digit_limit_of_the_interpreter_applies_to_claims_only(both):
    limit = sys.get_int_max_str_digits()
    header = b'{"alg":"HS256","n":' + b"7" * 1_000 + b"}"
    sys.set_int_max_str_digits(640)
    try:
        token = sign_bytes(b'{"sub":"alice"}', header=header)
        assert outcome_of_both(both, "verify_token", token, SECRET) == ("returned", {"sub": "alice"})
        assert_rejected(both, b'{"n":' + b"7" * 1_000 + b"}")
    finally:
        sys.set_int_max_str_digits(limit)


# Depth

BRACKETS = {"arrays": (b"[", b"]"), "objects": (b'{"a":', b"}"), "both": (b'[{"a":', b"}]"), "spaces": (b"[ ", b" ]")}


@pytest.mark.parametrize("kind", BRACKETS)
@pytest.mark.parametrize("inner", [b"1", b'"[[[["', b'"]]]]"', b"[]", b"{}", b'"\\"["', b"null"])
def test_depth_is_limited_to_64(both, kind, inner):
    opening, closing = BRACKETS[kind]
    for levels in (1, 2, 30, 31, 32, 33, 61, 62, 63, 64, 65, 66, 100, 1_000):
        payload = b'{"x":' + opening * levels + inner + closing * levels + b"}"
        depth = 1 + levels * (2 if kind == "both" else 1) + (inner in (b"[]", b"{}"))
        assert (read(both, payload) is not None) is (depth <= 64), depth


DEEP_PARTS = st.sampled_from([b"[", b"[", b"[", b"]", b'{"a":', b"}", b"1", b",", b'"["', b'"]"', b" "])


@many
@given(parts=st.lists(DEEP_PARTS, max_size=30), levels=st.integers(55, 70))
def test_deep_text_is_read_as_the_reference_reads_it(both, parts, levels):
    payload = b'{"a":' + b"[" * levels + b"".join(parts) + b"]" * levels + b"}"
    assert identical(read(both, payload), json_text.token_object(payload))


# Between the tokens of JSON

JSON_TOKENS = [b"{", b'"a"', b":", b"[", b"1", b",", b'"x"', b"]", b",", b'"b"', b":", b"null", b"}"]
NOT_WHITE_SPACE = [*b"\f \v \0 \xa0 // /**/ # , ; ' \x85 \xef\xbb\xbf \xe2\x80\xa8".split(b" "), b"\x1f", b"\\n"]


@many
@given(spaces=st.lists(st.text(" \t\r\n", max_size=18).map(str.encode), min_size=14, max_size=14))
def test_white_space_may_be_between_all_tokens(both, spaces):
    assert_accepted(both, b"".join(space + token for space, token in zip(spaces, [*JSON_TOKENS, b""], strict=True)))


@pytest.mark.parametrize("text", NOT_WHITE_SPACE, ids=ascii)
def test_nothing_else_may_be_between_tokens(both, text):
    for at in range(len(JSON_TOKENS) + 1):
        assert_rejected(both, b"".join([*JSON_TOKENS[:at], text, *JSON_TOKENS[at:]]))


def test_text_with_one_byte_cut_changed_or_inserted_is_read_as_the_reference_reads_it(both):
    valid = b'{"name":"alice","n":[1,-2.5e3,true,null,"\\u00e9\xc3\xa9\\"x"],"o":{"k":"v"},"id":99999999999}'
    assert_accepted(both, valid)
    for at in range(len(valid)):
        assert_rejected(both, valid[:at])
        for byte in b'"\\{}[],:0-e \x00\x1f\x80\xc3x':
            for payload in (valid[:at] + bytes([byte]) + valid[at + 1 :], valid[:at] + bytes([byte]) + valid[at:]):
                assert identical(read(both, payload), json_text.token_object(payload)), payload
