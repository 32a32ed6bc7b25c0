"""Litestar with its own JWT authentication, CSRF protection and rate limit."""

from typing import Any

from .. import csrf_peers
from ..tokens import SECRET
from .guarded import RATE, Guarded


def without_auth():
    from litestar import get

    @get("/profile")
    async def profile() -> dict[str, str]:
        return {"username": "alice", "role": "admin"}

    return _application(profile)


def with_bearer():
    from litestar import Request, get
    from litestar.security.jwt import JWTAuth, Token

    @get("/profile")
    async def profile(request: Request[dict[str, Any], Token, Any]) -> dict[str, str]:
        return request.user

    auth = JWTAuth[dict](retrieve_user_handler=_retrieve_user, token_secret=SECRET)
    return _application(profile, on_app_init=[auth.on_app_init])


def guarded():
    from litestar import Request, post
    from litestar.config.csrf import CSRFConfig
    from litestar.middleware.csrf import generate_csrf_token
    from litestar.middleware.rate_limit import RateLimitConfig
    from litestar.security.jwt import JWTCookieAuth, Token

    @post("/profile", status_code=200)
    async def profile(request: Request[dict[str, Any], Token, Any]) -> dict[str, str]:
        return request.user

    auth = JWTCookieAuth[dict](retrieve_user_handler=_retrieve_user, token_secret=SECRET, key="session")
    app = _application(
        profile,
        on_app_init=[auth.on_app_init],
        csrf_config=CSRFConfig(csrf_peers.SECRET, cookie_name=csrf_peers.COOKIE, header_name=csrf_peers.HEADER),
        middleware=[RateLimitConfig(("hour", RATE)).middleware],
    )
    return Guarded(app, generate_csrf_token(csrf_peers.SECRET))


async def _retrieve_user(token, connection) -> dict[str, Any]:
    return {"username": token.sub, "role": token.extras["role"]}


def _application(handler, **options):
    from litestar import Litestar

    return Litestar([handler], openapi_config=None, logging_config=None, **options)
