"""Cookie headers that are split, doubled, quoted, escaped or planted to be read otherwise."""

import pytest
from answers import is_answered
from attacks import Attack, parameters

SANDWICH = "CWE-565, the cookie sandwich: a quote planted in one cookie swallows the next"


def cookie(name, rule, source, value, answer, asked="session"):
    """*value* is the Cookie header, or a list of several."""
    return Attack(name, rule, source, (value, asked), answer)


def near(name, source, value, asked="session"):
    """A pair that a less exact reader would take for the cookie asked for."""
    return cookie(name, "cookie.name", source, value, "", asked)


WHERE = [
    cookie("only", "cookie.pair", "RFC 6265 section 4.2.1", b"session=s", "s"),
    cookie("first", "cookie.pair", "RFC 6265 section 4.2.1", b"session=s; b=2; c=3", "s"),
    cookie("middle", "cookie.pair", "RFC 6265 section 4.2.1", b"a=1; session=s; c=3", "s"),
    cookie("last", "cookie.pair", "RFC 6265 section 4.2.1", b"a=1; b=2; session=s", "s"),
    cookie("absent", "cookie.pair", "RFC 6265 section 4.2.1", b"a=1; b=2", ""),
    cookie("empty-header", "cookie.pair", "RFC 6265 section 4.2.1", b"", ""),
    cookie("empty-value", "cookie.pair", "RFC 6265 section 4.1.1", b"session=; b=2", ""),
    cookie("no-space", "cookie.pair", "RFC 6265 section 5.2, step 1", b"a=1;session=s", "s"),
    cookie("equals-in-the-value", "cookie.pair", "RFC 6265 section 5.2, step 2", b"session=b=c==", "b=c=="),
    cookie("equals-as-the-value", "cookie.pair", "RFC 6265 section 5.2, step 2", b"session==", "="),
    cookie("equals-twice-in-front", "cookie.pair", "RFC 6265 section 5.2, step 2", b"==session=s", ""),
    cookie("bare-name", "cookie.pair", "RFC 6265 section 5.2, step 2", b"session; b=2", ""),
    cookie("after-a-bare-name", "cookie.pair", "CPython http.cookies, one bare name loses all", b"x; session=s", "s"),
    cookie("after-equals-only", "cookie.pair", "CPython http.cookies, raises CookieError", b"===; session=s", "s"),
    cookie("after-an-empty-name", "cookie.pair", "RFC 6265 section 5.2, step 5", b"=x; session=s", "s"),
    cookie("empty-name-asked-for", "cookie.pair", "RFC 6265 section 5.2, step 5", b"=1; b=2", "", ""),
    cookie("empty-name-of-blanks", "cookie.pair", "RFC 6265 section 5.2, step 5", b" \t =1", "", ""),
    cookie(
        "a-nameless-cookie-imitates-one",
        "cookie.pair",
        "RFC 6265bis section 5.8.3, a browser sends a nameless cookie as its value",
        b"=session=mallory",
        "",
    ),
    cookie(
        "a-nameless-cookie-hides-none",
        "cookie.pair",
        "RFC 6265bis section 5.8.3, a browser sends a nameless cookie as its value",
        b"session=s; =session=mallory",
        "s",
    ),
    cookie("empty-pieces", "cookie.pair", "RFC 6265 section 4.2.1", b";; ;session=s;;", "s"),
    cookie("name-that-looks-like-a-pair", "cookie.pair", "RFC 6265 section 5.2", b"x session=s; b=2", ""),
    cookie(
        "after-illegal-characters",
        "cookie.pair",
        "CPython http.cookies, what follows a bracket is lost",
        b"x@[]{}\xff=\x01\x7f; session=s",
        "s",
    ),
    cookie("after-a-comma", "cookie.pair", "RFC 2965 section 3.3.4, commas between pairs", b"x=1, y=2; session=s", "s"),
    cookie("comma-ends-no-pair", "cookie.pair", "RFC 2965 section 3.3.4, commas between pairs", b"x=1,session=s", ""),
    cookie("ampersand-ends-no-pair", "cookie.pair", "CWE-444, a query's separator", b"x=1&session=s", ""),
    cookie("line-break-ends-no-pair", "cookie.pair", "CWE-93", b"x=1\r\nsession=s", ""),
    cookie("nul-ends-no-pair", "cookie.pair", "CWE-158", b"x=1\0session=s", ""),
    cookie("nul-ends-no-value", "cookie.pair", "CWE-158", b"session=s\0x", "s\0x"),
    cookie(
        "a-header-within-a-value",
        "cookie.pair",
        "CWE-113",
        b"x=1\r\nCookie: session=mallory",
        "",
    ),
]

SPLIT = [
    cookie("second-header", "cookie.split", "RFC 9113 section 8.2.3", [b"a=1", b"session=s"], "s"),
    cookie("first-header", "cookie.split", "RFC 9113 section 8.2.3", [b"session=s", b"b=2"], "s"),
    cookie("one-header-a-pair", "cookie.split", "RFC 9113 section 8.2.3", [b"a=1", b"session=s", b"c=3"], "s"),
    cookie("last-of-two-headers", "cookie.split", "RFC 9113 section 8.2.3", [b"session=x", b"session=s"], "s"),
    cookie(
        "last-of-three-in-turn",
        "cookie.split",
        "RFC 9113 section 8.2.3",
        [b"session=1; session=2", b"session=3; a=1", b"b=2"],
        "3",
    ),
    cookie("empty-header-first", "cookie.split", "RFC 9113 section 8.2.3", [b"", b"session=s"], "s"),
    cookie("empty-header-last", "cookie.split", "RFC 9113 section 8.2.3", [b"session=s", b""], "s"),
    cookie("a-pair-is-not-put-together", "cookie.split", "RFC 9113 section 8.2.3", [b"session", b"=s"], ""),
    cookie("a-value-does-not-go-on", "cookie.split", "RFC 9113 section 8.2.3", [b"session=s", b"t"], "s"),
    cookie("an-open-quote-does-not-go-on", "cookie.split", SANDWICH, [b'x="1', b"session=s", b'y=2"'], "s"),
    cookie("quotes-do-not-meet", "cookie.split", SANDWICH, [b'session="s', b't"'], '"s'),
    cookie("a-backslash-does-not-reach-over", "cookie.split", SANDWICH, [b'x="1\\', b"session=s"], "s"),
    cookie("many-headers", "cookie.split", "RFC 9113 section 8.2.3", [b"a=1"] * 99 + [b"session=s"], "s"),
]

LAST = [
    cookie("last-of-two", "cookie.last", "RFC 6265 section 5.4, the longer path first", b"session=1; session=2", "2"),
    cookie("last-of-three", "cookie.last", "RFC 6265 section 5.4", b"session=1; session=2; session=3", "3"),
    cookie("last-though-empty", "cookie.last", "RFC 6265 section 5.4", b"session=1; session=", ""),
    cookie("last-though-quoted-empty", "cookie.last", "RFC 6265 section 5.4", b'session=1; session=""', ""),
    cookie("not-a-bare-name", "cookie.last", "RFC 6265 section 5.2", b"session=1; session", "1"),
    cookie("not-in-another-case", "cookie.last", "RFC 6265 section 5.4", b"session=1; SESSION=2", "1"),
    cookie("first-empty", "cookie.last", "RFC 6265 section 5.4", b"session=; session=2", "2"),
    cookie("blanks-around-the-second", "cookie.last", "RFC 6265 section 5.2", b"session=1; session \t=2", "2"),
]

NAMES = [
    near("other-case", "RFC 6265 section 5.3, step 11", b"Session=s"),
    near("capitals", "RFC 6265 section 5.3, step 11", b"SESSION=s"),
    near("longer", "CWE-187", b"sessions=s"),
    near("longer-in-front", "CWE-187", b"xsession=s"),
    near("shorter", "CWE-187", b"sessio=s"),
    near("quoted-name", "RFC 6265 section 4.1.1", b'"session"=s'),
    near("percent-encoded-name", "CWE-177", b"%73ession=s"),
    near("bracket-behind", "CPython http.cookies, stops at a bracket", b"session[]=s"),
    near("dollar-in-front", "RFC 2965 section 3.3.4, attributes of the sender", b"$session=s"),
    near("nul-behind-the-name", "CWE-158", b"session\0=s"),
    near("nul-before-the-name", "CWE-158", b"\0session=s"),
    near("line-feed-before-the-name", "CWE-93", b"\nsession=s"),
    near("carriage-return-behind-the-name", "CWE-93", b"session\r=s"),
    near("vertical-tab-before-the-name", "CWE-444, str.strip takes it for a blank", b"\x0bsession=s"),
    near("form-feed-behind-the-name", "CWE-444, str.strip takes it for a blank", b"session\x0c=s"),
    near("no-break-space-before-the-name", "CWE-444, str.strip takes it for a blank", b"\xa0session=s"),
    near("next-line-behind-the-name", "CWE-444, str.strip takes it for a blank", b"session\x85=s"),
    near("file-separator-before-the-name", "CWE-444, str.strip takes it for a blank", b"\x1csession=s"),
    near("soft-hyphen-in-the-name", "Unicode UTS 39, confusables", b"ses\xadsion=s"),
    near("byte-order-mark-before-the-name", "RFC 3629 section 6", b"\xef\xbb\xbfsession=s"),
    near("cyrillic-letter-in-the-name", "Unicode UTS 39, confusables", "ѕession=s".encode()),
    near(
        "host-prefix-in-lowercase",
        "RFC 6265bis section 4.1.3.2, in any case in newer browsers",
        b"__host-id=s",
        "__Host-id",
    ),
    near("host-prefix-in-capitals", "RFC 6265bis section 4.1.3.2", b"__HOST-id=s", "__Host-id"),
    near("host-prefix-behind-a-no-break-space", "RFC 6265bis section 4.1.3.2", b"\xa0__Host-id=s", "__Host-id"),
    near("host-prefix-behind-a-separator", "RFC 6265bis section 4.1.3.2", b"\x1d__Host-id=s", "__Host-id"),
    near("host-prefix-with-other-hyphen", "Unicode UTS 39, confusables", "__Host‐id=s".encode(), "__Host-id"),
    near("host-prefix-cut", "RFC 6265bis section 4.1.3.2", b"_Host-id=s", "__Host-id"),
    near("secure-prefix-is-another", "RFC 6265bis section 4.1.3.1", b"__Secure-id=s", "__Host-id"),
    near("bracketed-host-prefix", "CVE-2022-31629, a bracket became an underscore", b"_[Host-id=s", "__Host-id"),
    near("dots-for-the-host-prefix", "CVE-2022-31629, dots became underscores", b"..Host-id=s", "__Host-id"),
    near(
        "percent-encoded-host-prefix",
        "CVE-2020-7070, a decoded name imitates a prefix",
        b"__%48ost-id=s",
        "__Host-id",
    ),
    cookie("host-prefix", "cookie.name", "RFC 6265bis section 4.1.3.2", b"__Host-id=s", "s", "__Host-id"),
    cookie(
        "host-prefix-beside-a-nameless-one",
        "cookie.name",
        "RFC 6265bis section 5.7, a nameless cookie may not imitate a prefix",
        b"__Host-id=s; =__Host-id=mallory",
        "s",
        "__Host-id",
    ),
    cookie("dollar-version-is-a-name", "cookie.name", "RFC 2965 section 3.3.4", b"$Version=1; session=s", "s"),
    cookie("dollar-version-can-be-asked-for", "cookie.name", "RFC 2965 section 3.3.4", b"$Version=1", "1", "$Version"),
    cookie("dollar-path-changes-nothing", "cookie.name", "RFC 2965 section 3.3.4", b"session=s; $Path=/x", "s"),
    cookie(
        "reserved-word-is-a-name", "cookie.name", "CPython http.cookies, reserved words", b"Path=1; a=2", "1", "Path"
    ),
    cookie(
        "reserved-word-behind-changes-nothing",
        "cookie.name",
        "CPython http.cookies, an attribute of the cookie before",
        b"session=s; httponly; secure; expires=x",
        "s",
    ),
    cookie("illegal-name-is-a-name", "cookie.name", "RFC 6265 section 5.2", b"x@[]=1", "1", "x@[]"),
    cookie("latin-1-name", "cookie.latin1", "RFC 6265 section 5.2", b"\xe9=1", "1", "é"),
    cookie("name-beyond-latin-1", "cookie.latin1", "RFC 6265 section 5.2", "愛=1".encode(), "", "愛"),
    cookie(
        "name-with-a-surrogate", "cookie.latin1", "Unicode chapter 3.8, surrogates", b"\xed\xa0\x80=1", "", "\ud800"
    ),
    near("blanks-in-the-name-asked-for", "RFC 6265 section 5.2, step 4", b"session=s", " session "),
    near("semicolon-in-the-name-asked-for", "RFC 6265 section 5.2, step 1", b"a; b=s", "a; b"),
    near("equals-in-the-name-asked-for", "RFC 6265 section 5.2, step 2", b"a=b=s", "a=b"),
]

BLANKS = [
    cookie("spaces-and-tabs", "cookie.trim", "RFC 6265 section 5.2, step 4", b" \t session \t = \t s \t ;\tb=2", "s"),
    cookie("at-the-end", "cookie.trim", "RFC 6265 section 5.2, step 4", b"a=1; \t session=s \t", "s"),
    cookie("inner-ones-stay", "cookie.trim", "RFC 6265 section 5.2, step 4", b"session=1 2\t3", "1 2\t3"),
    cookie("only-blanks", "cookie.trim", "RFC 6265 section 5.2, step 4", b"session= \t ", ""),
    cookie("vertical-tab-stays", "cookie.trim", "CWE-444, str.strip", b"session=\x0b1\x0c", "\x0b1\x0c"),
    cookie("line-break-stays", "cookie.trim", "CWE-93", b"session=\n1\r", "\n1\r"),
    cookie("no-break-space-stays", "cookie.trim", "CWE-444, str.strip", b"session=\xa01\x85", "\xa01\x85"),
    cookie("separators-stay", "cookie.trim", "CWE-444, str.strip", b"session=\x1c1\x1f", "\x1c1\x1f"),
    cookie("nul-stays", "cookie.trim", "CWE-158", b"session=\0s\0", "\0s\0"),
    cookie("around-quotes", "cookie.trim", "RFC 6265 section 5.2, step 4", b'session= "s" ; b=2', "s"),
    cookie("within-quotes-stay", "cookie.trim", "RFC 6265 section 4.1.1", b'session=" s "', " s "),
    cookie("vertical-tab-keeps-the-quotes", "cookie.trim", "CWE-444, str.strip", b'session=\x0b"s"', '\x0b"s"'),
]


def quoted(name, source, value, answer):
    return cookie(name, "cookie.quotes", source, value, answer)


HTTP_COOKIES = "CPython http.cookies, _unquote"
QUOTES = [
    quoted("quotes-go", "RFC 6265 section 4.1.1", b'session="s"', "s"),
    quoted("empty", "RFC 6265 section 4.1.1", b'session=""', ""),
    quoted("one-pair-only", "RFC 6265 section 4.1.1", b'session=""s""', '"s"'),
    quoted("inside", HTTP_COOKIES, b'session="x"y"', 'x"y'),
    quoted("one-quote", HTTP_COOKIES, b'session="', '"'),
    quoted("opening-only", HTTP_COOKIES, b'session="s; b=2', '"s'),
    quoted("closing-only", HTTP_COOKIES, b'session=s"', 's"'),
    quoted("single-quotes-stay", "RFC 6265 section 4.1.1", b"session='s'", "'s'"),
    quoted("low-quote-stays", "Unicode UTS 39, confusables", "session=“s”".encode("cp1252"), "\x93s\x94"),
    quoted("escaped-quote", HTTP_COOKIES, rb'session="x\"y"', 'x"y'),
    quoted("escaped-backslash", HTTP_COOKIES, rb'session="x\\y"', "x\\y"),
    quoted("escaped-letter", HTTP_COOKIES, rb'session="\x\n\t\0"', "xnt0"),
    quoted("octal-of-a-semicolon", HTTP_COOKIES, rb'session="1\0732"', "1;2"),
    quoted("octal-of-a-comma", HTTP_COOKIES, rb'session="1\0542"', "1,2"),
    quoted("octal-of-a-quote", HTTP_COOKIES, rb'session="\042"', '"'),
    quoted("octal-of-an-equals-sign", HTTP_COOKIES, rb'session="\075"', "="),
    quoted("octal-000", HTTP_COOKIES, rb'session="\000"', "\x00"),
    quoted("octal-of-a-line-break", HTTP_COOKIES, rb'session="\015\012"', "\r\n"),
    quoted("octal-177", HTTP_COOKIES, rb'session="\177"', "\x7f"),
    quoted("octal-200", HTTP_COOKIES, rb'session="\200"', "\x80"),
    quoted("octal-377", HTTP_COOKIES, rb'session="\377"', "\xff"),
    quoted("octal-400-is-none", HTTP_COOKIES, rb'session="\400"', "400"),
    quoted("octal-777-is-none", HTTP_COOKIES, rb'session="\777"', "777"),
    quoted("octal-8-is-no-digit", HTTP_COOKIES, rb'session="\018"', "018"),
    quoted("octal-9-in-the-middle", HTTP_COOKIES, rb'session="\091"', "091"),
    quoted("octal-of-two-digits", HTTP_COOKIES, rb'session="\01"', "01"),
    quoted("octal-of-four-digits", HTTP_COOKIES, rb'session="\1011"', "A1"),
    quoted("octal-cut-by-the-quote", HTTP_COOKIES, rb'session="\07"3"', '07"3'),
    quoted("octal-after-a-backslash", HTTP_COOKIES, rb'session="\\054"', "\\054"),
    quoted("octal-after-two-backslashes", HTTP_COOKIES, rb'session="\\\054"', "\\,"),
    quoted("not-read-twice", "CWE-174", rb'session="\134054"', "\\054"),
    quoted("made-quotes-are-not-read-again", "CWE-174", rb'session="\042s\042"', '"s"'),
    quoted("hexadecimal-is-none", HTTP_COOKIES, rb'session="\x3b"', "x3b"),
    quoted("unicode-escape-is-none", HTTP_COOKIES, rb'session="\u003b"', "u003b"),
    quoted(
        "superscript-digits-are-none", "Unicode UAX 44, digits that are no decimals", b'session="\\\xb2\xb3\xb9"', "²³¹"
    ),
    quoted("backslash-at-the-end", HTTP_COOKIES, rb'session="x\"', "x\\"),
    quoted("backslash-only", HTTP_COOKIES, rb'session="\"', "\\"),
    quoted("backslash-before-a-line-feed", HTTP_COOKIES, b'session="x\\\ny"', "x\\\ny"),
    quoted("backslash-before-a-nul", "CWE-158", b'session="x\\\x00y"', "x\x00y"),
    quoted("backslash-without-quotes", HTTP_COOKIES, rb"session=\054", "\\054"),
    quoted("octal-of-a-semicolon-ends-no-pair", "CWE-565", rb'x="\073 session=mallory"; session=s', "s"),
    quoted("octal-in-a-name-is-none", HTTP_COOKIES, rb'"\163ession"=mallory; session=s', "s"),
]

SEMICOLONS = [
    cookie("in-quotes", "cookie.semicolon", SANDWICH, b'x="1; session=s; y=3"', "s"),
    cookie("escaped-in-quotes", "cookie.semicolon", SANDWICH, b'x="1\\; session=s; y=3"', "s"),
    cookie("value-cut-in-quotes", "cookie.semicolon", SANDWICH, b'session="1;2"', '"1'),
    cookie("with-version", "cookie.semicolon", SANDWICH, b'$Version=1; x="1; session=s; y="', "s"),
    cookie("open-quote-before", "cookie.semicolon", SANDWICH, b'x="; session=s', "s"),
    cookie("open-quote-and-backslash-before", "cookie.semicolon", SANDWICH, b'x="\\; session=s', "s"),
    cookie(
        "quoted-pair-that-imitates",
        "cookie.semicolon",
        "RFC 2109 section 4.1, a semicolon within a quoted string",
        b'session=s; x="; session=mallory"',
        'mallory"',
    ),
    cookie("no-look-alike-separates", "cookie.semicolon", "Unicode UTS 39, confusables", "x=1；session=s".encode(), ""),
    cookie(
        "greek-question-mark",
        "cookie.semicolon",
        "Unicode UAX 15, decomposes to a semicolon",
        "x=1\u037esession=s".encode(),
        "",
    ),
]

BYTES = [
    cookie("latin-1", "cookie.latin1", "RFC 9110 section 5.5", b"session=\xe9\xff", "\xe9\xff"),
    cookie("utf-8-is-not-decoded", "cookie.latin1", "RFC 9110 section 5.5", "session=é".encode(), "Ã©"),
    cookie(
        "broken-utf-8", "cookie.latin1", "RFC 3629 section 3", b"session=\xc3\xed\xa0\x80\xf5", "\xc3\xed\xa0\x80\xf5"
    ),
    cookie("overlong-slash", "cookie.latin1", "RFC 3629 section 10", b"session=\xc0\xaf", "\xc0\xaf"),
    cookie("percent", "cookie.latin1", "CWE-177", b"session=%41%3B+x", "%41%3B+x"),
    cookie("percent-encoded-separator", "cookie.latin1", "CWE-177", b"x=1%3B session=mallory", ""),
    cookie("mime-word", "cookie.latin1", "RFC 2047 section 2", b"session==?utf-8?q?s?=", "=?utf-8?q?s?="),
    cookie(
        "every-control",
        "cookie.latin1",
        "RFC 6265 section 4.1.1",
        b"session=a\x01\x02\x1b\x7f\x80b",
        "a\x01\x02\x1b\x7f\x80b",
    ),
]


def headers_of(value):
    values = value if isinstance(value, list) else [value]
    spellings = [b"cookie", b"Cookie", b"cOOKIE"]
    cookies = [(spellings[index % 3], each) for index, each in enumerate(values)]
    return [(b"host", b"session=host"), (b"cookie2", b"session=cookie2"), *cookies, (b"set-cookie", b"session=x")]


@pytest.mark.parametrize("attack", parameters(WHERE, SPLIT, LAST, NAMES, BLANKS, QUOTES, SEMICOLONS, BYTES))
def test_a_cookie_is_read(engine, attack):
    value, asked = attack.given
    assert is_answered(attack, engine.cookie, headers_of(value), asked)
    assert engine.cookies(headers_of(value)).get(asked, "") == attack.answer


@pytest.mark.rule("cookie.quotes")
def test_each_octal_escape_is_its_character(engine):
    """All of RFC 2109's quoted-pair and of http.cookies' octals: 000 to 377 are characters, 400 to 777 are not."""
    for number in range(0o1000):
        expected = chr(number) if number <= 0o377 else f"{number:03o}"
        assert engine.cookie([(b"cookie", b'a="\\%03o"' % number)], "a") == expected


def all_cookies(name, rule, source, value, answer):
    return Attack(name, rule, source, value, answer)


ALL = [
    all_cookies("nothing", "cookie.pair", "RFC 6265 section 4.2.1", [], {}),
    all_cookies("no-pair", "cookie.pair", "RFC 6265 section 5.2", [b"a; b;c", b"", b";;=;==;=x"], {}),
    all_cookies(
        "order-of-first-appearance", "cookie.last", "RFC 6265 section 5.4", [b"a=1; b=2; a=3"], {"a": "3", "b": "2"}
    ),
    all_cookies(
        "dunder-names", "cookie.name", "CWE-1321", [b"__proto__=1; __class__=2"], {"__proto__": "1", "__class__": "2"}
    ),
    all_cookies("blank-names-are-none", "cookie.trim", "RFC 6265 section 5.2", [b" =1;\t=2;\x0b=3"], {"\x0b": "3"}),
    all_cookies("names-that-trim-to-one", "cookie.trim", "RFC 6265 section 5.2", [b"a=1; a =2;\ta\t=3"], {"a": "3"}),
    all_cookies("case-tells-names-apart", "cookie.name", "RFC 6265 section 5.3", [b"a=1; A=2"], {"a": "1", "A": "2"}),
    all_cookies(
        "the-sandwich", "cookie.semicolon", SANDWICH, [b'x="1; session=s; y=3"'], {"x": '"1', "session": "s", "y": '3"'}
    ),
]


@pytest.mark.parametrize("attack", parameters(ALL))
def test_all_cookies_are_read(engine, attack):
    headers = [(b"cookie", value) for value in attack.given]
    assert is_answered(attack, engine.cookies, headers)
    assert list(engine.cookies(headers)) == list(attack.answer)
