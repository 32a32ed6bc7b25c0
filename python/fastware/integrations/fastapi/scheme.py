"""The dependency whose value is the user, and which FastAPI shows as a security scheme in the OpenAPI document."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi.openapi.models import HTTPBearer, OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.security.base import SecurityBase

from fastware._internal.framework_dependency import Dependency, find_override
from fastware._internal.overrides import value_of_override
from fastware.auth.roles import RoleDependency, Roles
from fastware.errors import HTTPError

BEARER: Final = "bearer"
PASSWORD: Final = "password"
COOKIE_NAME: Final = "x-session-cookie"
"""The field of a scheme with the name of its cookie, if that is not ``session``."""


class ReplaceableUser(Dependency):
    """The value of *plain*, unless one of *replaceable* is overridden in ``dependency_overrides``.

    FastAPI would find the override of one of them by itself if this object were equal to it. But equal dependencies
    share one value per request and one entry in the document: a user of other settings would be accepted, and the
    scheme would be missing where a route depends on both.
    """

    def __init__(self, plain: Callable[[Any], Any], replaceable: tuple[Dependency, ...]) -> None:
        super().__init__(plain, is_async=True)
        self._replaceable = replaceable

    # One coroutine, and a search for overrides only if there are any: this takes 450 ns less per request than that of
    # `Dependency`.
    async def __call__(self, request: Any = None, *, scope: Any = None) -> Any:  # type: ignore[override]
        """Return the user of *request*. FastAPI passes the connection as *scope*."""
        try:
            if scope is None:
                return self.plain(request) if self.resolve is None else await self.resolve(request)
            if getattr(scope.scope.get("app"), "dependency_overrides", None):
                override = find_override(self._replaceable, scope)
                if override is not None and override is not self:
                    return self.from_source(await value_of_override(override, scope))
            return self.plain(scope) if self.resolve is None else await self.resolve(scope)
        finally:
            request = scope = None  # error reporters show the local variables of a traceback's frames


class UserScheme(ReplaceableUser, SecurityBase):
    """The user of *source*, a dependency of ``fastware.auth``, which FastAPI shows as a security scheme."""

    def __init__(
        self,
        source: Dependency,
        *replaceable: Dependency,
        token_url: str | None = None,
        cookie_name: str | None = None,
    ) -> None:
        super().__init__(source.plain, (source, *replaceable))
        self.resolve = source.resolve
        cookie: dict[str, Any] = {COOKIE_NAME: cookie_name} if cookie_name else {}
        if token_url is None:
            self.scheme_name, self.model = BEARER, HTTPBearer(**cookie)
        else:
            flow = OAuthFlowPassword(tokenUrl=token_url)
            self.scheme_name, self.model = PASSWORD, OAuth2(flows=OAuthFlows(password=flow), **cookie)

    def optional(self) -> ReplaceableUser:
        """Return a dependency: the user, or ``None`` without a valid token."""
        optional = ReplaceableUser(functools.partial(_user_or_none, self.plain), (self, *self._replaceable))
        if self.resolve is not None:
            optional.resolve = functools.partial(_resolved_user_or_none, self.resolve)
        optional.__name__ = optional.__qualname__ = "optional_user"
        return optional


def _user_or_none(user_of: Callable[[Any], Any], request: Any) -> Any:
    try:
        return user_of(request)
    except HTTPError as error:
        return _none_if_anonymous(error)
    finally:
        request = None  # error reporters show the local variables of a traceback's frames


async def _resolved_user_or_none(resolve: Callable[[Any], Awaitable[Any]], request: Any) -> Any:
    try:
        return await resolve(request)
    except HTTPError as error:
        return _none_if_anonymous(error)
    finally:
        request = None


def _none_if_anonymous(error: HTTPError) -> None:
    """Return ``None`` for a request without a valid token. Raise the *error* of a check that could not be made."""
    if error.status_code != 401:
        raise error


class UserRole(UserScheme, RoleDependency):
    """The user of *scheme*, if the user has one of *roles*.

    It is a scheme itself, and FastAPI does not see that it depends on *scheme*: ``_internal/overrides.py`` says why.
    """

    def __init__(self, scheme: UserScheme, roles: Roles) -> None:
        RoleDependency.__init__(self, scheme, roles, scheme.plain, is_async=True)
        self._replaceable = (scheme, *scheme._replaceable)
        self.scheme_name, self.model = scheme.scheme_name, scheme.model
