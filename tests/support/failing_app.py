"""An application that fails in many ways, and the requests that make it fail. All of them carry secrets.

The requests are sent in process (``failures.py``) and to real servers (``tests/leaks/test_servers.py``).
"""

import contextlib


def create(fastware, folder, config, middleware=()):
    """Return the application. *folder* holds ``users.json`` and ``damaged.json``."""
    auth = fastware.auth
    router = fastware.Router()
    authenticated = {"user": auth.get_current_user}
    store, damaged = (auth.JSONFileUserStore(folder / name) for name in ("users.json", "damaged.json"))

    @contextlib.asynccontextmanager
    async def lifespan(app):
        yield {"config": config}

    @router.post("/login")
    async def login(request):
        data = request.json
        user = store.find_user(data["username"])
        if not user or not auth.verify_password(data["password"], user["password_hash"]):
            raise fastware.HTTPError(401, "Invalid credentials")
        raise RuntimeError("the handler failed")

    @router.post("/damaged")
    async def find_in_damaged_file(request):
        return damaged.find_user(request.json["username"])

    @router.get("/profile", deps=authenticated)
    async def profile(user):
        return {"username": user["sub"]}

    @router.get("/admin", deps={"user": auth.require_role("admin")})
    async def admin(user):
        return {}

    @router.get("/unavailable")
    async def unavailable(request):
        raise fastware.HTTPError(503, "Unavailable")

    @router.get("/surrogate")
    async def surrogate(request):
        return {"cookie": request.cookie("session") + "\ud800"}

    @router.get("/over-limit")
    async def over_limit(request):
        limited = auth.rate_limit("1/hour", lambda request: request.cookie("session"))(nothing)
        return [await limited(request), await limited(request)]

    router.get("/fail", deps=authenticated)(fail)
    router.get("/reset/{code}")(fail)
    router.get("/stop")(stop)
    router.get("/result")(unknown_result)
    router.get("/suppressed", deps={"resource": suppressing})(fail)
    router.get("/resource", deps={"resource": fastware.in_thread(resource)})(fail)

    def csrf(app):
        return auth.CSRFMiddleware(app, exempt_paths=["/login", "/damaged"])

    return fastware.create_app(router, middleware=[*middleware, csrf], lifespan=lifespan, max_body_size=10_000)


async def fail(request):
    config, cookies, query = request.state["config"], request.cookies, request.query_params
    raise RuntimeError("the handler failed" if config or cookies or query else "")


async def nothing(request):
    return None


def stop(request):
    raise StopIteration


def unknown_result(request):
    return {request.cookie("session")}


def suppressing():
    with contextlib.suppress(RuntimeError):
        yield 1


def resource():
    yield 1


LOGIN = b'{"username": "ada", "password": "%s"}'
MALFORMED_JSON = {
    "cut": b'{"password": "%s',
    "with_invalid_escape": b'{"password": "%s\\q"}',
    "with_surrogate": b'{"password": "%s\\ud800"}',
    "with_control_character": b'{"password": "%s\n"}',
    "without_quotes": b"{password: %s}",
    "of_bare_word": b"%s",
    "and_more": b'{"password": "%s"} %s',
    "that_is_not_utf8": b'{"password": "%s\xff"}',
    "too_deep": b'{"password": "%s", "a": ' + b"[" * 101 + b"]" * 101 + b"}",
    "very_deep": b'{"password": "%s", "a": ' + b"[" * 9_000,
    "with_large_number": b'{"password": "%s", "a": 1e99999}',
    "string": b'"%s"',
    "array": b'["%s"]',
    "without_a_field": b'{"password": "%s"}',
}
# {name: (status, method, path, headers, body)}. The headers are a function of a Sandbox, and %s is the password.
REQUESTS = {
    "forged_bearer": (401, "GET", "/profile", lambda s: s.forged_bearer, b""),
    "forged_session": (401, "GET", "/profile", lambda s: s.forged_session, b""),
    "basic_credentials": (401, "GET", "/profile", lambda s: [("authorization", f"Basic {s.password}")], b""),
    "other_role_by_bearer": (403, "GET", "/admin", lambda s: s.bearer, b""),
    "other_role_by_session": (403, "GET", "/admin", lambda s: s.session, b""),
    "missing_route": (404, "GET", "/nothing", lambda s: s.session, b""),
    "other_method": (405, "DELETE", "/profile", lambda s: s.bearer, b""),
    "missing_csrf_header": (403, "POST", "/logout", lambda s: s.session, b""),
    "missing_csrf_cookie": (403, "POST", "/logout", lambda s: [("x-csrf-token", s.csrf)], b""),
    "csrf_mismatch": (403, "POST", "/logout", lambda s: s.csrf_mismatch, b""),
    "failing_handler_by_bearer": (500, "GET", "/fail", lambda s: s.bearer, b""),
    "failing_handler_by_session": (500, "GET", "/fail", lambda s: s.session, b""),
    "stop_iteration": (500, "GET", "/stop", lambda s: s.session, b""),
    "unknown_result": (500, "GET", "/result", lambda s: s.session, b""),
    "suppressed_error": (500, "GET", "/suppressed", lambda s: s.session, b""),
    "resource_in_a_thread": (500, "GET", "/resource", lambda s: s.session, b""),
    "surrogate": (500, "GET", "/surrogate", lambda s: s.session, b""),
    "unavailable": (503, "GET", "/unavailable", lambda s: s.session, b""),
    "over_limit": (429, "GET", "/over-limit", lambda s: s.session, b""),
    "failing_login": (500, "POST", "/login", lambda s: [], LOGIN),
    "wrong_password": (401, "POST", "/login", lambda s: [], LOGIN.replace(b"%s", b"%s?")),
    "large_body": (413, "POST", "/login", lambda s: [], LOGIN * 500),
    "empty_body": (400, "POST", "/login", lambda s: s.session, b""),
    "damaged_file": (500, "POST", "/damaged", lambda s: [], LOGIN),
    **{f"json_{kind}": (400, "POST", "/login", lambda s: [], body) for kind, body in MALFORMED_JSON.items()},
}
