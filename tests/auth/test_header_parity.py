"""Both engines, whatever the headers: equal values, or equal exceptions with equal messages."""

import pytest
from fuzz.reference import headers as reference
from hostile_objects import HostileBytes, HostileText, SaysItIsText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome

many = settings(max_examples=300, deadline=None)


def answered(both, call, *args):
    """What both engines did; each gets objects of its own from *args* that are functions."""
    rust, python = (
        outcome(getattr(engine, call), *[arg() if callable(arg) else arg for arg in args]) for engine in both
    )
    assert rust == python if rust[0] == "raised" else identical(rust, python), (rust, python)
    return rust


# Headers of small hostile alphabets, so that structure is hit

COOKIE_BYTES = st.one_of(
    st.lists(st.sampled_from([bytes([byte]) for byte in b'=; \t"\\0123,abAB\xff\n']), max_size=24).map(b"".join),
    st.lists(
        st.sampled_from(
            [b"a=", b'a="', b'";', b'"', b"\\054", b"\\377", b"\\400", b"\\\\", b'\\"', b"; ", b"=", b"b", b"a"]
        ),
        max_size=12,
    ).map(b"".join),
    st.binary(max_size=12),
)
COOKIE_NAMES = st.sampled_from(["a", "b", "ab", "A", "", " a", "a ", "ÿ", "\xff", "愛", "\ud800", '"', "a\n", "0", ","])
NAMES_OF_HEADERS = st.one_of(
    st.sampled_from(
        [b"cookie", b"Cookie", b"COOKIE", b"authorization", b"Authorization", b"x-csrf-token", b"X-Csrf-Token"]
    ),
    st.sampled_from([b"cookie ", b"cooki\xe5", b"", b"host", b"\xc0", b"\xe0", b"@[`{", b"`{@["]),
    st.binary(max_size=3),
)
PAIRS = st.tuples(NAMES_OF_HEADERS, COOKIE_BYTES)
COOKIE_HEADERS = st.lists(st.tuples(st.just(b"cookie"), COOKIE_BYTES), min_size=1, max_size=3)
HEADERS = st.one_of(COOKIE_HEADERS, st.lists(PAIRS, max_size=5))


@many
@given(headers=HEADERS, name=NAMES_OF_HEADERS | NAMES_OF_HEADERS.map(bytes.lower))
def test_any_header_is_found_alike(both, headers, name):
    kind, value = answered(both, "header", headers, name)
    assert kind == "returned"
    if name == name.lower():
        assert value == next((found for key, found in headers if key.lower() == name), b"")


@pytest.mark.rule("engines.equal")
@settings(many, max_examples=800)
@given(headers=HEADERS, name=COOKIE_NAMES)
@example(headers=[(b"cookie", rb'a="\134054"')], name="a")
def test_any_cookie_is_read_alike(both, headers, name):
    kind, value = answered(both, "cookie", headers, name)
    assert kind == "returned"
    assert value == answered(both, "cookies", headers)[1].get(name, "")


@settings(many, max_examples=800)
@given(headers=COOKIE_HEADERS)
def test_all_cookies_are_read_alike_and_split_headers_as_if_joined(both, headers):
    joined = b"; ".join(value for _, value in headers)
    assert answered(both, "cookies", headers) == answered(both, "cookies", [(b"cookie", joined)])


@settings(many, max_examples=800)
@given(header=COOKIE_BYTES)
def test_cookies_are_read_as_the_contract_says(both, header):
    kind, cookies = answered(both, "cookies", [(b"cookie", header)])
    assert kind == "returned"
    assert identical(cookies, reference.cookies([(b"cookie", header)]))


# What a request presents

AUTHORIZATION = st.one_of(
    st.lists(
        st.sampled_from(
            [
                b"Bearer",
                b"bearer",
                b"BEARER",
                b"Basic",
                b" ",
                b" ",
                b"\t",
                b"a",
                b".",
                b"-_",
                b"\xff",
                b",",
                b"=",
                b"\n",
            ]
        ),
        max_size=9,
    ).map(b"".join),
    st.sampled_from(
        [b"Bearer a.b.c", b"Bearer a.b", b"Bearer a.b.c.d", b"Bearer .b.c", b"bearer  a.b.c \t", b"Bearer\ta.b.c"]
    ),
)
QUERY_PARTS = [
    b"token",
    b"token=",
    b"&token=a",
    b"Token",
    b"%74oken",
    b"t%6Fken",
    b"=",
    b"=",
    b"&",
    b";",
    b"+",
    b"%",
    b"%2",
]
QUERY_PARTS += [
    b"%zz",
    b"%C3%A9",
    b"%00",
    b"%26",
    b"%3D",
    b"%2B",
    b"%u0041",
    b"% 1",
    b"%+1",
    b"%\xb2\xb2",
    b"\xff",
    b"a",
    b"?",
]
QUERIES = st.lists(st.sampled_from(QUERY_PARTS), max_size=8).map(b"".join)
SIGNED_HEADERS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([b"authorization", b"Authorization"]), AUTHORIZATION),
        st.tuples(
            st.just(b"cookie"),
            st.sampled_from([b"session=s", b"session=", b'session="q"', b"session=1; session=2", b"x"]),
        ),
        PAIRS,
    ),
    max_size=4,
)


@settings(many, max_examples=800)
@given(
    headers=SIGNED_HEADERS,
    query=QUERIES,
    name=st.sampled_from(["session", "a", "", "\ud800"]),
    allow_query=st.booleans(),
)
@example(headers=[(b"authorization", b"Bearer a.b.c")], query=b"token=q", name="session", allow_query=True)
def test_a_credential_is_found_alike(both, headers, query, name, allow_query):
    kind, token = answered(both, "credential", headers, query, name, allow_query)
    assert kind == "returned"
    assert token is None or token != ""


# The double-submit check

TOKENS = st.sampled_from([b"t", b"T", b"", b"tt", b"\xff", b"\xc3\xbf", b" t ", b'"t"', b"t\x00"])
CSRF_HEADERS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([b"x-csrf-token", b"X-CSRF-Token"]), TOKENS),
        st.tuples(st.just(b"cookie"), TOKENS.map(b"csrf_token=%b".__mod__) | st.sampled_from([b"csrf_token", b"a=1"])),
        st.tuples(st.just(b"authorization"), AUTHORIZATION),
    ),
    max_size=5,
)


@settings(many, max_examples=800)
@given(headers=CSRF_HEADERS | HEADERS)
@example(headers=[(b"x-csrf-token", b"t"), (b"cookie", b"csrf_token=t")])
@example(headers=[(b"authorization", b"Bearer a.b.c"), (b"cookie", b"csrf_token=t")])
def test_a_csrf_verdict_is_alike(both, headers):
    kind, verdict = answered(both, "csrf_verdict", headers)
    assert kind == "returned"
    assert type(verdict) is int
    assert verdict in (0, 1, 2)


# What is no headers at all


class Bytes(bytes):
    pass


class Text(str):
    __slots__ = ()


class RaisesOnIteration:
    def __iter__(self):
        raise RuntimeError("no iteration")


class IteratesOverNothing:
    __iter__ = None


class RaisesLater:
    def __iter__(self):
        yield b"host"
        raise RuntimeError("no more")


class ItemsByIndex:
    def __getitem__(self, index):
        return (b"cookie", b"a=1")[index]


class Endless:
    def __iter__(self):
        while True:
            yield b"cookie"


class StopsAtOnce:
    def __iter__(self):
        raise StopIteration


class HintsBadly:
    def __init__(self, *parts):
        self.parts = parts

    def __iter__(self):
        return self

    def __next__(self):
        if not self.parts:
            raise StopIteration
        part, *self.parts = self.parts
        return part

    def __length_hint__(self):
        raise RuntimeError("asked for the length")


ODDITIES = [None, 5, 1.5, True, "", "ab", "cookie", b"", b"ab", bytearray(b"ab"), memoryview(b"ab"), Bytes(b"cookie")]
ODDITIES += [Text("cookie"), (), [], {}, {b"cookie": b"a=1"}, object(), bytes, range(2), NotImplemented, ItemsByIndex()]
ODDITIES += [HostileBytes(b"cookie"), HostileText("a"), SaysItIsText(), StopsAtOnce()]
ODDITIES += [RaisesOnIteration(), IteratesOverNothing(), RaisesLater(), Endless()]
ODD = st.sampled_from(ODDITIES).map(lambda odd: lambda: odd)
PART = st.sampled_from([b"cookie", b"authorization", b"x-csrf-token", b"a=1", b"csrf_token=t", b"Bearer a.b.c"])
PARTS = st.lists(st.one_of(PART.map(lambda part: lambda: part), PART.map(lambda part: lambda: part), ODD), max_size=3)


def made(parts):
    return [part() for part in parts]


ITEM = st.one_of(
    ODD,
    PARTS.map(lambda parts: lambda: tuple(made(parts))),
    PARTS.map(lambda parts: lambda: made(parts)),
    PARTS.map(lambda parts: lambda: iter(made(parts))),
    st.tuples(PART, PART).map(lambda pair: lambda: pair),
    st.tuples(PART, PART).map(lambda pair: lambda: pair),
)
ITEMS = st.lists(ITEM, max_size=4)
ODD_HEADERS = st.one_of(
    ODD.filter(lambda odd: not isinstance(odd(), Endless)),
    ITEMS.map(lambda items: lambda: made(items)),
    ITEMS.map(lambda items: lambda: tuple(made(items))),
    ITEMS.map(lambda items: lambda: (item() for item in items)),
    ITEMS.map(lambda items: lambda: dict.fromkeys(range(len(items))).keys()),
)
CALLS = {
    "header": (b"cookie",),
    "cookie": ("a",),
    "cookies": (),
    "credential": (b"token=q", "a", True),
    "csrf_verdict": (),
}


@pytest.mark.rule("engines.documented-errors")
@pytest.mark.parametrize("call", CALLS)
@settings(many, max_examples=400)
@given(headers=ODD_HEADERS)
def test_odd_headers_are_answered_or_refused_alike(both, call, headers):
    answered(both, call, headers, *CALLS[call])


@pytest.mark.parametrize("call", ["header", "cookie"])
@many
@given(name=ODD, headers=st.sampled_from([[], [(b"cookie", b"cookie=1; a=2")], [None], None]))
def test_an_odd_name_is_answered_or_refused_alike(both, call, name, headers):
    answered(both, call, headers, name)


@many
@given(query=ODD, name=ODD, headers=st.sampled_from([[], [(b"authorization", b"Bearer t")], [None], None]))
def test_odd_arguments_of_a_credential_are_answered_or_refused_alike(both, query, name, headers):
    answered(both, "credential", headers, query, name, True)


@pytest.mark.rule("engines.exact-types")
@pytest.mark.parametrize("call", CALLS)
def test_bytes_are_read_as_what_they_are_and_not_as_their_class_says(both, call):
    def headers():
        return [
            (HostileBytes(b"Cookie"), HostileBytes(b"a=1; csrf_token=t")),
            HintsBadly(HostileBytes(b"authorization"), HostileBytes(b"Bearer t")),
        ]

    answered(both, call, headers, *CALLS[call])


def test_a_header_is_exactly_bytes(engine):
    value = engine.header([(b"host", Bytes(b"example.org"))], b"host")
    assert (type(value), value) == (bytes, b"example.org")


def test_a_name_is_read_as_what_it_is(both):
    class EqualToAll(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other):
            return True

    assert [engine.cookie([(b"cookie", b"a=1")], EqualToAll("zz")) for engine in both] == ["", ""]


@pytest.mark.parametrize("call", CALLS)
def test_an_endless_item_is_refused(engine, call):
    with pytest.raises(TypeError):
        getattr(engine, call)([Endless()], *CALLS[call])
