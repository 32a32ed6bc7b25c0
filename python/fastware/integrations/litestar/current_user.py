"""The user of a request: the annotation of the parameter, and the claims that are verified once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from fastware.auth import Auth

if TYPE_CHECKING:
    CurrentUser: TypeAlias = dict[str, Any]
    """The annotation of a parameter that receives the user: ``async def profile(user: CurrentUser)``."""
else:
    try:
        from litestar.di import NamedDependency
        from litestar.params import SkipValidation
    except ImportError:  # Litestar before 2.23
        from litestar.params import Dependency as Marker

        CurrentUser = Annotated[dict[str, Any], Marker(skip_validation=True)]
    else:
        CurrentUser = NamedDependency[SkipValidation[dict[str, Any]]]

VERIFIED: Final = "fastware.verified"
"""The key of a scope that holds the claims of its verified token, with the settings and headers that they are from."""


async def user_of(auth: Auth, scope: Any) -> dict[str, Any]:
    """Return the claims of the token, which the guards and the dependency of a request verify once."""
    try:
        verified = scope.get(VERIFIED)
        # An application that is mounted in another one may have other settings, or other headers from a middleware.
        if verified is None or verified[0] is not auth or verified[1] is not scope["headers"]:
            verified = scope[VERIFIED] = auth, scope["headers"], await claims_of(auth, scope)
        claims: dict[str, Any] = verified[2]
        return claims
    finally:
        scope = verified = None  # error reporters show the local variables of a traceback's frames


async def claims_of(auth: Auth, scope: Any) -> dict[str, Any]:
    """Return the claims of the token or ticket. Raises ``HTTPError`` 401 without a valid one."""
    try:
        return auth.identify(scope) if auth.tickets is None else await auth.current_user(scope)
    finally:
        del scope  # error reporters show the local variables of a traceback's frames
