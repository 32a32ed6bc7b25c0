"""The demo application: ``fastware.auth`` and the few lines around it that a real application needs."""

from __future__ import annotations

import html
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from fastware import HTMLResponse, HTTPError, JSONResponse, Request, Response, Router, create_app
from fastware.auth import (
    ENGINE,
    Auth,
    CSRFMiddleware,
    JSONFileUserStore,
    LoginGuard,
    MemoryRevocations,
    authenticate,
    clear_session_cookies,
    get_current_user,
    rate_limit,
    require_role,
    set_session_cookies,
)
from fastware.demo import settings
from fastware.demo.curl_lines import curl_lines

FOLDER: Final = Path(__file__).parent
SESSION_SECONDS: Final = 3600
SEARCH_RATE: Final = "5/minute"
PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

router = Router()
user_store = JSONFileUserStore(os.environ[settings.USERS_FILE])
revocations = MemoryRevocations()  # for one worker; SQLiteRevocations for several
auth = Auth(os.environ[settings.JWT_SECRET], revocations=revocations)
guard = LoginGuard()


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Yield the configuration that ``get_current_user`` reads."""
    yield {"config": {"auth": auth}}


def _page() -> str:
    text = (FOLDER / "page.html").read_text(encoding="utf-8")
    curl = curl_lines(os.environ[settings.BASE_URL], "alice", "PASSWORD")
    return text.replace("{{engine}}", html.escape(ENGINE)).replace("{{curl}}", html.escape(curl))


def _asset(name: str, content_type: str) -> Callable[[], Awaitable[Response]]:
    body = (FOLDER / name).read_bytes()

    async def serve() -> Response:
        return Response(body, headers={**PAGE_HEADERS, "Content-Type": content_type})

    return serve


PAGE: Final = _page()


@router.get("/")
async def page() -> Response:
    """Return the page."""
    return HTMLResponse(PAGE, headers=PAGE_HEADERS)


router.get("/page.css")(_asset("page.css", "text/css; charset=utf-8"))
router.get("/page.js")(_asset("page.js", "text/javascript; charset=utf-8"))


class Credentials(msgspec.Struct):
    """The body of a login."""

    username: str
    password: str


@router.post("/login")
async def login(request: Request) -> Response:
    """Check the password, and return a token, also as cookies."""
    credentials = request.decode(Credentials)
    address = request.scope["client"][0]
    user = await authenticate(user_store, credentials.username, credentials.password, guard=guard, address=address)
    if user is None:
        raise HTTPError(401, "Invalid credentials")
    username, role = user["username"], user["role"]
    token = await auth.acreate_token(username, role, expires_in=SESSION_SECONDS)
    cookies = set_session_cookies(token, secrets.token_urlsafe(32), max_age=SESSION_SECONDS)
    return JSONResponse({"token": token, "username": username, "role": role}, cookies=cookies)


@router.post("/logout", deps={"user": get_current_user})
async def logout(user: dict[str, Any]) -> Response:
    """End the session: revoke its token, and delete the cookies."""
    await revocations.arevoke(user)
    return JSONResponse({"message": "Logged out"}, cookies=clear_session_cookies())


@router.get("/profile", deps={"user": get_current_user})
async def profile(user: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of the user."""
    return {"username": user["sub"], "role": user["role"], "expires": user["exp"]}


@router.get("/admin", deps={"user": require_role("admin")})
async def admin(user: dict[str, Any]) -> dict[str, Any]:
    """Return the usernames, for admins only."""
    return {"message": f"Welcome, admin {user['sub']}", "users": [each["username"] for each in user_store.load_users()]}


@router.get("/search")
@rate_limit(SEARCH_RATE)
async def search(request: Request) -> dict[str, Any]:
    """Return a result, five times a minute."""
    return {"found": 3, "limit": SEARCH_RATE}


app = create_app(
    router,
    middleware=[lambda app: CSRFMiddleware(app, exempt_paths=["/login"])],
    lifespan=lifespan,
)
