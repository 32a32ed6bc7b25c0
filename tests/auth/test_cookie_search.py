"""One cookie among many, near every boundary: both engines against the contract's words written out."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import identical

many = settings(max_examples=800, deadline=None)


# The contract, written out a character at a time


def octal_at(text, at):
    digits = text[at : at + 3]
    fits = len(digits) == 3 and digits[0] in "0123" and digits[1] in "01234567" and digits[2] in "01234567"
    return int(digits, 8) if fits else None


def unquoted(value):
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    inner, result, at = value[1:-1], [], 0
    while at < len(inner):
        character = inner[at]
        if character == "\\" and octal_at(inner, at + 1) is not None:
            result.append(chr(octal_at(inner, at + 1)))
            at += 4
        elif character == "\\" and at + 1 < len(inner) and inner[at + 1] != "\n":
            result.append(inner[at + 1])
            at += 2
        else:
            result.append(character)
            at += 1
    return "".join(result)


def trimmed(text):
    while text[:1] in (" ", "\t") and text:
        text = text[1:]
    while text[-1:] in (" ", "\t") and text:
        text = text[:-1]
    return text


def pairs_of(header):
    pairs, pair = [], ""
    for character in header.decode("latin-1") + ";":
        if character != ";":
            pair += character
            continue
        at = pair.find("=")
        if at >= 0 and trimmed(pair[:at]):
            pairs.append((trimmed(pair[:at]), unquoted(trimmed(pair[at + 1 :]))))
        pair = ""
    return pairs


def cookies_by_the_contract(headers):
    found = {}
    for value in headers:
        for name, text in pairs_of(value):
            found[name] = text
    return found


def check(both, headers, *names):
    """Every name that is there, and some that may not be, by both engines and in every call that looks for one."""
    pairs = [(b"cookie", value) for value in headers]
    expected = cookies_by_the_contract(headers)
    for engine in both:
        assert identical(engine.cookies(pairs), expected)
        for name in (*expected, *names):
            value = expected.get(name, "")
            assert identical(engine.cookie(pairs, name), value), name
            assert identical(engine.credential(pairs, b"", name, False), value or None), name
        token = expected.get("csrf_token", "").encode("latin-1")
        verdict = engine.csrf_verdict([*pairs, (b"x-csrf-token", token)])
        assert verdict == (0 if token else 1)


# Shapes

TINY = st.text(alphabet="a=;", max_size=9) | st.text(alphabet='ab=; \t"', max_size=9)
NAMES = st.sampled_from(
    ["a", "b", "aa", "ab", "a a", "a\ta", " a", "a ", "", "=", "a=", "=a", ";", "a;", '"a"', "\xff", "\u0161", "A"]
)
PAIRS = st.one_of(
    TINY,
    TINY,
    st.builds("{}={}".format, st.sampled_from(["a", "b", "aa", " a", "a ", "a a", "", "\ta\t"]), TINY),
    st.builds(
        "{}={}".format,
        st.sampled_from(["a", "b", "aa"]),
        st.sampled_from(["1", "a", "a=1", '"a=1"', "b; a=2", '"; a=3']),
    ),
    st.sampled_from(["a", "=", "a=", "=a", "==", "a==", " = ", "\t=\t", "a =1", "a= 1", '"', 'a="', '"a=1"', ""]),
    st.integers(0, 40).map(lambda length: "a" * length + "=1"),
    st.integers(0, 40).map(lambda length: "a=" + "a" * length),
    st.integers(0, 40).map(lambda length: " " * length + "a=1"),
    st.integers(0, 40).map(lambda length: "b=" + " " * length),
)
SEPARATORS = st.sampled_from([";", "; ", ";;", " ; ", ";\t", ""])
HEADER = st.builds(
    lambda pairs, separator: separator.join(pairs).encode("latin-1"), st.lists(PAIRS, max_size=12), SEPARATORS
)
HEADERS = st.lists(HEADER, min_size=1, max_size=4)


@settings(many, max_examples=1_500)
@given(headers=HEADERS, names=st.lists(NAMES, max_size=4))
@example(headers=[b"a=1", b"b=2", b"a="], names=["a"])
@example(headers=[b"a=1;aa=2;a"], names=["a", "aa"])
def test_cookies_of_tiny_pairs_are_found_as_the_contract_says(both, headers, names):
    check(both, headers, *names)


@many
@given(
    headers=st.lists(st.binary(max_size=40), min_size=1, max_size=3), names=st.lists(st.text(max_size=3), max_size=3)
)
def test_any_bytes_are_read_as_the_contract_says(both, headers, names):
    check(both, headers, *names)


@many
@given(
    header=st.lists(st.sampled_from([bytes([byte]) for byte in b'a=;" \t\\0129\n\xff']), max_size=80).map(b"".join),
    names=st.lists(NAMES, max_size=2),
)
def test_long_runs_of_a_small_alphabet_are_read_as_the_contract_says(both, header, names):
    check(both, [header], *names)


# A pair of every size at every place near the boundaries of the words that are read at once


@pytest.mark.parametrize("before", range(70))
def test_a_cookie_is_found_wherever_it_stands(both, before):
    for filler in (
        b"x" * before,
        b";" * before,
        b" " * before,
        b"=" * before,
        (b"b=;" * before)[:before],
        b"\xff" * before,
    ):
        for name in ("a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "session", "csrf_token"):
            text = name.encode()
            for value in (b"", b"1", b'"q"'):
                for after in (b"", b";", b"; ", b"; x=1", b";" + text, b";" + text + b"x=1", b"; x" + text + b"=1"):
                    header = filler + b";" + text + b"=" + value + after
                    expected = cookies_by_the_contract([header]).get(name, "")
                    for engine in both:
                        assert engine.cookie([(b"cookie", header)], name) == expected


@pytest.mark.parametrize("length", range(1, 70))
def test_a_name_of_any_length_is_found_and_told_from_its_neighbours(both, length):
    name = "n" * length
    near = ["n" * (length - 1), name + "n", name[:-1] + "m", "m" + name[1:], name.upper()]
    pairs = [*(f"{other}=no" for other in near), f"{name}=yes", *(f"{other}=no" for other in near)]
    header = "; ".join(pairs).encode()
    for engine in both:
        assert engine.cookie([(b"cookie", header)], name) == "yes"
        assert engine.cookie([(b"cookie", header.replace(b"=yes", b"x=yes"))], name) == ""
        assert engine.cookie([(b"cookie", header.replace(b"=yes", b" =yes"))], name) == "yes"


@pytest.mark.parametrize("size", range(1, 10))
def test_runs_of_pairs_of_one_size(both, size):
    """``a=``, ``a=1``, ``a=12`` and so on, hundreds of them, and the one that is looked for among them."""
    pair = (b"b=" + b"1" * 10)[:size]
    for count in (1, 7, 8, 9, 31, 32, 33, 64, 300):
        for at in {0, count // 2, count}:
            pairs = [pair] * count
            pairs.insert(at, b"a=5")
            for separator in (b";", b"; "):
                check(both, [separator.join(pairs)], "a", "b", "aa", "")


# The name in all the places where it does not count

DECOYS = {
    "in-a-value": b"x=session=1",
    "in-a-quoted-value": b'x="session=1"',
    "after-a-space-in-a-value": b"x=y session=1",
    "after-a-comma": b"x=y, session=1",
    "end-of-a-name": b"xsession=1",
    "end-of-a-spaced-name": b"x session=1",
    "beginning-of-a-name": b"sessionx=1",
    "beginning-of-a-spaced-name": b"session x=1",
    "without-equals": b"session",
    "without-equals-and-more": b"session; x=1",
    "other-case": b"Session=1",
    "quoted-name": b'"session"=1',
    "line-feed-before": b"\nsession=1",
    "line-feed-after": b"session\n=1",
    "no-break-space": b"\xa0session=1",
    "nul": b"session\0=1",
    "escaped": b"%73ession=1",
    "two-equals-before": b"==session=1",
    "equals-before": b"=session=1",
    "dollar": b"$session=1",
}


@pytest.mark.parametrize("decoy", DECOYS.values(), ids=DECOYS.keys())
def test_a_decoy_is_not_taken_for_the_cookie(engine, decoy):
    assert engine.cookie([(b"cookie", decoy)], "session") == ""
    for real in (b"session=2", b" session = 2 ", b"\tsession\t=\t2\t"):
        for header in (decoy + b";" + real, real + b";" + decoy, decoy + b";" + real + b";" + decoy):
            assert engine.cookie([(b"cookie", header)], "session") == "2"
        assert engine.cookie([(b"cookie", decoy), (b"cookie", real), (b"cookie", decoy)], "session") == "2"


QUOTED_ENDS = {
    "semicolon-within-quotes": (b'session="a;b"', '"a'),
    "name-within-quotes": (b'x="; session=1; "', "1"),
    "open-quote": (b'session="a', '"a'),
    "close-quote": (b'session=a"', 'a"'),
    "lone-quote": (b'session="', '"'),
    "empty-quotes": (b'session=""', ""),
    "quotes-and-space": (b'session= "a" ', "a"),
    "space-within-quotes": (b'session=" a "', " a "),
    "equals-within-quotes": (b'session="=a="', "=a="),
    "escaped-quote": (rb'session="a\"b"', 'a"b'),
    "escape-at-the-end": (b'session="a\\"', "a\\"),
    "octal": (rb'session="\073\075"', ";="),
    "octal-too-large": (rb'session="\477"', "477"),
    "octal-too-short": (rb'session="\07"', "07"),
    "three-quotes": (b'session="""', '"'),
}


@pytest.mark.parametrize(("header", "value"), QUOTED_ENDS.values(), ids=QUOTED_ENDS.keys())
def test_a_value_in_quotes(engine, header, value):
    assert engine.cookie([(b"cookie", header)], "session") == value
    assert cookies_by_the_contract([header])["session"] == value


# Names that no cookie has

NEVER = [
    "",
    " ",
    "\t",
    " a",
    "a ",
    "a\t",
    "\ta",
    "=",
    "a=",
    "=a",
    "a=1",
    ";",
    "a;",
    ";a",
    "a; b",
    "a;b",
    " a ",
    "; a",
    "愛",
    "\u0161",
    "\ud800",
    "a愛",
]


@pytest.mark.parametrize("name", NEVER, ids=ascii)
def test_a_name_that_no_cookie_can_have_is_not_found(engine, name):
    headers = [
        b"a=1; =2; a =3;  a  = 4; a==5; ;;; b=a; a=1=1",
        b"=",
        b" =1",
        "\xff=1; \x61=2".encode("latin-1"),
        name.encode("utf-8", "surrogatepass") + b"=9",
    ]
    if any(ord(character) > 0xFF for character in name):
        assert all(engine.cookie([(b"cookie", header)], name) == "" for header in headers)
    elif name != name.strip(" \t") or not name or "=" in name or ";" in name:
        assert all(engine.cookie([(b"cookie", header)], name) == "" for header in headers)
        assert engine.credential([(b"cookie", header) for header in headers], b"", name, False) is None


@pytest.mark.parametrize(
    "name",
    ["a a", "a\ta", "a,b", '"a"', "\xff", "\xe9", "\x00", "a\n", "\n", "\x85", "\xa0", "$a", "a\x7f", "'"],
    ids=ascii,
)
def test_an_odd_name_that_a_cookie_can_have_is_found(engine, name):
    text = name.encode("latin-1")
    for header in (text + b"=1", b"x=2; " + text + b" = 1", b"x=" + text + b"=3;\t" + text + b"=1;" + text):
        assert engine.cookie([(b"cookie", header)], name) == "1"
        assert engine.cookies([(b"cookie", header)])[name] == "1"


# Last wins


@many
@given(
    values=st.lists(
        st.lists(st.sampled_from(["1", "2", "", '""', '"3"', "=", "a"]), max_size=4), min_size=1, max_size=4
    )
)
def test_the_last_of_equal_names_wins_over_all_headers(both, values):
    headers = [("; ".join(f"a={value}" for value in each)).encode() for each in values]
    check(both, headers, "a")
    flat = [value for each in values for value in each]
    for engine in both:
        mixed = [[b"cookie", header] if index % 2 else (b"Cookie", header) for index, header in enumerate(headers)]
        assert engine.cookie(mixed, "a") == (unquoted(flat[-1]) if flat else "")


def test_an_empty_cookie_that_is_last_hides_a_full_one(engine):
    assert engine.cookie([(b"cookie", b"session=1; session=")], "session") == ""
    assert engine.cookie([(b"cookie", b"session=1"), (b"cookie", b"session")], "session") == "1"
    assert engine.credential([(b"cookie", b"session=1; session=")], b"token=q", "session", True) == "q"
    assert engine.csrf_verdict([(b"cookie", b"csrf_token=t; csrf_token="), (b"x-csrf-token", b"t")]) == 1


@pytest.mark.parametrize("length", [2**10, 2**16, 2**20])
@pytest.mark.parametrize(
    "piece",
    [b"a", b"=", b";", b" ", b"a=;", b"session", b"session;", b"session=", b'"', b"\\", b"session ;", b"x=session;"],
)
def test_long_headers_of_one_piece(both, piece, length):
    header = (piece * (length // len(piece) + 1))[:length]
    for whole in (header, header + b"; session=5", b"session=5;" + header):
        rust, python = (engine.cookie([(b"cookie", whole)], "session") for engine in both)
        assert rust == python
