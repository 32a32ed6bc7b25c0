"""fastware, on the engine that is asked for."""

import engines

from ..csrf_peers import with_plain_token
from .guarded import RATE, Guarded


def without_auth(engine):
    package = engines.load(engine)
    router = package.Router()

    @router.get("/profile")
    async def profile(request):
        return {"username": "alice", "role": "admin"}

    return package.create_app(router)


def with_bearer(engine):
    package = engines.load(engine)
    router = package.Router()

    @router.get("/profile", deps={"user": package.auth.get_current_user})
    async def profile(request, user):
        return {"username": user["sub"], "role": user["role"]}

    return package.create_app(router)


def guarded(engine):
    package = engines.load(engine)
    router = package.Router()

    @router.post("/profile", deps={"user": package.auth.get_current_user})
    @package.auth.rate_limit(f"{RATE}/hour")
    async def profile(request, user):
        return {"username": user["sub"], "role": user["role"]}

    app = package.create_app(router, middleware=[package.auth.CSRFMiddleware])
    return Guarded(app, with_plain_token(package.auth.CSRFMiddleware, app).token)
