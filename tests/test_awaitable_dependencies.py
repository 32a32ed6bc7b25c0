"""Factories that return something to await, whatever it is, and values that only look like it."""

import asyncio
import collections
import contextvars
import enum
import functools
import types
from decimal import Decimal

import pytest
from asgi_client import acall, call


class Awaitable:
    def __init__(self, value="made"):
        self.value = value

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return self.value


class AwaitableAtOnce:
    def __await__(self):
        return iter(())  # ends at once: the value is None


class AwaitableText(str):
    __slots__ = ()

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "made"


class AwaitableDict(dict):
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return self["value"]


async def coroutine(value="made"):
    await asyncio.sleep(0)
    return value


@types.coroutine
def generator_based(value="made"):
    yield from asyncio.sleep(0).__await__()
    return value


def future_of(value="made"):
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, value)
    return future


def done_future():
    future = asyncio.get_running_loop().create_future()
    future.set_result("made")
    return future


class AsyncCallable:
    async def __call__(self):
        return "made"


class ReturnsCoroutine:
    def __call__(self):
        return coroutine()


class Made:
    """A class whose objects are awaitable, as a factory."""

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "made"


AWAITABLES = {
    "coroutine-of-a-lambda": lambda: coroutine("made"),
    "generator-based": lambda: generator_based("made"),
    "object": lambda: Awaitable("made"),
    "text": lambda: AwaitableText("not made"),
    "dict": lambda: AwaitableDict(value="made"),
    "future": lambda: future_of("made"),
    "done-future": done_future,
    "task": lambda: asyncio.ensure_future(coroutine()),
    "gathered": lambda: asyncio.gather(coroutine("m"), coroutine("ade")),
    "waited-for": lambda: asyncio.wait_for(coroutine(), 20),
    "shielded": lambda: asyncio.shield(coroutine()),
    "async-callable": AsyncCallable(),
    "call-that-returns-a-coroutine": ReturnsCoroutine(),
    "class": Made,
    "partial": functools.partial(coroutine, "made"),
    "partial-of-a-lambda": functools.partial(lambda value: coroutine(value + "de"), "ma"),
    "thread": lambda: asyncio.to_thread(lambda: "made"),
    "of-the-request": lambda request: coroutine("made"),
}


def app_with(fastware, deps, **options):
    router = fastware.Router()

    @router.get("/x", deps=deps)
    async def handler(request, value):
        return {"value": value if isinstance(value, (str, list, dict)) else repr(value)}

    return fastware.create_app(router, **options)


def plain():
    return "overridden"


def other_generator():
    """Beside which factories are made on another way."""
    yield "other"


@pytest.mark.parametrize("beside", ["nothing", "generator", "override"])
@pytest.mark.parametrize("factory", AWAITABLES.values(), ids=AWAITABLES.keys())
def test_what_a_factory_returns_is_awaited(fastware, factory, beside):
    deps = {"value": plain if beside == "override" else factory}
    if beside == "generator":
        deps["other"] = other_generator
    app = app_with(fastware, deps)
    if beside == "override":
        app.dependency_overrides[plain] = factory
    for _ in range(2):
        assert call(app, path="/x").json["value"] in ("made", ["m", "ade"])


def test_a_generator_based_coroutine_function_may_be_the_factory_itself(fastware):
    assert call(app_with(fastware, {"value": generator_based}), path="/x").json == {"value": "made"}


def test_an_awaitable_of_nothing_is_none(fastware):
    assert call(app_with(fastware, {"value": AwaitableAtOnce}), path="/x").json == {"value": "None"}


def test_an_awaitable_is_awaited_once(fastware):
    """What it yields may be awaitable again: that is for the handler."""
    router = fastware.Router()

    @router.get("/x", deps={"value": lambda: coroutine(Awaitable("within"))})
    async def handler(value):
        return {"value": await value}

    assert call(fastware.create_app(router), path="/x").json == {"value": "within"}


class Colour(enum.Enum):
    RED = "red"


class Text(str):
    __slots__ = ()


VALUES = {
    "text": "made",
    "text-subclass": Text("made"),
    "bytes": b"made",
    "int": 5,
    "true": True,
    "none": None,
    "float": 1.5,
    "list": ["made"],
    "tuple": ("made",),
    "dict": {"a": 1},
    "ordered-dict": collections.OrderedDict(a=1),
    "set": {1},
    "decimal": Decimal("1.5"),
    "enum": Colour.RED,
    "object": object(),
    "class": Awaitable,
    "function": coroutine,
    "generator": (number for number in range(3)),
    "iterator": iter([1]),
    "exception": ValueError("made"),
    "module": asyncio,
}


@pytest.mark.parametrize("with_generator", [False, True])
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_value_that_is_not_awaitable_is_given_as_it_is(fastware, value, with_generator):
    router = fastware.Router()
    seen = []

    @router.get("/x", deps={"value": lambda: value, **({"other": other_generator} if with_generator else {})})
    async def handler(value):
        seen.append(value)

    assert call(fastware.create_app(router), path="/x").status == 204
    assert seen[0] is value


@pytest.mark.parametrize(
    "make", [Awaitable, coroutine, generator_based, future_of], ids=["object", "coroutine", "generator", "future"]
)
def test_an_awaitable_is_made_once_a_request_under_all_its_names(fastware, make):
    made = []

    def factory():
        made.append(None)
        return make(f"number {len(made)}")

    router = fastware.Router()

    @router.get("/x", deps={"one": factory, "other": factory})
    async def handler(one, other):
        return {"one": one, "other": other}

    app = fastware.create_app(router)
    assert call(app, path="/x").json == {"one": "number 1", "other": "number 1"}
    assert call(app, path="/x").json == {"one": "number 2", "other": "number 2"}


def failing_future(error):
    future = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future


async def failing(error):
    raise error


class Failing:
    def __init__(self, error):
        self.error = error

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        raise self.error


@pytest.mark.parametrize("make", [failing_future, failing, Failing])
@pytest.mark.parametrize("with_generator", [False, True])
def test_an_error_of_an_awaitable_is_that_of_the_request(fastware, make, with_generator):
    deps = {
        "value": lambda: make(fastware.HTTPError(418, "No coffee")),
        **({"other": other_generator} if with_generator else {}),
    }
    answer = call(app_with(fastware, deps), path="/x")
    assert (answer.status, answer.json) == (418, {"detail": "No coffee"})


def test_the_factories_after_one_that_fails_are_not_called(fastware):
    called = []

    def later():
        called.append(True)

    deps = {"value": lambda: failing(fastware.HTTPError(418, "No coffee")), "later": later}
    assert call(app_with(fastware, deps), path="/x").status == 418
    assert called == []


def test_factories_are_awaited_one_after_the_other(fastware):
    order = []

    async def slow():
        order.append("slow begins")
        await asyncio.sleep(0)
        order.append("slow ends")
        return "made"

    def quick():
        order.append("quick")

    assert call(app_with(fastware, {"value": slow, "quick": quick}), path="/x").json == {"value": "made"}
    assert order == ["slow begins", "slow ends", "quick"]


def test_awaitables_run_in_the_context_of_the_request(fastware):
    variable = contextvars.ContextVar("variable", default="none")

    async def set_variable():
        variable.set("set")
        return "made"

    router = fastware.Router()

    @router.get("/x", deps={"value": set_variable})
    async def handler(value):
        return {"variable": variable.get()}

    app = fastware.create_app(router)
    assert call(app, path="/x").json == {"variable": "set"}
    assert variable.get() == "none"


def test_requests_at_the_same_time_await_values_of_their_own(fastware):
    async def slow(path):
        await asyncio.sleep(0.01)
        return path

    router = fastware.Router()

    @router.get("/{name}", deps={"value": lambda request: slow(request.path)})
    async def handler(value):
        return {"value": value}

    app = fastware.create_app(router)

    async def call_all():
        return await asyncio.gather(*[acall(app, path=f"/{number}") for number in range(20)])

    assert [answer.json["value"] for answer in asyncio.run(call_all())] == [f"/{number}" for number in range(20)]


# Handlers


@pytest.mark.parametrize("make", [Awaitable, generator_based, coroutine], ids=["object", "generator", "coroutine"])
def test_what_an_async_handler_returns_is_the_answer(fastware, make):
    """An ``async def`` that returns its answer, however it came by it."""
    router = fastware.Router()

    @router.get("/x")
    async def handler():
        return {"value": await make()}

    assert call(fastware.create_app(router), path="/x").json == {"value": "made"}
