"""A Litestar application with a login, a profile, a page for admins, a limited search and a WebSocket.

Create a secret and a user, then start the server (``pip install litestar granian``):

    export FASTWARE_JWT_SECRET=$(python -c "import secrets; print(secrets.token_urlsafe(32))")
    python -c "from examples.litestar_app import user_store; user_store.create_user('ada', 'a password', 'admin')"
    granian --interface asgi examples.litestar_app:app

The OpenAPI document is at ``/schema``.
"""

import os
import secrets
from typing import Annotated, Any

import msgspec
from litestar import Litestar, Request, WebSocket, get, post, websocket
from litestar.concurrency import sync_to_thread
from litestar.middleware import DefineMiddleware
from litestar.params import Body
from litestar.response.base import ASGIResponse

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
from fastware.integrations.litestar import AuthPlugin, CurrentUser, require_role

SESSION_SECONDS = 12 * 3600

auth = Auth.from_env()
user_store = JSONFileUserStore(os.environ.get("USERS_FILE", "users.json"))
# Verified if the user does not exist, so that the response time does not reveal which usernames exist.
unknown_user_hash = hash_password(secrets.token_urlsafe(32))


class Credentials(msgspec.Struct):
    username: str
    password: str


def json_with_cookies(content: dict[str, str], cookies: list[str]) -> ASGIResponse:
    # The headers of `Response` are a dict, which cannot hold two of one name.
    return ASGIResponse(body=msgspec.json.encode(content), headers=[("set-cookie", cookie) for cookie in cookies])


@post("/login", status_code=200)
async def login(request: Request[Any, Any, Any], data: Annotated[Credentials, Body()]) -> ASGIResponse:
    """Check the password; return a token and set the session cookies."""
    # A form of another site, which cannot send this type, would log a visitor in to an account of its choice.
    if request.content_type[0].strip().lower() != "application/json":
        raise HTTPError(415, "Expected application/json")
    user = await sync_to_thread(user_store.find_user, data.username)
    password_hash = user["password_hash"] if user else unknown_user_hash
    is_valid = await averify_password(data.password, password_hash)
    if not user or not is_valid:
        raise HTTPError(401, "Invalid credentials")
    token = auth.create_token(user["username"], user["role"], expires_in=SESSION_SECONDS)
    is_secure = request.url.scheme == "https"
    cookies = set_session_cookies(token, secrets.token_urlsafe(32), max_age=SESSION_SECONDS, secure=is_secure)
    return json_with_cookies({"token": token, "username": user["username"]}, cookies)


@post("/logout", status_code=200)
async def logout(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Delete the session cookies."""
    cookies = clear_session_cookies(secure=request.url.scheme == "https")
    return json_with_cookies({"message": "Logged out"}, cookies)


@get("/profile")
async def profile(user: CurrentUser) -> dict[str, str]:
    """Return the profile of the user."""
    return {"username": user["sub"], "role": user["role"]}


@get("/admin", guards=[require_role("admin")])
async def admin(user: CurrentUser) -> dict[str, str]:
    """Greet an admin; any other role gets a 403."""
    return {"message": f"Welcome, admin {user['sub']}"}


@get("/search")
@rate_limit("5/minute")
async def search(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Return the query; a client that searches too often gets a 429."""
    return {"query": request.query_params.get("q", ""), "results": []}


@websocket("/ws")
async def echo(socket: WebSocket[Any, Any, Any], user: CurrentUser) -> None:
    """Greet the user, then send every text back."""
    await socket.accept()
    await socket.send_text(f"Hello, {user['sub']}")
    async for text in socket.iter_data("text"):
        await socket.send_text(text)


app = Litestar(
    [login, logout, profile, admin, search, echo],
    plugins=[AuthPlugin(auth)],
    middleware=[DefineMiddleware(CSRFMiddleware, exempt_paths=["/login"])],
)
