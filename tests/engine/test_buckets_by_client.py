"""``TokenBuckets.take_by_client``: the bucket from which a request takes a token."""

import collections
import types
from types import SimpleNamespace
from unittest import mock

import pytest
from hostile_objects import HostileText, SaysItIsText
from outcomes import outcome

SECOND = 10**9
ABSENT = object()
Address = collections.namedtuple("Address", ["host", "port"])


class Text(str):
    __slots__ = ()


class Indexed:
    def __init__(self, *items):
        self.items = items

    def __getitem__(self, index):
        return self.items[index]


class TupleWithItems(tuple):
    __slots__ = ()

    def __getitem__(self, index):
        return "192.0.2.1"


def request_of(client=ABSENT, kind=dict):
    return SimpleNamespace(scope=kind({} if client is ABSENT else {"client": client}))


CLIENTS = {
    "tuple": (("192.0.2.1", 50000), "192.0.2.1"),
    "list": (["192.0.2.1", 50000], "192.0.2.1"),
    "named-tuple": (Address("192.0.2.1", 50000), "192.0.2.1"),
    "host-only": (("192.0.2.1",), "192.0.2.1"),
    "str-subclass": ((Text("192.0.2.1"), 1), "192.0.2.1"),
    "str-whose-methods-raise": ((HostileText("192.0.2.1"), 1), "192.0.2.1"),
    "indexed-only": (Indexed("192.0.2.1", 1), "192.0.2.1"),
    "dict-with-index-0": ({0: "192.0.2.1"}, "192.0.2.1"),
    "tuple-with-overridden-items": (TupleWithItems(("a", 1)), "192.0.2.1"),
    "lone-surrogate": (("\ud800", 1), "\ud800"),
    "str": ("1 is the first character", "1"),
    "absent": (ABSENT, "unknown"),
    "none": (None, "unknown"),
    "empty-tuple": ((), "unknown"),
    "empty-list": ([], "unknown"),
    "empty-str": ("", "unknown"),
    "zero": (0, "unknown"),
    "named-unknown": (("unknown", 1), "unknown"),
    "empty-host": (("", 1), "unknown"),
    "empty-host-of-a-subclass": ((Text(""), 1), "unknown"),
    "none-host": ((None, 1), "unknown"),
    "number-host": ((5, 1), "unknown"),
    "bytes-host": ((b"192.0.2.1", 1), "unknown"),
    "tuple-host": ((("192.0.2.1",), 1), "unknown"),
    "host-that-says-it-is-str": ((SaysItIsText(), 1), "unknown"),
    "bytes": (b"192.0.2.1", "unknown"),
}


def assert_takes_from(engine, request, key):
    buckets = engine.TokenBuckets(1, SECOND)
    with mock.patch("time.monotonic_ns", return_value=SECOND):
        assert buckets.take_by_client(request) == 0
    assert len(buckets) == 1
    assert buckets.take(key, SECOND) == SECOND


@pytest.mark.rule("rate.client")
@pytest.mark.parametrize("name", CLIENTS)
def test_key_is_the_first_item_of_the_client(engine, name):
    client, key = CLIENTS[name]
    assert_takes_from(engine, request_of(client), key)


class DictSubclass(dict):
    pass


@pytest.mark.parametrize(
    "kind", [dict, DictSubclass, types.MappingProxyType, collections.OrderedDict, collections.UserDict]
)
def test_scope_may_be_any_mapping(engine, kind):
    assert_takes_from(engine, request_of(("192.0.2.1", 1), kind), "192.0.2.1")
    assert_takes_from(engine, request_of(ABSENT, kind), "unknown")


@pytest.mark.rule("rate.client")
@pytest.mark.parametrize("kind", [dict, DictSubclass, collections.OrderedDict])
def test_scope_itself_may_take_the_place_of_the_request(engine, kind):
    assert_takes_from(engine, kind(client=("192.0.2.1", 1)), "192.0.2.1")
    assert_takes_from(engine, kind(), "unknown")


def test_attribute_scope_of_a_dict_is_the_scope(engine):
    class Request(dict):
        scope = {"client": ("192.0.2.1", 1)}  # noqa: RUF012

    assert_takes_from(engine, Request(client=("192.0.2.2", 1)), "192.0.2.1")


def test_scope_is_read_with_its_get_method(engine):
    class Overridden(dict):
        def get(self, key, default=None):
            return ("192.0.2.1", 1) if key == "client" else default

    assert_takes_from(engine, SimpleNamespace(scope=Overridden()), "192.0.2.1")
    filled = collections.defaultdict(lambda: ("192.0.2.1", 1))
    assert_takes_from(engine, SimpleNamespace(scope=filled), "unknown")
    assert not filled


class Raises:
    """A request that raises *error* at one of the places where it is read."""

    def __init__(self, error, at):
        self.error = error
        self.at = at

    def _read(self, at):
        if self.at == at:
            raise self.error
        return self

    @property
    def scope(self):
        return self._read("scope")

    def get(self, key):
        return self._read("get")

    def __bool__(self):
        return bool(self._read("bool").at)

    def __getitem__(self, index):
        return self._read("item")


@pytest.mark.parametrize("at", ["scope", "get", "bool", "item"])
def test_error_of_the_request_is_raised_and_takes_no_token(engine, at):
    for error in (RuntimeError, KeyError, AttributeError, IndexError, TypeError, StopIteration):
        buckets = engine.TokenBuckets(1, SECOND)
        raised = error("raised by the request")
        with pytest.raises(error) as caught:
            buckets.take_by_client(Raises(raised, at))
        assert caught.value is raised
        assert len(buckets) == 0


NOT_REQUESTS = {
    "none": None,
    "no-scope": SimpleNamespace(),
    "scope-is-none": SimpleNamespace(scope=None),
    "scope-is-a-list": SimpleNamespace(scope=[("client", ("192.0.2.1", 1))]),
    "scope-itself-that-is-no-dict": types.MappingProxyType({"client": ("192.0.2.1", 1)}),
    "client-is-a-number": request_of(5),
    "client-is-an-object": request_of(object()),
    "client-is-a-set": request_of({"192.0.2.1"}),
    "client-is-a-dict": request_of({"host": "192.0.2.1"}),
    "client-is-an-iterator": request_of(iter(["192.0.2.1"])),
}


def test_object_that_is_not_a_request_raises_the_same_error_on_both_engines(both):
    for name, request in NOT_REQUESTS.items():
        rust, python = (outcome(engine.TokenBuckets(1, SECOND).take_by_client, request) for engine in both)
        assert rust == python
        assert rust[0] == "raised", name


def test_host_that_takes_tokens_while_it_is_read_does_not_deadlock(engine):
    buckets = engine.TokenBuckets(1, SECOND)

    class Client:
        def __getitem__(self, index):
            assert buckets.take("inside", 5) == 0
            return "192.0.2.1"

    with mock.patch("time.monotonic_ns", return_value=5):
        assert buckets.take_by_client(request_of(Client())) == 0
    assert len(buckets) == 2
