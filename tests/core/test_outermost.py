"""App and CSRFMiddleware as the outermost application: they return the awaitable of the inner application."""

import asyncio
import gc
import inspect

import pytest
import uvicorn
from asgi_client import acall, app_of, call, run, scope


async def inner(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


OUTERMOST = {
    "app": lambda fastware: app_of(fastware, lambda: None),
    "app-with-middleware": lambda fastware: app_of(fastware, lambda: None, middleware=[fastware.auth.CSRFMiddleware]),
    "csrf": lambda fastware: fastware.auth.CSRFMiddleware(inner),
    "csrf-of-app": lambda fastware: fastware.auth.CSRFMiddleware(app_of(fastware, lambda: None)),
}


@pytest.fixture(params=OUTERMOST.values(), ids=OUTERMOST.keys())
def outermost(fastware, request):
    return request.param(fastware)


def test_call_is_recognized_as_a_coroutine_function(outermost):
    """Servers and frameworks use these checks to recognize an ASGI 3 application."""
    assert inspect.iscoroutinefunction(outermost.__call__)
    assert inspect.iscoroutinefunction(type(outermost).__call__)
    assert list(inspect.signature(outermost).parameters) == ["scope", "receive", "send"]
    config = uvicorn.Config(outermost, log_config=None)
    config.load()
    assert config.interface == "asgi3"


def test_call_can_be_awaited_in_every_way(outermost):
    async def call_in_every_way():
        responses = [await acall(outermost), await asyncio.create_task(acall(outermost))]
        responses.append(await acall(lambda *args: asyncio.create_task(outermost(*args))))
        responses.append(await acall(lambda *args: asyncio.wait_for(outermost(*args), 60)))
        responses += await asyncio.gather(acall(outermost), acall(outermost))
        return {response.status for response in responses}

    assert run(call_in_every_way) == {204}


def test_call_of_a_subclass_can_await_that_of_its_parent(outermost):
    class Subclass(type(outermost)):
        async def __call__(self, scope, receive, send):
            await super().__call__(scope=scope, receive=receive, send=send)

    outermost.__class__ = Subclass
    assert call(outermost).status == 204


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_call_that_is_not_awaited_sends_nothing_and_warns(outermost, method):
    sent = []
    with pytest.warns(RuntimeWarning, match="was never awaited"):
        forget(outermost(scope(method), None, sent.append))
    assert sent == []


def forget(coroutine):
    del coroutine
    gc.collect()


def raises_when_called(error):
    raise error


async def raises_when_awaited(error):
    raise error


@pytest.mark.parametrize("error", [KeyError, StopAsyncIteration, asyncio.CancelledError, KeyboardInterrupt])
@pytest.mark.parametrize("fail", [raises_when_called, raises_when_awaited])
def test_exception_of_the_inner_application_is_raised_through_the_middleware(fastware, error, fail):
    app = fastware.auth.CSRFMiddleware(fastware.auth.CSRFMiddleware(lambda *args: fail(error)))
    with pytest.raises(error):
        call(app)


def starlette_outside(app, csrf):
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/api", app=app)], middleware=[Middleware(csrf, exempt_paths=["/exempt"])])


def starlette_inside(app, csrf):
    from starlette.routing import Mount, Router

    return csrf(Router([Mount("/api", app=app)]))


def fastapi_outside(app, csrf):
    from fastapi import FastAPI

    outer = FastAPI()
    outer.add_middleware(csrf)
    outer.mount("/api", app)
    return outer


@pytest.mark.parametrize("combine", [starlette_outside, starlette_inside, fastapi_outside])
def test_application_and_middleware_work_with_another_framework(fastware, combine):
    pytest.importorskip("fastapi")
    app = combine(app_of(fastware, lambda: "posted", method="POST"), fastware.auth.CSRFMiddleware)
    tokens = [("cookie", "csrf_token=t"), ("x-csrf-token", "t")]
    assert call(app, "POST", "/api/").json == {"detail": "Missing CSRF token"}
    assert call(app, "POST", "/api/", headers=tokens).body == b"posted"
