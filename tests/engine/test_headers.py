"""The engine calls that read headers, compared with the reference.

Rows of hostile cookies and credentials are in ``tests/attacks``; kinds of header lists in ``test_header_lists.py``.
"""

import pytest
from hostile_objects import HostileBytes, HostileText, SaysItIsText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome
from raw_tokens import SECRET, sign_bytes, sign_claims
from tests.reference import headers as reference
from tests.reference import identity

from fastware._engine.contract import INVALID_TOKEN, NO_TOKEN, UNUSABLE_SECRET

OTHER_SECRET = "another secret, also of 32 bytes or more"
VALID = sign_claims({"sub": "alice", "exp": 4_102_444_800}).encode()  # 2100

# Results


def joined(parts, max_size):
    return st.lists(st.sampled_from(parts), max_size=max_size).map(b"".join)


def octets(alphabet, max_size):
    return joined([bytes([octet]) for octet in alphabet], max_size)


PAIRS = st.one_of(
    octets(b"a=;", 9),
    octets(b'ab=; \t"', 9),
    joined([b"a=", b'a="', b'";', b'"', b"\\054", b"\\377", b"\\400", b"\\\\", b'\\"', b"; ", b"=", b"b"], 12),
    octets(b'\\\\"0247\n', 9).map(lambda inside: b'a="' + inside + b'"'),
    st.sampled_from([b"a=1", b"a=", b"=a", b"==", b"a==", b" = ", b"a =1", b"aa=1", b'a="a=1"', b"b=a=2", b'b="; a=3']),
    # Lengths around those of the words and vectors that the Rust engine reads at once.
    st.integers(0, 40).map(lambda length: b"a" * length + b"=1"),
    st.integers(0, 40).map(lambda length: b"a=" + b"a" * length),
    st.integers(0, 40).map(lambda length: b" " * length + b"a=1"),
    st.integers(0, 40).map(lambda length: b"b=" + b" " * length),
)
SEPARATORS = st.sampled_from([b";", b"; ", b";;", b" ; ", b";\t", b""])
COOKIE_HEADERS = st.one_of(
    st.builds(bytes.join, SEPARATORS, st.lists(PAIRS, max_size=12)),
    octets(b'a=;" \t\\0129\n\xff', 80),
    st.binary(max_size=40),
)
AUTHORIZATIONS = st.one_of(
    joined([b"Bearer", b"bearer", b"BEARER", b"Basic", b" ", b"\t", b"a", b".", b"-_", b"\xff", b",", b"=", b"\n"], 9),
    st.sampled_from([b"Bearer a.b.c", b"Bearer a.b", b"Bearer a.b.c.d", b"bearer  a.b.c \t", b"Bearer\ta.b.c"]),
)
HEADER_NAMES = st.one_of(
    st.sampled_from([b"cookie", b"Cookie", b"authorization", b"AUTHORIZATION"]),
    st.sampled_from([b"cookie ", b"cooki\xe5", b"", b"host", b"x-host", b"\xc0", b"\xe0", b"@[`{", b"`{@["]),
    st.binary(max_size=3),
)
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([b"cookie", b"cookie", b"Cookie", b"COOKIE"]), COOKIE_HEADERS),
        st.tuples(st.sampled_from([b"authorization", b"Authorization"]), AUTHORIZATIONS),
        st.tuples(HEADER_NAMES, st.one_of(COOKIE_HEADERS, AUTHORIZATIONS)),
    ),
    max_size=5,
)
COOKIE_NAMES = st.one_of(
    st.sampled_from(["a", "b", "aa", "ab", "a a", "a\ta", " a", "a ", "", "=", "a=", "=a", ";", "a;", '"a"', "A"]),
    st.sampled_from(["a\n", "0", ",", "\xff", "\xa0", "š", "愛", "\ud800"]),
)
QUERY_PARTS = rb"token token= &token=a Token %74oken t%6Fken = & ; + % %2 %zz %C3%A9 %00 %26 %3D %2B %u0041 %+1 a ?"
QUERIES = joined([*QUERY_PARTS.split(), b"% 1", b"%\xb2\xb2", b"\xff"], 8)


@pytest.mark.rule("engines.equal")
@settings(max_examples=2_500, deadline=None)
@given(headers=HEADERS, query=QUERIES | st.none(), cookie_name=COOKIE_NAMES, header_name=HEADER_NAMES)
@example(headers=[(b"cookie", b"a=1;aa=2;a")], query=None, cookie_name="a", header_name=b"cookie")
@example(headers=[(b"cookie", rb'a="\134054"')], query=None, cookie_name="a", header_name=b"cookie")
@example(headers=[(b"authorization", b"Bearer a.b.c")], query=b"token=q", cookie_name="a", header_name=b"host")
def test_each_call_returns_what_the_reference_returns(engine, headers, query, cookie_name, header_name):
    cookies = reference.cookies(headers)
    assert engine.header(headers, header_name) == reference.header(headers, header_name)
    assert identical(engine.cookies(headers), cookies)
    for name in {*cookies, cookie_name}:
        assert identical(engine.cookie(headers, name), cookies.get(name, ""))
        assert identical(engine.credential(headers, query, name), reference.credential(headers, query, name))


@pytest.mark.parametrize("name", ["a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "session", "csrf_token"])
def test_cookie_is_found_at_every_offset(engine, name):
    pair = name.encode() + b"="
    afters = [b"", b";", b"; ", b"; x=1", b";" + name.encode(), b";" + pair + b"2", b"; x" + pair + b"2"]
    for before in range(70):
        for filler in (b"x", b";", b" ", b"=", b"b=;", b"\xff"):
            for after in afters:
                header = (filler * before)[:before] + b";" + pair + b"1" + after
                expected = reference.cookies([(b"cookie", header)]).get(name, "")
                assert engine.cookie([(b"cookie", header)], name) == expected, header


def test_cookie_name_of_every_length_is_distinguished_from_similar_names(engine):
    for length in range(1, 70):
        name = "n" * length
        similar = ["n" * (length - 1), name + "n", name[:-1] + "m", "m" + name[1:], name.upper()]
        others = "; ".join(f"{other}=no" for other in similar)
        header = f"{others}; {name}=yes; {others}".encode()
        assert engine.cookie([(b"cookie", header)], name) == "yes"
        assert engine.cookie([(b"cookie", header.replace(b"=yes", b"x=yes"))], name) == ""


@pytest.mark.parametrize("separator", [b";", b"; "])
def test_cookie_is_found_among_many_pairs_of_one_size(engine, separator):
    for size in range(1, 10):
        for count in (1, 7, 8, 9, 31, 32, 33, 300):
            for position in {0, count // 2, count}:
                pairs = [(b"b=" + b"1" * 10)[:size]] * count
                pairs.insert(position, b"a=5")
                assert engine.cookie([(b"cookie", separator.join(pairs))], "a") == "5"


@pytest.mark.parametrize("piece", [b"a", b"=", b";", b" ", b"a=;", b"session", b"session=", b'"', b"\\", b"x=session;"])
def test_cookie_is_found_beside_a_megabyte_of_one_piece(engine, piece):
    filler = piece * (2**20 // len(piece))
    for header in (filler, filler + b"; session=5", b"session=5;" + filler):
        expected = reference.cookies([(b"cookie", header)]).get("session", "")
        assert engine.cookie([(b"cookie", header)], "session") == expected


# Identification

TOKENS = st.one_of(
    st.sampled_from([VALID, VALID[:-1], VALID + b"=", b'"' + VALID + b'"', VALID.replace(b".", b"%2E"), b"", b"\xff"]),
    st.sampled_from([sign_claims({}).encode(), sign_claims({"exp": 1}).encode(), sign_bytes(b"[]").encode()]),
    st.binary(max_size=8),
    # One octet replaced.
    st.builds(lambda at, new: VALID[:at] + bytes([new]) + VALID[at + 1 :], st.integers(0, 99), st.integers(0, 255)),
)
SECRETS = st.sampled_from(
    [SECRET, SECRET.encode(), [OTHER_SECRET, SECRET], ["", SECRET], OTHER_SECRET, "", b"", [], "ssh-rsa AAAA", "\ud800"]
)


@settings(max_examples=1_000, deadline=None)
@given(
    headers=st.lists(
        st.one_of(
            st.tuples(st.just(b"authorization"), TOKENS.map(lambda token: b"Bearer " + token)),
            st.tuples(st.just(b"cookie"), TOKENS.map(lambda token: b"session=" + token)),
            st.tuples(st.just(b"x-token"), TOKENS),
        ),
        max_size=3,
    ),
    query=st.none() | TOKENS.map(lambda token: b"token=" + token),
    secret=SECRETS,
)
@example(headers=[(b"authorization", b"Bearer " + VALID)], query=None, secret=SECRET)
@example(headers=[(b"authorization", b"Bearer " + VALID)], query=None, secret="")
def test_identify_returns_what_the_reference_returns(engine, headers, query, secret):
    expected = identity.identify(headers, query, "session", secret)
    assert identical(engine.identify(headers, query, "session", secret), expected)


def test_invalid_token_is_distinguished_from_an_unusable_secret(engine):
    headers = [(b"authorization", b"Bearer " + VALID)]
    for secret in (None, "", [], [None], 5, object(), "ssh-rsa AAAA", SECRET + "\ud800"):
        assert engine.identify(headers, None, "session", secret) == UNUSABLE_SECRET
        assert engine.identify([], None, "session", secret) == NO_TOKEN
    assert engine.identify(headers, None, "session", [None, OTHER_SECRET]) == INVALID_TOKEN
    assert engine.identify(headers, None, "session", [None, SECRET]) == {"sub": "alice", "exp": 4_102_444_800}


# Arguments that are not headers

WRONG_TYPES = [
    *[("header", name) for name in (None, "host", 5, bytearray(b"host"), (b"host",))],
    *[("cookie", name) for name in (None, b"a", SaysItIsText())],
    *[("credential", query, "a") for query in ("token=q", False, bytearray(b""))],
    *[("identify", query, "a", SECRET) for query in ("", 5)],
    *[("credential", b"", name) for name in (None, b"a")],
    ("identify", b"", None, SECRET),
]


def test_argument_of_another_type_is_a_type_error(both):
    for call, *arguments in WRONG_TYPES:
        rust, python = (outcome(getattr(engine, call), [(b"host", b"h")], *arguments) for engine in both)
        assert rust == python
        assert rust[:2] == ("raised", TypeError), (call, arguments)


class EqualToAll(str):
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        return True


@pytest.mark.rule("engines.exact-types")
def test_overridden_methods_of_arguments_are_not_called(engine):
    headers = [(HostileBytes(b"Cookie"), HostileBytes(b"a=1; csrf_token=t")), (b"x-csrf-token", HostileBytes(b" t "))]
    assert engine.header(headers, HostileBytes(b"x-csrf-token")) == b" t "
    assert engine.cookie(headers, HostileText("a")) == "1"
    assert engine.cookies(headers) == {"a": "1", "csrf_token": "t"}
    assert engine.credential(headers, None, HostileText("a")) == "1"
    assert engine.credential([], HostileBytes(b"token=q"), HostileText("a")) == "q"
    assert engine.cookie(headers, EqualToAll("zz")) == ""


def test_header_of_a_subclass_of_bytes_is_returned_as_bytes(engine):
    assert identical(engine.header([(b"host", HostileBytes(b"example.org"))], b"host"), b"example.org")
