"""Authentication for FastAPI: the user as a dependency that appears in the OpenAPI document, and a login route.

Usage::

    app = FastAPI()
    app.state.config = {"auth": Auth.from_env()}


    @app.get("/profile")
    async def profile(user: CurrentUser): ...


    describe(app)

``Depends(get_current_user)``, ``@rate_limit`` and ``HTTPError`` of ``fastware.auth`` work in FastAPI without this
module.
"""

from importlib.util import find_spec

if find_spec("fastapi") is None:
    raise ImportError("fastware.integrations.fastapi needs the package fastapi: pip install fastapi", name="fastapi")

from fastware.integrations.fastapi.login import login_route
from fastware.integrations.fastapi.openapi import describe
from fastware.integrations.fastapi.users import Claims, CurrentUser, FastAPIAuth, OptionalUser, require_role

__all__ = ["Claims", "CurrentUser", "FastAPIAuth", "OptionalUser", "describe", "login_route", "require_role"]
