"""What runs in worker threads and what on the event loop, under asyncio and trio."""

import asyncio
import contextvars
import functools
import threading
from contextlib import suppress

import pytest
from asgi_client import acall, app_of, call, run

CALLS = 4


@pytest.fixture(params=["asyncio", "trio"])
def loop(request):
    if request.param == "trio":
        pytest.importorskip("trio")
    return request.param


def is_main_thread():
    return threading.current_thread() is threading.main_thread()


async def call_at_once(app, count, loop):
    """Return the answers to *count* concurrent requests."""
    answers = []

    async def request():
        answers.append(await acall(app))

    if loop == "asyncio":
        await asyncio.gather(*[request() for _ in range(count)])
        return answers
    import trio

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(request)
    return answers


async def call_for(seconds, app, loop):
    """Return the answer, or ``None`` if the request was cancelled after *seconds*."""
    if loop == "asyncio":
        with suppress(TimeoutError):
            return await asyncio.wait_for(acall(app), seconds)
        return None
    import trio

    with trio.move_on_after(seconds):
        return await acall(app)


# Handlers


def sync_handler():
    return [is_main_thread()]


async def async_handler():
    return [is_main_thread()]


class AsyncCallable:
    async def __call__(self):
        return [is_main_thread()]


HANDLERS = {
    "sync": (sync_handler, False),
    "async": (async_handler, True),
    "async-callable": (AsyncCallable(), True),
    "async-partial": (functools.partial(async_handler), True),
}


@pytest.mark.parametrize(("handler", "is_on_loop"), HANDLERS.values(), ids=HANDLERS.keys())
def test_sync_handler_runs_in_a_thread_and_async_handler_on_the_event_loop(fastware, loop, handler, is_on_loop):
    assert call(app_of(fastware, handler), loop=loop).json == [is_on_loop]


def test_sync_handlers_run_concurrently(fastware, loop):
    barrier = threading.Barrier(CALLS, timeout=60)
    answers = run(call_at_once, app_of(fastware, lambda: [barrier.wait() >= 0]), CALLS, loop, loop=loop)
    assert [answer.json for answer in answers] == [[True]] * CALLS


def test_sync_handler_sees_context_variables(fastware, loop):
    variable = contextvars.ContextVar("variable", default="unset")
    app = app_of(fastware, lambda value: variable.get(), deps={"value": lambda: variable.set("set")})
    assert call(app, loop=loop).body == b"set"


def parameter_called(name):
    namespace = {}
    exec(f"def handler({name}): return {name}", namespace)
    return namespace["handler"]


@pytest.mark.parametrize("name", ["function", "self", "args", "kwargs", "call", "handler", "arguments", "func"])
def test_handler_can_have_a_parameter_of_any_name(fastware, loop, name):
    app = app_of(fastware, parameter_called(name), path=f"/{{{name}}}")
    assert call(app, path="/value", loop=loop).body == b"value"


# Dependencies


def main_thread_of_function():
    return is_main_thread()


def main_thread_of_request(request):
    return is_main_thread() and request.path == "/"


def main_thread_of_generator():
    yield is_main_thread()


DEPENDENCIES = [main_thread_of_function, main_thread_of_request, main_thread_of_generator]


@pytest.mark.parametrize("dependency", DEPENDENCIES)
def test_plain_dependency_runs_on_the_event_loop(fastware, loop, dependency):
    assert call(app_of(fastware, lambda value: [value], deps={"value": dependency}), loop=loop).json == [True]


@pytest.mark.parametrize("dependency", DEPENDENCIES)
def test_dependency_in_thread_runs_in_a_thread(fastware, loop, dependency):
    app = app_of(fastware, lambda value: [value], deps={"value": fastware.in_thread(dependency)})
    assert call(app, loop=loop).json == [False]


def test_blocking_dependencies_in_threads_run_concurrently(fastware, loop):
    """The barrier breaks, with an error, unless all requests wait at it at the same time."""
    barrier = threading.Barrier(CALLS, timeout=60)
    deps = {"value": fastware.in_thread(lambda request: barrier.wait() >= 0)}
    answers = run(call_at_once, app_of(fastware, as_list, deps=deps), CALLS, loop, loop=loop)
    assert [answer.json for answer in answers] == [[True]] * CALLS


async def as_list(value):
    return [value]


def logs_both_halves(log):
    def resource():
        log.append(("open", is_main_thread()))
        try:
            yield "resource"
        except Exception as error:
            log.append((type(error).__name__, is_main_thread()))
            raise
        finally:
            log.append(("close", is_main_thread()))

    return resource


def test_both_halves_of_a_generator_run_in_threads(fastware, loop):
    log = []
    app = app_of(fastware, as_list, deps={"value": fastware.in_thread(logs_both_halves(log))})
    assert call(app, loop=loop).json == ["resource"]
    assert log == [("open", False), ("close", False)]


@pytest.mark.parametrize(("name", "status"), [("HTTPError", 418), ("ZeroDivisionError", 500)])
def test_error_of_the_handler_is_raised_in_the_generator_in_a_thread(fastware, loop, name, status):
    def handler(value):
        raise fastware.HTTPError(418, "teapot") if name == "HTTPError" else ZeroDivisionError

    log = []
    app = app_of(fastware, handler, deps={"value": fastware.in_thread(logs_both_halves(log))})
    assert call(app, loop=loop).status == status
    assert log == [("open", False), (name, False), ("close", False)]


def test_generator_in_thread_is_closed_if_the_request_is_cancelled(fastware, loop, request):
    if loop == "trio":
        request.applymarker(pytest.mark.xfail(reason="a cancelled trio task starts no thread for the second half"))

    async def wait(value):
        if loop == "asyncio":
            await asyncio.Event().wait()
        import trio

        await trio.sleep_forever()

    log = []
    app = app_of(fastware, wait, deps={"value": fastware.in_thread(logs_both_halves(log))})
    assert run(call_for, 0.1, app, loop, loop=loop) is None
    assert log[-1] == ("close", False)


async def async_function():
    return None


async def async_generator():
    yield None


class AsyncCallableFactory:
    async def __call__(self):
        return None


NOT_SYNC = {
    "function": async_function,
    "generator": async_generator,
    "partial": functools.partial(async_function),
    "callable": pytest.param(
        AsyncCallableFactory(), marks=pytest.mark.xfail(reason="in_thread does not look at __call__ of an object")
    ),
}


@pytest.mark.parametrize("dependency", NOT_SYNC.values(), ids=NOT_SYNC.keys())
def test_async_dependency_in_thread_is_a_type_error(fastware, dependency):
    with pytest.raises(TypeError, match="plain function"):
        fastware.in_thread(dependency)


class GeneratorCallable:
    def __call__(self):
        yield is_main_thread()


@pytest.mark.xfail(reason="in_thread does not look at __call__ of an object")
def test_callable_object_that_is_a_generator_is_cleaned_up_in_a_thread(fastware, loop):
    app = app_of(fastware, as_list, deps={"value": fastware.in_thread(GeneratorCallable())})
    assert call(app, loop=loop).json == [False]


# StopIteration cannot be the result of a future: the caller would wait forever.


def stop():
    return next(iter([]))


def stop_generator():
    yield next(iter([]))


async def stop_async():
    return next(iter([]))


STOPS = {
    "sync-handler": lambda fastware: (stop, {}),
    "async-handler": lambda fastware: (stop_async, {}),
    "dependency": lambda fastware: (as_list, {"value": stop}),
    "generator": lambda fastware: (as_list, {"value": stop_generator}),
    "dependency-in-thread": lambda fastware: (as_list, {"value": fastware.in_thread(stop)}),
    "generator-in-thread": lambda fastware: (as_list, {"value": fastware.in_thread(stop_generator)}),
}


@pytest.mark.parametrize("make", STOPS.values(), ids=STOPS.keys())
def test_stop_iteration_is_a_500(fastware, loop, make):
    handler, deps = make(fastware)
    assert run(call_for, 60, app_of(fastware, handler, deps=deps), loop, loop=loop).status == 500


def test_stop_iteration_of_the_handler_leaves_no_generator_in_thread_open(fastware, loop):
    log = []
    app = app_of(fastware, lambda value: stop(), deps={"value": fastware.in_thread(logs_both_halves(log))})
    assert run(call_for, 60, app, loop, loop=loop).status == 500
    assert log[-1] == ("close", False)


# Passwords


def test_passwords_are_hashed_and_verified_in_threads(auth, loop, monkeypatch):
    bcrypt = pytest.importorskip("bcrypt")
    ran_on_main_thread = []

    def noting(function):
        return lambda *args: ran_on_main_thread.append(is_main_thread()) or function(*args)

    monkeypatch.setattr(bcrypt, "hashpw", noting(bcrypt.hashpw))
    monkeypatch.setattr(bcrypt, "checkpw", noting(bcrypt.checkpw))

    async def hash_and_verify():
        hashed = await auth.ahash_password("correct horse", cost=4)
        return [await auth.averify_password(plain, hashed) for plain in ("correct horse", "wrong")]

    assert run(hash_and_verify, loop=loop) == [True, False]
    assert ran_on_main_thread == [False, False, False]
