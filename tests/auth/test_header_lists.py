"""Lists of headers that are plain up to some item: both engines look at the same items, in the same order, as often."""

import collections
import gc
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome
from raw_tokens import SECRET, sign_claims

many = settings(max_examples=400, deadline=None)
TOKEN = sign_claims({"sub": "alice"}).encode()

CALLS = {
    "header": (b"cookie",),
    "cookie": ("a",),
    "cookies": (),
    "credential": (b"token=q", "a", True),
    "identify": ("a", SECRET),
    "csrf_verdict": (),
}
each_call = pytest.mark.parametrize("call", CALLS)


class Tuple(tuple):
    __slots__ = ()


class Bytes(bytes):
    pass


class List(list):
    pass


Pair = collections.namedtuple("Pair", ["name", "value"])


class ReversedTuple(tuple):
    """Its own iteration says something else than what it holds."""

    __slots__ = ()

    def __iter__(self):
        return reversed(tuple(tuple.__iter__(self)))


class ShorterList(list):
    def __len__(self):
        return 0


def alike(both, call, make_headers):
    """What both engines did, each with headers of its own."""
    rust, python = (outcome(getattr(engine, call), make_headers(), *CALLS[call]) for engine in both)
    assert rust == python if rust[0] == "raised" else identical(rust, python), (rust, python)
    return rust


# Plain pairs, and pairs of every other kind, in one list

NAMES = st.sampled_from([b"cookie", b"Cookie", b"authorization", b"x-csrf-token", b"host", b""])
VALUES = st.sampled_from(
    [b"a=1", b"a=2; csrf_token=t", b"csrf_token=u", b"t", b"", b"Bearer a.b.c", b"Bearer " + TOKEN, b"a=" + TOKEN, b"x"]
)
PLAIN = st.tuples(NAMES, VALUES)
KINDS = {
    "plain": lambda pair: pair,
    "list": list,
    "tuple-subclass": Tuple,
    "named-tuple": lambda pair: Pair(*pair),
    "list-subclass": List,
    "iterator": iter,
    "generator": lambda pair: (part for part in pair),
    "dict": dict.fromkeys,
    "bytes-subclass": lambda pair: (Bytes(pair[0]), Bytes(pair[1])),
    "name-subclass": lambda pair: (Bytes(pair[0]), pair[1]),
    "value-subclass": lambda pair: (pair[0], Bytes(pair[1])),
    "reversed": ReversedTuple,
    "no-length": ShorterList,
    "deque": collections.deque,
    # what is none
    "one": lambda pair: pair[:1],
    "three": lambda pair: (*pair, b"x"),
    "three-in-a-list": lambda pair: [*pair, b"x"],
    "text-name": lambda pair: (pair[0].decode(), pair[1]),
    "text-value": lambda pair: (pair[0], pair[1].decode()),
    "none-value": lambda pair: (pair[0], None),
    "bytearray": lambda pair: (bytearray(pair[0]), pair[1]),
    "none": lambda pair: None,
    "bytes": lambda pair: b"ab",
    "text": lambda pair: "ab",
    "int": lambda pair: 5,
    "empty": lambda pair: (),
}
FIT = ["plain"] * 8 + list(KINDS)[:14]
ITEMS = st.lists(st.tuples(st.sampled_from(FIT * 2 + list(KINDS)[14:]), PLAIN), max_size=8)


def headers_of(items):
    return [KINDS[kind](pair) for kind, pair in items]


@each_call
@many
@given(items=ITEMS, make=st.sampled_from([list, list, tuple, List, ShorterList, iter, collections.deque]))
@example(items=[("plain", (b"cookie", b"a=1")), ("list", (b"cookie", b"a=2"))], make=list)
def test_a_list_of_mixed_items_is_answered_or_refused_alike(both, call, items, make):
    alike(both, call, lambda: make(headers_of(items)))


@each_call
@many
@given(items=st.lists(st.tuples(st.sampled_from(FIT), PLAIN), max_size=8))
def test_the_kind_of_a_pair_does_not_count(both, call, items):
    items = [(kind, pair) for kind, pair in items if kind not in ("reversed", "dict")]
    mixed = alike(both, call, lambda: headers_of(items))
    plain = alike(both, call, lambda: [pair for _, pair in items])
    assert identical(mixed, plain)


WRONG = [kind for kind in KINDS if kind not in FIT]
FOUND = [(b"authorization", b"Bearer a.b.c"), (b"cookie", b"a=1; csrf_token=t"), (b"x-csrf-token", b"t")]


@each_call
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("length", [4, 20])
def test_a_wrong_item_before_or_after_what_is_found(both, call, wrong, at, length):
    items = [(b"host", b"x"), *FOUND, *[(b"accept", b"y")] * length]
    items[at] = KINDS[wrong](items[at])
    alike(both, call, lambda: items)


def test_a_wrong_item_after_the_one_that_is_found_is_not_looked_at(engine):
    assert engine.header([(b"host", b"x"), None], b"host") == b"x"
    assert engine.header([[b"host", b"x"], None], b"host") == b"x"
    assert engine.credential([(b"authorization", b"Bearer t"), None], b"", "a", True) == "t"
    assert engine.credential([[b"authorization", b"Bearer t"], None], b"", "a", True) == "t"


@each_call
def test_a_wrong_item_before_the_one_that_is_found_is_refused(engine, call):
    with pytest.raises(TypeError, match="pairs of bytes"):
        getattr(engine, call)([None, (b"cookie", b"a=1"), (b"authorization", b"Bearer t")], *CALLS[call])


@pytest.mark.parametrize("call", ["cookie", "cookies", "csrf_verdict"])
@pytest.mark.parametrize("make", [tuple, list])
def test_every_item_is_looked_at_where_a_later_one_may_count(engine, call, make):
    with pytest.raises(TypeError):
        getattr(engine, call)([make((b"cookie", b"a=1")), make((b"x-csrf-token", b"t")), None], *CALLS[call])


# Items that change the list while they are looked at


class Acts:
    """A pair that does something to the list when it is read; the list is that of the engine which reads it."""

    def __init__(self, headers, act, pair):
        self.headers = headers
        self.act = act
        self.pair = pair

    def __iter__(self):
        self.act(self.headers)
        return iter(self.pair)


ACTS = {
    "nothing": lambda headers: None,
    "clear": lambda headers: headers.clear(),
    "append": lambda headers: headers.append((b"cookie", b"a=9; csrf_token=t")) if len(headers) < 12 else None,
    "append-wrong": lambda headers: headers.append(None),
    "pop": lambda headers: headers.pop(),
    "pop-first": lambda headers: headers.pop(0),
    "insert-first": lambda headers: headers.insert(0, (b"x-csrf-token", b"t")) if len(headers) < 12 else None,
    "reverse": lambda headers: headers.reverse(),
    "replace-all": lambda headers: headers.__setitem__(slice(None), [(b"cookie", b"a=7")] * 3),
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
def test_items_that_change_the_list_are_answered_or_refused_alike(both, call, before, acts, after):
    changed = []

    def headers():
        made = list(before)
        made += [Acts(made, ACTS[act], pair) for act, pair in acts]
        made += after
        changed.append(made)
        return made

    alike(both, call, headers)
    rust, python = changed
    assert [type(item) for item in rust] == [type(item) for item in python]


@each_call
def test_values_of_a_list_that_is_emptied_are_kept(engine, call):
    """What was found already is not taken from under the engine's feet."""
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
        "identify": False,
        "csrf_verdict": 0,
    }
    assert getattr(engine, call)(headers, *CALLS[call]) == expected[call]


@each_call
def test_an_item_that_raises_is_the_error_of_the_call(both, call):
    for error in (RuntimeError, LookupError, OSError, RecursionError, GeneratorExit, KeyboardInterrupt):

        class Raises:
            def __iter__(self, error=error):
                raise error("of the item")

        for engine in both:
            with pytest.raises(error, match="of the item"):
                getattr(engine, call)([(b"host", b"x"), Raises()], *CALLS[call])


@each_call
@pytest.mark.parametrize("error", [TypeError, ValueError, StopIteration, UnicodeError, OverflowError])
@pytest.mark.parametrize("where", ["item", "part", "list", "next"])
def test_errors_of_the_kind_that_unpacking_raises_are_alike(both, call, error, where):
    class Raises:
        def __init__(self, when):
            self.when = when

        def __iter__(self):
            if self.when == 0:
                raise error("of its own")
            return self

        def __next__(self):
            self.when -= 1
            if self.when == 0:
                raise error("of its own")
            return b"host"

    made = {
        "item": lambda: [(b"host", b"x"), Raises(0)],
        "part": lambda: [(b"host", b"x"), Raises(2)],
        "list": lambda: Raises(0),
        "next": lambda: Raises(1),
    }
    alike(both, call, made[where])


@each_call
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 100])
def test_an_item_is_read_to_its_third_part_at_most(both, call, length):
    counts = []

    def headers():
        read = []
        counts.append(read)

        def parts():
            for number in range(length):
                read.append(number)
                yield b"host"

        return [(b"host", b"x"), parts(), (b"cookie", b"a=1")]

    alike(both, call, headers)
    assert counts[0] == counts[1]


@each_call
def test_a_generator_of_headers_is_read_as_far_on_both_engines(both, call):
    for items in ([*FOUND, FOUND[0]], [FOUND[1], FOUND[0], FOUND[2]], [(b"host", b"x")] * 3, [FOUND[0], None]):
        counts = []

        def headers(items=items, counts=counts):
            counts.append(0)
            for item in items:
                counts[-1] += 1
                yield item

        alike(both, call, headers)
        assert counts[0] == counts[1]


# References


@each_call
def test_no_references_are_lost_or_kept(engine, call):
    name, value = bytes(b"cookie" + b""), b"a=" + bytes([49] * 40)
    pair = (name, value)
    headers = [pair, [b"x", b"y"], pair]
    call_it = getattr(engine, call)
    call_it(headers, *CALLS[call])
    before = [sys.getrefcount(each) for each in (name, value, pair, headers)]
    for _ in range(1_000):
        call_it(headers, *CALLS[call])
    after = [sys.getrefcount(each) for each in (name, value, pair, headers)]
    assert all(abs(now - then) < 5 for now, then in zip(after, before, strict=True))


@each_call
def test_no_references_are_kept_by_a_call_that_is_refused(engine, call):
    value = Bytes(b"a=1")
    before = sys.getrefcount(value)
    for _ in range(100):
        for headers in (
            [(b"cookie", value), None],
            [(b"cookie", value), (b"cookie", value, value)],
            [[b"cookie", value], 5],
            [(b"x", b"y"), (value, value), [value, value, value]],
        ):
            outcome(getattr(engine, call), headers, *CALLS[call])
    del headers
    assert sys.getrefcount(value) == before


def test_the_value_that_is_found_is_the_one_in_the_list(engine):
    """Bytes are not copied where they need not be; equal bytes are what counts."""
    value = b"x" * 1_000
    assert engine.header([(b"host", value)], b"host") == value


@pytest.mark.parametrize("length", [0, 1, 2, 1_000, 100_000])
def test_long_lists(engine, length):
    headers = [(b"accept", b"*/*")] * length + [(b"Cookie", b"a=1"), (b"X-CSRF-Token", b"t")]
    assert engine.header(headers, b"x-csrf-token") == b"t"
    assert engine.cookie(headers, "a") == "1"
    assert engine.csrf_verdict([*headers, [b"cookie", b"csrf_token=t"]]) == 0
