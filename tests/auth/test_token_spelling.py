"""The spelling of tokens of every length: what is written, and the one spelling of it that is read."""

import base64
import json

import clock
import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcomes import identical
from raw_tokens import HEADER, SECRET, base64url, sign_bytes, sign_segments

many = settings(max_examples=400, deadline=None)
NOW = 1_700_000_000.0
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
HEADER_SEGMENT = base64url(HEADER)
LENGTHS = [*range(100), 127, 128, 129, 191, 192, 193, 255, 256, 257, 1_023, 1_024, 1_025, 10_000]


def made(both, username, role="user"):
    """The token that both engines and PyJWT make."""
    with clock.stopped_at(NOW):
        rust, python = (engine.create_token(username, role, SECRET, 1) for engine in both)
    claims = {"sub": username, "role": role, "iat": int(NOW), "exp": int(NOW) + 3_600}
    assert rust == python == jwt.encode(claims, SECRET, algorithm="HS256")
    assert (type(rust), rust.isascii()) == (str, True)
    return rust


def read(both, token, secret=SECRET):
    rust, python = (engine.verify_token(token, secret) for engine in both)
    assert identical(rust, python), token
    return rust


# What is written


@pytest.mark.parametrize("length", LENGTHS)
def test_a_token_of_every_length_is_written_as_pyjwt_writes_it(both, length):
    made(both, "x" * length)
    made(both, "x", "y" * length)
    made(both, "é" * (length // 6), "x" * (length % 7))


SPECIAL = [
    '"',
    "\\",
    "/",
    "\x00",
    "\x07",
    "\b",
    "\t",
    "\n",
    "\x0b",
    "\f",
    "\r",
    "\x1f",
    "\x7f",
    "\x80",
    "é",
    "ÿ",
    "Ā",
    "\u07ff",
    "\u0800",
]
SPECIAL += ["\u2028", "\ud7ff", "\ue000", "\ufeff", "\uffff", "\U00010000", "😀", "\U0010ffff", "<", ">", "&", "'", " "]


@pytest.mark.parametrize("character", SPECIAL, ids=ascii)
def test_a_character_is_escaped_at_every_position_as_json_does(both, character):
    for before in (*range(35), 63, 64, 65):
        for after in (0, 1, 7, 8, 31):
            made(both, "x" * before + character + "y" * after, character)


@pytest.mark.parametrize("character", [*map(chr, range(0x100))], ids=ascii)
def test_every_character_of_a_byte_is_escaped_as_json_does(both, character):
    made(both, character, f"x{character}" * 9)


@many
@given(username=st.text(), role=st.text(max_size=40))
def test_any_text_is_written_as_pyjwt_writes_it(both, username, role):
    token = made(both, username, role)
    with clock.stopped_at(NOW):
        claims = read(both, token)
    assert list(claims.items())[:2] == [("sub", username), ("role", role)]


@pytest.mark.parametrize("kind", ["ascii", "latin", "wide", "astral"])
def test_text_of_every_internal_width_is_written_alike(both, kind):
    """CPython stores a string in one, two or four bytes a character."""
    character = {"ascii": "a", "latin": "é", "wide": "愛", "astral": "😀"}[kind]
    for length in (0, 1, 2, 15, 16, 17, 31, 32, 33, 1_000):
        for role in ("user", "é", "愛", "😀"):
            made(both, character * length, role)
            made(both, (character + "愛é")[1:-1] + character * length, role)


# What is read: one spelling


def payload_of_length(length):
    """JSON whose UTF-8 has *length* bytes, which is at least eight."""
    return b'{"a":"' + b"x" * (length - 8) + b'"}'


@pytest.mark.parametrize("length", [*range(8, 110), 190, 191, 192, 193, 194, 1_000, 1_001, 1_002])
def test_a_payload_of_every_length_is_read(both, length):
    payload = payload_of_length(length)
    assert read(both, sign_bytes(payload)) == json.loads(payload)
    binary = json.dumps({"a": "".join(chr(0x7F + index * 37 % 0x700) for index in range(length))}, ensure_ascii=False)
    assert read(both, sign_bytes(binary.encode())) == json.loads(binary)


STRAY = [
    "+",
    "/",
    "=",
    ".",
    " ",
    "\n",
    "\r",
    "\0",
    "\x7f",
    "é",
    "@",
    "[",
    "`",
    "{",
    ":",
    ",",
    "^",
    "~",
    "!",
    "%",
    "\ud800",
    "\u212a",
    "Ａ",
]


@pytest.mark.parametrize("stray", STRAY, ids=ascii)
def test_a_stray_character_is_refused_at_every_position(both, stray):
    for length in (8, 12, 24, 47, 48, 49, 95, 96, 97, 200):
        segment = base64url(payload_of_length(length))
        for at in {*range(min(70, len(segment))), *range(len(segment) - 35, len(segment))}:
            if at < 0:
                continue
            replaced = segment[:at] + stray + segment[at + 1 :]
            inserted = segment[:at] + stray + segment[at:]
            assert read(both, sign_segments(HEADER_SEGMENT, replaced)) is None
            assert read(both, sign_segments(HEADER_SEGMENT, inserted)) is None
        assert read(both, sign_segments(HEADER_SEGMENT, segment + stray)) is None


@pytest.mark.parametrize("length", [*range(8, 60), 96, 97, 98, 191, 192, 193])
def test_of_all_last_characters_only_the_canonical_one_is_read(both, length):
    """Trailing bits are zero (RFC 4648 section 3.5)."""
    payload = payload_of_length(length)
    segment = base64url(payload)
    for last in ALPHABET:
        spelled = segment[:-1] + last
        decoded = base64.urlsafe_b64decode(spelled + "=" * (-len(spelled) % 4))
        is_canonical = base64url(decoded) == spelled
        claims = read(both, sign_segments(HEADER_SEGMENT, spelled))
        if not is_canonical:
            assert claims is None
        if spelled == segment:
            assert claims == json.loads(payload)


@pytest.mark.parametrize("length", [*range(8, 40), 97, 98, 99])
def test_a_segment_of_one_character_too_many_is_refused(both, length):
    segment = base64url(payload_of_length(length))
    for tail in ("A", "AA", "AAA", "AAAA", "=", "==", "===", "A=", "A==="):
        assert read(both, sign_segments(HEADER_SEGMENT, segment + tail)) is None
    for cut in range(1, 8):
        assert read(both, sign_segments(HEADER_SEGMENT, segment[:-cut])) is None


TOKEN = sign_bytes(b'{"sub":"alice"}')


@pytest.mark.parametrize("at", range(43))
def test_every_character_of_a_signature_counts(both, at):
    signing_input, _, signature = TOKEN.rpartition(".")
    for character in (*ALPHABET, "+", "/", "=", "é", "\0"):
        changed = signature[:at] + character + signature[at + 1 :]
        expected = {"sub": "alice"} if changed == signature else None
        assert read(both, f"{signing_input}.{changed}") == expected


@pytest.mark.parametrize("tail", ["A", "=", "==", ".", " ", "\n", "\0", "A" * 21, "A" * 22, "A" * 43, "é"])
def test_a_longer_signature_is_refused(both, tail):
    assert read(both, TOKEN + tail) is None
    assert read(both, TOKEN[:-1] + tail) is None


@pytest.mark.parametrize("at", range(len(TOKEN)))
def test_every_character_of_a_token_counts(both, at):
    for character in "AB-_.=9é ":
        if character != TOKEN[at]:
            assert read(both, TOKEN[:at] + character + TOKEN[at + 1 :]) is None
    assert read(both, TOKEN[:at] + TOKEN[at + 1 :]) is None


HEADERS = [
    {"alg": "HS256"},
    {"alg": "HS256", "typ": "JWT"},
    {"typ": "JWT", "alg": "HS256"},
    {"alg": "HS256", "typ": "JWT", "kid": "x"},
]


@pytest.mark.parametrize("header", HEADERS, ids=json.dumps)
@pytest.mark.parametrize("filler", range(20))
def test_a_header_of_every_length_is_read(both, header, filler):
    text = json.dumps({**header, "x": "y" * filler}).encode()
    assert read(both, sign_bytes(b'{"sub":"alice"}', header=text)) == {"sub": "alice"}
    spaced = b" " * filler + json.dumps(header).encode() + b"\n" * (filler % 3)
    assert read(both, sign_bytes(b'{"sub":"alice"}', header=spaced)) == {"sub": "alice"}


@pytest.mark.parametrize("at", range(len(HEADER_SEGMENT)))
def test_a_header_nearly_the_usual_one_is_read_as_what_it_is(both, at):
    """The usual header may be known by its spelling: any other must be read."""
    segments = [HEADER_SEGMENT[:at] + character + HEADER_SEGMENT[at + 1 :] for character in "AZaz09-_"]
    segments += [HEADER_SEGMENT[:at] + HEADER_SEGMENT[end:] for end in range(at + 1, len(HEADER_SEGMENT))]
    for segment in segments:
        token = sign_segments(segment, base64url(b'{"sub":"alice"}'))
        claims = read(both, token)
        assert claims is None or claims == jwt.decode(token, SECRET, algorithms=["HS256"])


@many
@given(
    data=st.binary(max_size=120),
    changes=st.lists(st.tuples(st.integers(0, 200), st.sampled_from([*ALPHABET, *STRAY])), max_size=3),
)
def test_any_segment_is_read_or_refused_alike(both, data, changes):
    segment = base64url(b'{"a":"%b"}' % data)
    for anywhere, character in changes:
        at = anywhere % (len(segment) + 1)
        segment = segment[:at] + character + segment[at + 1 :]
    read(both, sign_segments(HEADER_SEGMENT, segment))
