"""JWT authentication on a route: log in, read the profile, and an admin-only page.

Make a user, then serve it with either server:

    python -c "from examples.jwt_auth import user_store; user_store.create_user('ada', 'a password', 'admin')"
    granian --interface asgi examples.jwt_auth:app
    uvicorn examples.jwt_auth:app
"""

import os
import secrets
from contextlib import asynccontextmanager

from fastware import HTTPError, JSONResponse, Router, create_app
from fastware.auth import (
    CSRFMiddleware,
    JSONFileUserStore,
    clear_session_cookies,
    create_token,
    get_current_user,
    require_role,
    set_session_cookies,
    verify_password,
)

user_store = JSONFileUserStore(os.environ.get("USERS_FILE", "users.json"))
router = Router()


@asynccontextmanager
async def lifespan(app):
    """Yield what requests find in ``request.state``."""
    # Without JWT_SECRET the tokens end with the process, and several workers would not know each other's.
    yield {"config": {"jwt_secret": os.environ.get("JWT_SECRET") or secrets.token_urlsafe(32)}}


@router.post("/login")
async def login(request):
    """Authenticate a user and return a JWT token with session cookies."""
    data = request.json
    username = data["username"]
    password = data["password"]

    user = user_store.find_user(username)
    if not user or not verify_password(password, user["password_hash"]):
        raise HTTPError(401, "Invalid credentials")

    jwt_secret = request.state["config"]["jwt_secret"]
    token = create_token(username, user["role"], jwt_secret)
    csrf_token = secrets.token_urlsafe(32)

    return JSONResponse(
        {"token": token, "username": username},
        cookies=set_session_cookies(token, csrf_token),
    )


@router.post("/logout")
async def logout(request):
    """End the browser session: the cookies go."""
    return JSONResponse({"message": "Logged out"}, cookies=clear_session_cookies())


@router.get("/profile", deps={"user": get_current_user})
async def profile(request, user):
    """Return the authenticated user's profile."""
    return {"username": user["sub"], "role": user["role"]}


@router.get("/admin", deps={"user": require_role("admin")})
async def admin_dashboard(request, user):
    """Admin-only endpoint using role-based access control."""
    return {"message": f"Welcome, admin {user['sub']}"}


app = create_app(
    router,
    middleware=[
        lambda app: CSRFMiddleware(app, exempt_paths=["/login"]),
    ],
    lifespan=lifespan,
)
