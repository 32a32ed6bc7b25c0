"""App and CSRFMiddleware return the awaitable of the inner application, and still pass for coroutine functions."""

import asyncio
import functools
import gc
import inspect
import warnings
from contextlib import asynccontextmanager

import asgi_client
import httpx
import pytest
import servers
import uvicorn


def app_of(fastware, **options):
    router = fastware.Router()

    @router.get("/")
    async def index(request):
        return {"index": True}

    @router.post("/")
    async def post(request):
        return {"length": len(request.body)}

    return fastware.create_app(router, **options)


def csrf_of(fastware, inner, **options):
    return fastware.auth.CSRFMiddleware(inner, **options)


async def inner(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


OUTERMOST = {
    "app": app_of,
    "app-with-middleware": lambda fastware: app_of(fastware, middleware=[fastware.auth.CSRFMiddleware]),
    "csrf": lambda fastware: csrf_of(fastware, inner),
    "csrf-of-app": lambda fastware: csrf_of(fastware, app_of(fastware)),
    "csrf-of-csrf": lambda fastware: csrf_of(fastware, csrf_of(fastware, inner), disabled=True),
}
each_outermost = pytest.mark.parametrize("outermost", OUTERMOST.values(), ids=OUTERMOST.keys())


async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}


def sending_to(sent):
    async def send(message):
        sent.append(message)

    return send


# What others take them for


@each_outermost
def test_its_call_is_a_coroutine_function(fastware, outermost):
    app = outermost(fastware)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for test in (inspect.iscoroutinefunction, asyncio.iscoroutinefunction):
            assert test(app.__call__)
            assert test(type(app).__call__)
            assert test(functools.partial(app.__call__))
            assert not test(app)
    assert not inspect.isgeneratorfunction(app.__call__)
    assert not inspect.isasyncgenfunction(app.__call__)


@each_outermost
def test_it_takes_three_arguments_by_position_or_keyword(fastware, outermost):
    app = outermost(fastware)
    assert list(inspect.signature(app).parameters) == ["scope", "receive", "send"]
    sent = []
    asyncio.run(app(scope=asgi_client.scope(), receive=receive, send=sending_to(sent)))
    assert sent[0]["status"] in (200, 204)


@each_outermost
def test_a_subclass_may_await_the_call_of_its_parent(fastware, outermost):
    app = outermost(fastware)
    seen = []

    class Watching(type(app)):
        async def __call__(self, scope, receive, send):
            seen.append(scope["path"])
            await super().__call__(scope, receive, send)

    app.__class__ = Watching
    assert asgi_client.call(app).status in (200, 204)
    assert seen == ["/"]


@each_outermost
def test_uvicorn_takes_it_for_an_asgi_3_application(fastware, outermost):
    config = uvicorn.Config(outermost(fastware), log_config=None)
    config.load()
    assert config.interface == "asgi3"


@each_outermost
def test_a_call_is_awaitable_in_every_way(fastware, outermost):
    app = outermost(fastware)

    async def call_in_all_ways():
        sent = []
        scope = asgi_client.scope
        await app(scope(), receive, sending_to(sent))
        await asyncio.create_task(app(scope(), receive, sending_to(sent)))
        await asyncio.wait_for(app(scope(), receive, sending_to(sent)), 20)
        await asyncio.gather(*[app(scope(), receive, sending_to(sent)) for _ in range(3)])
        return sum(message["type"] == "http.response.start" for message in sent)

    assert asyncio.run(call_in_all_ways()) == 6


@each_outermost
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_call_that_is_never_awaited_sends_nothing_and_warns(fastware, outermost, method):
    sent = []
    app = outermost(fastware)
    with pytest.warns(RuntimeWarning, match="was never awaited"):
        forget(app(asgi_client.scope(method), receive, sending_to(sent)))
    assert sent == []


def forget(coroutine):
    del coroutine
    gc.collect()


# The 403


def test_the_403_is_sent_when_it_is_awaited(fastware):
    sent = []
    refusal = csrf_of(fastware, inner)(asgi_client.scope("POST"), receive, sending_to(sent))
    assert inspect.isawaitable(refusal)
    assert sent == []
    asyncio.run(awaited(refusal))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 403


async def awaited(awaitable):
    return await awaitable


def test_a_refused_request_does_not_call_the_inner_application(fastware):
    called = []

    def plain_inner(scope, receive, send):
        called.append(scope)
        return inner(scope, receive, send)

    app = csrf_of(fastware, plain_inner)
    assert asgi_client.call(app, "POST").status == 403
    assert called == []
    assert asgi_client.call(app, "GET").status == 204
    assert len(called) == 1


# What comes from within


def test_the_awaitable_of_the_inner_application_is_returned_itself(fastware):
    class Later:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return "what nobody looks at"

    later = Later()
    app = csrf_of(fastware, lambda scope, receive, send: later)
    assert app(asgi_client.scope(), receive, None) is later
    assert asyncio.run(awaited(later)) == "what nobody looks at"


def test_the_inner_application_gets_scope_receive_and_send_themselves(fastware):
    seen = []

    async def watching(*args):
        seen.extend(args)

    scope, send = asgi_client.scope("OPTIONS"), sending_to([])
    asyncio.run(csrf_of(fastware, watching)(scope, receive, send))
    assert [seen[0] is scope, seen[1] is receive, seen[2] is send] == [True] * 3


@pytest.mark.parametrize(
    "error", [RuntimeError, KeyError, StopAsyncIteration, asyncio.CancelledError, KeyboardInterrupt]
)
@pytest.mark.parametrize("is_async", [False, True], ids=["when-called", "when-awaited"])
def test_an_exception_of_the_inner_application_comes_through(fastware, error, is_async):
    raised = error("from within")

    async def failing(scope, receive, send):
        raise raised

    def failing_at_once(scope, receive, send):
        raise raised

    app = csrf_of(fastware, csrf_of(fastware, failing if is_async else failing_at_once))

    async def call():
        await app(asgi_client.scope(), receive, sending_to([]))

    with pytest.raises(error) as caught:
        asyncio.run(call())
    assert caught.value is raised or error in (asyncio.CancelledError, KeyboardInterrupt)


@pytest.mark.parametrize("is_async", [False, True], ids=["when-called", "when-awaited"])
def test_an_exception_of_a_middleware_is_answered_by_the_app(fastware, is_async, caplog):
    async def failing(scope, receive, send):
        raise RuntimeError("from within")

    def failing_at_once(scope, receive, send):
        raise RuntimeError("from within")

    app = app_of(fastware, middleware=[lambda app: failing if is_async else failing_at_once])
    answer = asgi_client.call(app)
    assert (answer.status, answer.json) == (500, {"detail": "Internal server error"})
    assert "from within" in caplog.text


def test_a_websocket_and_a_lifespan_go_through_every_layer(fastware):
    seen = []

    async def watching(scope, receive, send):
        seen.append(scope["type"])

    app = csrf_of(fastware, csrf_of(fastware, watching))
    for kind in ("websocket", "lifespan", "something.else"):
        asyncio.run(app({"type": kind}, receive, sending_to([])))
    assert seen == ["websocket", "lifespan", "something.else"]


def test_the_lifespan_of_an_app_within_the_middleware_is_run(fastware):
    ran = []

    @asynccontextmanager
    async def lifespan(app):
        ran.append("opened")
        yield {"greeting": "hello"}
        ran.append("closed")

    app = csrf_of(fastware, app_of(fastware, lifespan=lifespan))
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive_lifespan():
        return messages.pop(0)

    asyncio.run(app({"type": "lifespan", "state": {}}, receive_lifespan, sending_to(sent)))
    assert ran == ["opened", "closed"]
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@each_outermost
def test_a_type_error_of_a_wrong_call_is_raised_when_it_is_called(fastware, outermost):
    app = outermost(fastware)
    with pytest.raises(TypeError):
        app(asgi_client.scope())


# Within other frameworks, and around them


def test_around_and_within_starlette(fastware):
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    async def answer(request):
        return PlainTextResponse(request.method)

    csrf = fastware.auth.CSRFMiddleware
    routes = [Route("/here", answer, methods=["GET", "POST"]), Mount("/api", app=csrf_of(fastware, app_of(fastware)))]
    for app in (
        Starlette(routes=routes, middleware=[Middleware(csrf, exempt_paths=["/exempt"])]),
        csrf(Starlette(routes=routes)),
    ):
        for path, get in (("/here", b"GET"), ("/api/", b'{"index":true}')):
            assert asgi_client.call(app, path=path).body == get
            assert asgi_client.call(app, "POST", path).json == {"detail": "Missing CSRF token"}
            headers = [("cookie", "csrf_token=t"), ("x-csrf-token", "t")]
            assert asgi_client.call(app, "POST", path, headers=headers).status == 200


def test_as_a_middleware_of_fastapi(fastware):
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()
    app.add_middleware(fastware.auth.CSRFMiddleware)
    app.mount("/api", app_of(fastware))
    app.post("/here")(lambda: {"posted": True})
    assert asgi_client.call(app, "POST", "/here").status == 403
    headers = [("cookie", "csrf_token=t"), ("x-csrf-token", "t")]
    assert asgi_client.call(app, "POST", "/here", headers=headers).json == {"posted": True}
    assert asgi_client.call(app, path="/api/").json == {"index": True}


# Served as the outermost application

SERVED = """
from contextlib import asynccontextmanager
from fastware import Router, create_app
from fastware.auth import CSRFMiddleware

router = Router()


@asynccontextmanager
async def lifespan(app):
    print("opened", flush=True)
    yield {"greeting": "hello"}
    print("closed", flush=True)


@router.get("/")
async def index(request):
    return {"greeting": request.state.greeting}


@router.post("/")
async def post(request):
    return {"length": len(request.body)}


@router.get("/boom")
async def boom(request):
    raise RuntimeError("marked secret")


async def failing(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/raise":
        raise RuntimeError("from a middleware")
    await app(scope, receive, send)


app = create_app(router, lifespan=lifespan)
protected = CSRFMiddleware(failing)
twice = CSRFMiddleware(CSRFMiddleware(app), exempt_paths=["/exempt"])
within = create_app(router, middleware=[CSRFMiddleware], lifespan=lifespan)
"""


@pytest.fixture(
    scope="module",
    params=[(server, app) for server in servers.NAMES for app in ("app", "protected", "twice", "within")],
    ids="-".join,
)
def served(request, tmp_path_factory):
    server, app = request.param
    folder = tmp_path_factory.mktemp("served")
    (folder / "served_outermost.py").write_text(SERVED, encoding="utf-8")
    log = folder / "log"
    with servers.serve(server, f"served_outermost:{app}", folder=folder, log=log) as url:
        yield url, app, log
    text = log.read_text()
    assert text.count("opened") == text.count("closed") == 1


def test_it_is_served(served):
    url, app, log = served
    with httpx.Client(base_url=url) as client:
        for _ in range(3):
            assert client.get("/").json() == {"greeting": "hello"}
        unprotected = client.post("/", content=b"x" * 1_000)
        answer = {"length": 1_000} if app == "app" else {"detail": "Missing CSRF token"}
        assert (unprotected.status_code, unprotected.json()) == (200 if app == "app" else 403, answer)
        tokens = {"X-CSRF-Token": "t", "Cookie": "csrf_token=t"}
        assert client.post("/", content=b"x" * 1_000, headers=tokens).json() == {"length": 1_000}
        assert client.post("/", content=b"x", headers={**tokens, "Cookie": "csrf_token=u"}).status_code == (
            200 if app == "app" else 403
        )
        assert client.get("/nowhere").status_code == 404
        assert client.get("/boom").json() == {"detail": "Internal server error"}
        assert client.delete("/", headers=tokens).status_code == 405
        if app == "protected":
            assert client.get("/raise").status_code == 500
            assert client.get("/").json() == {"greeting": "hello"}
            assert "from a middleware" in log.read_text()
