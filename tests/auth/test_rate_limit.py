"""rate_limit: the decorator, its rates, its clients and what it keeps of the handler."""

import asyncio
import inspect
import time
from types import SimpleNamespace

import asgi_client
import pytest


def request_of(host="192.0.2.1", port=50000, **scope):
    """A request is what has a scope."""
    return SimpleNamespace(scope={"type": "http", "client": (host, port), **scope})


def handler(auth, rate="2/hour", key_func=None):
    @auth.rate_limit(rate, key_func)
    async def answer(request):
        return "answered"

    return answer


def calls(limited, request, count):
    """How each of *count* calls ended: the answer, or the status of its error."""
    return [call(limited, request) for _ in range(count)]


def call(limited, *args, **kwargs):
    try:
        result = limited(*args, **kwargs)
        return asyncio.run(result) if inspect.isawaitable(result) else result
    except Exception as error:
        if "HTTPError" not in [kind.__name__ for kind in type(error).__mro__]:
            raise
        return error.status_code


# Rates

RATES = {"1/second": 1, "1/minute": 60, "1/hour": 3600, "7/minute": 9, "5/minute": 12, "100/hour": 36, "10/second": 1}


@pytest.mark.parametrize(("rate", "retry_after"), RATES.items())
@pytest.mark.rule("rate.wait")
def test_n_calls_pass_and_a_later_one_is_told_when_to_come_back(fastware, auth, rate, retry_after):
    limited = handler(auth, rate)
    capacity = int(rate.split("/")[0])
    start = time.monotonic()
    assert calls(limited, request_of(), capacity) == ["answered"] * capacity

    def call_until_refused():
        for _ in range(1000):
            asyncio.run(limited(request_of()))

    with pytest.raises(fastware.HTTPError) as raised:
        call_until_refused()
    spent = time.monotonic() - start
    assert (raised.value.status_code, raised.value.detail) == (429, "Rate limit exceeded")
    assert retry_after - spent <= int(raised.value.headers["Retry-After"]) <= retry_after


@pytest.mark.parametrize("rate", ["1000000000/hour", "1000000000/second"])
def test_the_largest_rate_is_accepted(auth, rate):
    assert calls(handler(auth, rate), request_of(), 50) == ["answered"] * 50


def test_the_bucket_refills_continuously(auth):
    limited = handler(auth, "4/second")
    request = request_of()
    assert calls(limited, request, 4) == ["answered"] * 4
    while call(limited, request) == "answered":  # a slow machine may have refilled a token meanwhile
        pass
    time.sleep(0.26)
    assert call(limited, request) == "answered"


def test_a_refused_call_does_not_reach_the_handler_and_takes_nothing(auth):
    seen = []

    @auth.rate_limit("2/second")
    def answer(request):
        seen.append(request)

    request = request_of()
    ended = calls(answer, request, 20)
    assert ended.count(None) == len(seen)
    assert ended[:2] == [None, None]
    assert 429 in ended
    time.sleep(0.51)
    assert call(answer, request) is None


def test_the_answer_over_http_is_429_with_retry_after(fastware, auth):
    router = fastware.Router()

    @router.get("/search")
    @auth.rate_limit("1/hour")
    async def search(request):
        return {"found": []}

    app = fastware.create_app(router)
    assert asgi_client.call(app, "GET", "/search").status == 200
    refused = asgi_client.call(app, "GET", "/search")
    assert (refused.status, refused.json) == (429, {"detail": "Rate limit exceeded"})
    assert 3590 <= int(refused.header("retry-after")) <= 3600


# Whose bucket


def test_each_client_has_a_bucket(auth):
    limited = handler(auth)
    assert calls(limited, request_of("192.0.2.1"), 3) == ["answered", "answered", 429]
    assert calls(limited, request_of("192.0.2.2"), 3) == ["answered", "answered", 429]
    assert calls(limited, request_of("2001:db8::1"), 3) == ["answered", "answered", 429]


def test_the_port_does_not_count(auth):
    limited = handler(auth)
    assert [call(limited, request_of(port=port)) for port in (1, 2, 3)] == ["answered", "answered", 429]


def test_each_handler_has_buckets_of_its_own(auth):
    one, other = handler(auth), handler(auth)
    assert calls(one, request_of(), 3) == ["answered", "answered", 429]
    assert calls(other, request_of(), 3) == ["answered", "answered", 429]


def test_one_decorator_on_two_handlers_makes_two_sets_of_buckets(auth):
    limit = auth.rate_limit("1/hour")

    @limit
    def one(request):
        return "one"

    @limit
    def other(request):
        return "other"

    assert calls(one, request_of(), 2) == ["one", 429]
    assert calls(other, request_of(), 2) == ["other", 429]


UNKNOWN = {"none": {"client": None}, "absent": {}, "named-unknown": {"client": ("unknown", 1)}}


@pytest.mark.rule("rate.client")
def test_requests_without_a_client_share_the_bucket_unknown(auth):
    limited = handler(auth, "3/hour")
    for scope in UNKNOWN.values():
        assert call(limited, SimpleNamespace(scope={"type": "http", **scope})) == "answered"
    assert call(limited, SimpleNamespace(scope={"type": "http"})) == 429
    assert call(limited, request_of("192.0.2.1")) == "answered"


def test_key_func_names_the_bucket(auth):
    limited = handler(auth, "1/hour", lambda request: request.scope["user"])
    assert calls(limited, request_of(user="alice"), 2) == ["answered", 429]
    assert calls(limited, request_of("192.0.2.2", user="alice"), 1) == [429]
    assert calls(limited, request_of(user="bob"), 2) == ["answered", 429]


@pytest.mark.parametrize(
    "key", ["", "\ud800", "\0", "愛", "x" * 1_000_000], ids=["empty", "surrogate", "nul", "cjk", "long"]
)
def test_any_str_is_a_key(auth, key):
    limited = handler(auth, "1/hour", lambda request: key)
    assert calls(limited, request_of(), 2) == ["answered", 429]


@pytest.mark.parametrize("key", [None, 5, b"alice", ("alice",), object()], ids=lambda key: type(key).__name__)
@pytest.mark.rule("rate.keys")
def test_a_key_that_is_no_str_is_a_type_error(auth, key):
    with pytest.raises(TypeError):
        call(handler(auth, "1/hour", lambda request: key), request_of())


def test_an_error_of_key_func_comes_through_and_takes_nothing(auth):
    def key_func(request):
        return {"alice": "alice"}[request.scope["user"]]

    limited = handler(auth, "1/hour", key_func)
    with pytest.raises(KeyError):
        call(limited, request_of(user="bob"))
    assert call(limited, request_of(user="alice")) == "answered"


# What is kept of the handler


def test_metadata_and_signature_are_kept(auth):
    async def search(request, text: str = "x", *, limit: int = 5) -> dict:
        """Search."""

    search.mark = "kept"
    limited = auth.rate_limit("5/minute")(search)
    assert (limited.__name__, limited.__doc__, limited.mark) == ("search", "Search.", "kept")
    assert limited.__qualname__ == search.__qualname__
    assert limited.__module__ == search.__module__
    assert limited.__wrapped__ is search
    assert inspect.signature(limited) == inspect.signature(search)


def test_an_async_handler_stays_async_and_a_sync_one_sync(auth):
    @auth.rate_limit("5/minute")
    def answer(request):
        return "answered"

    assert not inspect.iscoroutinefunction(answer)
    assert answer(request_of()) == "answered"
    assert inspect.iscoroutinefunction(handler(auth))


def test_arguments_and_results_come_through(auth):
    @auth.rate_limit("5/minute")
    async def answer(request, *args, **kwargs):
        return request, args, kwargs

    request = request_of()
    assert call(answer, request, 1, user="alice") == (request, (1,), {"user": "alice"})


def test_an_error_of_the_handler_comes_through(auth):
    @auth.rate_limit("5/minute")
    async def answer(request):
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        call(answer, request_of())


def test_the_request_may_be_passed_by_keyword(auth):
    limited = handler(auth)
    assert [call(limited, request=request_of()) for _ in range(3)] == ["answered", "answered", 429]


def test_the_request_need_not_be_the_first_parameter(auth):
    @auth.rate_limit("1/hour")
    def answer(user, request):
        return user

    assert call(answer, "alice", request_of("192.0.2.1")) == "alice"
    assert call(answer, "alice", request=request_of("192.0.2.2")) == "alice"
    assert call(answer, request=request_of("192.0.2.1"), user="bob") == 429


def test_a_method_is_limited_by_its_request(auth):
    class Search:
        @auth.rate_limit("1/hour")
        async def answer(self, request):
            return self

    search = Search()
    assert call(search.answer, request_of("192.0.2.1")) is search
    assert call(search.answer, request_of("192.0.2.2")) is search
    assert call(search.answer, request_of("192.0.2.1")) == 429
    assert call(search.answer, request=request_of("192.0.2.2")) == 429


def test_a_handler_without_a_request_is_a_type_error(auth):
    with pytest.raises(TypeError):

        @auth.rate_limit("5/minute")
        async def answer():
            """Take nothing."""


def test_concurrent_calls_are_counted(auth):
    limited = handler(auth, "10/hour")

    async def hammer():
        return await asyncio.gather(*[limited(request_of()) for _ in range(50)], return_exceptions=True)

    assert asyncio.run(hammer()).count("answered") == 10


def test_a_call_without_the_request_is_a_type_error(auth):
    @auth.rate_limit("1/hour")
    def search(request):
        return request

    with pytest.raises(TypeError, match="request"):
        search()


def test_a_limit_above_the_route_that_would_limit_nothing_is_a_type_error(fastware, auth):
    router = fastware.Router()
    with pytest.raises(TypeError, match="below @router"):

        @auth.rate_limit("1/minute")
        @router.get("/search")
        async def search(request):
            return {}


def test_a_handler_may_be_limited_on_one_route_and_not_on_another(fastware, auth):
    async def search(request):
        return {}

    router = fastware.Router()
    router.get("/limited")(auth.rate_limit("1/minute")(search))
    router.get("/unlimited")(search)
    app = fastware.create_app(router)
    assert [asgi_client.call(app, path="/limited").status for _ in range(2)] == [200, 429]
    assert [asgi_client.call(app, path="/unlimited").status for _ in range(2)] == [200, 200]
