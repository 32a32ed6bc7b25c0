"""Tokens of the wrong type, too long, with the wrong segments, or in another spelling of base64url."""

import base64
from collections import UserString

from attacks import attacks, each, row
from hostile_objects import HostileBytes, HostileClass, HostileText, SaysItIsText
from raw_tokens import BODY, CLAIMS, HEAD, PAYLOAD, SIGNATURE, TOKEN, base64url, sign_bytes, sign_segments
from token_attacks import ACCEPTS, FAILS, NOT_COMPARED, TokenAttack, check_pyjwt, check_token, compared, signed_segments

SUBCLASS = "CWE-1287, a subclass that overrides methods"


class StringsToToken:
    def __str__(self):
        return TOKEN

    __repr__ = __str__


def not_str(name, make, pyjwt=NOT_COMPARED):
    return TokenAttack(name, "token.kind", "CWE-1287, a token of another type", make, pyjwt=pyjwt)


def subclass(name, make, expected=None):
    return TokenAttack(name, "engines.exact-types", SUBCLASS, make, expected, pyjwt=NOT_COMPARED)


TYPES = [
    TokenAttack("valid-token", "token.kind", "RFC 7519 section 3.1", TOKEN, CLAIMS),
    not_str("None", lambda: None),
    not_str("zero", lambda: 0),
    not_str("int", lambda: 5),
    not_str("float", lambda: 1.5),
    not_str("true", lambda: True),
    not_str("list", lambda: [TOKEN]),
    not_str("empty-list", list),
    not_str("list-of-segments", lambda: [HEAD, BODY, SIGNATURE]),
    not_str("tuple", lambda: (TOKEN,)),
    not_str("dict", lambda: {TOKEN: 1}),
    not_str("json-serialization-as-dict", lambda: {"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    not_str("object", object),
    not_str("type", lambda: str),
    not_str("ellipsis", lambda: ...),
    not_str("bytes", TOKEN.encode, ACCEPTS),
    not_str("bytearray", lambda: bytearray(TOKEN.encode())),
    not_str("memoryview", lambda: memoryview(TOKEN.encode())),
    not_str("bytes-with-raising-methods", lambda: HostileBytes(TOKEN.encode())),
    not_str("user-string", lambda: UserString(TOKEN)),
    not_str("object-with-str-method", StringsToToken),
    not_str("object-that-claims-to-be-str", SaysItIsText),
    not_str("object-whose-class-raises", HostileClass),
    not_str("generator-of-segments", lambda: (segment for segment in (HEAD, BODY, SIGNATURE))),
    subclass("str-subclass-with-raising-methods", lambda: HostileText(TOKEN), CLAIMS),
    subclass("invalid-str-subclass-with-raising-methods", lambda: HostileText("a.b")),
]

DOTS = "CVE-2025-30204, a token of dots that is split at each of them"


def token_of_length(length):
    """Return a signed token of *length* characters."""
    size = (length - len(HEAD) - len(SIGNATURE) - 2) * 3 // 4
    token = sign_bytes(b'{"a":"%b"}' % (b"x" * (size - len(b'{"a":""}'))))
    assert len(token) == length
    return token


def long(name, make, expected=None, source="CVE-2025-61920, segments without a limit", **options):
    return TokenAttack(name, "token.length", source, make, expected, **options)


LONG_HEADER = b'{"alg":"HS256","x":"%b"}' % (b"x" * 65_536)
LENGTHS = [
    long("65536-characters", lambda: token_of_length(65_536), {"a": "x" * 49_083}),
    long("65537-characters", lambda: token_of_length(65_537), pyjwt=ACCEPTS),
    long("one-megabyte", lambda: token_of_length(1_000_000), pyjwt=ACCEPTS),
    long("long-header", lambda: sign_bytes(PAYLOAD, header=LONG_HEADER), pyjwt=ACCEPTS),
    long("long-signature", lambda: f"{HEAD}.{BODY}.{'A' * 1_000_000}"),
    long("valid-token-and-one-megabyte-of-spaces", lambda: TOKEN + " " * 1_000_000),
    long("one-megabyte-of-dots", lambda: "." * 1_000_000, source=DOTS),
    TokenAttack("65536-dots", "token.segments", DOTS, lambda: "." * 65_536),
    TokenAttack("60000-trailing-dots", "token.segments", "CVE-2025-27144, many dots", lambda: TOKEN + "." * 60_000),
    long("one-megabyte-of-letters", lambda: "A" * 1_000_000),
    long("one-megabyte-of-non-ascii", lambda: "\U0001f600" * 1_000_000),
    long("one-megabyte-of-brackets-in-base64", lambda: f"{HEAD}.{'W1tb' * 250_000}.{SIGNATURE}"),
    TokenAttack("65536-letters", "token.segments", "RFC 7515 section 7.1, no dots", lambda: "A" * 65_536),
]

JWE = (  # RFC 7516 appendix A.3.7
    "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0."
    "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ."
    "AxY8DCtDaGlsbGljb3RoZQ."
    "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY."
    "U0m_YmjN04DJvceFICbCVQ"
)
FLATTENED = f'{{"payload":"{BODY}","protected":"{HEAD}","signature":"{SIGNATURE}"}}'
GENERAL = f'{{"payload":"{BODY}","signatures":[{{"protected":"{HEAD}","signature":"{SIGNATURE}"}}]}}'
FORGED_BODY = base64url(b'{"sub":"root"}')
# A parser of JSON and a parser of compact tokens find different segments in this text.
MIXED = f'{{"{HEAD}.{FORGED_BODY}.":"","protected":"{HEAD}","payload":"{BODY}","signature":"{SIGNATURE}"}}'
THREE_SEGMENTS = "RFC 7515 section 7.1"
MIXED_SOURCE = "CVE-2022-39227, compact and JSON serialization mixed"
COMPATIBILITY = "Unicode UAX 15, compatibility forms"
CONFUSABLE = "Unicode UTS 39, confusable characters"
DISCLOSURE = base64url(b"[1,2,3]")


AROUND = "CWE-20, characters around a token"
segments = row("token.segments", kind=TokenAttack)
before = row("token.segments", kind=TokenAttack, prefix="before-", of=lambda text: text + TOKEN)
after = row("token.segments", kind=TokenAttack, prefix="after-", of=lambda text: TOKEN + text)
dots = row("token.segments", kind=TokenAttack, prefix="dots-", of=lambda text: TOKEN.replace(".", text))
letter = row("token.segments", kind=TokenAttack, prefix="letter-", of=lambda text: TOKEN.replace("e", text, 1))
SEGMENTS = [
    *each(segments, THREE_SEGMENTS, "", ".", "..", "..."),
    segments("one-segment", THREE_SEGMENTS, HEAD),
    segments("two-segments", THREE_SEGMENTS, f"{HEAD}.{BODY}"),
    segments("header-and-signature", THREE_SEGMENTS, f"{HEAD}.{SIGNATURE}"),
    segments("payload-and-signature", THREE_SEGMENTS, f"{BODY}.{SIGNATURE}"),
    segments("four-segments", THREE_SEGMENTS, f"{TOKEN}.{SIGNATURE}"),
    segments("four-segments-signed", THREE_SEGMENTS, sign_segments(f"{HEAD}.{BODY}", BODY)),
    segments("signature-over-joined-segments", THREE_SEGMENTS, sign_segments(HEAD + BODY, "").replace("..", ".")),
    segments("empty-header", THREE_SEGMENTS, sign_segments("", BODY)),
    segments("empty-payload", THREE_SEGMENTS, sign_segments(HEAD, "")),
    segments("empty-signature", THREE_SEGMENTS, f"{HEAD}.{BODY}."),
    segments("empty-header-and-payload", THREE_SEGMENTS, sign_segments("", "")),
    segments("detached-payload", "RFC 7515 appendix F", f"{HEAD}..{SIGNATURE}"),
    after("trailing-dot", THREE_SEGMENTS, "."),
    before("leading-dot", THREE_SEGMENTS, "."),
    segments("double-dot", THREE_SEGMENTS, f"{HEAD}..{BODY}.{SIGNATURE}"),
    segments("reversed-segments", THREE_SEGMENTS, f"{SIGNATURE}.{BODY}.{HEAD}"),
    segments("header-and-payload-swapped", THREE_SEGMENTS, f"{BODY}.{HEAD}.{SIGNATURE}"),
    segments("payload-for-signature", THREE_SEGMENTS, f"{HEAD}.{BODY}.{BODY}"),
    segments("two-tokens", THREE_SEGMENTS, f"{TOKEN}.{TOKEN}"),
    segments("two-tokens-and-comma", "RFC 9110 section 5.3, lists of field values", f"{TOKEN},{TOKEN}"),
    *each(dots, THREE_SEGMENTS, ",", ":"),
    segments("jwe", "RFC 7516 appendix A.3.7", JWE),
    segments("jwe-direct", "RFC 7516 section 5.1", f"{HEAD}..{BODY}.{BODY}.{SIGNATURE}"),
    segments("jwe-for-jws", "CVE-2023-51774, JWE in place of JWS", f"{TOKEN}.{BODY}.{SIGNATURE}"),
    segments("flattened-json", "RFC 7515 section 7.2.2", FLATTENED),
    segments("general-json", "RFC 7515 section 7.2.1", GENERAL),
    segments("json-in-base64", "RFC 7515 section 7.2.2", base64url(FLATTENED.encode())),
    segments("compact-inside-json", MIXED_SOURCE, MIXED),
    segments("compact-inside-json-and-signature", MIXED_SOURCE, f"{MIXED}.{SIGNATURE}"),
    segments("json-string", "RFC 8259 section 7", f'"{TOKEN}"'),
    segments("selective-disclosure", "RFC 9901 section 4", f"{TOKEN}~", pyjwt=NOT_COMPARED),
    segments("selective-disclosure-and-disclosure", "RFC 9901 section 4", f"{TOKEN}~{DISCLOSURE}~", pyjwt=NOT_COMPARED),
    segments("basic-credentials", "RFC 7617 section 2", "YWxpY2U6c2VjcmV0"),
    segments("opaque-bearer-token", "RFC 6750 section 2.1", "mF_9.B5f-4.1JqM"),
    segments("opaque-token", "RFC 6749 section 4.1.4", "2YotnFZFEjr1zCsicMWpAA"),
    segments("uuid", "RFC 4122 section 3", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    segments("saml-assertion", "RFC 7522 section 2.1", "PHNhbWw6QXNzZXJ0aW9uLz4"),
    segments("bcrypt-hash", "CWE-20, a stored hash", "$2b$12$abcdefghijklmnopqrstuuxE5SKr0bDA9sK5hLqCbZ.mVn0xXbXK6"),
    segments("data-url", "RFC 7519 section 10.3.1", f"data:application/jwt,{TOKEN}"),
    segments("encoded-word", "RFC 2047 section 2", f"=?utf-8?q?{TOKEN}?="),
    *each(before, AROUND, "Bearer ", " ", "\t", "\n", "\0", "\u200b", "\ufeff", "session=", "token="),
    *each(after, AROUND, " ", "\n", "\r\n", "\r\nX-Role: admin", "\0", "\xa0", "\u2028", ";", "#", "//"),
    *each(segments, AROUND, f"'{TOKEN}'", f"<{TOKEN}>"),
    dots("percent-encoded-dots", "RFC 3986 section 2.1", "%2E"),
    letter("percent-encoded-letter", "RFC 3986 section 2.1", "%65"),
    *each(dots, COMPATIBILITY, "\uff0e", "\u2024"),
    dots("ideographic-full-stops", "Unicode UTS 46, dots that are mapped", "\u3002"),
    letter("fullwidth-letter", COMPATIBILITY, "\uff45"),
    segments("kelvin-sign", CONFUSABLE, sign_segments(HEAD, BODY + "\u212a")),
    letter("cyrillic-letter", CONFUSABLE, "\u0435"),
    after("combining-mark", "Unicode UAX 15, combining marks", "\u0301"),
    segments("arabic-digit", "Unicode UTS 39, digits of other scripts", sign_segments(HEAD, BODY + "\u0661")),
    segments("non-ascii-letter-signed", "RFC 4648 section 5", sign_segments(HEAD, BODY + "é")),
    after("lone-surrogate", "Unicode UTR 36, ill-formed strings", "\ud800", pyjwt=FAILS),
    segments("surrogate-in-payload", "PEP 383, bytes as surrogates", f"{HEAD}.{BODY}\udc80.{SIGNATURE}", pyjwt=FAILS),
    signed_segments("nested-token", "token.json", "RFC 7519 appendix A.2", HEAD, base64url(TOKEN.encode())),
    signed_segments("signature-as-fourth-segment", "token.segments", THREE_SEGMENTS, HEAD, f"{BODY}.{SIGNATURE}"),
]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
INVALID = "CVE-2022-25898, signatures with characters outside base64url"
STRAY = "RFC 4648 section 3.3, characters outside the alphabet"
PADDING = "RFC 7515 section 2, no padding"
TRAILING = "RFC 4648 section 3.5, trailing bits"
OTHER = "RFC 4648 section 4, the other alphabet"
FOLDING = "Unicode UAX 44, letters that fold to ASCII"

# The three lengths leave no, four and two unused bits in the last character of the segment.
ONE_OVER = base64url(PAYLOAD + b" ")
TWO_OVER = base64url(PAYLOAD + b"  ")
HEAD_OVER = base64url(b'{"alg":"HS256"} ')
MAC = base64.urlsafe_b64decode(SIGNATURE + "=")
SPECIAL = base64url(b'{"a":"~~~???"}')
assert [len(segment) % 4 for segment in (BODY, ONE_OVER, TWO_OVER, HEAD_OVER)] == [0, 2, 3, 2]
assert {"-", "_"} <= set(SPECIAL)


def with_header(name, rule, source, header, expected=None, **options):
    return signed_segments(name, rule, source, header, BODY, expected, **options)


def with_payload(name, rule, source, payload, expected=None, **options):
    return signed_segments(name, rule, source, HEAD, payload, expected, **options)


def with_trailing_bits(segment, bits=1):
    """Set unused bits of the last character: a lenient decoder returns the same bytes."""
    return segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) + bits]


def split(segment, stray, at=4):
    return segment[:at] + stray + segment[at:]


header = row("token.base64url", kind=with_header)
payload = row("token.base64url", kind=with_payload)
signature = row("token.base64url", kind=TokenAttack, of=lambda segment: f"{HEAD}.{BODY}.{segment}")
stray = row("token.base64url", kind=with_payload, prefix="stray-", of=lambda text: split(BODY, text))
SPELLINGS = [
    payload("canonical", "RFC 7515 section 2", BODY, expected=CLAIMS),
    payload("canonical-with-two-unused-bits", TRAILING, TWO_OVER, expected=CLAIMS),
    payload("canonical-with-four-unused-bits", TRAILING, ONE_OVER, expected=CLAIMS),
    payload("canonical-with-url-safe-characters", "RFC 4648 section 5", SPECIAL, expected={"a": "~~~???"}),
    # Padding
    header("padded-header", PADDING, HEAD_OVER + "==", pyjwt=ACCEPTS),
    payload("padded-payload", PADDING, ONE_OVER + "==", pyjwt=ACCEPTS),
    payload("padded-payload-with-one", PADDING, TWO_OVER + "=", pyjwt=ACCEPTS),
    payload("padded-with-one-missing", PADDING, ONE_OVER + "="),
    payload("padded-with-one-too-many", PADDING, TWO_OVER + "=="),
    payload("padded-with-three", PADDING, ONE_OVER + "==="),
    payload("padded-without-need", PADDING, BODY + "="),
    payload("padded-with-whole-quantum", PADDING, BODY + "===="),
    payload("leading-padding", PADDING, "==" + ONE_OVER),
    stray("padding-inside", "RFC 4648 section 3.3, padding before the end", "="),
    payload("padding-only", PADDING, "===="),
    payload("percent-encoded-padding", "RFC 3986 section 2.1", ONE_OVER + "%3D%3D"),
    payload("padding-with-commas", PADDING, ONE_OVER + ",,"),
    payload("padding-and-data", "RFC 4648 section 3.3, data after padding", ONE_OVER + "==" + BODY),
    signature("padded-signature", PADDING, SIGNATURE + "=", pyjwt=ACCEPTS),
    signature("padded-signature-with-two", PADDING, SIGNATURE + "=="),
    signature("padded-signature-with-three", PADDING, SIGNATURE + "==="),
    # Trailing bits
    header("trailing-bit-in-header", TRAILING, with_trailing_bits(HEAD_OVER)),
    payload("trailing-bit-of-two", TRAILING, with_trailing_bits(TWO_OVER)),
    payload("trailing-bits-of-two", TRAILING, with_trailing_bits(TWO_OVER, 3)),
    payload("trailing-bit-of-four", TRAILING, with_trailing_bits(ONE_OVER)),
    payload("highest-trailing-bit-of-four", TRAILING, with_trailing_bits(ONE_OVER, 8)),
    payload("trailing-bits-of-four", TRAILING, with_trailing_bits(ONE_OVER, 15)),
    payload("trailing-bits-and-padding", TRAILING, with_trailing_bits(ONE_OVER) + "=="),
    signature("trailing-bit-in-signature", TRAILING, with_trailing_bits(SIGNATURE)),
    signature("trailing-bits-in-signature", TRAILING, with_trailing_bits(SIGNATURE, 3)),
    header("header-of-4n-plus-1", "RFC 7515 appendix C", base64url(b'{"alg":"HS256"}') + "A"),
    payload("payload-of-4n-plus-1", "RFC 7515 appendix C", BODY + "A"),
    payload("payload-of-one-character", "RFC 7515 appendix C", "e"),
    signature("signature-of-4n-plus-1", "RFC 7515 appendix C", SIGNATURE + "AA"),
    # Other alphabets
    payload("standard-alphabet", OTHER, SPECIAL.replace("-", "+").replace("_", "/")),
    payload("standard-alphabet-in-one-character", OTHER, SPECIAL.replace("_", "/")),
    payload("standard-alphabet-padded", OTHER, base64.b64encode(b'{"a":"~~~???"} ').decode()),
    payload("standard-alphabet-percent-encoded", OTHER, SPECIAL.replace("-", "%2B").replace("_", "%2F")),
    payload("space-for-plus", OTHER, SPECIAL.replace("-", " ").replace("_", "/")),
    signature("standard-alphabet-in-signature", INVALID, "+/" + SIGNATURE[2:]),
    payload("imap-alphabet", "RFC 3501 section 5.1.3, base64 with a comma", SPECIAL.replace("_", ",")),
    payload("base32", "RFC 4648 section 6", base64.b32encode(PAYLOAD).decode().rstrip("=").lower() + "1"),
    payload("hexadecimal", "RFC 4648 section 8", PAYLOAD.hex()),
    payload("plain-json", "RFC 7797 section 4.2, an unencoded payload", '{"sub":"alice"}'),
    header("plain-header", "RFC 7515 section 3.1", '{"alg":"HS256"}'),
    payload("base64-twice", "RFC 7515 section 3.1", base64url(BODY.encode())),
    payload("swapped-case", "RFC 4648 section 3.4", BODY.swapcase()),
    signature("signature-in-hexadecimal", "RFC 4648 section 8", MAC.hex()),
    signature("signature-in-base32", "RFC 4648 section 6", base64.b32encode(MAC).decode()),
    # Characters that lenient decoders skip
    *each(stray, STRAY, " ", "    ", "\t", "\v", "\f", "\x7f", "!", "~"),
    payload("leading-space", STRAY, " " + BODY),
    payload("trailing-space", STRAY, BODY + " "),
    stray("line-feed", "RFC 4648 section 3.1, line feeds", "\n"),
    stray("carriage-return-line-feed", "RFC 2045 section 6.8, MIME lines", "\r\n"),
    payload("trailing-line-feed", "RFC 4648 section 3.1, line feeds", BODY + "\n"),
    payload("wrapped-lines", "RFC 7468 section 2, lines of 64", "\n".join([BODY[:10], BODY[10:]])),
    stray("nul", "CWE-158, a NUL inside", "\0"),
    payload("trailing-nul", "CWE-158, a NUL at the end", BODY + "\0"),
    stray("four-exclamation-marks", "RFC 4648 section 3.3, a stray quantum", "!!!!"),
    payload("question-mark", STRAY, BODY + "?"),
    payload("hash-marks", STRAY, "####" + BODY),
    stray("backslash", INVALID, "\\"),
    payload("octal-escape", INVALID, "\\145" + BODY[1:]),
    payload("double-quotes", STRAY, '"' + BODY + '"'),
    *each(stray, "Unicode UTR 36, invisible characters", "\xad", "\u200d"),
    payload("fullwidth-letter", COMPATIBILITY, "\uff45" + BODY[1:]),
    payload("long-s", FOLDING, BODY.replace("s", "\u017f", 1) + "\u017f"),
    payload("dotless-i", FOLDING, BODY.replace("i", "\u0131", 1) + "\u0131"),
    payload("non-breaking-hyphen", CONFUSABLE, split(SPECIAL, "\u2011")),
    header("space-in-header", STRAY, split(HEAD, " ")),
    header("spaces-after-header", STRAY, HEAD + "    "),
    header("newline-in-header", STRAY, split(HEAD, "\n")),
    header("stray-character-in-header", STRAY, split(HEAD, "?")),
    signature("space-in-signature", INVALID, split(SIGNATURE, " ")),
    signature("newline-in-signature", INVALID, split(SIGNATURE, "\n")),
    signature("newline-after-signature", INVALID, SIGNATURE + "\n"),
    signature("stray-character-in-signature", INVALID, split(SIGNATURE, "!")),
    signature("stray-character-in-place-of-one", INVALID, "?" + SIGNATURE[1:]),
    signature("fullwidth-letter-in-signature", INVALID, SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 0xFEE0)),
    signature("percent-encoding-in-signature", INVALID, f"%{ord(SIGNATURE[0]):02X}{SIGNATURE[1:]}"),
]


@attacks(TYPES, LENGTHS, SEGMENTS, SPELLINGS)
def test_only_the_canonical_compact_serialization_is_a_token(engine, attack):
    check_token(engine, attack)


@attacks(compared(TYPES, LENGTHS, SEGMENTS, SPELLINGS))
def test_pyjwt_accepts_or_rejects_the_token_as_stated(attack):
    check_pyjwt(attack)
