"""A Starlette application with a login, a profile, a page for admins, a limited search and a WebSocket.

Create a secret and a user, then start the server (``pip install starlette uvicorn websockets``):

    export FASTWARE_JWT_SECRET=$(python -c "import secrets; print(secrets.token_urlsafe(32))")
    python -c "from examples.starlette_app import user_store; user_store.create_user('ada', 'a password', 'admin')"
    uvicorn examples.starlette_app:app
"""

import os
import secrets

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from fastware.auth import (
    Auth,
    CSRFMiddleware,
    HTTPError,
    JSONFileUserStore,
    averify_password,
    clear_session_cookies,
    hash_password,
    rate_limit,
    set_session_cookies,
)
from fastware.integrations.starlette import AuthBackend, requires

SESSION_SECONDS = 12 * 3600

auth = Auth.from_env()
user_store = JSONFileUserStore(os.environ.get("USERS_FILE", "users.json"))
# Verified if the user does not exist, so that the response time does not reveal which usernames exist.
unknown_user_hash = hash_password(secrets.token_urlsafe(32))


class Credentials(msgspec.Struct):
    username: str
    password: str


def with_cookies(response: JSONResponse, cookies: list[str]) -> JSONResponse:
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    return response


async def login(request: Request) -> JSONResponse:
    """Check the password; return a token and set the session cookies."""
    # A form of another site, which cannot send this type, would log a visitor in to an account of its choice.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPError(415, "Expected application/json")
    try:
        credentials = msgspec.json.decode(await request.body(), type=Credentials)
    except (msgspec.MsgspecError, RecursionError):
        raise HTTPError(400, 'Expected {"username": "...", "password": "..."}') from None
    user = await run_in_threadpool(user_store.find_user, credentials.username)
    password_hash = user["password_hash"] if user else unknown_user_hash
    is_valid = await averify_password(credentials.password, password_hash)
    if not user or not is_valid:
        raise HTTPError(401, "Invalid credentials")
    token = auth.create_token(user["username"], user["role"], expires_in=SESSION_SECONDS)
    is_secure = request.url.scheme == "https"
    cookies = set_session_cookies(token, secrets.token_urlsafe(32), max_age=SESSION_SECONDS, secure=is_secure)
    return with_cookies(JSONResponse({"token": token, "username": user["username"]}), cookies)


async def logout(request: Request) -> JSONResponse:
    """Delete the session cookies."""
    cookies = clear_session_cookies(secure=request.url.scheme == "https")
    return with_cookies(JSONResponse({"message": "Logged out"}), cookies)


@requires()
async def profile(request: Request) -> JSONResponse:
    """Return the profile of the user."""
    return JSONResponse({"username": request.user.display_name, "role": request.user.claims["role"]})


@requires("admin")
async def admin(request: Request) -> JSONResponse:
    """Greet an admin; any other role gets a 403."""
    return JSONResponse({"message": f"Welcome, admin {request.user.display_name}"})


@rate_limit("5/minute")
async def search(request: Request) -> JSONResponse:
    """Return the query; a client that searches too often gets a 429."""
    return JSONResponse({"query": request.query_params.get("q", ""), "results": []})


@requires()
async def echo(websocket: WebSocket) -> None:
    """Greet the user, then send every text back."""
    await websocket.accept()
    await websocket.send_text(f"Hello, {websocket.user.display_name}")
    async for text in websocket.iter_text():
        await websocket.send_text(text)


app = Starlette(
    routes=[
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/profile", profile),
        Route("/admin", admin),
        Route("/search", search),
        WebSocketRoute("/ws", echo),
    ],
    middleware=[
        Middleware(CSRFMiddleware, exempt_paths=["/login"]),
        Middleware(AuthenticationMiddleware, backend=AuthBackend(auth)),
    ],
)
