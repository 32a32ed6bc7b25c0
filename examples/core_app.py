"""An application on fastware's own core, with accounts, a page for admins, a limited search and a WebSocket.

Create a secret and the first admin, then start the server:

    export FASTWARE_JWT_SECRET=$(fastware secret)
    fastware users add ada --role admin --store users.json
    granian --interface asgi --workers 2 examples.core_app:app
"""

from dataclasses import asdict
from typing import Any

from fastware import JSONResponse, Request, Router, WebSocket, create_app
from fastware.auth import CSRFMiddleware, rate_limit, reject_cross_site

from . import accounts

Claims = dict[str, Any]

router = Router()
signed_in = {"user": accounts.auth.current_user}


def with_session(session: accounts.Session, request: Request) -> JSONResponse:
    return JSONResponse(asdict(session), cookies=accounts.session_cookies(session, request.scope))


def without_session(message: str, request: Request) -> JSONResponse:
    return JSONResponse({"message": message}, cookies=accounts.no_cookies(request.scope))


@router.post("/register")
@rate_limit("60/hour", buckets=accounts.buckets)
async def register(request: Request) -> JSONResponse:
    """Create an account. It has no session yet."""
    accounts.require_json(request.scope)
    credentials = request.decode(accounts.Credentials)
    await accounts.register(credentials)
    return JSONResponse({"username": credentials.username}, status=201)


@router.post("/login", deps={"_": reject_cross_site})
async def login(request: Request) -> JSONResponse:
    """Check the password; return a token and a refresh token, and set the session cookies."""
    accounts.require_json(request.scope)
    session = await accounts.log_in(request.decode(accounts.Credentials), request.scope)
    return with_session(session, request)


@router.post("/refresh")
async def refresh(request: Request) -> JSONResponse:
    """Exchange a refresh token for a new token and a new refresh token."""
    accounts.require_json(request.scope)
    session = await accounts.refresh(request.decode(accounts.RefreshRequest).refresh_token)
    return with_session(session, request)


@router.post("/logout", deps=signed_in)
async def logout(request: Request, user: Claims) -> JSONResponse:
    """End this session."""
    await accounts.log_out(user)
    return without_session("Logged out", request)


@router.post("/logout-everywhere", deps=signed_in)
async def logout_everywhere(request: Request, user: Claims) -> JSONResponse:
    """End all sessions of the user."""
    await accounts.log_out_everywhere(user["sub"])
    return without_session("Logged out everywhere", request)


@router.post("/password", deps=signed_in)
async def change_password(request: Request, user: Claims) -> JSONResponse:
    """Change the password, end all other sessions, and go on with a new one."""
    change = request.decode(accounts.PasswordChange)
    session = await accounts.change_password(user, change, request.scope)
    return with_session(session, request)


@router.delete("/account", deps=signed_in)
async def delete_account(request: Request, user: Claims) -> JSONResponse:
    """Delete the account of the user."""
    await accounts.delete_account(user, request.decode(accounts.Confirmation), request.scope)
    return without_session("Account deleted", request)


@router.get("/profile", deps=signed_in)
async def profile(user: Claims) -> dict[str, str]:
    """Return the profile of the user."""
    return {"username": user["sub"], "role": user["role"]}


@router.get("/admin", deps={"user": accounts.auth.require_role("admin")})
async def admin(user: Claims) -> dict[str, str]:
    """Greet an admin; any other role gets a 403."""
    return {"message": f"Welcome, admin {user['sub']}"}


@router.get("/search")
@rate_limit("5/minute", buckets=accounts.buckets)
async def search(request: Request) -> dict[str, Any]:
    """Return the query; a client that searches too often gets a 429."""
    return {"query": request.query_params.get("q", ""), "results": []}


@router.post("/ticket", deps=signed_in)
async def ticket(user: Claims) -> dict[str, str]:
    """Return a ticket for ``/ws?ticket=...``, where a script cannot send the token in a header."""
    return {"ticket": await accounts.tickets.aissue(user)}


@router.ws("/ws", deps=signed_in)
async def echo(websocket: WebSocket, user: Claims) -> None:
    """Greet the user, then send every text back."""
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")
    async for message in websocket:
        await websocket.send_text(str(message))


app = create_app(
    router,
    middleware=[lambda app: CSRFMiddleware(app, exempt_paths=accounts.WITHOUT_SESSION)],
)
