"""The application in Litestar."""

from typing import Annotated, Any

from litestar import Controller, Litestar, Request, WebSocket, get, post, websocket
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.params import Body
from litestar.response.base import ASGIResponse

from fastware import HTTPError
from fastware.auth import Auth, CSRFMiddleware, get_current_user, rate_limit, require_role
from tests.frameworks.apps.accounts import SECRET, Credentials, log_in

User = dict[str, Any]
current_admin = require_role("admin")


@post("/login")
async def login(data: Annotated[Credentials, Body()]) -> ASGIResponse:
    session = log_in(data.username, data.password)
    return ASGIResponse(
        body=f'{{"token":"{session.token}"}}', headers=[("set-cookie", cookie) for cookie in session.cookies]
    )


# Users and roles


def admins_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard."""
    current_admin(connection)


@get("/profile", dependencies={"user": Provide(get_current_user)})
async def profile(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


@get("/profile/called")
async def profile_called(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {"username": get_current_user(request)["sub"]}


@get("/admin", dependencies={"user": Provide(current_admin)})
async def admin(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


@get("/admin/guarded", guards=[admins_only], dependencies={"user": Provide(get_current_user)})
async def admin_behind_a_guard(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


class Accounts(Controller):
    path = "/controller"
    dependencies = {"user": Provide(get_current_user)}  # noqa: RUF012 - as Litestar documents it

    @get("/profile")
    async def profile(self, user: User) -> dict[str, str]:
        return {"username": user["sub"]}

    @get("/limited")
    @rate_limit("2/hour")
    async def limited(self, user: User) -> dict[str, bool]:
        return {"found": True}


# Errors and CSRF


@get("/teapot")
async def teapot() -> None:
    raise HTTPError(418, "I am a teapot", {"X-Tea": "Assam"})


@post("/notes", status_code=200)
async def notes() -> dict[str, bool]:
    return {"saved": True}


# Rate limits


@get("/limited/async")
@rate_limit("2/hour")
async def limited_async(request: Request[Any, Any, Any]) -> dict[str, bool]:
    return {"found": True}


@get("/limited/sync", sync_to_thread=False)
@rate_limit("2/hour")
def limited_sync(request: Request[Any, Any, Any]) -> dict[str, bool]:
    return {"found": True}


@get("/limited/thread", sync_to_thread=True)
@rate_limit("2/hour")
def limited_in_thread(request: Request[Any, Any, Any]) -> dict[str, bool]:
    return {"found": True}


@get("/limited/bare")
@rate_limit("2/hour")
async def limited_bare(q: str = "") -> dict[str, bool]:
    return {"found": q == ""}


@get("/limited/path/{name:str}")
@rate_limit("2/hour", key_func=lambda request: request.path_params["name"])
async def limited_by_name(name: str) -> dict[str, bool]:
    return {"found": name == "a"}


# WebSockets


@websocket("/ws/profile", dependencies={"user": Provide(get_current_user)})
async def greet(socket: WebSocket[Any, Any, Any], user: User) -> None:
    await socket.accept()
    await socket.send_text(f"Hello, {user['sub']}")
    await socket.close()


@websocket("/ws/admin", dependencies={"user": Provide(current_admin)})
async def greet_admin(socket: WebSocket[Any, Any, Any], user: User) -> None:
    await socket.accept()
    await socket.send_text(f"Hello, {user['sub']}")
    await socket.close()


@websocket("/ws/limited")
@rate_limit("2/hour")
async def greet_rarely(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.send_text("Hello")
    await socket.close()


@websocket("/ws/late")
async def reject_late(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    get_current_user(socket)


app = Litestar(
    [
        login,
        profile,
        profile_called,
        admin,
        admin_behind_a_guard,
        Accounts,
        teapot,
        notes,
        limited_async,
        limited_sync,
        limited_in_thread,
        limited_bare,
        limited_by_name,
        greet,
        greet_admin,
        greet_rarely,
        reject_late,
    ],
    middleware=[DefineMiddleware(CSRFMiddleware, exempt_paths=["/login"])],
    state=State({"config": {"auth": Auth(SECRET)}}),
)
