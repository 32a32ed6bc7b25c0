"""Bytes that are no UTF-8, and surrogates: what one reader takes for text, and the next one cannot store."""

import pytest
from attacks import parameters
from token_attacks import (
    AS_PYJWT,
    CLAIMS,
    STRICTER,
    answered,
    compared_with_pyjwt,
    is_answer,
    signed,
)

MARK = "RFC 8259 section 8.1, no byte order mark"
UTF8 = "RFC 8259 section 8.1, UTF-8"
OVERLONG = "RFC 3629 section 3, overlong forms"
SURROGATE_BYTES = "RFC 3629 section 3, surrogates are no characters of UTF-8"
CUT = "RFC 3629 section 4, sequences that end early"
BEYOND = "RFC 3629 section 3, nothing beyond U+10FFFF"
CESU = "Unicode UTR 26, CESU-8"
JAVA = "CWE-176, modified UTF-8 of Java"


def payload(name, source, text, answer=None, **rest):
    return signed(name, "token.utf8", source, text, answer, **rest)


def within(name, source, octets, **rest):
    return payload(name, source, b'{"a":"%b"}' % octets, **rest)


def header(name, source, text, **rest):
    return signed(name, "token.utf8", source, header=text, **rest)


ALICE = '{"sub":"alice"}'
HEADER = '{"alg":"HS256"}'

OCTETS = [
    payload("two-bytes", UTF8, '{"a":"é"}'.encode(), {"a": "é"}),
    payload("three-bytes", UTF8, '{"a":"愛"}'.encode(), {"a": "愛"}),
    payload("four-bytes", UTF8, '{"a":"\U0010ffff"}'.encode(), {"a": "\U0010ffff"}),
    payload("byte-order-mark", MARK, ALICE.encode("utf-8-sig"), pyjwt=STRICTER),
    payload("byte-order-mark-twice", MARK, b"\xef\xbb\xbf" * 2 + ALICE.encode()),
    payload("utf-16-with-mark", UTF8, ALICE.encode("utf-16"), pyjwt=STRICTER),
    payload("utf-16-le", UTF8, ALICE.encode("utf-16-le"), pyjwt=STRICTER),
    payload("utf-16-be", UTF8, ALICE.encode("utf-16-be"), pyjwt=STRICTER),
    payload("utf-32-with-mark", UTF8, ALICE.encode("utf-32"), pyjwt=STRICTER),
    payload("utf-32-le", UTF8, ALICE.encode("utf-32-le"), pyjwt=STRICTER),
    payload("utf-32-be", UTF8, ALICE.encode("utf-32-be"), pyjwt=STRICTER),
    payload("utf-16-of-surrogates", UTF8, '{"a":"\ud800"}'.encode("utf-16", "surrogatepass"), pyjwt=STRICTER),
    payload("utf-7", "RFC 2152 section 1, UTF-7", ALICE.encode("utf-7").replace(b'"', b"+ACI-")),
    payload("latin-1", UTF8, '{"a":"é"}'.encode("latin-1")),
    payload("windows-1252", UTF8, '{"a":"€"}'.encode("cp1252")),
    payload("shift-jis", UTF8, '{"a":"表"}'.encode("shift_jis")),
    payload("gb18030", UTF8, '{"a":"愛"}'.encode("gb18030")),
    payload("ebcdic", UTF8, ALICE.encode("cp037")),
    within("continuation-alone", CUT, b"\x80"),
    within("last-continuation-alone", CUT, b"\xbf"),
    within("continuation-too-many", CUT, b"\xc3\xa9\xa9"),
    within("two-bytes-cut", CUT, b"\xc3"),
    within("three-bytes-cut-after-one", CUT, b"\xe2"),
    within("three-bytes-cut-after-two", CUT, b"\xe2\x82"),
    within("four-bytes-cut-after-three", CUT, b"\xf0\x9f\x98"),
    payload("cut-at-the-end", CUT, b'{"a":"\xe2\x82'),
    payload("quote-swallowed", "CWE-176, a quote taken for a continuation", b'{"a":"\xc3","b":"x"}'),
    within("overlong-nul", JAVA, b"\xc0\x80"),
    within("overlong-slash", OVERLONG, b"\xc0\xaf"),
    within("overlong-quote", OVERLONG, b'\xc0\xa2,"sub":\xc0\xa2root'),
    within("overlong-letter", OVERLONG, b"\xc1\xa1"),
    within("overlong-in-three", OVERLONG, b"\xe0\x80\xaf"),
    within("overlong-in-three-highest", OVERLONG, b"\xe0\x9f\xbf"),
    within("overlong-in-four", OVERLONG, b"\xf0\x80\x80\xaf"),
    within("overlong-in-four-highest", OVERLONG, b"\xf0\x8f\xbf\xbf"),
    within("five-bytes", "RFC 2279 section 2, sequences of five", b"\xf8\x88\x80\x80\x80"),
    within("six-bytes", "RFC 2279 section 2, sequences of six", b"\xfc\x84\x80\x80\x80\x80"),
    payload("overlong-brace", OVERLONG, b'\xc1\xbb"sub":"alice"}'),
    payload("overlong-name", OVERLONG, b'{"\xc1\xa5xp":1}'),
    within("high-surrogate", SURROGATE_BYTES, b"\xed\xa0\x80", pyjwt=STRICTER),
    within("low-surrogate", SURROGATE_BYTES, b"\xed\xbf\xbf", pyjwt=STRICTER),
    within("pair-of-surrogates", CESU, b"\xed\xa0\xbd\xed\xb8\x80", pyjwt=STRICTER),
    within("just-below-surrogates-is-text", SURROGATE_BYTES, b"\xed\x9f\xbf", answer={"a": "\ud7ff"}),
    within("beyond-unicode", BEYOND, b"\xf4\x90\x80\x80"),
    within("far-beyond-unicode", BEYOND, b"\xf7\xbf\xbf\xbf"),
    within("f5", BEYOND, b"\xf5\x80\x80\x80"),
    within("fe", "RFC 3629 section 1, octets that never appear", b"\xfe"),
    within("ff", "RFC 3629 section 1, octets that never appear", b"\xff"),
    header(
        "byte-order-mark-in-header",
        MARK,
        HEADER.encode("utf-8-sig"),
        pyjwt=STRICTER,
    ),
    header("utf-16-header", UTF8, HEADER.encode("utf-16"), pyjwt=STRICTER),
    header("utf-16-le-header", UTF8, HEADER.encode("utf-16-le"), pyjwt=STRICTER),
    header("utf-32-header", UTF8, HEADER.encode("utf-32"), pyjwt=STRICTER),
    header("never-a-byte-in-header", "RFC 3629 section 1, octets that never appear", b'{"alg":"HS256","a":"\xff"}'),
    header("overlong-in-header", OVERLONG, b'{"alg":"HS256","a":"\xc0\xaf"}'),
    header("overlong-alg", OVERLONG, b'{"\xc1\xa1lg":"HS256"}'),
    header("surrogate-in-header", SURROGATE_BYTES, b'{"alg":"HS256","a":"\xed\xa0\x80"}', pyjwt=STRICTER),
    header("latin-1-in-header", UTF8, '{"alg":"HS256","a":"é"}'.encode("latin-1")),
]

LONE = "RFC 8259 section 8.2, surrogates alone"


def escaped(name, text, answer=None, pyjwt=STRICTER, source=LONE):
    return signed(name, "token.surrogates", source, text.encode(), answer, pyjwt=AS_PYJWT if answer else pyjwt)


def escaped_header(name, text, answer=None):
    return signed(
        name, "token.surrogates", LONE, header=text.encode(), answer=answer, pyjwt=AS_PYJWT if answer else STRICTER
    )


SURROGATES = [
    escaped("pair", r'{"a":"\ud83d\ude00"}', {"a": "\U0001f600"}),
    escaped("pair-in-capitals", r'{"a":"\uD83D\uDE00"}', {"a": "\U0001f600"}),
    escaped("first-pair", r'{"a":"\ud800\udc00"}', {"a": "\U00010000"}),
    escaped("last-pair", r'{"a":"\udbff\udfff"}', {"a": "\U0010ffff"}),
    escaped("pairs", r'{"a":"\ud83d\ude00\ud83d\ude00"}', {"a": "\U0001f600" * 2}),
    escaped("just-below", r'{"a":"\ud7ff"}', {"a": "\ud7ff"}),
    escaped("just-above", r'{"a":"\ue000"}', {"a": "\ue000"}),
    escaped("backslash-and-text", r'{"a":"\\ud800"}', {"a": "\\ud800"}),
    escaped("high", r'{"a":"\ud800"}'),
    escaped("highest-high", r'{"a":"\udbff"}'),
    escaped("low", r'{"a":"\udc00"}'),
    escaped("lowest-low", r'{"a":"\udfff"}'),
    escaped("in-reverse", r'{"a":"\udc00\ud800"}'),
    escaped("high-high", r'{"a":"\ud83d\ud83d"}'),
    escaped("high-high-low", r'{"a":"\ud83d\ud83d\ude00"}'),
    escaped("pair-and-low", r'{"a":"\ud83d\ude00\ude00"}'),
    escaped("high-and-letter", r'{"a":"\ud83dx"}'),
    escaped("high-and-escape", r'{"a":"\ud83d\n"}'),
    escaped("high-and-backslash", r'{"a":"\ud83d\\ude00"}'),
    escaped("high-and-character", '{"a":"\\ud83d\U0001f600"}'),
    escaped("after-backslashes", r'{"a":"\\\ud800"}'),
    escaped("halves-in-two-strings", r'{"a":["\ud83d","\ude00"]}'),
    escaped("in-a-name", r'{"\ud800":1}'),
    escaped("in-a-nested-name", r'{"a":{"\udfff":1}}'),
    escaped("deep", r'{"a":[{"b":["\ud83d"]}]}'),
    escaped("in-sub", r'{"sub":"alice\ud800"}'),
    escaped("overwritten", r'{"a":"\ud800","a":1}'),
    escaped("cut-low", r'{"a":"\ud83d\ude0"}', pyjwt=AS_PYJWT),
    escaped_header("in-a-header", r'{"alg":"HS256","a":"\ud800"}'),
    escaped_header("in-kid", r'{"alg":"HS256","kid":"\udc00"}'),
    escaped_header("in-a-name-of-a-header", r'{"alg":"HS256","\ud800":1}'),
    escaped_header("pair-in-a-header", r'{"alg":"HS256","kid":"\ud83d\ude00"}', CLAIMS),
]


@pytest.mark.parametrize("attack", parameters(OCTETS, SURROGATES))
def test_the_text_of_a_token_is_utf_8_of_whole_characters(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters(OCTETS, SURROGATES))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt
