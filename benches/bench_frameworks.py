"""What a check of the user adds to a request of FastAPI, Starlette and Litestar, over a dependency that does nothing.

Each application has one route: FastAPI tries the routes one after another. The package runs on the engine that it is
imported with: Litestar looks up the modules of dependencies by name.
"""

from functools import partial
from typing import Annotated, Any

from checks.samples import BROWSER_HEADERS, CLAIMS, SECRET, bearer, scope_maker, signed

from benches.exchange import exchange, read_response
from benches.jobs import PYTHON, RUST, Job, each_contender
from fastware import auth

_OURS = RUST if auth.ENGINE == "rust" else PYTHON
_PROFILE = (200, b"application/json", {"username": "alice", "role": "admin"})
_USER = {"sub": "alice", "role": "admin"}
_HEADERS = [*BROWSER_HEADERS[:12], bearer(signed(CLAIMS))]
_SCOPE = scope_maker("GET", "/profile", _HEADERS, state={"config": {"jwt_secret": SECRET}})


def _adds(app, baseline):
    return exchange(app, _SCOPE, baseline=baseline)


def _decoded(token):
    import jwt

    return jwt.decode(token, SECRET, algorithms=["HS256"])


def _profile_of(user):
    return {"username": user["sub"], "role": user["role"]}


# FastAPI


def _fastapi(dependency):
    from fastapi import Depends, FastAPI

    app = FastAPI(openapi_url=None)

    @app.get("/profile")
    async def profile(user: Annotated[dict[str, Any], Depends(dependency)]):
        return _profile_of(user)

    return app


def _nothing(depth):
    """Return a dependency that does nothing, on *depth* more of them."""
    from fastapi import Depends
    from starlette.requests import HTTPConnection

    async def first(connection: HTTPConnection):
        return _USER

    async def second(user: Annotated[dict[str, Any], Depends(first)]):
        return user

    return second if depth else first


def _of_fastapi(make_dependency, depth=0):
    return _adds(_fastapi(make_dependency()), _fastapi(_nothing(depth)))


def _of_fastapi_without_lifespan():
    app = _fastapi(auth.get_current_user)
    app.state.config = {"auth": auth.Auth(SECRET)}
    make_scope = scope_maker("GET", "/profile", _HEADERS, state={})
    return exchange(app, make_scope, baseline=_fastapi(_nothing(0)))


def _get_current_user():
    return auth.get_current_user


def _require_role():
    return auth.require_role("admin")


def _current_user_of_settings():
    return auth.Auth(SECRET).current_user


def _of_integration(make):
    from fastware.integrations import fastapi

    return make(fastapi)


def _depends_of(annotation):
    return annotation.__metadata__[0].dependency


def _http_bearer(is_async):
    from fastapi import Depends
    from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

    credentials = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]

    async def in_event_loop(credentials: credentials):
        return _decoded(credentials.credentials)

    def in_thread(credentials: credentials):
        return _decoded(credentials.credentials)

    return in_event_loop if is_async else in_thread


_PEERS = {
    "HTTPBearer + PyJWT, async": partial(_of_fastapi, partial(_http_bearer, True)),
    "HTTPBearer + PyJWT, def": partial(_of_fastapi, partial(_http_bearer, False)),
}
_current_user = partial(_of_integration, lambda module: _depends_of(module.CurrentUser))
_role_of_integration = partial(_of_integration, lambda module: module.require_role("admin"))
_explicit_user = partial(_of_integration, lambda module: module.FastAPIAuth(auth.Auth(SECRET)).current_user)


# Starlette


def _starlette(backend):
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.authentication import AuthenticationMiddleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def profile(request):
        return JSONResponse({"username": request.user.display_name, "role": request.auth.scopes[1]})

    return Starlette(
        routes=[Route("/profile", profile)], middleware=[Middleware(AuthenticationMiddleware, backend=backend)]
    )


def _backend(identify):
    from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser

    class Backend(AuthenticationBackend):
        async def authenticate(self, conn):
            claims = identify(conn)
            return AuthCredentials(["authenticated", claims["role"]]), SimpleUser(claims["sub"])

    return Backend()


def _of_starlette(make_backend):
    return _adds(_starlette(make_backend()), _starlette(_backend(lambda connection: _USER)))


def _our_backend():
    from fastware.integrations.starlette import AuthBackend

    return AuthBackend()


def _pyjwt_backend():
    return _backend(lambda connection: _decoded(connection.headers["authorization"].partition(" ")[2]))


# Litestar


def _litestar(handler, **options):
    from litestar import Litestar

    return Litestar([handler], openapi_config=None, logging_config=None, **options)


def _litestar_of_user(**options):
    from litestar import get

    @get("/profile")
    async def profile(user: dict[str, Any]) -> dict[str, str]:
        return _profile_of(user)

    return _litestar(profile, **options)


def _of_litestar(**options):
    from litestar.di import Provide
    from litestar.types import Scope

    async def nothing(scope: Scope) -> dict[str, Any]:
        return _USER

    return _adds(_litestar_of_user(**options), _litestar_of_user(dependencies={"user": Provide(nothing)}))


def _our_plugin():
    from fastware.integrations.litestar import AuthPlugin

    return _of_litestar(plugins=[AuthPlugin(auth.Auth(SECRET))])


def _our_provider():
    from litestar.di import Provide

    return _of_litestar(dependencies={"user": Provide(auth.get_current_user)})


def _its_jwt_auth():
    """Over an application without any user: its authentication is a middleware."""
    from litestar import Request, get
    from litestar.security.jwt import JWTAuth, Token

    @get("/profile")
    async def profile(request: Request[dict[str, Any], Token, Any]) -> dict[str, str]:
        return request.user

    @get("/profile")
    async def without() -> dict[str, str]:
        return {"username": "alice", "role": "admin"}

    async def user_of(token: Token, connection: Any) -> dict[str, Any]:
        return {"username": token.sub, "role": token.extras["role"]}

    jwt_auth = JWTAuth[dict](retrieve_user_handler=user_of, token_secret=SECRET)
    return _adds(_litestar(profile, on_app_init=[jwt_auth.on_app_init]), _litestar(without))


def _job(title, contenders, goal):
    return Job(title, contenders, (), _PROFILE, read_response, goal)


JOBS = (
    _job("FastAPI: Depends(get_current_user)", {_OURS: partial(_of_fastapi, _get_current_user), **_PEERS}, 2),
    _job("FastAPI: Depends(get_current_user), app.state", {_OURS: _of_fastapi_without_lifespan}, 2),
    _job("FastAPI: CurrentUser", {_OURS: partial(_of_fastapi, _current_user), **_PEERS}, 2),
    _job("FastAPI: FastAPIAuth(...).current_user", {_OURS: partial(_of_fastapi, _explicit_user)}, 2),
    _job("FastAPI: Depends(auth.current_user)", {_OURS: partial(_of_fastapi, _current_user_of_settings)}, 2),
    _job("FastAPI: Depends(require_role(...))", {_OURS: partial(_of_fastapi, _require_role, 1)}, 2.5),
    _job("FastAPI: require_role of the integration", {_OURS: partial(_of_fastapi, _role_of_integration, 1)}, 2.5),
    _job(
        "Starlette: AuthBackend",
        {_OURS: partial(_of_starlette, _our_backend), "PyJWT": partial(_of_starlette, _pyjwt_backend)},
        2,
    ),
    _job("Litestar: AuthPlugin", {_OURS: _our_plugin, "its JWT auth": _its_jwt_auth}, 2),
    _job("Litestar: Provide(get_current_user)", {_OURS: _our_provider, "its JWT auth": _its_jwt_auth}, 2),
)


@each_contender(*JOBS)
def test_frameworks(time_contender):
    time_contender()
