"""Headers whose names nearly match, that stand there twice, or that are no headers at all."""

import pytest
from answers import Raises, given_of, is_answered, made
from attacks import Attack, parameters

MALFORMED = Raises(TypeError, "ASGI headers are an iterable of (name, value) pairs of bytes")
PLAIN = [(b"x-user", b"alice")]


def lookup(name, rule, source, headers, answer, asked=b"x-user"):
    return Attack(name, rule, source, (headers, asked), answer)


def near(name, source, header_name):
    """A header that a less exact reader would take for ``x-user``."""
    return lookup(name, "headers.name", source, [(header_name, b"mallory")], b"")


NAMES = [
    lookup("lowercase", "headers.name", "RFC 9110 section 5.1", PLAIN, b"alice"),
    lookup("capitals", "headers.name", "RFC 9110 section 5.1", [(b"X-USER", b"alice")], b"alice"),
    lookup("odd-case", "headers.name", "RFC 9110 section 5.1", [(b"x-UsEr", b"alice")], b"alice"),
    near("space-behind", "RFC 9112 section 5.1, white space between name and colon", b"x-user "),
    near("space-before", "RFC 9112 section 5.2, a folded line", b" x-user"),
    near("tab-behind", "RFC 9112 section 5.1, white space between name and colon", b"x-user\t"),
    near("colon-behind", "CWE-444, a name that another parser splits elsewhere", b"x-user:"),
    near("nul-behind", "CWE-158", b"x-user\0"),
    near("nul-inside", "CWE-158", b"x\0-user"),
    near("carriage-return-behind", "CWE-93", b"x-user\r"),
    near("line-feed-before", "CWE-93", b"\nx-user"),
    near("vertical-tab-behind", "CWE-444, a blank of some parsers", b"x-user\x0b"),
    near("form-feed-behind", "CWE-444, a blank of some parsers", b"x-user\x0c"),
    near("no-break-space-behind", "CWE-444, a blank of some parsers", b"x-user\xa0"),
    near("next-line-behind", "CWE-444, a blank of some parsers", b"x-user\x85"),
    near("underscore-for-hyphen", "RFC 3875 section 4.1.18, CGI folds both into one variable", b"x_user"),
    near("dot-for-hyphen", "RFC 3875 section 4.1.18, what PHP folds too", b"x.user"),
    near("space-for-hyphen", "RFC 9110 section 5.6.2", b"x user"),
    near("non-breaking-hyphen", "Unicode UTS 39, confusables", "x\u2011user".encode()),
    near("soft-hyphen", "Unicode UTS 39, confusables", "x-\u00aduser".encode()),
    near("soft-hyphen-in-latin-1", "Unicode UTS 39, confusables", b"x\xaduser"),
    near("fullwidth-letters", "Unicode UTS 39, confusables", "x-ｕser".encode()),
    near("cyrillic-letter", "Unicode UTS 39, confusables", "х-user".encode()),
    near("long-s", "Unicode UTS 39, a letter whose upper case is S", "x-uſer".encode()),
    near("byte-order-mark-before", "RFC 3629 section 6", b"\xef\xbb\xbfx-user"),
    near("longer", "CWE-187", b"x-user-id"),
    near("shorter", "CWE-187", b"x-use"),
    near("empty", "RFC 9110 section 5.1", b""),
    near("percent-encoded", "CWE-177", b"x%2duser"),
    near("quoted", "RFC 9110 section 5.6.2", b'"x-user"'),
    lookup(
        "kelvin-sign-is-no-k",
        "headers.name",
        "Unicode CaseFolding, a letter whose lower case is k",
        [("coo\u212aie".encode(), b"session=s")],
        b"",
        b"cookie",
    ),
    lookup("latin-1-case", "headers.name", "RFC 9110 section 5.1", [(b"x-\xc0", b"v")], b"", b"x-\xe0"),
    lookup("latin-1-byte", "headers.name", "RFC 9110 section 5.1", [(b"X-\xe0", b"v")], b"v", b"x-\xe0"),
    lookup(
        "brackets-are-no-letters",
        "headers.name",
        "RFC 9110 section 5.1, the bit that folds case",
        [(b"a@b[\\]^_", b"1"), (b"a`b{|}~\x7f", b"2")],
        b"2",
        b"a`b{|}~\x7f",
    ),
    lookup(
        "control-for-hyphen",
        "headers.name",
        "RFC 9110 section 5.1, the bit that folds case",
        [(b"x\ruser", b"1")],
        b"",
        b"x-user",
    ),
    lookup("empty-name-asked-for", "headers.name", "RFC 9110 section 5.1", [(b"a", b"1"), (b"", b"2")], b"2", b""),
]

REPEATED = [
    lookup("first-of-two", "headers.first", "CWE-235", [*PLAIN, (b"x-user", b"mallory")], b"alice"),
    lookup(
        "first-of-two-in-odd-case", "headers.first", "CWE-235", [(b"X-User", b"alice"), (b"x-user", b"m")], b"alice"
    ),
    lookup("first-though-empty", "headers.first", "CWE-235", [(b"x-user", b""), *PLAIN], b""),
    lookup("first-though-blank", "headers.first", "CWE-235", [(b"x-user", b" "), *PLAIN], b" "),
    lookup(
        "values-are-not-joined", "headers.first", "RFC 9110 section 5.3", [(b"x-user", b"a"), (b"x-user", b"b")], b"a"
    ),
    lookup("a-list-is-one-value", "headers.first", "RFC 9110 section 5.6.1", [(b"x-user", b"a, b")], b"a, b"),
    lookup("near-miss-before", "headers.first", "CWE-444", [(b"x-user ", b"mallory"), *PLAIN], b"alice"),
    lookup("underscore-before", "headers.first", "RFC 3875 section 4.1.18", [(b"x_user", b"m"), *PLAIN], b"alice"),
    lookup("without", "headers.first", "RFC 9110 section 5.1", [(b"host", b"h")], b""),
    lookup("no-headers", "headers.first", "ASGI HTTP Connection Scope", [], b""),
    lookup(
        "value-as-it-stands",
        "headers.first",
        "RFC 9110 section 5.5, bytes that no field value may have",
        [(b"x-user", b' \t"V\xff\x00\r\n\x7f ')],
        b' \t"V\xff\x00\r\n\x7f ',
    ),
    lookup(
        "line-break-in-a-value-begins-no-header",
        "headers.first",
        "CWE-113",
        [(b"accept", b"a\r\nx-user: mallory"), *PLAIN],
        b"alice",
    ),
]


@pytest.mark.parametrize("attack", parameters(NAMES, REPEATED))
def test_a_header_is_the_first_of_exactly_its_name(engine, attack):
    headers, asked = attack.given
    assert is_answered(attack, engine.header, headers, asked)


def generator_of(*items):
    yield from items


def unfit(name, headers):
    return Attack(name, "headers.shape", "ASGI HTTP Connection Scope, headers", headers, MALFORMED)


UNFIT = [
    unfit("none", None),
    unfit("number", 5),
    unfit("bytes", b"cookie: a=1"),
    unfit("str", "cookie: a=1"),
    unfit("dict", {b"cookie": b"a=1"}),
    unfit("item-none", [None]),
    unfit("item-number", [1]),
    unfit("item-bytes", [b"ab"]),
    unfit("item-str", ["ab"]),
    unfit("item-empty", [()]),
    unfit("item-of-one", [(b"cookie",)]),
    unfit("item-of-three", [(b"cookie", b"a=1", b"")]),
    unfit("item-is-a-set", [{b"cookie"}]),
    unfit("name-str", [("cookie", b"a=1")]),
    unfit("value-str", [(b"cookie", "a=1")]),
    unfit("name-none", [(None, b"a=1")]),
    unfit("value-none", [(b"cookie", None)]),
    unfit("value-number", [(b"cookie", 5)]),
    unfit("value-list", [(b"cookie", [b"a=1"])]),
    unfit("name-bytearray", [(bytearray(b"cookie"), b"a=1")]),
    unfit("value-memoryview", [(b"cookie", memoryview(b"a=1"))]),
    unfit("value-str-of-another-header", [(b"host", "h"), (b"cookie", b"a=1")]),
    unfit("generator-that-yields-a-str", made(generator_of, (b"host", b"h"), "cookie")),
]


@pytest.mark.parametrize("attack", parameters(UNFIT))
@pytest.mark.parametrize(
    ("call", "args"),
    [
        ("header", (b"cookie",)),
        ("cookie", ("a",)),
        ("cookies", ()),
        ("credential", (b"", "a", True)),
        ("csrf_verdict", ()),
    ],
)
def test_what_is_no_headers_is_a_type_error(engine, call, args, attack):
    assert is_answered(attack, getattr(engine, call), given_of(attack), *args)
