"""``docs/testing.md``: where a test finds the limit of a handler."""

from importlib import import_module

import pytest
from asgi_client import call

from fastware.auth import create_token
from tests.frameworks.apps.accounts import SECRET

pytestmark = pytest.mark.filterwarnings("ignore:.*[Ii]nferred (dependency|style)")  # Litestar 2.17 has no other way

HANDLERS = {
    "fastapi": ("fastapi_app", "/limited/sync", lambda app: app.limited_sync),
    "fastapi-without-request": ("fastapi_app", "/limited/bare", lambda app: app.limited_bare),
    "starlette": ("starlette_app", "/limited/async", lambda app: app.limited_async),
    "starlette-endpoint": ("starlette_app", "/limited/endpoint", lambda app: app.Search.get),
    "litestar": ("litestar_app", "/limited/bare", lambda app: app.limited_bare.fn),
    "litestar-controller": ("litestar_app", "/controller/limited", lambda app: app.Accounts.limited.fn),
    "core": ("core_app", "/limited/async", lambda app: app.limited_async),
}


@pytest.mark.parametrize(("module", "path", "handler_of"), HANDLERS.values(), ids=HANDLERS)
def test_limit_of_a_routed_handler_is_reset_and_disabled(module, path, handler_of):
    application = import_module(f"tests.frameworks.apps.{module}")
    limit = handler_of(application).limit
    bearer = [("authorization", f"Bearer {create_token('ada', 'admin', SECRET)}")]

    def statuses(host):
        return [call(application.app, path=path, headers=bearer, client=(host, 1)).status for _ in range(3)]

    limit.reset()
    for host in ("203.0.113.1", "203.0.113.2"):
        assert statuses(host) == [200, 200, 429]
    limit.reset("203.0.113.1")
    assert [statuses("203.0.113.1")[0], statuses("203.0.113.2")[0]] == [200, 429]
    limit.reset()
    assert statuses("203.0.113.2") == [200, 200, 429]
    limit.disabled = True
    try:
        assert statuses("203.0.113.2") == [200, 200, 200]
    finally:
        limit.disabled = False
