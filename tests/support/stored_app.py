"""An application in FastAPI that keeps its limits, users and sessions in Valkey and PostgreSQL."""

import os
from typing import Annotated, Any

import bcrypt_cost
from fastapi import Depends, FastAPI, Request

from fastware.auth import (
    Auth,
    HTTPError,
    LoginGuard,
    RedisBuckets,
    RedisRevocations,
    RefreshTokenError,
    RefreshTokens,
    SharedBuckets,
    SQLUserStore,
    authenticate,
    rate_limit,
)
from fastware.integrations.fastapi import Claims, FastAPIAuth

REDIS, DATABASE = os.environ["REDIS_URL"], os.environ["DATABASE_URL"]
MAX_STALE = 1.0

cheap_hashes = bcrypt_cost.lowest()
cheap_hashes.__enter__()
revocations = RedisRevocations(REDIS, refresh=0.2, max_stale=MAX_STALE)
auth = Auth("a secret of at least 32 bytes for the frameworks", revocations=revocations)
store = SQLUserStore(DATABASE)
guard = LoginGuard(buckets=RedisBuckets(REDIS), per_address="10000/hour", per_user="10000/hour")
refresh_tokens = {"redis": RefreshTokens(REDIS, revocations=revocations), "sql": RefreshTokens(DATABASE)}
User = Annotated[Claims, Depends(FastAPIAuth(auth, token_url="login").current_user)]
app = FastAPI()


def add_limit(name: str, rate: str, cost: int, buckets: Any) -> None:
    @app.get(f"/limits/{name}")
    @rate_limit(rate, cost=cost, buckets=buckets, name=name, key_func=lambda request: request.query_params["key"])
    async def limited(request: Request) -> int:
        return os.getpid()


for on_error in ("local", "open", "closed"):
    add_limit(f"1-{on_error}", "8/hour", 1, RedisBuckets(REDIS, on_error=on_error))
    add_limit(f"10-{on_error}", "100/hour", 5, RedisBuckets(REDIS, on_error=on_error, lease=10))
add_limit("shared", "8/hour", 1, SharedBuckets(os.environ["LIMITS_FILE"]))


@app.get("/ping")
async def ping() -> int:
    return os.getpid()


@app.post("/login")
async def login(username: str, password: str, address: str) -> dict[str, str]:
    session = await auth.anew_session(username)
    user = await authenticate(store, username, password, guard=guard, address=address)
    if user is None:
        raise HTTPError(401, "Invalid credentials")
    issued = {name: await tokens.aissue(username) for name, tokens in refresh_tokens.items()}
    return {"token": await auth.acreate_token(username, user["role"], session=session), **issued}


@app.post("/refresh/{storage}")
async def refresh(storage: str, token: str) -> str:
    try:
        return (await refresh_tokens[storage].arotate(token)).token
    except RefreshTokenError:
        raise HTTPError(401, "Log in again") from None


@app.get("/me")
async def me(user: User) -> str:
    return user["sub"]


@app.post("/logout")
async def logout(user: User) -> None:
    await revocations.arevoke(user)


@app.put("/users")
async def change(username: str, number: int) -> None:
    await store.aupdate_user(username, fields={"number": str(number)})
