"""``CSRFMiddleware`` with the CORS middleware of Starlette and FastAPI: the order of the two matters."""

import pytest
from asgi_client import call
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from fastware.auth import CSRFMiddleware

ORIGIN = "https://shop.example"
CORS = {
    "allow_origins": [ORIGIN],
    "allow_credentials": True,
    "allow_methods": ["POST"],
    "allow_headers": ["X-CSRF-Token"],
}
CSRF = {"trusted_origins": [ORIGIN]}


def fastapi_app(*, cors_is_outside):
    app = FastAPI()
    middleware = [(CSRFMiddleware, CSRF), (CORSMiddleware, CORS)]
    for each, options in middleware if cors_is_outside else middleware[::-1]:
        app.add_middleware(each, **options)  # the last one is the outermost
    return app


def starlette_app(*, cors_is_outside):
    middleware = [Middleware(CORSMiddleware, **CORS), Middleware(CSRFMiddleware, **CSRF)]
    # The first one is the outermost.
    return Starlette(middleware=middleware if cors_is_outside else middleware[::-1])


@pytest.fixture(params=[fastapi_app, starlette_app])
def make_app(request):
    return request.param


@pytest.mark.parametrize(("cors_is_outside", "origin"), [(True, ORIGIN), (False, None)], ids=["outside", "inside"])
def test_rejection_has_the_headers_of_a_cors_middleware_outside(make_app, cors_is_outside, origin):
    app = make_app(cors_is_outside=cors_is_outside)
    response = call(app, "POST", "/", headers=[("origin", ORIGIN), ("cookie", "csrf_token=a")])
    assert (response.status, response.json) == (403, {"detail": "Missing CSRF token"})
    assert response.header("access-control-allow-origin") == origin


@pytest.mark.parametrize("cors_is_outside", [True, False], ids=["outside", "inside"])
def test_preflight_request_needs_no_csrf_token(make_app, cors_is_outside):
    asked = [("access-control-request-method", "POST"), ("access-control-request-headers", "x-csrf-token")]
    response = call(make_app(cors_is_outside=cors_is_outside), "OPTIONS", "/", headers=[("origin", ORIGIN), *asked])
    assert (response.status, response.header("access-control-allow-origin")) == (200, ORIGIN)
