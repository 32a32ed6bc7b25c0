"""Call an ASGI application as a server does, in process."""

import asyncio
import functools
import json
from dataclasses import dataclass

import anyio


def websocket_app_of(fastware, handler, *, path="/", deps=None, **options):
    """Return an application with one handler of WebSockets."""
    router = fastware.Router()
    router.ws(path, deps=deps)(handler)
    return fastware.create_app(router, **options)


def app_of(fastware, handler, *, path="/", method="GET", deps=None, **options):
    """Return an application with one route; *options* are those of ``create_app``."""
    router = fastware.Router()
    router.route(path, [method], deps=deps)(handler)
    return fastware.create_app(router, **options)


@dataclass
class Response:
    """A whole response."""

    status: int
    headers: list
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def header(self, name):
        values = [value.decode("latin-1") for key, value in self.headers if key == name.encode("ascii")]
        return values[0] if values else None

    def header_list(self, name):
        return [value.decode("latin-1") for key, value in self.headers if key == name.encode("ascii")]


def scope(method="GET", path="/", *, headers=(), query="", state=None, client=("127.0.0.1", 50000), root_path=""):
    """Return an HTTP scope; *headers* are pairs of ``str`` or ``bytes``."""
    made = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8"),
        "root_path": root_path,
        "query_string": _latin1(query),
        "headers": [(_latin1(name), _latin1(value)) for name, value in headers],
        "client": client,
        "server": ("127.0.0.1", 80),
    }
    if state is not None:
        made["state"] = state
    return made


async def acall(app, method="GET", path="/", *, body=b"", chunks=None, stays=False, **options):
    """Call *app*. *chunks* are the pieces of the body; a ``None`` among them is a disconnect.

    The client disconnects after its body, unless it *stays*.
    """
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode("utf-8")
    pieces = list(chunks) if chunks is not None else [body]
    messages = [
        {"type": "http.disconnect"}
        if piece is None
        else {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
        for index, piece in enumerate(pieces)
    ]

    async def receive():
        if stays and not messages:
            await anyio.sleep_forever()
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    sent = await sent_by(app, scope(method, path, **options), receive)
    if not sent:
        return None
    start, *bodies = sent
    assert start["type"] == "http.response.start"
    assert all(message["type"] == "http.response.body" for message in bodies)
    assert bodies
    assert not bodies[-1].get("more_body", False)
    whole = b"".join(message.get("body", b"") for message in bodies)
    return Response(start["status"], list(start["headers"]), whole)


def call(app, method="GET", path="/", *, loop="asyncio", **options):
    """Call *app* in a new event loop. Returns ``None`` if it sends nothing."""
    return run(acall, app, method, path, loop=loop, **options)


def run(function, *args, loop="asyncio", **options):
    """Return the result of the coroutine function *function*, run by asyncio or trio."""
    return anyio.run(functools.partial(function, *args, **options), backend=loop)


@dataclass
class Conversation:
    """What an application has sent to the client of a WebSocket."""

    accept: dict | None
    """The message that accepted the WebSocket."""
    messages: list
    """Texts and bytes."""
    close: tuple | None
    """Code and reason, or ``None`` if the application has not closed the WebSocket."""
    response: Response | None
    """The response that rejected it."""


def websocket_scope(path="/", *, subprotocols=(), extensions=("websocket.http.response",), **options):
    """Return a WebSocket scope. *extensions* are those of the server."""
    made = {**scope(path=path, **options), "type": "websocket", "scheme": "ws", "subprotocols": list(subprotocols)}
    del made["method"]
    return {**made, "extensions": {name: {} for name in extensions}}


async def aconverse(app, path="/", messages=(), *, disconnect=(1005, ""), log=None, **options):
    """Connect to *app*, send *messages* (``str`` and ``bytes``), disconnect, and return the :class:`Conversation`.

    A conversation that ASGI does not allow is an ``AssertionError``. *log* is a list for the types of all messages.
    """
    log = [] if log is None else log
    incoming = [{"type": "websocket.connect"}]
    for message in messages:
        text, data = (message, None) if isinstance(message, str) else (None, message)
        incoming.append({"type": "websocket.receive", "text": text, "bytes": data})
    incoming.append({"type": "websocket.disconnect", "code": disconnect[0], "reason": disconnect[1]})
    sent = []

    async def receive():
        assert incoming, "the application waits for a message after the disconnect"
        log.append(incoming[0]["type"])
        return incoming.pop(0)

    async def send(message):
        assert incoming == [] or incoming[0]["type"] != "websocket.connect", "sent before the client has connected"
        log.append(message["type"])
        sent.append(message)

    await app(websocket_scope(path, **options), receive, send)
    return conversation_of(sent)


def converse(app, path="/", messages=(), *, loop="asyncio", **options):
    """Do what :func:`aconverse` does, in a new event loop."""
    return run(aconverse, app, path, messages, loop=loop, **options)


def conversation_of(sent):
    """Return the conversation in which an application has *sent* these messages, checked against ASGI."""
    kinds = [message["type"].removeprefix("websocket.") for message in sent]
    if kinds[:1] == ["http.response.start"]:
        assert kinds == ["http.response.start", "http.response.body"]
        response = Response(sent[0]["status"], list(sent[0]["headers"]), sent[1]["body"])
        return Conversation(None, [], None, response)
    accept = sent[0] if kinds[:1] == ["accept"] else None
    last = sent[-1] if kinds[-1:] == ["close"] else None
    between = sent[bool(accept) : -1 if last else None]
    assert all(message["type"] == "websocket.send" for message in between)
    assert accept or not between
    contents = [message["text"] if "text" in message else message["bytes"] for message in between]
    return Conversation(accept, contents, (last["code"], last.get("reason", "")) if last else None, None)


async def sent_by(app, scope, receive):
    """Return the messages that *app* sends."""
    sent = []

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent


def run_lifespan(app, **scope):
    """Start *app* and shut it down. Returns the types of the messages that it sends.

    The *scope* of a server with lifespan state has a ``state``.
    """
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive():
        return incoming.pop(0)

    sent = asyncio.run(sent_by(app, {"type": "lifespan", "asgi": {"version": "3.0"}, **scope}, receive))
    return [message["type"] for message in sent]


def _latin1(text):
    return text.encode("latin-1") if isinstance(text, str) else text
