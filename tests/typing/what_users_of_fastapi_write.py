"""Typed code of users of FastAPI, like ``what_users_write.py``. It is not run."""

from typing import Annotated, Any, assert_type

from fastapi import APIRouter, Depends, FastAPI

from fastware.auth import Auth, JSONFileUserStore, get_current_user
from fastware.integrations.fastapi import CurrentUser, FastAPIAuth, describe, login_route, require_role

auth = Auth("a secret of at least 32 bytes for tests")
api = FastAPIAuth(auth, token_url="login")
User = Annotated[dict[str, Any], Depends(api.current_user)]
Admin = Annotated[dict[str, Any], Depends(api.require_role("admin", "editor"))]

app = FastAPI()
router: APIRouter = login_route(auth, JSONFileUserStore("users.json"))
login_route(auth, JSONFileUserStore("users.json"), max_age="exp", csrf_secret=["a", b"b"], secure=True, samesite="none")
app.include_router(router, prefix="/api")
describe(app)
describe(app, host_prefix=True)


@app.get("/", dependencies=[Depends(require_role("admin"))])
async def handler(user: CurrentUser, same: User, admin: Admin) -> str:
    assert_type(user, dict[str, Any])
    assert_type(same, dict[str, Any])
    assert_type(admin, dict[str, Any])
    name: str = user["sub"]
    return name


async def by_hand(request: object) -> None:
    assert_type(await api.current_user(request), dict[str, Any])
    assert_type(await require_role("admin")(request), dict[str, Any])


app.dependency_overrides[get_current_user] = lambda: {"sub": "ada"}
app.dependency_overrides[api.current_user] = lambda: {"sub": "ada"}

FastAPIAuth("secret")  # type: ignore[arg-type]
FastAPIAuth(auth, "login")  # type: ignore[call-arg]
require_role()  # type: ignore[call-arg]
login_route(auth, "users.json")  # type: ignore[arg-type]
describe(router)  # type: ignore[arg-type]
