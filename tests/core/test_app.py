"""The application: middleware, errors, body limit, HEAD, WebSockets, mounting, arguments of create_app."""

import asyncio
import copy
import logging
import pickle

import pytest
from asgi_client import app_of, call, scope, sent_by

from fastware.auth import StorageError

SECRET = "hunter2"


# Middleware


def logs_calls(name, log):
    def middleware(app):
        log.append(f"wrap {name}")

        async def wrapped(scope, receive, send):
            log.append(f"enter {name}")
            await app(scope, receive, send)
            log.append(f"leave {name}")

        return wrapped

    return middleware


def raises(make_error, when):
    """Return a middleware that raises when it is called, or when its result is awaited."""

    def raise_when_called(scope, receive, send):
        raise make_error()

    async def raise_when_awaited(scope, receive, send):
        raise make_error()

    return lambda app: raise_when_called if when == "called" else raise_when_awaited


@pytest.mark.parametrize(("path", "handled"), [("/", ["handler"]), ("/none", [])], ids=["route", "no-route"])
def test_first_middleware_is_outermost_and_middleware_sees_every_request(fastware, path, handled):
    log = []
    app = app_of(fastware, lambda: log.append("handler"), middleware=[logs_calls("a", log), logs_calls("b", log)])
    assert log == ["wrap b", "wrap a"]
    call(app, path=path)
    assert log[2:] == ["enter a", "enter b", *handled, "leave b", "leave a"]


def test_middleware_can_respond_without_calling_the_handler(fastware):
    called = []

    def reject_all(app):
        async def wrapped(scope, receive, send):
            await fastware.send_error(send, 403, "closed")

        return wrapped

    response = call(app_of(fastware, lambda: called.append(1), middleware=[reject_all]))
    assert (response.status, response.json, called) == (403, {"detail": "closed"}, [])


@pytest.mark.parametrize("when", ["called", "awaited"])
@pytest.mark.parametrize("place", ["outermost", "innermost"])
def test_http_error_of_middleware_becomes_a_response(fastware, place, when):
    middleware = [raises(lambda: fastware.HTTPError(418, "teapot", {"X-Why": "tea"}), when), logs_calls("a", [])]
    response = call(app_of(fastware, lambda: "", middleware=middleware if place == "outermost" else middleware[::-1]))
    assert (response.status, response.json, response.header("x-why")) == (418, {"detail": "teapot"}, "tea")


def test_error_of_middleware_after_the_response_started_is_raised(fastware):
    def fails_late(app):
        async def wrapped(scope, receive, send):
            await app(scope, receive, send)
            raise RuntimeError("too late")

        return wrapped

    with pytest.raises(RuntimeError, match="too late"):
        call(app_of(fastware, lambda: "sent", middleware=[fails_late]))


# Errors


def test_http_error_becomes_a_json_response(fastware):
    def handler():
        raise fastware.HTTPError(409, "taken", {"Retry-After": "5"})

    response = call(app_of(fastware, handler))
    assert (response.status, response.json, response.header("retry-after")) == (409, {"detail": "taken"}, "5")
    assert response.header("content-type") == "application/json"


def test_headers_of_http_error_are_optional(fastware):
    error = fastware.HTTPError(409, "taken")
    assert (error.status_code, error.detail, error.headers, str(error)) == (409, "taken", {}, "409 taken")


FAILURES = {
    "sync-handler": app_of,
    "async-handler": lambda fastware, fail: app_of(fastware, as_async(fail)),
    "dependency": lambda fastware, fail: app_of(fastware, lambda: "", deps={"value": fail}),
    "middleware-call": lambda fastware, fail: app_of(fastware, lambda: "", middleware=[raises(fail, "called")]),
    "middleware-await": lambda fastware, fail: app_of(fastware, lambda: "", middleware=[raises(fail, "awaited")]),
}


def as_async(function):
    async def handler():
        return function()

    return handler


@pytest.mark.parametrize("name", ["RuntimeError", "ConfigurationError", "KeyError"])
@pytest.mark.parametrize("place", FAILURES)
def test_exception_is_a_bare_500_and_a_traceback_in_the_log(fastware, caplog, place, name):
    error = {"RuntimeError": RuntimeError, "KeyError": KeyError}.get(name) or getattr(fastware, name)

    def fail():
        raise error(f"the cause: {SECRET}")

    with caplog.at_level(logging.ERROR, logger="fastware"):
        response = call(FAILURES[place](fastware, fail))
    assert (response.status, response.json) == (500, {"detail": "Internal server error"})
    assert SECRET not in repr(response)
    (record,) = [record for record in caplog.records if record.name == "fastware"]
    assert record.exc_info[0] is error
    assert f"{name}: " in caplog.text and "the cause" in caplog.text


@pytest.mark.parametrize(
    "arguments",
    [(409, "taken", {"Location": "/a\n"}), (409, "\ud800"), (409, object()), ("409", "taken")],
    ids=["header", "detail", "detail type", "status"],
)
@pytest.mark.parametrize("place", FAILURES)
def test_invalid_http_error_is_a_bare_500(fastware, caplog, place, arguments):
    caplog.set_level(logging.CRITICAL, logger="fastware")  # pytest-xdist cannot transfer a lone surrogate

    def fail():
        raise fastware.HTTPError(*arguments)

    response = call(FAILURES[place](fastware, fail))
    assert (response.status, response.json) == (500, {"detail": "Internal server error"})


def test_http_error_with_its_own_constructor_can_be_copied_and_pickled(fastware):
    class NotFoundError(fastware.HTTPError):
        def __init__(self, what):
            super().__init__(404, f"no such {what}")
            self.what = what

    copied = copy.deepcopy(NotFoundError("user"))
    assert (copied.status_code, copied.detail, copied.what, copied.args) == (404, "no such user", "user", ("user",))


def test_storage_error_can_be_copied_and_pickled():
    error = StorageError("down")
    for copied in (copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert (str(copied), copied.args, copied.headers) == ("down", ("down",), {"Retry-After": "5"})


def test_http_error_503_is_sent_and_logged(fastware, caplog):
    def handler():
        raise fastware.HTTPError(503, "database is down")

    with caplog.at_level(logging.ERROR, logger="fastware"):
        response = call(app_of(fastware, handler))
    assert (response.status, response.json) == (503, {"detail": "database is down"})
    assert "503 database is down" in caplog.text


def test_path_cannot_add_a_line_to_the_log(fastware, caplog):
    with caplog.at_level(logging.ERROR, logger="fastware"):
        app = app_of(fastware, lambda name: name.missing, path="/{name}")
        assert call(app, path="/x\nERROR forged").status == 500
    assert not any(line.startswith("ERROR forged") for line in caplog.text.splitlines())


def test_errors_can_be_copied(fastware):
    errors = [fastware.HTTPError(409, "taken", {"Retry-After": "5"})]
    for body, key in ((b"{}", "name"), (b"[]", 0)):
        with pytest.raises(fastware.HTTPError) as raised:
            fastware.Request(scope(), body).json[key]
        errors.append(raised.value)
    for error in errors:
        duplicate = copy.copy(error)
        assert (type(duplicate), str(duplicate), duplicate.headers) == (type(error), str(error), error.headers)


# Body limit. tests/attacks has the rows for malformed lengths.


def length(value):
    return {"headers": [("content-length", value)]}


LIMIT_OF_TEN = {
    "at-limit": ({"body": b"x" * 10}, 200),
    "at-limit-announced": ({"body": b"x" * 10, **length("10")}, 200),
    "at-limit-in-chunks": ({"chunks": [b"x" * 5, b"x" * 5]}, 200),
    "at-limit-leading-zeros": ({"body": b"x" * 10, **length("0" * 30 + "10")}, 200),
    "at-limit-blanks": ({"body": b"x" * 10, **length(" \t10 ")}, 200),
    "zeros-beyond-int-limit": ({"body": b"x" * 10, **length("0" * 5_000)}, 200),
    "over": ({"body": b"x" * 11}, 413),
    "over-in-chunks": ({"chunks": [b"x" * 5, b"x" * 5, b"x"]}, 413),
    "over-announced-as-less": ({"body": b"x" * 11, **length("3")}, 413),
    "over-announced": ({"body": b"x" * 11, **length("11")}, 413),
    "over-announced-only": ({"body": b"", **length("11")}, 413),
    "over-announced-leading-zeros": ({"body": b"", **length("0011")}, 413),
    "over-announced-blanks": ({"body": b"", **length("\t 11 \t")}, 413),
}


def app_with_limit_of_ten(fastware, called):
    return app_of(fastware, lambda request: called.append(len(request.body)), method="POST", max_body_size=10)


@pytest.mark.rule("body.size")
@pytest.mark.parametrize(("options", "status"), LIMIT_OF_TEN.values(), ids=LIMIT_OF_TEN.keys())
def test_body_over_the_limit_is_413_and_handler_is_not_called(fastware, options, status):
    called = []
    response = call(app_with_limit_of_ten(fastware, called), "POST", **options)
    assert (response.status, called) == ((204, [10]) if status == 200 else (413, []))


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
def test_body_is_not_read(fastware, method):
    """A POST announces too many bytes; bodies of GET and HEAD have no meaning (RFC 9110 section 9.3)."""

    async def receive():
        raise AssertionError("the body was read")

    app = app_of(fastware, lambda request: [len(request.body)], method="POST" if method == "POST" else "GET")
    sent = asyncio.run(sent_by(app, scope(method, **length("9999999")), receive))
    assert sent[0]["status"] == (413 if method == "POST" else 200)


@pytest.mark.rule("body.size")
@pytest.mark.parametrize("chunks", [[None], [b"part", None]], ids=["before-body", "within-body"])
def test_client_that_disconnects_during_its_body_gets_400_and_nothing_is_logged(fastware, caplog, chunks):
    called = []
    with caplog.at_level(logging.WARNING, logger="fastware"):
        assert call(app_with_limit_of_ten(fastware, called), "POST", chunks=chunks).status == 400
    assert (called, caplog.records) == ([], [])


# HEAD, WebSockets, mounting


@pytest.mark.parametrize("returned", ["text", {"a": 1}, None], ids=["text", "json", "none"])
def test_head_has_the_headers_of_get_and_no_body(fastware, returned):
    app = app_of(fastware, lambda: returned)
    get, head = call(app, "GET"), call(app, "HEAD")
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
    assert head.header("content-length") == (None if returned is None else str(len(get.body)))


@pytest.mark.parametrize(("path", "status"), [("/none", 404), ("/failing", 500)])
def test_error_response_to_head_has_no_body(fastware, path, status):
    app = app_of(fastware, lambda: {}["missing"], path="/failing")
    get, head = call(app, "GET", path), call(app, "HEAD", path)
    assert (head.status, head.headers, head.body) == (status, get.headers, b"")


@pytest.mark.parametrize("path", ["/", "/none"])
def test_websocket_is_closed(fastware, path):
    async def receive():
        return {"type": "websocket.connect"}

    sent = asyncio.run(sent_by(app_of(fastware, lambda: ""), {**scope(path=path), "type": "websocket"}, receive))
    assert [message["type"] for message in sent] == ["websocket.close"]


MOUNTED = {
    # path, root_path, path that is routed
    "prefix-in-path": ("/api/items", "/api", "/items"),
    "prefix-ends-with-slash": ("/api/items", "/api/", "/items"),
    "prefix-not-in-path": ("/items", "/api", "/items"),
    "similar-prefix": ("/apis/items", "/api", "/apis/items"),
    "prefix-only": ("/api", "/api", "/"),
    "prefix-is-slash": ("/items", "/", "/items"),
    "not-mounted": ("/api/items", "", "/api/items"),
}


@pytest.mark.parametrize(("path", "root_path", "routed"), MOUNTED.values(), ids=MOUNTED.keys())
def test_routes_are_relative_to_root_path(fastware, path, root_path, routed):
    app = app_of(fastware, lambda rest: f"/{rest}", path="/{rest:path}")
    assert call(app, path=path, root_path=root_path).body.decode() == routed


# Arguments of create_app


async def not_a_generator(app):
    return {}


INVALID_ARGUMENTS = {
    "router": ("router", None),
    "middleware-not-in-a-list": ("middleware", lambda app: app),
    "lifespan-not-a-function": ("lifespan", {"config": {}}),
    "lifespan-without-yield": ("lifespan", not_a_generator),
    "max-body-size": ("max_body_size", "1k"),
}


@pytest.mark.parametrize(("name", "value"), INVALID_ARGUMENTS.values(), ids=INVALID_ARGUMENTS.keys())
def test_invalid_argument_of_create_app_is_a_type_error_that_names_it(fastware, name, value):
    with pytest.raises(TypeError, match=f"^{name} must be"):
        fastware.create_app(**{"router": fastware.Router(), name: value})
