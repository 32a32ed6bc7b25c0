"""The same on FastAPI with PyJWT, as its documentation has it: what fastware brings is written by hand here."""

import hmac
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import cookie_parser

from benches.by_hand import DictBuckets

from .settings import A_SECOND, SECRET

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))

app = FastAPI()
buckets = DictBuckets(A_SECOND, 1)


class CSRFMiddleware:
    """The double-submit cookie, in plain ASGI: Starlette's BaseHTTPMiddleware would cost more."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
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
    """Count in a dict: slowapi, the usual choice, does the same by way of limits, and costs more."""
    wait = buckets.take(request.client.host if request.client else "unknown")
    if wait:
        raise HTTPException(429, "Rate limit exceeded", {"Retry-After": str(wait)})


User = Annotated[dict[str, Any], Depends(current_user)]


class Order(BaseModel):
    item: str
    quantity: int


@app.get("/status")
async def status():
    return {"status": "ok"}


@app.get("/profile")
async def profile(user: User):
    return {"username": user["sub"], "role": user["role"]}


@app.post("/orders", dependencies=[Depends(limit_rate)])
async def order(order: Order, user: User):
    return {"username": user["sub"], "item": order.item, "quantity": order.quantity}
