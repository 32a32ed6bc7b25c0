"""Dependencies: factories of every kind, how often they run, and when they are cleaned up."""

import asyncio
import functools
import logging

import pytest
from asgi_client import acall, call

# Factories of every kind, with and without the request


def plain():
    return "made"


def plain_of(request):
    return f"made for {request.path}"


async def coroutine():
    return "made"


async def coroutine_of(request):
    return f"made for {request.path}"


def generator():
    yield "made"


def generator_of(request):
    yield f"made for {request.path}"


async def async_generator():
    yield "made"


async def async_generator_of(request):
    yield f"made for {request.path}"


class Callable:
    def __call__(self):
        return "made"


class CallableOf:
    def __call__(self, request):
        return f"made for {request.path}"


class AsyncCallable:
    async def __call__(self):
        return "made"


class GeneratorCallable:
    def __call__(self):
        yield "made"


class AsyncGeneratorCallable:
    async def __call__(self, request):
        yield f"made for {request.path}"


class Methods:
    def method(self):
        return "made"

    async def async_method_of(self, request):
        return f"made for {request.path}"


def with_option(request, *, text):
    return f"{text} for {request.path}"


async def async_with_option(request, *, text):
    return f"{text} for {request.path}"


def generator_with_option(*, text):
    yield text


FACTORIES = {
    "function": (plain, "made"),
    "function-of-request": (plain_of, "made for /x"),
    "coroutine": (coroutine, "made"),
    "coroutine-of-request": (coroutine_of, "made for /x"),
    "generator": (generator, "made"),
    "generator-of-request": (generator_of, "made for /x"),
    "async-generator": (async_generator, "made"),
    "async-generator-of-request": (async_generator_of, "made for /x"),
    "lambda": (lambda: "made", "made"),
    "lambda-of-request": (lambda request: f"made for {request.path}", "made for /x"),
    "callable": (Callable(), "made"),
    "callable-of-request": (CallableOf(), "made for /x"),
    "async-callable": (AsyncCallable(), "made"),
    "generator-callable": (GeneratorCallable(), "made"),
    "async-generator-callable": (AsyncGeneratorCallable(), "made for /x"),
    "method": (Methods().method, "made"),
    "async-method-of-request": (Methods().async_method_of, "made for /x"),
    "partial": (functools.partial(with_option, text="made"), "made for /x"),
    "async-partial": (functools.partial(async_with_option, text="made"), "made for /x"),
    "generator-partial": (functools.partial(generator_with_option, text="made"), "made"),
    "partial-of-callable": (functools.partial(AsyncCallable()), "made"),
    "class": (str, ""),
}


def app_with(fastware, handler, deps, **options):
    router = fastware.Router()
    router.get("/x", deps=deps)(handler)
    return fastware.create_app(router, **options)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("factory", "made"), FACTORIES.values(), ids=FACTORIES.keys())
def test_a_factory_of_any_kind_makes_the_value(fastware, factory, made, kind):
    async def async_handler(request, value):
        return [value]

    def sync_handler(request, value):
        return [value]

    handler = async_handler if kind == "async" else sync_handler
    assert call(app_with(fastware, handler, {"value": factory}), path="/x").json == [made]


def test_a_handler_takes_its_dependencies_by_name_in_any_order(fastware):
    def handler(second, request, first):
        return [first, second, request.path]

    app = app_with(fastware, handler, {"first": lambda: 1, "second": lambda: 2})
    assert call(app, path="/x").json == [1, 2, "/x"]


def test_a_handler_may_take_its_dependencies_as_keywords_only(fastware):
    def handler(*, value):
        return value

    assert call(app_with(fastware, handler, {"value": plain}), path="/x").body == b"made"


def test_a_handler_needs_no_request_parameter(fastware):
    assert call(app_with(fastware, lambda: "fine", {}), path="/x").body == b"fine"


def test_a_parameter_with_a_default_that_nobody_offers_keeps_it(fastware):
    def handler(limit=10):
        return [limit]

    assert call(app_with(fastware, handler, {}), path="/x").json == [10]


# How often


def test_a_factory_runs_once_a_request_even_under_two_names(fastware):
    made = []

    def factory():
        made.append(object())
        return made[-1]

    def handler(a, b):
        return [a is b]

    app = app_with(fastware, handler, {"a": factory, "b": factory})
    assert call(app, path="/x").json == [True]
    assert len(made) == 1


def test_a_factory_runs_again_for_the_next_request(fastware):
    made = []
    app = app_with(fastware, lambda: "", {"a": lambda: made.append(1)})
    call(app, path="/x")
    call(app, path="/x")
    assert len(made) == 2


def test_a_factory_runs_although_the_handler_does_not_take_its_value(fastware):
    ran = []
    call(app_with(fastware, lambda: "", {"guard": lambda: ran.append(1)}), path="/x")
    assert ran == [1]


def test_a_guard_that_the_handler_does_not_take_can_refuse_the_request(fastware):
    def refuse():
        raise fastware.HTTPError(403, "no")

    called = []
    answer = call(app_with(fastware, lambda: called.append(1), {"guard": refuse}), path="/x")
    assert (answer.status, answer.json, called) == (403, {"detail": "no"}, [])


def test_dependencies_of_router_inclusion_and_route_run_from_the_outside_in(fastware):
    ran = []
    inner = fastware.Router(deps={"b": lambda: ran.append("inner router")})
    inner.get("/x", deps={"c": lambda: ran.append("route")})(lambda: "")
    outer = fastware.Router()
    outer.include_router(inner, deps={"a": lambda: ran.append("inclusion")})
    call(fastware.create_app(outer), path="/x")
    assert ran == ["inclusion", "inner router", "route"]


# Cleaning up


def recorder(log, name, *, is_async):
    """A generator factory that notes when it is entered, what it sees, and when it is left."""

    def sync():
        log.append(f"open {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            log.append(f"close {name}")

    async def asynchronous():
        log.append(f"open {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            await asyncio.sleep(0)
            log.append(f"close {name}")

    return asynchronous if is_async else sync


each_generator = pytest.mark.parametrize("is_async", [False, True], ids=["generator", "async-generator"])


def call_and_note_the_start(app, log):
    """Call *app*, and note in *log* when the response begins."""

    async def noting(scope, receive, send):
        async def noting_send(message):
            log.append(message["type"].removeprefix("http.response."))
            await send(message)

        await app(scope, receive, noting_send)

    return call(noting, path="/x")


@each_generator
def test_generators_are_cleaned_up_in_reverse_order_before_the_response_is_sent(fastware, is_async):
    log = []
    deps = {name: recorder(log, name, is_async=is_async) for name in "ab"}

    def handler(a, b):
        log.append("handler")
        return "fine"

    call_and_note_the_start(app_with(fastware, handler, deps), log)
    assert log == ["open a", "open b", "handler", "close b", "close a", "start", "body"]


def test_mixed_generators_are_cleaned_up_in_reverse_order(fastware):
    log = []
    deps = {name: recorder(log, name, is_async=name == "b") for name in "abc"}
    call(app_with(fastware, lambda: "", deps), path="/x")
    assert log == ["open a", "open b", "open c", "close c", "close b", "close a"]


@each_generator
@pytest.mark.parametrize("status", [None, 409], ids=["exception", "http-error"])
def test_a_generator_sees_the_exception_of_the_handler_and_is_cleaned_up(fastware, is_async, status):
    log = []

    def handler():
        raise fastware.HTTPError(409, "conflict") if status else ZeroDivisionError("oops")

    answer = call(app_with(fastware, handler, {"a": recorder(log, "a", is_async=is_async)}), path="/x")
    assert log == ["open a", "a saw HTTPError" if status else "a saw ZeroDivisionError", "close a"]
    assert answer.status == (status or 500)


@each_generator
def test_a_later_factory_that_raises_leaves_no_earlier_generator_open(fastware, is_async):
    log = []

    def refuse():
        raise fastware.HTTPError(401, "who are you")

    deps = {"a": recorder(log, "a", is_async=is_async), "b": refuse}
    assert call(app_with(fastware, lambda: "", deps), path="/x").status == 401
    assert log == ["open a", "a saw HTTPError", "close a"]


@each_generator
def test_an_error_while_cleaning_up_is_a_500_and_the_other_generators_are_cleaned_up(fastware, is_async):
    log = []

    def failing():
        yield
        raise ZeroDivisionError("while cleaning up")

    deps = {"a": recorder(log, "a", is_async=is_async), "b": failing}
    answer = call(app_with(fastware, lambda: "fine", deps), path="/x")
    assert (answer.status, answer.json) == (500, {"detail": "Internal server error"})
    assert log[-1] == "close a"


def test_a_generator_without_a_yield_is_a_500_with_a_log(fastware, caplog):
    def empty():
        if False:
            yield

    with caplog.at_level(logging.ERROR, logger="fastware"):
        answer = call(app_with(fastware, lambda: "", {"a": empty}), path="/x")
    assert answer.status == 500
    assert caplog.records


def test_a_generator_is_open_while_the_handler_runs(fastware):
    class Connection:
        is_open = False

    connection = Connection()

    def connect():
        connection.is_open = True
        yield connection
        connection.is_open = False

    answer = call(app_with(fastware, lambda a: [a.is_open], {"a": connect}), path="/x")
    assert answer.json == [True]
    assert connection.is_open is False


def test_requests_at_the_same_time_have_values_of_their_own(fastware):
    async def name_of(request):
        return request.query_params["name"]

    async def handler(request, name):
        await asyncio.sleep(0)
        return name

    app = app_with(fastware, handler, {"name": name_of})

    async def all_at_once():
        return await asyncio.gather(*(acall(app, path="/x", query=f"name={n}") for n in range(20)))

    assert [answer.body.decode() for answer in asyncio.run(all_at_once())] == [str(n) for n in range(20)]


# Overrides


def test_an_override_is_used_in_the_place_of_its_factory(fastware):
    app = app_with(fastware, lambda value: value, {"value": plain})
    app.dependency_overrides[plain] = lambda: "other"
    assert call(app, path="/x").body == b"other"


@pytest.mark.parametrize(("factory", "made"), FACTORIES.values(), ids=FACTORIES.keys())
def test_an_override_may_be_of_another_kind(fastware, factory, made):
    app = app_with(fastware, lambda value: [value], {"value": plain_of})
    app.dependency_overrides[plain_of] = factory
    assert call(app, path="/x").json == [made]


def test_an_override_that_is_taken_away_is_not_used_any_more(fastware):
    app = app_with(fastware, lambda value: value, {"value": plain})
    app.dependency_overrides[plain] = lambda: "other"
    call(app, path="/x")
    app.dependency_overrides.clear()
    assert call(app, path="/x").body == b"made"


def test_overrides_of_one_application_are_not_those_of_another(fastware):
    router = fastware.Router()
    router.get("/x", deps={"value": plain})(lambda value: value)
    one, other = fastware.create_app(router), fastware.create_app(router)
    one.dependency_overrides[plain] = lambda: "other"
    assert call(other, path="/x").body == b"made"


# Wrong handlers and factories


def test_a_handler_that_takes_what_nobody_offers_is_a_type_error(fastware):
    def handler(request, user):
        return user

    with pytest.raises(TypeError, match="user"):
        app_with(fastware, handler, {})


def test_a_factory_that_takes_what_nobody_offers_is_a_type_error(fastware):
    def factory(request, settings):
        return settings

    with pytest.raises(TypeError, match="settings"):
        app_with(fastware, lambda value: value, {"value": factory})


def test_a_handler_that_takes_something_by_position_only_is_a_type_error(fastware):
    def handler(request, /):
        return "never"

    with pytest.raises(TypeError, match="request"):
        app_with(fastware, handler, {})


def test_a_factory_that_takes_something_by_keyword_only_is_a_type_error(fastware):
    def factory(*, request):
        return request

    with pytest.raises(TypeError, match="request"):
        app_with(fastware, lambda value: value, {"value": factory})


# What a partial and a callable object hold is not shown


class Shown:
    def __call__(self, one, two):
        return None

    def __repr__(self):
        return "Shown(secret='hunter2')"


@pytest.mark.parametrize(
    ("factory", "name"),
    [(Shown(), "Shown"), (functools.partial(lambda one, two, secret: None, secret="hunter2"), "<lambda>")],
    ids=["object", "partial"],
)
def test_an_error_names_a_callable_without_what_it_holds(fastware, factory, name):
    router = fastware.Router()
    router.get("/", deps={"value": factory})(lambda value: None)
    with pytest.raises(TypeError) as raised:
        fastware.create_app(router)
    assert name in str(raised.value) and "hunter2" not in str(raised.value)
