"""Hypothesis strategies for JSON texts: valid ones, and invalid ones that look valid."""

import json
import re

from hypothesis import strategies as st

SPACES = st.sampled_from(["", "", "", "", " ", "\n\t", "\r", "\f", "\xa0", "\ufeff"])
STRINGS = st.one_of(
    st.text(max_size=6).map(json.dumps),
    st.text(max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(
        ['"\\u00e9\\ud83d\\ude00"', '"\\ud800"', '"\\udc00"', '"\\ud800\\u0041"', '"\\ud83d\\ud83d\\ude00"']
    ),
    st.sampled_from(
        ['"\\x"', '"\\u12"', '"\\u+123"', '"\\"', '"', '"\t"', '"\x00"', '"\x7f"', '"\\/"', "'a'", '"\ud800"']
    ),
    st.text('\\u"dD8cC0eE1/bfnrt', max_size=12).map(lambda text: f'"{text}"'),
)
NUMBERS = st.one_of(
    st.integers().map(str),
    st.integers(2**62, 2**65).map(str),
    st.integers(-(2**65), -(2**62)).map(str),
    st.floats().map(json.dumps),
    st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[-+.eE0-9]{1,6}", fullmatch=True),
    st.sampled_from(
        ["-0", "-0.0", "0e5", "1e308", "1e309", "1E400", "-1e400", "1e-400", "01", "1.", ".5", "1e", "0x1"]
    ),
    st.sampled_from(["179769313486231580793728971405301199e273", "2.2250738585072011e-308", "4.9406564584124654e-324"]),
    st.sampled_from(["9007199254740993.0", "0.1e1", "1e99999", "0e99999", "1e-99999", "0." + "0" * 400 + "1"]),
    st.integers(4290, 4305).map(lambda length: "7" * length),
    st.integers(4290, 4305).map(lambda length: "-" + "7" * (length - 1)),
    st.integers(300, 5000).map(lambda length: "1" * length + ".5"),
    st.integers(300, 5000).map(lambda length: "0." + "3" * length),
)
WORDS = st.sampled_from(["true", "false", "null", "NaN", "Infinity", "-Infinity", "True", "nul", ""])
NAMES = st.sampled_from(["sub", "role", "exp", "nbf", "iat", "aud", "jti", "iss", "a", "a", ""]).map(json.dumps)
DEEP = st.builds(
    lambda depth, pair: pair[0] * depth + "0" + pair[1] * depth,
    st.integers(58, 68),
    st.sampled_from([("[", "]"), ('{"a":', "}"), ("[[", "]")]),
)


def separated(items, opening, closing, space):
    return opening + space + f"{space},".join(items) + space + closing


def arrays(values, spaces=SPACES):
    return st.builds(separated, st.lists(values, max_size=4), st.just("["), st.just("]"), spaces)


def objects(values, spaces=SPACES, names=NAMES | STRINGS):
    member = st.builds("{}{}:{}{}".format, names, spaces, spaces, values)
    return st.builds(separated, st.lists(member, max_size=5), st.just("{"), st.just("}"), spaces)


VALUES = st.recursive(STRINGS | NUMBERS | WORDS | DEEP, lambda values: arrays(values) | objects(values), max_leaves=12)

# Texts that are mostly valid

VALID_SPACES = st.sampled_from(["", " ", "\n\t", "\r"])
VALID_NUMBERS = NUMBERS.filter(re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?").fullmatch)
VALID_STRINGS = st.text(max_size=6).flatmap(
    lambda text: st.booleans().map(lambda plain: json.dumps(text, ensure_ascii=plain))
)
VALID_NAMES = st.sampled_from(["a", "a", "b", "", "role", "iss", "\u00e9"]).map(json.dumps) | VALID_STRINGS
VALID_VALUES = st.recursive(
    VALID_STRINGS | VALID_NUMBERS | st.sampled_from(["true", "false", "null"]),
    lambda values: arrays(values, VALID_SPACES) | objects(values, VALID_SPACES, VALID_NAMES),
    max_leaves=12,
)
VALID_OBJECTS = objects(VALID_VALUES, VALID_SPACES, VALID_NAMES)


def as_bytes(text):
    return text.encode("utf-8", "surrogatepass")


def with_insertion(data, index, piece):
    index %= len(data) + 1
    return data[:index] + piece + data[index:]


PAYLOADS = st.one_of(
    VALID_OBJECTS.map(as_bytes),
    VALID_OBJECTS.map(as_bytes),
    st.builds(with_insertion, VALID_OBJECTS.map(as_bytes), st.integers(0, 10_000), st.binary(min_size=1, max_size=1)),
    objects(VALUES).map(as_bytes),
    st.builds(with_insertion, objects(VALUES).map(as_bytes), st.integers(0, 10_000), st.binary(min_size=1, max_size=2)),
    VALUES.map(as_bytes),
    st.binary(max_size=40),
    objects(VALUES).map(lambda text: text.encode("utf-16", "surrogatepass")),
)

HEADER_NAMES = st.sampled_from(["alg", "typ", "kid", "crit", "b64", "zip", "\\u0061lg"])
HEADER_TEXTS = [
    '"HS256"',
    '"hs256"',
    '"none"',
    '"\\u0048S256"',
    '"JWT"',
    '"\\ud800"',
    '"b64"',
    '["b64"]',
    '["b64","b64"]',
]
HEADER_TEXTS += ['["b64","exp"]', "[]", "[1]", "{}", "0", "1e400", "NaN", "true", "false", "null"]
HEADER_VALUES = st.sampled_from(HEADER_TEXTS)
HEADER_MEMBERS = st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=5)
