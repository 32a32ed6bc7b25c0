"""The result of ``@rate_limit``: a function with the parameters and metadata of the handler, whose calls are limited.

Plain functions get a function that is compiled with their parameters; wrappers, partials and other callables a generic
one. Both must behave the same.
"""

import asyncio
import copy
import functools
import gc
import inspect
import pickle
import sys
import types
import typing
import weakref
from types import SimpleNamespace

import pytest
from own_buckets import OwnBuckets

from fastware import HTTPError
from fastware.auth import get_current_user, rate_limit


class Request:
    scope = types.MappingProxyType({"type": "http", "client": ("192.0.2.1", 50000)})


R = Request()


def result_of(call, *args, **kwargs):
    """Return the result of a call, awaited if it is awaitable, or the status of the HTTPError."""

    async def awaited(awaitable):
        return await awaitable

    try:
        result = call(*args, **kwargs)
        return asyncio.run(awaited(result)) if inspect.isawaitable(result) else result
    except Exception as error:
        if getattr(error, "status_code", None) != 429:
            raise
        return 429


def limited(auth, handler, rate="1/hour", key_func=None):
    return auth.rate_limit(rate, key_func)(handler)


async def later(request):
    return "done"


def function(signature, result, kind="def"):
    names = {}
    exec(f"{kind} handler({signature}): return {result}", names)
    return names["handler"]


# Parameters of every kind, in every kind of function

CALLS = {
    "position-only": ("request, /", "5", (R,), {}, 5),
    "position-only-second": ("user, request, /, text='x'", "user, text", ("ada", R), {"text": "y"}, ("ada", "y")),
    "defaults": ("request, text='x', *, limit=5", "text, limit", (R,), {}, ("x", 5)),
    "defaults-replaced": ("request, text='x', *, limit=5", "text, limit", (R, "y"), {"limit": 6}, ("y", 6)),
    "keywords-in-another-order": ("request, text", "text", (), {"text": "y", "request": R}, "y"),
    "varargs": ("request, *args", "args", (R, 1, 2), {}, (1, 2)),
    "no-varargs": ("request, *args", "args", (R,), {}, ()),
    "varargs-and-keyword-only": ("request, *args, sort", "args, sort", (R, 1), {"sort": "up"}, ((1,), "up")),
    "keywords": ("request, **rest", "rest", (R,), {"a b": 2, "é": 3}, {"a b": 2, "é": 3}),
    "keyword-only": ("*, user='ada', request, text='x'", "user, text", (), {"request": R}, ("ada", "x")),
    "keyword-only-replaced": ("*, user='ada', request", "user", (), {"request": R, "user": "bob"}, "bob"),
    "every-kind": (
        "a, b=2, /, *, d=4, request, **rest",
        "a, b, d, rest",
        (1,),
        {"request": R, "a": 9},
        (1, 2, 4, {"a": 9}),
    ),
    "websocket": ("websocket, request_id=5", "request_id", (R,), {}, 5),
    "none-by-default": ("text='x', request=None", "text", (), {"request": R}, "x"),
    "not-the-first": ("text, request", "text", ("x", R), {}, "x"),
}
WITHOUT_REQUEST = {
    "no-parameters": ("", "5", (), {}, 5),
    "another-name": ("user", "user", ("ada",), {}, "ada"),
    "another-value": ("request: str, n=5", "n, request", ("x",), {}, (5, "x")),
    "another-default": ("request=5", "request", (), {}, 5),
    "position-only": ("user, /", "user", ("ada",), {}, "ada"),
    "keyword-only": ("*, user", "user", (), {"user": "ada"}, "ada"),
    "varargs": ("*args", "args", (1, 2), {}, (1, 2)),
    "varargs-and-keyword-only": ("*args, sort='up'", "args, sort", (1,), {}, ((1,), "up")),
    "keywords": ("**rest", "rest", (), {"a b": 2, "wait": 3}, {"a b": 2, "wait": 3}),
    "every-kind": ("a, b=2, /, c=3, *d, e, f=6, **g", "a, b, c, d, e, f, g", (1,), {"e": 5}, (1, 2, 3, (), 5, 6, {})),
    "scope": ("scope", "scope", ("x",), {}, "x"),
}


def wrapped(handler):
    @functools.wraps(handler)
    def wrapper(*args, **kwargs):
        return handler(*args, **kwargs)

    return wrapper


def wrapped_async(handler):
    @functools.wraps(handler)
    async def wrapper(*args, **kwargs):
        return handler(*args, **kwargs)

    return wrapper


KINDS = {
    "function": function,
    "coroutine-function": lambda *source: function(*source, kind="async def"),
    "wrapper": lambda *source: wrapped(function(*source)),
    "wrapper-of-a-wrapper": lambda *source: wrapped(wrapped(function(*source))),
    "coroutine-wrapper": lambda *source: wrapped_async(function(*source)),
    "partial": lambda *source: functools.partial(function(*source)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("signature", "returned", "args", "kwargs", "result"), CALLS.values(), ids=CALLS)
def test_first_call_passes_and_second_is_rejected(auth, kind, signature, returned, args, kwargs, result):
    handler = KINDS[kind](signature, returned)
    search = limited(auth, handler)
    assert inspect.isfunction(search)
    assert inspect.signature(search) == inspect.signature(handler)
    assert inspect.iscoroutinefunction(search) is inspect.iscoroutinefunction(handler)
    assert [result_of(search, *args, **kwargs) for _ in range(2)] == [result, 429]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("signature", "returned", "args", "kwargs", "result"), WITHOUT_REQUEST.values(), ids=WITHOUT_REQUEST
)
def test_handler_without_a_request_gets_a_hidden_parameter(auth, kind, signature, returned, args, kwargs, result):
    handler = KINDS[kind](signature, returned)
    search = limited(auth, handler)
    shown, name = dict(inspect.signature(search).parameters), "scope_of_limit" if signature == "scope" else "scope"
    assert shown.pop(name).kind is inspect.Parameter.KEYWORD_ONLY
    assert shown == dict(inspect.signature(handler).parameters)
    assert [result_of(search, *args, **kwargs, **{name: R}) for _ in range(2)] == [result, 429]
    search.limit.disabled = True
    assert [result_of(search, *args, **kwargs, **each) for each in ({}, {name: R})] == [result, result]


NAMES = "switch limit take reject handler wait make limited _ __ _switch _limit _take _reject _handler _wait _limited"
NAMES += " __switch __take ___wait self cls args kwargs request_ match type print exec é ﬁ __builtins__ __class__"


@pytest.mark.parametrize("parameter", ["{}", "{}=0", "*, {}", "*{}", "**{}"])
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_parameter_names_do_not_collide_with_the_compiled_code(auth, kind, parameter):
    for name in NAMES.split():
        search = limited(auth, function(f"request, {parameter.format(name)}", name, kind), "9/hour")
        (other,) = [each for each in inspect.signature(search).parameters.values() if each.name != "request"]
        if other.kind is other.VAR_POSITIONAL:
            assert result_of(search, R, 1) == (1,)
        elif other.kind is other.VAR_KEYWORD:
            assert result_of(search, R, value=1) == {"value": 1}
        else:
            assert result_of(search, request=R, **{other.name: 1}) == 1


def test_names_beside_the_hidden_parameter_do_not_collide_with_the_compiled_code(auth):
    for name in [*NAMES.split(), "find", "_find", "missing", "_missing", "scope", "scope_of_limit"]:
        search = limited(auth, function(f"{name}, other=5", "other"))
        assert [result_of(search, R) for _ in range(2)] == [5, 429]


def test_hundreds_of_parameters_are_passed_in_order(auth):
    names = [*(name for name in NAMES.split() if name != "ﬁ"), *(f"p{number}" for number in range(300))]
    search = limited(auth, function(f"request, {', '.join(names)}", f"[{', '.join(names)}]"))
    assert result_of(search, R, *range(len(names))) == list(range(len(names)))


WRONG_CALLS = [((), {}), ((R, 1, 2), {}), ((R,), {"another": 1}), ((R,), {"request": R}), ((R, "x", 5), {})]


@pytest.mark.parametrize(("args", "kwargs"), WRONG_CALLS, ids=["nothing", "too-many", "unknown", "twice", "position"])
def test_invalid_call_raises_the_type_error_of_the_handler_and_takes_no_token(auth, args, kwargs):
    handler = function("request, text='x', *, limit=5", "text")
    search = limited(auth, handler)
    with pytest.raises(TypeError) as expected:
        handler(*args, **kwargs)
    with pytest.raises(TypeError) as raised:
        search(*args, **kwargs)
    assert str(raised.value) == str(expected.value)
    assert result_of(search, R) == "x"


CALLS_BY_HAND = {
    "": "scope",
    "*args, **kwargs": "scope",
    "user=5, scope={'type': 'lifespan'}": "scope_of_limit",
    "request=None": "request",
    "request: object = 5": "scope",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("signature", "name"), CALLS_BY_HAND.items())
def test_call_by_hand_without_a_request_is_a_type_error_that_names_the_handler(auth, kind, signature, name):
    search = limited(auth, KINDS[kind](signature, "5"))
    with pytest.raises(TypeError, match="handler has a rate limit and was called without a request: pass the request"):
        search()
    assert result_of(search, **{name: R}) == 5


# Callables of other kinds


class Callable:
    def __call__(self, request, text="x"):
        return text


class AsyncCallable:
    async def __call__(self, request, text="x"):
        return text


def naming_the_first(function):
    """A wrapper that names its first parameter, as decorators of methods do."""

    @functools.wraps(function)
    def wrapper(first, *args, **kwargs):
        return function(first, *args, **kwargs)

    return wrapper


def adding_a_user(function):
    """A wrapper that takes fewer parameters than its function."""

    @functools.wraps(function)
    def wrapper(request, *args, **kwargs):
        return function("alice", request, *args, **kwargs)

    return wrapper


def showing(*names):
    """A function that shows another signature than its own."""
    handler = function("*args, **kwargs", "args[-1] if args else kwargs['text']")
    handler.__signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    )
    return handler


def class_with(limit):
    """A class whose methods are decorated with *limit*."""
    method = function("self, request, text='x'", "text")
    static = function("request, text='x'", "text")
    members = {
        "method": limit(method),
        "coroutine_method": limit(function("self, request, text='x'", "text", "async def")),
        "class_method": classmethod(limit(method)),
        "static_method": staticmethod(limit(static)),
        "wrapped_method": limit(naming_the_first(method)),
        "partial_method": functools.partialmethod(limit(method), text="x"),
    }
    return type("Views", (), members)


METHODS = [name for name in vars(class_with(lambda function: function)) if not name.startswith("_")]


@pytest.mark.parametrize("name", METHODS)
def test_method_that_is_decorated_in_its_class_is_limited(auth, name):
    for args, kwargs in ((R,), {}), ((), {"request": R}), ((R,), {"text": "x"}):
        views = class_with(auth.rate_limit("1/hour"))
        assert [result_of(getattr(views(), name), *args, **kwargs) for _ in range(2)] == ["x", 429]


views = class_with(lambda function: function)()
OTHERS = {
    **{f"bound-{name}": (getattr(views, name), (R,), {"text": "x"}) for name in METHODS},
    "callable-object": (Callable(), (R,), {}),
    "async-callable-object": (AsyncCallable(), (), {"request": R}),
    "wrapper-with-another-name": (naming_the_first(views.static_method), (R,), {}),
    "wrapper-with-fewer-parameters": (adding_a_user(type(views).method), (R, "x"), {}),
    "partial-by-position": (functools.partial(function("text, request, /", "text"), "x"), (R,), {}),
    "partial-by-keyword": (functools.partial(views.method, text="y"), (R,), {"text": "x"}),
    "cached": (functools.cache(function("text, request", "text")), ("x", R), {}),
    "single-dispatch": (functools.singledispatch(views.static_method), (R,), {}),
    "other-signature": (showing("request", "text"), (R, "x"), {}),
    "signature-without-a-parameter": (showing("request"), (), {"request": R, "text": "x"}),
    "awaitable-result": (lambda request: AsyncCallable()(request, "x"), (R,), {}),
}


@pytest.mark.parametrize(("handler", "args", "kwargs"), OTHERS.values(), ids=OTHERS)
def test_callable_of_another_kind_is_limited(auth, handler, args, kwargs):
    search = limited(auth, handler)
    assert [result_of(search, *args, **kwargs) for _ in range(2)] == ["x", 429]


def test_lower_of_two_limits_counts(auth):
    search = limited(auth, limited(auth, later, "2/hour"), "5/hour")
    assert inspect.iscoroutinefunction(search)
    assert [result_of(search, R) for _ in range(6)] == ["done"] * 2 + [429] * 4


def test_async_generator_function_is_limited_by_call(auth):
    async def stream(request):
        yield "a"
        yield "b"

    async def collected(items):
        return [item async for item in items]

    search = limited(auth, stream)
    assert asyncio.run(collected(search(R))) == ["a", "b"]
    assert result_of(search, R) == 429


def test_limited_user_is_rejected_at_once_by_hand_and_awaited_by_a_framework(auth):
    token = auth.create_token("ada", "admin", "s" * 32)
    headers = [(b"authorization", b"Bearer " + token.encode())]
    scope = dict(R.scope, headers=headers, query_string=b"", state={"config": {"jwt_secret": "s" * 32}})
    request = SimpleNamespace(scope=scope)
    for user in (auth.get_current_user, auth.require_role("admin")):
        for dependency in (user, functools.partial(user), limited(auth, user, "9/hour")):
            search = limited(auth, dependency)
            assert inspect.iscoroutinefunction(search)
            assert search(request)["sub"] == "ada"
            # The caller does not await the result: with a coroutine for it, there would be no user and no rejection.
            with pytest.raises(auth.HTTPError, match="429"):
                search(request)


NO_HANDLERS = {
    "Views is a class: put @rate_limit on its methods that handle requests": type(views),
    "handler is a staticmethod: put @rate_limit below @staticmethod": staticmethod(function("request", "5")),
    "handler is a classmethod: put @rate_limit below @classmethod": classmethod(function("cls, request", "5")),
    "@rate_limit decorates a function that handles requests, not NoneType": None,
    "@rate_limit decorates a function that handles requests, not str": "text",
    "@rate_limit decorates a function that handles requests, not SimpleNamespace": SimpleNamespace(),
    "@rate_limit decorates a function that handles requests, not property": property(function("self", "5")),
}


@pytest.mark.parametrize(("message", "handler"), NO_HANDLERS.items())
def test_object_that_is_no_handler_is_a_type_error(auth, message, handler):
    with pytest.raises(TypeError) as raised:
        limited(auth, handler)
    assert str(raised.value) == message


# Coroutine functions


def test_coroutine_of_the_handler_is_returned(auth):
    coroutine = limited(auth, later)(R)
    assert coroutine.cr_code is later.__code__
    coroutine.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_coroutine_function_is_recognized_by_asyncio_and_in_a_partial(auth):
    search = limited(auth, later)
    assert asyncio.iscoroutinefunction(search)
    assert inspect.iscoroutinefunction(functools.partial(search))


def test_rejection_of_a_coroutine_function_is_raised_when_it_is_awaited(fastware, auth):
    search = limited(auth, later)
    first, second = search(R), search(R)
    with pytest.raises(fastware.HTTPError, match="429 Rate limit exceeded"):
        asyncio.run(second)
    assert asyncio.run(first) == "done", "a token is taken by the call, not by the await"


def test_call_that_is_never_awaited_warns(auth):
    search = limited(auth, later)
    for _ in ("passed", "rejected"):
        with pytest.warns(RuntimeWarning, match="was never awaited"):
            drop(search(R))


def drop(coroutine):
    del coroutine
    gc.collect()


# Metadata


def annotated(request: "typing.Any", text: "str" = "x", *, limit: int = 5) -> "list[str]":
    """Search."""


annotated.mark = "kept"


def test_defaults_are_the_same_objects(auth):
    default = object()

    def handler(request: default, text: "no such name" = default, *, limit=default) -> default:  # noqa: F722
        return text, limit

    search = limited(auth, handler)
    assert all(value is default for value in (*search(R), *search.__defaults__, search.__kwdefaults__["limit"]))


@pytest.mark.parametrize("make", [lambda handler: handler, wrapped], ids=["function", "wrapper"])
def test_metadata_is_kept(auth, make):
    search = limited(auth, make(annotated))
    assert inspect.signature(search, eval_str=True) == inspect.signature(annotated, eval_str=True)
    assert typing.get_type_hints(search) == {"request": typing.Any, "text": str, "limit": int, "return": list[str]}
    for name in ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__", "mark"):
        assert getattr(search, name) == getattr(annotated, name)
    assert inspect.unwrap(search) is annotated
    assert inspect.getsource(search) == inspect.getsource(annotated)
    search.mark = "changed"
    assert annotated.mark == "kept"


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated lazily from Python 3.14 on")
def test_annotation_for_type_checkers_only_is_not_evaluated(fastware, auth):
    names = {}
    exec("def handler(request: Missing) -> Missing: return 'done'", names)
    assert limited(auth, names["handler"])(R) == "done"
    router = fastware.Router()
    router.get("/", deps={"value": names["handler"]})(names["handler"])
    fastware.create_app(router, lifespan=names["handler"])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are of Python 3.12")
def test_type_parameters_are_kept(auth):
    names = {}
    exec("def handler[T](request: T) -> T: return request", names)
    assert limited(auth, names["handler"]).__type_params__ == names["handler"].__type_params__


def test_limited_handler_is_copied_and_pickled_like_a_function(auth, monkeypatch):
    module = types.ModuleType("a_module_of_handlers")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec("def handler(request): return 'done'", module.__dict__)
    search = module.handler = limited(auth, module.handler)
    assert copy.copy(search) is copy.deepcopy(search) is search
    assert pickle.loads(pickle.dumps(search)) is search


def test_error_of_the_handler_is_raised_from_the_handler(auth):
    def handler(request):
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there") as raised:
        limited(auth, handler)(R)
    assert raised.traceback[-1].name == "handler"


def test_limited_handler_is_freed_with_its_buckets(auth):
    def handler(request):
        return "done"

    search = limited(auth, handler)
    reference = weakref.ref(search)
    del search
    gc.collect()
    assert reference() is None


# Limits that wait for other processes, or add headers

WAYS = {
    "waiting": lambda: {"buckets": OwnBuckets()},
    "headers": lambda: {"headers": True},
    "both": lambda: {"buckets": OwnBuckets(), "headers": True},
}


def limit_of(way, rate="1/hour", name="search", **options):
    return rate_limit(rate, name=name, **options, **WAYS[way]())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_limit_that_waits_or_adds_headers_takes_the_same_calls(kind, way):
    for signature, returned, args, kwargs, result in [*CALLS.values(), *WITHOUT_REQUEST.values()]:
        handler = KINDS[kind](signature, returned)
        search, plain = limit_of(way)(handler), rate_limit("1/hour")(handler)
        assert inspect.iscoroutinefunction(search) is inspect.iscoroutinefunction(handler)
        given = inspect.signature(handler).parameters
        added = [name for name in inspect.signature(search).parameters if name not in given]
        hidden = "scope_of_limit" if "scope" in given else "scope"
        needs_request = inspect.signature(plain) != inspect.signature(handler)
        assert added == [hidden] * (needs_request or way != "waiting")
        passed = {**kwargs, hidden: R} if needs_request else kwargs
        assert [result_of(search, *args, **passed) for _ in range(2)] == [result, 429], signature
        if added and not needs_request:  # a framework fills it nevertheless
            search.limit.reset()
            assert [result_of(search, *args, **kwargs, **{hidden: R}) for _ in range(2)] == [result, 429]
        search.limit.disabled = True
        assert [result_of(search, *args, **each) for each in (kwargs, passed)] == [result, result]


@pytest.mark.parametrize("way", WAYS)
def test_limit_that_waits_or_adds_headers_takes_methods_and_callable_objects(way):
    for name in METHODS:
        for args, kwargs in ((R,), {}), ((), {"request": R}), ((R,), {"text": "x"}):
            views = class_with(limit_of(way))
            assert [result_of(getattr(views(), name), *args, **kwargs) for _ in range(2)] == ["x", 429], name
    for name, (handler, args, kwargs) in OTHERS.items():
        search = limit_of(way)(handler)
        assert [result_of(search, *args, **kwargs) for _ in range(2)] == ["x", 429], name


@pytest.mark.parametrize("way", WAYS)
def test_names_do_not_collide_with_the_code_of_a_limit_that_waits_or_adds_headers(way):
    for name in [*NAMES.split(), "around", "_around", "find", "_find", "missing", "_missing", "scope"]:
        search = limit_of(way)(function(f"{name}, request=None, other=5", "other"))
        assert [result_of(search, name, R) for _ in range(2)] == [5, 429]


@pytest.mark.parametrize(("args", "kwargs"), WRONG_CALLS, ids=["nothing", "too-many", "unknown", "twice", "position"])
def test_invalid_call_of_a_limit_that_waits_takes_no_token(args, kwargs):
    buckets = OwnBuckets()
    search = rate_limit("1/hour", buckets=buckets, name="search")(function("request, text='x', *, limit=5", "text"))
    with pytest.raises(TypeError):
        search(*args, **kwargs)
    assert buckets.calls == []


@pytest.mark.parametrize("headers", [False, True])
def test_tokens_are_never_awaited_on_the_event_loop(headers):
    """A handler that is not ``async`` runs in a thread already."""
    buckets = OwnBuckets()
    limit = rate_limit("9/hour", buckets=buckets, name="search", headers=headers)

    async def stream(request):
        yield "a"

    def plain_stream(request):
        yield "a"

    async def call_all():
        assert await limit(later)(R) == "done"
        assert [item async for item in limit(stream)(R)] == ["a"]
        assert await limit(AsyncCallable())(R) == "x"
        assert await limit(functools.partial(later))(R) == "done"
        user = limit(get_current_user)
        with pytest.raises(HTTPError, match="401"):
            await user(scope=USERLESS)  # as a framework calls it
        assert buckets.calls == [("take_counted" if headers else "take", "thread")] * 5
        generator = limit(plain_stream)(R)
        assert len(buckets.calls) == 5, "frameworks call it on the event loop, and run the generator in a thread"
        assert await asyncio.to_thread(list, generator) == ["a"]
        await limit(later).limit.areset()
        assert {place for _, place in buckets.calls} == {"thread"}

    asyncio.run(call_all())


USERLESS = {"type": "http", "headers": [], "client": ("192.0.2.1", 1), "state": {"config": {"jwt_secret": "s" * 32}}}


def test_call_by_hand_of_a_limited_user_waits_and_is_rejected_at_once():
    user = rate_limit("2/hour", buckets=OwnBuckets(), name="user")(get_current_user)
    for status in (401, 401, 429, 429):
        with pytest.raises(HTTPError) as raised:
            user(SimpleNamespace(scope=USERLESS))
        assert raised.value.status_code == status, "a request without a user takes a token too"
    user.limit.disabled = True
    with pytest.raises(HTTPError, match="401"):
        user(SimpleNamespace(scope=USERLESS))


class Steps:
    """A generator of each kind that records what it receives."""

    def __init__(self):
        self.seen = []

    def plain(self, request):
        sent = yield 1
        self.seen.append(sent)
        try:
            yield 2
        except LookupError as error:
            self.seen.append(error)
            yield 3
        finally:
            self.seen.append("closed")

    async def asynchronous(self, request):
        sent = yield 1
        self.seen.append(sent)
        try:
            yield 2
        except LookupError as error:
            self.seen.append(error)
            yield 3
        finally:
            self.seen.append("closed")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("end", ["close", "throw", "exhaust"])
def test_generator_behind_a_limit_receives_what_is_sent_and_thrown(way, end):
    error = LookupError("nothing there")

    def drive_plain(steps):
        generator = limit_of(way)(steps.plain)(R)
        values = [next(generator), generator.send("sent"), generator.throw(error)]
        if end == "close":
            generator.close()
        elif end == "throw":
            with pytest.raises(ZeroDivisionError):
                generator.throw(ZeroDivisionError())
        else:
            values += list(generator)
        return values

    async def drive(steps):
        generator = limit_of(way)(steps.asynchronous)(R)
        assert inspect.isasyncgen(generator), "Litestar asks"
        values = [await anext(generator), await generator.asend("sent"), await generator.athrow(error)]
        if end == "close":
            await generator.aclose()
        elif end == "throw":
            with pytest.raises(ZeroDivisionError):
                await generator.athrow(ZeroDivisionError())
        else:
            values += [item async for item in generator]
        return values

    for call in (drive_plain, lambda steps: asyncio.run(drive(steps))):
        steps = Steps()
        assert call(steps) == [1, 2, 3]
        assert steps.seen == ["sent", error, "closed"]
