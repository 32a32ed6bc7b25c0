"""The engine calls that read headers: their results, the kinds of header lists, and lists that change while read.

Rows of hostile cookies, credentials and CSRF tokens are in ``tests/attacks``.
"""

import collections
import gc
import sys

import clock
import pytest
from hostile_objects import HostileBytes, HostileText, SaysItIsText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome
from raw_tokens import SECRET, sign_bytes, sign_claims
from tests.reference import headers as reference

from fastware._engine.contract import CSRF_MISSING, CSRF_PASSED, INVALID_TOKEN, NO_TOKEN, UNUSABLE_SECRET

NOW = 1_700_000_000.5
OTHER_SECRET = "another secret, also of 32 bytes or more"
VALID = sign_claims({"sub": "alice", "exp": int(NOW) + 60}).encode()
ARGUMENTS = {
    "header": (b"cookie",),
    "cookie": ("a",),
    "cookies": (),
    "credential": (b"token=q", "a"),
    "identify": (b"token=q", "a", SECRET),
    "csrf_verdict": ("csrf_token",),
}
"""The arguments after the headers, for each call."""
MALFORMED = "ASGI headers are an iterable of \\(name, value\\) pairs of bytes"

each_call = pytest.mark.parametrize("call", ARGUMENTS)
many = settings(max_examples=400, deadline=None)


def call_on(engine, call, headers):
    return getattr(engine, call)(headers, *ARGUMENTS[call])


def outcome_on_both(both, call, make_headers):
    """The outcome of *call*, which must be the same on both engines. Each gets headers of its own."""
    rust, python = (outcome(call_on, engine, call, make_headers()) for engine in both)
    assert rust == python if rust[0] == "raised" else identical(rust, python), (rust, python)
    return rust


# Results


def joined(parts, max_size):
    return st.lists(st.sampled_from(parts), max_size=max_size).map(b"".join)


def octets(alphabet, max_size):
    return joined([bytes([octet]) for octet in alphabet], max_size)


PAIRS = st.one_of(
    octets(b"a=;", 9),
    octets(b'ab=; \t"', 9),
    joined([b"a=", b'a="', b'";', b'"', b"\\054", b"\\377", b"\\400", b"\\\\", b'\\"', b"\\\n", b"; ", b"=", b"b"], 12),
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
CSRF_TOKENS = st.sampled_from(
    [b"t", b"T", b"", b"tt", b"\xff", b"\xc3\xbf", b" t ", b"\tt", b" \t", b'"t"', b"t\0", b"\x0bt", b"t\xa0", b"\nt"]
)
HEADER_NAMES = st.one_of(
    st.sampled_from([b"cookie", b"Cookie", b"authorization", b"AUTHORIZATION", b"x-csrf-token", b"X-CSRF-Token"]),
    st.sampled_from([b"cookie ", b"cooki\xe5", b"", b"host", b"x-host", b"\xc0", b"\xe0", b"@[`{", b"`{@["]),
    st.binary(max_size=3),
)
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([b"cookie", b"cookie", b"Cookie", b"COOKIE"]), COOKIE_HEADERS),
        st.tuples(st.sampled_from([b"authorization", b"Authorization"]), AUTHORIZATIONS),
        st.tuples(st.sampled_from([b"x-csrf-token", b"X-CSRF-Token"]), CSRF_TOKENS),
        st.tuples(st.just(b"cookie"), CSRF_TOKENS.map(lambda token: b"csrf_token=" + token)),
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
@settings(many, max_examples=2_500)
@given(headers=HEADERS, query=QUERIES | st.none(), cookie_name=COOKIE_NAMES, header_name=HEADER_NAMES)
@example(headers=[(b"cookie", b"a=1;aa=2;a")], query=None, cookie_name="a", header_name=b"cookie")
@example(headers=[(b"cookie", rb'a="\134054"')], query=None, cookie_name="a", header_name=b"cookie")
@example(headers=[(b"authorization", b"Bearer a.b.c")], query=b"token=q", cookie_name="a", header_name=b"host")
def test_each_call_returns_what_the_reference_returns(both, headers, query, cookie_name, header_name):
    cookies = reference.cookies(headers)
    for engine in both:
        assert engine.header(headers, header_name) == reference.header(headers, header_name)
        assert identical(engine.cookies(headers), cookies)
        for name in {*cookies, cookie_name}:
            assert identical(engine.cookie(headers, name), cookies.get(name, ""))
            expected = reference.credential(headers, query, name)
            assert identical(engine.credential(headers, query, name), expected)
        for name in ("csrf_token", cookie_name):
            assert identical(engine.csrf_verdict(headers, name), reference.csrf_verdict(headers, name))


@pytest.mark.parametrize("name", ["a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "session", "csrf_token"])
def test_cookie_is_found_at_every_offset(both, name):
    pair = name.encode() + b"="
    afters = [b"", b";", b"; ", b"; x=1", b";" + name.encode(), b";" + pair + b"2", b"; x" + pair + b"2"]
    for before in range(70):
        for filler in (b"x", b";", b" ", b"=", b"b=;", b"\xff"):
            for after in afters:
                header = (filler * before)[:before] + b";" + pair + b"1" + after
                expected = reference.cookies([(b"cookie", header)]).get(name, "")
                assert [engine.cookie([(b"cookie", header)], name) for engine in both] == [expected] * 2, header


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
def test_cookie_is_found_beside_a_megabyte_of_one_piece(both, piece):
    filler = piece * (2**20 // len(piece))
    for header in (filler, filler + b"; session=5", b"session=5;" + filler):
        expected = reference.cookies([(b"cookie", header)]).get("session", "")
        assert [engine.cookie([(b"cookie", header)], "session") for engine in both] == [expected] * 2


# Identification

TOKENS = st.one_of(
    st.sampled_from(
        [
            VALID,
            sign_claims({}).encode(),
            sign_claims({"exp": 1}).encode(),
            sign_claims({"sub": "eve"}, secret=OTHER_SECRET).encode(),
            sign_bytes(b"[]").encode(),
            VALID[:-1],
            VALID + b"=",
            b'"' + VALID + b'"',
            b'"' + VALID.replace(b".", b"\\056") + b'"',
            b"",
            b"\xff",
        ]
    ),
    st.binary(max_size=8),
    st.builds(
        lambda at, octet: VALID[:at] + bytes([octet]) + VALID[at + 1 :],
        st.integers(0, len(VALID)),
        st.integers(0, 255),
    ),
)
SECRETS = st.one_of(
    st.sampled_from([SECRET, SECRET.encode(), [OTHER_SECRET, SECRET], OTHER_SECRET, [None, SECRET]]),
    st.sampled_from(["", b"", None, [], [None], 5, "ssh-rsa AAAA", SECRET + "\ud800"]),
)


@settings(many, max_examples=1_000)
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
def test_identify_verifies_the_credential(both, headers, query, secret):
    token = reference.credential(headers, query, "session")
    for engine in both:
        with clock.stopped_at(NOW):
            result = engine.identify(headers, query, "session", secret)
            claims = None if token is None else engine.verify_token(token, secret)
        if token is None:
            expected = NO_TOKEN
        elif claims is not None:
            expected = claims
        else:
            expected = INVALID_TOKEN if engine.has_usable_secret(secret) else UNUSABLE_SECRET
        assert identical(result, expected)


UNUSABLE = {
    "none": None,
    "empty": "",
    "empty-list": [],
    "none-in-a-list": [None],
    "number": 5,
    "object": object(),
    "ssh-key": "ssh-rsa AAAA",
    "lone-surrogate": SECRET + "\ud800",
}


@pytest.mark.parametrize("secret", UNUSABLE.values(), ids=UNUSABLE)
def test_token_is_distinguished_from_an_unusable_secret(engine, secret):
    headers = [(b"authorization", b"Bearer " + VALID)]
    assert engine.identify(headers, None, "session", secret) == UNUSABLE_SECRET
    assert engine.identify([], None, "session", secret) == NO_TOKEN


def test_token_with_a_non_ascii_octet_is_invalid(engine):
    for octet in range(0x80, 0x100):
        for at in (0, 5, len(VALID)):
            token = VALID[:at] + bytes([octet]) + VALID[at:]
            for header in ((b"authorization", b"Bearer " + token), (b"cookie", b"session=" + token)):
                assert engine.identify([header], None, "session", SECRET) == INVALID_TOKEN


def test_identify_returns_new_claims_each_time(engine):
    headers = [(b"authorization", b"Bearer " + sign_claims({"list": [1]}).encode())]
    first, second = (engine.identify(headers, None, "session", SECRET) for _ in range(2))
    first["list"].append(2)
    assert second == {"list": [1]}


# Arguments that are not headers

WRONG_TYPES = {
    "header-name-str": ("header", "host"),
    "header-name-none": ("header", None),
    "header-name-bytearray": ("header", bytearray(b"host")),
    "header-name-tuple": ("header", (b"host",)),
    "cookie-name-bytes": ("cookie", b"a"),
    "cookie-name-none": ("cookie", None),
    "cookie-name-lies-about-its-class": ("cookie", SaysItIsText()),
    "credential-query-str": ("credential", "token=q", "a"),
    "credential-query-false": ("credential", False, "a"),
    "credential-name-bytes": ("credential", b"", b"a"),
    "identify-query-str": ("identify", "", "a", SECRET),
    "identify-name-none": ("identify", b"", None, SECRET),
    "csrf-name-bytes": ("csrf_verdict", b"csrf_token"),
    "csrf-name-none": ("csrf_verdict", None),
}


@pytest.mark.parametrize("arguments", WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_argument_of_another_type_is_a_type_error(both, arguments):
    call, *rest = arguments
    rust, python = (outcome(getattr(engine, call), [(b"host", b"h")], *rest) for engine in both)
    assert rust == python
    assert rust[:2] == ("raised", TypeError)


@pytest.mark.rule("engines.exact-types")
def test_overridden_methods_of_arguments_are_not_called(engine):
    headers = [(HostileBytes(b"Cookie"), HostileBytes(b"a=1; csrf_token=t")), (b"x-csrf-token", HostileBytes(b" t "))]
    assert engine.header(headers, HostileBytes(b"x-csrf-token")) == b" t "
    assert engine.cookie(headers, HostileText("a")) == "1"
    assert engine.cookies(headers) == {"a": "1", "csrf_token": "t"}
    assert engine.credential(headers, None, HostileText("a")) == "1"
    assert engine.credential([], HostileBytes(b"token=q"), HostileText("a")) == "q"
    assert engine.csrf_verdict(headers, HostileText("csrf_token")) == CSRF_PASSED


def test_overridden_equality_of_a_name_is_not_called(engine):
    class EqualToAll(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other):
            return True

    assert engine.cookie([(b"cookie", b"a=1")], EqualToAll("zz")) == ""


def test_header_of_a_subclass_of_bytes_is_returned_as_bytes(engine):
    assert identical(engine.header([(b"host", Bytes(b"example.org"))], b"host"), b"example.org")


# Lists of headers


class Tuple(tuple):
    __slots__ = ()


class Bytes(bytes):
    pass


class List(list):
    pass


Pair = collections.namedtuple("Pair", ["name", "value"])


class ReversedTuple(tuple):
    """Iterates in another order than that of its items."""

    __slots__ = ()

    def __iter__(self):
        return reversed(tuple(tuple.__iter__(self)))


class ListWithoutLength(list):
    def __len__(self):
        return 0


VALID_PAIRS = {
    "tuple": lambda pair: pair,
    "list": list,
    "tuple-subclass": Tuple,
    "named-tuple": lambda pair: Pair(*pair),
    "list-subclass": List,
    "list-without-length": ListWithoutLength,
    "iterator": iter,
    "generator": lambda pair: (part for part in pair),
    "deque": collections.deque,
    "bytes-subclasses": lambda pair: (Bytes(pair[0]), Bytes(pair[1])),
    "name-of-a-subclass": lambda pair: (Bytes(pair[0]), pair[1]),
    "value-of-a-subclass": lambda pair: (pair[0], Bytes(pair[1])),
    "reversed": lambda pair: ReversedTuple(pair[::-1]),
}


class Endless:
    def __iter__(self):
        while True:
            yield b"cookie"


class NotIterable:
    __iter__ = None


class StopsInsteadOfIterating:
    def __iter__(self):
        raise StopIteration


class IndexedOnly:
    def __getitem__(self, index):
        return (b"cookie", b"a=1")[index]


class RaisesForItsLength:
    def __iter__(self):
        yield from (b"cookie", b"a=1")

    def __length_hint__(self):
        raise RuntimeError("the length is read")


class RaisesLater:
    def __iter__(self):
        yield b"cookie"
        raise RuntimeError("raised by an item")


INVALID_PAIRS = {
    "one-part": lambda pair: pair[:1],
    "three-parts": lambda pair: (*pair, b"x"),
    "three-parts-in-a-list": lambda pair: [*pair, b"x"],
    "endless": lambda pair: Endless(),
    "empty": lambda pair: (),
    "str-name": lambda pair: (pair[0].decode("latin-1"), pair[1]),
    "str-value": lambda pair: [pair[0], pair[1].decode("latin-1")],
    "none-value": lambda pair: (pair[0], None),
    "bytearray-name": lambda pair: (bytearray(pair[0]), pair[1]),
    "none": lambda pair: None,
    "bytes": lambda pair: b"ab",
    "str": lambda pair: "ab",
    "number": lambda pair: 5,
    "not-iterable": lambda pair: NotIterable(),
    "stops-instead-of-iterating": lambda pair: StopsInsteadOfIterating(),
}
OTHER_PAIRS = {
    "indexed-only": lambda pair: IndexedOnly(),
    "raises-for-its-length": lambda pair: RaisesForItsLength(),
    "raises-later": lambda pair: RaisesLater(),
}
EVERY_PAIR = {**VALID_PAIRS, **INVALID_PAIRS, **OTHER_PAIRS}
PLAIN = st.tuples(
    st.sampled_from([b"cookie", b"Cookie", b"authorization", b"x-csrf-token", b"host", b""]),
    st.sampled_from([b"a=1", b"a=2; csrf_token=t", b"csrf_token=u", b"t", b"", b"Bearer a.b.c", b"Bearer " + VALID]),
)
CONTAINERS = st.sampled_from(
    [list, tuple, List, Tuple, ListWithoutLength, iter, collections.deque, lambda items: (item for item in items)]
)


def made(kinds_and_pairs):
    return [EVERY_PAIR[kind](pair) for kind, pair in kinds_and_pairs]


@each_call
@many
@given(
    items=st.lists(st.tuples(st.sampled_from(["tuple"] * 6 + sorted(VALID_PAIRS)), PLAIN), max_size=8), into=CONTAINERS
)
@example(items=[("tuple", (b"cookie", b"a=1")), ("list", (b"cookie", b"a=2"))], into=list)
def test_any_iterable_of_two_bytes_is_a_header(both, call, items, into):
    result = outcome_on_both(both, call, lambda: into(made(items)))
    assert identical(result, outcome_on_both(both, call, lambda: [pair for _, pair in items]))
    assert result[0] == "returned"


@pytest.mark.rule("engines.documented-errors")
@each_call
@many
@given(
    items=st.lists(st.tuples(st.sampled_from(["tuple"] * 24 + sorted(EVERY_PAIR)), PLAIN), max_size=8), into=CONTAINERS
)
def test_list_with_an_invalid_item_has_the_same_outcome_on_both_engines(both, call, items, into):
    outcome_on_both(both, call, lambda: into(made(items)))


@each_call
@pytest.mark.parametrize("kind", INVALID_PAIRS)
def test_invalid_item_before_the_result_is_a_type_error(engine, call, kind):
    found = [(b"authorization", b"Bearer a.b.c"), (b"cookie", b"a=1; csrf_token=t"), (b"x-csrf-token", b"t")]
    for before in (0, 1, 20):
        headers = [(b"host", b"h")] * before + [EVERY_PAIR[kind]((b"accept", b"*/*")), *found]
        with pytest.raises(TypeError, match=MALFORMED):
            call_on(engine, call, headers)


@pytest.mark.parametrize("into", [list, tuple, iter])
@pytest.mark.parametrize("kind", [tuple, list])
@pytest.mark.parametrize("call", ["header", "credential", "identify"])
def test_items_after_the_result_are_not_read(engine, call, kind, into):
    first = kind((b"cookie" if call == "header" else b"authorization", b"Bearer " + VALID))
    with clock.stopped_at(NOW):
        assert call_on(engine, call, into([first, None]))


@pytest.mark.parametrize("call", ["cookie", "cookies", "csrf_verdict"])
def test_all_items_are_read_where_a_later_one_counts(engine, call):
    with pytest.raises(TypeError, match=MALFORMED):
        call_on(engine, call, [(b"cookie", b"a=1"), (b"x-csrf-token", b"t"), None])


@each_call
@pytest.mark.parametrize(
    "headers", [None, 5, NotIterable(), StopsInsteadOfIterating()], ids=lambda each: type(each).__name__
)
def test_object_that_is_not_iterable_is_a_type_error(engine, call, headers):
    with pytest.raises(TypeError, match=MALFORMED):
        call_on(engine, call, headers)


@pytest.mark.parametrize("length", [0, 1, 2, 1_000, 100_000])
def test_long_list_is_read_to_its_end(engine, length):
    headers = [(b"accept", b"*/*")] * length + [(b"Cookie", b"a=1"), (b"X-CSRF-Token", b"t")]
    assert engine.header(headers, b"x-csrf-token") == b"t"
    assert engine.cookie(headers, "a") == "1"
    assert engine.csrf_verdict([*headers, [b"cookie", b"csrf_token=t"]], "csrf_token") == CSRF_PASSED
    assert engine.csrf_verdict(headers, "csrf_token") == CSRF_MISSING


# Lists that change while they are read


class Acts:
    """A pair that changes the list of headers when it is read."""

    def __init__(self, headers, act, pair):
        self.headers = headers
        self.act = act
        self.pair = pair

    def __iter__(self):
        self.act(self.headers)
        return iter(self.pair)


ACTS = {
    "clear": lambda headers: headers.clear(),
    "append": lambda headers: headers.append((b"cookie", b"a=9; csrf_token=t")) if len(headers) < 12 else None,
    "append-invalid": lambda headers: headers.append(None),
    "pop": lambda headers: headers.pop(),
    "pop-first": lambda headers: headers.pop(0),
    "insert-first": lambda headers: headers.insert(0, (b"x-csrf-token", b"t")) if len(headers) < 12 else None,
    "reverse": lambda headers: headers.reverse(),
    "replace": lambda headers: headers.__setitem__(slice(None), [(b"cookie", b"a=7")] * 3),
    "grow": lambda headers: headers.extend([(b"authorization", b"Bearer t")] * 1_000) if len(headers) < 500 else None,
    "shrink-and-grow": lambda headers: headers.__setitem__(
        slice(1, None), [(b"x-csrf-token", b"t"), [b"cookie", b"a=5"]]
    ),
}


@each_call
@many
@given(
    before=st.lists(PLAIN, max_size=3),
    acts=st.lists(st.tuples(st.sampled_from(sorted(ACTS)), PLAIN), min_size=1, max_size=3),
    after=st.lists(PLAIN, max_size=3),
)
def test_list_that_changes_while_it_is_read_has_the_same_outcome_on_both_engines(both, call, before, acts, after):
    changed = []

    def headers():
        items = list(before)
        items += [Acts(items, ACTS[act], pair) for act, pair in acts]
        items += after
        changed.append(items)
        return items

    outcome_on_both(both, call, headers)
    rust, python = changed
    assert [type(item) for item in rust] == [type(item) for item in python]


@each_call
def test_values_survive_a_list_that_is_emptied_while_it_is_read(engine, call):
    headers = [(b"cookie", b"a=1; csrf_token=%s" % (b"t" * 50)), (b"x-csrf-token", b"%s" % (b"t" * 50))]

    def empty(headers):
        headers.clear()
        gc.collect()
        [bytes(60) for _ in range(1_000)]

    headers.append(Acts(headers, empty, (b"host", b"x")))
    expected = {
        "header": b"a=1; csrf_token=" + b"t" * 50,
        "cookie": "1",
        "cookies": {"a": "1", "csrf_token": "t" * 50},
        "credential": "1",
        "identify": INVALID_TOKEN,
        "csrf_verdict": CSRF_PASSED,
    }
    assert call_on(engine, call, headers) == expected[call]


# Errors of the headers themselves


class RaisesAfter:
    """An iterator that raises after the given number of items: before the first, where it is 0."""

    def __init__(self, count, error, item):
        self.count = count
        self.error = error
        self.item = item

    def __iter__(self):
        if self.count == 0:
            raise self.error("raised by the headers")
        return self

    def __next__(self):
        self.count -= 1
        if self.count == 0:
            raise self.error("raised by the headers")
        return self.item


PLACES = {
    "item": lambda error: [(b"host", b"h"), RaisesAfter(0, error, b"host")],
    "part-of-an-item": lambda error: [(b"host", b"h"), RaisesAfter(2, error, b"host")],
    "list": lambda error: RaisesAfter(0, error, (b"host", b"h")),
    "rest-of-the-list": lambda error: RaisesAfter(2, error, (b"host", b"h")),
}


@each_call
@pytest.mark.parametrize("place", PLACES)
def test_error_of_the_headers_is_raised(engine, call, place):
    for error in (RuntimeError, LookupError, OSError, RecursionError, GeneratorExit, KeyboardInterrupt):
        with pytest.raises(error, match="raised by the headers"):
            call_on(engine, call, PLACES[place](error))


@each_call
@pytest.mark.parametrize("place", PLACES)
def test_error_that_unpacking_raises_too_is_the_same_on_both_engines(both, call, place):
    for error in (TypeError, ValueError, StopIteration, UnicodeError, OverflowError):
        outcome_on_both(both, call, lambda error=error: PLACES[place](error))


def counted(items, counts):
    """A generator of *items* that counts in ``counts[-1]`` how many are read."""
    for item in items:
        counts[-1] += 1
        yield item


@each_call
def test_item_is_read_up_to_its_third_part(both, call):
    for length in (0, 1, 2, 3, 4, 100):
        counts = []

        def headers(length=length, counts=counts):
            counts.append(0)
            return [(b"host", b"x"), counted([b"host"] * length, counts), (b"cookie", b"a=1")]

        outcome_on_both(both, call, headers)
        assert counts == [min(length, 3)] * 2


@each_call
def test_generator_is_read_as_far_on_both_engines(both, call):
    found = [(b"authorization", b"Bearer a.b.c"), (b"cookie", b"a=1; csrf_token=t"), (b"x-csrf-token", b"t")]
    for items in ([*found, found[0]], [found[1], found[0], found[2]], [(b"host", b"x")] * 3, [found[0], None]):
        counts = []

        def headers(items=items, counts=counts):
            counts.append(0)
            return counted(items, counts)

        outcome_on_both(both, call, headers)
        assert counts[0] == counts[1]


# References


@each_call
def test_call_neither_keeps_nor_drops_references(engine, call):
    name, value = bytes(b"cookie" + b""), b"a=" + bytes([49] * 40)
    pair = (name, value)
    headers = [pair, [b"x", b"y"], pair]
    call_on(engine, call, headers)
    before = [sys.getrefcount(each) for each in (name, value, pair, headers)]
    for _ in range(1_000):
        call_on(engine, call, headers)
    after = [sys.getrefcount(each) for each in (name, value, pair, headers)]
    assert all(abs(now - then) < 5 for now, then in zip(after, before, strict=True))


@each_call
def test_call_that_raises_keeps_no_references(engine, call):
    value = Bytes(b"a=1")
    before = sys.getrefcount(value)
    for _ in range(100):
        for headers in (
            [(b"cookie", value), None],
            [(b"cookie", value), (b"cookie", value, value)],
            [[b"cookie", value], 5],
            [(b"x", b"y"), (value, value), [value, value, value]],
        ):
            outcome(call_on, engine, call, headers)
    del headers
    assert sys.getrefcount(value) == before
