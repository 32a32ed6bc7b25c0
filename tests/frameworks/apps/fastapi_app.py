"""The application in FastAPI."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response, WebSocket
from starlette.requests import HTTPConnection

from fastware import HTTPError
from fastware.auth import CSRFMiddleware, get_current_user, rate_limit, require_role
from tests.frameworks.apps.accounts import SECRET, Credentials, log_in

User = Annotated[dict[str, Any], Depends(get_current_user)]
Admin = Annotated[dict[str, Any], Depends(require_role("admin"))]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, Any]]:
    yield {"config": {"jwt_secret": SECRET}}


app = FastAPI(lifespan=lifespan)
app.add_middleware(CSRFMiddleware, exempt_paths=["/login"])
router = APIRouter(prefix="/router", dependencies=[Depends(get_current_user)])


@app.post("/login")
async def login(credentials: Credentials, response: Response) -> dict[str, str]:
    session = log_in(credentials.username, credentials.password)
    for cookie in session.cookies:
        response.headers.append("set-cookie", cookie)
    return {"token": session.token}


# Users and roles


@app.get("/profile")
async def profile(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


@app.get("/profile/sync")
def profile_sync(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


@app.get("/profile/called")
async def profile_called(req: Request) -> dict[str, str]:
    return {"username": get_current_user(req)["sub"]}


@app.get("/admin")
async def admin(user: Admin) -> dict[str, str]:
    return {"username": user["sub"]}


@app.get("/admin/route", dependencies=[Depends(require_role("admin"))])
async def admin_of_the_route(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


@router.get("/profile")
async def profile_of_the_router(user: User) -> dict[str, str]:
    return {"username": user["sub"]}


# Errors and CSRF


@app.get("/teapot")
async def teapot() -> None:
    raise HTTPError(418, "I am a teapot", {"X-Tea": "Assam"})


@app.post("/notes")
async def notes() -> dict[str, bool]:
    return {"saved": True}


# Rate limits


@app.get("/limited/async")
@rate_limit("2/hour")
async def limited_async(req: Request) -> dict[str, bool]:
    return {"found": True}


@app.get("/limited/sync")
@rate_limit("2/hour")
def limited_sync(req: Request) -> dict[str, bool]:
    return {"found": True}


@app.get("/limited/connection")
@rate_limit("2/hour")
async def limited_connection(conn: HTTPConnection) -> dict[str, bool]:
    return {"found": True}


@app.get("/limited/bare")
@rate_limit("2/hour")
async def limited_bare(q: str = "") -> dict[str, bool]:
    return {"found": q == ""}


@app.get("/limited/bare-sync")
@rate_limit("2/hour")
def limited_bare_sync() -> dict[str, bool]:
    return {"found": True}


@app.get("/limited/path/{name}")
@rate_limit("2/hour", key_func=lambda request: request.path_params["name"])
async def limited_by_name(name: str) -> dict[str, bool]:
    return {"found": name == "a"}


@rate_limit("2/hour")
async def search_limit() -> None:
    """A dependency."""


@app.get("/limited/dependency", dependencies=[Depends(search_limit)])
async def limited_by_dependency() -> dict[str, bool]:
    return {"found": True}


@router.get("/limited")
@rate_limit("2/hour", key_func=lambda request: get_current_user(request)["sub"])
async def limited_of_the_router(user: User) -> dict[str, bool]:
    return {"found": True}


app.include_router(router)


# WebSockets


@app.websocket("/ws/profile")
async def greet(websocket: WebSocket, user: User) -> None:
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")
    await websocket.close()


@app.websocket("/ws/admin")
async def greet_admin(websocket: WebSocket, user: Admin) -> None:
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")
    await websocket.close()


@app.websocket("/ws/limited")
@rate_limit("2/hour")
async def greet_rarely(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("Hello")
    await websocket.close()
