"""A Litestar application with accounts, a page for admins, a limited search and a WebSocket.

Create a secret and the first admin, then start the server (``pip install litestar granian``):

    export FASTWARE_JWT_SECRET=$(fastware secret)
    fastware users add ada --role admin --store users.json
    granian --interface asgi --workers 2 examples.litestar_app:app

The OpenAPI document is at ``/schema``.
"""

from typing import Annotated, Any

import msgspec
from litestar import Litestar, Request, WebSocket, delete, get, post, websocket
from litestar.middleware import DefineMiddleware
from litestar.params import Body
from litestar.response.base import ASGIResponse

from fastware.auth import CSRFMiddleware, rate_limit, reject_cross_site
from fastware.integrations.litestar import AuthPlugin, CurrentUser, require_role

from . import accounts

AnyRequest = Request[Any, Any, Any]


def with_cookies(content: Any, cookies: list[str]) -> ASGIResponse:
    # The headers of `Response` are a dict, which cannot hold two of one name.
    headers = [("cache-control", "no-store"), *(("set-cookie", cookie) for cookie in cookies)]
    return ASGIResponse(body=msgspec.json.encode(content), headers=headers)


def with_session(session: accounts.Session, request: AnyRequest) -> ASGIResponse:
    return with_cookies(session, accounts.session_cookies(session, request.scope))


def without_session(message: str, request: AnyRequest) -> ASGIResponse:
    return with_cookies({"message": message}, accounts.no_cookies(request.scope))


@post("/register")
@rate_limit("60/hour", buckets=accounts.buckets)
async def register(request: AnyRequest, data: Annotated[accounts.Credentials, Body()]) -> dict[str, str]:
    """Create an account. It has no session yet."""
    accounts.require_json(request.scope)
    await accounts.register(data)
    return {"username": data.username}


@post("/login", status_code=200)
async def login(request: AnyRequest, data: Annotated[accounts.Credentials, Body()]) -> ASGIResponse:
    """Check the password; return a token and a refresh token, and set the session cookies."""
    reject_cross_site(request)
    accounts.require_json(request.scope)
    return with_session(await accounts.log_in(data, request.scope), request)


@post("/refresh", status_code=200)
async def refresh(request: AnyRequest, data: Annotated[accounts.RefreshRequest, Body()]) -> ASGIResponse:
    """Exchange a refresh token for a new token and a new refresh token."""
    accounts.require_json(request.scope)
    return with_session(await accounts.refresh(data.refresh_token), request)


@post("/logout", status_code=200)
async def logout(request: AnyRequest, user: CurrentUser) -> ASGIResponse:
    """End this session."""
    await accounts.log_out(user)
    return without_session("Logged out", request)


@post("/logout-everywhere", status_code=200)
async def logout_everywhere(request: AnyRequest, user: CurrentUser) -> ASGIResponse:
    """End all sessions of the user."""
    await accounts.log_out_everywhere(user["sub"])
    return without_session("Logged out everywhere", request)


@post("/password", status_code=200)
async def change_password(
    request: AnyRequest, user: CurrentUser, data: Annotated[accounts.PasswordChange, Body()]
) -> ASGIResponse:
    """Change the password, end all other sessions, and go on with a new one."""
    return with_session(await accounts.change_password(user, data, request.scope), request)


@delete("/account", status_code=200)
async def delete_account(
    request: AnyRequest, user: CurrentUser, data: Annotated[accounts.Confirmation, Body()]
) -> ASGIResponse:
    """Delete the account of the user."""
    await accounts.delete_account(user, data, request.scope)
    return without_session("Account deleted", request)


@get("/profile")
async def profile(user: CurrentUser) -> dict[str, str]:
    """Return the profile of the user."""
    return {"username": user["sub"], "role": user["role"]}


@get("/admin", guards=[require_role("admin")])
async def admin(user: CurrentUser) -> dict[str, str]:
    """Greet an admin; any other role gets a 403."""
    return {"message": f"Welcome, admin {user['sub']}"}


@get("/search")
@rate_limit("5/minute", buckets=accounts.buckets)
async def search(request: AnyRequest) -> dict[str, Any]:
    """Return the query; a client that searches too often gets a 429."""
    return {"query": request.query_params.get("q", ""), "results": []}


@post("/ticket", status_code=200)
async def ticket(user: CurrentUser) -> dict[str, str]:
    """Return a ticket for ``/ws?ticket=...``, where a script cannot send the token in a header."""
    return {"ticket": await accounts.tickets.aissue(user)}


@websocket("/ws")
async def echo(socket: WebSocket[Any, Any, Any], user: CurrentUser) -> None:
    """Greet the user, then send every text back."""
    await socket.accept()
    await socket.send_text(f"Hello, {user['sub']}")
    async for text in socket.iter_data("text"):
        await socket.send_text(text)


app = Litestar(
    [
        register,
        login,
        refresh,
        logout,
        logout_everywhere,
        change_password,
        delete_account,
        profile,
        admin,
        search,
        ticket,
        echo,
    ],
    plugins=[AuthPlugin(accounts.auth)],
    middleware=[DefineMiddleware(CSRFMiddleware, exempt_paths=accounts.WITHOUT_SESSION)],
)
