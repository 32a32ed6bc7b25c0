"""What users call, on the engine that the environment chooses: the Python code above an engine is counted here."""

from types import SimpleNamespace

from benches.instructions.clock import STOPPED_AT
from benches.instructions.drive import asgi_call, drive
from benches.instructions.job import Job
from benches.requests import BROWSER_HEADERS, cookie_header, each_scope
from benches.tokens import CLAIMS, LIFETIME, SECRET, signed

_CSRF_TOKEN = "q3mXz0oN8yK5vT2rB7wL4sJ1hG6fD9aP"
_HEADERS = BROWSER_HEADERS[:12]


def jobs():
    from fastware import auth

    token = signed({**CLAIMS, "iat": STOPPED_AT, "exp": STOPPED_AT + LIFETIME})
    yield _rate_limited(auth)
    yield _csrf(auth)
    yield _profile(token)


def _rate_limited(auth):
    @auth.rate_limit("1000000000/hour")
    async def search(request):
        return 3

    request = SimpleNamespace(scope={"client": ("203.0.113.7", 50000)})
    return Job("rate-limited handler", lambda: drive(search(request)), 3)


def _csrf(auth):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})

    cookies = (b"cookie", cookie_header(4, 300, "csrf_token", _CSRF_TOKEN))
    headers = [*_HEADERS, cookies, (b"x-csrf-token", _CSRF_TOKEN.encode("ascii"))]
    call = asgi_call(auth.CSRFMiddleware(app), each_scope("POST", "/basket", headers)())
    return Job("CSRF middleware, POST", lambda: call()[0]["status"], 204, 100)


def _profile(token):
    from fastware import Router, auth, create_app

    router = Router()

    @router.get("/profile", deps={"user": auth.get_current_user})
    async def profile(request, user):
        return {"username": user["sub"], "role": user["role"]}

    headers = [*_HEADERS, (b"authorization", b"Bearer " + token.encode("ascii"))]
    scope = each_scope("GET", "/profile", headers, state={"config": {"jwt_secret": SECRET}})()
    call = asgi_call(create_app(router), scope)
    return Job("request, GET /profile", lambda: call()[1]["body"], b'{"username":"alice","role":"admin"}', 100)
