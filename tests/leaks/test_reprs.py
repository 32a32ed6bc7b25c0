"""No object of the package shows a secret in its ``repr``, and no copy of an error carries one."""

import copy
import functools
import pickle

import csrf_checks
import pytest
from sandbox import Sandbox


def route(s):
    router = s.fastware.Router()
    router.get("/", deps={"user": functools.partial(len, s.secret)})(functools.partial(print, s.secret))
    return next(router.routes())


def buckets(s):
    made = s.engine.TokenBuckets(1, 10**9)
    made.take(s.token)
    return made


def limited(s):
    async def handler(request):
        return s.token

    return s.auth.rate_limit("1/hour", key_func=lambda request: s.token)(handler)


def cookies(s):
    return s.auth.set_session_cookies(s.token, s.csrf)


OBJECTS = {
    "Request": lambda s: s.request(b"%s"),
    "State": lambda s: s.request().state,
    "App": lambda s: s.app(deps={"user": functools.partial(len, s.secret)}),
    "Router": lambda s: s.fastware.Router(deps={"user": functools.partial(len, s.secret)}),
    "Route": route,
    "JSONFileUserStore": lambda s: s.file_store(),
    "UserStore": lambda s: s.memory_store(),
    "CSRFMiddleware": lambda s: s.auth.CSRFMiddleware(s.app()),
    "CSRFMiddleware with a secret": lambda s: s.auth.CSRFMiddleware(s.app(), secret=s.secret),
    "RollingSessions": lambda s: s.auth.RollingSessions(
        s.app(), s.auth.Auth(s.secret, revocations=s.auth.MemoryRevocations())
    ),
    "dependency": lambda s: s.auth.require_role("admin"),
    "limited handler": limited,
    "RateLimit": lambda s: limited(s).limit,
    "TokenBuckets": buckets,
    "CSRFCheck": lambda s: csrf_checks.new(s.engine, keys=[s.secret.encode()]),
    "SharedBuckets": lambda s: s.auth.SharedBuckets(s.folder / "limits"),
    "JSONResponse": lambda s: s.fastware.JSONResponse({"token": s.token}, cookies=cookies(s)),
    "TextResponse": lambda s: s.fastware.TextResponse(s.token),
    "HTMLResponse": lambda s: s.fastware.HTMLResponse(s.token),
    "Response": lambda s: s.fastware.Response(s.token.encode(), headers={"x-token": s.token}),
}


@pytest.fixture
def sandbox(engine_name, tmp_path):
    return Sandbox(engine_name, tmp_path)


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_repr_shows_no_secret(sandbox, make):
    made = make(sandbox)
    assert sandbox.marks.found_in(f"{made!r} {made!s} {[made]} {made}") == []


ERRORS = {
    "401": lambda s: s.auth.get_current_user(s.request()),
    "403": lambda s: s.auth.require_role("admin")(s.request(headers=s.bearer)),
    "400": lambda s: s.request(b"%s").json,
    "missing field": lambda s: s.request(b'{"password": "%s"}').json["username"],
    "configuration": lambda s: s.auth.get_current_user(s.request(state={"config": s.secret})),
}


@pytest.mark.parametrize("cause", ERRORS.values(), ids=ERRORS)
def test_copy_of_an_error_carries_no_secret(sandbox, cause):
    with pytest.raises(Exception) as raised:
        cause(sandbox)
    error = raised.value
    carried = [copy.copy(error).__dict__, copy.deepcopy(error).__dict__, error.__reduce__(), error.__dict__]
    assert sandbox.marks.found_in(repr(carried)) == []


def test_copy_of_a_rate_limit_error_carries_only_the_wait(sandbox):
    handler = sandbox.auth.rate_limit("1/hour")(lambda request: sandbox.token)
    handler(sandbox.request())
    with pytest.raises(sandbox.fastware.HTTPError) as raised:
        handler(sandbox.request())
    copied = copy.copy(raised.value)
    assert vars(copied) == {"wait": raised.value.wait}
    assert copied.args == (raised.value.wait,)


def test_copy_of_a_store_carries_only_its_path(sandbox):
    store = sandbox.file_store()
    store.find_user("ada")
    assert store.__getstate__() == {"path": store.path}


def test_pickled_error_carries_no_secret():
    # Pickle finds classes by their names, so this needs the installed package instead of a copy.
    import fastware
    from fastware.auth import get_current_user

    state = {"config": {"jwt_secret": "sign-with-hunter2-and-nothing-else"}}
    scope = {"type": "http", "headers": [(b"authorization", b"Bearer hunter2.x.y")], "state": state}
    with pytest.raises(fastware.HTTPError) as raised:
        get_current_user(scope)
    pickled = pickle.dumps(raised.value)
    assert b"hunter2" not in pickled
    assert pickle.loads(pickled).status_code == 401
