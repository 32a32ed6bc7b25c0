"""FastAPI with PyJWT and its own dependencies; starlette-csrf and slowapi where they are needed."""

from typing import Annotated, Any

from .. import csrf_peers
from ..tokens import SECRET
from .guarded import RATE, Guarded


def without_auth():
    app = _application()

    @app.get("/profile")
    async def profile():
        return {"username": "alice", "role": "admin"}

    return app


def with_bearer():
    from fastapi import Depends
    from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

    app = _application()

    async def current_user(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):
        return _user_of(credentials.credentials)

    @app.get("/profile")
    async def profile(user: Annotated[dict[str, Any], Depends(current_user)]):
        return {"username": user["sub"], "role": user["role"]}

    return app


def guarded():
    from fastapi import Cookie, Depends, Request
    from slowapi import Limiter
    from slowapi.util import get_remote_address
    from starlette_csrf import CSRFMiddleware

    app = _application()
    app.state.limiter = limiter = Limiter(key_func=get_remote_address)
    app.add_middleware(
        CSRFMiddleware,
        secret=csrf_peers.SECRET,
        cookie_name=csrf_peers.COOKIE,
        header_name=csrf_peers.HEADER,
    )

    async def current_user(session: Annotated[str, Cookie()] = ""):
        return _user_of(session)

    @app.post("/profile")
    @limiter.limit(f"{RATE}/hour")
    async def profile(request: Request, user: Annotated[dict[str, Any], Depends(current_user)]):
        return {"username": user["sub"], "role": user["role"]}

    return Guarded(app, csrf_peers.starlette_csrf(app).token)


def _application():
    from fastapi import FastAPI

    return FastAPI(openapi_url=None)


def _user_of(token):
    import jwt
    from fastapi import HTTPException

    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401, "Invalid or expired token") from None
