"""The guards of Litestar's handlers, controllers, routers and applications."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from fastware.auth import Auth
from fastware.auth.challenges import forbidden
from fastware.errors import ConfigurationError
from fastware.integrations.litestar.current_user import user_of

AUTH: Final = "fastware.auth"
"""The key of a handler's ``opt`` that holds the settings of its application."""


class RoleGuard:
    """What :func:`require_role` returns: a guard.

    Attributes:
        roles: the user has one of them.

    """

    def __init__(self, roles: tuple[str, ...], auth: Auth | None = None) -> None:
        self.roles = roles
        self._auth = auth

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Raise ``HTTPError`` if the user of *connection* may not call *handler*."""
        try:
            claims = await user_of(self._auth or _auth_of(handler), connection.scope)
            if self.roles and claims.get("role") not in self.roles:
                raise forbidden(self.roles, claims, connection.scope)
        finally:
            connection = claims = None  # type: ignore[assignment] # error reporters show the locals of frames

    def __repr__(self) -> str:
        return f"<guard require_role({', '.join(map(repr, self.roles))})>"


class RoleGuards:
    """The guards of one source of settings: one object for equal roles."""

    def __init__(self, auth: Auth | None = None) -> None:
        self._auth = auth
        self._made: dict[tuple[str, ...], RoleGuard] = {}

    def require(self, roles: tuple[str, ...]) -> RoleGuard:
        """Return the guard for *roles*. Raises ``TypeError`` if one is not a ``str``."""
        if not all(isinstance(role, str) for role in roles):
            raise TypeError('roles must be str: guards=[require_role("admin", "editor")]')
        return self._made.setdefault(roles, RoleGuard(roles, self._auth))


_guards = RoleGuards()


def require_role(*roles: str) -> RoleGuard:
    """Return a guard for users of one of *roles*; without roles, for any authenticated user.

    Usage: ``guards=[require_role("admin")]`` in a handler, controller, router or application with an
    :class:`AuthPlugin`. Equal roles return the same object.

    The guard raises ``HTTPError``: 401 without a valid token, 403 if the user has none of the roles, both with a
    challenge (RFC 6750 section 3). Litestar denies a WebSocket with a bare 403. Without the plugin, the guard raises
    ``ConfigurationError``.

    Raises:
        TypeError: a role is not a ``str``.

    """
    return _guards.require(roles)


def _auth_of(handler: BaseRouteHandler) -> Auth:
    auth = handler.opt.get(AUTH)
    if auth is None:
        raise ConfigurationError("require_role needs the plugin: Litestar(plugins=[AuthPlugin(auth)])")
    return cast(Auth, auth)
