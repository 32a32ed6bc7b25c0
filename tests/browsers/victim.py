"""The application that is attacked, in each protection, and the recorder of what it sees.

The pages of the attacker come from the same server, as ``/page``: which site a page belongs to is the name of the
host in its URL.
"""

import json
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import browsers
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from fastware import HTMLResponse, JSONResponse, Request, Response, Router, WebSocket, create_app
from fastware.auth import (
    Auth,
    CSRFMiddleware,
    HTTPError,
    create_csrf_token,
    create_token,
    reject_cross_site,
    set_session_cookies,
)

SECRET = "a secret of the tests in browsers, long enough"
PASSWORDS = {"alice": "correct horse", "mallory": "battery staple"}

# The button fills the window, as a clickjacker wants it. Its click is a request of the page, with the page's token.
FORM = """
<!doctype html><title>form</title>
<style>html, body, button { width: 100%; height: 100%; margin: 0 }</style>
<button onclick="send()">Transfer</button>
<script>
  let token = "none";
  try {
    token = /(?:^|; )(?:__Host-)?csrf_token=([^;]+)/.exec(document.cookie)[1];
  } catch { /* no cookies in this frame */ }
  const send = () => fetch("/transfer", {method: "POST", headers: {"X-CSRF-Token": token}})
    .catch(() => null).then(() => parent.postMessage("done", "*"));
</script>
"""


class MethodOverride:
    """Middleware of an application that takes the method from the query, as some frameworks do."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        override = parse_qs(scope["query_string"].decode()).get("_method") if scope["type"] == "http" else None
        await self.app(dict(scope, method=override[0]) if override else scope, receive, send)


@dataclass(frozen=True)
class Protection:
    """How an application of fastware is set up."""

    csrf: dict[str, Any] = field(default_factory=dict)  # arguments of CSRFMiddleware
    host_prefix: bool = False
    secure: bool = False
    samesite: str = "lax"
    partitioned: bool = False
    checks_logins: bool = True
    allows_sibling: bool = False  # by CORS
    trusts_sibling: bool = False  # by CSRFMiddleware, if that looks at origins
    forbids_frames: bool = False
    allowed_hosts: tuple[str, ...] = ("*",)
    overrides: str = ""  # the application overrides methods "inside" or "outside" of CSRFMiddleware


PROTECTIONS = {
    # A naive double submit alone, which looks at no origins and no WebSockets.
    "before": Protection({"check_origin": False, "websockets": False}, checks_logins=False),
    "default": Protection(),
    "secret": Protection({"secret": SECRET, "form_field": "csrf_token"}),
    "host_prefix": Protection({"host_prefix": True}, host_prefix=True),
}


@dataclass
class Seen:
    """What the server sees of a request, and its answer: the status and the text."""

    method: str
    path: str
    site: str  # Sec-Fetch-Site
    origin: str
    cookies: list[str]  # their names
    answer: str = ""

    @property
    def has_session(self):
        return "session" in self.cookies or "__Host-session" in self.cookies


class Victim:
    """An ASGI application: the attacked one with a `Protection`, and the pages of the tests."""

    def __init__(self):
        self.page = ""  # the HTML of every /page
        self.page_cookies = ()  # the Set-Cookie values of every /page
        self.round = 0
        self.seen = []
        self._news = threading.Condition()

    def protect(self, protection, sibling):
        """Start again with *protection*. *sibling* is an origin that it may trust."""
        self.app = application(protection, sibling)
        self.forget()

    def forget(self):
        """Begin a new round: what was seen does not count any more, and neither do late reports."""
        with self._news:
            self.round += 1
            self.seen.clear()

    def answered(self, path):
        """Return the first answered request to *path*, once there is one; ``None`` if the page has reported first."""

        def reported():
            return any(each.path == f"/report/{self.round}" for each in self.seen)

        def answered():
            return next((each for each in self.seen if each.path == path and each.method != "OPTIONS"), None)

        with self._news:
            if not self._news.wait_for(lambda: answered() or reported(), browsers.SECONDS):
                raise TimeoutError(f"no request to {path} within {browsers.SECONDS} s: {self.seen}")
            return answered()

    async def __call__(self, scope, receive, send):
        if scope["path"] == "/page":
            await HTMLResponse(self.page, cookies=self.page_cookies)(scope, receive, send)
        elif scope["path"] == "/redirect":
            await Response(b"", 307, {"location": scope["query_string"].decode()})(scope, receive, send)
        elif scope["path"].startswith("/report/"):
            self._record(Seen("POST", scope["path"], "", "", [], "done"))
            await Response(b"")(scope, receive, send)
        else:
            await self._attacked(scope, receive, send)

    async def _attacked(self, scope, receive, send):
        headers = {name.decode(): value.decode("utf-8") for name, value in scope["headers"]}
        seen = Seen(
            scope.get("method", "WebSocket"),
            scope["path"],
            headers.get("sec-fetch-site", "-"),
            headers.get("origin", "-"),
            [pair.partition("=")[0] for pair in headers.get("cookie", "").split("; ")],
        )
        status = 0

        async def recording_send(message):
            nonlocal status
            await send(message)
            status = message.get("status", status)
            if message["type"].endswith("http.response.body"):
                seen.answer = f"{status} {_text_of(message['body'])}"
            elif message["type"] == "websocket.send":
                seen.answer = f"101 {message['text']}"
            elif message["type"] == "websocket.close":
                seen.answer = seen.answer or "403 closed"
            if seen.answer:
                self._record(seen)

        await self.app(scope, receive, recording_send)

    def _record(self, seen):
        with self._news:
            if seen not in self.seen:
                self.seen.append(seen)
            self._news.notify_all()


def _text_of(body):
    try:
        return " ".join(json.loads(body).values())
    except ValueError:
        return body.decode()


def session_of(username, protection):
    """Return a token and its CSRF token."""
    token = create_token(username, "user", SECRET)
    signed = "secret" in protection.csrf
    return token, create_csrf_token(token, SECRET) if signed else secrets.token_urlsafe(32)


def application(protection, sibling):
    """Return the attacked application: an account in cookies, forms, JSON and a WebSocket."""
    auth = Auth(SECRET, host_prefix=protection.host_prefix)
    router = Router()

    def cookies_of(username):
        token, csrf_token = session_of(username, protection)
        return set_session_cookies(
            token,
            csrf_token,
            secure=protection.secure,
            host_prefix=protection.host_prefix,
            samesite=protection.samesite,
            partitioned=protection.partitioned,
        )

    @router.get("/start")
    async def start(request: Request):
        """Log alice in, and show her the page ``?next=``."""
        location = {"location": request.query_params["next"]}
        return Response(b"", 303, location, cookies=cookies_of("alice"))

    @router.post("/login")
    async def login(request: Request):
        """Check a password: in JSON or in a form, whatever the content type says."""
        if protection.checks_logins:
            reject_cross_site(request)
        credentials = request.json if request.body.startswith(b"{") else request.form
        username = credentials["username"]
        if PASSWORDS.get(username) != credentials["password"]:
            raise HTTPError(401, "Invalid credentials")
        return JSONResponse({"detail": f"logged in as {username}"}, cookies=cookies_of(username))

    @router.post("/transfer", deps={"user": auth.current_user})
    async def transfer(user):
        return {"detail": f"done as {user['sub']}"}

    @router.get("/transfer", deps={"user": auth.current_user})
    async def transfers(user):
        return {"detail": "only read"}

    @router.delete("/transfer", deps={"user": auth.current_user})
    async def delete(user):
        return {"detail": f"deleted as {user['sub']}"}

    @router.ws("/socket", deps={"user": auth.current_user})
    async def socket(websocket: WebSocket, user):
        await websocket.accept()
        await websocket.send_text(f"done as {user['sub']}")
        async for _ in websocket:
            pass

    @router.get("/form")
    async def form():
        headers = {"content-security-policy": "frame-ancestors 'none'"} if protection.forbids_frames else {}
        return HTMLResponse(FORM, headers=headers)

    arguments = dict(protection.csrf)
    if protection.trusts_sibling and arguments.get("check_origin", True):
        arguments["trusted_origins"] = [sibling]
    middleware = [lambda app: TrustedHostMiddleware(app, list(protection.allowed_hosts))]
    if protection.allows_sibling:
        middleware.append(
            lambda app: CORSMiddleware(
                app,
                allow_origins=[sibling],
                allow_methods=["GET", "POST"],
                allow_headers=["x-csrf-token"],
                allow_credentials=True,
            )
        )
    middleware.append(lambda app: CSRFMiddleware(app, ["/login"], **arguments))
    if protection.overrides:
        middleware.insert(-1 if protection.overrides == "outside" else len(middleware), MethodOverride)
    return create_app(router, middleware=middleware)
