"""CSRF middleware of other libraries: the application with it, the one without, and a token that it accepts.

Cookie and header bear the same names everywhere; most libraries sign their tokens.
"""

from typing import Any, NamedTuple

from . import by_hand

COOKIE = "csrf_token"
HEADER = "x-csrf-token"
SECRET = "5Jr8hLx2Vq0tZc7Wn3Yb9Kd1Pf6Sg4Ma"


class Protected(NamedTuple):
    """An application that is protected, the bare one, and a token that the protection accepts."""

    app: Any
    bare: Any
    token: str


def with_plain_token(wrap, app):
    """Protection that compares header and cookie and asks nothing more of them."""
    return Protected(wrap(app), app, "q3mXz0oN8yK5vT2rB7wL4sJ1hG6fD9aP")


def by_hand_middleware(app):
    return with_plain_token(by_hand.CSRFMiddleware, app)


def starlette_csrf(app):
    from starlette_csrf import CSRFMiddleware

    middleware = CSRFMiddleware(app, SECRET, cookie_name=COOKIE, header_name=HEADER)
    return Protected(middleware, app, middleware._generate_csrf_token())


def asgi_csrf(app):
    from asgi_csrf import DEFAULT_SIGNING_NAMESPACE, asgi_csrf
    from itsdangerous.url_safe import URLSafeSerializer

    token = URLSafeSerializer(SECRET).dumps("q3mXz0oN8yK5vT2r", DEFAULT_SIGNING_NAMESPACE)
    return Protected(asgi_csrf(app, COOKIE, HEADER, SECRET), app, token)


def litestar(app):
    """Litestar's middleware runs in an application of Litestar's only; *app* is not used."""
    from litestar.config.csrf import CSRFConfig
    from litestar.middleware.csrf import generate_csrf_token

    config = CSRFConfig(secret=SECRET, cookie_name=COOKIE, header_name=HEADER)
    return Protected(_litestar_application(config), _litestar_application(None), generate_csrf_token(SECRET))


def _litestar_application(csrf_config):
    from litestar import Litestar, post

    @post("/basket", status_code=200)
    async def basket() -> dict[str, bool]:
        return {"saved": True}

    return Litestar([basket], csrf_config=csrf_config, openapi_config=None, logging_config=None)
