"""The application in plain ASGI."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastware import HTTPError, send_error
from fastware.asgi import Message, Receive, Scope, Send
from fastware.auth import Auth, CSRFMiddleware, get_current_user, rate_limit, require_role
from tests.frameworks.apps.accounts import SECRET, log_in

CONFIG = {"auth": Auth(SECRET)}
current_admin = require_role("admin")
Handler = Callable[[Scope, Receive, Send], Awaitable[Any]]


async def login(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    credentials = json.loads(message["body"])
    session = log_in(credentials["username"], credentials["password"])
    await respond(send, {"token": session.token}, session.cookies)


async def profile(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, {"username": get_current_user(scope)["sub"]})


async def admin(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, {"username": current_admin(scope)["sub"]})


async def teapot(scope: Scope, receive: Receive, send: Send) -> None:
    raise HTTPError(418, "I am a teapot", {"X-Tea": "Assam"})


async def notes(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, {"saved": True})


@rate_limit("2/hour")
async def limited(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, {"found": True})


async def greet(scope: Scope, receive: Receive, send: Send) -> None:
    await say(f"Hello, {get_current_user(scope)['sub']}", receive, send)


async def greet_admin(scope: Scope, receive: Receive, send: Send) -> None:
    await say(f"Hello, {current_admin(scope)['sub']}", receive, send)


@rate_limit("2/hour")
async def greet_rarely(scope: Scope, receive: Receive, send: Send) -> None:
    await say("Hello", receive, send)


HANDLERS: dict[str, Handler] = {
    "/login": login,
    "/profile": profile,
    "/admin": admin,
    "/teapot": teapot,
    "/notes": notes,
    "/limited": limited,
    "/ws/profile": greet,
    "/ws/admin": greet_admin,
    "/ws/limited": greet_rarely,
}


async def respond(send: Send, content: dict[str, Any], cookies: list[str] | None = None) -> None:
    headers = [(b"content-type", b"application/json")]
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies or ()]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


async def say(text: str, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": text})
    await send({"type": "websocket.close"})


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    scope.setdefault("state", {})["config"] = CONFIG
    try:
        await HANDLERS[scope["path"].removeprefix(scope.get("root_path", ""))](scope, receive, send)
    except HTTPError as error:
        if scope["type"] == "websocket":
            send = denying(send)
        await send_error(send, error.status_code, error.detail, error.headers)
    return None


def denying(send: Send) -> Send:
    """Return a *send* for the response to a WebSocket that is not accepted (ASGI, "WebSocket Denial Response")."""

    async def send_denial(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return send_denial


async def lifespan(receive: Receive, send: Send) -> None:
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


app = CSRFMiddleware(application, exempt_paths=["/login"])
