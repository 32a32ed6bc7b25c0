"""Authentication for Litestar: a plugin with the user as a dependency, and a guard for roles.

Usage::

    auth = Auth.from_env()

    @get("/profile")
    async def profile(user: CurrentUser) -> dict[str, str]: ...

    @get("/reports", guards=[require_role("admin")])
    async def reports() -> list[str]: ...

    app = Litestar([profile, reports], plugins=[AuthPlugin(auth)])
"""

from importlib.util import find_spec

if find_spec("litestar") is None:
    raise ImportError(
        "fastware.integrations.litestar needs the package litestar: pip install litestar", name="litestar"
    )

from fastware.integrations.litestar.current_user import CurrentUser
from fastware.integrations.litestar.guards import RoleGuard, require_role
from fastware.integrations.litestar.plugin import AuthPlugin

__all__ = ["AuthPlugin", "CurrentUser", "RoleGuard", "require_role"]
