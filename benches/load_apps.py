"""The same small application on fastware and on FastAPI, for the benchmark of whole servers."""

import hmac
from contextlib import asynccontextmanager
from typing import Annotated, Any

from checks.samples import SECRET

_PER_SECOND = 1_000_000
"""The rate limit counts every call, and rejects none."""


def fastware():
    """``FASTWARE_ENGINE`` selects the engine."""
    from msgspec import Struct

    from fastware import Router, create_app
    from fastware.auth import CSRFMiddleware, get_current_user, rate_limit

    router = Router()

    class Order(Struct):
        item: str
        quantity: int

    @asynccontextmanager
    async def lifespan(app):
        yield {"config": {"jwt_secret": SECRET, "allow_query_token": False}}

    @router.get("/status")
    async def status():
        return {"status": "ok"}

    @router.get("/profile", deps={"user": get_current_user})
    async def profile(user):
        return {"username": user["sub"], "role": user["role"]}

    @router.post("/orders", deps={"user": get_current_user})
    @rate_limit(f"{_PER_SECOND}/second")
    async def order(request, user):
        order = request.decode(Order)
        return {"username": user["sub"], "item": order.item, "quantity": order.quantity}

    return create_app(router, middleware=[CSRFMiddleware], lifespan=lifespan)


def fastapi():
    """FastAPI with PyJWT as its documentation shows it, and with its own code for the parts that fastware includes.

    The slower common choices, BaseHTTPMiddleware and slowapi, are avoided.
    """
    import jwt
    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.responses import JSONResponse
    from pydantic import BaseModel
    from starlette.requests import cookie_parser

    from benches.by_hand import DictBuckets

    app, buckets = FastAPI(), DictBuckets(_PER_SECOND, 1)

    class Order(BaseModel):
        item: str
        quantity: int

    class CSRFMiddleware:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
                headers = dict(scope["headers"])
                cookies = cookie_parser(headers.get(b"cookie", b"").decode("latin-1"))
                expected = cookies.get("csrf_token", "").encode("latin-1")
                if not expected or not hmac.compare_digest(expected, headers.get(b"x-csrf-token", b"")):
                    await JSONResponse({"detail": "CSRF token mismatch"}, 403)(scope, receive, send)
                    return
            await self.app(scope, receive, send)

    app.add_middleware(CSRFMiddleware)

    async def current_user(request: Request) -> dict[str, Any]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.cookies.get("session", "")
        try:
            return jwt.decode(token, SECRET, algorithms=["HS256"])
        except jwt.PyJWTError:
            headers = {"WWW-Authenticate": "Bearer"}
            raise HTTPException(401, "Invalid or expired token", headers) from None

    async def limit_rate(request: Request) -> None:
        wait = buckets.take(request.client.host if request.client else "unknown")
        if wait:
            raise HTTPException(429, "Rate limit exceeded", {"Retry-After": str(wait)})

    user_of_request = Annotated[dict[str, Any], Depends(current_user)]

    @app.get("/status")
    async def status():
        return {"status": "ok"}

    @app.get("/profile")
    async def profile(user: user_of_request):
        return {"username": user["sub"], "role": user["role"]}

    @app.post("/orders", dependencies=[Depends(limit_rate)])
    async def order(order: Order, user: user_of_request):
        return {"username": user["sub"], "item": order.item, "quantity": order.quantity}

    return app
