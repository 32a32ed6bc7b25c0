"""The demo application: ``fastware.auth`` and the few lines around it that a real application needs."""

from __future__ import annotations

import html
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from fastware import HTMLResponse, HTTPError, JSONResponse, Request, Response, Router, create_app
from fastware.asgi import ASGIApp
from fastware.auth import (
    ENGINE,
    Auth,
    JSONFileUserStore,
    LoginGuard,
    MemoryRevocations,
    authenticate,
    clear_session_cookies,
    create_csrf_token,
    get_current_user,
    rate_limit,
    reject_cross_site,
    require_role,
    set_session_cookies,
)
from fastware.demo import settings
from fastware.demo.attacker import attacker
from fastware.demo.check_times import TimedCSRF, timed
from fastware.demo.curl_lines import curl_lines
from fastware.demo.exchanges import Exchanges, Recorder, follow_audit_events
from fastware.demo.local_only import LocalOnly, host_name

FOLDER: Final = Path(__file__).parent
SESSION_SECONDS: Final = 3600
BRIEF_SECONDS: Final = 3
SEARCH_RATE: Final = "5/minute"
GUESS_RATE: Final = "5/hour"
COINS: Final = 1000
BASE_URL: Final = urlsplit(os.environ[settings.BASE_URL])
ATTACKER_PORT: Final = int(os.environ[settings.ATTACKER_PORT])
ASSETS: Final = {
    "/page.css": "text/css; charset=utf-8",
    "/page.js": "text/javascript; charset=utf-8",
    "/attacks.js": "text/javascript; charset=utf-8",
    "/exchanges.js": "text/javascript; charset=utf-8",
}
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

router = Router()
user_store = JSONFileUserStore(os.environ[settings.USERS_FILE])
revocations = MemoryRevocations()  # for one worker; SQLiteRevocations for several
secret = os.environ[settings.JWT_SECRET]
auth = Auth(secret, revocations=revocations)
guard = LoginGuard(per_user_and_address=GUESS_RATE)
coins = {"alice": COINS, "bob": COINS, "carol": 0, "mallory": 0}
recorded = Exchanges()


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Yield the configuration that ``get_current_user`` reads, while the page of the attacker is served."""
    follow_audit_events()
    with attacker(str(BASE_URL.hostname), ATTACKER_PORT, BASE_URL.port or 80):
        yield {"config": {"auth": auth}}


# The page


def _page() -> str:
    text = (FOLDER / "page.html").read_text(encoding="utf-8")
    curl = curl_lines(BASE_URL.geturl(), f"http://{BASE_URL.hostname}:{ATTACKER_PORT}", "alice", "PASSWORD")
    values = {"engine": ENGINE, "curl": curl, "attacker_port": str(ATTACKER_PORT)}
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", html.escape(value))
    return text


def _asset(name: str, content_type: str) -> Callable[[], Awaitable[Response]]:
    body = (FOLDER / name).read_bytes()

    async def serve() -> Response:
        return Response(body, headers={**HEADERS, "Content-Type": content_type})

    return serve


PAGE: Final = _page()


@router.get("/")
async def page(request: Request) -> Response:
    """Return the page. It may show the page of the attacker, which has the same host and another port."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        f"frame-src http://{host_name(request.scope)}:{ATTACKER_PORT}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(PAGE, headers={**HEADERS, "Content-Security-Policy": policy})


for _path, _content_type in ASSETS.items():
    router.get(_path)(_asset(_path[1:], _content_type))


@router.get("/demo/accounts", deps={"_": reject_cross_site})
async def accounts() -> Response:
    """Return the passwords, for the buttons that fill in the form.

    They exist for one run of the demo, and protect nothing else. Pages of other origins cannot read the response.
    """
    return JSONResponse(json.loads(os.environ[settings.PASSWORDS]), headers=HEADERS)


@router.get("/demo/exchanges", deps={"_": reject_cross_site})
async def exchanges(request: Request) -> Response:
    """Return what the server saw and sent after the exchange ``?after=``, with all secrets."""
    after = request.query_params.get("after", "0")
    is_number = after.isdecimal() and len(after) < 19  # Python converts at most 4,300 digits
    return JSONResponse(recorded.since(int(after) if is_number else 0), headers=HEADERS)


# What a real application has


class Credentials(msgspec.Struct):
    """The body of a login."""

    username: str
    password: str


@router.post("/login", deps={"_": reject_cross_site})
async def login(request: Request) -> Response:
    """Check the password, and start a session: two cookies."""
    credentials = request.decode(Credentials)
    address = request.scope["client"][0]
    user = await authenticate(user_store, credentials.username, credentials.password, guard=guard, address=address)
    if user is None:
        raise HTTPError(401, "Invalid credentials")
    username, role = user["username"], user["role"]
    token = await auth.acreate_token(username, role, expires_in=SESSION_SECONDS)
    cookies = set_session_cookies(token, create_csrf_token(token, secret), max_age="exp")
    return JSONResponse({"username": username, "role": role}, cookies=cookies)


@router.post("/logout", deps={"user": timed(get_current_user)})
async def logout(user: dict[str, Any]) -> Response:
    """End the session: revoke its token, and delete the cookies."""
    await revocations.arevoke(user)
    return JSONResponse({"message": "Logged out"}, cookies=clear_session_cookies())


@router.post("/brief-token", deps={"user": timed(get_current_user)})
async def brief_token(user: dict[str, Any]) -> dict[str, Any]:
    """Return a token that soon expires."""
    token = await auth.acreate_token(user["sub"], user["role"], expires_in=BRIEF_SECONDS)
    return {"token": token, "expires_in": BRIEF_SECONDS}


@router.get("/profile", deps={"user": timed(get_current_user)})
async def profile(user: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of the user, and their coins."""
    username = user["sub"]
    return {"username": username, "role": user["role"], "expires": user["exp"], "coins": coins[username]}


@router.get("/admin", deps={"user": timed(require_role("admin"))})
async def admin(user: dict[str, Any]) -> dict[str, Any]:
    """Return the usernames, for admins only."""
    return {"message": f"Welcome, admin {user['sub']}", "users": [each["username"] for each in user_store.load_users()]}


@router.get("/search")
@rate_limit(SEARCH_RATE)
async def search(request: Request) -> dict[str, Any]:
    """Return a result, five times a minute."""
    return {"found": 3, "limit": SEARCH_RATE}


@router.post("/transfer", deps={"user": timed(get_current_user)})
async def transfer(request: Request, user: dict[str, Any]) -> dict[str, Any]:
    """Send coins to another user. Any HTML form can send this request."""
    sender, receiver, text = user["sub"], request.form["to"], request.form["amount"]
    amount = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
    if receiver not in coins:
        raise HTTPError(400, "There is no such receiver")
    if not 0 < amount <= coins[sender]:
        raise HTTPError(400, "The amount must be a number of coins that you have")
    coins[sender] -= amount
    coins[receiver] += amount
    return {"message": f"Sent {amount} coins", "coins": coins[sender]}


def _protect(app: ASGIApp) -> ASGIApp:
    return TimedCSRF(app, exempt_paths=["/login"], secret=secret, form_field="csrf_token")


def _record(app: ASGIApp) -> ASGIApp:
    return Recorder(app, recorded, unrecorded={"/", *ASSETS, "/demo/accounts", "/demo/exchanges", "/favicon.ico"})


app = create_app(router, middleware=[LocalOnly, _record, _protect], lifespan=lifespan)
