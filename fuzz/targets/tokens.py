"""Any text as a token, and any two JSON texts signed for real, so that what stands behind the signature is reached."""

from outcomes import identical
from raw_tokens import HEADER, SECRET, base64url, sign_segments

from fuzz.alike import returned
from fuzz.fuzzed_input import FuzzedInput, as_text
from fuzz.reference import pyjwt
from fuzz.stopped_clock import stopped
from fuzz.target import Target, expect

_LEEWAYS = (0.0, 0.5, 1, 3_600.0, 2**53)

_HEADER_WORDS = (b'{"alg":"HS256"', b'"typ":"JWT"', b'"alg"', b'"HS256"', b'"kid"', b'"crit"', b'["b64"]', b'"b64"')
_CLAIM_WORDS = (b'"exp"', b'"nbf"', b'"iat"', b'"sub"', b'"aud"', b'"jti"', b'"role"', b'"iss"')
_JSON_WORDS = (
    b"null",
    b"true",
    b"false",
    b"NaN",
    b"Infinity",
    b"1700000000",
    b"1700000001",
    b"-0",
    b"1e309",
    b"0.5",
    b"9223372036854775808",
    b"\\ud800",
    b"\\ud83d\\ude00",
    b"\\uDBFF\\uDFFF",
    b"\\u0065xp",
    b"[[[[[[[[",
    b"]]]]]]]]",
    b'{"a":',
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
)


def _check_token(data: bytes) -> None:
    _compare_with_pyjwt(as_text(data), SECRET, 0.0)


def _check_signed_token(data: bytes) -> None:
    given = FuzzedInput(data)
    leeway = given.choice(_LEEWAYS)
    is_spelled_by_fuzzer = given.number(0, 7) == 1
    is_text = given.flag()
    header, octets, payload = given.fields(3)
    octets = octets or SECRET.encode("utf-8")
    header = header or HEADER
    if is_spelled_by_fuzzer:
        segments = header.decode("latin-1"), payload.decode("latin-1")
    else:
        segments = base64url(header), base64url(payload)
    _compare_with_pyjwt(sign_segments(*segments, octets), as_text(octets) if is_text else octets, leeway)


def _compare_with_pyjwt(token: str, secret: str | bytes, leeway: float) -> None:
    with stopped():
        ours = returned("verify_token", token, secret, leeway=leeway)
        theirs = pyjwt.claims(token, secret, leeway)
    rule = None if theirs is None else pyjwt.stricter_rule(token, secret)
    expected = None if rule else theirs
    expect(identical(ours, expected), "not what PyJWT and the stricter rules say", token, secret, ours, theirs, rule)


TOKEN = Target(
    "token",
    "PyJWT: accepted with equal claims where it accepts, or by a stricter rule refused",
    _check_token,
    (b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", b"e30", b".", b"=", b"-_"),
    longest=512,
)

SIGNED_TOKEN = Target(
    "signed_token",
    "PyJWT: accepted with equal claims where it accepts, or by a stricter rule refused",
    _check_signed_token,
    (*_HEADER_WORDS, *_CLAIM_WORDS, *_JSON_WORDS, b"\x1e", b"-----BEGIN "),
    longest=6_000,
)
