"""The application: middleware, errors, lifespan, body limits, disconnects, HEAD, websockets, threads."""

import asyncio
import contextlib
import copy
import json
import logging
import threading

import pytest
from asgi_client import acall, call, scope

SHOWN = "hunter2"


def app_of(fastware, handler, method="get", **options):
    router = fastware.Router()
    getattr(router, method)("/")(handler)
    return fastware.create_app(router, **options)


def echo(request):
    return {"length": len(request.body)}


# Middleware


def marking(name, log):
    def middleware(app):
        async def wrapped(scope, receive, send):
            log.append(f"into {name}")
            await app(scope, receive, send)
            log.append(f"out of {name}")

        return wrapped

    return middleware


def test_the_first_middleware_is_the_outermost(fastware):
    log = []
    call(app_of(fastware, lambda: log.append("handler"), middleware=[marking("a", log), marking("b", log)]))
    assert log == ["into a", "into b", "handler", "out of b", "out of a"]


def test_middleware_is_wrapped_once(fastware):
    wrapped = []

    def middleware(app):
        wrapped.append(app)
        return app

    app = app_of(fastware, lambda: "", middleware=[middleware])
    call(app)
    call(app)
    assert len(wrapped) == 1


def test_middleware_may_answer_in_the_place_of_the_application(fastware):
    called = []

    def refusing(app):
        async def wrapped(scope, receive, send):
            await fastware.send_error(send, 403, "closed")

        return wrapped

    answer = call(app_of(fastware, lambda: called.append(1), middleware=[refusing]))
    assert (answer.status, answer.json, called) == (403, {"detail": "closed"}, [])


def test_middleware_sees_requests_that_no_route_answers(fastware):
    log = []
    assert call(app_of(fastware, lambda: "", middleware=[marking("a", log)]), path="/none").status == 404
    assert log == ["into a", "out of a"]


def raising(make):
    def middleware(app):
        async def wrapped(scope, receive, send):
            raise make()

        return wrapped

    return middleware


@pytest.mark.parametrize("place", ["outermost", "innermost"])
def test_an_http_error_raised_in_a_middleware_is_answered_as_such(fastware, place):
    wrong = raising(lambda: fastware.HTTPError(418, "teapot", headers={"X-Why": "tea"}))
    order = [wrong, marking("a", [])]
    answer = call(app_of(fastware, lambda: "", middleware=order if place == "outermost" else order[::-1]))
    assert (answer.status, answer.json, answer.header("x-why")) == (418, {"detail": "teapot"}, "tea")


# Errors


def test_an_http_error_is_answered_with_its_status_detail_and_headers(fastware):
    def handler():
        raise fastware.HTTPError(409, "taken", headers={"Retry-After": "5"})

    answer = call(app_of(fastware, handler))
    assert (answer.status, answer.json, answer.header("retry-after")) == (409, {"detail": "taken"}, "5")
    assert answer.header("content-type").startswith("application/json")


def test_an_http_error_holds_what_it_was_made_of(fastware):
    error = fastware.HTTPError(409, "taken", headers={"Retry-After": "5"})
    assert (error.status_code, error.detail, dict(error.headers)) == (409, "taken", {"Retry-After": "5"})


def test_an_http_error_needs_no_headers(fastware):
    assert not fastware.HTTPError(404, "none").headers


def failing_apps(fastware):
    def sync_handler():
        raise RuntimeError(SHOWN)

    async def async_handler():
        raise RuntimeError(SHOWN)

    middleware = raising(lambda: RuntimeError(SHOWN))
    return {
        "sync-handler": lambda: app_of(fastware, sync_handler),
        "async-handler": lambda: app_of(fastware, async_handler),
        "middleware": lambda: app_of(fastware, lambda: "", middleware=[middleware]),
    }


@pytest.mark.parametrize("place", ["sync-handler", "async-handler", "middleware"])
def test_an_exception_is_a_plain_500_to_the_client_and_a_traceback_in_the_log(fastware, caplog, place):
    with caplog.at_level(logging.ERROR, logger="fastware"):
        answer = call(failing_apps(fastware)[place]())
    assert (answer.status, answer.json) == (500, {"detail": "Internal server error"})
    assert SHOWN not in repr(answer)
    (record,) = [record for record in caplog.records if record.name == "fastware"]
    assert record.levelno == logging.ERROR
    assert record.exc_info[0] is RuntimeError


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_stop_iteration_of_a_handler_is_a_500_and_no_endless_wait(fastware, is_async):
    def first_match():
        return next(iter([]))

    async def first_match_async():
        return next(iter([]))

    app = app_of(fastware, first_match_async if is_async else first_match)

    async def within_a_minute():
        return await asyncio.wait_for(acall(app), 60)

    assert asyncio.run(within_a_minute()).status == 500


def test_a_path_cannot_forge_a_line_of_the_log(fastware, caplog):
    router = fastware.Router()
    router.get("/{name}")(lambda name: name.missing)
    with caplog.at_level(logging.ERROR, logger="fastware"):
        assert call(fastware.create_app(router), path="/x\nERROR forged").status == 500
    assert not any(line.startswith("ERROR forged") for line in caplog.text.splitlines())


def raised_by(call):
    with pytest.raises(Exception) as raised:
        call()
    return raised.value


ERRORS = {
    "http-error": lambda fastware: fastware.HTTPError(409, "taken", headers={"Retry-After": "5"}),
    "missing-field": lambda fastware: raised_by(lambda: fastware.Request(scope(), b"{}").json["name"]),
    "compound-value": lambda fastware: raised_by(lambda: hash(fastware.Request(scope(), b"[]").json)),
    "missing-item": lambda fastware: raised_by(lambda: fastware.Request(scope(), b"[]").json[0]),
}


@pytest.mark.parametrize("make", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_can_be_copied(fastware, make):
    error = make(fastware)
    again = copy.copy(error)
    assert type(again) is type(error)
    assert (again.status_code, again.detail, again.headers) == (error.status_code, error.detail, error.headers)


def test_a_key_error_of_the_handlers_own_is_a_500(fastware):
    assert call(app_of(fastware, lambda: {}["nothing"])).status == 500


def test_an_application_answers_on_after_an_exception(fastware):
    def handler(request):
        if request.query_params:
            raise RuntimeError("once")
        return "fine"

    app = app_of(fastware, handler)
    assert [call(app, query="a=1").status, call(app).status] == [500, 200]


# Lifespan


def run_lifespan(app, server_state):
    """Start *app* up and shut it down; the messages it sent. *server_state* is ``None`` for a server without state."""

    async def run():
        incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent = []

        async def receive():
            return incoming.pop(0)

        async def send(message):
            sent.append(message)

        made = {"type": "lifespan", "asgi": {"version": "3.0"}}
        await app(made if server_state is None else {**made, "state": server_state}, receive, send)
        return sent

    return asyncio.run(run())


def lifespans(log):
    @contextlib.asynccontextmanager
    async def manager():
        log.append("open")
        yield {"config": "c"}
        log.append("close")

    @contextlib.asynccontextmanager
    async def manager_of_app(app):
        log.append("open")
        yield {"config": "c"}
        log.append("close")

    async def generator():
        log.append("open")
        yield {"config": "c"}
        log.append("close")

    async def generator_of_app(app):
        log.append("open")
        yield {"config": "c"}
        log.append("close")

    return {one.__name__: one for one in (manager, manager_of_app, generator, generator_of_app)}


each_lifespan = pytest.mark.parametrize("kind", lifespans([]))


@each_lifespan
def test_a_lifespan_is_opened_at_startup_and_closed_at_shutdown(fastware, kind):
    log = []
    sent = run_lifespan(app_of(fastware, lambda: "", lifespan=lifespans(log)[kind]), {})
    assert log == ["open", "close"]
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@each_lifespan
def test_what_a_lifespan_yields_is_put_into_the_state_of_the_server(fastware, kind):
    state = {}
    run_lifespan(app_of(fastware, lambda: "", lifespan=lifespans([])[kind]), state)
    assert state == {"config": "c"}


@each_lifespan
def test_what_a_lifespan_yields_is_the_state_of_requests_where_the_server_has_none(fastware, kind):
    app = app_of(fastware, lambda request: [request.state["config"]], lifespan=lifespans([])[kind])
    run_lifespan(app, None)
    assert call(app).json == ["c"]


def test_what_one_request_sets_in_the_state_is_not_seen_by_the_next(fastware):
    def handler(request):
        seen = request.state.get("seen", False)
        request.state["seen"] = True
        return [seen]

    app = app_of(fastware, handler, lifespan=lifespans([])["manager"])
    run_lifespan(app, None)
    assert [call(app).json, call(app).json] == [[False], [False]]


def test_a_lifespan_that_takes_a_parameter_is_given_the_application(fastware):
    given = []

    async def lifespan(app):
        given.append(app)
        yield {}

    app = app_of(fastware, lambda: "", lifespan=lifespan)
    run_lifespan(app, {})
    assert given == [app]


def test_an_application_without_a_lifespan_completes_startup_and_shutdown(fastware):
    sent = run_lifespan(app_of(fastware, lambda: ""), {})
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_lifespan_may_yield_nothing(fastware):
    async def lifespan():
        yield

    state = {}
    sent = run_lifespan(app_of(fastware, lambda: "", lifespan=lifespan), state)
    assert sent[0]["type"] == "lifespan.startup.complete"
    assert state == {}


@pytest.mark.parametrize("is_manager", [True, False], ids=["manager", "generator"])
def test_a_failing_startup_is_told_to_the_server(fastware, is_manager):
    async def lifespan():
        raise RuntimeError("no database")
        yield

    app = app_of(fastware, lambda: "", lifespan=contextlib.asynccontextmanager(lifespan) if is_manager else lifespan)
    sent = run_lifespan(app, {})
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]


def test_a_failing_shutdown_is_told_to_the_server(fastware):
    async def lifespan():
        yield {}
        raise RuntimeError("could not close")

    sent = run_lifespan(app_of(fastware, lambda: "", lifespan=lifespan), {})
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.failed"]


# Body limit


def post_app(fastware, called):
    def handler(request):
        called.append(len(request.body))
        return "fine"

    return app_of(fastware, handler, "post", max_body_size=10)


LIMIT_ROWS = {
    "at-the-limit": ({"body": b"x" * 10}, 200),
    "at-the-limit-announced": ({"body": b"x" * 10, "headers": [("content-length", "10")]}, 200),
    "at-the-limit-chunked": ({"chunks": [b"x" * 5, b"x" * 5]}, 200),
    "announced-with-zeros-in-front": ({"body": b"x" * 10, "headers": [("content-length", "0" * 30 + "10")]}, 200),
    "announced-with-very-many-zeros": ({"body": b"x" * 10, "headers": [("content-length", "0" * 5_000)]}, 200),
    "announced": ({"body": b"x" * 11, "headers": [("content-length", "11")]}, 413),
    "too-much-announced-with-zeros-in-front": ({"body": b"", "headers": [("content-length", "0011")]}, 413),
    "announced-only": ({"body": b"", "headers": [("content-length", "99999999999999999999")]}, 413),
    "not-announced": ({"body": b"x" * 11}, 413),
    "chunked": ({"chunks": [b"x" * 5, b"x" * 5, b"x"]}, 413),
    "announced-as-less": ({"body": b"x" * 11, "headers": [("content-length", "3")]}, 413),
}


@pytest.mark.parametrize(("options", "status"), LIMIT_ROWS.values(), ids=LIMIT_ROWS.keys())
@pytest.mark.rule("body.size")
def test_a_body_over_the_limit_is_413_and_the_handler_is_not_called(fastware, options, status):
    called = []
    answer = call(post_app(fastware, called), "POST", **options)
    assert answer.status == status
    assert called == ([10] if status == 200 else [])


def test_a_body_announced_as_too_large_is_not_read(fastware):
    async def never_receive():
        raise AssertionError("the body was read")

    sent = []

    async def send(message):
        sent.append(message)

    headers = [("content-length", "11")]
    asyncio.run(post_app(fastware, [])(scope("POST", headers=headers), never_receive, send))
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("length", ["nonsense", "-1", "", "1e3", "\u00b2"], ids=ascii)
def test_a_content_length_that_is_no_number_is_no_server_error(fastware, length):
    answer = call(post_app(fastware, []), "POST", body=b"x", headers=[("content-length", length)])
    assert answer.status in (200, 400)


# Disconnects


@pytest.mark.parametrize("chunks", [[None], [b"part", None]], ids=["before-the-body", "within-the-body"])
@pytest.mark.rule("body.size")
def test_a_client_that_leaves_while_its_body_is_read_is_400_and_no_error_of_ours(fastware, caplog, chunks):
    called = []
    with caplog.at_level(logging.WARNING, logger="fastware"):
        assert call(post_app(fastware, called), "POST", chunks=chunks).status == 400
    assert called == []
    assert caplog.records == []


# HEAD


@pytest.mark.parametrize("returned", ["text", {"a": 1}, None], ids=["text", "json", "none"])
def test_head_is_answered_by_the_get_route_with_its_headers_and_no_body(fastware, returned):
    app = app_of(fastware, lambda: returned)
    get, head = call(app, "GET"), call(app, "HEAD")
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
    assert head.header("content-length") == (None if returned is None else str(len(get.body)))


@pytest.mark.parametrize("path", ["/none", "/failing"])
def test_errors_are_answered_to_head_without_a_body(fastware, path):
    router = fastware.Router()

    @router.get("/failing")
    def failing():
        raise RuntimeError("oops")

    app = fastware.create_app(router)
    get, head = call(app, "GET", path), call(app, "HEAD", path)
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


# Websockets


@pytest.mark.parametrize("path", ["/", "/none"])
def test_a_websocket_is_closed_and_not_crashed(fastware, path):
    async def receive():
        return {"type": "websocket.connect"}

    sent = []

    async def send(message):
        sent.append(message)

    websocket = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
    asyncio.run(app_of(fastware, lambda: "")(websocket, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]


# Threads


def test_an_async_handler_runs_on_the_thread_of_the_event_loop(fastware):
    ran_on = []

    async def handler():
        ran_on.append(threading.get_ident())

    call(app_of(fastware, handler))
    assert ran_on == [threading.get_ident()]


def test_a_sync_handler_runs_off_the_thread_of_the_event_loop(fastware):
    ran_on = []
    call(app_of(fastware, lambda: ran_on.append(threading.get_ident())))
    assert ran_on != [threading.get_ident()]
    assert len(ran_on) == 1


def test_a_sync_handler_that_waits_holds_up_no_other_request(fastware):
    released = threading.Event()
    router = fastware.Router()

    @router.get("/wait")
    def wait():
        return [released.wait(30)]

    @router.get("/release")
    def release():
        released.set()

    app = fastware.create_app(router)

    async def both():
        return await asyncio.gather(acall(app, path="/wait"), acall(app, path="/release"))

    assert asyncio.run(both())[0].json == [True]


def test_a_callable_object_whose_call_is_async_is_an_async_handler(fastware):
    class Handler:
        async def __call__(self, request):
            return {"path": request.path}

    assert json.loads(call(app_of(fastware, Handler())).body) == {"path": "/"}


# Mounted under a prefix

MOUNTED = {
    "the-whole-path": ("/api/items", "/api", 200),
    "a-slash-after-the-prefix": ("/api/items", "/api/", 200),
    "no-prefix-in-the-path": ("/items", "/api", 200),
    "only-alike": ("/apis/items", "/api", 404),
    "the-prefix-itself": ("/api", "/api", 404),
    "not-mounted": ("/api/items", "", 404),
}


@pytest.mark.parametrize(("path", "root_path", "status"), MOUNTED.values(), ids=MOUNTED.keys())
def test_routes_are_found_within_the_prefix_that_the_application_is_mounted_under(fastware, path, root_path, status):
    router = fastware.Router()
    router.get("/items")(lambda: "items")
    mounted = fastware.create_app(router)

    async def app(scope, receive, send):
        await mounted({**scope, "root_path": root_path}, receive, send)

    assert call(app, path=path).status == status


@pytest.mark.parametrize("path", ["x/items", "items", "", "http:/items", "*"])
def test_a_path_that_does_not_begin_with_a_slash_is_404(fastware, path):
    router = fastware.Router()
    router.get("/items")(lambda: "items")
    router.get("/")(lambda: "root")
    assert call(fastware.create_app(router), path=path).status == 404


# What create_app refuses


async def no_generator(app):
    return {}


class Middleware:
    def __init__(self, app):
        self.app = app


UNFIT = {
    "no-router": ("router", {"router": None}),
    "middleware-that-is-no-list": ("middleware", {"middleware": Middleware}),
    "lifespan-that-is-no-function": ("lifespan", {"lifespan": {"config": {}}}),
    "lifespan-without-yield": ("lifespan", {"lifespan": no_generator}),
    "size-that-is-no-number": ("max_body_size", {"max_body_size": "1k"}),
}


@pytest.mark.parametrize(("name", "unfit"), UNFIT.values(), ids=UNFIT.keys())
def test_an_unfit_argument_is_named_when_the_application_is_made(fastware, name, unfit):
    with pytest.raises(TypeError, match=f"^{name} must be"):
        fastware.create_app(**{"router": fastware.Router(), **unfit})


@pytest.mark.parametrize("deps", [["user"], {"user": None}, "user"], ids=["list", "no-callable", "str"])
def test_dependencies_of_another_kind_are_a_type_error_at_the_route(fastware, deps):
    with pytest.raises(TypeError, match="dep"):
        fastware.Router().get("/", deps=deps)
    with pytest.raises(TypeError, match="dep"):
        fastware.Router(deps=deps)
