"""Starlette with PyJWT; starlette-csrf and slowapi where they are needed."""

from .. import csrf_peers
from ..tokens import SECRET
from .guarded import RATE, Guarded


def without_auth():
    from starlette.responses import JSONResponse

    async def profile(request):
        return JSONResponse({"username": "alice", "role": "admin"})

    return _application(profile, ["GET"])


def with_bearer():
    async def profile(request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return _profile_of(token if scheme.lower() == "bearer" else "")

    return _application(profile, ["GET"])


def guarded():
    from slowapi import Limiter
    from slowapi.util import get_remote_address
    from starlette.middleware import Middleware
    from starlette_csrf import CSRFMiddleware

    limiter = Limiter(key_func=get_remote_address)

    @limiter.limit(f"{RATE}/hour")
    async def profile(request):
        return _profile_of(request.cookies.get("session", ""))

    names = {"cookie_name": csrf_peers.COOKIE, "header_name": csrf_peers.HEADER}
    app = _application(profile, ["POST"], [Middleware(CSRFMiddleware, csrf_peers.SECRET, **names)])
    app.state.limiter = limiter
    return Guarded(app, csrf_peers.starlette_csrf(app).token)


def _application(endpoint, methods, middleware=()):
    from starlette.applications import Starlette
    from starlette.routing import Route

    return Starlette(routes=[Route("/profile", endpoint, methods=methods)], middleware=list(middleware))


def _profile_of(token):
    import jwt
    from starlette.responses import JSONResponse

    try:
        user = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        return JSONResponse({"detail": "Invalid or expired token"}, 401)
    return JSONResponse({"username": user["sub"], "role": user["role"]})
