"""A FastAPI application with a login, a profile, a page for admins, a limited search and a WebSocket.

Create a secret and a user, then start a server (``pip install fastapi`` and ``uvicorn websockets`` or ``granian``):

    export FASTWARE_JWT_SECRET=$(python -c "import secrets; print(secrets.token_urlsafe(32))")
    python -c "from examples.fastapi_app import user_store; user_store.create_user('ada', 'a password', 'admin')"
    uvicorn examples.fastapi_app:app    # or: granian --interface asgi examples.fastapi_app:app

Open http://127.0.0.1:8000/docs, click Authorize and log in.
"""

import os
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse

from fastware.auth import Auth, CSRFMiddleware, JSONFileUserStore, clear_session_cookies, rate_limit
from fastware.integrations.fastapi import Claims, FastAPIAuth, describe, login_route

auth = Auth.from_env()
user_store = JSONFileUserStore(os.environ.get("USERS_FILE", "users.json"))
api = FastAPIAuth(auth, token_url="login")

User = Annotated[Claims, Depends(api.current_user)]
Admin = Annotated[Claims, Depends(api.require_role("admin"))]

app = FastAPI(title="fastware in FastAPI")
app.add_middleware(CSRFMiddleware, exempt_paths=["/login"], host_prefix=auth.host_prefix)
app.include_router(login_route(auth, user_store))
describe(app)


@app.post("/logout")
async def logout(request: Request) -> JSONResponse:
    """Delete the session cookies."""
    response = JSONResponse({"message": "Logged out"})
    is_secure = request.scope["scheme"] == "https"
    for cookie in clear_session_cookies(secure=is_secure, host_prefix=auth.host_prefix):
        response.headers.append("Set-Cookie", cookie)
    return response


@app.get("/profile")
async def profile(user: User) -> dict[str, Any]:
    """Return the profile of the user."""
    return {"username": user["sub"], "role": user["role"]}


@app.get("/admin")
async def admin(user: Admin) -> dict[str, Any]:
    """Greet an admin; any other role gets a 403."""
    return {"message": f"Welcome, admin {user['sub']}"}


@app.get("/search")
@rate_limit("5/minute")
async def search(request: Request) -> dict[str, Any]:
    """Return a result; a client that searches too often gets a 429."""
    return {"found": 3}


@app.websocket("/ws")
async def echo(websocket: WebSocket, user: User) -> None:
    """Greet the user, then send every text back."""
    await websocket.accept()
    await websocket.send_text(f"Hello, {user['sub']}")
    async for text in websocket.iter_text():
        await websocket.send_text(text)
