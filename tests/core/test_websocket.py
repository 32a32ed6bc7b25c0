"""WebSocket: the handshake, messages, closing, errors before and after it is accepted, dependencies."""

import asyncio
import contextlib
import copy
import functools
import json
import logging
import typing

import pytest
from asgi_client import converse, websocket_app_of, websocket_scope
from tests.core.test_dependencies import FACTORIES, logs_both_halves

TOKEN_SECRET = "a secret of at least 32 bytes for tests"
STATE = {"config": {"jwt_secret": TOKEN_SECRET}}


def talk(fastware, handler, messages=(), *, deps=None, path="/", **options):
    """Return the conversation with a handler."""
    return converse(websocket_app_of(fastware, handler, path=path, deps=deps), path, messages, **options)


async def echo(websocket):
    await websocket.accept()
    async for message in websocket:
        await (websocket.send_text if isinstance(message, str) else websocket.send_bytes)(message)


async def accept_only(websocket):
    await websocket.accept()


# Handshake


def test_accepted_websocket_can_have_a_subprotocol_and_headers(fastware):
    async def handler(websocket):
        await websocket.accept(websocket.subprotocols[1], headers={"X-Kind": "v"})

    conversation = talk(fastware, handler, subprotocols=["a", "b"])
    assert conversation.accept == {
        "type": "websocket.accept",
        "subprotocol": "b",
        "headers": [(b"x-kind", b"v")],
    }
    assert conversation.close == (1000, "")


INVALID_HANDSHAKES = {
    "subprotocol": ({"subprotocol": "c"}, "does not offer"),
    "header": ({"headers": {"X-Kind": "a\nb"}}, "control"),
}


@pytest.mark.parametrize(("options", "message"), INVALID_HANDSHAKES.values(), ids=INVALID_HANDSHAKES.keys())
def test_invalid_argument_of_accept_is_a_value_error_and_nothing_is_sent(fastware, options, message):
    async def handler(websocket):
        with pytest.raises(ValueError, match=message):
            await websocket.accept(**options)
        await websocket.accept()

    assert talk(fastware, handler, subprotocols=["a", "b"]).accept["subprotocol"] is None


async def returns(websocket):
    pass


async def closes(websocket):
    await websocket.close()
    await websocket.close()


def http_error(fastware, *arguments):
    async def handler(websocket):
        raise fastware.HTTPError(*arguments)

    return handler


async def fails(websocket):
    raise RuntimeError("the cause")


async def fails_in_a_task_group(websocket):
    async with asyncio.TaskGroup() as group:
        group.create_task(websocket.accept())
        group.create_task(fails(websocket))


REJECTIONS = {
    # handler, status, detail, header
    "http-error": (lambda fw: http_error(fw, 401, "no token", {"WWW-Authenticate": "Bearer"}), 401, "no token"),
    "http-error-503": (lambda fw: http_error(fw, 503, "down"), 503, "down"),
    "invalid-http-error": (lambda fw: http_error(fw, 401, "x", {"a": "\n"}), 500, "Internal server error"),
    "exception": (lambda fw: fails, 500, "Internal server error"),
    "not-accepted": (lambda fw: returns, 403, "The WebSocket was not accepted"),
}


@pytest.mark.parametrize(("handler", "status", "detail"), REJECTIONS.values(), ids=REJECTIONS.keys())
def test_websocket_that_is_not_accepted_gets_a_response(fastware, caplog, handler, status, detail):
    with caplog.at_level(logging.WARNING, logger="fastware"):
        response = talk(fastware, handler(fastware)).response
    assert (response.status, response.json) == (status, {"detail": detail})
    assert response.header("www-authenticate") == ("Bearer" if status == 401 else None)
    assert bool(caplog.records) == (status >= 500)


@pytest.mark.parametrize("handler", [case[0] for case in REJECTIONS.values()], ids=REJECTIONS.keys())
def test_websocket_is_closed_instead_if_the_server_cannot_send_a_response(fastware, caplog, handler):
    caplog.set_level(logging.CRITICAL, logger="fastware")
    conversation = talk(fastware, handler(fastware), extensions=())
    assert (conversation.accept, conversation.close, conversation.response) == (None, (1008, ""), None)


def test_close_before_accept_rejects_the_websocket(fastware):
    conversation = talk(fastware, closes)
    assert (conversation.accept, conversation.close) == (None, (1000, ""))


@pytest.mark.parametrize("extensions", [("websocket.http.response",), ()])
@pytest.mark.parametrize("path", ["/none", "/http"])
def test_websocket_without_a_route_is_rejected(fastware, path, extensions):
    router = fastware.Router()
    router.get("/http")(lambda: "")
    router.ws("/ws")(echo)
    conversation = converse(fastware.create_app(router), path, extensions=extensions)
    assert conversation.accept is None
    assert conversation.close == (None if extensions else (1008, ""))
    assert not extensions or (conversation.response.status, conversation.response.json) == (
        404,
        {"detail": "Not found"},
    )


# Messages


def test_messages_are_received_and_sent_until_the_client_disconnects(fastware):
    conversation = talk(fastware, echo, ["a", b"\x00", "", b"", "Zoë 愛"])
    assert conversation.messages == ["a", b"\x00", "", b"", "Zoë 愛"]
    assert conversation.close is None


def test_each_kind_of_message_is_received(fastware):
    async def handler(websocket):
        await websocket.accept()
        assert await websocket.receive_text() == "text"
        assert await websocket.receive_bytes() == b"bytes"
        await websocket.send_json([await websocket.receive_json(), await websocket.receive_json()])

    assert talk(fastware, handler, ["text", b"bytes", '{"a":1}', b"5"]).messages == ['[{"a":1},5]']


async def receives_text(websocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())


async def receives_bytes(websocket):
    await websocket.accept()
    await websocket.send_bytes(await websocket.receive_bytes())


async def receives_json(websocket):
    await websocket.accept()
    await websocket.send_json(await websocket.receive_json())


WRONG_MESSAGES = {
    # RFC 6455 section 7.4.1
    "bytes-for-text": (receives_text, b"hunter2", (1003, "Expected a text message")),
    "text-for-bytes": (receives_bytes, "hunter2", (1003, "Expected a binary message")),
    "malformed-json": (receives_json, '{"a":hunter2', (1007, "Invalid JSON")),
    "empty-json": (receives_json, "", (1007, "Invalid JSON")),
    "json-not-utf-8": (receives_json, b'"hunter2\xff"', (1007, "Invalid JSON")),
    "json-lone-surrogate": (receives_json, '"hunter2\ud800"', (1007, "Invalid JSON")),
    "json-too-deep": (receives_json, "[" * 101 + "]" * 101, (1007, "Invalid JSON")),
    "json-very-deep": (receives_json, "[" * 100_000, (1007, "Invalid JSON")),
}


@pytest.mark.parametrize(("handler", "message", "closed"), WRONG_MESSAGES.values(), ids=WRONG_MESSAGES.keys())
def test_message_that_the_handler_cannot_take_closes_the_websocket(fastware, caplog, handler, message, closed):
    errors = []

    async def noting(websocket):
        try:
            await handler(websocket)
        except fastware.WebSocketDisconnect as error:
            errors.append(error)
            raise

    conversation = talk(fastware, noting, [message])
    assert (conversation.messages, conversation.close) == ([], closed)
    assert [(error.code, error.reason, error.__context__) for error in errors] == [(*closed, None)]
    assert caplog.records == []


@pytest.mark.parametrize("text", ["null", "true", "5", '"text"', "[]", '{"a":[1,{"b":null}]}', "[" * 100 + "]" * 100])
def test_any_json_value_is_received(fastware, text):
    assert json.loads(talk(fastware, receives_json, [text]).messages[0]) == json.loads(text)


def test_missing_part_of_json_closes_with_1008_and_names_the_part(fastware):
    async def handler(websocket):
        await websocket.accept()
        return (await websocket.receive_json())["room"]

    assert talk(fastware, handler, ["{}"]).close == (1008, "Missing field: room")


WRONG_TYPES = {
    "send_text": (b"bytes", TypeError),
    "send_bytes": ("text", TypeError),
    "send_json": (object(), TypeError),
    "send_json-lone-surrogate": ("\ud800", ValueError),
    "close": ("1000", ValueError),
}


@pytest.mark.parametrize("name", WRONG_TYPES)
def test_value_that_cannot_be_sent_is_an_error(fastware, name):
    value, error = WRONG_TYPES[name]

    async def handler(websocket):
        await websocket.accept()
        with pytest.raises(error):
            await getattr(websocket, name.partition("-")[0])(value)

    assert talk(fastware, handler).messages == []


# Order of calls

CALLS = {
    "receive_text": lambda websocket: websocket.receive_text(),
    "receive_bytes": lambda websocket: websocket.receive_bytes(),
    "receive_json": lambda websocket: websocket.receive_json(),
    "send_text": lambda websocket: websocket.send_text("a"),
    "send_bytes": lambda websocket: websocket.send_bytes(b"a"),
    "send_json": lambda websocket: websocket.send_json({}),
}
each_call = pytest.mark.parametrize("use", CALLS.values(), ids=CALLS.keys())


@each_call
def test_use_before_accept_is_a_runtime_error(fastware, use):
    async def handler(websocket):
        with pytest.raises(RuntimeError, match="accept"):
            await use(websocket)
        await websocket.accept()

    assert talk(fastware, handler).messages == []


@each_call
def test_use_after_close_is_a_runtime_error(fastware, use):
    async def handler(websocket):
        await websocket.accept()
        await websocket.close(4000, "bye")
        await websocket.close(1000)
        with pytest.raises(RuntimeError, match="closed"):
            await use(websocket)

    assert talk(fastware, handler, ["a"]).close == (4000, "bye")


@each_call
def test_use_after_the_client_has_disconnected_raises_its_code_and_reason(fastware, use):
    async def handler(websocket):
        await websocket.accept()
        for call in (CALLS["receive_text"], use, use):
            with pytest.raises(fastware.WebSocketDisconnect) as raised:
                await call(websocket)
            assert (raised.value.code, raised.value.reason, str(raised.value)) == (4001, "gone", "4001 gone")
        await websocket.close()

    conversation = talk(fastware, handler, disconnect=(4001, "gone"))
    assert (conversation.messages, conversation.close) == ([], None)


@pytest.mark.parametrize("before", [accept_only, closes], ids=["accepted", "closed"])
def test_accept_is_possible_once(fastware, before):
    async def handler(websocket):
        await before(websocket)
        with pytest.raises(RuntimeError, match=r"accepted already|closed"):
            await websocket.accept()

    assert talk(fastware, handler).close == (1000, "")


def test_iteration_ends_when_the_handler_closes_the_websocket(fastware):
    async def handler(websocket):
        await websocket.accept()
        async for message in websocket:
            if message == "quit":
                await websocket.close(3000)
        assert [message async for message in websocket] == []

    assert talk(fastware, handler, ["a", "quit", "b"]).close == (3000, "")


def test_client_that_has_gone_before_the_handshake_gets_nothing(fastware, caplog):
    for handler in (accept_only, returns, http_error(fastware, 401, "")):
        sent = []
        app = websocket_app_of(fastware, handler)
        asyncio.run(app(websocket_scope(), disconnected, sent.append))
        assert (sent, caplog.records) == ([], [])


async def disconnected():
    return {"type": "websocket.disconnect", "code": 1006}


def test_message_of_another_protocol_is_a_runtime_error(fastware):
    async def receive():
        return {"type": "http.request"}

    with pytest.raises(RuntimeError, match=r"expected websocket\.connect"):
        asyncio.run(fastware.WebSocket(websocket_scope(), receive, None).accept())


@pytest.mark.parametrize("use", ["send", "close", "fail", "return", "accept"])
def test_send_to_a_client_that_has_gone_ends_the_handler(fastware, caplog, use):
    """uvicorn raises an OSError then (ASGI, "Disconnected Client - send exception"); Granian ignores the message."""
    raised = []

    async def handler(websocket):
        try:
            await websocket.accept()
            if use == "send":
                await websocket.send_text("a")
        except fastware.WebSocketDisconnect as error:
            raised.append(error.code)
            raise
        if use == "close":
            await websocket.close()
        if use == "fail":
            raise fastware.HTTPError(403, "no")

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        if use == "accept" or message["type"] != "websocket.accept":
            raise OSError("the client has gone")

    asyncio.run(websocket_app_of(fastware, handler)(websocket_scope(), receive, send))
    assert raised == ([1006] if use in ("send", "accept") else [])
    assert caplog.records == []


# Close codes and reasons

CLOSE_ARGUMENTS = [
    # RFC 6455 section 7.4 and 5.5
    *[(code, "", True) for code in (1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999)],
    *[(code, "", False) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, -1)],
    (1000, "x" * 123, True),
    (1000, "x" * 124, False),
    (1000, "é" * 61, True),
    (1000, "é" * 62, False),
]


@pytest.mark.parametrize(("code", "reason", "is_valid"), CLOSE_ARGUMENTS)
def test_close_code_and_reason_are_those_of_the_rfc(fastware, code, reason, is_valid):
    async def handler(websocket):
        await websocket.accept()
        if is_valid:
            await websocket.close(code, reason)
            return
        with pytest.raises(ValueError, match="RFC 6455"):
            await websocket.close(code, reason)

    assert talk(fastware, handler).close == ((code, reason) if is_valid else (1000, ""))


# Errors after accept


def after_accept(handler):
    async def accepting(websocket):
        await websocket.accept()
        await handler(websocket)

    return accepting


CLOSED_BY_ERRORS = {
    # handler, code and reason, text in the log
    "http-error": (lambda fw: http_error(fw, 403, "not yours"), (1008, "not yours"), ""),
    "long-detail": (lambda fw: http_error(fw, 403, "x" * 500), (1008, "x" * 123), ""),
    "long-detail-not-ascii": (lambda fw: http_error(fw, 403, "愛" * 100), (1008, "愛" * 41), ""),
    "lone-surrogate": (lambda fw: http_error(fw, 403, "a\ud800"), (1008, "a?"), ""),
    "http-error-503": (lambda fw: http_error(fw, 503, "down"), (1008, "down"), "503 down"),
    "exception": (lambda fw: fails, (1011, "Internal server error"), "RuntimeError: the cause"),
    "os-error": (lambda fw: raising(OSError("disk")), (1011, "Internal server error"), "OSError: disk"),
    "configuration": (
        lambda fw: raising(fw.ConfigurationError("no secret")),
        (1011, "Internal server error"),
        "no secret",
    ),
    "disconnect": (lambda fw: raising(fw.WebSocketDisconnect(1001)), (1000, ""), ""),
    "disconnect-in-a-group": (
        lambda fw: raising(ExceptionGroup("", [fw.WebSocketDisconnect(), fw.WebSocketDisconnect()])),
        (1000, ""),
        "",
    ),
    "exception-in-a-group": (
        lambda fw: raising(ExceptionGroup("", [fw.WebSocketDisconnect(), RuntimeError("the cause")])),
        (1011, "Internal server error"),
        "the cause",
    ),
}


def raising(error):
    async def handler(websocket):
        raise error

    return handler


@pytest.mark.parametrize(("handler", "closed", "logged"), CLOSED_BY_ERRORS.values(), ids=CLOSED_BY_ERRORS.keys())
def test_error_after_accept_closes_the_websocket(fastware, caplog, handler, closed, logged):
    with caplog.at_level(logging.WARNING, logger="fastware"):
        conversation = talk(fastware, after_accept(handler(fastware)))
    assert (conversation.close, conversation.response) == (closed, None)
    assert logged in caplog.text
    assert bool(caplog.records) == bool(logged)


def test_error_after_close_is_logged(fastware, caplog):
    async def handler(websocket):
        await echo(websocket)
        raise RuntimeError("the cause")

    with caplog.at_level(logging.ERROR, logger="fastware"):
        assert talk(fastware, handler).close is None
    assert "Unhandled exception in WEBSOCKET '/'" in caplog.text and "the cause" in caplog.text


def test_disconnect_can_be_copied(fastware):
    error = copy.copy(fastware.WebSocketDisconnect(1001, "away"))
    assert (error.code, error.reason, str(error)) == (1001, "away", "1001 away")
    assert str(fastware.WebSocketDisconnect()) == "1005"


# What it has in common with a request


def test_websocket_has_what_a_request_has_of_its_connection(fastware):
    async def handler(websocket):
        await websocket.accept()
        await websocket.send_json(
            [
                websocket.path,
                websocket.path_params,
                websocket.client,
                websocket.header("X-Kind"),
                websocket.cookie("session"),
                websocket.cookies,
                websocket.query_params["page"],
                websocket.state["greeting"],
                websocket.state.greeting,
                websocket.scope["type"],
                repr(websocket),
            ]
        )

    app = websocket_app_of(fastware, handler, path="/rooms/{room:int}")
    conversation = converse(
        app,
        "/rooms/5",
        headers=[("x-kind", "v"), ("cookie", "session=t")],
        query="page=2",
        state={"greeting": "hello"},
    )
    assert json.loads(conversation.messages[0]) == [
        "/rooms/5",
        {"room": 5},
        ["127.0.0.1", 50000],
        "v",
        "t",
        {"session": "t"},
        "2",
        "hello",
        "hello",
        "websocket",
        "<WebSocket websocket '/rooms/5'>",
    ]


def test_state_is_that_of_the_application_if_the_server_has_none(fastware):
    async def handler(websocket):
        await websocket.accept()
        await websocket.send_text(websocket.state.greeting)
        websocket.state.greeting = "changed"

    app = websocket_app_of(fastware, handler)
    app.state["greeting"] = "hello"
    assert [converse(app).messages for _ in range(2)] == [["hello"], ["hello"]]


# Handlers and their parameters


def annotated(fastware, annotation):
    async def handler(room, connection):
        await connection.accept()
        await connection.send_text(room)

    handler.__annotations__ = {"room": str, "connection": annotation or fastware.WebSocket}
    return handler


async def named_websocket(room, websocket):
    await websocket.accept()
    await websocket.send_text(room)


async def named_request(room, request):
    await request.accept()
    await request.send_text(room)


async def first(connection, room):
    await connection.accept()
    await connection.send_text(room)


class AsyncCallable:
    async def __call__(self, websocket, room):
        await first(websocket, room)


HANDLERS = {
    "named-websocket": lambda fastware: named_websocket,
    "named-request": lambda fastware: named_request,
    "first": lambda fastware: first,
    "annotated": lambda fastware: annotated(fastware, None),
    "annotated-as-text": lambda fastware: annotated(fastware, "WebSocket"),
    "annotated-as-reference": lambda fastware: annotated(fastware, typing.ForwardRef("WebSocket")),
    "annotated-with-module": lambda fastware: annotated(fastware, "fastware.WebSocket"),
    "callable": lambda fastware: AsyncCallable(),
    "partial": lambda fastware: functools.partial(first),
    "method": lambda fastware: AsyncCallable().__call__,
}


@pytest.mark.parametrize("place", ["path", "dependency"])
@pytest.mark.parametrize("make", HANDLERS.values(), ids=HANDLERS.keys())
def test_handler_gets_the_websocket_and_its_other_parameters_by_name(fastware, make, place):
    deps = {"room": lambda websocket: websocket.path[1:]} if place == "dependency" else None
    path = "/{room}" if place == "path" else "/blue"
    app = websocket_app_of(fastware, make(fastware), path=path, deps=deps)
    assert converse(app, "/blue").messages == ["blue"]


SYNC_HANDLERS = [lambda websocket: None, functools.partial(print), type("Callable", (), {"__call__": print})()]


@pytest.mark.parametrize("handler", SYNC_HANDLERS, ids=["function", "partial", "callable"])
def test_sync_handler_is_a_type_error(fastware, handler):
    with pytest.raises(TypeError, match="must be async"):
        fastware.Router().ws("/")(handler)


def test_parameter_that_nothing_supplies_is_a_type_error(fastware):
    async def handler(websocket, user):
        pass

    with pytest.raises(TypeError, match="takes user"):
        websocket_app_of(fastware, handler)


def test_decorator_returns_the_handler_which_may_have_several_routes(fastware):
    router = fastware.Router(prefix="/api")
    assert router.ws("/a")(router.ws("/b")(router.get("/c")(echo))) is echo
    app = fastware.create_app(router)
    assert [converse(app, path, ["x"]).messages for path in ("/api/a", "/api/b")] == [["x"], ["x"]]


def test_second_handler_of_a_path_is_a_value_error(fastware):
    router = fastware.Router()
    router.ws("/{a}")(echo)
    router.ws("/{b}")(accept_only)
    with pytest.raises(ValueError, match="has two handlers"):
        fastware.create_app(router)


# Dependencies


@pytest.mark.parametrize("factory", FACTORIES.values(), ids=FACTORIES.keys())
def test_dependency_of_any_kind_makes_the_value(fastware, factory):
    async def handler(websocket, value):
        await websocket.accept()
        await websocket.send_text(value)

    assert talk(fastware, handler, deps={"value": factory}).messages[0] in ("made", "made for /")


@pytest.mark.parametrize("is_async", [False, True], ids=["generator", "async-generator"])
def test_generator_is_closed_at_the_end_of_the_connection(fastware, is_async):
    log = []
    deps = {"a": logs_both_halves(log, "a", is_async=is_async)}
    conversation = talk(fastware, echo, ["x"], deps=deps, log=log)
    kinds = [f"websocket.{kind}" for kind in ("connect", "accept", "receive", "send", "disconnect")]
    assert log == ["open a", *kinds, "close a"]
    assert conversation.close is None


def test_generator_that_suppresses_the_error_is_an_error(fastware, caplog):
    def suppresses():
        with contextlib.suppress(RuntimeError):
            yield

    with caplog.at_level(logging.ERROR, logger="fastware"):
        assert talk(fastware, after_accept(fails), deps={"a": suppresses}).close == (1011, "Internal server error")
    assert "suppressed the error that was raised in it" in caplog.text


REQUESTS = {
    # headers, status, what is sent
    "no-token": ([], 401, []),
    "invalid-token": ([("authorization", "Bearer x.y.z")], 401, []),
    "other-role": ("user", 403, []),
    "role": ("admin", None, ["ada"]),
}


@pytest.mark.parametrize("extensions", [("websocket.http.response",), ()], ids=["response", "close"])
@pytest.mark.parametrize(("headers", "status", "sent"), REQUESTS.values(), ids=REQUESTS.keys())
def test_websocket_without_the_role_is_never_accepted(fastware, auth, headers, status, sent, extensions):
    async def handler(websocket, user):
        await websocket.accept()
        await websocket.send_text(user["sub"])

    if isinstance(headers, str):
        headers = [("authorization", f"Bearer {auth.create_token('ada', headers, TOKEN_SECRET)}")]
    deps = {"user": auth.require_role("admin")}
    conversation = talk(fastware, handler, deps=deps, headers=headers, state=STATE, extensions=extensions)
    assert conversation.messages == sent
    assert (conversation.accept is None) == (status is not None)
    if status and extensions:
        assert conversation.response.status == status
        assert conversation.response.header("www-authenticate").startswith("Bearer")
    elif status:
        assert conversation.close == (1008, "")


def test_dependencies_of_routers_apply_to_websockets(fastware, auth):
    router = fastware.Router(deps={"user": auth.get_current_user})
    router.ws("/")(echo)
    assert converse(fastware.create_app(router), state=STATE).response.status == 401


def test_rate_limit_applies_to_websockets(fastware, auth):
    @auth.rate_limit("1/hour")
    async def handler(websocket):
        await websocket.accept()

    app = websocket_app_of(fastware, handler)
    assert converse(app).close == (1000, "")
    response = converse(app).response
    assert (response.status, response.header("retry-after")) == (429, "3600")


# Middleware


def raising_middleware(error, when):
    def middleware(app):
        async def wrapped(scope, receive, send):
            if when == "before":
                raise error
            await app(scope, receive, send)
            raise error

        return wrapped

    return middleware


def test_error_of_middleware_before_the_handshake_rejects_the_websocket(fastware):
    middleware = [raising_middleware(fastware.HTTPError(401, "closed"), "before")]
    response = converse(websocket_app_of(fastware, echo, middleware=middleware)).response
    assert (response.status, response.json) == (401, {"detail": "closed"})


def test_error_of_middleware_after_the_end_is_raised(fastware):
    middleware = [raising_middleware(ZeroDivisionError(), "after")]
    with pytest.raises(ZeroDivisionError):
        converse(websocket_app_of(fastware, accept_only, middleware=middleware))


def test_error_of_middleware_of_an_open_websocket_closes_it(fastware):
    def accepts_itself(app):
        async def wrapped(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            raise fastware.HTTPError(403, "closed")

        return wrapped

    assert converse(websocket_app_of(fastware, echo, middleware=[accepts_itself])).close == (1008, "closed")


def test_csrf_middleware_passes_websockets(fastware, auth):
    app = websocket_app_of(fastware, echo, middleware=[auth.CSRFMiddleware])
    assert converse(app, messages=["a"]).messages == ["a"]


# Event loops, and use without a router


def test_websocket_works_under_trio(fastware):
    pytest.importorskip("trio")
    assert talk(fastware, echo, ["a"], deps={"v": fastware.in_thread(lambda: 1)}, loop="trio").messages == ["a"]


def test_websocket_works_in_an_asgi_application_without_the_core(fastware):
    async def app(scope, receive, send):
        await echo(fastware.WebSocket(scope, receive, send))

    assert converse(app, messages=["a"]).messages == ["a"]
