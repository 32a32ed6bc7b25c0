"""``rate_limit``: rates, clients, keys, ``.limit``, and limited handlers in applications.

Kinds of handlers are in ``test_limited_handler.py``, the arithmetic in ``tests/engine/test_buckets.py``, and invalid
rates and keys in ``tests/attacks``.
"""

import asyncio
import functools
import importlib.util
import inspect
import logging
import re
import subprocess
import sys
import threading
import weakref
from types import SimpleNamespace
from unittest import mock

import asgi_client
import pytest
from own_buckets import OwnBuckets

import fastware.auth as auth_package
from fastware import HTTPError
from fastware.auth import rate_limit

SECOND = 10**9


def request_of(host="192.0.2.1", port=50000, **scope):
    return SimpleNamespace(scope={"type": "http", "client": (host, port), **scope})


def limited(auth, rate="2/hour", key_func=None):
    @auth.rate_limit(rate, key_func)
    def search(request):
        return "done"

    return search


def coroutine_function():
    async def search(request):
        return "done"

    return search


def results(search, *requests):
    """Return the result of each call, or the status of its error."""
    return [result(search, request) for request in requests]


def result(search, request):
    try:
        returned = search(request)
        return asyncio.run(returned) if inspect.isawaitable(returned) else returned
    except Exception as error:
        if getattr(error, "status_code", None) != 429:
            raise
        return 429


def clock_at(now):
    return mock.patch("time.monotonic_ns", return_value=now)


def app_of(fastware, handler, path="/", **options):
    router = fastware.Router()
    router.get(path, **options)(handler)
    return fastware.create_app(router)


# Rates

RATES = {"1/second": 1, "1/minute": 60, "1/hour": 3600, "7/minute": 9, "5/minute": 12, "100/hour": 36, "10/second": 1}
RATES |= {
    "1/day": 86400,
    "10/15 seconds": 2,
    "3/1 minute": 20,
    "3/1 minutes": 20,
    "2/2 hour": 3600,
    "1/104 days": 8985600,
}


@pytest.mark.rule("rate.wait")
@pytest.mark.parametrize(("rate", "retry_after"), RATES.items())
def test_call_after_the_last_token_says_when_to_retry(fastware, auth, rate, retry_after):
    search = limited(auth, rate)
    capacity = int(rate.split("/")[0])
    with clock_at(5 * SECOND):
        assert results(search, *[request_of()] * capacity) == ["done"] * capacity
        with pytest.raises(fastware.HTTPError) as raised:
            search(request_of())
    assert (raised.value.status_code, raised.value.detail) == (429, "Rate limit exceeded")
    assert raised.value.headers == {"Retry-After": str(retry_after)}


def test_wait_is_rounded_up_to_whole_seconds(fastware, auth):
    search = limited(auth, "1/minute")
    for now, retry_after in ((0, None), (1, "60"), (SECOND, "59"), (60 * SECOND - 1_000, "1"), (60 * SECOND, None)):
        with clock_at(now):
            if retry_after is None:
                assert search(request_of()) == "done"
                continue
            with pytest.raises(fastware.HTTPError) as raised:
                search(request_of())
            assert raised.value.headers == {"Retry-After": retry_after}


def test_largest_rate_is_accepted(auth):
    assert results(limited(auth, "1000000000/second"), *[request_of()] * 50) == ["done"] * 50


def test_rejected_call_does_not_reach_the_handler_and_takes_no_token(auth):
    calls = []
    search = auth.rate_limit("1/second")(calls.append)
    for now, expected in ((0, [None, 429, 429, 429]), (SECOND, [None])):
        with clock_at(now):
            assert results(search, *[request_of()] * len(expected)) == expected
    assert len(calls) == 2


@pytest.mark.rule("rate.cost")
@pytest.mark.parametrize("key_func", [None, lambda request: "anyone"], ids=["host", "key-func"])
@pytest.mark.parametrize("headers", [False, True])
def test_call_takes_the_tokens_of_its_cost(auth, key_func, headers):
    search = auth.rate_limit("5/hour", key_func, cost=2, headers=headers)(lambda request: "done")
    with clock_at(0):
        assert results(search, *[request_of()] * 3) == ["done", "done", 429], "the fifth token is not enough"
    with clock_at(720 * SECOND - 1):
        assert result(search, request_of()) == 429
    with clock_at(720 * SECOND):
        assert results(search, *[request_of()] * 2) == ["done", 429]


OPTIONS = {
    "cost-0": ({"cost": 0}, ValueError, "cost must be 1 to 5, the tokens of the rate '5/minute'; not 0"),
    "cost-6": ({"cost": 6}, ValueError, "cost must be 1 to 5, the tokens of the rate '5/minute'; not 6"),
    "cost-true": ({"cost": True}, TypeError, "cost must be int, not bool"),
    "cost-float": ({"cost": 1.0}, TypeError, "cost must be int, not float"),
    "headers": ({"headers": 1}, TypeError, "headers must be bool, not int"),
    "name-type": ({"name": b"search"}, TypeError, "name must be str, not bytes"),
    "name-empty": ({"name": ""}, ValueError, "name must not be empty"),
    "name-control": ({"name": "a\r\nb"}, ValueError, "name must not contain control characters and lone surrogates"),
    "name-surrogate": ({"name": "\ud800"}, ValueError, "name must not contain control characters and lone surrogates"),
    "buckets": (
        {"buckets": "redis://localhost"},
        TypeError,
        "buckets must be None, SharedBuckets(path) or RedisBuckets(url), not str",
    ),
}


@pytest.mark.parametrize(("options", "kind", "message"), OPTIONS.values(), ids=OPTIONS)
def test_invalid_option_is_an_error_that_names_it(options, kind, message):
    with pytest.raises(kind) as raised:
        rate_limit("5/minute", **options)
    assert str(raised.value) == message


# Headers


HEADERS = [
    # rate and cost, then the moment of each call with r, t and Retry-After
    ("5/minute", 1, [(0, 4, 12, None), (0, 3, 12, None), (6, 2, 6, None), (12, 2, 12, None)]),
    ("1/hour", 1, [(0, 0, 3600, None), (0, 0, 3600, 3600), (0.5, 0, 3600, 3600), (3599.5, 0, 1, 1)]),
    ("5/minute", 3, [(0, 2, 12, None), (0, 2, 12, 12), (6, 2, 6, 6), (12, 0, 12, None), (12, 0, 12, 36)]),
    ("10/second", 1, [(0, 9, 1, None)]),
    ("7/day", 7, [(0, 0, 12343, None), (0, 0, 12343, 86400)]),
]


@pytest.mark.rule("rate.headers")
@pytest.mark.parametrize(("rate", "cost", "calls"), HEADERS, ids=[f"{rate} {cost}" for rate, cost, _ in HEADERS])
def test_headers_say_what_is_left_and_when_there_is_more(fastware, auth, rate, cost, calls):
    app = app_of(fastware, auth.rate_limit(rate, cost=cost, headers=True)(lambda request: "done"))
    capacity, period = auth.rate_limit.__globals__["parse_rate"](rate)
    for moment, left, window, retry_after in calls:
        with clock_at(int(moment * SECOND) + SECOND):
            response = asgi_client.call(app)
        assert response.status == (429 if retry_after else 200)
        assert response.header("ratelimit-policy") == f'"default";q={capacity};w={period // SECOND}'
        assert response.header("ratelimit") == f'"default";r={left};t={window}'
        assert response.header("retry-after") == (str(retry_after) if retry_after else None)
        assert window <= (retry_after or window), "the client must not come back before the window ends"


@pytest.mark.rule("rate.headers")
def test_name_in_a_header_is_escaped():
    search = rate_limit("1/hour", headers=True, name='per "user" \\ hour')(lambda request: "done")
    search(request_of())
    with pytest.raises(HTTPError) as raised:
        search(request_of())
    assert raised.value.headers["RateLimit-Policy"] == '"per \\"user\\" \\\\ hour";q=1;w=3600'
    with pytest.raises(ValueError, match="name must be printable ASCII, because the header RateLimit contains it"):
        rate_limit("1/hour", headers=True, name="tägl. 5")(lambda request: "done")


@pytest.mark.rule("rate.headers")
def test_headers_name_each_limit_once(fastware, auth):
    limit = auth.rate_limit("5/hour", headers=True, name="all")
    inner = auth.rate_limit("1/hour", headers=True, name="all")
    response = asgi_client.call(app_of(fastware, limit(inner(lambda request: "done"))))
    assert response.header("ratelimit-policy") == '"all";q=1;w=3600'
    assert response.header("ratelimit") == '"all";r=0;t=3600'


# Shared buckets


def home(request):
    return "done"


def other(request):
    return "done"


@pytest.mark.rule("rate.name")
def test_limits_of_one_name_share_their_counts():
    buckets = OwnBuckets(blocks=False)
    named = [rate_limit("2/hour", buckets=buckets, name="search")(handler) for handler in (home, other)]
    by_default = [rate_limit("2/hour", buckets=buckets)(handler) for handler in (home, other)]
    for limits, expected in ((named, ["done", "done", 429, 429]), (by_default, ["done"] * 4)):
        assert [result(search, request_of()) for search in limits * 2] == expected
    assert {*buckets.opened} == {"search", f"{__name__}.home", f"{__name__}.other"}
    with pytest.raises(ValueError, match="the limit search has another rate"):
        rate_limit("3/hour", buckets=buckets, name="search")(home)


def run_module(source, name="shop"):
    """Run a module, like an import or a reload, and return its names."""
    spec = importlib.util.spec_from_loader(name, loader=None)
    names = {"__name__": name, "__spec__": spec, "rate_limit": rate_limit, "buckets": run_module.buckets}
    exec(source, names)
    return names


NAMELESS = {
    "main": ("def f(r): ...\nlimit(f)", "__main__", "f is in __main__, which is another module in each program"),
    "worker": ("def f(r): ...\nlimit(f)", "__mp_main__", "f is in __main__, which is another module in each program"),
    "local": ("def g():\n  return limit(lambda r: 5)\ng()", "shop", "shop.g.<locals>.<lambda> is made by a function"),
    "twice": ("def f(r): ...\nlimit(f)\nlimit(f)", "shop", "another limit in these buckets has the name shop.f"),
    "redefined": ("@limit\ndef f(r): ...\n@limit\ndef f(r): ...", "shop", "has the name shop.f"),
    "lambdas": ("limit(lambda r: 1)\nlimit(lambda r: 2)", "shop", "has the name shop.<lambda>"),
    "partials": ("def f(r): ...\nlimit(partial(f))\nlimit(partial(f))", "shop", "has the name shop.f"),
}


@pytest.mark.rule("rate.name")
@pytest.mark.parametrize(("source", "module", "message"), NAMELESS.values(), ids=NAMELESS)
def test_shared_limit_of_a_handler_without_a_name_of_its_own_is_an_error(source, module, message):
    run_module.buckets = OwnBuckets(blocks=False)
    source = "from functools import partial\nlimit = rate_limit('1/hour', buckets=buckets)\n" + source
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        run_module(source, module)
    assert str(raised.value).endswith(
        ': pass a name that is the same in all processes, such as rate_limit(..., name="search")'
    )
    run_module(source.replace("buckets=buckets", "buckets=buckets, name='search'"), module)


@pytest.mark.rule("rate.name")
def test_module_that_is_reloaded_keeps_its_limits():
    run_module.buckets = OwnBuckets(blocks=False)
    source = "@rate_limit('2/hour', buckets=buckets)\ndef search(request): return 'done'"
    searches = [run_module(source)["search"] for _ in range(3)]
    assert [result(search, request_of()) for search in searches] == ["done", "done", 429]


@pytest.mark.parametrize("blocks", [False, True])
def test_limit_in_shared_buckets_has_the_keys_and_the_switch_of_one_in_memory(blocks):
    buckets = OwnBuckets(blocks)
    by_host = rate_limit("1/hour", buckets=buckets)(home)
    by_key = rate_limit("1/hour", lambda request: request.scope["user"], buckets=buckets)(other)
    requests = [request_of("192.0.2.1", user="ada"), request_of("192.0.2.2", user="ada"), request_of(None, user="bob")]
    assert results(by_host, *requests, request_of("unknown"), request_of(client=None)) == ["done"] * 3 + [429] * 2
    assert results(by_key, *requests) == ["done", 429, "done"]
    by_host.limit.reset("192.0.2.1")
    asyncio.run(by_key.limit.areset())
    assert results(by_host, *requests[:2]) == ["done", 429]
    assert results(by_key, *requests[1:]) == ["done", "done"]
    by_host.limit.disabled = True
    assert results(by_host, *requests) == ["done"] * 3
    assert (by_host.limit.is_shared, limited(auth_package).limit.is_shared) == (True, False)


@pytest.mark.parametrize("blocks", [False, True])
def test_failure_of_shared_buckets_reaches_the_caller(blocks):
    buckets = OwnBuckets(blocks)
    searches = [rate_limit("1/hour", buckets=buckets, name="a")(handler) for handler in (home, coroutine_function())]
    buckets.failure = HTTPError(503, "Rate limits are unavailable")
    for search in searches:
        with pytest.raises(HTTPError) as raised:
            result(search, request_of())
        assert raised.value is buckets.failure


# Clients and keys


@pytest.mark.rule("rate.client")
def test_each_host_has_a_bucket(auth):
    search = limited(auth)
    for host in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
        assert results(search, *[request_of(host, port) for port in (1, 2, 3)]) == ["done", "done", 429]


@pytest.mark.rule("rate.client")
def test_requests_without_a_client_share_one_bucket(auth):
    requests = [request_of(client=None), SimpleNamespace(scope={}), request_of("unknown"), request_of(client=None)]
    assert results(limited(auth, "3/hour"), *requests) == ["done", "done", "done", 429]


def test_each_handler_has_buckets_of_its_own(auth):
    limit = auth.rate_limit("1/hour")
    for search in (limit(lambda request: "done"), limit(lambda request: "done"), limited(auth, "1/hour")):
        assert results(search, request_of(), request_of()) == ["done", 429]


def test_key_func_names_the_bucket(auth):
    search = limited(auth, "1/hour", lambda request: request.scope["user"])
    requests = [request_of("192.0.2.1", user="ada"), request_of("192.0.2.2", user="ada"), request_of(user="bob")]
    assert results(search, *requests) == ["done", 429, "done"]


# .limit


def test_reset_makes_every_bucket_full(auth):
    search = limited(auth, "1/hour")
    requests = [request_of("192.0.2.1"), request_of("192.0.2.2")]
    assert results(search, *requests * 2) == ["done", "done", 429, 429]
    search.limit.reset()
    assert results(search, *requests * 2) == ["done", "done", 429, 429]


@pytest.mark.parametrize(
    ("key_func", "key"),
    [(None, "192.0.2.1"), (lambda request: request.scope["client"][0] + "!", "192.0.2.1!")],
    ids=["host", "key-func"],
)
def test_reset_of_a_key_makes_its_bucket_full(auth, key_func, key):
    search = limited(auth, "1/hour", key_func)
    requests = [request_of("192.0.2.1"), request_of("192.0.2.2")]
    results(search, *requests)
    search.limit.reset(key)
    assert results(search, *requests) == ["done", 429]


def test_reset_does_not_affect_other_handlers(auth):
    limit = auth.rate_limit("1/hour")
    one, other = (limit(lambda request: "done") for _ in range(2))
    results(one, request_of())
    results(other, request_of())
    one.limit.reset()
    assert results(one, request_of()) + results(other, request_of()) == ["done", 429]


@pytest.mark.parametrize(
    "handler",
    [lambda request: "done", coroutine_function(), functools.partial(lambda request: "done")],
    ids=["def", "async-def", "partial"],
)
def test_disabled_limit_takes_no_token_until_it_is_enabled_again(auth, handler):
    search = auth.rate_limit("1/hour")(handler)
    search.limit.disabled = True
    assert results(search, *[request_of()] * 5) == ["done"] * 5
    search.limit.disabled = False
    assert results(search, *[request_of()] * 2) == ["done", 429]
    search.limit.disabled = True
    assert results(search, request_of()) == ["done"]


@pytest.mark.parametrize("loaded", ["", "starlette.requests", "fastware.core.request"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_key_func_gets_an_object_for_a_scope(loaded, kind):
    """In a process of its own, because other tests load frameworks."""
    source = "import importlib, sys; from fastware.auth import rate_limit\n"
    source += f"{loaded!r} and importlib.import_module({loaded!r})\n"
    source += "limited = rate_limit('1/hour', lambda request: request.scope['client'][0])(lambda: 'done')\n"
    source += f"print(limited(scope={{'type': {kind!r}, 'client': ('192.0.2.1', 1)}}))\n"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_limit_has_no_other_attributes(auth):
    with pytest.raises(AttributeError):
        limited(auth).limit.disable = True  # misspelled


# Audit events


class Views:
    def search(self, request):
        return "done"


class CallableObject:
    def __call__(self, request):
        return "done"


def function(request):
    return "done"


async def coroutine(request):
    return "done"


def without_request():
    return "done"


def wrapped(handler):
    @functools.wraps(handler)
    def wrapper(*args, **kwargs):
        return handler(*args, **kwargs)

    return wrapper


SCOPE = {"type": "http", "client": ("192.0.2.1", 50000), "headers": [(b"cookie", b"session=hunter2")]}
REQUEST = SimpleNamespace(scope=SCOPE, headers={"authorization": "Bearer hunter2"})
RECORDED = {
    "function": (function, (REQUEST,), {}, "192.0.2.1", "function"),
    "coroutine-function": (coroutine, (), {"request": REQUEST}, "192.0.2.1", "coroutine"),
    "partial": (functools.partial(function), (REQUEST,), {}, "192.0.2.1", "function"),
    "wrapper": (wrapped(function), (REQUEST,), {}, "192.0.2.1", "function"),
    "method": (Views().search, (REQUEST,), {}, "192.0.2.1", "Views.search"),
    "callable-object": (CallableObject(), (REQUEST,), {}, "192.0.2.1", "CallableObject"),
    "hidden-parameter": (without_request, (), {"scope": REQUEST}, "192.0.2.1", "without_request"),
    "hidden-scope": (without_request, (), {"scope": SCOPE}, "192.0.2.1", "without_request"),
    "hidden-scope-of-a-wrapper": (wrapped(without_request), (), {"scope": SCOPE}, "192.0.2.1", "without_request"),
    "no-client": (function, (SimpleNamespace(scope={"client": None}),), {}, None, "function"),
    "no-request": (function, ("a key of an application",), {}, None, "function"),
}


def recorded(caplog):
    fields = ("name", "levelname", "event", "username", "address", "reason")
    return [tuple(getattr(record, field) for field in fields) for record in caplog.records]


@pytest.mark.parametrize(("handler", "args", "kwargs", "address", "name"), RECORDED.values(), ids=RECORDED)
def test_rejected_call_is_an_audit_event(auth, caplog, handler, args, kwargs, address, name):
    keys = [lambda request: "key"] if name == "function" and address is None else [None, lambda request: "key"]
    for key_func in keys:
        caplog.clear()
        search = limited_as(auth, handler, key_func)
        with caplog.at_level(logging.INFO, "fastware.auth"):
            assert result_of(search, *args, **kwargs) == "done"
            assert caplog.records == []
            assert result_of(search, *args, **kwargs) == 429
        assert recorded(caplog) == [("fastware.auth", "INFO", "rate_limited", None, address, name)]
        assert "hunter2" not in repr([vars(record) for record in caplog.records])


def limited_as(auth, handler, key_func):
    return auth.rate_limit("1/hour", key_func)(handler)


def result_of(search, *args, **kwargs):
    return result(lambda request: search(*args, **kwargs), None)


def test_rejected_websocket_is_an_audit_event(fastware, auth, caplog):
    @auth.rate_limit("1/hour")
    async def chat(websocket):
        await websocket.accept()

    app = asgi_client.websocket_app_of(fastware, chat)
    with caplog.at_level(logging.INFO, "fastware.auth"):
        for _ in range(2):
            asgi_client.converse(app, headers=[("cookie", "session=hunter2")])
    name = "test_rejected_websocket_is_an_audit_event.<locals>.chat"
    assert recorded(caplog) == [("fastware.auth", "INFO", "rate_limited", None, "127.0.0.1", name)]
    assert "hunter2" not in repr(vars(caplog.records[0]))


def test_rejected_call_without_a_reader_records_nothing(auth, caplog):
    search = limited(auth, "1/hour")
    with caplog.at_level(logging.WARNING, "fastware.auth"):
        assert results(search, request_of(), request_of()) == ["done", 429]
    assert caplog.records == []


def test_rejected_coroutine_does_not_keep_the_request(auth):
    class Request:
        scope = SCOPE

    search = auth.rate_limit("1/hour")(coroutine)
    asyncio.run(search(REQUEST))
    request = Request()
    reference = weakref.ref(request)
    rejected = search(request)
    del request
    assert reference() is None
    with pytest.raises(Exception, match="429 Rate limit exceeded"):
        asyncio.run(rejected)


# Frozen clocks


@pytest.mark.rule("rate.clock")
@pytest.mark.parametrize("key_func", [None, lambda request: "anyone"], ids=["host", "key-func"])
def test_time_that_was_frozen_in_the_future_locks_nobody_out(auth, key_func):
    freezegun = pytest.importorskip("freezegun")
    search = limited(auth, "2/second", key_func)
    for _ in range(2):
        with freezegun.freeze_time("2030-01-01"):
            assert results(search, *[request_of()] * 3) == ["done", "done", 429]
        assert results(search, *[request_of()] * 2) == ["done", "done"]


@pytest.mark.rule("rate.clock")
def test_time_that_is_set_back_locks_nobody_out(auth, monkeypatch):
    search = limited(auth, "1/minute")
    for now in (10**18, 100 * SECOND, 0, 10**18, 10**17):
        monkeypatch.setattr("time.monotonic_ns", lambda now=now: now)
        assert results(search, *[request_of()] * 2) == ["done", 429]
    monkeypatch.undo()
    assert result(search, request_of()) == "done"


# In applications


def test_rejection_is_a_response_with_retry_after(fastware, auth):
    app = app_of(fastware, auth.rate_limit("1/hour")(coroutine_function()))
    assert asgi_client.call(app).status == 200
    rejected = asgi_client.call(app)
    assert (rejected.status, rejected.json) == (429, {"detail": "Rate limit exceeded"})
    assert 3590 <= int(rejected.header("retry-after")) <= 3600
    assert asgi_client.call(app, client=("192.0.2.9", 1)).status == 200


def test_limited_handler_gets_dependencies_and_path_parameters(fastware, auth):
    @auth.rate_limit("1/hour")
    async def handler(size, request, id, *, name, other="x"):
        return [size, id, name, other, request.path]

    app = app_of(fastware, handler, "/{name}/{id:int}", deps={"size": lambda: 20})
    assert asgi_client.call(app, path="/a/5").json == [20, 5, "a", "x", "/a/5"]
    assert asgi_client.call(app, path="/a/5").status == 429


def test_limited_sync_handler_runs_in_a_worker_thread(fastware, auth):
    threads = []
    app = app_of(fastware, auth.rate_limit("1/hour")(lambda request: threads.append(threading.current_thread())))
    assert [asgi_client.call(app).status for _ in range(2)] == [204, 429]
    assert threads[0] is not threading.main_thread()


def test_handler_may_be_limited_on_one_route_only(fastware, auth):
    router = fastware.Router()
    search = coroutine_function()
    router.get("/limited")(auth.rate_limit("1/minute")(search))
    router.get("/unlimited")(search)
    app = fastware.create_app(router)
    assert [asgi_client.call(app, path=path).status for path in ["/limited"] * 2] == [200, 429]
    assert [asgi_client.call(app, path=path).status for path in ["/unlimited"] * 2] == [200, 200]


def test_limit_above_the_route_is_a_type_error(fastware, auth):
    router = fastware.Router()
    with pytest.raises(TypeError, match="below @router"):
        auth.rate_limit("1/minute")(router.get("/search")(lambda request: "done"))


def test_sync_wrapper_of_a_limited_coroutine_function_may_return_at_once(fastware, auth):
    """From Python 3.12 on, ``functools.wraps`` copies the mark of a coroutine function to it."""
    search = auth.rate_limit("1/hour")(coroutine_function())

    @functools.wraps(search)
    def wrapper(request):
        return "maintenance"

    assert asgi_client.call(app_of(fastware, wrapper)).body == b"maintenance"


@pytest.mark.parametrize("kind", ["def", "async-def"])
def test_concurrent_calls_are_counted_exactly(auth, kind):
    search = auth.rate_limit("10/hour")(coroutine_function() if kind == "async-def" else lambda request: "done")

    async def call_together():
        calls = [asyncio.to_thread(result, search, request_of()) for _ in range(50)]
        return await asyncio.gather(*calls)

    assert asyncio.run(call_together()).count("done") == 10


def too_many(request, error):
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(error.detail, error.status_code, error.headers)


def test_limited_handlers_work_under_starlette(fastware, auth):
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    def at_once(request):
        return PlainTextResponse(request.path_params["name"])

    async def awaited(request):
        return at_once(request)

    for handler in (at_once, awaited):
        routes = [Route("/{name}", auth.rate_limit("2/hour")(handler))]
        app = Starlette(routes=routes, exception_handlers={fastware.HTTPError: too_many})
        responses = [asgi_client.call(app, path="/ada") for _ in range(3)]
        assert [response.body for response in responses] == [b"ada", b"ada", b"Rate limit exceeded"]
        assert responses[2].status == 429
        assert int(responses[2].header("retry-after")) > 0


def test_limited_handlers_and_dependencies_work_under_fastapi(fastware, auth):
    fastapi = pytest.importorskip("fastapi")

    def at_once(number: int, request: fastapi.Request, *, text: str = "x"):
        return {"number": number, "text": text}

    async def awaited(request: fastapi.Request, number: int, text: str = "x"):
        return {"number": number, "text": text}

    def dependency(request: fastapi.Request) -> None:
        """Pass."""

    app = fastapi.FastAPI(exception_handlers={fastware.HTTPError: too_many})
    limit = auth.rate_limit("2/hour")
    app.get("/at-once/{number}")(limit(at_once))
    app.get("/awaited/{number}")(limit(awaited))
    app.get("/dependency/{number}", dependencies=[fastapi.Depends(limit(dependency))])(lambda number: None)
    for path in ("/at-once/", "/awaited/", "/dependency/"):
        responses = [asgi_client.call(app, path=path + "5", query="text=y") for _ in range(3)]
        assert [response.status for response in responses] == [200, 200, 429]
        assert responses[0].json in ({"number": 5, "text": "y"}, None)
        assert asgi_client.call(app, path=path + "6", client=("192.0.2.2", 1)).status == 200
