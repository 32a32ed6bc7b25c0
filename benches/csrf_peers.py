"""CSRF middleware of other libraries: the protected application, the bare one, and a token that is accepted.

Cookie and header have the same names everywhere. Most libraries sign their tokens.
"""

from typing import Any, NamedTuple

from checks.samples import CSRF_TOKEN

from benches import by_hand

COOKIE = "csrf_token"
HEADER = "x-csrf-token"
SECRET = "5Jr8hLx2Vq0tZc7Wn3Yb9Kd1Pf6Sg4Ma"


class Protected(NamedTuple):
    app: Any
    bare: Any
    token: str


def with_plain_token(wrap, app):
    """Return protection that compares header and cookie and accepts any token."""
    return Protected(wrap(app), app, CSRF_TOKEN)


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
    """Litestar's middleware needs a Litestar application; *app* is not used."""
    from litestar import Litestar, post
    from litestar.config.csrf import CSRFConfig
    from litestar.middleware.csrf import generate_csrf_token

    @post("/basket", status_code=200)
    async def basket() -> dict[str, bool]:
        return {"saved": True}

    def application(csrf_config):
        return Litestar([basket], csrf_config=csrf_config, openapi_config=None, logging_config=None)

    config = CSRFConfig(secret=SECRET, cookie_name=COOKIE, header_name=HEADER)
    return Protected(application(config), application(None), generate_csrf_token(SECRET))
