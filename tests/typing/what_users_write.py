"""Checked by mypy, not run: typed code of users passes the strict checks, and what is wrong does not."""

from typing import Any

from fastware import App, JSONResponse, Request, Router, create_app
from fastware.auth import (
    CSRFMiddleware,
    JSONFileUserStore,
    create_token,
    get_current_user,
    rate_limit,
    require_role,
    set_session_cookies,
    verify_token,
)

router = Router()
store = JSONFileUserStore("users.json")


@router.post("/login")
@rate_limit("5/minute", key_func=lambda request: str(request.json["username"]))
async def login(request: Request) -> JSONResponse:
    user = store.find_user(request.json["username"])
    assert user is not None
    token: str = create_token(user["username"], user["role"], ["new secret", "old secret"])
    claims: dict[str, Any] | None = verify_token(token, b"secret", leeway=5)
    return JSONResponse(claims, cookies=set_session_cookies(token, "csrf", secure=True))


@router.get("/profile", deps={"user": get_current_user, "admin": require_role("admin", "root")})
async def profile(request: Request, user: dict[str, Any]) -> dict[str, Any]:
    return user


app: App = create_app(router, middleware=[CSRFMiddleware, lambda app: CSRFMiddleware(app, exempt_paths=["/login"])])

create_token("ada", "admin", 5)  # type: ignore[arg-type]
rate_limit(5)  # type: ignore[arg-type]
set_session_cookies("token", "csrf", True)  # type: ignore[call-arg]
