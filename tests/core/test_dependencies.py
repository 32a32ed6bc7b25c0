"""Dependencies: factories of every kind, how often they run, when they are cleaned up, and overrides."""

import asyncio
import collections
import contextvars
import dataclasses
import functools
import inspect
import logging
import types
from contextlib import contextmanager, suppress
from typing import Annotated

import pytest
from asgi_client import acall, app_of, call, scope

# Factories of every kind. Each makes "made", or "made for /" from the request.


def function():
    return "made"


def function_of(request, text="made"):
    return f"{text} for {request.path}"


async def coroutine(value="made"):
    await asyncio.sleep(0)
    return value


def generator(text="made"):
    yield text


async def async_generator():
    yield "made"


class AsyncCallable:
    async def __call__(self, request):
        return f"made for {request.path}"


class GeneratorCallable:
    def __call__(self):
        yield "made"


class AsyncGeneratorCallable:
    async def __call__(self, request):
        yield f"made for {request.path}"


@types.coroutine
def generator_based_coroutine(value="made"):
    yield from asyncio.sleep(0).__await__()
    return value


class Awaitable:
    def __init__(self, value="made"):
        self.value = value

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return self.value


class AwaitableDict(dict):
    def __await__(self):
        return Awaitable(self["value"]).__await__()


def future(value="made"):
    result = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(result.set_result, value)
    return result


FACTORIES = {
    "function": function,
    "function-of-request": function_of,
    "lambda-of-renamed-request": lambda r: f"made for {r.path}",
    "callable": type("Callable", (), {"__call__": lambda self: "made"})(),
    "generator-lambda-of-request": lambda request: (yield f"made for {request.path}"),
    "lambda-of-request-with-default": lambda request=None: f"made for {request.path}",
    "lambda-of-arguments": lambda *args, **kwargs: f"made{args or ''}{kwargs or ''}",
    "coroutine": coroutine,
    "generator": generator,
    "async-generator": async_generator,
    "async-callable": AsyncCallable(),
    "generator-callable": GeneratorCallable(),
    "async-generator-callable": AsyncGeneratorCallable(),
    "async-method": AsyncCallable().__call__,
    "partial": functools.partial(function_of, text="made"),
    "coroutine-partial": functools.partial(coroutine, "made"),
    "generator-partial": functools.partial(generator, text="made"),
    "partial-of-callable": functools.partial(AsyncCallable()),
    "generator-based-coroutine": generator_based_coroutine,
    "class-of-awaitables": Awaitable,
    "returns-coroutine": lambda: coroutine(value="made"),
    "returns-awaitable-dict": lambda: AwaitableDict(value="made"),
    "returns-future": lambda: future(value="made"),
    "returns-task": lambda: asyncio.ensure_future(coroutine()),
    "returns-thread": lambda: asyncio.to_thread(function),
}


@pytest.mark.parametrize("place", ["alone", "beside-generator", "as-override"])
@pytest.mark.parametrize("factory", FACTORIES.values(), ids=FACTORIES.keys())
def test_factory_of_any_kind_makes_the_value(fastware, factory, place):
    def original():
        raise AssertionError("the override is not used")

    deps = {"value": original if place == "as-override" else factory}
    if place == "beside-generator":
        deps["other"] = lambda: (yield)
    app = app_of(fastware, lambda value: [value], deps=deps)
    if place == "as-override":
        app.dependency_overrides[original] = factory
    for _ in range(2):
        assert call(app).json[0] in ("made", "made for /")


class Text(str):
    __slots__ = ()


VALUES = {
    "str": "made",
    "str-subclass": Text("made"),
    "none": None,
    "list": ["made"],
    "dict-subclass": collections.OrderedDict(a=1),
    "set": {1},
    "object": object(),
    "awaitable-class": Awaitable,
    "coroutine-function": coroutine,
    "generator": (number for number in range(3)),
    "exception": ValueError("made"),
}


@pytest.mark.parametrize("other", [{}, {"other": generator}], ids=["alone", "beside-generator"])
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_value_that_is_not_awaitable_is_passed_unchanged(fastware, value, other):
    passed = []
    app = app_of(fastware, lambda r, value: passed.append(value), deps={"value": lambda: value, **other})
    assert call(app).status == 204
    assert passed[0] is value


def test_awaitable_is_awaited_once(fastware):
    """Its result may be awaitable again: that is for the handler to await."""

    async def handler(value):
        return [await value]

    assert call(app_of(fastware, handler, deps={"value": lambda: coroutine(Awaitable("inner"))})).json == ["inner"]


async def async_handler(value, request):
    return [value, request.path]


HANDLERS = {
    "async-request-second": (async_handler, ["made", "/"]),
    "request-second": (lambda value, request: [value, request.path], ["made", "/"]),
    "renamed-request": (lambda r, value: [r.path, value], ["/", "made"]),
    "keyword-only": (lambda *, value: [value], ["made"]),
    "any-keyword": (lambda **values: list(values.values()), ["made"]),
    "own-default": (lambda limit=10, value="default": [limit, value], [10, "made"]),
    "no-parameter": (lambda: [], []),
}


@pytest.mark.parametrize(("handler", "expected"), HANDLERS.values(), ids=HANDLERS.keys())
def test_handler_gets_the_supplied_values_that_it_has_parameters_for(fastware, handler, expected):
    assert call(app_of(fastware, handler, deps={"value": function})).json == expected


# How often and in which order


@pytest.mark.parametrize("make", [object, Awaitable, coroutine, generator_based_coroutine, future])
def test_factory_runs_once_per_request_for_all_its_names(fastware, make):
    made = []

    def factory():
        made.append(make())
        return made[-1]

    app = app_of(fastware, lambda a, b: [a is b], deps={"a": factory, "b": factory})
    assert [call(app).json, call(app).json] == [[True], [True]]
    assert len(made) == 2


def test_factories_run_one_after_the_other_even_if_the_handler_takes_no_value(fastware):
    log = []

    async def slow():
        log.append("slow starts")
        await asyncio.sleep(0)
        log.append("slow ends")

    call(app_of(fastware, lambda: "", deps={"slow": slow, "fast": lambda: log.append("fast")}))
    assert log == ["slow starts", "slow ends", "fast"]


def test_dependencies_of_inclusion_router_and_route_run_in_this_order(fastware):
    ran = []
    inner = fastware.Router(deps={"b": lambda: ran.append("router")})
    inner.get("/x", deps={"c": lambda: ran.append("route")})(lambda: "")
    outer = fastware.Router()
    outer.get("/y")(lambda: "")
    outer.include_router(inner, deps={"a": lambda: ran.append("inclusion")})
    app = fastware.create_app(outer)
    call(app, path="/y")
    assert ran == []
    call(app, path="/x")
    assert ran == ["inclusion", "router", "route"]


def test_concurrent_requests_have_their_own_values_and_contexts(fastware):
    variable = contextvars.ContextVar("variable", default="unset")

    async def number(request):
        variable.set(request.query_params["n"])
        await asyncio.sleep(0)
        return request.query_params["n"]

    async def call_all():
        app = app_of(fastware, lambda value: [value, variable.get()], deps={"value": number})
        return await asyncio.gather(*[acall(app, query=f"n={n}") for n in range(20)])

    assert [response.json for response in asyncio.run(call_all())] == [[str(n), str(n)] for n in range(20)]
    assert variable.get() == "unset"


# Errors


def raises(error):
    raise error


async def raises_when_awaited(error):
    raise error


def raises_as_future(error):
    result = asyncio.get_running_loop().create_future()
    result.set_exception(error)
    return result


def raises_as_generator(error):
    raise error
    yield


@pytest.mark.parametrize("other", [{}, {"other": generator}], ids=["alone", "beside-generator"])
@pytest.mark.parametrize("fail", [raises, raises_when_awaited, raises_as_future, raises_as_generator])
def test_error_of_a_factory_becomes_the_response_and_nothing_else_runs(fastware, fail, other):
    ran = []
    factory = functools.partial(fail, fastware.HTTPError(418, "teapot"))
    app = app_of(fastware, lambda: ran.append(1), deps={**other, "value": factory, "later": lambda: ran.append(1)})
    response = call(app)
    assert (response.status, response.json, ran) == (418, {"detail": "teapot"}, [])


def never_yields():
    if False:
        yield


def suppresses():
    with suppress(ZeroDivisionError):
        yield


@pytest.mark.parametrize(
    ("factory", "logged"), [(never_yields, "didn't yield"), (suppresses, "suppressed the error that was raised in it")]
)
def test_invalid_generator_is_a_500_and_logged(fastware, caplog, factory, logged):
    with caplog.at_level(logging.ERROR, logger="fastware"):
        assert call(app_of(fastware, lambda: 1 / 0, deps={"value": factory})).status == 500
    assert logged in caplog.text


# Cleanup


def logs_both_halves(log, name, *, is_async):
    def resource():
        log.append(f"open {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            log.append(f"close {name}")

    async def async_resource():
        with contextmanager(resource)() as value:
            yield value
            await asyncio.sleep(0)

    return async_resource if is_async else resource


@pytest.mark.parametrize("kinds", ["sss", "aaa", "sas"])
def test_generators_are_closed_in_reverse_order_before_the_response_is_sent(fastware, kinds):
    log = []
    deps = {name: logs_both_halves(log, name, is_async=kind == "a") for name, kind in zip("abc", kinds, strict=True)}
    app = app_of(fastware, lambda a: log.append("handler"), deps=deps)

    async def send(message):
        log.append(message["type"])

    asyncio.run(app(scope(), None, send))
    sent = ["http.response.start", "http.response.body"]
    assert log == ["open a", "open b", "open c", "handler", "close c", "close b", "close a", *sent]


each_generator = pytest.mark.parametrize("is_async", [False, True], ids=["generator", "async-generator"])


@each_generator
@pytest.mark.parametrize(("name", "status"), [("HTTPError", 409), ("ZeroDivisionError", 500)])
@pytest.mark.parametrize("place", ["handler", "later-dependency"])
def test_generator_sees_the_error_and_is_closed(fastware, is_async, name, status, place):
    def fail():
        raise fastware.HTTPError(409, "conflict") if name == "HTTPError" else ZeroDivisionError

    log = []
    deps = {"a": logs_both_halves(log, "a", is_async=is_async)}
    handler, later = (fail, {}) if place == "handler" else (function, {"b": fail})
    assert call(app_of(fastware, handler, deps={**deps, **later})).status == status
    assert log == ["open a", f"a saw {name}", "close a"]


@each_generator
def test_error_during_cleanup_is_a_500_and_the_other_generators_are_closed(fastware, is_async):
    def fails_during_cleanup():
        yield
        raise ZeroDivisionError

    log = []
    deps = {"a": logs_both_halves(log, "a", is_async=is_async), "b": fails_during_cleanup}
    response = call(app_of(fastware, lambda: "fine", deps=deps))
    assert (response.status, response.json) == (500, {"detail": "Internal server error"})
    assert log[-1] == "close a"


# Overrides


def test_override_can_be_removed_and_belongs_to_one_application(fastware):
    router = fastware.Router()
    router.get("/", deps={"value": function})(lambda value: value)
    app, other = fastware.create_app(router), fastware.create_app(router)
    app.dependency_overrides[function] = lambda: "overridden"
    assert (call(app).body, call(other).body) == (b"overridden", b"made")
    app.dependency_overrides.clear()
    assert call(app).body == b"made"


def test_overrides_can_be_assigned(fastware):
    app = app_of(fastware, lambda value: value, deps={"value": function})
    overrides = {function: lambda: "overridden"}
    app.dependency_overrides = overrides
    assert call(app).body == b"overridden"
    app.dependency_overrides = app.dependency_overrides
    assert (call(app).body, app.dependency_overrides) == (b"overridden", overrides)
    app.dependency_overrides = {}
    assert (call(app).body, len(overrides)) == (b"made", 1)


@pytest.mark.parametrize("overridden", ["function", "in-thread"])
@pytest.mark.parametrize(
    "original", [function, generator, GeneratorCallable()], ids=["function", "generator", "object"]
)
def test_override_of_a_function_replaces_it_in_a_thread(fastware, original, overridden):
    app = app_of(fastware, lambda value: value, deps={"value": fastware.in_thread(original)})
    key = original if overridden == "function" else fastware.in_thread(original)
    app.dependency_overrides[key] = async_generator_of_overridden
    assert call(app).body == b"overridden"


async def async_generator_of_overridden(request):
    yield "overridden"


@pytest.mark.parametrize("is_generator", [False, True], ids=["function", "generator"])
def test_factory_in_threads_runs_once_per_request_for_all_its_names(fastware, is_generator):
    made = []

    def make():
        made.append(1)
        return len(made)

    def generate():
        yield make()

    factory = generate if is_generator else make
    deps = {"a": fastware.in_thread(factory), "b": fastware.in_thread(factory), "c": fastware.in_thread(lambda: 5)}
    assert call(app_of(fastware, lambda a, b, c: [a, b, c], deps=deps)).json == [1, 1, 5]


@dataclasses.dataclass
class WithoutHash:
    value: str

    def __call__(self):
        return self.value


def test_object_without_a_hash_runs_in_a_thread(fastware):
    deps = {name: fastware.in_thread(WithoutHash(name)) for name in ("a", "b")}
    app = app_of(fastware, lambda a, b: [a, b], deps=deps)
    assert call(app).json == ["a", "b"]
    app.dependency_overrides[deps["a"]] = lambda: "overridden"
    assert call(app).json == ["overridden", "b"]


ROLES = {
    # role of the override of get_current_user, status
    "role": ("admin", 200),
    "other-role": ("user", 403),
}


@pytest.mark.parametrize(
    "wrap", [lambda fastware, f: f, lambda fastware, f: fastware.in_thread(f)], ids=["", "in-thread"]
)
@pytest.mark.parametrize(("role", "status"), ROLES.values(), ids=ROLES.keys())
def test_override_of_get_current_user_is_also_the_user_of_a_role(fastware, auth, role, status, wrap):
    admin = auth.require_role("admin")
    app = app_of(fastware, lambda user: user["sub"], deps={"user": wrap(fastware, admin)})

    async def user(request):
        yield {"sub": "bob", "role": role}

    app.dependency_overrides[auth.get_current_user] = user
    assert call(app).status == status
    app.dependency_overrides[admin] = lambda: {"sub": "eve"}
    assert call(app).body == b"eve"
    app.dependency_overrides = {}
    assert call(app).status == 500  # no secret is configured


@pytest.mark.parametrize("kind", ["handler", "async-handler", "dependency", "generator", "in-thread"])
def test_parameter_that_a_decorator_has_added_gets_the_request(fastware, kind):
    """As that of a rate limit around a handler that takes no request."""
    assert fastware.create_app  # loads the module
    hidden = fastware._internal.connection_parameter.ConnectionParameter("scope", inspect.Parameter.KEYWORD_ONLY)

    def with_hidden_parameter(function):
        own = inspect.signature(function).parameters.values()
        function.__signature__ = inspect.Signature([*own, hidden])
        return function

    def plain(name="", *, scope):
        return f"{scope.path}{name}"

    async def awaited(r, name, *, scope):
        return f"{scope.path}{name}" if scope is r else "another"

    def halves(request, *, scope):
        yield f"{scope.path}x" if scope is request else "another"

    plain.__signature__ = inspect.Signature(list(inspect.signature(plain).parameters.values())[:1])
    awaited.__signature__ = inspect.Signature(list(inspect.signature(awaited).parameters.values())[:2])
    halves.__signature__ = inspect.Signature(list(inspect.signature(halves).parameters.values())[:1])
    plain, awaited, halves = map(with_hidden_parameter, (plain, awaited, halves))
    app = {
        "handler": lambda: app_of(fastware, plain, path="/{name}"),
        "async-handler": lambda: app_of(fastware, awaited, path="/{name}"),
        "dependency": lambda: app_of(fastware, lambda v: v + "x", deps={"v": plain}, path="/{name}"),
        "generator": lambda: app_of(fastware, lambda v: v, deps={"v": halves}, path="/{name}"),
        "in-thread": lambda: app_of(fastware, lambda v: v, deps={"v": fastware.in_thread(halves)}, path="/{name}"),
    }[kind]()
    assert call(app, path="/x").body == b"/xx"


# Invalid parameters and deps


def positional_only(request, /):
    return None


INVALID = {
    "handler-unknown": (lambda request, user: user, function, "takes user: neither the request, a path parameter nor"),
    "handler-positional-only": (positional_only, function, "takes request as positional-only"),
    "two-required": (function, lambda request, settings: None, "takes request, settings; a dependency takes"),
    "keyword-only": (function, lambda *, request: None, "takes request as keyword-only"),
    "request-second": (function, lambda user, request: None, "takes user, request; a dependency takes"),
    "request-second-with-default": (function, lambda limit=5, request=None: None, "takes limit, request; a dependency"),
}


@pytest.mark.parametrize(("handler", "dependency", "message"), INVALID.values(), ids=INVALID.keys())
def test_parameter_that_nothing_supplies_is_a_type_error(fastware, handler, dependency, message):
    with pytest.raises(TypeError, match=message):
        app_of(fastware, handler, deps={"value": dependency})


USERS_OF_DEPS = {
    "route": lambda fastware, deps: fastware.Router().get("/", deps=deps),
    "router": lambda fastware, deps: fastware.Router(deps=deps),
    "inclusion": lambda fastware, deps: fastware.Router().include_router(fastware.Router(), deps=deps),
}


@pytest.mark.parametrize("deps", [["user"], {"user": None}, "user"], ids=["list", "not-callable", "str"])
@pytest.mark.parametrize("use", USERS_OF_DEPS.values(), ids=USERS_OF_DEPS.keys())
def test_invalid_deps_are_a_type_error(fastware, use, deps):
    with pytest.raises(TypeError, match="dep"):
        use(fastware, deps)


class ShowsItsSecret:
    def __call__(self, one, two):
        return None

    def __repr__(self):
        return "hunter2"


NAMED = {
    "object": (ShowsItsSecret(), "ShowsItsSecret"),
    "partial": (functools.partial(lambda one, two, secret: None, secret="hunter2"), "<lambda>"),
}


@pytest.mark.parametrize(("factory", "name"), NAMED.values(), ids=NAMED.keys())
def test_error_names_a_callable_without_its_repr(fastware, factory, name):
    with pytest.raises(TypeError, match=name) as raised:
        app_of(fastware, function, deps={"value": factory})
    assert "hunter2" not in str(raised.value)


class Depends:
    """As in FastAPI."""

    def __init__(self, dependency):
        self.dependency = dependency


def test_depends_of_fastapi_is_a_type_error_instead_of_an_open_route(fastware, auth):
    def by_default(user=Depends(auth.get_current_user)):  # noqa: B008
        """Has a parameter that may be left out."""

    def by_annotation(user: Annotated[dict, Depends(auth.get_current_user)]):
        """Has a parameter that could be the request."""

    for handler in (by_default, by_annotation):
        with pytest.raises(TypeError, match=r'takes user from Depends.*deps=\{"user": ...\}'):
            app_of(fastware, handler)


@pytest.mark.parametrize("annotation", [dict, int, "dict[str, int]", Annotated[str, "note"]], ids=str)
def test_first_parameter_of_another_type_is_not_the_request(fastware, annotation):
    def handler(user):
        """Lacks its deps."""

    handler.__annotations__["user"] = annotation
    with pytest.raises(TypeError, match="takes user: neither the request, a path parameter nor one of its deps"):
        app_of(fastware, handler)
