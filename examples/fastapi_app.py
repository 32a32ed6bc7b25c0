"""A FastAPI application with accounts, a page for admins, a limited search and a WebSocket.

Create a secret and the first admin, then start a server (``pip install fastapi`` and ``uvicorn websockets`` or
``granian``):

    export FASTWARE_JWT_SECRET=$(fastware secret)
    fastware users add ada --role admin --store users.json
    uvicorn --workers 2 examples.fastapi_app:app    # or: granian --interface asgi --workers 2 examples.fastapi_app:app

Open http://127.0.0.1:8000/docs, click Authorize and log in.
"""

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from fastware.auth import CSRFMiddleware, HTTPError, rate_limit, reject_cross_site
from fastware.integrations.fastapi import Claims, FastAPIAuth, describe

from . import accounts

FORM = "application/x-www-form-urlencoded"
LOGIN_BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Credentials"}}}}

api = FastAPIAuth(accounts.auth, token_url="login")

User = Annotated[Claims, Depends(api.current_user)]
Admin = Annotated[Claims, Depends(api.require_role("admin"))]

app = FastAPI(title="fastware in FastAPI")
app.add_middleware(CSRFMiddleware, exempt_paths=accounts.WITHOUT_SESSION)
describe(app)


@app.exception_handler(RequestValidationError)
async def invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer without the input, which FastAPI shows by default: it may have a password."""
    problems = [{"loc": problem["loc"], "msg": problem["msg"]} for problem in error.errors()]
    return JSONResponse({"detail": problems}, status_code=422)


async def json_only(request: Request) -> None:
    accounts.require_json(request.scope)


def is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


async def credentials_in(request: Request) -> accounts.Credentials:
    """Return the credentials in a JSON body, or in the form of the Authorize button of ``/docs``."""
    body = await request.body()
    try:
        if is_form(request):
            return msgspec.convert(dict(parse_qsl(body.decode())), accounts.Credentials)
        accounts.require_json(request.scope)
        return msgspec.json.decode(body, type=accounts.Credentials)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise HTTPError(400, "Expected a username and a password") from None


def with_cookies(response: JSONResponse, cookies: list[str]) -> JSONResponse:
    for cookie in cookies:
        response.headers.append("Set-Cookie", cookie)
    response.headers["Cache-Control"] = "no-store"
    return response


def with_session(session: accounts.Session, request: Request) -> JSONResponse:
    # The Authorize button reads `access_token`.
    content = {**asdict(session), "access_token": session.token, "token_type": "bearer"}
    # Another site can send a form. With cookies it would log a visitor in to an account of its choice.
    cookies = [] if is_form(request) else accounts.session_cookies(session, request.scope)
    return with_cookies(JSONResponse(content), cookies)


def without_session(message: str, request: Request) -> JSONResponse:
    return with_cookies(JSONResponse({"message": message}), accounts.no_cookies(request.scope))


@app.post("/register", status_code=201, dependencies=[Depends(json_only)])
@rate_limit("60/hour", buckets=accounts.buckets)
async def register(credentials: accounts.Credentials) -> dict[str, str]:
    """Create an account. It has no session yet."""
    await accounts.register(credentials)
    return {"username": credentials.username}


@app.post("/login", dependencies=[Depends(reject_cross_site)], openapi_extra={"requestBody": LOGIN_BODY})
async def login(
    request: Request, credentials: Annotated[accounts.Credentials, Depends(credentials_in)]
) -> JSONResponse:
    """Check the password; return a token and a refresh token, and set the session cookies."""
    return with_session(await accounts.log_in(credentials, request.scope), request)


@app.post("/refresh", dependencies=[Depends(json_only)])
async def refresh(request: Request, body: accounts.RefreshRequest) -> JSONResponse:
    """Exchange a refresh token for a new token and a new refresh token."""
    return with_session(await accounts.refresh(body.refresh_token), request)


@app.post("/logout")
async def logout(request: Request, user: User) -> JSONResponse:
    """End this session."""
    await accounts.log_out(user)
    return without_session("Logged out", request)


@app.post("/logout-everywhere")
async def logout_everywhere(request: Request, user: User) -> JSONResponse:
    """End all sessions of the user."""
    await accounts.log_out_everywhere(user["sub"])
    return without_session("Logged out everywhere", request)


@app.post("/password")
async def change_password(request: Request, user: User, change: accounts.PasswordChange) -> JSONResponse:
    """Change the password, end all other sessions, and go on with a new one."""
    return with_session(await accounts.change_password(user, change, request.scope), request)


@app.delete("/account")
async def delete_account(request: Request, user: User, confirmation: accounts.Confirmation) -> JSONResponse:
    """Delete the account of the user."""
    await accounts.delete_account(user, confirmation, request.scope)
    return without_session("Account deleted", request)


@app.get("/profile")
async def profile(user: User) -> dict[str, Any]:
    """Return the profile of the user."""
    return {"username": user["sub"], "role": user["role"]}


@app.get("/admin")
async def admin(user: Admin) -> dict[str, Any]:
    """Greet an admin; any other role gets a 403."""
    return {"message": f"Welcome, admin {user['sub']}"}


@app.get("/search")
@rate_limit("5/minute", buckets=accounts.buckets)
async def search(request: Request) -> dict[str, Any]:
    """Return a result; a client that searches too often gets a 429."""
    return {"found": 3}


@app.post("/ticket")
async def ticket(user: User) -> dict[str, str]:
    """Return a ticket for ``/ws?ticket=...``, where a script cannot send the token in a header."""
    return {"ticket": await accounts.tickets.aissue(user)}


@app.websocket("/ws")
async def echo(websocket: WebSocket, user: User) -> None:
    """Greet the user, then send every text back."""
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")
    async for text in websocket.iter_text():
        await websocket.send_text(text)
