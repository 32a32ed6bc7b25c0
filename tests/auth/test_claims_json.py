"""The JSON of claims at the edges of what is read at once: both engines against ``json``, and against each other."""

import json
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from json_texts import NUMBERS, STRINGS, as_bytes
from outcomes import identical
from raw_tokens import SECRET, sign_bytes

many = settings(max_examples=300, deadline=None)


def read(both, payload):
    """The claims of *payload*, or ``None``, which both engines agree upon to the last bit."""
    token = sign_bytes(payload)
    rust, python = (engine.verify_token(token, SECRET) for engine in both)
    assert identical(rust, python), payload
    assert repr(rust) == repr(python)
    return rust


def accepted(both, payload):
    claims = read(both, payload)
    assert claims is not None, payload
    assert identical(claims, json.loads(payload))
    return claims


# Strings: something at every position around the words that are read at once

PIECES = {
    "quote": (rb"\"", '"'),
    "backslash": (rb"\\", "\\"),
    "slash": (rb"\/", "/"),
    "line-feed": (rb"\n", "\n"),
    "tab": (rb"\t", "\t"),
    "form-feed": (rb"\f", "\f"),
    "nul": (rb"\u0000", "\0"),
    "ascii-by-number": (rb"\u0041", "A"),
    "quote-by-number": (rb"\u0022", '"'),
    "latin": (rb"\u00e9", "é"),
    "last-of-two-bytes": (rb"\u07ff", "\u07ff"),
    "line-separator": (rb"\u2028", "\u2028"),
    "last-of-the-plane": (rb"\uffff", "\uffff"),
    "pair": (rb"\ud83d\ude00", "😀"),
    "pair-in-capitals": (rb"\uD83D\uDE00", "😀"),
    "last-pair": (rb"\udbff\udfff", "\U0010ffff"),
    "raw-two-bytes": ("é".encode(), "é"),
    "raw-three-bytes": ("愛".encode(), "愛"),
    "raw-four-bytes": ("😀".encode(), "😀"),
    "raw-last": ("\U0010ffff".encode(), "\U0010ffff"),
    "delete": (b"\x7f", "\x7f"),
    "c1": ("\x80".encode(), "\x80"),
    "byte-order-mark": ("\ufeff".encode(), "\ufeff"),
    "brackets": (b"[{]}", "[{]}"),
    "comma-and-colon": (b",:", ",:"),
    "space": (b"  ", "  "),
}


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_is_read_at_every_position_of_a_string(both, piece):
    text, value = PIECES[piece]
    for before in (*range(35), 62, 63, 64, 65, 127, 128):
        for after in (0, 1, 7, 8, 9):
            payload = b'{"a":"%b%b%b"}' % (b"x" * before, text, b"y" * after)
            assert accepted(both, payload) == {"a": "x" * before + value + "y" * after}


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_is_read_in_a_name_and_at_every_place_of_the_text(both, piece):
    text, value = PIECES[piece]
    for before in range(20):
        space = b" " * before
        assert accepted(both, b'{%b"%b":1}' % (space, text)) == {value: 1}
        assert accepted(both, b'{"n":[%b"%b","%b%b"]}' % (space, text, text, text)) == {"n": [value, value * 2]}
        assert accepted(both, b'{"%b%b":{"%b":"%b"}}' % (b"n" * before, text, text, text)) == {
            "n" * before + value: {value: value}
        }


BAD_PIECES = {
    "line-feed": b"\n",
    "carriage-return": b"\r",
    "tab": b"\t",
    "nul": b"\0",
    "escape": b"\x1b",
    "last-control": b"\x1f",
    "raw-quote": b'"',
    "letter": rb"\x41",
    "apostrophe": rb"\'",
    "capital": rb"\N",
    "octal": rb"\101",
    "line-feed-escaped": b"\\\n",
    "three-digits": rb"\u004",
    "no-digits": rb"\u",
    "letter-within": rb"\u00g1",
    "sign": rb"\u+041",
    "space-within": rb"\u 041",
    "underscore-within": rb"\u0_41",
    "high-alone": rb"\ud83d",
    "low-alone": rb"\ude00",
    "high-high": rb"\ud83d\ud83d",
    "low-high": rb"\ude00\ud83d",
    "high-and-text": rb"\ud83dx",
    "high-and-escape": rb"\ud83d\n",
    "high-and-latin": rb"\ud83d\u00e9",
    "high-and-cut": rb"\ud83d\ude0",
    "high-and-backslash": rb"\ud83d\\ude00",
    "high-high-low": rb"\ud83d\ud83d\ude00",
    "pair-and-low": rb"\ud83d\ude00\ude00",
    "continuation-alone": b"\x80",
    "cut-two-bytes": b"\xc3",
    "cut-three-bytes": b"\xe6\x84",
    "cut-four-bytes": b"\xf0\x9f\x98",
    "overlong-two": b"\xc0\x80",
    "overlong-slash": b"\xc0\xaf",
    "overlong-three": b"\xe0\x80\xaf",
    "overlong-four": b"\xf0\x80\x80\xaf",
    "surrogate-in-utf-8": b"\xed\xa0\x80",
    "surrogates-in-utf-8": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond-unicode": b"\xf4\x90\x80\x80",
    "never-a-byte": b"\xff",
    "f5": b"\xf5\x80\x80\x80",
    "latin-1": b"\xe9x",
}


@pytest.mark.parametrize("piece", BAD_PIECES.values(), ids=BAD_PIECES.keys())
def test_a_bad_piece_is_refused_at_every_position_of_a_string(both, piece):
    for before in (*range(35), 63, 64, 65, 127, 128):
        for after in (0, 1, 7, 8, 9):
            assert read(both, b'{"a":"%b%b%b"}' % (b"x" * before, piece, b"y" * after)) is None
            assert read(both, b'{"%b%b%b":1}' % (b"x" * before, piece, b"y" * after)) is None


@pytest.mark.parametrize("control", range(0x20))
def test_a_control_character_is_refused_wherever_it_stands_in_a_string(both, control):
    for at in range(18):
        text = b"x" * at + bytes([control]) + b"x" * (17 - at)
        assert read(both, b'{"a":"%b"}' % text) is None
        assert read(both, b'{"%b":"a"}' % text) is None


@pytest.mark.parametrize("byte", range(0x80, 0x100))
def test_a_byte_beyond_ascii_alone_is_refused(both, byte):
    for at in (0, 3, 7, 8, 15):
        assert read(both, b'{"a":"%b%c%b"}' % (b"x" * at, byte, b"x" * 9)) is None
        assert read(both, b'{"a":1%c}' % byte) is None


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 255, 256, 257, 4_095, 4_096, 4_097, 40_000])
@pytest.mark.parametrize("character", ["x", "é", "愛", "😀", '"', "\\", "\x00", "\x7f", "/"], ids=ascii)
def test_strings_of_every_length(both, length, character):
    text = character * min(length, 48_000 // len(json.dumps(character)))
    for value in (text, text + "x", "x" + text, text + "é", "é" + text):
        for ascii_only in (True, False):
            payload = json.dumps({"a": value, value: 1}, ensure_ascii=ascii_only).encode()
            if len(payload) < 48_000:
                assert identical(accepted(both, payload), {"a": value, value: 1})


ANYTHING_IN_A_STRING = st.lists(
    st.sampled_from([*(text for text, _ in PIECES.values()), *BAD_PIECES.values(), b"x", b"xxxxxxx", b"\\", b'"'])
    | st.integers(0, 17).map(lambda length: b"y" * length),
    max_size=8,
).map(b"".join)


@settings(many, max_examples=1_000)
@given(name=ANYTHING_IN_A_STRING, value=ANYTHING_IN_A_STRING)
@example(name=b"", value=b"\\")
def test_strings_of_any_pieces_are_read_or_refused_alike(both, name, value):
    read(both, b'{"%b":"%b"}' % (name, value))


@settings(many, max_examples=500)
@given(
    pieces=st.lists(
        st.sampled_from(list(PIECES.values())) | st.text("xyz", max_size=9).map(lambda t: (t.encode(), t)), max_size=12
    )
)
def test_strings_of_good_pieces_are_read(both, pieces):
    text = b"".join(text for text, _ in pieces)
    value = "".join(value for _, value in pieces)
    assert identical(accepted(both, b'{"%b":"%b"}' % (text, text)), {value: value})


# Integers

EDGES = [
    0,
    1,
    9,
    10,
    2**31,
    2**32,
    2**53,
    10**15,
    10**16,
    10**17,
    10**18,
    2**62,
    2**63,
    10**19,
    2**64,
    10**20,
    2**127,
    2**128,
    10**40,
]
INTEGERS = sorted({sign * (edge + by) for edge in EDGES for by in (-2, -1, 0, 1, 2) for sign in (1, -1)})


@pytest.mark.parametrize("number", INTEGERS)
def test_an_integer_is_exact(both, number):
    for payload in ('{"a":%d}', '{"a":[%d,%d]}', '{"a": %d }', '{"a":%d,"b":1}', '{"a":{"b":%d}}'):
        made = payload.replace("%d", str(number)).encode()
        assert accepted(both, made)["a"] in (number, [number] * 2, {"b": number})


@pytest.mark.parametrize("number", INTEGERS)
def test_an_integer_with_a_point_or_an_exponent_is_a_float(both, number):
    for tail in (".0", "e0", "E0", "e+0", "e-0", ".0e0", ".5", "e1", "e-1", ".00000000000000000000001"):
        value = accepted(both, f'{{"a":{number}{tail}}}'.encode())["a"]
        assert type(value) is float
        assert identical(value, float(f"{number}{tail}"))


@pytest.mark.parametrize("number", ["-0", "-0.0", "0", "0.0", "-0e0", "0e99999", "-0E-99999"])
def test_zeros_keep_their_kind_and_sign(both, number):
    value = accepted(both, f'{{"a":{number}}}'.encode())["a"]
    assert identical(value, json.loads(number))
    assert math.copysign(1, value) == math.copysign(1, json.loads(number))


NO_NUMBERS = [
    "00",
    "01",
    "-01",
    "-",
    "--1",
    "+1",
    "1.",
    ".1",
    "-.1",
    "1.e1",
    "1e",
    "1e+",
    "1e-",
    "0x1",
    "1_000",
    "1,000",
    "١",
    "１",
]
NO_NUMBERS += [
    "1 2",
    "1e1.5",
    "1e1e1",
    "- 1",
    "1 .5",
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "inf",
    "nan",
    "1n",
    "1f",
    "1L",
    "0b1",
    "1e400",
]


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_what_is_no_number_is_refused(both, number):
    for payload in ('{"a":%s}', '{"a":[%s]}', '{"a":[1,%s,2]}'):
        assert read(both, payload.replace("%s", number).encode()) is None or number == "1,000"


@pytest.mark.parametrize("digits", [*range(1, 45), 308, 309, 310, 4_299])
def test_integers_of_every_length(both, digits):
    for digit in "19":
        for sign in ("", "-"):
            assert accepted(both, f'{{"a":{sign}{digit * digits}}}'.encode())["a"] == int(sign + digit * digits)


@many
@given(number=NUMBERS, after=st.sampled_from(["", " ", ",1", "]", "x", ".", "e", "-", '"', "0"]))
def test_any_number_is_read_or_refused_alike(both, number, after):
    read(both, f'{{"a":[{number}{after}]}}'.encode())


FLOATS = [
    "1e308",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "5e-324",
    "2e-324",
    "3e-324",
]
FLOATS += [
    "2.2250738585072011e-308",
    "2.2250738585072014e-308",
    "9007199254740993.0",
    "9007199254740992.5",
    "0.1",
    "0.30000000000000004",
]
FLOATS += [
    "1e22",
    "1e23",
    "123456789012345678901234567890.5",
    "8.41e21",
    "1.0000000000000002220446049250313080847263336181640625",
]
FLOATS += [
    "6.631236846766476e-316",
    "3.5844466002796428e298",
    "0." + "0" * 307 + "1",
    "1" + "0" * 300 + ".0",
    "9" * 400 + "e-100",
]


@pytest.mark.parametrize("number", FLOATS)
def test_a_float_is_the_nearest_one(both, number):
    for sign in ("", "-"):
        value = read(both, f'{{"a":{sign}{number}}}'.encode())
        expected = float(sign + number)
        assert value is None if math.isinf(expected) else identical(value, {"a": expected})


# Depth

OPENINGS = {"arrays": (b"[", b"]"), "objects": (b'{"a":', b"}"), "mixed": (b'[{"a":', b"}]"), "spaced": (b"[ ", b" ]")}


@pytest.mark.parametrize("kind", OPENINGS)
@pytest.mark.parametrize("inner", [b"1", b'"[[[["', b'"]]]]"', b"[]", b"{}", b'"\\"["', b"null"])
def test_depth_is_counted_alike_up_to_the_limit(both, kind, inner):
    opening, closing = OPENINGS[kind]
    a_level = 2 if kind == "mixed" else 1
    deepest = inner in (b"[]", b"{}")
    for levels in (1, 2, 30, 31, 32, 33, 61, 62, 63, 64, 65, 66, 100, 1_000):
        payload = b'{"x":' + opening * levels + inner + closing * levels + b"}"
        depth = 1 + a_level * levels + deepest
        assert (read(both, payload) is not None) is (depth <= 64), depth


def test_depth_is_not_the_number_of_brackets(both):
    for payload in (
        b'{"a":[' + b",".join([b"[]"] * 1_000) + b"]}",
        b'{"a":[' + b",".join([b"[" * 62 + b"]" * 62] * 20) + b"]}",
        b'{"a":"' + b"[" * 1_000 + b'"}',
        b'{"' + b"{" * 1_000 + b'":1}',
        b'{"a":"\\"' + b"[" * 1_000 + b'"}',
        b'{"a":[' + b",".join([b'"[{"'] * 500) + b"]}",
    ):
        accepted(both, payload)


@many
@given(
    parts=st.lists(
        st.sampled_from([b"[", b"[", b"[", b"]", b'{"a":', b"}", b"1", b",", b'"["', b'"]"', b" "]), max_size=30
    ),
    levels=st.integers(55, 70),
)
def test_deep_texts_are_read_or_refused_alike(both, parts, levels):
    read(both, b'{"a":' + b"[" * levels + b"".join(parts) + b"]" * levels + b"}")


# Names

NAMES = st.sampled_from(
    [b"a", rb"\u0061", b"b", b"", b"exp", rb"\u0065xp", b"sub", "é".encode(), rb"\u00e9", b"aaaaaaaa", b"aaaaaaa"]
)
MEMBERS = st.lists(
    st.tuples(NAMES, st.sampled_from([b"1", b"2", b'"s"', b"[]", b"{}", b"99999999999", b"null", b"1.5"])), max_size=8
)


def object_of(members):
    return b"{" + b",".join(b'"%b":%b' % member for member in members) + b"}"


@settings(many, max_examples=800)
@given(outer=MEMBERS, inner=MEMBERS)
@example(outer=[(b"exp", b"1"), (rb"\u0065xp", b"99999999999")], inner=[])
@example(outer=[(b"exp", b"99999999999"), (b"exp", b"1")], inner=[])
def test_the_last_of_equal_names_counts_and_the_first_gives_the_place(both, outer, inner):
    payload = object_of([*outer, (b"inner", object_of(inner))])
    claims = read(both, payload)
    expected = json.loads(payload)
    exp, sub = expected.get("exp", 99999999999), expected.get("sub", "")
    is_valid = type(exp) in (int, float) and exp > 1_000_000_000 and isinstance(sub, str)
    assert identical(claims, expected if is_valid else None)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 100, 1_000])
def test_many_names(both, count):
    names = [f"name {number}" for number in range(count)]
    accepted(both, json.dumps(dict.fromkeys(names, 1)).encode())
    accepted(both, b"{" + b",".join(b'"same":%d' % number for number in range(count)) + b"}")
    assert list(read(both, object_of([(name.encode(), b"1") for name in [*names, *reversed(names)]]))) == names


# What goes between

SPACES = st.text(" \t\r\n", max_size=18).map(str.encode)
NO_SPACES = [
    b"\f",
    b"\v",
    b"\0",
    b"\xa0",
    "\u2028".encode(),
    "\ufeff".encode(),
    b"//",
    b"/**/",
    b"#",
    b",",
    b";",
    b"'",
    b"\x85",
]


@many
@given(spaces=st.lists(SPACES, min_size=12, max_size=12))
def test_white_space_may_stand_between_all_tokens(both, spaces):
    tokens = [b"{", b'"a"', b":", b"[", b"1", b",", b'"x"', b"]", b",", b'"b"', b":", b"null", b"}"]
    text = b"".join(space + token for space, token in zip([*spaces, b""], tokens, strict=True))
    assert accepted(both, text + spaces[0]) == {"a": [1, "x"], "b": None}


@pytest.mark.parametrize("space", NO_SPACES, ids=ascii)
def test_nothing_else_may_stand_between_tokens(both, space):
    tokens = [b"{", b'"a"', b":", b"[", b"1", b",", b'"x"', b"]", b"}"]
    for at in range(len(tokens) + 1):
        assert read(both, b"".join([*tokens[:at], space, *tokens[at:]])) is None


BROKEN = [
    b"",
    b"{",
    b"}",
    b"{}}",
    b"{}{}",
    b"{},",
    b"[]",
    b"[{}]",
    b"1",
    b'"a"',
    b"null",
    b"{]",
    b'{"a"}',
    b'{"a":}',
    b'{"a":1,}',
    b'{,"a":1}',
]
BROKEN += [
    b'{"a":1 "b":2}',
    b'{"a":1,,"b":2}',
    b'{"a":[1,]}',
    b'{"a":[,1]}',
    b'{"a":[1 2]}',
    b'{"a":[1}',
    b"{a:1}",
    b"{1:1}",
    b"{null:1}",
    b'{"a":tru}',
]
BROKEN += [
    b'{"a":True}',
    b'{"a":nulll}',
    b'{"a":truefalse}',
    b'{"a":undefined}',
    b"{'a':1}",
    b'{"a":1',
    b'{"a":"',
    b'{"a',
    b'{"a":"x}',
    b'{"a":1}x',
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("payload", BROKEN, ids=ascii)
def test_broken_texts_are_refused(both, payload):
    for before in (0, 1, 7, 8, 9, 16):
        assert read(both, b" " * before + payload) is None


@pytest.mark.parametrize(
    "payload", [b'{"sub":"alice","n":[1,-2.5e3,true,null,"\\u00e9\xc3\xa9\\"x"],"o":{"k":"v"},"exp":99999999999}']
)
def test_every_beginning_of_a_text_and_every_text_with_a_byte_changed(both, payload):
    accepted(both, payload)
    for length in range(len(payload)):
        assert read(both, payload[:length]) is None
        for byte in b'"\\{}[],:0-e \x00\x1f\x80\xc3x':
            read(both, payload[:length] + bytes([byte]) + payload[length + 1 :])
            read(both, payload[:length] + bytes([byte]) + payload[length:])


@many
@given(values=st.lists(STRINGS | NUMBERS, max_size=5), filler=st.integers(0, 17))
def test_values_at_any_place_are_read_or_refused_alike(both, values, filler):
    read(both, as_bytes('{"%s":[%s]}' % ("n" * filler, ",".join(values))))  # noqa: UP031 - braces
