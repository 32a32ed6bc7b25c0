"""TokenBuckets.take_by_client: whose bucket a request takes from, and when."""

import collections
import threading
import time
import types
from collections.abc import Mapping
from types import SimpleNamespace
from unittest import mock

import asgi_client
import interpreters
import pytest
from hostile_objects import HostileText, SaysItIsText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import outcome

many = settings(max_examples=300, deadline=None)
SECOND = 10**9
ABSENT = object()


def request_of(client=ABSENT, kind=dict):
    scope = {"type": "http"} if client is ABSENT else {"type": "http", "client": client}
    return SimpleNamespace(scope=kind(scope))


def it_is(now):
    return mock.patch("time.monotonic_ns", return_value=now)


def taken_by(engine, request, now=SECOND):
    """The key whose bucket a request takes from, among those that it may be; ``None`` where it is no other's."""
    for key in ("192.0.2.1", "unknown", "", "\ud800", "1", "a"):
        buckets = engine.TokenBuckets(1, SECOND)
        with it_is(now):
            assert buckets.take_by_client(request) == 0
        assert len(buckets) == 1
        if buckets.take(key, now) > 0:
            return key
    return None


class Text(str):
    __slots__ = ()


class LyingText(str):
    """Equal to nothing, empty, and another text for whoever asks its methods."""

    __slots__ = ()

    def __eq__(self, other):
        return False

    def __hash__(self):
        return 5

    def __len__(self):
        return 0

    def __bool__(self):
        return False

    def __str__(self):
        return "another"

    def encode(self, *_):
        return b"another"


Address = collections.namedtuple("Address", ["host", "port"])


class Indexed:
    def __init__(self, *items):
        self.items = items

    def __getitem__(self, index):
        return self.items[index]


class TupleOfItsOwn(tuple):
    __slots__ = ()

    def __getitem__(self, index):
        return "192.0.2.1"


CLIENTS = {
    "tuple": (("192.0.2.1", 50000), "192.0.2.1"),
    "list": (["192.0.2.1", 50000], "192.0.2.1"),
    "named-tuple": (Address("192.0.2.1", 50000), "192.0.2.1"),
    "host-alone": (("192.0.2.1",), "192.0.2.1"),
    "three-items": (["192.0.2.1", 1, 2], "192.0.2.1"),
    "no-port": (("192.0.2.1", None), "192.0.2.1"),
    "text-subclass": ((Text("192.0.2.1"), 1), "192.0.2.1"),
    "lying-text": ((LyingText("192.0.2.1"), 1), "192.0.2.1"),
    "hostile-text": ((HostileText("192.0.2.1"), 1), "192.0.2.1"),
    "indexed": (Indexed("192.0.2.1", 1), "192.0.2.1"),
    "by-number": ({0: "192.0.2.1"}, "192.0.2.1"),
    "own-tuple": (TupleOfItsOwn(("a", 1)), "192.0.2.1"),
    "lone-surrogate": (("\ud800", 1), "\ud800"),
    "text": ("1 is the first", "1"),
    "absent": (ABSENT, "unknown"),
    "none": (None, "unknown"),
    "empty-tuple": ((), "unknown"),
    "empty-list": ([], "unknown"),
    "empty-dict": ({}, "unknown"),
    "empty-text": ("", "unknown"),
    "zero": (0, "unknown"),
    "false": (False, "unknown"),
    "named-unknown": (("unknown", 1), "unknown"),
    "empty-host": (("", 1), "unknown"),
    "empty-text-subclass": ((Text(""), 1), "unknown"),
    "host-none": ((None, 1), "unknown"),
    "host-int": ((5, 1), "unknown"),
    "host-bytes": ((b"192.0.2.1", 1), "unknown"),
    "host-tuple": ((("192.0.2.1",), 1), "unknown"),
    "host-false": ((False, 1), "unknown"),
    "host-says-it-is-text": ((SaysItIsText(), 1), "unknown"),
    "bytes": (b"192.0.2.1", "unknown"),
    "range": (range(5), "unknown"),
}


@pytest.mark.parametrize("client", CLIENTS)  # by name: pytest asks its parameters, too
@pytest.mark.rule("rate.client")
def test_the_key_is_the_first_item_of_the_client(engine, client):
    given_client, key = CLIENTS[client]
    assert taken_by(engine, request_of(given_client)) == key


class Scope(Mapping):
    """A mapping that is no dict."""

    def __init__(self, items):
        self._items = dict(items)

    def __getitem__(self, key):
        return self._items[key]

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)


class DictOfItsOwn(dict):
    pass


class DictThatAnswers(dict):
    def get(self, key, default=None):
        return ("192.0.2.1", 1) if key == "client" else default


SCOPES = [
    dict,
    DictOfItsOwn,
    Scope,
    types.MappingProxyType,
    collections.OrderedDict,
    collections.UserDict,
    collections.ChainMap,
]


@pytest.mark.parametrize("kind", SCOPES)
def test_a_scope_may_be_any_mapping(engine, kind):
    assert taken_by(engine, request_of(("192.0.2.1", 1), kind)) == "192.0.2.1"
    assert taken_by(engine, request_of(None, kind)) == "unknown"
    assert taken_by(engine, request_of(ABSENT, kind)) == "unknown"


def test_a_scope_is_asked_by_get(engine):
    assert taken_by(engine, SimpleNamespace(scope=DictThatAnswers())) == "192.0.2.1"
    assert taken_by(engine, SimpleNamespace(scope=SimpleNamespace(get=lambda key: ("192.0.2.1", 1)))) == "192.0.2.1"


def test_a_default_dict_is_not_filled(engine):
    scope = collections.defaultdict(lambda: ("192.0.2.1", 1))
    assert taken_by(engine, SimpleNamespace(scope=scope)) == "unknown"
    assert not scope


def test_a_request_may_be_a_property_away(engine):
    class Request:
        @property
        def scope(self):
            return {"client": ("192.0.2.1", 1)}

    assert taken_by(engine, Request()) == "192.0.2.1"


def test_a_request_of_the_package_is_one(fastware, engine):
    router = fastware.Router()
    buckets = engine.TokenBuckets(1, 3600 * SECOND)

    @router.get("/")
    async def index(request):
        return {"wait": buckets.take_by_client(request) > 0}

    app = fastware.create_app(router)
    assert [asgi_client.call(app).json["wait"] for _ in range(2)] == [False, True]
    assert asgi_client.call(app, client=("192.0.2.9", 1)).json == {"wait": False}
    assert asgi_client.call(app, client=None).json == {"wait": False}
    assert asgi_client.call(app, client=None).json == {"wait": True}


# Equal to take


HOSTS = (
    st.text(max_size=6) | st.text("\ud800\udfffaé愛\0", max_size=4) | st.sampled_from(["unknown", "x" * 63, "x" * 65])
)
HOSTS |= st.integers(60, 70).map(lambda length: "é" * length) | st.just("y" * 5_000)
ODD_HOSTS = st.none() | st.integers() | st.binary(max_size=3) | st.builds(Text, HOSTS)
TAKEN_CLIENTS = st.one_of(
    st.tuples(HOSTS, st.integers(0, 65_535)),
    st.tuples(HOSTS, st.integers(0, 65_535)).map(list),
    st.tuples(ODD_HOSTS | HOSTS, st.none()),
    st.just(()),
    st.none(),
    st.just(ABSENT),
)
MOMENTS = st.integers(0, 5 * SECOND) | st.sampled_from([0, 2**63 - 1, 2**62])


def key_of(client):
    host = client[0] if client is not ABSENT and client else None
    return str(host) if isinstance(host, str) and host else "unknown"


@many
@given(
    capacity=st.integers(1, 3),
    calls=st.lists(st.tuples(TAKEN_CLIENTS, MOMENTS), max_size=20),
    kind=st.sampled_from([dict, DictOfItsOwn, Scope]),
)
@example(capacity=1, calls=[(("a", 1), 0), (["a"], 0), ((Text("a"),), SECOND)], kind=dict)
def test_a_take_by_client_is_a_take_of_its_key_now(both, capacity, calls, kind):
    pairs = [(engine.TokenBuckets(capacity, SECOND), engine.TokenBuckets(capacity, SECOND)) for engine in both]
    for client, now in calls:
        with it_is(now):
            waits = [by_client.take_by_client(request_of(client, kind)) for by_client, _ in pairs]
        waits += [by_key.take(key_of(client), now) for _, by_key in pairs]
        assert len(set(waits)) == 1
        assert {type(wait) for wait in waits} == {int}


def test_a_request_by_keyword_is_taken_alike(both):
    for engine in both:
        buckets = engine.TokenBuckets(1, SECOND)
        assert buckets.take_by_client(request=request_of(("192.0.2.1", 1))) == 0
        assert buckets.take(key="192.0.2.1", now=0) > 0


@pytest.mark.parametrize("args", [(), (request_of(None), 5)], ids=["none", "two"])
def test_another_number_of_arguments_is_a_type_error(engine, args):
    with pytest.raises(TypeError):
        engine.TokenBuckets(1, SECOND).take_by_client(*args)


# The clock


def test_a_clock_in_the_place_of_the_real_one_is_honoured(engine):
    buckets = engine.TokenBuckets(2, SECOND)
    request = request_of(("192.0.2.1", 1))
    waits = []
    for now in (0, 0, 0, SECOND // 2 - 1_000, SECOND // 2, SECOND // 2, 10 * SECOND, 10 * SECOND, 10 * SECOND):
        with it_is(now) as asked:
            waits.append(buckets.take_by_client(request))
            assert asked.call_count == 1
    assert waits == [0, 0, SECOND // 2, 1_000, 0, SECOND // 2, 0, 0, SECOND // 2]


def test_the_real_clock_is_asked_afterwards(engine):
    buckets = engine.TokenBuckets(1, 3600 * SECOND)
    request = request_of(("192.0.2.1", 1))
    with it_is(0):
        buckets.take_by_client(request)
    before = time.monotonic_ns()
    wait = buckets.take_by_client(request)
    expected = max(0, 3600 * SECOND - before)
    assert wait <= expected
    if wait:
        assert wait >= 3600 * SECOND - time.monotonic_ns() - 1_000


def test_the_wait_is_that_of_a_take_at_the_same_moment_of_the_real_clock(engine):
    buckets = engine.TokenBuckets(1, 3600 * SECOND)
    before = time.monotonic_ns()
    assert buckets.take_by_client(request_of(("192.0.2.1", 1))) == 0
    after = time.monotonic_ns()
    wait = buckets.take("192.0.2.1", after)
    assert 3600 * SECOND - (after - before) - 1_000 <= wait <= 3600 * SECOND


def test_a_clock_of_any_kind_of_callable(engine):
    class Clock:
        def __call__(self):
            return 5 * SECOND

    buckets = engine.TokenBuckets(1, SECOND)
    with mock.patch("time.monotonic_ns", Clock()):
        assert buckets.take_by_client(request_of()) == 0
        assert buckets.take_by_client(request_of()) == SECOND
    assert buckets.take("unknown", 6 * SECOND - 1_000) == 1_000


def test_a_clock_put_there_before_the_import_is_honoured(engine_name):
    code = """
import time
now = [0]
time.monotonic_ns = lambda: now[0]
from types import SimpleNamespace
from fastware.auth import rate_limit
from fastware import HTTPError
request = SimpleNamespace(scope={"client": ("192.0.2.1", 1)})
@rate_limit("1/second")
def handler(request):
    return "passed"
def call():
    try:
        return handler(request)
    except HTTPError as error:
        return error.status_code
print(call(), call())
now[0] = 10**9
print(call(), call())
"""
    assert interpreters.run(code, engine=engine_name) == "passed 429\npassed 429"


def test_an_error_of_the_clock_comes_through_and_takes_nothing(both):
    for engine in both:
        buckets = engine.TokenBuckets(1, SECOND)
        with mock.patch("time.monotonic_ns", side_effect=RuntimeError("stopped")):
            assert outcome(buckets.take_by_client, request_of()) == ("raised", RuntimeError, "stopped")
        assert len(buckets) == 0


CLOCK_VALUES = {
    "zero": 0,
    "true": True,
    "last": 2**63 - 1,
    "negative": -1,
    "beyond": 2**63,
    "far": 10**40,
    "float": 1.0,
    "str": "5",
}


@pytest.mark.parametrize("now", CLOCK_VALUES.values(), ids=CLOCK_VALUES.keys())
def test_an_odd_clock_is_taken_or_refused_as_by_take(both, now):
    results = []
    for engine in both:
        results.append(outcome(engine.TokenBuckets(1, SECOND).take, "unknown", now))
        with it_is(now):
            results.append(outcome(engine.TokenBuckets(1, SECOND).take_by_client, request_of()))
    assert results == [results[0]] * 4


# What the request itself raises


class Raises:
    def __init__(self, error, at):
        self.error = error
        self.at = at

    def _raise(self, at):
        if self.at == at:
            raise self.error
        return self

    @property
    def scope(self):
        return self._raise("scope")

    def get(self, key):
        return self._raise("get")

    def __bool__(self):
        self._raise("bool")
        return True

    def __getitem__(self, index):
        return self._raise("item")


@pytest.mark.parametrize("at", ["scope", "get", "bool", "item"])
@pytest.mark.parametrize("error", [RuntimeError, KeyError, AttributeError, IndexError, TypeError, StopIteration])
def test_what_a_request_raises_comes_through_and_takes_nothing(both, at, error):
    for engine in both:
        buckets = engine.TokenBuckets(1, SECOND)
        raised = error("of the request")
        with pytest.raises(error) as caught:
            buckets.take_by_client(Raises(raised, at))
        assert caught.value is raised
        assert len(buckets) == 0


NO_REQUESTS = {
    "none": None,
    "no-scope": SimpleNamespace(),
    "scope-none": SimpleNamespace(scope=None),
    "scope-list": SimpleNamespace(scope=[("client", ("192.0.2.1", 1))]),
    "scope-int": SimpleNamespace(scope=5),
    "a-scope-alone": {"client": ("192.0.2.1", 1)},
    "client-int": request_of(5),
    "client-object": request_of(object()),
    "client-true": request_of(True),
    "client-set": request_of({"192.0.2.1"}),
    "client-dict": request_of({"host": "192.0.2.1"}),
    "client-iterator": request_of(iter(["192.0.2.1"])),
}


@pytest.mark.parametrize("request_", NO_REQUESTS.values(), ids=NO_REQUESTS.keys())
def test_what_is_no_request_is_the_same_error_in_both_engines(both, request_):
    rust, python = (outcome(engine.TokenBuckets(1, SECOND).take_by_client, request_) for engine in both)
    assert rust == python
    assert rust[0] == "raised"


# Threads


def test_threads_take_by_client_once_a_client(engine):
    buckets = engine.TokenBuckets(1, 2**53)
    admitted = [[] for _ in range(4)]

    def work(number):
        for host in range(3_000):
            if buckets.take_by_client(request_of((str(host), number))) == 0:
                admitted[number].append(host)

    with it_is(5):
        threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(host for hosts in admitted for host in hosts) == list(range(3_000))


def test_a_host_may_use_the_buckets_while_it_is_looked_for(engine):
    buckets = engine.TokenBuckets(1, SECOND)

    class Client:
        def __getitem__(self, index):
            assert buckets.take("within", 5) == 0
            return "192.0.2.1"

    with it_is(5):
        assert buckets.take_by_client(request_of(Client())) == 0
    assert len(buckets) == 2
