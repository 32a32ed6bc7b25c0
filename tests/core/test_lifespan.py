"""The lifespan: startup, shutdown, the state that requests get, and the errors if it did not run."""

import asyncio
import copy
import logging
from contextlib import asynccontextmanager

import httpx
import pytest
from asgi_client import app_of, call, run_lifespan

COMPLETE = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def lifespan_of(kind, log):
    """Return a lifespan that logs its two halves and yields a config."""

    async def without_parameter():
        log.append("open")
        yield {"config": "c"}
        log.append("close")

    async def with_app(app):
        async for state in without_parameter():
            log.append(app)
            yield state

    generator = with_app if kind.endswith("of-app") else without_parameter
    return asynccontextmanager(generator) if kind.startswith("manager") else generator


@pytest.fixture(params=["manager", "manager-of-app", "generator", "generator-of-app"])
def kind(request):
    return request.param


def test_lifespan_opens_at_startup_and_closes_at_shutdown(fastware, kind):
    log = []
    app = app_of(fastware, lambda: "", lifespan=lifespan_of(kind, log))
    assert run_lifespan(app, state={}) == COMPLETE
    assert log == (["open", app, "close"] if kind.endswith("of-app") else ["open", "close"])


@pytest.mark.parametrize("scope", [{"state": {}}, {}], ids=["server-with-state", "server-without-state"])
def test_yielded_values_are_the_state_of_requests(fastware, kind, scope):
    app = app_of(fastware, lambda request: [request.state["config"]], lifespan=lifespan_of(kind, []))
    run_lifespan(app, **scope)
    assert call(app, **scope).json == ["c"]
    assert scope in ({"state": {"config": "c"}}, {})


def test_request_does_not_see_what_another_request_set_in_the_state(fastware):
    def handler(request):
        seen = request.state.get("seen", False)
        request.state["seen"] = True
        return [seen]

    app = app_of(fastware, handler, lifespan=lifespan_of("generator", []))
    run_lifespan(app)
    assert [call(app).json, call(app).json] == [[False], [False]]


async def yields_nothing():
    yield


@pytest.mark.parametrize("lifespan", [None, yields_nothing])
def test_lifespan_and_its_state_are_optional(fastware, lifespan):
    state = {}
    assert run_lifespan(app_of(fastware, lambda: "", lifespan=lifespan), state=state) == COMPLETE
    assert state == {}


async def fails_at_startup():
    raise RuntimeError("no database")
    yield


async def fails_at_shutdown():
    yield {}
    raise RuntimeError("could not close")


async def yields_a_list():
    yield ["config"]


FAILED_STARTUP = ["lifespan.startup.failed"]
FAILED_SHUTDOWN = ["lifespan.startup.complete", "lifespan.shutdown.failed"]
FAILURES = {
    "startup": (fails_at_startup, FAILED_STARTUP, "RuntimeError: no database"),
    "startup-of-manager": (asynccontextmanager(fails_at_startup), FAILED_STARTUP, "RuntimeError: no database"),
    "state-not-a-dict": (yields_a_list, FAILED_STARTUP, "TypeError: the lifespan yielded list"),
    "shutdown": (fails_at_shutdown, FAILED_SHUTDOWN, "RuntimeError: could not close"),
}


@pytest.mark.parametrize(("lifespan", "sent", "logged"), FAILURES.values(), ids=FAILURES.keys())
def test_failed_lifespan_is_reported_to_the_server_and_logged(fastware, caplog, lifespan, sent, logged):
    with caplog.at_level(logging.ERROR, logger="fastware"):
        assert run_lifespan(app_of(fastware, lambda: "", lifespan=lifespan), state={}) == sent
    assert logged in caplog.text


# The lifespan did not run


async def through_asgi_transport(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return (await client.get("/")).status_code


async def mounted_in_starlette(app):
    routing = pytest.importorskip("starlette.routing")
    return await through_asgi_transport(routing.Router([routing.Mount("/", app)]))


READERS = {
    "request.state": lambda fastware: lambda request: request.state["config"],
    "get_current_user": lambda fastware: fastware.auth.get_current_user,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("request_through", [through_asgi_transport, mounted_in_starlette])
def test_log_says_that_the_lifespan_did_not_run(fastware, caplog, request_through, reader):
    app = app_of(fastware, READERS[reader](fastware), lifespan=lifespan_of("manager", []))
    with caplog.at_level(logging.ERROR, logger="fastware"):
        assert asyncio.run(request_through(app)) == 500
    (record,) = [record for record in caplog.records if record.name == "fastware"]
    message = str(record.exc_info[1])
    assert "did not run" in message
    assert "mounted under another one" in message and "httpx.ASGITransport" in message


# State


def test_state_has_items_and_attributes(fastware):
    state = fastware.State({"config": 1})
    state.user = "ada"
    state["role"] = "admin"
    assert (state["config"], state.config, state["user"], state.role) == (1, 1, "ada", "admin")
    del state["config"]
    del state.user
    assert (dict(state), len(state), "user" in state, state.get("user", 3)) == ({"role": "admin"}, 1, False, 3)


def test_missing_value_of_state_is_a_key_error_or_an_attribute_error(fastware):
    state = fastware.State({"database": 1})
    with pytest.raises(KeyError, match="does the lifespan yield it"):
        state["config"]
    with pytest.raises(AttributeError, match="does the lifespan yield it"):
        _ = state.config
    with pytest.raises(AttributeError):
        del state.config
    assert not hasattr(state, "config")


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_copy_of_state_is_independent(fastware, copier):
    state = fastware.State({"config": {"a": 1}})
    duplicate = copier(state)
    duplicate.b = 2
    assert (dict(duplicate), dict(state)) == ({"config": {"a": 1}, "b": 2}, {"config": {"a": 1}})
    assert (duplicate.config is state.config) == (copier is copy.copy)


def test_repr_of_state_shows_names_only(fastware):
    assert repr(fastware.State({"config": "hunter2", "user": 1})) == "<State: config, user>"
