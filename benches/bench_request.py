"""A whole request: GET /profile with a Bearer token, from the ASGI scope to the response."""

import engines

from .contenders import on_both_engines
from .drive import asgi_call, ask_for_response
from .job import Job, each_contender
from .requests import BROWSER_HEADERS, http_scope
from .tokens import CLAIMS, SECRET, forged, signed


def _fastware(engine, scope):
    package = engines.load(engine)
    router = package.Router()

    @router.get("/profile", deps={"user": package.auth.get_current_user})
    async def profile(request, user):
        return {"username": user["sub"], "role": user["role"]}

    return asgi_call(package.create_app(router), scope)


def _starlette(scope):
    import jwt
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def profile(request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return JSONResponse({"detail": "Not authenticated"}, 401)
        try:
            user = jwt.decode(token, request.state.config["jwt_secret"], algorithms=["HS256"])
        except jwt.PyJWTError:
            return JSONResponse({"detail": "Invalid or expired token"}, 401)
        return JSONResponse({"username": user["sub"], "role": user["role"]})

    return asgi_call(Starlette(routes=[Route("/profile", profile)]), scope)


def _job(title, token, *expected):
    headers = [*BROWSER_HEADERS[:12], (b"authorization", b"Bearer " + token.encode("ascii"))]
    scope = http_scope("GET", "/profile", headers) | {"state": {"config": {"jwt_secret": SECRET}}}
    contenders = {**on_both_engines(_fastware), "Starlette + PyJWT": _starlette}
    return Job(f"request: {title}", contenders, (scope,), expected, trial=ask_for_response)


JOBS = (
    _job("valid token", signed(CLAIMS), 200, b"application/json", {"username": "alice", "role": "admin"}),
    _job("forged token", forged(signed(CLAIMS)), 401, b"application/json", {"detail": "Invalid or expired token"}),
)


@each_contender(*JOBS)
def test_request(time_contender):
    time_contender()
