"""What runs in worker threads and what runs on the event loop, under asyncio and trio."""

import asyncio
import contextvars
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import anyio
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


async def call_concurrently(app, responses):
    async def append_response():
        responses.append((await acall(app)).body)

    async with anyio.create_task_group() as group:
        for _ in range(CALLS):
            group.start_soon(append_response)


async def call_for(seconds, app):
    """Return the response, or ``None`` if the request was cancelled after *seconds*."""
    with anyio.move_on_after(seconds):
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
    """The barrier raises unless all calls wait at it at the same time."""
    barrier, responses = threading.Barrier(CALLS, timeout=60), []
    run(call_concurrently, app_of(fastware, lambda: barrier.wait() is None or "passed"), responses, loop=loop)
    assert responses == [b"passed"] * CALLS


def test_sync_handler_sees_context_variables(fastware, loop):
    variable = contextvars.ContextVar("variable", default="unset")
    app = app_of(fastware, lambda value: variable.get(), deps={"value": lambda: variable.set("set")})
    assert call(app, loop=loop).body == b"set"


@pytest.mark.parametrize("name", ["function", "func", "self", "args", "kwargs", "call", "handler", "arguments"])
def test_handler_can_have_a_parameter_of_any_name(fastware, loop, name):
    app = app_of(fastware, eval(f"lambda {name}: {name}"), path=f"/{{{name}}}")
    assert call(app, path="/value", loop=loop).body == b"value"


# Dependencies


def function_of_request(request):
    return is_main_thread() and request.path == "/"


def generator():
    yield is_main_thread()


@pytest.mark.parametrize("dependency", [is_main_thread, function_of_request, generator])
def test_dependency_runs_on_the_event_loop_unless_it_is_in_thread(fastware, loop, dependency):
    for factory, is_on_loop in ((dependency, True), (fastware.in_thread(dependency), False)):
        app = app_of(fastware, lambda value: [value], deps={"value": factory})
        assert call(app, loop=loop).json == [is_on_loop]


async def async_handler_of(value):
    return value


def test_blocking_dependencies_in_threads_run_concurrently(fastware, loop):
    barrier, responses = threading.Barrier(CALLS, timeout=60), []
    deps = {"value": fastware.in_thread(lambda: barrier.wait() is None or "passed")}
    run(call_concurrently, app_of(fastware, async_handler_of, deps=deps), responses, loop=loop)
    assert responses == [b"passed"] * CALLS


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
    app = app_of(fastware, async_handler_of, deps={"value": fastware.in_thread(logs_both_halves(log))})
    assert call(app, loop=loop).body == b"resource"
    assert log == [("open", False), ("close", False)]


@pytest.mark.parametrize(("name", "status"), [("HTTPError", 418), ("ZeroDivisionError", 500)])
def test_error_of_the_handler_is_raised_in_the_generator_in_a_thread(fastware, loop, name, status):
    def handler(value):
        raise fastware.HTTPError(418, "teapot") if name == "HTTPError" else ZeroDivisionError

    log = []
    app = app_of(fastware, handler, deps={"value": fastware.in_thread(logs_both_halves(log))})
    assert call(app, loop=loop).status == status
    assert log == [("open", False), (name, False), ("close", False)]


def test_generator_in_a_thread_is_closed_if_the_request_is_cancelled(fastware, loop):
    async def cancelled(app, cancels):
        with anyio.CancelScope() as scope, suppress(asyncio.CancelledError):
            cancels.append(scope.cancel)
            if loop == "asyncio":
                cancels.append((task := asyncio.create_task(acall(app))).cancel)
            await (task if loop == "asyncio" else acall(app))

    async def cancels_its_request(value):
        cancels[-1]()
        await anyio.sleep_forever()

    log, cancels = [], []
    deps = {"value": fastware.in_thread(logs_both_halves(log))}
    run(cancelled, app_of(fastware, cancels_its_request, deps=deps), cancels, loop=loop)
    assert log == [("open", False), ("close", False)]


def test_generator_in_a_thread_is_closed_if_its_request_is_cancelled_again_before_a_thread_is_free(fastware):
    async def cancelled_twice(app, is_open):
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        task = asyncio.create_task(acall(app))
        await is_open.wait()
        is_free = threading.Event()
        blocked = loop.run_in_executor(None, is_free.wait)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        is_free.set()
        with suppress(asyncio.CancelledError):
            await task
        await blocked
        await loop.shutdown_default_executor()

    async def waits(value):
        is_open.set()
        await asyncio.Event().wait()

    log, is_open = [], asyncio.Event()
    app = app_of(fastware, waits, deps={"value": fastware.in_thread(logs_both_halves(log))})
    asyncio.run(cancelled_twice(app, is_open))
    assert log == [("open", False), ("close", False)]


def test_threads_work_in_asyncio_while_trio_runs_as_its_guest(auth):
    trio = pytest.importorskip("trio")

    async def host():
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        is_hashed = trio.Event()
        trio.lowlevel.start_guest_run(
            is_hashed.wait, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=lambda _: done.set()
        )
        await asyncio.sleep(0.05)
        hashed = await auth.ahash_password("a password", cost=4)
        is_hashed.set()
        await done.wait()
        return hashed

    assert auth.verify_password("a password", asyncio.run(host()))


async def async_generator():
    yield None


NOT_SYNC = {
    "function": async_handler,
    "generator": async_generator,
    "partial": functools.partial(async_handler),
    "callable": AsyncCallable(),
}


@pytest.mark.parametrize("dependency", NOT_SYNC.values(), ids=NOT_SYNC.keys())
def test_async_dependency_in_thread_is_a_type_error(fastware, dependency):
    with pytest.raises(TypeError, match="plain function"):
        fastware.in_thread(dependency)


class GeneratorCallable:
    def __call__(self):
        yield "resource"


def test_callable_object_can_be_a_generator_in_a_thread(fastware, loop):
    app = app_of(fastware, async_handler_of, deps={"value": fastware.in_thread(GeneratorCallable())})
    assert call(app, loop=loop).body == b"resource"


# StopIteration cannot be the result of a future: without a conversion the caller waits forever.


def stop():
    return next(iter([]))


def stop_generator():
    yield next(iter([]))


async def stop_async():
    return next(iter([]))


STOPS = {
    "sync-handler": lambda fastware: (lambda value: stop(), is_main_thread),
    "async-handler": lambda fastware: (stop_async, is_main_thread),
    "dependency": lambda fastware: (async_handler_of, stop),
    "dependency-in-thread": lambda fastware: (async_handler_of, fastware.in_thread(stop)),
    "generator-in-thread": lambda fastware: (async_handler_of, fastware.in_thread(stop_generator)),
}


@pytest.mark.parametrize("make", STOPS.values(), ids=STOPS.keys())
def test_stop_iteration_is_a_500(fastware, loop, make):
    handler, dependency = make(fastware)
    response = run(call_for, 60, app_of(fastware, handler, deps={"value": dependency}), loop=loop)
    assert response.status == 500


def test_stop_iteration_of_the_handler_leaves_no_generator_in_a_thread_open(fastware, loop):
    log = []
    app = app_of(fastware, lambda value: stop(), deps={"value": fastware.in_thread(logs_both_halves(log))})
    assert run(call_for, 60, app, loop=loop).status == 500
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
