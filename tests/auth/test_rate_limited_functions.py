"""What @rate_limit makes of a handler: a function with its parameters, of its kind, that may be refused."""

import asyncio
import copy
import dataclasses
import functools
import gc
import inspect
import pickle
import sys
import threading
import traceback
import types
import typing
import warnings
import weakref
from types import SimpleNamespace

import asgi_client
import pytest


def request_of(host="192.0.2.1", **scope):
    return SimpleNamespace(scope={"type": "http", "client": (host, 50000), **scope})


def limited(auth, handler, rate="1/hour", key_func=None):
    return auth.rate_limit(rate, key_func)(handler)


def run(result):
    return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result


async def _awaited(awaitable):
    return await awaitable


def status_of(call, *args, **kwargs):
    """What a call answered, or the status of the error that it raised."""
    try:
        return run(call(*args, **kwargs))
    except Exception as error:
        if "HTTPError" not in [kind.__name__ for kind in type(error).__mro__]:
            raise
        return error.status_code


def passes_once(call, *args, **kwargs):
    """The answer of a call that is let pass the first time and refused the second."""
    answer = status_of(call, *args, **kwargs)
    assert status_of(call, *args, **kwargs) == 429
    return answer


# What kind of thing it is


def sync_handler(request):
    """Answer at once."""
    return "answered"


async def async_handler(request):
    """Answer when awaited."""
    return "answered"


each_handler = pytest.mark.parametrize("handler", [sync_handler, async_handler])


@each_handler
def test_the_limited_handler_is_a_function(auth, handler):
    made = limited(auth, handler)
    assert inspect.isfunction(made)
    assert isinstance(made, types.FunctionType)
    assert made is not handler


@each_handler
def test_it_is_a_coroutine_function_where_the_handler_is_one(auth, handler):
    made = limited(auth, handler)
    is_coroutine_function = handler is async_handler
    assert inspect.iscoroutinefunction(made) is is_coroutine_function
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert asyncio.iscoroutinefunction(made) is is_coroutine_function
    assert inspect.iscoroutinefunction(functools.partial(made)) is is_coroutine_function
    assert not inspect.isgeneratorfunction(made)
    assert not inspect.isasyncgenfunction(made)


def test_a_method_of_an_object_is_a_coroutine_function_where_it_was_one(auth):
    class Views:
        @auth.rate_limit("1/hour")
        async def answer(self, request):
            return self

        @auth.rate_limit("1/hour")
        def answer_at_once(self, request):
            return self

    views = Views()
    assert inspect.ismethod(views.answer)
    assert inspect.iscoroutinefunction(views.answer)
    assert not inspect.iscoroutinefunction(views.answer_at_once)
    assert passes_once(views.answer, request_of()) is views
    assert passes_once(views.answer_at_once, request_of()) is views


def test_it_returns_the_coroutine_of_the_handler_itself(auth):
    coroutine = limited(auth, async_handler)(request_of())
    assert inspect.iscoroutine(coroutine)
    assert coroutine.cr_code is async_handler.__code__
    assert run(coroutine) == "answered"


def test_it_returns_what_the_handler_returns_itself(auth):
    answer = object()
    assert limited(auth, lambda request: answer)(request_of()) is answer


def test_an_awaitable_of_a_handler_that_is_no_coroutine_function_is_returned_as_it_is(auth):
    async def later():
        return "later"

    made = limited(auth, lambda request: later())
    assert not inspect.iscoroutinefunction(made)
    assert run(made(request_of())) == "later"


# When a refusal is raised


def test_a_refusal_of_an_async_handler_is_raised_when_it_is_awaited(fastware, auth):
    made = limited(auth, async_handler)
    assert run(made(request_of())) == "answered"
    refusal = made(request_of())
    assert inspect.iscoroutine(refusal)
    with pytest.raises(fastware.HTTPError) as raised:
        run(refusal)
    assert (raised.value.status_code, raised.value.detail) == (429, "Rate limit exceeded")
    assert int(raised.value.headers["Retry-After"]) > 0


def test_a_refusal_of_a_sync_handler_is_raised_when_it_is_called(fastware, auth):
    made = limited(auth, sync_handler)
    made(request_of())
    with pytest.raises(fastware.HTTPError):
        made(request_of())


def test_many_calls_may_be_gathered_or_made_tasks(auth):
    made = limited(auth, async_handler, "3/hour")

    async def gather():
        return await asyncio.gather(*[made(request_of()) for _ in range(20)], return_exceptions=True)

    answers = asyncio.run(gather())
    assert answers.count("answered") == 3
    assert [getattr(answer, "status_code", answer) for answer in answers] == ["answered"] * 3 + [429] * 17

    async def tasks():
        async with asyncio.TaskGroup() as group:
            return [group.create_task(made(request_of("192.0.2.2"))) for _ in range(3)]

    assert [task.result() for task in asyncio.run(tasks())] == ["answered"] * 3


def test_a_token_is_taken_when_it_is_called(auth):
    """The first calls pass, in whatever order they are awaited."""
    made = limited(auth, async_handler)
    first, second = made(request_of()), made(request_of())
    assert status_of(lambda: second) == 429
    assert status_of(lambda: first) == "answered"


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_call_that_is_never_awaited_warns(auth, is_refused):
    made = limited(auth, async_handler)
    if is_refused:
        run(made(request_of()))
    with pytest.warns(RuntimeWarning, match="was never awaited"):
        forget(made(request_of()))


def forget(coroutine):
    del coroutine
    gc.collect()


def test_a_refusal_may_be_closed_unawaited(auth):
    made = limited(auth, async_handler)
    for _ in range(2):
        made(request_of()).close()


# Parameters of every kind


def position_only(request, /):
    return "answered"


def position_only_second(user, request, /, text="x"):
    return user, text


def with_defaults(request, text="x", *, limit=5):
    return text, limit


def with_args(request, *args):
    return args


def with_args_and_keywords(request, *args, sort, limit=5, **kwargs):
    return args, sort, limit, kwargs


def keyword_only(*, request):
    return "answered"


def keyword_only_with_defaults(*, user="alice", request, text="x"):
    return user, text


def last_of_many(a, b=2, /, c=3, *, d=4, request, e, **rest):
    return a, b, c, d, e, rest


def first_of_any_name(connection, request_id=5):
    return request_id


R = request_of()
CALLS = {
    "position-only": (position_only, (R,), {}, "answered"),
    "position-only-second": (position_only_second, ("alice", R), {}, ("alice", "x")),
    "position-only-and-text": (position_only_second, ("alice", R), {"text": "y"}, ("alice", "y")),
    "defaults": (with_defaults, (R,), {}, ("x", 5)),
    "defaults-replaced": (with_defaults, (R, "y"), {"limit": 6}, ("y", 6)),
    "defaults-by-keyword": (with_defaults, (), {"limit": 6, "text": "y", "request": R}, ("y", 6)),
    "args": (with_args, (R, 1, 2), {}, (1, 2)),
    "no-args": (with_args, (R,), {}, ()),
    "args-and-keywords": (with_args_and_keywords, (R, 1), {"sort": "up", "more": 2}, ((1,), "up", 5, {"more": 2})),
    "keywords-named-oddly": (
        with_args_and_keywords,
        (R,),
        {"sort": 1, "a b": 2, "é": 3},
        ((), 1, 5, {"a b": 2, "é": 3}),
    ),
    "keyword-only": (keyword_only, (), {"request": R}, "answered"),
    "keyword-only-defaults": (keyword_only_with_defaults, (), {"request": R}, ("alice", "x")),
    "keyword-only-replaced": (keyword_only_with_defaults, (), {"request": R, "user": "bob"}, ("bob", "x")),
    "last-of-many": (last_of_many, (1,), {"request": R, "e": 5}, (1, 2, 3, 4, 5, {})),
    "last-of-many-replaced": (
        last_of_many,
        (1, 6, 7),
        {"e": 5, "request": R, "f": 8, "a": 9},
        (1, 6, 7, 4, 5, {"f": 8, "a": 9}),
    ),
    "first-of-any-name": (first_of_any_name, (R,), {}, 5),
    "first-of-any-name-by-keyword": (first_of_any_name, (), {"request_id": 6, "connection": R}, 6),
}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("handler", "args", "kwargs", "answer"), CALLS.values(), ids=CALLS.keys())
def test_parameters_of_every_kind_reach_the_handler(auth, handler, args, kwargs, answer, is_async):
    made = limited(auth, made_async(handler) if is_async else handler)
    assert inspect.iscoroutinefunction(made) is is_async
    assert inspect.signature(made) == inspect.signature(handler)
    assert passes_once(made, *args, **kwargs) == answer


def made_async(handler):
    """The same function as an ``async def``, without a wrapper."""
    names = {}
    exec(f"async {inspect.getsource(handler)}", handler.__globals__, names)
    return names[handler.__name__]


WRONG_CALLS = {
    "nothing": ((), {}),
    "too-many": ((R, 1, 2), {}),
    "unknown-keyword": ((R,), {"another": 1}),
    "twice": ((R,), {"request": R}),
    "keyword-by-position": ((R, "x", 5), {}),
}


@pytest.mark.parametrize(("args", "kwargs"), WRONG_CALLS.values(), ids=WRONG_CALLS.keys())
def test_a_wrong_call_is_the_type_error_of_the_handler_and_takes_nothing(auth, args, kwargs):
    made = limited(auth, with_defaults)
    with pytest.raises(TypeError) as expected:
        with_defaults(*args, **kwargs)
    with pytest.raises(TypeError) as raised:
        made(*args, **kwargs)
    assert str(raised.value) == str(expected.value)
    assert passes_once(made, R) == ("x", 5)


NAMES_WITHIN = ["guard", "refuse", "function", "guarded", "refusal", "make", "find", "_", "__", "_guard", "_refuse"]
NAMES_WITHIN += ["_function", "_guarded", "_refusal", "__guard", "__function", "___refusal", "self", "cls", "args"]
NAMES_WITHIN += [
    "kwargs",
    "handler",
    "take",
    "buckets",
    "HTTPError",
    "engine",
    "é",
    "ﬁ",
    "print",
    "__builtins__",
    "match",
]
NAMES_WITHIN += ["type", "find_", "names", "key_func", "wait", "inspect", "__class__", "__name__", "globals", "exec"]


@pytest.mark.parametrize("name", NAMES_WITHIN)
@pytest.mark.parametrize(
    "template",
    [
        "def handler(request, {}): return {}",
        "def handler({}, request): return {}",
        "def handler(request, *, {}): return {}",
        "def handler(request, *{}): return {}",
        "def handler(request, **{}): return {}",
        "async def handler(request, {}=5): return {}",
    ],
)
def test_a_parameter_may_have_any_name(auth, name, template):
    names = {}
    exec(template.format(name, name), names)
    handler = names["handler"]
    name = next(each for each in inspect.signature(handler).parameters if each != "request")  # NFKC, as Python reads it
    made = limited(auth, handler)
    kind = inspect.signature(handler).parameters[name].kind
    value = object()
    if kind is inspect.Parameter.VAR_POSITIONAL:
        assert passes_once(made, R, value) == (value,)
    elif kind is inspect.Parameter.VAR_KEYWORD:
        assert passes_once(made, R, value=value) == {"value": value}
    else:
        assert passes_once(made, request=R, **{name: value}) is value


@pytest.mark.parametrize("name", NAMES_WITHIN)
def test_the_request_may_have_any_name(auth, name):
    names = {}
    exec(f"def handler({name}, other=5): return other", names)
    made = limited(auth, names["handler"])
    assert passes_once(made, R) == 5


def test_many_names_at_once(auth):
    parameters = ", ".join(name for name in NAMES_WITHIN if name not in ("ﬁ", "__builtins__"))
    names = {}
    exec(f"def handler(request, {parameters}): return [{parameters}]", names)
    made = limited(auth, names["handler"])
    values = list(range(parameters.count(",") + 1))
    assert passes_once(made, R, *values) == values


def test_three_hundred_parameters(auth):
    parameters = ", ".join(f"p{number}" for number in range(300))
    names = {}
    exec(f"def handler(request, {parameters}): return [{parameters}]", names)
    assert passes_once(limited(auth, names["handler"]), R, *range(300)) == list(range(300))


def test_parameters_with_odd_defaults_and_annotations(auth):
    """Values that have no source: they are kept as they are."""
    shown = []

    class Odd:
        def __repr__(self):
            shown.append(self)
            return "1; raise SystemExit"

        def __eq__(self, other):
            raise RuntimeError("compared")

        __hash__ = None

    odd = Odd()

    def handler(request: odd, text: "no such name" = odd, *, limit: odd = odd) -> odd:  # noqa: F722
        return text, limit

    made = limited(auth, handler)
    text, limit = made(R)
    assert text is odd and limit is odd
    assert inspect.signature(made).parameters["text"].default is odd
    assert made.__defaults__[0] is odd
    assert made.__kwdefaults__["limit"] is odd
    assert list(made.__annotations__) == ["request", "text", "limit", "return"]
    assert not shown


def test_a_default_stays_the_same_object(auth):
    def handler(request, seen=[]):  # noqa: B006 - that it is shared is the point
        seen.append(1)
        return seen

    made = limited(auth, handler, "5/hour")
    assert made(R) is made(R)
    assert handler.__defaults__[0] == [1, 1]


# Handlers that are made by other decorators, or are no functions


def passing_through(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def passing_through_async(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(("handler", "args", "kwargs", "answer"), CALLS.values(), ids=CALLS.keys())
def test_a_handler_behind_a_wrapper_that_takes_anything(auth, handler, args, kwargs, answer):
    made = limited(auth, passing_through(passing_through(handler)))
    assert inspect.signature(made) == inspect.signature(handler)
    assert passes_once(made, *args, **kwargs) == answer


def test_an_async_handler_behind_a_wrapper_that_takes_anything(auth):
    made = limited(auth, passing_through_async(async_handler))
    assert inspect.iscoroutinefunction(made)
    assert passes_once(made, R) == "answered"
    assert passes_once(made, request=request_of("192.0.2.2")) == "answered"
    with pytest.raises(TypeError, match="request"):
        run(made())


def test_a_wrapper_that_changes_the_parameters(auth):
    def with_user(function):
        @functools.wraps(function)
        def wrapper(request, *args, **kwargs):
            return function("alice", request, *args, **kwargs)

        return wrapper

    @with_user
    def handler(user, request, text):
        return user, text

    made = limited(auth, handler)
    assert passes_once(made, R, "x") == ("alice", "x")
    assert passes_once(made, request=request_of("192.0.2.2"), text="y") == ("alice", "y")


def test_a_static_method_within_its_class(auth):
    class Limited:
        @auth.rate_limit("1/hour")
        @staticmethod
        def answer(request):
            return "static"

    assert passes_once(Limited.answer, R) == "static"


@pytest.mark.parametrize("decorator", [functools.lru_cache, functools.cache])
def test_a_handler_behind_a_decorator_that_is_written_in_c(auth, decorator):
    made = limited(auth, decorator(lambda text, request: text))
    assert made("x", SimpleRequest()) == "x"


class SimpleRequest:
    """A request that can be hashed."""

    scope = types.MappingProxyType({"client": ("192.0.2.1", 1)})


def test_a_handler_behind_single_dispatch(auth):
    made = limited(auth, functools.singledispatch(sync_handler))
    assert passes_once(made, R) == "answered"


def wraps_with_first(function):
    """As decorators of methods do, and others that look at the first argument."""

    @functools.wraps(function)
    def wrapper(first, *args, **kwargs):
        return function(first, *args, **kwargs)

    return wrapper


def test_a_method_behind_a_wrapper_that_names_its_first_parameter(auth):
    class Limited:
        @auth.rate_limit("1/hour")
        @wraps_with_first
        def answer(self, request):
            return self

    one = Limited()
    assert passes_once(one.answer, R) is one


def test_a_method_behind_such_a_wrapper_called_by_keyword(auth):
    class Limited:
        @auth.rate_limit("1/hour")
        @wraps_with_first
        def answer(self, request):
            return self

    one = Limited()
    assert passes_once(one.answer, request=R) is one


@pytest.mark.parametrize("args", [(R,), (R, "y")], ids=["request", "request-and-text"])
def test_a_function_behind_a_wrapper_that_names_the_request_otherwise(auth, args):
    made = limited(auth, wraps_with_first(lambda request, text="x": text))
    assert passes_once(made, *args) == (*args, "x")[1]


@pytest.mark.parametrize(
    "names",
    [
        ("_", "__"),
        ("guard", "refuse"),
        ("_guard", "_refuse"),
        ("find", "kwargs"),
        ("args", "find"),
    ],
)
def test_a_wrapper_may_have_any_names_for_what_it_takes(auth, names):
    args, kwargs = names
    source = f"def wrapper(*{args}, **{kwargs}): return handler(*{args}, **{kwargs})"
    made_names = {"handler": with_defaults}
    exec(source, made_names)
    wrapper = functools.update_wrapper(made_names["wrapper"], with_defaults)
    made = limited(auth, wrapper)
    assert passes_once(made, R, "y", limit=6) == ("y", 6)
    assert passes_once(made, request=request_of("192.0.2.2"), limit=6) == ("x", 6)


def test_a_limit_upon_a_limit(auth):
    made = limited(auth, limited(auth, async_handler, "2/hour"), "5/hour")
    assert inspect.iscoroutinefunction(made)
    assert [status_of(made, R) for _ in range(6)] == ["answered"] * 2 + [429] * 4


def test_a_sync_wrapper_of_a_limited_handler_may_answer_at_once(fastware, auth):
    """From Python 3.12 on ``functools.wraps`` makes it say that it is a coroutine function."""

    def answering_at_once(function):
        @functools.wraps(function)
        def wrapper(request):
            return {"maintenance": True}

        return wrapper

    assert not inspect.iscoroutinefunction(answering_at_once(async_handler))
    wrapped = answering_at_once(limited(auth, async_handler))
    assert inspect.iscoroutinefunction(wrapped) is (sys.version_info >= (3, 12))
    router = fastware.Router()
    router.get("/")(wrapped)
    assert asgi_client.call(fastware.create_app(router)).json == {"maintenance": True}


def test_a_limit_by_host_and_another_by_user(auth):
    by_user = limited(auth, sync_handler, "1/hour", lambda request: request.scope["user"])
    made = limited(auth, by_user, "2/hour")
    assert [status_of(made, request_of(user=user)) for user in "aabc"] == ["answered", 429, 429, 429]


class CallableObject:
    def __init__(self):
        self.seen = []

    def __call__(self, request, text="x"):
        self.seen.append(request)
        return text


class AsyncCallableObject:
    async def __call__(self, request, text="x"):
        return text


@pytest.mark.parametrize("kind", [CallableObject, AsyncCallableObject])
def test_a_callable_object(auth, kind):
    made = limited(auth, kind())
    assert inspect.isfunction(made)
    assert inspect.signature(made) == inspect.signature(kind())
    assert passes_once(made, R) == "x"
    assert passes_once(made, request_of("192.0.2.2"), text="y") == "y"


def test_a_callable_object_whose_call_is_async_is_limited_over_http(fastware, auth):
    router = fastware.Router()
    router.get("/")(limited(auth, AsyncCallableObject()))
    app = fastware.create_app(router)
    assert [asgi_client.call(app).status for _ in range(2)] == [200, 429]


def test_partials(auth):
    def handler(user, request, text="x"):
        return user, text

    assert passes_once(limited(auth, functools.partial(handler, "alice")), R) == ("alice", "x")
    assert passes_once(limited(auth, functools.partial(handler, "alice", text="y")), R) == ("alice", "y")
    assert passes_once(limited(auth, functools.partial(handler, "alice", text="y")), R, text="z") == ("alice", "z")
    assert passes_once(limited(auth, functools.partial(handler, user="bob")), request=R) == ("bob", "x")

    async def later(user, request):
        return user

    made = limited(auth, functools.partial(later, "alice"))
    assert inspect.iscoroutinefunction(made)
    assert passes_once(made, R) == "alice"


class Views:
    def answer(self, request, text="x"):
        return self, text

    async def answer_later(self, request):
        return self

    @staticmethod
    def answer_static(request):
        return "static"

    @classmethod
    def answer_of_class(cls, request):
        return cls


def test_bound_methods(auth):
    views = Views()
    assert passes_once(limited(auth, views.answer), R) == (views, "x")
    assert passes_once(limited(auth, views.answer_later), R) is views
    assert inspect.iscoroutinefunction(limited(auth, views.answer_later))
    assert passes_once(limited(auth, Views.answer_static), R) == "static"
    assert passes_once(limited(auth, Views.answer_of_class), R) is Views


def test_static_and_class_methods(auth):
    class Limited:
        @staticmethod
        @auth.rate_limit("1/hour")
        def static(request):
            return "static"

        @classmethod
        @auth.rate_limit("1/hour")
        def of_class(cls, request):
            return cls

    assert passes_once(Limited.static, R) == "static"
    assert passes_once(Limited().static, R) == 429
    assert passes_once(Limited.of_class, R) is Limited


def test_the_objects_of_a_class_share_the_buckets_of_a_method(auth):
    class Limited:
        @auth.rate_limit("1/hour")
        def answer(self, request):
            return self

    one, other = Limited(), Limited()
    assert status_of(one.answer, R) is one
    assert status_of(other.answer, R) == 429
    assert status_of(Limited.answer, other, request_of("192.0.2.2")) is other


def test_a_class_as_a_handler(auth):
    class Answer:
        def __init__(self, request, text="x"):
            self.text = text

    made = limited(auth, Answer)
    assert passes_once(made, R, text="y").text == "y"


def test_a_builtin_as_a_handler(auth):
    made = limited(auth, len)  # its parameter is position-only
    with pytest.raises(AttributeError):
        made([])
    assert inspect.signature(made) == inspect.signature(len)


def test_a_handler_with_a_signature_of_its_own(auth):
    """As decorators leave one that want others to see other parameters."""

    def handler(*args, **kwargs):
        return args, kwargs

    handler.__signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("user", "request")]
    )
    made = limited(auth, handler)
    assert inspect.signature(made) == handler.__signature__
    assert passes_once(made, "alice", R) == (("alice", R), {})
    assert passes_once(made, "alice", request=request_of("192.0.2.2")) in [
        (("alice", request_of("192.0.2.2")), {}),
        (("alice",), {"request": request_of("192.0.2.2")}),
    ]


def test_a_handler_with_a_signature_that_hides_a_parameter(auth):
    def handler(request, hidden="x"):
        return hidden

    handler.__signature__ = inspect.Signature([inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)])
    made = limited(auth, handler)
    assert passes_once(made, R) == "x"


def test_a_parameter_that_the_signature_hides_may_be_passed(auth):
    def handler(request, hidden="x"):
        return hidden

    handler.__signature__ = inspect.Signature([inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)])
    assert handler(R, hidden="y") == "y"
    assert passes_once(limited(auth, handler), R, hidden="y") == "y"


def test_private_parameters_of_a_method(auth):
    """Within a class their names are mangled, as all that read them see them."""

    class Limited:
        @auth.rate_limit("1/hour")
        def answer(self, request, __text="x", *, __limit=5):
            return __text, __limit

    assert passes_once(Limited().answer, R) == ("x", 5)
    assert passes_once(Limited().answer, request_of("192.0.2.2"), _Limited__text="y") == ("y", 5)


def test_a_partial_method(auth):
    class Limited:
        def answer(self, request, text):
            return text

        partial = functools.partialmethod(answer, text="x")

    assert passes_once(limited(auth, Limited().partial), R) == "x"


def test_an_async_generator_function(auth):
    async def stream(request):
        yield "a"
        yield "b"

    async def collected(items):
        return [item async for item in items]

    made = limited(auth, stream)
    assert asyncio.run(collected(made(R))) == ["a", "b"]
    assert status_of(made, R) == 429


NO_HANDLERS = {
    "nothing": lambda: None,
    "keywords": lambda **kwargs: None,
    "args": lambda *args: None,
    "keyword-only": lambda *, user: None,
    "bound": SimpleNamespace(call=Views.answer.__get__(Views())),
}


@pytest.mark.parametrize("handler", [NO_HANDLERS[name] for name in ("nothing", "keywords", "args", "keyword-only")])
def test_a_handler_that_takes_no_request_is_a_type_error(auth, handler):
    with pytest.raises(TypeError, match="request"):
        limited(auth, handler)


@pytest.mark.parametrize("handler", [None, 5, "text", NO_HANDLERS["bound"]], ids=["none", "int", "str", "object"])
def test_what_is_no_handler_is_a_type_error(auth, handler):
    with pytest.raises(TypeError):
        limited(auth, handler)


def test_what_the_key_func_returns_decides(auth):
    seen = []

    def key_func(request):
        seen.append(request)
        return request.scope["user"]

    made = limited(auth, made_async(with_defaults), "1/hour", key_func)
    request = request_of(user="alice")
    assert passes_once(made, text="y", request=request) == ("y", 5)
    assert seen == [request, request]
    assert status_of(made, request_of(user="bob")) == ("x", 5)


def test_an_error_of_the_key_func_is_raised_and_reaches_no_handler(auth):
    made = limited(auth, async_handler, "1/hour", lambda request: request.scope["user"])
    with pytest.raises(KeyError):
        run(made(request_of()))


# What others see of it


@dataclasses.dataclass
class Query:
    text: str


def annotated(request: "typing.Any", query: "Query", *, limit: int = 5) -> "list[str]":
    """Search."""
    return [query.text] * limit


annotated.mark = "kept"


def test_metadata_annotations_and_signature_are_kept(auth):
    made = limited(auth, annotated)
    assert inspect.signature(made) == inspect.signature(annotated)
    assert inspect.signature(made, eval_str=True) == inspect.signature(annotated, eval_str=True)
    assert made.__annotations__ == annotated.__annotations__
    assert typing.get_type_hints(made) == {"request": typing.Any, "query": Query, "limit": int, "return": list[str]}
    assert (made.__name__, made.__qualname__, made.__doc__) == ("annotated", "annotated", "Search.")
    assert made.__module__ == annotated.__module__
    assert made.mark == "kept"
    assert made.__wrapped__ is annotated
    assert inspect.unwrap(made) is annotated
    assert inspect.getsource(made) == inspect.getsource(annotated)
    assert inspect.getdoc(made) == "Search."
    assert "annotated" in repr(made)


def test_attributes_of_one_are_not_those_of_the_other(auth):
    made = limited(auth, annotated)
    made.mark = "changed"
    assert annotated.mark == "kept"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are of Python 3.12")
def test_type_parameters_are_kept(auth):
    names = {}
    exec("def handler[T](request: T) -> T: return request", names)
    made = limited(auth, names["handler"])
    assert made.__type_params__ == names["handler"].__type_params__


def test_a_function_is_copied_as_itself(auth):
    made = limited(auth, async_handler)
    assert copy.copy(made) is made
    assert copy.deepcopy(made) is made
    assert hash(made) == hash(copy.copy(made))


def picklable(request):
    return "answered"


def test_a_limited_function_is_pickled_by_its_name_where_it_stands_in_its_place(auth, monkeypatch):
    """As any function: where the module has it under its own name."""
    module = types.ModuleType("a_module_of_handlers")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec("def handler(request): return 'answered'", module.__dict__)
    made = module.handler = limited(auth, module.handler)
    assert made.__module__ == module.__name__
    again = pickle.loads(pickle.dumps(made))
    assert again is made
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(limited(auth, picklable))


def test_a_traceback_leads_through_the_handler(auth):
    @auth.rate_limit("1/hour")
    def handler(request):
        raise LookupError("nothing there")

    with pytest.raises(LookupError) as raised:
        handler(R)
    assert raised.traceback[-1].name == "handler"
    assert "nothing there" in "".join(traceback.format_exception(raised.value))


def test_a_limited_handler_goes_away_with_its_buckets(auth):
    def handler(request):
        return "answered"

    made = limited(auth, handler)
    gone = weakref.ref(made)
    del made
    gc.collect()
    assert gone() is None


def test_a_handler_may_call_itself(auth):
    @auth.rate_limit("2/hour")
    def handler(request):
        return ["answered", status_of(handler, request)]

    assert handler(R) == ["answered", ["answered", 429]]


def test_a_limited_handler_gets_dependencies_and_path_parameters(fastware, auth):
    router = fastware.Router()

    @router.get("/{name}/{id:int}", deps={"size": lambda: 20})
    @auth.rate_limit("1/hour")
    async def handler(size, request, id, *, name, other="x"):
        return {"size": size, "id": id, "name": name, "other": other, "path": request.path}

    app = fastware.create_app(router)
    answer = asgi_client.call(app, path="/a/5")
    assert answer.json == {"size": 20, "id": 5, "name": "a", "other": "x", "path": "/a/5"}
    assert asgi_client.call(app, path="/a/5").status == 429


def test_a_limited_sync_handler_runs_off_the_event_loop_over_http(fastware, auth):
    threads = []
    router = fastware.Router()

    @router.get("/")
    @auth.rate_limit("1/hour")
    def handler(request):
        threads.append(threading.current_thread())
        return {}

    app = fastware.create_app(router)
    assert [asgi_client.call(app).status for _ in range(2)] == [200, 429]
    assert threads[0] is not threading.main_thread()


# Under other frameworks


def test_under_starlette(auth):
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    @auth.rate_limit("2/hour")
    async def later(request):
        return PlainTextResponse(request.path_params["name"])

    @auth.rate_limit("2/hour")
    def at_once(request):
        return PlainTextResponse(request.path_params["name"])

    async def too_many(request, error):
        return PlainTextResponse(error.detail, error.status_code, error.headers)

    app = Starlette(
        routes=[Route("/later/{name}", later), Route("/at-once/{name}", at_once)],
        exception_handlers={error_class(auth): too_many},
    )
    for path in ("/later/ada", "/at-once/ada"):
        answers = [asgi_client.call(app, path=path) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[0].body == b"ada"
        assert answers[2].body == b"Rate limit exceeded"
        assert int(answers[2].header("retry-after")) > 0
        assert asgi_client.call(app, path=path, client=("192.0.2.2", 1)).status == 200


def test_under_fastapi(auth):
    pytest.importorskip("fastapi")
    import fastapi
    from fastapi.responses import PlainTextResponse

    app = fastapi.FastAPI()

    @app.get("/later/{number}")
    @auth.rate_limit("2/hour")
    async def later(request: fastapi.Request, number: int, text: str = "x"):
        return {"number": number, "text": text}

    @app.get("/at-once/{number}")
    @auth.rate_limit("2/hour")
    def at_once(number: int, request: fastapi.Request, *, text: str = "x"):
        return {"number": number, "text": text}

    @app.exception_handler(error_class(auth))
    async def too_many(request, error):
        return PlainTextResponse(error.detail, error.status_code, error.headers)

    for path in ("/later/5", "/at-once/5"):
        answers = [asgi_client.call(app, path=path, query="text=y") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[0].json == {"number": 5, "text": "y"}
        assert asgi_client.call(app, path=path[:-1] + "no").status == 422
        assert asgi_client.call(app, path=path, client=("192.0.2.2", 1)).json == {"number": 5, "text": "x"}


def test_a_dependency_of_fastapi_may_be_limited(auth):
    pytest.importorskip("fastapi")
    import fastapi
    from fastapi.responses import PlainTextResponse

    @auth.rate_limit("1/hour")
    def limit(request: fastapi.Request) -> None:
        """Let pass."""

    app = fastapi.FastAPI(dependencies=[fastapi.Depends(limit)])
    app.get("/")(lambda: {})

    @app.exception_handler(error_class(auth))
    async def too_many(request, error):
        return PlainTextResponse(error.detail, error.status_code, error.headers)

    assert [asgi_client.call(app).status for _ in range(2)] == [200, 429]


def error_class(auth):
    """The ``HTTPError`` of the same copy of the package."""
    return auth.rate_limit.__globals__["HTTPError"]
