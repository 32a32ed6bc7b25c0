"""The application under attack: the example, and handlers for everything else that a client can reach."""

import contextlib
import os
import secrets
from pathlib import Path

import bcrypt_cost
from msgspec import Struct

from checks.stress import settings
from fastware import HTTPError, JSONResponse, Router, create_app
from fastware.auth import (
    CSRFMiddleware,
    JSONFileUserStore,
    clear_session_cookies,
    create_token,
    get_current_user,
    rate_limit,
    require_role,
    set_session_cookies,
    verify_password,
)

PRICES = {"tea": 3}

router = Router()
user_store = JSONFileUserStore(os.environ[settings.USERS_FILE])


class Credentials(Struct):
    username: str
    password: str


class Item(Struct):
    item: str


class Order(Struct):
    item: str
    count: int


@contextlib.asynccontextmanager
async def lifespan(app):
    Path(os.environ[settings.WORKERS_FOLDER], str(os.getpid())).touch()
    # The cost of hashing is not tested here.
    with bcrypt_cost.lowest():
        yield {"config": {"jwt_secret": settings.SECRET}}


@router.get("/status")
async def status():
    return {"status": "ok"}


@router.post("/login")
async def login(request):
    credentials = request.decode(Credentials)
    user = user_store.find_user(credentials.username)
    if not user or not verify_password(credentials.password, user["password_hash"]):
        raise HTTPError(401, "Invalid credentials")
    token = create_token(credentials.username, user["role"], request.state["config"]["jwt_secret"])
    cookies = set_session_cookies(token, secrets.token_urlsafe(32))
    return JSONResponse({"token": token, "username": credentials.username}, cookies=cookies)


@router.post("/logout")
async def logout():
    return JSONResponse({"message": "Logged out"}, cookies=clear_session_cookies())


@router.get("/profile", deps={"user": get_current_user})
async def profile(user):
    return {"username": user["sub"], "role": user["role"]}


@router.get("/admin", deps={"user": require_role("admin")})
async def admin(user):
    return {"message": f"Welcome, admin {user['sub']}"}


# Not async: it waits for the disk and for other processes, so it runs in a thread.
@router.post("/users", deps={"user": require_role("admin")})
def register(request):
    new = request.decode(Credentials)
    try:
        created = user_store.create_user(new.username, new.password, "user")
    except (TypeError, ValueError) as error:
        raise HTTPError(409 if "already exists" in str(error) else 400, "The user cannot be created") from None
    return JSONResponse({"username": created["username"]}, 201)


@router.delete("/users/{username}", deps={"user": require_role("admin")})
def delete(username):
    try:
        user_store.delete_user(username)
    except LookupError:
        raise HTTPError(404, "No such user") from None


@router.get("/users/{username}", deps={"user": get_current_user})
async def look_up(username):
    return {"username": username, "exists": user_store.find_user(username) is not None}


@router.post("/orders", deps={"user": get_current_user})
async def order(request, user):
    new = request.decode(Order)
    return {"username": user["sub"], "item": new.item, "count": new.count, "price": PRICES.get(new.item, 1)}


@router.put("/orders/{number:int}", deps={"user": get_current_user})
async def change_order(request, number, user):
    items = request.decode(list[Item])
    return {"username": user["sub"], "number": number, "items": [each.item for each in items]}


@router.post("/feedback", deps={"user": get_current_user})
async def feedback(request, user):
    return {"username": user["sub"], "text": request.form["text"], "stars": request.form.get("stars")}


@router.get("/search")
async def search(request):
    return {"text": request.query_params["text"], "page": request.query_params.get("page", "1")}


@router.post("/echo", deps={"user": get_current_user})
async def echo(request):
    return JSONResponse(request.json)


@router.get("/limited")
@rate_limit(f"{settings.PER_SECOND}/second")
async def limited(request):
    return {"client": request.client[0]}


@router.get("/limited/{key}")
@rate_limit(f"{settings.PER_SECOND}/second", key_func=lambda request: request.path_params["key"])
async def limited_by_key(request, key):
    return {"key": key}


@router.get("/hourly/{key}")
@rate_limit(f"{settings.PER_HOUR}/hour", key_func=lambda request: request.path_params["key"])
async def hourly(request, key):
    return {"key": key}


app = create_app(
    router,
    middleware=[lambda app: CSRFMiddleware(app, exempt_paths=["/login"])],
    lifespan=lifespan,
    max_body_size=settings.MAX_BODY_SIZE,
)
