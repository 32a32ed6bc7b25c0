"""BlackSheep with PyJWT. Its CSRF protection is bound to forms, and it has no rate limit."""

from ..call import run
from ..tokens import SECRET


def without_auth():
    app = _application()

    @app.router.get("/profile")
    async def profile(request):
        return {"username": "alice", "role": "admin"}

    return _started(app)


def with_bearer():
    import jwt
    from blacksheep import json

    app = _application()

    @app.router.get("/profile")
    async def profile(request):
        scheme, _, token = (request.get_first_header(b"authorization") or b"").decode("ascii").partition(" ")
        try:
            user = jwt.decode(token if scheme.lower() == "bearer" else "", SECRET, algorithms=["HS256"])
        except jwt.PyJWTError:
            return json({"detail": "Invalid or expired token"}, 401)
        return json({"username": user["sub"], "role": user["role"]})

    return _started(app)


def _application():
    from blacksheep import Application, Router

    return Application(router=Router())


def _started(app):
    run(app.start())
    return app
