"""Log in, read your profile, and open a page for admins only.

Create a user and a secret, then start one of the two servers:

    python -c "from examples.jwt_auth import user_store; user_store.create_user('ada', 'a password', 'admin')"
    export JWT_SECRET=$(python -c "import secrets; print(secrets.token_urlsafe(32))")
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
    """Yield the state that every request has as ``request.state``."""
    jwt_secret = os.environ.get("JWT_SECRET")
    if not jwt_secret:
        # Do not create a random secret here: each worker would reject the tokens of the others.
        raise RuntimeError(
            'JWT_SECRET is not set. Create a secret: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    yield {"config": {"jwt_secret": jwt_secret}}


@router.post("/login")
async def login(request):
    """Check the password; return a token and set the session cookies."""
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
    """Delete the session cookies."""
    return JSONResponse({"message": "Logged out"}, cookies=clear_session_cookies())


@router.get("/profile", deps={"user": get_current_user})
async def profile(request, user):
    """Return the profile of the user."""
    return {"username": user["sub"], "role": user["role"]}


@router.get("/admin", deps={"user": require_role("admin")})
async def admin_dashboard(request, user):
    """Greet an admin; any other role gets a 403."""
    return {"message": f"Welcome, admin {user['sub']}"}


app = create_app(
    router,
    middleware=[
        lambda app: CSRFMiddleware(app, exempt_paths=["/login"]),
    ],
    lifespan=lifespan,
)
