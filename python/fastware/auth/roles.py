"""Dependencies that require a role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from fastware._internal.framework_dependency import Dependency
from fastware.auth.challenges import forbidden

Roles = tuple[str, ...]


class RoleDependency(Dependency):
    """The user of *source*, if the user has one of *roles*.

    *user_of* takes the request and returns the user, before the role is checked.
    """

    def __init__(self, source: Dependency, roles: Roles, user_of: Callable[[Any], Any], is_async: bool) -> None:
        super().__init__(self._checked, is_async=is_async)
        self.__name__ = self.__qualname__ = f"require_role({', '.join(map(repr, roles))})"
        self.source = source
        self.is_source_enough = user_of == source.plain
        self.roles = roles
        self._user_of = user_of

    def _checked(self, request: Any) -> Any:
        try:
            return self.from_source(self._user_of(request))
        finally:
            request = None  # error reporters show the local variables of a traceback's frames

    def from_source(self, value: Any) -> Any:
        """Return *value*, the user. Raises ``HTTPError`` 403 if the user has none of the roles."""
        if value.get("role") not in self.roles:
            value = None
            raise forbidden(self.roles)
        return value


class RoleDependencies:
    """The role dependencies of one source: one object for equal roles, as long as it is in use."""

    def __init__(
        self,
        source: Dependency,
        user_of: Callable[[Any], Any],
        *,
        is_async: bool = False,
        kind: type[RoleDependency] = RoleDependency,
    ) -> None:
        self._source = source
        self._user_of = user_of
        self._is_async = is_async
        self._kind = kind
        self._made: WeakValueDictionary[Roles, RoleDependency] = WeakValueDictionary()

    def require(self, roles: Roles) -> RoleDependency:
        """Return the dependency for *roles*. Raises ``TypeError`` if one is not a ``str``."""
        if not all(isinstance(role, str) for role in roles):
            raise TypeError('roles must be str: require_role("admin", "editor")')
        made = self._made.get(roles)
        if made is None:
            made = self._made.setdefault(roles, self._kind(self._source, roles, self._user_of, self._is_async))
        return made
