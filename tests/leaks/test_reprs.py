"""What objects of the package show of themselves, and what their copies carry."""

import copy
import functools
import pickle

import pytest
from failures import World


def routed(w):
    router = w.fastware.Router()
    router.get("/", deps={"user": functools.partial(len, w.secret)})(functools.partial(print, w.secret))
    return router


def loaded(w):
    store = w.store("[]")
    store.save_users([w.user()])
    store.find_user("ada")
    return store


def limited(w):
    @w.auth.rate_limit("1/hour", key_func=lambda request: w.token)
    async def handler(request):
        return w.token

    handler(w.request()).close()
    return handler


def filled(w):
    buckets = w.engine.TokenBuckets(1, 10**9)
    buckets.take(w.token)
    return buckets


OBJECTS = {
    "Request": lambda w: w.request(w.password.encode()),
    "State": lambda w: w.request().state,
    "App": lambda w: w.app(deps={"user": functools.partial(w.auth.get_current_user, allow_query_token=w.token)}),
    "Router": lambda w: w.fastware.Router(deps={"user": functools.partial(len, w.secret)}),
    "Route": lambda w: next(routed(w).routes()),
    "JSONFileUserStore": loaded,
    "UserStore": lambda w: w.auth.UserStore(),
    "CSRFMiddleware": lambda w: w.auth.CSRFMiddleware(w.app()),
    "dependency": lambda w: w.auth.require_role("admin"),
    "limited handler": limited,
    "TokenBuckets": filled,
    "JSONResponse": lambda w: w.fastware.JSONResponse(
        {"token": w.token}, cookies=w.auth.set_session_cookies(w.token, w.csrf)
    ),
    "TextResponse": lambda w: w.fastware.TextResponse(w.token),
    "HTMLResponse": lambda w: w.fastware.HTMLResponse(w.token),
    "Response": lambda w: w.fastware.Response(w.token.encode(), headers={"x-token": w.token}),
}


@pytest.fixture
def world(engine_name, tmp_path):
    return World(engine_name, tmp_path)


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS.keys())
def test_an_object_does_not_show_what_it_holds(world, make):
    shown = make(world)
    assert world.marks.found_in(f"{shown!r} {shown!s} {[shown]} {shown}") == []


def test_the_search_finds_what_is_shown(world):
    assert {name for name, _ in world.marks.found_in(repr({"token": world.token, "a": world.hash}))} >= {
        "token",
        "password hash",
    }


@pytest.fixture
def errors(world):
    """Errors that answer a request with secrets in it."""
    made = {}
    calls = {
        "401": lambda: world.auth.get_current_user(world.request()),
        "403": lambda: world.auth.require_role("admin")(
            world.request(headers=[("authorization", f"Bearer {world.token}")])
        ),
        "400": lambda: world.request(world.password.encode()).json,
        "500": lambda: world.auth.get_current_user(world.request(state={"config": world.secret})),
    }
    for name, call in calls.items():
        with pytest.raises(world.fastware.HTTPError) as raised:
            call()
        made[name] = raised.value
    return made


@pytest.mark.parametrize("status", ["400", "401", "403", "500"])
def test_a_pickled_or_copied_error_carries_no_secret(world, errors, status):
    error = errors[status]
    carried = [copy.copy(error).__dict__, copy.deepcopy(error).__dict__, error.__reduce__(), error.__dict__]
    assert world.marks.found_in(repr(carried)) == []


def test_a_pickled_rate_limit_error_carries_only_the_wait(auth, world):
    handler = limited(world)
    coroutine = handler(world.request())
    with pytest.raises(Exception) as raised:
        coroutine.send(None)
    assert raised.value.__reduce__()[1] == raised.value.args
    assert [type(argument) for argument in raised.value.args] == [int]


def test_a_pickled_store_carries_its_path_and_no_user(world):
    store = loaded(world)
    assert set(store.__getstate__()) == {"path"}
    assert world.marks.found_in(repr(store.__getstate__())) == []


def test_the_pickle_of_an_error_of_the_installed_package_carries_no_secret(tmp_path):
    import fastware as installed
    from fastware.auth import get_current_user

    # Pickle finds classes by name: in the copies of the package that the other tests run on, it would find others.
    secret = "sign-with-hunter2-and-nothing-else"
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"authorization", b"Bearer hunter2.x.y")]}
    request = installed.Request({**scope, "state": {"config": {"jwt_secret": secret}}})
    with pytest.raises(installed.HTTPError) as raised:
        get_current_user(request)
    pickled = pickle.dumps(raised.value)
    assert b"hunter2" not in pickled
    assert pickle.loads(pickled).status_code == 401
