"""Dependencies that require a role."""

from __future__ import annotations

from _thread import LockType, allocate_lock
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from fastware._internal.fork import give_lock
from fastware._internal.framework_dependency import Dependency
from fastware.auth.challenges import forbidden

Roles = tuple[str, ...]

DependencyT = TypeVar("DependencyT", bound=Dependency)


class RoleDependency(Dependency):
    """The user of *source*, if the user has one of *roles*.

    *user_of* takes the request and returns the user, before the role is checked.
    """

    def __init__(
        self, source: Dependency, roles: Roles, user_of: Callable[[Any], Any], *, is_async: bool = False
    ) -> None:
        super().__init__(self._checked, is_async=is_async)
        self.__name__ = self.__qualname__ = f"require_role({', '.join(map(repr, roles))})"
        self.source = source
        self.roles = roles
        self._user_of = user_of
        if source.resolve is not None:
            self.resolve = self._resolved

    def _checked(self, request: Any) -> Any:
        try:
            return self.from_source(self._user_of(request), request)
        finally:
            request = None  # error reporters show the local variables of a traceback's frames

    async def _resolved(self, request: Any) -> Any:
        try:
            return self.from_source(await self.source.resolve(request), request)  # type: ignore[misc, union-attr]
        finally:
            request = None

    def from_source(self, value: Any, request: Any = None) -> Any:
        """Return *value*, the user. Raises ``HTTPError`` 403 for another role."""
        if value.get("role") in self.roles:
            return value
        error = forbidden(self.roles, value, getattr(request, "scope", request))
        value = request = None
        try:
            raise error
        finally:
            del error  # the frame and the error would refer to each other until a garbage collection


class RoleDependencies(Generic[DependencyT]):
    """Dependencies that *make* returns for roles: one object for equal roles, as long as it is in use."""

    _lock: LockType

    def __init__(self, make: Callable[[Roles], DependencyT]) -> None:
        self._make = make
        self._made: WeakValueDictionary[Roles, DependencyT] = WeakValueDictionary()
        give_lock(self, allocate_lock)

    def require(self, roles: Roles) -> DependencyT:
        """Return the dependency for *roles*. Raises ``TypeError`` if one is not a ``str``."""
        if not all(isinstance(role, str) for role in roles):
            raise TypeError('roles must be str: require_role("admin", "editor")')
        with self._lock:
            made = self._made.get(roles)
            if made is None:
                made = self._made[roles] = self._make(roles)
        return made
