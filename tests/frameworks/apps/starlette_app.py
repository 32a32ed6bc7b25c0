"""The application in Starlette."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from fastware import HTTPError
from fastware.auth import CSRFMiddleware, get_current_user, rate_limit, require_role
from tests.frameworks.apps.accounts import SECRET, log_in

current_admin = require_role("admin")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, Any]]:
    yield {"config": {"jwt_secret": SECRET}}


async def login(request: Request) -> JSONResponse:
    credentials = await request.json()
    session = log_in(credentials["username"], credentials["password"])
    response = JSONResponse({"token": session.token})
    for cookie in session.cookies:
        response.headers.append("set-cookie", cookie)
    return response


# Users and roles


async def profile(request: Request) -> JSONResponse:
    return JSONResponse({"username": get_current_user(request)["sub"]})


def profile_sync(request: Request) -> JSONResponse:
    return JSONResponse({"username": get_current_user(request)["sub"]})


class Profile(HTTPEndpoint):
    async def get(self, request: Request) -> JSONResponse:
        return JSONResponse({"username": get_current_user(request)["sub"]})


async def admin(request: Request) -> JSONResponse:
    return JSONResponse({"username": current_admin(request)["sub"]})


# Errors and CSRF


async def teapot(request: Request) -> JSONResponse:
    raise HTTPError(418, "I am a teapot", {"X-Tea": "Assam"})


async def notes(request: Request) -> JSONResponse:
    return JSONResponse({"saved": True})


# Rate limits


@rate_limit("2/hour")
async def limited_async(req: Request) -> JSONResponse:
    return JSONResponse({"found": True})


@rate_limit("2/hour")
def limited_sync(connection: HTTPConnection) -> JSONResponse:
    return JSONResponse({"found": True})


class Search(HTTPEndpoint):
    @rate_limit("2/hour")
    async def get(self, request: Request) -> JSONResponse:
        return JSONResponse({"found": True})


class SyncSearch(HTTPEndpoint):
    @rate_limit("2/hour")
    def get(self, request: Request) -> JSONResponse:
        return JSONResponse({"found": True})


# WebSockets


async def greet(websocket: WebSocket) -> None:
    user = get_current_user(websocket)
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")
    await websocket.close()


async def greet_admin(websocket: WebSocket) -> None:
    user = current_admin(websocket)
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")
    await websocket.close()


@rate_limit("2/hour")
async def greet_rarely(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("Hello")
    await websocket.close()


app = Starlette(
    routes=[
        Route("/login", login, methods=["POST"]),
        Route("/profile", profile),
        Route("/profile/sync", profile_sync),
        Route("/profile/endpoint", Profile),
        Route("/admin", admin),
        Route("/teapot", teapot),
        Route("/notes", notes, methods=["POST"]),
        Route("/limited/async", limited_async),
        Route("/limited/sync", limited_sync),
        Route("/limited/endpoint", Search),
        Route("/limited/sync-endpoint", SyncSearch),
        WebSocketRoute("/ws/profile", greet),
        WebSocketRoute("/ws/admin", greet_admin),
        WebSocketRoute("/ws/limited", greet_rarely),
    ],
    middleware=[Middleware(CSRFMiddleware, exempt_paths=["/login"])],
    lifespan=lifespan,
)
