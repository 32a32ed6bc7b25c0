"""The lists of headers that the engine calls read: any iterable of pairs, and lists that change while they are read."""

import collections
import gc
import itertools
import sys

import csrf_checks
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome
from raw_tokens import SECRET, sign_claims

from fastware._engine.contract import CSRF_MISMATCH, CSRF_MISSING, CSRF_PASSED, INVALID_TOKEN

VALID = sign_claims({"sub": "alice"}).encode()
ARGUMENTS = {
    "header": (b"cookie",),
    "cookie": ("a",),
    "cookies": (),
    "credential": (b"token=q", "a"),
    "identify": (b"token=q", "a", SECRET),
    **csrf_checks.METHODS,
}
"""The arguments after the headers, for each call."""
MALFORMED = "ASGI headers are an iterable of \\(name, value\\) pairs of bytes"

each_call = pytest.mark.parametrize("call", ARGUMENTS)
many = settings(max_examples=400, deadline=None)


def call_on(engine, call, headers):
    return csrf_checks.call_of(engine, call)(headers, *ARGUMENTS[call])


def outcome_on_both(both, call, make_headers):
    """Return the outcome of *call*, which must be the same on both engines. Each engine gets its own headers."""
    rust, python = (outcome(call_on, engine, call, make_headers()) for engine in both)
    assert rust == python if rust[0] == "raised" else identical(rust, python), (rust, python)
    return rust


class Bytes(bytes):
    pass


class Tuple(tuple):
    __slots__ = ()


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


class NotIterable:
    __iter__ = None


class Indexed:
    def __getitem__(self, index):
        return (b"cookie", b"a=1")[index]


class RaisesForItsLength:
    def __iter__(self):
        yield from (b"cookie", b"a=1")

    def __length_hint__(self):
        raise RuntimeError("the length is read")


INVALID_PAIRS = {
    "one-part": lambda pair: pair[:1],
    "three-parts": lambda pair: (*pair, b"x"),
    "three-parts-in-a-list": lambda pair: [*pair, b"x"],
    "endless": lambda pair: itertools.repeat(b"cookie"),
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
}
OTHER_PAIRS = {
    "indexed": lambda pair: Indexed(),
    "raises-for-its-length": lambda pair: RaisesForItsLength(),
}
EVERY_PAIR = {**VALID_PAIRS, **INVALID_PAIRS, **OTHER_PAIRS}
PLAIN = st.tuples(
    st.sampled_from([b"cookie", b"Cookie", b"authorization", b"x-csrf-token", b"origin", b"host", b""]),
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
    assert call_on(engine, call, into([first, None]))


@pytest.mark.parametrize("call", ["cookie", "cookies", *csrf_checks.METHODS])
def test_all_items_are_read_where_a_later_one_counts(engine, call):
    with pytest.raises(TypeError, match=MALFORMED):
        call_on(engine, call, [(b"cookie", b"a=1"), (b"x-csrf-token", b"t"), None])


@each_call
def test_object_that_is_not_iterable_is_a_type_error(engine, call):
    for headers in (None, 5, NotIterable()):
        with pytest.raises(TypeError, match=MALFORMED):
            call_on(engine, call, headers)


@pytest.mark.parametrize("length", [0, 1, 2, 1_000, 100_000])
def test_long_list_is_read_to_its_end(engine, length):
    headers = [(b"accept", b"*/*")] * length + [(b"Cookie", b"a=1"), (b"X-CSRF-Token", b"t")]
    assert engine.header(headers, b"x-csrf-token") == b"t"
    assert engine.cookie(headers, "a") == "1"
    assert csrf_checks.new(engine).verdict([*headers, [b"cookie", b"csrf_token=t"]], True) == CSRF_PASSED
    assert csrf_checks.new(engine).verdict(headers, True) == CSRF_MISSING


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
        "verdict": CSRF_PASSED,
        "verdict_of_form": CSRF_MISMATCH,
    }
    assert call_on(engine, call, headers) == expected[call]


# Errors of the headers themselves


class RaisesAfter:
    """An iterator that raises after the given number of items: before the first if it is 0."""

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
    """Yield *items*, and count in ``counts[-1]`` how many are read."""
    for item in items:
        counts[-1] += 1
        yield item


@each_call
def test_item_is_read_up_to_its_third_element(both, call):
    for length in (0, 1, 2, 3, 4, 100):
        counts = []

        def headers(length=length, counts=counts):
            counts.append(0)
            return [(b"host", b"x"), counted([b"host"] * length, counts), (b"cookie", b"a=1")]

        outcome_on_both(both, call, headers)
        assert counts == [min(length, 3)] * 2


@each_call
def test_both_engines_read_the_same_number_of_items_of_a_generator(both, call):
    found = [(b"authorization", b"Bearer a.b.c"), (b"cookie", b"a=1; csrf_token=t"), (b"x-csrf-token", b"t")]
    for items in ([*found, found[0]], [found[1], found[0], found[2]], [(b"host", b"x")] * 3, [found[0], None]):
        counts = []

        def headers(items=items, counts=counts):
            counts.append(0)
            return counted(items, counts)

        outcome_on_both(both, call, headers)
        assert counts[0] == counts[1]


@each_call
def test_call_drops_no_references(engine, call):
    name, value = bytes(b"cookie" + b""), b"a=" + bytes([49] * 40)
    pair = (name, value)
    headers = [pair, [b"x", b"y"], pair]
    call_on(engine, call, headers)
    before = [sys.getrefcount(each) for each in (name, value, pair, headers)]
    for _ in range(1_000):
        call_on(engine, call, headers)
    after = [sys.getrefcount(each) for each in (name, value, pair, headers)]
    assert all(now > then - 5 for now, then in zip(after, before, strict=True))
