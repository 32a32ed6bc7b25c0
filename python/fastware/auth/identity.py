"""Dependencies that find and verify the token of a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastware._engine import engine
from fastware._engine.contract import NO_TOKEN, UNUSABLE_SECRET
from fastware.auth.session_cookies import SESSION_COOKIE
from fastware.auth.settings import find_config, missing_secret, unusable_secret
from fastware.errors import HTTPError

identify = engine.identify

_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def get_current_user(request: Any, *, allow_query_token: bool = True) -> dict[str, Any]:
    """Return the claims of the token that *request* presents.

    The token is the first of these that is not empty: ``Authorization: Bearer``, the ``session`` cookie, the ``token``
    query parameter. The secret, or the sequence of secrets, is ``request.state["config"]["jwt_secret"]``.

    A valid token is accepted until it expires, even after a logout, a change of role or the deletion of the user.
    If that matters, pass a small ``expires_hours`` to ``create_token``, or look the user up.

    Args:
        request: any object with an ASGI ``scope``, or the scope itself.
        allow_query_token: query strings end up in access logs and browser histories. ``False``, here or as
            ``config["allow_query_token"]``, disables the query parameter.

    Raises:
        HTTPError: 401 without a valid token.
        ConfigurationError: no usable secret is configured.

    """
    scope = getattr(request, "scope", request)
    try:
        config = scope["state"]["config"]
        secret = config["jwt_secret"]
        allows_query = allow_query_token and config.get("allow_query_token", True)
    except (AttributeError, LookupError, TypeError):
        config = find_config(request, scope)
        secret = config.get("jwt_secret")
        allows_query = allow_query_token and config.get("allow_query_token", True)
    if secret:
        query_string = scope.get("query_string", b"") if allows_query else None
        claims = identify(scope["headers"], query_string, SESSION_COOKIE, secret)
        if isinstance(claims, dict):
            return claims
        error = _error(claims)
    else:
        error = missing_secret(scope)
    # Error reporters show the local variables of a traceback's frames.
    request = scope = config = secret = query_string = None
    try:
        raise error
    finally:
        del error  # the frame and the error would refer to each other until a garbage collection


def require_role(role: str, *other_roles: str, allow_query_token: bool = True) -> Callable[[Any], dict[str, Any]]:
    """Return a dependency: :func:`get_current_user` for users of *role*, or of any of *other_roles*.

    Usage: ``@router.get("/admin", deps={"user": require_role("admin")})``

    The dependency raises ``HTTPError``: 403 if the token has another role, 401 without a valid token.
    """
    roles = (role, *other_roles)
    if not all(isinstance(name, str) for name in roles):
        raise TypeError('roles must be str: require_role("admin", "editor")')

    def current_user_with_role(request: Any) -> dict[str, Any]:
        try:
            claims = get_current_user(request, allow_query_token=allow_query_token)
        finally:
            request = None  # error reporters show the local variables of a traceback's frames
        if claims.get("role") not in roles:
            raise HTTPError(403, f"Requires role: {' or '.join(roles)}")
        return claims

    return current_user_with_role


def _error(failure: int) -> Exception:
    if failure == UNUSABLE_SECRET:
        return unusable_secret()
    return HTTPError(401, "Not authenticated" if failure == NO_TOKEN else "Invalid or expired token", _CHALLENGE)
