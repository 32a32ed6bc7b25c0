"""Falcon with PyJWT. It has no CSRF protection and no rate limit."""

from ..tokens import SECRET


def without_auth():
    class Profile:
        async def on_get(self, request, response):
            response.media = {"username": "alice", "role": "admin"}

    return _application(Profile())


def with_bearer():
    import falcon
    import jwt

    class Profile:
        async def on_get(self, request, response):
            scheme, _, token = (request.auth or "").partition(" ")
            try:
                user = jwt.decode(token if scheme.lower() == "bearer" else "", SECRET, algorithms=["HS256"])
            except jwt.PyJWTError:
                raise falcon.HTTPUnauthorized(description="Invalid or expired token") from None
            response.media = {"username": user["sub"], "role": user["role"]}

    return _application(Profile())


def _application(resource):
    from falcon.asgi import App

    app = App()
    app.add_route("/profile", resource)
    return app
