"""The same small application on fastware and on other frameworks, as their documentation shows it.

Each class has these methods, as far as the framework supports them:

``without_auth()``
    ``GET /profile`` returns a constant.
``with_bearer()``
    ``GET /profile`` returns the name and role of the user whose token is sent as ``Authorization: Bearer``.
``guarded()``
    ``POST /profile`` does so for the token in the cookie ``session``, behind CSRF protection and a rate limit that is
    never reached. It returns the application and a CSRF token that it accepts.
"""

from typing import Annotated, Any

import engines
from checks.samples import CSRF_TOKEN, SECRET

from benches import csrf_peers
from benches.timing import run

_RATE = 10**9
_CSRF_NAMES = {"cookie_name": csrf_peers.COOKIE, "header_name": csrf_peers.HEADER}
_PROFILE = {"username": "alice", "role": "admin"}


def _profile_of(user):
    return {"username": user["sub"], "role": user["role"]}


def _decoded(token):
    """Return the claims, or ``None`` if PyJWT rejects the token."""
    import jwt

    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        return None


def _token_in(authorization):
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


class Fastware:
    def __init__(self, engine):
        self._engine = engine

    def without_auth(self):
        package = engines.load(self._engine)
        router = package.Router()

        @router.get("/profile")
        async def profile(request):
            return {"username": "alice", "role": "admin"}

        return package.create_app(router)

    def with_bearer(self):
        package = engines.load(self._engine)
        router = package.Router()

        @router.get("/profile", deps={"user": package.auth.get_current_user})
        async def profile(request, user):
            return {"username": user["sub"], "role": user["role"]}

        return package.create_app(router)

    def guarded(self):
        package = engines.load(self._engine)
        router = package.Router()

        @router.post("/profile", deps={"user": package.auth.get_current_user})
        @package.auth.rate_limit(f"{_RATE}/hour")
        async def profile(request, user):
            return {"username": user["sub"], "role": user["role"]}

        return package.create_app(router, middleware=[package.auth.CSRFMiddleware]), CSRF_TOKEN


class Starlette:
    """With PyJWT, starlette-csrf and slowapi."""

    def without_auth(self):
        from starlette.responses import JSONResponse

        async def profile(request):
            return JSONResponse(_PROFILE)

        return self._application(profile, "GET")

    def with_bearer(self):
        async def profile(request):
            return self._respond(_decoded(_token_in(request.headers.get("authorization", ""))))

        return self._application(profile, "GET")

    def guarded(self):
        from slowapi import Limiter
        from slowapi.util import get_remote_address
        from starlette.middleware import Middleware
        from starlette_csrf import CSRFMiddleware

        limiter = Limiter(key_func=get_remote_address)

        @limiter.limit(f"{_RATE}/hour")
        async def profile(request):
            return self._respond(_decoded(request.cookies.get("session", "")))

        app = self._application(profile, "POST", [Middleware(CSRFMiddleware, csrf_peers.SECRET, **_CSRF_NAMES)])
        app.state.limiter = limiter
        return app, csrf_peers.starlette_csrf(app).token

    def _application(self, endpoint, method, middleware=()):
        from starlette.applications import Starlette
        from starlette.routing import Route

        return Starlette(routes=[Route("/profile", endpoint, methods=[method])], middleware=list(middleware))

    def _respond(self, user):
        from starlette.responses import JSONResponse

        return JSONResponse(_profile_of(user)) if user else JSONResponse({"detail": "Invalid or expired token"}, 401)


class FastAPI:
    """With PyJWT, starlette-csrf and slowapi."""

    def without_auth(self):
        app = self._application()

        @app.get("/profile")
        async def profile():
            return _PROFILE

        return app

    def with_bearer(self):
        from fastapi import Depends
        from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

        app = self._application()

        async def current_user(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):
            return self._user_of(credentials.credentials)

        @app.get("/profile")
        async def profile(user: Annotated[dict[str, Any], Depends(current_user)]):
            return _profile_of(user)

        return app

    def guarded(self):
        from fastapi import Cookie, Depends, Request
        from slowapi import Limiter
        from slowapi.util import get_remote_address
        from starlette_csrf import CSRFMiddleware

        app = self._application()
        app.state.limiter = limiter = Limiter(key_func=get_remote_address)
        app.add_middleware(CSRFMiddleware, secret=csrf_peers.SECRET, **_CSRF_NAMES)

        async def current_user(session: Annotated[str, Cookie()] = ""):
            return self._user_of(session)

        @app.post("/profile")
        @limiter.limit(f"{_RATE}/hour")
        async def profile(request: Request, user: Annotated[dict[str, Any], Depends(current_user)]):
            return _profile_of(user)

        return app, csrf_peers.starlette_csrf(app).token

    def _application(self):
        from fastapi import FastAPI

        return FastAPI(openapi_url=None)

    def _user_of(self, token):
        from fastapi import HTTPException

        user = _decoded(token)
        if user is None:
            raise HTTPException(401, "Invalid or expired token")
        return user


class Litestar:
    """With its own JWT authentication, CSRF protection and rate limit."""

    def without_auth(self):
        from litestar import get

        @get("/profile")
        async def profile() -> dict[str, str]:
            return _PROFILE

        return self._application(profile)

    def with_bearer(self):
        from litestar import Request, get
        from litestar.security.jwt import JWTAuth, Token

        @get("/profile")
        async def profile(request: Request[dict[str, Any], Token, Any]) -> dict[str, str]:
            return request.user

        auth = JWTAuth[dict](retrieve_user_handler=_retrieve_user, token_secret=SECRET)
        return self._application(profile, on_app_init=[auth.on_app_init])

    def guarded(self):
        from litestar import Request, post
        from litestar.config.csrf import CSRFConfig
        from litestar.middleware.csrf import generate_csrf_token
        from litestar.middleware.rate_limit import RateLimitConfig
        from litestar.security.jwt import JWTCookieAuth, Token

        @post("/profile", status_code=200)
        async def profile(request: Request[dict[str, Any], Token, Any]) -> dict[str, str]:
            return request.user

        auth = JWTCookieAuth[dict](retrieve_user_handler=_retrieve_user, token_secret=SECRET, key="session")
        app = self._application(
            profile,
            on_app_init=[auth.on_app_init],
            csrf_config=CSRFConfig(csrf_peers.SECRET, **_CSRF_NAMES),
            middleware=[RateLimitConfig(("hour", _RATE)).middleware],
        )
        return app, generate_csrf_token(csrf_peers.SECRET)

    def _application(self, handler, **options):
        from litestar import Litestar

        return Litestar([handler], openapi_config=None, logging_config=None, **options)


async def _retrieve_user(token, connection) -> dict[str, Any]:
    return {"username": token.sub, "role": token.extras["role"]}


class Falcon:
    """With PyJWT. It has neither CSRF protection nor a rate limit."""

    def without_auth(self):
        class Profile:
            async def on_get(self, request, response):
                response.media = _PROFILE

        return self._application(Profile())

    def with_bearer(self):
        import falcon

        class Profile:
            async def on_get(self, request, response):
                user = _decoded(_token_in(request.auth or ""))
                if user is None:
                    raise falcon.HTTPUnauthorized(description="Invalid or expired token")
                response.media = _profile_of(user)

        return self._application(Profile())

    def _application(self, resource):
        from falcon.asgi import App

        app = App()
        app.add_route("/profile", resource)
        return app


class BlackSheep:
    """With PyJWT. Its CSRF protection is for forms, and it has no rate limit."""

    def without_auth(self):
        app = self._application()

        @app.router.get("/profile")
        async def profile(request):
            return _PROFILE

        run(app.start())
        return app

    def with_bearer(self):
        from blacksheep import json

        app = self._application()

        @app.router.get("/profile")
        async def profile(request):
            user = _decoded(_token_in((request.get_first_header(b"authorization") or b"").decode("ascii")))
            return json(_profile_of(user)) if user else json({"detail": "Invalid or expired token"}, 401)

        run(app.start())
        return app

    def _application(self):
        from blacksheep import Application, Router

        return Application(router=Router())


class Baize:
    """A thin layer over ASGI, with PyJWT. It has neither CSRF protection nor a rate limit."""

    def without_auth(self):
        from baize.asgi import JSONResponse, Router, request_response

        @request_response
        async def profile(request):
            return JSONResponse(_PROFILE)

        return Router(("/profile", profile))

    def with_bearer(self):
        from baize.asgi import JSONResponse, Router, request_response

        @request_response
        async def profile(request):
            user = _decoded(_token_in(request.headers.get("authorization", "")))
            return JSONResponse(_profile_of(user)) if user else JSONResponse({"detail": "Invalid token"}, 401)

        return Router(("/profile", profile))
