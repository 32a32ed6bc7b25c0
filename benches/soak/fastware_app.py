"""The application on fastware; ``FASTWARE_ENGINE`` chooses the engine."""

from contextlib import asynccontextmanager

from fastware import HTTPError, Router, create_app
from fastware.auth import CSRFMiddleware, get_current_user, rate_limit

from .settings import A_SECOND, SECRET

router = Router()


@asynccontextmanager
async def lifespan(app):
    yield {"config": {"jwt_secret": SECRET, "allow_query_token": False}}


@router.get("/status")
async def status():
    return {"status": "ok"}


@router.get("/profile", deps={"user": get_current_user})
async def profile(user):
    return {"username": user["sub"], "role": user["role"]}


@router.post("/orders", deps={"user": get_current_user})
@rate_limit(f"{A_SECOND}/second")
async def order(request, user):
    item, quantity = request.json["item"], request.json["quantity"]
    if not isinstance(item, str) or type(quantity) is not int:
        raise HTTPError(422, "item must be a string, quantity an integer")
    return {"username": user["sub"], "item": item, "quantity": quantity}


app = create_app(router, middleware=[CSRFMiddleware], lifespan=lifespan)
