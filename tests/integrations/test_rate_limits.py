"""``@rate_limit`` on handlers of FastAPI, Starlette, Litestar and fastware's core, in one process.

The kinds of functions are in ``tests/auth/test_limited_handler.py``. Complete applications under real servers are in
``tests/frameworks``.
"""

import asyncio
import functools
import gc
import inspect
import logging
import subprocess
import sys
from types import SimpleNamespace
from typing import Annotated, Any, Optional, TypeVar  # noqa: F401 - in annotations that are compiled below

import asgi_client
import pydantic
import pytest
from own_buckets import OwnBuckets

fastapi = pytest.importorskip("fastapi")
litestar = pytest.importorskip("litestar")

from fastapi import Depends, FastAPI  # noqa: E402
from litestar import Litestar  # noqa: E402
from litestar.di import Provide  # noqa: E402
from litestar.types import Scope  # noqa: E402, F401
from starlette.applications import Starlette  # noqa: E402
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint  # noqa: E402
from starlette.requests import HTTPConnection, Request  # noqa: E402
from starlette.responses import PlainTextResponse  # noqa: E402
from starlette.routing import Mount, Route, WebSocketRoute  # noqa: E402
from starlette.websockets import WebSocket  # noqa: E402

import fastware as package  # noqa: E402
from fastware.auth import rate_limit  # noqa: E402

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(Inferred dependency|inferred style)"
)  # Litestar 2.17 has no other way

RequestT = TypeVar("RequestT", bound=Request)
EitherT = TypeVar("EitherT", Request, WebSocket)


class OwnRequest(Request):
    """A request of the application."""


def function(signature, result="None", kind="def", returned="", **names):
    """Return a function with the globals of this module and *names*. *returned* is its ``-> type``."""
    namespace = {**globals(), **names}
    exec(f"{kind} handler({signature}) {returned}: return {result}", namespace)
    return namespace["handler"]


def by_key(auth, rate="2/hour"):
    """Return a limit whose ``key_func`` reads the request."""
    return auth.rate_limit(rate, lambda request: request.headers.get("x-client", "anyone") + request.client[0])


def by_client(auth, rate="2/hour"):
    return auth.rate_limit(rate)


LIMITS = [by_key, by_client]


def statuses(app, path="/", method="GET", times=3, **options):
    return [asgi_client.call(app, method, path, **options).status for _ in range(times)]


def converse(app, path="/", messages=()):
    """Return what *app* does with a WebSocket whose client sends *messages* and disconnects."""
    incoming = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "text": text} for text in messages]

    async def receive():
        return incoming.pop(0) if incoming else {"type": "websocket.disconnect", "code": 1005}

    sent = asgi_client.run(asgi_client.sent_by, app, asgi_client.websocket_scope(path), receive)
    return asgi_client.conversation_of(sent)


# The request

FOUND = {
    "annotated": ("q: int, r: Request", "r"),
    "any-name-and-place": ("request: str, websocket: int, conn: HTTPConnection, *, scope: str", "conn"),
    "websocket": ("q, sock: WebSocket", "sock"),
    "subclass": ("request, r: OwnRequest", "r"),
    "string": ("q, r: 'Request'", "r"),
    "annotated-type": ("q, r: Annotated[Request, 'doc']", "r"),
    "string-in-a-type": ("q, r: Optional['Request'] = None", "r"),
    "optional": ("q, r: Optional[Request] = None", "r"),
    "union": ("q, r: Request | WebSocket", "r"),
    "nested": ("q, r: Annotated[Optional[Annotated[Request, 1]], 2] = None", "r"),
    "bound": ("q, r: RequestT", "r"),
    "constrained": ("q, r: EitherT", "r"),
    "of-litestar": ("q, r: litestar.Request[Any, Any, Any]", "r"),
    "connection-of-litestar": ("q, r: litestar.connection.ASGIConnection", "r"),
    "scope-of-litestar": ("q, scope: Scope", "scope"),
    "of-fastware": ("q, r: package.Request", "r"),
    "named": ("q, request", "request"),
    "named-websocket": ("q, websocket", "websocket"),
    "any": ("q, request: Any", "request"),
    "for-type-checkers": ("q, request: 'Missing'", "request"),
    "annotation-that-raises": ("q, request: '1 / 0'", "request"),
    "keyword-only": ("q, *, r: Request", "r"),
    "position-only": ("q, r: Request, /", "r"),
}


@pytest.mark.rule("rate.request")
@pytest.mark.parametrize(("signature", "name"), FOUND.values(), ids=FOUND)
def test_request_is_found_by_annotation_then_by_name(auth, signature, name):
    seen = []
    handler = function(signature)
    search = auth.rate_limit("9/hour", lambda request: seen.append(request) or "anyone")(handler)
    parameters = inspect.signature(handler).parameters
    assert inspect.signature(search).parameters == parameters
    values = {parameter: object() for parameter in parameters}
    by_position = [values[each.name] for each in parameters.values() if each.kind is each.POSITIONAL_ONLY]
    search(*by_position, **{key: value for key, value in values.items() if value not in by_position})
    assert seen == [values[name]]


OTHERS = [
    "q: str",
    "request: str",
    "conn",
    "request=Depends(int)",
    "request: Annotated[str, 'Request']",
    "request: Annotated[Any, 'Body()']",  # a client could send a scope with the address of another client
    "r: 'Missing'",
]
OTHERS += ["r: type[Request]", "r: list[Request]", "user, other", "websocket: dict[str, Request]"]


@pytest.mark.rule("rate.request")
@pytest.mark.parametrize("signature", OTHERS)
def test_other_parameters_are_not_taken_for_the_request(auth, signature):
    handler = function(signature)
    search = by_client(auth)(handler)
    given = dict.fromkeys(inspect.signature(handler).parameters, 5)
    assert list(inspect.signature(search).parameters) == [*given, "scope"]
    request = SimpleNamespace(scope={"type": "http", "client": ("192.0.2.1", 1)})
    assert search(**given, scope=request) is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the type statement is of Python 3.12")
def test_request_is_found_in_a_type_alias_and_a_type_parameter(auth):
    namespace = dict(globals())
    exec("type Alias = Annotated[Request, 1]\ndef one(q, r: Alias): ...\ndef two[T: Request](q, r: T): ...", namespace)
    exec("from __future__ import annotations\ndef three[T: Request](q, r: T): ...", namespace)
    for name in ("one", "two", "three"):
        assert list(inspect.signature(by_client(auth)(namespace[name])).parameters) == ["q", "r"]


def test_request_of_a_call_by_hand_is_found_among_the_arguments(auth):
    """The ``self`` of an endpoint class has a scope too."""
    seen = []
    request = Request({"type": "http", "headers": [], "client": ("192.0.2.1", 1)})
    search = auth.rate_limit("9/hour", lambda found: seen.append(found) or "anyone")(lambda *args, **kwargs: None)
    endpoint = SimpleNamespace(scope=request.scope)
    search(endpoint, request)
    search("x", endpoint, other=request)
    search({"type": "http.request"}, endpoint)
    search(None, request.scope, None, None)
    assert seen[:3] == [request, request, endpoint]
    assert isinstance(seen[3], HTTPConnection)
    assert seen[3].scope is request.scope


# FastAPI


class Item(pydantic.BaseModel):
    """A body."""

    size: int


class Search:
    """A callable object, and a method."""

    def __call__(self, q: int = 1) -> dict[str, int]:
        return {"q": q}

    async def method(self, q: "int", item: "Item | None" = None) -> "dict[str, int]":
        return {"q": q}


class AsyncSearch:
    async def __call__(self, q: int, r: Request) -> dict[str, int]:
        return {"q": q}


def kept(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def handlers():
    return {
        "no-parameters": function("", "5", "async def"),
        "sync": function("q: int", "q"),
        "async": function("q: int", "q", "async def"),
        "request-second": function("q: int, req: Request", "q", "async def"),
        "connection": function("conn: HTTPConnection, q: int", "q", "async def"),
        "default": function("q: int, request: Request = None", "q", "async def"),
        "annotated": function("r: Annotated[Request, 1], q: Annotated[int, fastapi.Query(gt=1)] = 3", "q", "async def"),
        "keyword-only": function("*, q: int = 5", "q"),
        "body": function("q: int, item: Item | None = None", "q", "async def"),
        "string-annotations": function("q: 'int', item: 'Item | None' = None", "q", "async def"),
        "named-scope": function("scope: str, q: int", "scope"),
        "named-request": function("request: str, q: int", "request"),
        "callable-object": Search(),
        "async-callable-object": AsyncSearch(),
        "method": Search().method,
        "partial": functools.partial(function("q: int", "q"), q=7),
        "wrapper": kept(function("q: int", "q")),
    }


def fastapi_app(limit, *names):
    app, router = FastAPI(), fastapi.APIRouter(prefix="/router")
    for name, handler in handlers().items():
        if name not in names:
            continue
        app.post(f"/{name}")(limit(handler))
        router.get(f"/{name}")(limit(handler))
        app.get(f"/dependency/{name}", dependencies=[Depends(limit(handler))])(function(""))
    app.include_router(router)
    return app


@pytest.mark.parametrize("make", LIMITS)
@pytest.mark.parametrize("name", handlers())
def test_handlers_and_dependencies_of_fastapi_are_limited(auth, make, name):
    app = fastapi_app(make(auth), name)
    for method, path in (("POST", f"/{name}"), ("GET", f"/router/{name}"), ("GET", f"/dependency/{name}")):
        assert statuses(app, path, method, query="q=5&scope=a&request=b") == [200, 200, 429]
        assert statuses(app, path, method, 1, query="q=5&scope=a&request=b", client=("192.0.2.9", 1)) == [200]


def test_openapi_of_fastapi_shows_no_limit(auth):
    names = list(handlers())
    assert fastapi_app(by_client(auth), *names).openapi() == fastapi_app(lambda handler: handler, *names).openapi()


def generators(events):
    """Return two generator functions that yield 5 and append to *events* how far they are."""

    def plain() -> Any:
        events.append("before")
        yield 5
        events.append("after")

    async def asynchronous() -> Any:
        events.append("before")
        yield 5
        events.append("after")

    return plain, asynchronous


def application_of(framework, dependency, fastware):
    """Return an application of *framework* that responds with the value of *dependency*."""
    if framework == "fastapi":
        app = FastAPI()
        app.get("/")(function("value: int = Depends(dependency)", "value", dependency=dependency))
        return app
    if framework == "litestar":
        provided = {"value": Provide(dependency)}
        handler = litestar.get("/", dependencies=provided)(function("value: int", "value", "async def", "-> int"))
        return Litestar([handler])
    router = fastware.Router()
    router.get("/", deps={"value": dependency})(function("value", "str(value)", "async def"))
    return fastware.create_app(router)


@pytest.mark.parametrize("framework", ["fastapi", "litestar", "core"])
@pytest.mark.parametrize("kind", [0, 1], ids=["plain", "async"])
def test_generator_dependency_is_limited_and_cleaned_up(fastware, auth, framework, kind):
    events = []
    app = application_of(framework, by_client(auth)(generators(events)[kind]), fastware)
    responses = [asgi_client.call(app) for _ in range(3)]
    assert [(each.status, each.body) for each in responses[:2]] == [(200, b"5")] * 2
    assert responses[2].status == 429
    assert events == ["before", "after"] * 2


@pytest.mark.parametrize(
    "signature", ["websocket: WebSocket", "sock: WebSocket", "conn: HTTPConnection, sock: WebSocket"]
)
def test_websocket_of_fastapi_is_rejected_before_it_is_accepted(auth, signature):
    app = FastAPI()
    sock = "websocket" if "websocket" in signature else "sock"
    app.websocket("/")(by_client(auth, "1/hour")(function(signature, f"await {sock}.accept()", "async def")))
    assert converse(app).accept
    rejected = converse(app)
    assert rejected.response.status == 429
    assert int(rejected.response.header("retry-after")) > 3500


# Starlette


def starlette_app(limit):
    async def accept(w):
        await w.accept()
        await w.close()

    async def answer(scope, receive, send):
        await PlainTextResponse("done")(scope, receive, send)

    class Page(HTTPEndpoint):
        @limit
        async def get(self, r):
            return PlainTextResponse("done")

        @limit
        def post(self, request):
            return PlainTextResponse("done")

    class Chat(WebSocketEndpoint):
        @limit
        async def on_connect(self, sock):
            await sock.accept()

    class CallableObject:
        async def __call__(self, r):
            return PlainTextResponse("done")

    done = "PlainTextResponse('done')"
    routes = [
        Route("/sync", limit(function("r", done))),
        Route("/async", limit(function("r", done, "async def"))),
        Route("/annotated", limit(function("r: Request", done, "async def"))),
        Route("/request", limit(function("request", done))),
        Route("/page", Page),
        Route("/object", limit(CallableObject())),
        Route("/partial", limit(functools.partial(function("q, r", done), "x"))),
        Route("/stacked", limit(limit(function("r", done)))),
        Mount("/mounted", limit(answer)),
    ]
    return Starlette(routes=[*routes, WebSocketRoute("/chat", Chat), WebSocketRoute("/ws", limit(accept))])


@pytest.mark.parametrize("make", LIMITS)
@pytest.mark.parametrize(
    "path", ["/sync", "/async", "/annotated", "/request", "/page", "/object", "/partial", "/stacked", "/mounted/"]
)
def test_handlers_of_starlette_are_limited(auth, make, path):
    app = starlette_app(make(auth))
    assert statuses(app, path) == [200, 200, 429]
    assert statuses(app, path, client=("192.0.2.9", 1)) == [200, 200, 429]


def test_each_method_of_an_endpoint_class_has_its_limit(auth):
    app = starlette_app(by_key(auth))
    assert statuses(app, "/page") + statuses(app, "/page", "POST") == [200, 200, 429] * 2


@pytest.mark.parametrize("path", ["/chat", "/ws"])
def test_websocket_of_starlette_is_rejected_before_it_is_accepted(auth, path):
    app = starlette_app(by_client(auth, "1/hour"))
    assert converse(app, path).accept
    assert converse(app, path).response.status == 429


# Litestar


def litestar_app(limit):
    get = litestar.get

    class Pages(litestar.Controller):
        path = "/controller"

        @get("/query")
        @limit
        async def query(self, q: int) -> int:
            return q

        @get("/request")
        @limit
        async def request(self, request: litestar.Request[Any, Any, Any]) -> None:
            """Read nothing."""

    async def accept(socket: litestar.WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.close()

    async def echo(data: str) -> str:
        return data

    handlers = {
        "/no-parameters": function("", "5", "async def", "-> int"),
        "/query": function("q: int", "q", "async def", "-> int"),
        "/request": function("request: litestar.Request[Any, Any, Any], q: int", "q", "async def", "-> int"),
        "/scope": function("scope: Scope, q: int = 3", "q", "async def", "-> int"),
        "/string-annotations": function("q: 'int'", "q", "async def", "-> int"),
        "/wrapper": kept(function("q: int", "q", "def", "-> int")),
    }
    return Litestar(
        [
            *[get(path)(limit(handler)) for path, handler in handlers.items()],
            get("/sync", sync_to_thread=False)(limit(function("q: int", "q", "def", "-> int"))),
            get("/thread", sync_to_thread=True)(limit(function("q: int", "q", "def", "-> int"))),
            get("/dependency", dependencies={"user": Provide(limit(function("q: int", "q", "async def", "-> int")))})(
                function("user: int", "user", "async def", "-> int")
            ),
            Pages,
            litestar.websocket("/ws")(limit(accept)),
            litestar.websocket_listener("/listener")(limit(echo)),
        ],
        openapi_config=litestar.openapi.OpenAPIConfig("title", "1"),
        logging_config=None,  # it would remove pytest's handlers
    )


PATHS = ["/no-parameters", "/query", "/request", "/scope", "/string-annotations", "/wrapper", "/sync", "/thread"]
PATHS += ["/dependency", "/controller/query"]


@pytest.mark.parametrize("make", LIMITS)
@pytest.mark.parametrize("path", PATHS)
def test_handlers_and_dependencies_of_litestar_are_limited(auth, make, path):
    app = litestar_app(make(auth))
    assert statuses(app, path, query="q=5") == [200, 200, 429]
    assert statuses(app, path, times=1, query="q=5", client=("192.0.2.9", 1)) == [200]


def test_openapi_of_litestar_shows_no_limit(auth):
    documents = [litestar_app(limit).openapi_schema.to_schema() for limit in (by_client(auth), lambda handler: handler)]
    assert documents[0] == documents[1]


def test_websocket_of_litestar_is_rejected_before_it_is_accepted(auth):
    app = litestar_app(by_client(auth, "1/hour"))
    assert converse(app, "/ws").accept
    rejected = converse(app, "/ws")
    assert (rejected.accept, rejected.close[0]) == (None, 1008)


def test_messages_of_a_listener_of_litestar_are_limited(auth):
    conversation = converse(litestar_app(by_client(auth)), "/listener", ["a", "b", "c"])
    assert (conversation.messages, conversation.close[0]) == (["a", "b"], 1008)


def test_scope_of_litestar_names_the_address_of_the_audit_event(auth, caplog):
    app = litestar_app(by_key(auth, "1/hour"))
    with caplog.at_level(logging.INFO, "fastware.auth"):
        headers = [("authorization", "Bearer hunter2")]
        for _ in range(2):
            asgi_client.call(
                app, "GET", "/no-parameters", query="token=hunter2", client=("192.0.2.9", 1), headers=headers
            )
    (record,) = [record for record in caplog.records if record.name == "fastware.auth"]
    assert (record.event, record.username, record.address) == ("rate_limited", None, "192.0.2.9")
    assert "hunter2" not in repr(vars(record))


@pytest.mark.parametrize("order", ["limit fastapi litestar", "litestar limit fastapi", "fastapi limit litestar"])
def test_frameworks_may_be_imported_before_and_after_the_decoration(order):
    """Litestar reads ``__annotations__``, FastAPI the signature; a ``Scope`` of the application is none of theirs."""
    steps = {
        "limit": "from fastware.auth import rate_limit\n"
        "Scope = str\n"
        "@rate_limit('2/hour', lambda request: request.headers.get('host', 'x'))\n"
        "async def handler(q: int) -> int: return q\n",
        "fastapi": "import fastapi\n",
        "litestar": "import litestar\n",
    }
    source = "import sys, warnings; sys.path.insert(0, 'tests/support'); warnings.simplefilter('error')\n"
    source += "warnings.filterwarnings('ignore', message='.*inferred style')\n"
    source += "".join(steps[step] for step in order.split())
    source += "import asgi_client\napp = fastapi.FastAPI(); app.get('/')(handler)\n"
    source += "app_of_litestar = litestar.Litestar([litestar.get('/')(handler)], logging_config=None)\n"
    source += "for app in (app, app_of_litestar):\n"
    source += "    handler.limit.reset()\n"
    source += "    print([asgi_client.call(app, query='q=5').status for _ in range(3)])\n"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout) == ("", "[200, 200, 429]\n" * 2)


# fastware's core


class Pages:
    def no_parameters(self):
        return "done"

    async def by_id(self, id, user):
        return "done"


CORE = {
    "documented": ("async def", "request"),
    "first-of-another-name": ("async def", "r"),
    "no-request": ("async def", ""),
    "sync": ("def", "id"),
    "only-a-path-parameter": ("async def", "id"),
    "only-a-dependency": ("async def", "user"),
    "connection-of-a-database": ("async def", "conn"),
    "keywords": ("async def", "**values"),
    "annotated-last": ("async def", "id, user, r: package.Request"),
    "all": ("async def", "user, request, id, *, conn, other='x'"),
}
DEPS = {"user": lambda: {"sub": "ada"}, "conn": lambda: SimpleNamespace(scope="serializable")}


@pytest.mark.parametrize(
    "limit", [by_client, lambda auth: auth.rate_limit("2/hour", lambda request: request.header("a"))]
)
@pytest.mark.parametrize(("kind", "signature"), CORE.values(), ids=CORE)
def test_handlers_of_the_core_are_limited(fastware, auth, limit, kind, signature):
    handler = limit(auth)(function(signature, "'done'", kind))
    app = asgi_client.app_of(fastware, handler, path="/{id:int}", deps=DEPS)
    assert statuses(app, "/5") == [200, 200, 429]
    assert statuses(app, "/5", headers=[("a", "b")], client=("192.0.2.9", 1)) == [200, 200, 429]


def test_parameter_of_the_core_may_be_named_scope(fastware, auth):
    handler = by_client(auth)(function("scope", "{'scope': scope}", "async def"))
    app = asgi_client.app_of(fastware, handler, path="/{scope}")
    assert statuses(app, "/read") == [200, 200, 429]


@pytest.mark.parametrize("signature", ["r", "", "id, **values", "id, request"])
@pytest.mark.parametrize("path", ["/{id}", "/{id}/{scope}"])
def test_value_named_scope_is_not_taken_for_the_request(fastware, auth, path, signature):
    handler = by_client(auth)(function(signature, "'done'"))
    app = asgi_client.app_of(fastware, handler, path=path, deps={} if "scope" in path else {"scope": lambda: "read"})
    assert statuses(app, path.format(id=5, scope="read")) == [200, 200, 429]


@pytest.mark.parametrize(("path", "deps"), [("/{request}", {}), ("/", {"request": lambda: 5})])
def test_request_by_name_that_is_another_value_is_a_type_error(fastware, auth, path, deps):
    handler = by_client(auth)(function("request", "'done'"))
    with pytest.raises(TypeError, match="takes request for the request, and it is a path parameter or one of the deps"):
        asgi_client.app_of(fastware, handler, path=path, deps=deps)


def test_methods_and_dependencies_of_the_core_are_limited(fastware, auth):
    class Limited(Pages):
        no_parameters = by_client(auth)(Pages.no_parameters)
        by_id = by_client(auth)(Pages.by_id)

    def count():
        yield 5

    pages = Limited()
    for handler, deps in (
        (pages.no_parameters, {}),
        (pages.by_id, DEPS),
        (by_client(auth)(Pages().by_id), DEPS),
        (function("n", "{'n': n}"), {"n": by_client(auth)(lambda: 5)}),
        (function("n", "{'n': n}"), {"n": by_client(auth)(lambda r: 5)}),
        (function("n", "{'n': n}"), {"n": by_client(auth)(function("", "5", "async def"))}),
    ):
        app = asgi_client.app_of(fastware, handler, path="/{id:int}", deps=deps)
        assert statuses(app, "/5") == [200, 200, 429]


@pytest.mark.parametrize("signature", ["w", "websocket", "sock: fastware.WebSocket", "id, websocket"])
def test_websocket_of_the_core_is_rejected_before_it_is_accepted(fastware, auth, signature):
    name = signature.split(":")[0].split()[-1]
    chat = by_client(auth, "1/hour")(function(signature, f"await {name}.accept()", "async def", fastware=fastware))
    app = asgi_client.websocket_app_of(fastware, chat, path="/{id}" if "id" in signature else "/5")
    assert converse(app, "/5").accept
    assert converse(app, "/5").response.status == 429


# Headers, and buckets that wait


def waiting(**options):
    return {"buckets": OwnBuckets(), **options}


def in_memory(**options):
    return options


PLACES = [in_memory, waiting]
FIRST = '"first";q=1;w=60', '"first";r=0;t=60'
SECOND = '"second";q=4;w=3600', '"second";r=2;t=900'


def headers_of(response):
    return response.header("ratelimit-policy"), response.header("ratelimit")


def limits(place):
    """Return two limits with headers. The first call empties the bucket of the first."""
    first = rate_limit("1/minute", **place(headers=True, name="first"))
    return first, rate_limit("4/hour", **place(headers=True, name="second", cost=2))


@pytest.fixture
def stopped_clock(monkeypatch):
    monkeypatch.setattr("time.monotonic_ns", lambda: 10**12)


def fastapi_app_with_headers(place):
    app = FastAPI()
    first, second = limits(place)
    handlers = {
        "data": function("", "{'size': 1, 'more': 2}", "async def"),
        "sync": function("q: int = 1", "{'size': 1}"),
        "request": function("r: Request", "{'size': 1}", "async def"),
        "own-response": function("answer: fastapi.Response", "answer.headers.update({'x': 'y'}) or {'size': 1}"),
        "scope": function("scope: int = 1", "{'size': scope}", "async def"),
        "partial": functools.partial(function("q: int", "{'size': q}"), q=1),
        "method": SizeOf().method,
        "response": function("", "fastapi.responses.JSONResponse({'size': 1})", "async def"),
        "stream": function("r: Request", "fastapi.responses.StreamingResponse(iter([b'{\"size\"', b':1}']))"),
    }
    for name, handler in handlers.items():
        limit = rate_limit("1/minute", **place(headers=True, name="first"))
        app.get(f"/{name}", response_model=Item)(limit(handler))
    app.get("/status", status_code=202)(limits(place)[0](function("", "Item(size=1)", "async def")))
    app.get("/stacked")(first(second(function("", "{'size': 1}", "async def"))))
    first, second = limits(place)
    app.get("/dependency", dependencies=[Depends(first(function("", "5", "async def")))])(
        second(function("", "{'size': 1}"))
    )
    first, second = limits(place)
    app.get("/dependencies", dependencies=[Depends(first(function("r: Request", "5"))), Depends(second(yielding))])(
        function("", "{'size': 1}")
    )
    return app


class SizeOf:
    async def method(self, q: int = 1) -> Any:
        return {"size": q}


async def yielding():
    yield 5


BOTH = f"{FIRST[0]}, {SECOND[0]}", f"{FIRST[1]}, {SECOND[1]}"
OF_FASTAPI = ["data", "sync", "request", "own-response", "scope", "partial", "method", "response", "stream"]
OF_FASTAPI = (
    dict.fromkeys(OF_FASTAPI, FIRST)
    | {"status": FIRST}
    | dict.fromkeys(["stacked", "dependency", "dependencies"], BOTH)
)


@pytest.mark.rule("rate.headers")
@pytest.mark.parametrize("place", PLACES)
def test_responses_of_fastapi_have_the_headers(stopped_clock, place):
    app = fastapi_app_with_headers(place)
    for name, expected in OF_FASTAPI.items():
        admitted, rejected = (asgi_client.call(app, "GET", f"/{name}", stays=True) for _ in range(2))
        assert (admitted.status, admitted.body) == (202 if name == "status" else 200, b'{"size":1}'), name
        assert headers_of(admitted) == expected, name
        assert (rejected.status, rejected.header("retry-after")) == (429, "60"), name
        assert headers_of(rejected) == FIRST, name
    without = fastapi_app_with_headers(lambda **options: {**place(**options), "headers": False})
    assert app.openapi() == without.openapi()


@pytest.mark.parametrize("place", PLACES)
def test_denied_websocket_of_fastapi_has_the_headers(stopped_clock, place):
    app = FastAPI()
    limit = limits(place)[0]
    app.websocket("/")(limit(function("sock: WebSocket", "await sock.accept()", "async def")))
    assert converse(app).accept
    rejected = converse(app).response
    assert (rejected.status, headers_of(rejected)) == (429, FIRST)


@pytest.mark.rule("rate.headers")
@pytest.mark.parametrize("place", PLACES)
def test_responses_of_starlette_have_the_headers(stopped_clock, place):
    class Page(HTTPEndpoint):
        @limits(place)[0]
        async def get(self, request):
            return PlainTextResponse("done", 203)

    first, second = limits(place)
    done = "PlainTextResponse('done', 203)"
    routes = {
        "/async": (limits(place)[0](function("r", done, "async def")), FIRST),
        "/sync": (limits(place)[0](function("request", done)), FIRST),
        "/page": (Page, FIRST),
        "/stacked": (first(second(function("request", done, "async def"))), BOTH),
    }
    app = Starlette(routes=[Route(path, handler) for path, (handler, _) in routes.items()])
    for path, (_, expected) in routes.items():
        admitted, rejected = (asgi_client.call(app, path=path) for _ in range(2))
        assert (admitted.status, admitted.body, headers_of(admitted)) == (203, b"done", expected), path
        assert (rejected.status, headers_of(rejected)) == (429, FIRST), path


class Sized(pydantic.BaseModel):
    size: int
    secret: str = "x"


@pytest.mark.rule("rate.headers")
@pytest.mark.parametrize("place", PLACES)
def test_responses_of_litestar_have_the_headers(stopped_clock, place):
    get = litestar.get

    def first(handler):
        return limits(place)[0](handler)

    class Pages(litestar.Controller):
        path = "/controller"

        @get("/query", media_type="text/plain")
        @first
        async def query(self, q: int = 1) -> str:
            return f"size {q}"

        @get("/thread", sync_to_thread=True)
        @first
        def thread(self) -> dict[str, int]:
            return {"size": 1}

    async def note(request: litestar.Request[Any, Any, Any]) -> None:
        after.append(request)

    one, two = limits(place)
    after = []
    provided = {"n": Provide(limits(place)[1](function("", "1", "async def", "-> int")))}
    handlers = [
        get("/data", response_headers={"x": "y"})(first(function("", "{'size': 1}", "async def", "-> dict[str, int]"))),
        get("/model")(first(function("", "Item(size=1)", "async def", "-> Item"))),
        get("/request")(
            first(function("request: litestar.Request[Any, Any, Any]", "[1]", "async def", "-> list[int]"))
        ),
        get("/scope")(first(function("scope: Scope", "[1]", "async def", "-> list[int]"))),
        get("/sync", sync_to_thread=False)(first(function("q: int = 1", "[q]", "def", "-> list[int]"))),
        get("/response")(first(function("", "litestar.Response({'size': 1}, status_code=202)", "async def", "-> Any"))),
        get("/stacked")(one(two(function("", "[1]", "async def", "-> list[int]")))),
        get("/below")(rate_limit("9/minute")(first(function("", "[1]", "async def", "-> list[int]")))),
        get("/dependency", dependencies=provided)(first(function("n: int", "[n]", "async def", "-> list[int]"))),
        litestar.delete("/none", after_response=note)(first(function("", "None", "async def", "-> None"))),
        litestar.post("/created")(first(function("", "Item(size=1)", "async def", "-> Item"))),
        Pages,
    ]
    app = Litestar(handlers, logging_config=None)
    paths = {
        "/data": (200, b'{"size":1}'),
        "/model": (200, b'{"size":1}'),
        "/request": (200, b"[1]"),
        "/scope": (200, b"[1]"),
        "/sync": (200, b"[1]"),
        "/response": (202, b'{"size":1}'),
        "/stacked": (200, b"[1]"),
        "/below": (200, b"[1]"),
        "/dependency": (200, b"[1]"),
        "/none": (204, b""),
        "/created": (201, b'{"size":1}'),
        "/controller/query": (200, b"size 1"),
        "/controller/thread": (200, b'{"size":1}'),
    }
    expected = {"/stacked": BOTH, "/dependency": (f"{SECOND[0]}, {FIRST[0]}", f"{SECOND[1]}, {FIRST[1]}")}
    for path, answer in paths.items():
        method = {"/none": "DELETE", "/created": "POST"}.get(path, "GET")
        admitted, rejected = (asgi_client.call(app, method, path, body={"size": 1}) for _ in range(2))
        assert (admitted.status, admitted.body, headers_of(admitted)) == (*answer, expected.get(path, FIRST)), path
        assert rejected.status == 429, path
        assert FIRST[0] in headers_of(rejected)[0], path
    assert asgi_client.call(app, path="/controller/query", client=("192.0.2.9", 1)).header("content-type") == (
        "text/plain; charset=utf-8"
    )
    assert len(after) == 1


def test_decorator_above_a_limit_gets_the_data_of_the_handler_of_litestar():
    def doubled(handler):
        @functools.wraps(handler)
        async def double(**values):
            return 2 * await handler(**values)

        return double

    def limit(handler):
        return rate_limit("9/minute", headers=True)(handler)

    handler = function("", "[1]", "async def", "-> list[int]")
    for above in (doubled, lambda handler: limit(doubled(handler)), lambda handler: doubled(limit(handler))):
        app = Litestar([litestar.get("/")(above(limit(handler)))], logging_config=None)
        assert asgi_client.call(app).body == b"[1,1]"


@pytest.mark.rule("rate.headers")
@pytest.mark.parametrize("place", PLACES)
def test_responses_of_the_core_have_the_headers(stopped_clock, place):
    router = package.Router()
    answer = package.Response(b"done", 203)
    first, second = limits(place)
    router.get("/data")(limits(place)[0](function("", "{'size': 1}", "async def")))
    router.get("/sync")(limits(place)[0](function("request", "'done'")))
    router.get("/response")(limits(place)[0](function("id=5", "answer", "async def", answer=answer)))
    router.get("/stacked")(first(second(function("r", "None", "async def"))))
    first, second = limits(place)
    router.get("/dependencies", deps={"a": first(lambda: 5), "b": second(yielding)})(function("a, b", "[a, b]"))
    app = package.create_app(router)
    for path, status, expected in (
        ("/data", 200, FIRST),
        ("/sync", 200, FIRST),
        ("/response", 203, FIRST),
        ("/stacked", 204, BOTH),
        ("/dependencies", 200, BOTH),
    ):
        admitted, rejected = (asgi_client.call(app, path=path) for _ in range(2))
        assert (admitted.status, headers_of(admitted)) == (status, expected), path
        assert (rejected.status, headers_of(rejected)) == (429, FIRST), path
    assert answer.raw_headers == package.Response(b"done", 203).raw_headers, "the handler may return it again"


def test_limits_that_wait_do_not_block_the_event_loop_of_any_framework():
    buckets = OwnBuckets()

    def limit(handler):
        return rate_limit("9/hour", buckets=buckets, name="search")(handler)

    for framework in ("fastapi", "litestar", "core"):
        plain, asynchronous = generators([])
        dependencies = [asynchronous, function("", "5", "async def", "-> int")]
        if framework != "litestar":  # there they run on the event loop, unless Provide(..., sync_to_thread=True)
            dependencies += [plain, function("", "5", "def", "-> int")]
        for dependency in dependencies:
            buckets.calls.clear()
            buckets.opened.clear()
            assert asgi_client.call(application_of(framework, limit(dependency), package)).body == b"5"
            assert buckets.calls == [("take", "thread")], framework


@pytest.mark.parametrize("kind", [0, 1], ids=["plain", "async"])
def test_error_of_a_handler_reaches_its_limited_generator_dependency(kind):
    seen = []

    def plain() -> Any:
        try:
            yield 5
        except LookupError as error:
            seen.append(error)
            raise

    async def asynchronous() -> Any:
        try:
            yield 5
        except LookupError as error:
            seen.append(error)
            raise

    app = FastAPI()
    dependency = rate_limit("9/hour", buckets=OwnBuckets(), name="search")((plain, asynchronous)[kind])
    app.get("/")(function("value: int = Depends(dependency)", "{}[value]", dependency=dependency))
    with pytest.raises(KeyError):
        asgi_client.call(app)
    assert [type(error) for error in seen] == [KeyError]


# Handlers that have a route

ROUTERS = {
    "fastapi": (FastAPI, lambda app: app.get("/")),
    "fastapi-websocket": (FastAPI, lambda app: app.websocket("/")),
    "fastapi-router": (fastapi.APIRouter, lambda router: router.get("/")),
    "fastapi-add": (FastAPI, lambda app: functools.partial(app.add_api_route, "/")),
    "starlette": (Starlette, lambda app: functools.partial(app.add_route, "/")),
    "starlette-websocket": (Starlette, lambda app: lambda handler: app.routes.append(WebSocketRoute("/", handler))),
    "litestar": (list, lambda handlers: lambda handler: handlers.append(litestar.get("/")(handler))),
    "core": (package.Router, lambda router: router.get("/")),
}


@pytest.mark.rule("rate.routed")
@pytest.mark.parametrize(("make", "route"), ROUTERS.values(), ids=ROUTERS)
def test_limit_above_the_route_is_a_type_error(auth, make, route):
    app = make()
    with pytest.raises(
        TypeError, match=r"search already has a route, which the limit would not affect: put @rate_limit below"
    ):

        @auth.rate_limit("1/hour")
        @(lambda handler: (handler, route(app)(handler))[0])
        async def search(q: int = 1) -> None:
            """Find nothing."""


@pytest.mark.parametrize(("make", "route"), ROUTERS.values(), ids=ROUTERS)
def test_limit_above_a_wrapper_above_the_route_is_a_type_error(auth, make, route):
    app = make()

    def wrapped(handler):
        @functools.wraps(handler)
        async def wrapper(*args, **kwargs):
            return await handler(*args, **kwargs)

        return wrapper

    async def search(q: int = 1) -> None:
        """Find nothing."""

    assert auth.rate_limit("1/hour")(wrapped(wrapped(search))).limit
    route(app)(search)
    with pytest.raises(TypeError, match="search already has a route"):
        auth.rate_limit("1/hour")(wrapped(wrapped(search)))


def test_body_that_looks_like_a_scope_is_not_the_request(auth):
    clients = []
    limited = auth.rate_limit("1/hour", lambda request: clients.append(request.scope["client"]) or "key")

    async def search(body, connection):
        """Find nothing."""

    forged = {"type": "http", "client": ["203.0.113.9", 1]}
    connection = SimpleNamespace(scope={"type": "http", "client": ("203.0.113.7", 1)})
    asyncio.run(limited(search)(forged, connection))
    assert clients == [("203.0.113.7", 1)]


@pytest.mark.parametrize(("make", "route"), ROUTERS.values(), ids=ROUTERS)
def test_handler_whose_route_no_longer_exists_is_limited(auth, make, route):
    if make is package.Router:
        pytest.skip("the core records the handler")

    async def search(q: int = 1) -> None:
        """Find nothing."""

    route(make())(search)
    gc.collect()
    assert auth.rate_limit("1/hour")(search).limit


ROUTES = [
    Route("/", handlers()["async"]),
    Mount("/", handlers()["async"]),
    WebSocketRoute("/", handlers()["async"]),
    litestar.get("/")(handlers()["async"]),
    litestar.websocket("/")(handlers()["async"]),
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: type(route).__name__)
def test_route_object_is_a_type_error(auth, route):
    with pytest.raises(TypeError, match="put @rate_limit below @get"):
        auth.rate_limit("1/hour")(route)


def test_handler_that_others_refer_to_is_limited(auth):
    async def search(q: int = 1) -> None:
        """Find nothing."""

    def closure():
        return search

    holders = [search, [search], {"endpoint": search}, SimpleNamespace(endpoint=search), functools.partial(search)]
    holders += [kept(search), Depends(search), property(search), closure]
    assert len(gc.get_referrers(search)) > 5
    assert auth.rate_limit("1/hour")(search).limit


def test_search_for_routes_is_rare(auth, monkeypatch):
    """It would take 15 ms for each handler of a large application."""
    searched = []
    monkeypatch.setattr("gc.get_referrers", lambda handler: searched.append(handler.__name__) or [])
    limit = auth.rate_limit("1/hour")

    @limit
    async def decorated(q):
        """Find nothing."""

    @limit
    @kept
    def wrapped(q):
        """Find nothing."""

    class Views:
        @limit
        def method(self, q):
            """Find nothing."""

    def in_a_list(q):
        """Find nothing."""

    def imported(q):
        """Find nothing."""

    for module in (package, auth):
        monkeypatch.setattr(module, "imported", imported, raising=False)
    limit(Views().method)
    del imported
    limit(package.imported)
    assert searched == []
    held = [in_a_list]
    limit(held[0])
    assert searched == ["in_a_list"]
