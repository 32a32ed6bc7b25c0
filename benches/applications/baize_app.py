"""baize, a thin layer over ASGI, with PyJWT. It has no CSRF protection and no rate limit."""

from ..tokens import SECRET


def without_auth():
    from baize.asgi import JSONResponse, request_response

    @request_response
    async def profile(request):
        return JSONResponse({"username": "alice", "role": "admin"})

    return _application(profile)


def with_bearer():
    import jwt
    from baize.asgi import JSONResponse, request_response

    @request_response
    async def profile(request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            user = jwt.decode(token if scheme.lower() == "bearer" else "", SECRET, algorithms=["HS256"])
        except jwt.PyJWTError:
            return JSONResponse({"detail": "Invalid or expired token"}, 401)
        return JSONResponse({"username": user["sub"], "role": user["role"]})

    return _application(profile)


def _application(profile):
    from baize.asgi import Router

    return Router(("/profile", profile))
