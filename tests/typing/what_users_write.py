"""Typed code of users. mypy and pyright accept it in their strict modes, and report each line with an ignore.

It is not run. tests/test_public_api.py runs both checkers, which also report an ignore of a line without an error.
"""

import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, assert_type

import msgspec

import fastware
from fastware import (
    App,
    ConfigurationError,
    CookieSizeWarning,
    HTMLResponse,
    HTTPError,
    JSONResponse,
    Request,
    Response,
    Router,
    State,
    TextResponse,
    WebSocket,
    WebSocketDisconnect,
    create_app,
    delete_cookie,
    in_thread,
    send_error,
    set_cookie,
)
from fastware.auth import (
    Auth,
    CSRFMiddleware,
    JSONFileUserStore,
    LoginGuard,
    PerProcessLimitWarning,
    RollingSessions,
    TokenReport,
    averify_password,
    clear_session_cookies,
    client_address,
    create_csrf_token,
    create_token,
    get_current_user,
    inspect_token,
    rate_limit,
    reject_cross_site,
    require_role,
    set_session_cookies,
    user_key,
    verify_token,
)
from fastware.auth.buckets.base import Buckets, LimitBuckets

router = Router(prefix="/api")
store = JSONFileUserStore("users.json")
by_address = client_address(trusted_proxies=("10.0.0.0/8", "unix"), ipv6_prefix=56)
assert_type(by_address.of(Request({"type": "http"})), str | None)
by_user: Callable[[Any], str] = user_key(address=by_address)
rate_limit("5/minute", by_user)


class Login(msgspec.Struct):
    username: str
    password: str


def client_of(request: Request) -> str:
    return request.decode(Login).username


@router.post("/login")
@rate_limit("5/minute", key_func=client_of)
async def login(request: Request) -> JSONResponse:
    credentials = request.decode(Login)
    assert_type(credentials, Login)
    assert_type(request.decode(list[int]), list[int])
    user = store.find_user(credentials.username)
    if user is None or not await averify_password(credentials.password, user["password_hash"]):
        raise HTTPError(401, "Wrong username or password", {"WWW-Authenticate": "Bearer"})
    token: str = create_token(user["username"], user["role"], ["new secret", "old secret"])
    create_token("ada", "user", "secret", expires_in=timedelta(minutes=5), claims=MappingProxyType({"aud": ["api"]}))
    create_token("ada", "user", "secret", expires_in=0.5, claims={"nbf": datetime.now(UTC)})
    claims: dict[str, Any] | None = verify_token(token, b"secret", leeway=5)
    claims = verify_token(token, b"secret", leeway=timedelta(seconds=5), audience="api", issuer="login")
    report: TokenReport = inspect_token(token, ["secret"], leeway=1.5, audience=("api", "web"))
    assert_type(report.reason, str | None)
    assert_type(report.signed_claims, dict[str, Any] | None)
    claims = inspect_token(token, "secret", audience={"api"}).claims
    return JSONResponse(claims, cookies=set_session_cookies(token, "csrf", secure=True))


@router.get("/logout")
def logout(request: Request) -> TextResponse:
    old = delete_cookie("embed", path="/", domain=None, secure=True, httponly=True, samesite="none")
    return TextResponse("bye", cookies=[*clear_session_cookies(secure=True), old, set_cookie("a", "b", max_age=5)])


def slow_report() -> Iterator[str]:
    time.sleep(1)
    yield "report"


@router.get(
    "/users/{id:int}", deps={"user": get_current_user, "admin": require_role("admin"), "r": in_thread(slow_report)}
)
async def show(request: Request, id: int, user: dict[str, Any], r: str) -> dict[str, Any]:
    state: State = request.state
    assert_type(request.header("accept"), str)
    assert_type(request.query_params["sort"], str)
    return {"id": id, "user": user["sub"], "report": r, "config": state["config"], "json": request.json["a"][0]}


class OwnBuckets(Buckets):
    def open(self, name: str, capacity: int, period: int, *, gives_back: bool = False) -> LimitBuckets:
        raise NotImplementedError


@router.get("/page")
@rate_limit("10/15 seconds", buckets=OwnBuckets(), cost=2, headers=True, name="page")
async def page() -> Response:
    return HTMLResponse("<p>", status=200, headers={"X-Kind": "v"})


@router.ws("/rooms/{room}", deps={"user": get_current_user})
@rate_limit("5/minute")
async def chat(websocket: WebSocket, room: str, user: dict[str, Any]) -> None:
    if websocket.header("origin") not in ("", "https://example.org") or websocket.state["closed"]:
        raise HTTPError(403, "Another site")
    await websocket.accept(next(iter(websocket.subprotocols), None), headers={"X-Kind": "v"})
    assert_type(await websocket.receive_text(), str)
    assert_type(await websocket.receive_bytes(), bytes)
    room = (await websocket.receive_json())["room"]
    try:
        async for message in websocket:
            assert_type(message, str | bytes)
            await websocket.send_text(user["sub"])
            await websocket.send_bytes(b"")
            await websocket.send_json({"room": room, "params": websocket.path_params["room"]})
    except WebSocketDisconnect as error:
        assert_type((error.code, error.reason), tuple[int, str])
    await websocket.close(4000, reason="bye")


async def static_files(scope: Any, receive: Any, send: Any) -> None:
    await send_error(send, 404, "Not found")


router.mount("/static", static_files)
router.add_route("GET", "/pages", page, deps={"user": get_current_user})


class Pages:
    @rate_limit("5/minute")
    def show(self, name: str, size: int = 3) -> str:
        return name * size


@asynccontextmanager
async def lifespan(app: App) -> AsyncGenerator[dict[str, Any], None]:
    if not fastware.__version__:
        raise ConfigurationError("no version")
    yield {"config": {"jwt_secret": "a secret of at least 32 bytes for tests"}}


Send = Callable[[Any], Awaitable[None]]


async def reject_all(scope: Any, receive: Any, send: Send) -> None:
    await send_error(send, 503, "Closed", {"Retry-After": "60"})


app: App = create_app(
    router, middleware=[CSRFMiddleware, lambda app: CSRFMiddleware(app, exempt_paths=["/login"])], lifespan=lifespan
)
CSRFMiddleware(app, trusted_origins={"https://app.example.com"}, secret=["old", b"new"], form_field="csrf_token")
CSRFMiddleware(app, trusted_origins=5)  # type: ignore[arg-type]
CSRFMiddleware(app, secret=5)  # type: ignore[arg-type]
assert_type(create_csrf_token("session", b"secret"), str)
router.post("/in", deps={"_": reject_cross_site})
reject_cross_site({"headers": []}, trusted_origins=("https://app.example.com",))
rolling = RollingSessions(app, Auth("secret"), idle_limit=timedelta(minutes=30), absolute_limit=3600, samesite="strict")
create_app(router, middleware=[lambda app: RollingSessions(app, Auth("secret")), lambda app: rolling])
RollingSessions(app, "secret")  # type: ignore[arg-type]
app.dependency_overrides[get_current_user] = lambda: {"sub": "ada"}
app.dependency_overrides = {get_current_user: lambda: {"sub": "ada"}}
router.mount("/inner", app)
login.limit.reset()
login.limit.reset("ada")
login.limit.disabled = True
areset: Coroutine[Any, Any, None] = login.limit.areset("ada")
guard = LoginGuard(buckets=OwnBuckets(), name="codes")
warnings.simplefilter("ignore", PerProcessLimitWarning)
assert_type(Pages().show("a", 5), str)
assert_type(Pages.show(Pages(), "a"), str)
Pages.show.limit.reset()
Pages().show.limit.reset()
warning: type[UserWarning] = CookieSizeWarning
options: list[str] = set_session_cookies(
    "token", "csrf", max_age="exp", domain="example.com", path="/shop", samesite="none", partitioned=True, secure=True
)
options += set_session_cookies("token", "csrf", max_age=timedelta(hours=1), host_prefix=True)
options += clear_session_cookies(domain="example.com", path="/shop", samesite="none", partitioned=True, secure=True)
options += [
    set_cookie("a", "b", max_age=1.5),
    set_cookie("a", "b", max_age=timedelta(1), partitioned=True, secure=True),
]

create_token("ada", "admin", 5)  # type: ignore[arg-type]
create_token("ada", "admin", "secret", expires_in="5m")  # type: ignore[arg-type]
create_token("ada", "admin", "secret", 5, 5)  # type: ignore[call-arg]
create_token("ada", "admin", "secret", claims=[("aud", "api")])  # type: ignore[arg-type]
verify_token("token", "secret", audience=5)  # type: ignore[arg-type]
verify_token("token", "secret", issuer=["login"])  # type: ignore[arg-type]
inspect_token("token", "secret").valid = True  # type: ignore[misc]
rate_limit(5)  # type: ignore[arg-type]
client_address(trusted_proxies=[10])  # type: ignore[list-item]
set_session_cookies("token", "csrf", True)  # type: ignore[call-arg]
set_cookie("a", "b", samesite="loose")  # type: ignore[arg-type]
set_session_cookies("token", "csrf", max_age="60")  # type: ignore[arg-type]
delete_cookie("a", max_age=5)  # type: ignore[call-arg]
delete_cookie("a", samesite="None", secure=True)  # type: ignore[arg-type]
in_thread("slow_report")  # type: ignore[arg-type]
router.ws("/sync")(logout)  # type: ignore[type-var]
router.mount("/router", router)  # type: ignore[arg-type]
router.add_route(["GET"], "/list", page)  # type: ignore[arg-type]
create_app(router, max_body_size="1k")  # type: ignore[arg-type]
rate_limit("5/minute", cost="2")  # type: ignore[arg-type]
rate_limit("5/minute", None, None)  # type: ignore[call-arg]
rate_limit("5/minute", buckets="redis://")  # type: ignore[arg-type]
login.limit.disable = True  # type: ignore[attr-defined]
login.limit.reset(5)  # type: ignore[arg-type]
login("ada")  # type: ignore[arg-type, unused-coroutine]
Pages().show(5)  # type: ignore[arg-type]
Pages().show("a", 5, 6)  # type: ignore[call-arg]
_ = Request({"type": "http"}).decode(Login).name  # type: ignore[attr-defined]
JSONResponse({}, cookies=5)  # type: ignore[arg-type]
HTTPError("401", "no")  # type: ignore[arg-type]
