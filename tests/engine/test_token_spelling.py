"""The characters of a token: JSON and base64url are encoded at every length, and only one spelling is decoded.

The Rust engine encodes and decodes many bytes at a time, and short payloads without an allocation: a result that is
correct at one position or length may not be at another. The rows of ``tests/attacks/test_tokens_format.py`` have the
rules.
"""

import json

import clock
import jwt
import pytest
from outcomes import outcome_of_both
from raw_tokens import HEADER, SECRET, base64url, sign_bytes, sign_segments
from tests.reference import tokens as reference

NOW = 1_700_000_000.0
LENGTHS = [
    *range(110),
    127,
    128,
    129,
    *range(189, 196),
    255,
    256,
    257,
    *range(1_000, 1_003),
    1_023,
    1_024,
    1_025,
    10_000,
]


def assert_created_as_pyjwt_does(both, username, role="user"):
    with clock.stopped_at(NOW):
        how, token = outcome_of_both(both, "create_token", username, role, SECRET, 1)
    assert how == "returned"
    claims = {"sub": username, "role": role, "iat": int(NOW), "exp": int(NOW) + 3_600}
    assert token == jwt.encode(claims, SECRET, algorithm="HS256")


def read(both, token):
    """Return the claims, or ``None``. Both engines must return the same."""
    how, claims = outcome_of_both(both, "verify_token", token, SECRET)
    assert how == "returned"
    return claims


def of_length(length):
    """Return a JSON object of *length* bytes, at least eight."""
    return b'{"a":"' + b"x" * (length - 8) + b'"}'


# Writing


@pytest.mark.parametrize("length", LENGTHS)
def test_token_of_any_length_is_that_of_pyjwt(both, length):
    assert_created_as_pyjwt_does(both, "x" * length)
    assert_created_as_pyjwt_does(both, "x", "y" * length)
    assert_created_as_pyjwt_does(both, "é" * (length // 6), "x" * (length % 7))


@pytest.mark.parametrize("first", ["a", "é", "愛", "😀"], ids=["1 byte", "latin-1", "2 bytes", "4 bytes"])
def test_text_of_any_storage_width_is_encoded_the_same(both, first):
    """CPython stores a string in one, two or four bytes per character."""
    for length in (0, 1, 2, 15, 16, 17, 31, 32, 33, 1_000):
        for role in ("user", "é", "愛", "😀"):
            assert_created_as_pyjwt_does(both, first * length, role)
            # A slice: its characters may fit in fewer bytes than those of the whole text.
            assert_created_as_pyjwt_does(both, ("愛😀" + first * length)[2:], role)


SPECIAL = (
    "\"\\/\x00\x07\b\t\n\x0b\f\r\x1f\x7f\x80éÿĀ\u07ff\u0800\u2028\ud7ff\ue000\ufeff\uffff\U00010000😀\U0010ffff<>&' "
)


def test_character_is_escaped_at_every_offset(both):
    for character in SPECIAL:
        for before in (*range(35), 63, 64, 65):
            for after in (0, 1, 7, 8, 31):
                assert_created_as_pyjwt_does(both, "x" * before + character + "y" * after, character)


def test_every_latin_1_character_is_escaped(both):
    for character in map(chr, range(0x100)):
        assert_created_as_pyjwt_does(both, character, f"x{character}" * 9)


# Reading


@pytest.mark.parametrize("length", [length for length in LENGTHS if length >= 8])
def test_payload_of_any_length_is_read_in_one_spelling(both, length):
    payload = of_length(length)
    segment = base64url(payload)
    for last in reference.BASE64URL:
        spelled = segment[:-1] + last
        is_canonical = reference.is_canonical(spelled)
        claims = read(both, sign_segments(base64url(HEADER), spelled))
        assert claims == json.loads(payload) if spelled == segment else claims is None or is_canonical
    for tail in ("A", "AA", "AAA", "AAAA", "=", "==", "===", "A=", "A==="):
        assert read(both, sign_segments(base64url(HEADER), segment + tail)) is None
    for cut in range(1, 8):
        assert read(both, sign_segments(base64url(HEADER), segment[:-cut])) is None
    binary = json.dumps({"a": "".join(chr(0x7F + at * 37 % 0x700) for at in range(length))}, ensure_ascii=False)
    assert read(both, sign_bytes(binary.encode())) == json.loads(binary)


@pytest.mark.parametrize("stray", [*"+/=. \n\r\0\x7fé@[`{:,^~!%", "\ud800", "\u212a", "Ａ"], ids=ascii)
def test_stray_character_is_rejected_at_every_offset(both, stray):
    for length in (8, 12, 24, 47, 48, 49, 95, 96, 97, 200):
        segment = base64url(of_length(length))
        for at in {*range(min(70, len(segment))), *range(max(0, len(segment) - 35), len(segment) + 1)}:
            for spelled in (segment[:at] + stray + segment[at + 1 :], segment[:at] + stray + segment[at:]):
                assert read(both, sign_segments(base64url(HEADER), spelled)) is None


TOKEN = sign_bytes(b'{"sub":"alice"}')


@pytest.mark.parametrize("at", range(len(TOKEN)))
def test_token_with_one_character_changed_is_rejected(both, at):
    is_in_signature = at > TOKEN.rindex(".")
    for character in (*"AB-_.=9é +/\0", *(reference.BASE64URL if is_in_signature else "")):
        if character != TOKEN[at]:
            assert read(both, TOKEN[:at] + character + TOKEN[at + 1 :]) is None
    assert read(both, TOKEN[:at] + TOKEN[at + 1 :]) is None


@pytest.mark.parametrize("filler", range(20))
def test_header_of_any_length_is_read(both, filler):
    for header in ({"alg": "HS256"}, {"alg": "HS256", "typ": "JWT"}, {"typ": "JWT", "alg": "HS256", "kid": "x"}):
        for text in (
            json.dumps({**header, "x": "y" * filler}),
            " " * filler + json.dumps(header) + "\n" * (filler % 3),
        ):
            assert read(both, sign_bytes(b'{"sub":"alice"}', header=text.encode())) == {"sub": "alice"}


def test_header_that_resembles_the_usual_one_is_read(both):
    """The engines recognize the usual header by its spelling; any other must be decoded."""
    usual = base64url(HEADER)
    for at in range(len(usual)):
        segments = [usual[:at] + character + usual[at + 1 :] for character in "AZaz09-_"]
        segments += [usual[:at] + usual[end:] for end in range(at + 1, len(usual))]
        for segment in segments:
            token = sign_segments(segment, base64url(b'{"sub":"alice"}'))
            assert read(both, token) == reference.verified(token, SECRET)
