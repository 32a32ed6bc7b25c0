"""A Starlette application with accounts, a page for admins, a limited search and a WebSocket.

Create a secret and the first admin, then start the server (``pip install starlette uvicorn websockets``):

    export FASTWARE_JWT_SECRET=$(fastware secret)
    fastware users add ada --role admin --store users.json
    uvicorn --workers 2 examples.starlette_app:app
"""

from dataclasses import asdict
from typing import TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from fastware.auth import CSRFMiddleware, HTTPError, rate_limit, reject_cross_site
from fastware.integrations.starlette import AuthBackend, requires

from . import accounts

BodyT = TypeVar("BodyT")


async def decode(request: Request, body_type: type[BodyT]) -> BodyT:
    try:
        return msgspec.json.decode(await request.body(), type=body_type)
    except (msgspec.MsgspecError, RecursionError):
        raise HTTPError(400, f"Expected {', '.join(body_type.__annotations__)} as JSON") from None


def with_cookies(response: JSONResponse, cookies: list[str]) -> JSONResponse:
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    response.headers["cache-control"] = "no-store"
    return response


def with_session(session: accounts.Session, request: Request) -> JSONResponse:
    return with_cookies(JSONResponse(asdict(session)), accounts.session_cookies(session, request.scope))


def without_session(message: str, request: Request) -> JSONResponse:
    return with_cookies(JSONResponse({"message": message}), accounts.no_cookies(request.scope))


@rate_limit("60/hour", buckets=accounts.buckets)
async def register(request: Request) -> JSONResponse:
    """Create an account. It has no session yet."""
    accounts.require_json(request.scope)
    credentials = await decode(request, accounts.Credentials)
    await accounts.register(credentials)
    return JSONResponse({"username": credentials.username}, status_code=201)


async def login(request: Request) -> JSONResponse:
    """Check the password; return a token and a refresh token, and set the session cookies."""
    reject_cross_site(request)
    accounts.require_json(request.scope)
    session = await accounts.log_in(await decode(request, accounts.Credentials), request.scope)
    return with_session(session, request)


async def refresh(request: Request) -> JSONResponse:
    """Exchange a refresh token for a new token and a new refresh token."""
    accounts.require_json(request.scope)
    body = await decode(request, accounts.RefreshRequest)
    return with_session(await accounts.refresh(body.refresh_token), request)


@requires()
async def logout(request: Request) -> JSONResponse:
    """End this session."""
    await accounts.log_out(request.user.claims)
    return without_session("Logged out", request)


@requires()
async def logout_everywhere(request: Request) -> JSONResponse:
    """End all sessions of the user."""
    await accounts.log_out_everywhere(request.user.display_name)
    return without_session("Logged out everywhere", request)


@requires()
async def change_password(request: Request) -> JSONResponse:
    """Change the password, end all other sessions, and go on with a new one."""
    change = await decode(request, accounts.PasswordChange)
    session = await accounts.change_password(request.user.claims, change, request.scope)
    return with_session(session, request)


@requires()
async def delete_account(request: Request) -> JSONResponse:
    """Delete the account of the user."""
    confirmation = await decode(request, accounts.Confirmation)
    await accounts.delete_account(request.user.claims, confirmation, request.scope)
    return without_session("Account deleted", request)


@requires()
async def profile(request: Request) -> JSONResponse:
    """Return the profile of the user."""
    return JSONResponse({"username": request.user.display_name, "role": request.user.claims["role"]})


@requires("admin")
async def admin(request: Request) -> JSONResponse:
    """Greet an admin; any other role gets a 403."""
    return JSONResponse({"message": f"Welcome, admin {request.user.display_name}"})


@rate_limit("5/minute", buckets=accounts.buckets)
async def search(request: Request) -> JSONResponse:
    """Return the query; a client that searches too often gets a 429."""
    return JSONResponse({"query": request.query_params.get("q", ""), "results": []})


@requires()
async def ticket(request: Request) -> JSONResponse:
    """Return a ticket for ``/ws?ticket=...``, where a script cannot send the token in a header."""
    return JSONResponse({"ticket": await accounts.tickets.aissue(request.user.claims)})


@requires()
async def echo(websocket: WebSocket) -> None:
    """Greet the user, then send every text back."""
    await websocket.accept()
    await websocket.send_text(f"Hello, {websocket.user.display_name}")
    async for text in websocket.iter_text():
        await websocket.send_text(text)


app = Starlette(
    routes=[
        Route("/register", register, methods=["POST"]),
        Route("/login", login, methods=["POST"]),
        Route("/refresh", refresh, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/logout-everywhere", logout_everywhere, methods=["POST"]),
        Route("/password", change_password, methods=["POST"]),
        Route("/account", delete_account, methods=["DELETE"]),
        Route("/profile", profile),
        Route("/admin", admin),
        Route("/search", search),
        Route("/ticket", ticket, methods=["POST"]),
        WebSocketRoute("/ws", echo),
    ],
    middleware=[
        Middleware(CSRFMiddleware, exempt_paths=accounts.WITHOUT_SESSION),
        Middleware(AuthenticationMiddleware, backend=AuthBackend(accounts.auth)),
    ],
)
