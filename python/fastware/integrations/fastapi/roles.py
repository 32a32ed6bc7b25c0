"""The dependencies that require a role of the user of a scheme."""

from __future__ import annotations

from typing import Any

from fastware.auth.challenges import forbidden
from fastware.auth.roles import RoleDependencies, RoleDependency
from fastware.integrations.fastapi.scheme import UserScheme


class UserRole(RoleDependency):
    """The user of the scheme, if the user has one of the roles. FastAPI provides the user as *value*."""

    # One coroutine and one call: 600 ns less per request than with those of `Dependency`.
    async def __call__(self, request: Any = None, *, value: Any = None) -> Any:  # type: ignore[override]
        """Return the user of *request*, or *value*, the user. Raises ``HTTPError`` 403 for another role."""
        try:
            user = self._user_of(request) if value is None else value
            if user.get("role") in self.roles:
                return user
        finally:
            request = value = user = None  # error reporters show the local variables of a traceback's frames
        raise forbidden(self.roles)


def roles_of(scheme: UserScheme) -> RoleDependencies:
    """Return the role dependencies of *scheme*."""
    return RoleDependencies(scheme, scheme.plain, is_async=True, kind=UserRole)
