"""The application in fastware's own core, with the plain ASGI application mounted below ``/mounted``."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastware import App, HTTPError, JSONResponse, Request, Router, WebSocket, create_app
from fastware.auth import CSRFMiddleware, get_current_user, rate_limit, require_role
from tests.frameworks.apps import plain_asgi
from tests.frameworks.apps.accounts import SECRET, Credentials, log_in

User = dict[str, Any]
router = Router()
admins = Router(prefix="/admin", deps={"user": require_role("admin")})


@asynccontextmanager
async def lifespan(app: App) -> AsyncGenerator[dict[str, Any]]:
    yield {"config": {"jwt_secret": SECRET}}


@router.post("/login")
async def login(request: Request) -> JSONResponse:
    credentials = request.decode(Credentials)
    session = log_in(credentials.username, credentials.password)
    return JSONResponse({"token": session.token}, cookies=session.cookies)


# Users and roles


@router.get("/profile", deps={"user": get_current_user})
async def profile(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


@router.get("/profile/sync", deps={"user": get_current_user})
def profile_sync(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


@router.get("/profile/called")
async def profile_called(request: Request) -> dict[str, str]:
    return {"username": get_current_user(request)["sub"]}


@admins.get("/")
async def admin(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


# Errors and CSRF


@router.get("/teapot")
async def teapot() -> None:
    raise HTTPError(418, "I am a teapot", {"X-Tea": "Assam"})


@router.post("/notes")
async def notes() -> dict[str, bool]:
    return {"saved": True}


# Rate limits


@router.get("/limited/async")
@rate_limit("2/hour")
async def limited_async(req: Request) -> dict[str, bool]:
    return {"found": True}


@router.get("/limited/sync")
@rate_limit("2/hour")
def limited_sync(request: Request) -> dict[str, bool]:
    return {"found": True}


@router.get("/limited/bare")
@rate_limit("2/hour")
async def limited_bare() -> dict[str, bool]:
    return {"found": True}


@router.get("/limited/user", deps={"user": get_current_user})
@rate_limit("2/hour", key_func=lambda request: get_current_user(request)["sub"])
async def limited_by_user(user: User) -> dict[str, bool]:
    return {"found": True}


# WebSockets


@router.ws("/ws/profile", deps={"user": get_current_user})
async def greet(websocket: WebSocket, user: User) -> None:
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")


@router.ws("/ws/admin", deps={"user": require_role("admin")})
async def greet_admin(websocket: WebSocket, user: User) -> None:
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")


@router.ws("/ws/limited")
@rate_limit("2/hour")
async def greet_rarely(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("Hello")


@router.ws("/ws/late")
async def reject_late(websocket: WebSocket) -> None:
    await websocket.accept()
    get_current_user(websocket)


router.include_router(admins)
router.mount("/mounted", plain_asgi.application)
app = create_app(router, middleware=[lambda app: CSRFMiddleware(app, exempt_paths=["/login"])], lifespan=lifespan)
