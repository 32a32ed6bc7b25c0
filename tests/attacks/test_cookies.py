"""Cookie headers: duplicates, several headers, quotes and escapes, and names that look alike."""

from functools import partial

import pytest
from attacks import Attack, attacks, check, each, pairs

SANDWICH = "CWE-565, the cookie sandwich: an open quote in one cookie hides the next one"
NAMELESS = "RFC 6265bis section 5.8.3, a browser sends a nameless cookie as its value"
HOST_PREFIX = "RFC 6265bis section 4.1.3.2"
UNDERSCORES = "CVE-2022-31629, brackets and dots became underscores"
DECODED = "CVE-2020-7070, a decoded name looks like a prefix"
SEVERAL = "RFC 9113 section 8.2.3"
STRIP = "CWE-444, white space for str.strip"
HTTP_COOKIES = "CPython http.cookies, _unquote"


def cookie(rule, name, source, header, expected, cookie_name="session"):
    """Return a row with a Cookie header, or a list of several, and the value of the cookie *cookie_name*."""
    return Attack(name, rule, source, (header, cookie_name), expected)


pair = partial(cookie, "cookie.pair")
split = partial(cookie, "cookie.split")
last = partial(cookie, "cookie.last")
named = partial(cookie, "cookie.name")
trim = partial(cookie, "cookie.trim")
quoted = partial(cookie, "cookie.quotes")
semicolon = partial(cookie, "cookie.semicolon")
latin1 = partial(cookie, "cookie.latin1")


def similar_name(name, source, header, cookie_name="session"):
    """Return a row without the cookie *cookie_name*, which a less exact parser finds."""
    return named(name, source, header, "", cookie_name)


PAIRS = [
    *each(pair, "RFC 6265 section 4.2.1", b"session=s", b"session=s; b=2; c=3", b"a=1; session=s; c=3", expected="s"),
    *each(pair, "RFC 6265 section 4.2.1", b"a=1; b=2; session=s", b";; ;session=s;;", expected="s"),
    *each(pair, "RFC 6265 section 4.2.1", b"a=1; b=2", b"", expected=""),
    pair("empty-value", "RFC 6265 section 4.1.1", b"session=; b=2", ""),
    pair("no-space", "RFC 6265 section 5.2, step 1", b"a=1;session=s", "s"),
    *pairs(pair, "RFC 6265 section 5.2, step 2", {b"session=b=c==": "b=c==", b"session==": "="}),
    *each(pair, "RFC 6265 section 5.2, step 2", b"==session=s", b"session; b=2", expected=""),
    pair("after-name-without-equals-sign", "CPython http.cookies, loses every cookie", b"x; session=s", "s"),
    pair("after-equals-signs-only", "CPython http.cookies, raises CookieError", b"===; session=s", "s"),
    pair("after-empty-name", "RFC 6265 section 5.2, step 5", b"=x; session=s", "s"),
    *each(pair, "RFC 6265 section 5.2, step 5", b"=1; b=2", b" \t =1", expected="", cookie_name=""),
    *pairs(pair, NAMELESS, {b"=session=mallory": "", b"session=s; =session=mallory": "s"}),
    pair("word-before-the-name", "RFC 6265 section 5.2", b"x session=s; b=2", ""),
    pair("after-illegal-characters", "CPython http.cookies, loses the rest", b"x@[]{}\xff=\x01\x7f; session=s", "s"),
    *pairs(pair, "RFC 2965 section 3.3.4, commas between pairs", {b"x=1, y=2; session=s": "s", b"x=1,session=s": ""}),
    pair("ampersand-is-not-a-separator", "CWE-444, the separator of a query", b"x=1&session=s", ""),
    pair("line-break-is-not-a-separator", "CWE-93", b"x=1\r\nsession=s", ""),
    *pairs(pair, "CWE-158", {b"x=1\0session=s": "", b"session=s\0x": "s\0x"}),
    pair("header-in-value", "CWE-113", b"x=1\r\nCookie: session=mallory", ""),
]
HEADERS = [
    *each(split, SEVERAL, [b"a=1", b"session=s"], [b"session=s", b"b=2"], [b"a=1", b"session=s", b"c=3"], expected="s"),
    *each(split, SEVERAL, [b"session=x", b"session=s"], [b"", b"session=s"], [b"session=s", b""], expected="s"),
    split("value-across-headers", SEVERAL, [b"session=s", b"t"], "s"),
    split("last-of-duplicates-in-three-headers", SEVERAL, [b"session=1; session=2", b"session=3; a=1", b"b=2"], "3"),
    split("pair-across-headers", SEVERAL, [b"session", b"=s"], ""),
    *each(split, SANDWICH, [b'x="1', b"session=s", b'y=2"'], [b'x="1\\', b"session=s"], expected="s"),
    split("quoted-value-across-headers", SANDWICH, [b'session="s', b't"'], '"s'),
    split("hundred-headers", SEVERAL, [b"a=1"] * 99 + [b"session=s"], "s"),
]
DUPLICATES = [
    last("last-of-two", "RFC 6265 section 5.4, the longer path first", b"session=1; session=2", "2"),
    *pairs(last, "RFC 6265 section 5.4", {b"session=1; session=2; session=3": "3", b"session=1; SESSION=2": "1"}),
    last("first-is-empty", "RFC 6265 section 5.4", b"session=; session=2", "2"),
    *each(last, "RFC 6265 section 5.4", b"session=1; session=", b'session=1; session=""', expected=""),
    *pairs(last, "RFC 6265 section 5.2", {b"session=1; session": "1", b"session=1; session \t=2": "2"}),
]
NAMES = [
    *each(similar_name, "RFC 6265 section 5.3, step 11", b"Session=s", b"SESSION=s"),
    *each(similar_name, "CWE-187", b"sessions=s", b"xsession=s", b"sessio=s"),
    similar_name("quoted-name", "RFC 6265 section 4.1.1", b'"session"=s'),
    similar_name("percent-encoded-name", "CWE-177", b"%73ession=s"),
    similar_name("trailing-brackets", "CPython http.cookies, stops at a bracket", b"session[]=s"),
    similar_name("leading-dollar", "RFC 2965 section 3.3.4, attributes of the sender", b"$session=s"),
    *each(similar_name, "CWE-158", b"session\0=s", b"\0session=s"),
    *each(similar_name, "CWE-93", b"\nsession=s", b"session\r=s"),
    *each(similar_name, STRIP, b"\x0bsession=s", b"session\x0c=s", b"\xa0session=s", b"session\x85=s"),
    similar_name("leading-file-separator", STRIP, b"\x1csession=s"),
    similar_name("soft-hyphen", "Unicode UTS 39, confusables", b"ses\xadsion=s"),
    similar_name("leading-byte-order-mark", "RFC 3629 section 6", b"\xef\xbb\xbfsession=s"),
    similar_name("cyrillic-letter", "Unicode UTS 39, confusables", "ѕession=s".encode()),
    *each(similar_name, HOST_PREFIX, b"__host-id=s", b"__HOST-id=s", b"\xa0__Host-id=s", cookie_name="__Host-id"),
    *each(similar_name, HOST_PREFIX, b"\x1d__Host-id=s", b"_Host-id=s", cookie_name="__Host-id"),
    similar_name("unicode-hyphen-in-host-prefix", "Unicode UTS 39, confusables", "__Host‐id=s".encode(), "__Host-id"),
    similar_name("secure-prefix-for-host-prefix", "RFC 6265bis section 4.1.3.1", b"__Secure-id=s", "__Host-id"),
    *each(similar_name, UNDERSCORES, b"_[Host-id=s", b"..Host-id=s", cookie_name="__Host-id"),
    similar_name("percent-encoded-host-prefix", DECODED, b"__%48ost-id=s", "__Host-id"),
    named("host-prefix", HOST_PREFIX, b"__Host-id=s", "s", "__Host-id"),
    named("nameless-cookie-last", "RFC 6265bis section 5.7", b"__Host-id=s; =__Host-id=mallory", "s", "__Host-id"),
    *each(named, "RFC 2965 section 3.3.4", b"$Version=1; session=s", b"session=s; $Path=/x", expected="s"),
    named("dollar-version-requested", "RFC 2965 section 3.3.4", b"$Version=1", "1", "$Version"),
    named("reserved-word-as-name", "CPython http.cookies, reserved words", b"Path=1; a=2", "1", "Path"),
    named("before-reserved", "CPython http.cookies, reserved words", b"session=s; httponly; secure; expires=x", "s"),
    named("illegal-characters-in-name", "RFC 6265 section 5.2", b"x@[]=1", "1", "x@[]"),
    latin1("latin-1-name", "RFC 6265 section 5.2", b"\xe9=1", "1", "é"),
    latin1("name-outside-latin-1", "RFC 6265 section 5.2", "愛=1".encode(), "", "愛"),
    latin1("surrogate-in-name", "Unicode chapter 3.8, surrogates", b"\xed\xa0\x80=1", "", "\ud800"),
    similar_name("whitespace-in-requested-name", "RFC 6265 section 5.2, step 4", b"session=s", " session "),
    similar_name("semicolon-in-requested-name", "RFC 6265 section 5.2, step 1", b"a; b=s", "a; b"),
    similar_name("equals-sign-in-requested-name", "RFC 6265 section 5.2, step 2", b"a=b=s", "a=b"),
]
WHITE_SPACE = [
    trim("spaces-and-tabs", "RFC 6265 section 5.2, step 4", b" \t session \t = \t s \t ;\tb=2", "s"),
    *pairs(trim, "RFC 6265 section 5.2, step 4", {b"session=1 2\t3": "1 2\t3", b"session= \t ": ""}),
    *each(trim, "RFC 6265 section 5.2, step 4", b"a=1; \t session=s \t", b'session= "s" ; b=2', expected="s"),
    *pairs(trim, STRIP, {b"session=\x0b1\x0c": "\x0b1\x0c", b"session=\xa01\x85": "\xa01\x85"}),
    *pairs(trim, STRIP, {b"session=\x1c1\x1f": "\x1c1\x1f", b'session=\x0b"s"': '\x0b"s"'}),
    trim("line-break-is-kept", "CWE-93", b"session=\n1\r", "\n1\r"),
    trim("nul-is-kept", "CWE-158", b"session=\0s\0", "\0s\0"),
    trim("inside-quotes-is-kept", "RFC 6265 section 4.1.1", b'session=" s "', " s "),
]
QUOTES = [
    *pairs(quoted, "RFC 6265 section 4.1.1", {b'session="s"': "s", b'session=""': "", b'session=""s""': '"s"'}),
    quoted("apostrophes-are-kept", "RFC 6265 section 4.1.1", b"session='s'", "'s'"),
    *each(quoted, HTTP_COOKIES, b'session="x"y"', rb'session="x\"y"', expected='x"y'),
    *each(quoted, HTTP_COOKIES, b'session="', rb'session="\042"', expected='"'),
    *pairs(quoted, HTTP_COOKIES, {b'session="s; b=2': '"s', b'session=s"': 's"', rb'session="x\\y"': "x\\y"}),
    *pairs(quoted, HTTP_COOKIES, {rb'session="\x\n\t\0"': "xnt0", rb'session="1\0732"': "1;2"}),
    *pairs(quoted, HTTP_COOKIES, {rb'session="1\0542"': "1,2", rb'session="\075"': "=", rb'session="\000"': "\x00"}),
    *pairs(quoted, HTTP_COOKIES, {rb'session="\015\012"': "\r\n", rb'session="\177"': "\x7f"}),
    *pairs(quoted, HTTP_COOKIES, {rb'session="\200"': "\x80", rb'session="\377"': "\xff", rb'session="\400"': "400"}),
    *pairs(quoted, HTTP_COOKIES, {rb'session="\777"': "777", rb'session="\018"': "018", rb'session="\091"': "091"}),
    *pairs(quoted, HTTP_COOKIES, {rb'session="\01"': "01", rb'session="\1011"': "A1", rb'session="\07"3"': '07"3'}),
    *pairs(quoted, HTTP_COOKIES, {rb'session="\\\054"': "\\,", rb'session="\x3b"': "x3b"}),
    *pairs(quoted, HTTP_COOKIES, {rb'session="\u003b"': "u003b", rb'session="x\"': "x\\", rb'session="\"': "\\"}),
    *pairs(quoted, HTTP_COOKIES, {b'session="x\\\ny"': "x\\\ny", rb'"\163ession"=mallory; session=s': "s"}),
    quoted("typographic-quotes-are-kept", "Unicode UTS 39, confusables", "session=“s”".encode("cp1252"), "\x93s\x94"),
    *each(quoted, HTTP_COOKIES, rb'session="\\054"', rb"session=\054", expected="\\054"),
    *pairs(quoted, "CWE-174", {rb'session="\134054"': "\\054", rb'session="\042s\042"': '"s"'}),
    quoted("superscript-digits", "Unicode UAX 44, digits that are not decimal", b'session="\\\xb2\xb3\xb9"', "²³¹"),
    quoted("backslash-before-nul", "CWE-158", b'session="x\\\x00y"', "x\x00y"),
    quoted("octal-of-semicolon-is-not-a-separator", "CWE-565", rb'x="\073 session=mallory"; session=s', "s"),
]
SEMICOLONS = [
    *each(semicolon, SANDWICH, b'x="1; session=s; y=3"', b'x="1\\; session=s; y=3"', expected="s"),
    *each(semicolon, SANDWICH, b'$Version=1; x="1; session=s; y="', b'x="; session=s', expected="s"),
    *pairs(semicolon, SANDWICH, {b'x="\\; session=s': "s", b'session="1;2"': '"1'}),
    semicolon("pair-in-quotes", "RFC 2109 section 4.1", b'session=s; x="; session=mallory"', 'mallory"'),
    semicolon("fullwidth-semicolon", "Unicode UTS 39, confusables", "x=1；session=s".encode(), ""),
    semicolon("greek-question-mark", "Unicode UAX 15, canonical forms", "x=1\u037esession=s".encode(), ""),
]
BYTES = [
    latin1("latin-1", "RFC 9110 section 5.5", b"session=\xe9\xff", "\xe9\xff"),
    latin1("utf-8", "RFC 9110 section 5.5", "session=é".encode(), "Ã©"),
    latin1("invalid-utf-8", "RFC 3629 section 3", b"session=\xc3\xed\xa0\x80\xf5", "\xc3\xed\xa0\x80\xf5"),
    latin1("overlong-slash", "RFC 3629 section 10", b"session=\xc0\xaf", "\xc0\xaf"),
    *pairs(latin1, "CWE-177", {b"session=%41%3B+x": "%41%3B+x", b"x=1%3B session=mallory": ""}),
    latin1("mime-word", "RFC 2047 section 2", b"session==?utf-8?q?s?=", "=?utf-8?q?s?="),
    latin1("control-characters", "RFC 6265 section 4.1.1", b"session=a\x01\x02\x1b\x7f\x80b", "a\x01\x02\x1b\x7f\x80b"),
]


def headers_of(value):
    """Return headers with these cookies, among similar headers that are not read."""
    values = value if isinstance(value, list) else [value]
    spellings = [b"cookie", b"Cookie", b"cOOKIE"]
    cookies = [(spellings[index % 3], each) for index, each in enumerate(values)]
    return [(b"host", b"session=host"), (b"cookie2", b"session=cookie2"), *cookies, (b"set-cookie", b"session=x")]


@attacks(PAIRS, HEADERS, DUPLICATES, NAMES, WHITE_SPACE, QUOTES, SEMICOLONS, BYTES)
def test_cookie_is_read(engine, attack):
    value, name = attack.input
    check(attack, engine.cookie, headers_of(value), name)
    assert engine.cookies(headers_of(value)).get(name, "") == attack.expected


@pytest.mark.rule("cookie.quotes")
def test_octal_escapes_to_377_are_characters(engine):
    for number in range(0o1000):
        expected = chr(number) if number <= 0o377 else f"{number:03o}"
        assert engine.cookie([(b"cookie", b'a="\\%03o"' % number)], "a") == expected


ALL = [
    Attack("no-headers", "cookie.pair", "RFC 6265 section 4.2.1", [], {}),
    Attack("no-pairs", "cookie.pair", "RFC 6265 section 5.2", [b"a; b;c", b"", b";;=;==;=x"], {}),
    Attack("order", "cookie.last", "RFC 6265 section 5.4", [b"a=1; b=2; a=3"], {"a": "3", "b": "2"}),
    Attack("dunder", "cookie.name", "CWE-1321", [b"__proto__=1; __class__=2"], {"__proto__": "1", "__class__": "2"}),
    Attack("whitespace-as-name", "cookie.trim", "RFC 6265 section 5.2", [b" =1;\t=2;\x0b=3"], {"\x0b": "3"}),
    Attack("names-equal-once-trimmed", "cookie.trim", "RFC 6265 section 5.2", [b"a=1; a =2;\ta\t=3"], {"a": "3"}),
    Attack("names-with-other-case", "cookie.name", "RFC 6265 section 5.3", [b"a=1; A=2"], {"a": "1", "A": "2"}),
    Attack("all", "cookie.semicolon", SANDWICH, [b'x="1; session=s; y=3"'], {"x": '"1', "session": "s", "y": '3"'}),
]


@attacks(ALL)
def test_all_cookies_are_returned_in_order(engine, attack):
    check(attack, engine.cookies, [(b"cookie", value) for value in attack.input])
