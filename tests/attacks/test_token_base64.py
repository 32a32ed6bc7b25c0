"""Other spellings of the same bytes: a token has one, and the signature holds for each that stands here."""

import base64

import pytest
from attacks import parameters
from raw_tokens import base64url
from token_attacks import (
    BODY,
    CLAIMS,
    HEAD,
    PAYLOAD,
    SIGNATURE,
    STRICTER,
    TokenAttack,
    answered,
    compared_with_pyjwt,
    is_answer,
    spelled,
)

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
LAX = "CVE-2022-25898, signatures with characters beyond base64url"
STRAY = "RFC 4648 section 3.3, characters beyond the alphabet"
PADDING = "RFC 7515 section 2, no padding"
TRAILING = "RFC 4648 section 3.5, trailing bits"
OTHER = "RFC 4648 section 4, the other alphabet"

# Of three lengths, so that one segment each has two, one and no unused bits at its end.
ONE_OVER = base64url(PAYLOAD + b" ")
TWO_OVER = base64url(PAYLOAD + b"  ")
HEAD_OVER = base64url(b'{"alg":"HS256"} ')
MAC = base64.urlsafe_b64decode(SIGNATURE + "=")
SPECIAL = base64url(b'{"a":"~~~???"}')
assert [len(each) % 4 for each in (BODY, ONE_OVER, TWO_OVER, HEAD_OVER)] == [0, 2, 3, 2]
assert {"-", "_"} <= set(SPECIAL)


def lax(name, source, header=HEAD, payload=BODY, **rest):
    return spelled(name, "token.base64url", source, header, payload, **rest)


def unsigned(name, source, signature, **rest):
    return TokenAttack(name, "token.base64url", source, f"{HEAD}.{BODY}.{signature}", **rest)


def with_trailing_bits(segment, bits=1):
    """The same bytes to a lax decoder: unused bits of the last character are set."""
    return segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) + bits]


def split(segment, stray, at=4):
    return segment[:at] + stray + segment[at:]


ROWS = [
    lax("canonical", "RFC 7515 section 2", answer=CLAIMS),
    lax("canonical-with-two-unused-bits", TRAILING, payload=TWO_OVER, answer=CLAIMS),
    lax("canonical-with-four-unused-bits", TRAILING, payload=ONE_OVER, answer=CLAIMS),
    lax("canonical-with-url-safe-characters", "RFC 4648 section 5", payload=SPECIAL, answer={"a": "~~~???"}),
    # Padding
    lax("padded-header", PADDING, header=HEAD_OVER + "==", pyjwt=STRICTER),
    lax("padded-payload", PADDING, payload=ONE_OVER + "==", pyjwt=STRICTER),
    lax("padded-payload-with-one", PADDING, payload=TWO_OVER + "=", pyjwt=STRICTER),
    lax("padded-with-one-too-few", PADDING, payload=ONE_OVER + "="),
    lax("padded-with-one-too-many", PADDING, payload=TWO_OVER + "=="),
    lax("padded-with-three", PADDING, payload=ONE_OVER + "==="),
    lax("padded-where-nothing-is-missing", PADDING, payload=BODY + "="),
    lax("padded-with-a-whole-quantum", PADDING, payload=BODY + "===="),
    lax("padding-first", PADDING, payload="==" + ONE_OVER),
    lax("padding-within", "RFC 4648 section 3.3, padding before the end", payload=split(BODY, "=")),
    lax("padding-only", PADDING, payload="===="),
    lax("padding-as-percent-encoded", "RFC 3986 section 2.1", payload=ONE_OVER + "%3D%3D"),
    lax("padding-as-dots-of-php", PADDING, payload=ONE_OVER + ",,"),
    lax("padding-and-data", "RFC 4648 section 3.3, data after padding", payload=ONE_OVER + "==" + BODY),
    unsigned("padded-signature", PADDING, SIGNATURE + "=", pyjwt=STRICTER),
    unsigned("padded-signature-with-two", PADDING, SIGNATURE + "=="),
    unsigned("padded-signature-with-three", PADDING, SIGNATURE + "==="),
    # Trailing bits
    lax("trailing-bit-in-header", TRAILING, header=with_trailing_bits(HEAD_OVER)),
    lax("trailing-bit-of-two", TRAILING, payload=with_trailing_bits(TWO_OVER)),
    lax("trailing-bits-of-two", TRAILING, payload=with_trailing_bits(TWO_OVER, 3)),
    lax("trailing-bit-of-four", TRAILING, payload=with_trailing_bits(ONE_OVER)),
    lax("highest-trailing-bit-of-four", TRAILING, payload=with_trailing_bits(ONE_OVER, 8)),
    lax("trailing-bits-of-four", TRAILING, payload=with_trailing_bits(ONE_OVER, 15)),
    lax("trailing-bits-and-padding", TRAILING, payload=with_trailing_bits(ONE_OVER) + "=="),
    unsigned("trailing-bit-in-signature", TRAILING, with_trailing_bits(SIGNATURE)),
    unsigned("trailing-bits-in-signature", TRAILING, with_trailing_bits(SIGNATURE, 3)),
    lax("header-of-4n-plus-1", "RFC 7515 appendix C", header=base64url(b'{"alg":"HS256"}') + "A"),
    lax("payload-of-4n-plus-1", "RFC 7515 appendix C", payload=BODY + "A"),
    lax("payload-of-one-character", "RFC 7515 appendix C", payload="e"),
    unsigned("signature-of-4n-plus-1", "RFC 7515 appendix C", SIGNATURE + "AA"),
    # The other alphabet, and others
    lax("standard-alphabet", OTHER, payload=SPECIAL.replace("-", "+").replace("_", "/")),
    lax("standard-alphabet-for-one-character", OTHER, payload=SPECIAL.replace("_", "/")),
    lax("standard-alphabet-padded", OTHER, payload=base64.b64encode(b'{"a":"~~~???"} ').decode()),
    lax("standard-alphabet-percent-encoded", OTHER, payload=SPECIAL.replace("-", "%2B").replace("_", "%2F")),
    lax("plus-as-a-space", OTHER, payload=SPECIAL.replace("-", " ").replace("_", "/")),
    unsigned("standard-alphabet-in-signature", LAX, "+/" + SIGNATURE[2:]),
    lax("alphabet-of-imap", "RFC 3501 section 5.1.3, base64 with a comma", payload=SPECIAL.replace("_", ",")),
    lax("base32", "RFC 4648 section 6", payload=base64.b32encode(PAYLOAD).decode().rstrip("=").lower() + "1"),
    lax("hexadecimal", "RFC 4648 section 8", payload=PAYLOAD.hex()),
    lax("plain-json", "RFC 7797 section 4.2, an unencoded payload", payload='{"sub":"alice"}'),
    lax("plain-header", "RFC 7515 section 3.1", header='{"alg":"HS256"}'),
    lax("base64-twice", "RFC 7515 section 3.1", payload=base64url(BODY.encode())),
    lax("letters-in-the-other-case", "RFC 4648 section 3.4", payload=BODY.swapcase()),
    unsigned("signature-in-hexadecimal", "RFC 4648 section 8", MAC.hex()),
    unsigned(
        "signature-in-base32",
        "RFC 4648 section 6",
        base64.b32encode(MAC).decode(),
    ),
    # What lax decoders skip
    lax("space", STRAY, payload=split(BODY, " ")),
    lax("space-first", STRAY, payload=" " + BODY),
    lax("space-last", STRAY, payload=BODY + " "),
    lax("four-spaces", STRAY, payload=split(BODY, "    ")),
    lax("tab", STRAY, payload=split(BODY, "\t")),
    lax("line-feed", "RFC 4648 section 3.1, line feeds", payload=split(BODY, "\n")),
    lax("carriage-return-line-feed", "RFC 2045 section 6.8, lines of MIME", payload=split(BODY, "\r\n")),
    lax("line-feed-last", "RFC 4648 section 3.1, line feeds", payload=BODY + "\n"),
    lax("lines-of-armour", "RFC 7468 section 2, lines of 64", payload="\n".join([BODY[:10], BODY[10:]])),
    lax("vertical-tab", STRAY, payload=split(BODY, "\v")),
    lax("form-feed", STRAY, payload=split(BODY, "\f")),
    lax("nul", "CWE-158, a NUL within", payload=split(BODY, "\0")),
    lax("nul-last", "CWE-158, a NUL at the end", payload=BODY + "\0"),
    lax("delete", STRAY, payload=split(BODY, "\x7f")),
    lax("exclamation-mark", STRAY, payload=split(BODY, "!")),
    lax("four-exclamation-marks", "RFC 4648 section 3.3, a quantum beyond the alphabet", payload=split(BODY, "!!!!")),
    lax("question-mark", STRAY, payload=BODY + "?"),
    lax("hash-marks", STRAY, payload="####" + BODY),
    lax("tilde", STRAY, payload=split(BODY, "~")),
    lax("backslash", LAX, payload=split(BODY, "\\")),
    lax("escaped-by-number", LAX, payload="\\145" + BODY[1:]),
    lax("double-quotes", STRAY, payload='"' + BODY + '"'),
    lax("soft-hyphen", "Unicode UTR 36, characters that are not seen", payload=split(BODY, "\xad")),
    lax("zero-width-joiner", "Unicode UTR 36, characters that are not seen", payload=split(BODY, "\u200d")),
    lax("full-width-letter", "Unicode UAX 15, compatibility forms", payload="\uff45" + BODY[1:]),
    lax("long-s", "Unicode UAX 44, letters that fold to ASCII", payload=BODY.replace("s", "\u017f", 1) + "\u017f"),
    lax("dotless-i", "Unicode UAX 44, letters that fold to ASCII", payload=BODY.replace("i", "\u0131", 1) + "\u0131"),
    lax("non-breaking-hyphen", "Unicode UTS 39, confusable characters", payload=split(SPECIAL, "\u2011")),
    lax("space-in-header", STRAY, header=split(HEAD, " ")),
    lax("spaces-after-header", STRAY, header=HEAD + "    "),
    lax("newline-in-header", STRAY, header=split(HEAD, "\n")),
    lax("stray-character-in-header", STRAY, header=split(HEAD, "?")),
    unsigned("space-in-signature", LAX, split(SIGNATURE, " ")),
    unsigned("newline-in-signature", LAX, split(SIGNATURE, "\n")),
    unsigned("newline-after-signature", LAX, SIGNATURE + "\n"),
    unsigned("stray-character-in-signature", LAX, split(SIGNATURE, "!")),
    unsigned("stray-character-for-one", LAX, "?" + SIGNATURE[1:]),
    unsigned("full-width-letter-in-signature", LAX, SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 0xFEE0)),
    unsigned("percent-encoded-in-signature", LAX, f"%{ord(SIGNATURE[0]):02X}{SIGNATURE[1:]}"),
]


@pytest.mark.parametrize("attack", parameters(ROWS))
def test_a_segment_has_one_spelling(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters(ROWS))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt
