"""What is no token by its type, its length or its segments."""

from collections import UserString

import pytest
from attacks import parameters
from hostile_objects import HostileBytes, HostileClass, HostileText, SaysItIsText
from raw_tokens import SECRET, base64url, sign_bytes, sign_segments
from token_attacks import (
    BODY,
    CLAIMS,
    HEAD,
    NOT_COMPARED,
    PAYLOAD,
    PYJWT_FAILS,
    SIGNATURE,
    STRICTER,
    TOKEN,
    TokenAttack,
    answered,
    compared_with_pyjwt,
    is_answer,
    spelled,
)


class SaysTheToken:
    def __str__(self):
        return TOKEN

    __repr__ = __str__


def no_str(name, make, pyjwt=NOT_COMPARED):
    return TokenAttack(name, "token.kind", "CWE-1287, a token of another type", make, pyjwt=pyjwt)


KINDS = [
    TokenAttack("a-token", "token.kind", "RFC 7519 section 3.1", TOKEN, CLAIMS),
    no_str("none", lambda: None),
    no_str("zero", lambda: 0),
    no_str("int", lambda: 5),
    no_str("float", lambda: 1.5),
    no_str("true", lambda: True),
    no_str("list", lambda: [TOKEN]),
    no_str("empty-list", list),
    no_str("list-of-segments", lambda: [HEAD, BODY, SIGNATURE]),
    no_str("tuple", lambda: (TOKEN,)),
    no_str("dict", lambda: {TOKEN: 1}),
    no_str("json-serialization-as-a-dict", lambda: {"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    no_str("object", object),
    no_str("type", lambda: str),
    no_str("ellipsis", lambda: ...),
    no_str("bytes", TOKEN.encode, STRICTER),
    no_str("bytearray", lambda: bytearray(TOKEN.encode())),
    no_str("memoryview", lambda: memoryview(TOKEN.encode())),
    no_str("bytes-that-misbehave", lambda: HostileBytes(TOKEN.encode())),
    no_str("user-string", lambda: UserString(TOKEN)),
    no_str("object-that-prints-a-token", SaysTheToken),
    no_str("object-that-says-it-is-str", SaysItIsText),
    no_str("object-whose-class-raises", HostileClass),
    no_str("generator-of-segments", lambda: (segment for segment in (HEAD, BODY, SIGNATURE))),
    TokenAttack(
        "text-that-misbehaves-is-the-token-it-holds",
        "engines.exact-types",
        "CWE-1287, a subclass that overrides what is asked of it",
        lambda: HostileText(TOKEN),
        CLAIMS,
        pyjwt=NOT_COMPARED,
    ),
    TokenAttack(
        "text-that-misbehaves-is-no-token-by-what-it-holds",
        "engines.exact-types",
        "CWE-1287, a subclass that overrides what is asked of it",
        lambda: HostileText("a.b"),
        pyjwt=NOT_COMPARED,
    ),
]


def of_length(length):
    """A token that is signed, and has so many characters."""
    room = (length - len(HEAD) - len(SIGNATURE) - 2) * 3 // 4
    token = sign_bytes(b'{"a":"%b"}' % (b"x" * (room - len(b'{"a":""}'))))
    assert len(token) == length
    return token


LONGEST = {"a": "x" * 49_083}
TOO_LONG = "CVE-2025-61920, segments of a token without a bound"

LENGTHS = [
    TokenAttack("65536-characters", "token.length", TOO_LONG, lambda: of_length(65_536), LONGEST),
    TokenAttack("65537-characters", "token.length", TOO_LONG, lambda: of_length(65_537), pyjwt=STRICTER),
    TokenAttack("a-megabyte", "token.length", TOO_LONG, lambda: of_length(1_000_000), pyjwt=STRICTER),
    TokenAttack(
        "a-long-header",
        "token.length",
        TOO_LONG,
        lambda: sign_bytes(PAYLOAD, header=b'{"alg":"HS256","x":"%b"}' % (b"x" * 65_536)),
        pyjwt=STRICTER,
    ),
    TokenAttack("a-long-signature", "token.length", TOO_LONG, lambda: f"{HEAD}.{BODY}.{'A' * 1_000_000}"),
    TokenAttack("a-short-token-and-a-megabyte-of-spaces", "token.length", TOO_LONG, lambda: TOKEN + " " * 1_000_000),
    TokenAttack(
        "a-megabyte-of-dots",
        "token.length",
        "CVE-2025-30204, a token of dots that is split at all of them",
        lambda: "." * 1_000_000,
    ),
    TokenAttack(
        "65536-dots",
        "token.segments",
        "CVE-2025-30204, a token of dots that is split at all of them",
        lambda: "." * 65_536,
    ),
    TokenAttack(
        "a-token-and-60000-dots",
        "token.segments",
        "CVE-2025-27144, a token of dots that is split at all of them",
        lambda: TOKEN + "." * 60_000,
    ),
    TokenAttack("a-megabyte-of-letters", "token.length", TOO_LONG, lambda: "A" * 1_000_000),
    TokenAttack("a-megabyte-beyond-ascii", "token.length", TOO_LONG, lambda: "\U0001f600" * 1_000_000),
    TokenAttack(
        "a-megabyte-of-brackets-in-base64", "token.length", TOO_LONG, lambda: f"{HEAD}.{'W1tb' * 250_000}.{SIGNATURE}"
    ),
    TokenAttack("65536-letters", "token.segments", "RFC 7515 section 7.1, no dot at all", lambda: "A" * 65_536),
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


def segments(name, given, source="RFC 7515 section 7.1", **rest):
    return TokenAttack(name, "token.segments", source, given, **rest)


def around(name, given, **rest):
    return segments(name, given, "CWE-20, characters around a token", **rest)


def sandwich(text):
    """Segments that a reader of JSON and a reader of compact tokens take for different ones."""
    return f'{{"{HEAD}.{FORGED_BODY}.":"","protected":"{HEAD}","payload":"{BODY}","signature":"{SIGNATURE}"}}{text}'


SEGMENTS = [
    segments("empty", ""),
    segments("dot", "."),
    segments("two-dots", ".."),
    segments("three-dots", "..."),
    segments("one-segment", HEAD),
    segments("two-segments", f"{HEAD}.{BODY}"),
    segments("header-and-signature", f"{HEAD}.{SIGNATURE}"),
    segments("payload-and-signature", f"{BODY}.{SIGNATURE}"),
    segments("four-segments", f"{TOKEN}.{SIGNATURE}"),
    segments("four-segments-signed", sign_segments(f"{HEAD}.{BODY}", BODY)),
    segments("two-segments-signed-as-one", sign_segments(HEAD + BODY, "").replace("..", ".")),
    segments("empty-header", sign_segments("", BODY)),
    segments("empty-payload", sign_segments(HEAD, "")),
    segments("empty-signature", f"{HEAD}.{BODY}."),
    segments("empty-header-and-payload", sign_segments("", "")),
    segments("detached-payload", f"{HEAD}..{SIGNATURE}", "RFC 7515 appendix F"),
    segments("trailing-dot", TOKEN + "."),
    segments("leading-dot", "." + TOKEN),
    segments("double-dot", f"{HEAD}..{BODY}.{SIGNATURE}"),
    segments("segments-in-reverse", f"{SIGNATURE}.{BODY}.{HEAD}"),
    segments("header-and-payload-swapped", f"{BODY}.{HEAD}.{SIGNATURE}"),
    segments("payload-twice", f"{HEAD}.{BODY}.{BODY}"),
    segments("twice", f"{TOKEN}.{TOKEN}"),
    segments("twice-with-a-comma", f"{TOKEN},{TOKEN}", "RFC 9110 section 5.3, lists of field values"),
    segments("commas-for-dots", TOKEN.replace(".", ",")),
    segments("colons-for-dots", TOKEN.replace(".", ":")),
    segments("encrypted", JWE, "RFC 7516 appendix A.3.7"),
    segments("encrypted-directly", f"{HEAD}..{BODY}.{BODY}.{SIGNATURE}", "RFC 7516 section 5.1"),
    segments("encrypted-for-signed", f"{TOKEN}.{BODY}.{SIGNATURE}", "CVE-2023-51774, JWE in the place of JWS"),
    segments("flattened-json", FLATTENED, "RFC 7515 section 7.2.2"),
    segments("general-json", GENERAL, "RFC 7515 section 7.2.1"),
    segments("json-in-base64", base64url(FLATTENED.encode()), "RFC 7515 section 7.2.2"),
    segments("compact-within-json", sandwich(""), "CVE-2022-39227, compact and JSON serialization mixed"),
    segments(
        "compact-within-json-and-a-signature",
        sandwich(f".{SIGNATURE}"),
        "CVE-2022-39227, compact and JSON serialization mixed",
    ),
    segments("json-string", f'"{TOKEN}"', "RFC 8259 section 7"),
    segments("selective-disclosure", f"{TOKEN}~", "RFC 9901 section 4", pyjwt=NOT_COMPARED),
    segments(
        "selective-disclosure-with-a-disclosure",
        f"{TOKEN}~{base64url(b'[1,2,3]')}~",
        "RFC 9901 section 4",
        pyjwt=NOT_COMPARED,
    ),
    segments("basic-credentials", "YWxpY2U6c2VjcmV0", "RFC 7617 section 2"),
    segments("opaque-bearer-token", "mF_9.B5f-4.1JqM", "RFC 6750 section 2.1"),
    segments("opaque-token", "2YotnFZFEjr1zCsicMWpAA", "RFC 6749 section 4.1.4"),
    segments("uuid", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "RFC 4122 section 3"),
    segments("saml-assertion", "PHNhbWw6QXNzZXJ0aW9uLz4", "RFC 7522 section 2.1"),
    segments("bcrypt-hash", "$2b$12$abcdefghijklmnopqrstuuxE5SKr0bDA9sK5hLqCbZ.mVn0xXbXK6", "CWE-20, a stored hash"),
    segments("data-url", f"data:application/jwt,{TOKEN}", "RFC 7519 section 10.3.1"),
    segments("encoded-word", f"=?utf-8?q?{TOKEN}?=", "RFC 2047 section 2"),
    around("bearer", "Bearer " + TOKEN),
    around("leading-space", " " + TOKEN),
    around("trailing-space", TOKEN + " "),
    around("leading-tab", "\t" + TOKEN),
    around("trailing-newline", TOKEN + "\n"),
    around("trailing-crlf", TOKEN + "\r\n"),
    around("trailing-header", TOKEN + "\r\nX-Role: admin"),
    around("leading-newline", "\n" + TOKEN),
    around("trailing-nul", TOKEN + "\0"),
    around("leading-nul", "\0" + TOKEN),
    around("no-break-space", TOKEN + "\xa0"),
    around("zero-width-space", "\u200b" + TOKEN),
    around("line-separator", TOKEN + "\u2028"),
    around("byte-order-mark", "\ufeff" + TOKEN),
    around("single-quotes", f"'{TOKEN}'"),
    around("angle-brackets", f"<{TOKEN}>"),
    around("semicolon", TOKEN + ";"),
    around("cookie-pair", f"session={TOKEN}"),
    around("query-pair", f"token={TOKEN}"),
    around("fragment", f"{TOKEN}#"),
    around("comment", f"{TOKEN}//"),
    segments("percent-encoded-dots", TOKEN.replace(".", "%2E"), "RFC 3986 section 2.1"),
    segments("percent-encoded-letter", TOKEN.replace("e", "%65", 1), "RFC 3986 section 2.1"),
    segments("full-width-dots", TOKEN.replace(".", "\uff0e"), "Unicode UAX 15, compatibility forms"),
    segments("ideographic-full-stops", TOKEN.replace(".", "\u3002"), "Unicode UTS 46, dots that are mapped"),
    segments("one-dot-leaders", TOKEN.replace(".", "\u2024"), "Unicode UAX 15, compatibility forms"),
    segments("full-width-letter", TOKEN.replace("e", "\uff45", 1), "Unicode UAX 15, compatibility forms"),
    segments("kelvin-sign", sign_segments(HEAD, BODY + "\u212a"), "Unicode UTS 39, confusable characters"),
    segments("cyrillic-letter", TOKEN.replace("e", "\u0435", 1), "Unicode UTS 39, confusable characters"),
    segments("combining-mark", TOKEN + "\u0301", "Unicode UAX 15, combining marks"),
    segments("arabic-digit", sign_segments(HEAD, BODY + "\u0661"), "Unicode UTS 39, digits of other scripts"),
    segments("letter-beyond-ascii-signed", sign_segments(HEAD, BODY + "é"), "RFC 4648 section 5"),
    segments("lone-surrogate", TOKEN + "\ud800", "Unicode UTR 36, ill-formed strings", pyjwt=PYJWT_FAILS),
    segments(
        "lone-surrogate-in-payload",
        f"{HEAD}.{BODY}\udc80.{SIGNATURE}",
        "PEP 383, bytes smuggled as surrogates",
        pyjwt=PYJWT_FAILS,
    ),
    spelled("nested", "token.json", "RFC 7519 appendix A.2, nested tokens", HEAD, base64url(TOKEN.encode())),
    spelled("signed-again-in-a-fourth-segment", "token.segments", "RFC 7515 section 7.1", HEAD, f"{BODY}.{SIGNATURE}"),
]


@pytest.mark.parametrize("attack", parameters(KINDS, LENGTHS, SEGMENTS))
def test_a_thing_is_a_token_only_in_the_one_shape(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters([row for row in (*KINDS, *LENGTHS, *SEGMENTS) if row.pyjwt]))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt


def test_the_secret_that_the_rows_sign_with_is_fit(engine):
    assert engine.has_fit_secret(SECRET)
