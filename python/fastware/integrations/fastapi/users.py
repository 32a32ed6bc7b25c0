"""The user and the roles of a request, for the settings of the application and for those of an ``Auth``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeAlias, cast

from fastapi import Depends

from fastware._internal.framework_dependency import Dependency
from fastware.auth.identity import get_current_user
from fastware.auth.roles import RoleDependencies
from fastware.auth.session_cookies import session_cookie_name
from fastware.auth.settings import Auth
from fastware.integrations.fastapi.arguments import auth_error
from fastware.integrations.fastapi.scheme import UserRole, UserScheme

UserDependency = Callable[[Any], Awaitable[dict[str, Any]]]

_get_current_user = cast(Dependency, get_current_user)
_current_user = UserScheme(_get_current_user)
_roles = RoleDependencies(lambda roles: UserRole(_current_user, roles))

if TYPE_CHECKING:
    Claims: TypeAlias = dict[str, Any]
else:

    class Claims(dict[str, Any]):
        """The claims of a user: ``Annotated[Claims, Depends(api.current_user)]``.

        FastAPI ignores the type beside ``Depends``, unless a union hides the ``Depends``, as in ``CurrentUser | None``.
        There it would read a ``dict`` from the body of the request: any user that the client names.
        """

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> NoReturn:
            raise TypeError("the user cannot be part of a union: use OptionalUser for a user who may be anonymous")


CurrentUser: TypeAlias = Annotated[Claims, Depends(_current_user)]
"""The claims of the user: ``get_current_user``, shown as a bearer token in the OpenAPI document."""

OptionalUser: TypeAlias = Annotated[dict[str, Any] | None, Depends(_current_user.optional())]
"""The claims of the user, or ``None`` without a valid token."""


def require_role(role: str, *other_roles: str) -> UserDependency:
    """Return an ``async`` dependency: the user of ``CurrentUser``, for users with *role* or one of *other_roles*.

    Usage: ``Annotated[dict[str, Any], Depends(require_role("admin"))]``, or
    ``dependencies=[Depends(require_role("admin"))]``.

    The dependency raises ``HTTPError``: 403 if the user has another role, 401 without a valid token. Equal arguments
    return the same object. In tests, an override of ``get_current_user`` also replaces its user.
    """
    return _roles.require((role, *other_roles))


class FastAPIAuth:
    """The dependencies of an :class:`~fastware.auth.Auth`.

    Usage::

        api = FastAPIAuth(Auth.from_env(), token_url="login")


        @app.get("/profile")
        async def profile(user: Annotated[Claims, Depends(api.current_user)]): ...

    Args:
        auth: the settings; those of the application are not read.
        token_url: the path of :func:`login_route`, relative to the document. The Authorize button of ``/docs`` then
            asks for a username and a password (OAuth 2 password flow) instead of a token.

    Attributes:
        current_user: an ``async`` dependency whose value is the claims of the user. In tests, an override of
            ``api.current_user``, ``auth.current_user`` or ``get_current_user`` replaces it.
        optional_user: the same, or ``None`` without a valid token.

    Raises:
        TypeError: an argument has another type.

    """

    current_user: UserDependency
    optional_user: Callable[[Any], Awaitable[dict[str, Any] | None]]

    def __init__(self, auth: Auth, *, token_url: str | None = None) -> None:
        error = auth_error(auth, "FastAPIAuth(Auth(...))")
        if error is not None:
            del auth  # error reporters show the local variables of a traceback's frames
            raise error
        if token_url is not None and not isinstance(token_url, str):
            raise TypeError(f"token_url must be a str, not {type(token_url).__name__}")
        self.auth = auth
        scheme = UserScheme(
            cast(Dependency, auth.current_user),
            _get_current_user,
            token_url=token_url,
            cookie_name=session_cookie_name(True) if auth.host_prefix else None,
        )
        self.current_user = scheme
        self.optional_user = scheme.optional()
        self._roles = RoleDependencies(lambda roles: UserRole(scheme, roles))

    def require_role(self, role: str, *other_roles: str) -> UserDependency:
        """Return an ``async`` dependency: ``current_user``, for users with *role* or one of *other_roles*.

        It raises ``HTTPError``: 403 if the user has another role, 401 without a valid token. Equal arguments return the
        same object. In tests, an override of ``current_user`` also replaces its user.
        """
        return self._roles.require((role, *other_roles))
