"""Dependencies that find and verify the token of a request."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from fastware._engine import engine
from fastware._engine.contract import INVALID_TOKEN, UNUSABLE_SECRET
from fastware._internal.framework_dependency import Dependency, framework_dependency
from fastware.auth.challenges import unauthorized
from fastware.auth.configuration import Settings, find_config, invalid_config, missing_config, unusable_secret
from fastware.auth.roles import RoleDependencies, RoleDependency
from fastware.cookies import SESSION_COOKIE

identify = engine.identify


@framework_dependency
def get_current_user(request: Any, *, allow_query_token: bool = True) -> dict[str, Any]:
    """Return the claims of the token that *request* presents.

    The token is the first of these that is not empty: ``Authorization: Bearer``, the ``session`` cookie, the ``token``
    query parameter. The settings are in ``request.state["config"]``, which the lifespan yields, or in
    ``app.state.config``: ``{"jwt_secret": ...}``, a secret or a sequence of secrets, or ``{"auth": Auth(...)}``.

    It is also a dependency: ``deps={"user": get_current_user}`` in fastware, ``Depends(get_current_user)`` in FastAPI,
    ``Provide(get_current_user)`` in Litestar.

    A valid token is accepted until it expires, even after a logout, a change of role or the deletion of the user,
    unless the settings are an ``Auth`` with ``revocations``.

    Args:
        request: any object with an ASGI ``scope`` (HTTP or WebSocket), or the scope itself.
        allow_query_token: query strings end up in access logs and browser histories. ``False``, here or as
            ``config["allow_query_token"]``, disables the query parameter.

    Raises:
        HTTPError: 401 without a valid token, 503 while the revocations of the ``Auth`` cannot be read.
        ConfigurationError: no usable secret is configured.

    """
    scope = getattr(request, "scope", request)
    try:
        state = scope["state"]
        config = state["config"] if "config" in state else scope["app"].state["config"]
        auth = config["auth"] if "auth" in config else None  # noqa: SIM401 - `get` takes 60 instructions more
        secret = None if auth is not None else config["jwt_secret"]
    except (AttributeError, LookupError, TypeError):
        config = find_config(request, scope)
        auth = config.get("auth")
        secret = config.get("jwt_secret")
    error: Exception | None = None
    claims: Any = None
    query_string: bytes | None = None
    try:
        if auth is not None:
            is_alone = isinstance(auth, Settings) and "jwt_secret" not in config and "allow_query_token" not in config
            error = None if is_alone else invalid_config(config)
            claims = None if error else auth.claims_or_failure(scope, allow_query_token)
        elif secret:
            allows_query = allow_query_token and config.get("allow_query_token", True)
            query_string = scope.get("query_string", b"") if allows_query else None
            claims = identify(scope["headers"], query_string, SESSION_COOKIE, secret)
        else:
            error = missing_config(scope)
    except BaseException:
        # Error reporters show the local variables of a traceback's frames.
        request = scope = state = config = auth = secret = query_string = None
        raise
    if isinstance(claims, dict):
        return claims
    if error is None:
        error = _rejection(claims, scope, auth, allow_query_token, query_string, secret)
    request = scope = state = config = auth = secret = query_string = None
    try:
        raise error
    finally:
        del error  # the frame and the error would refer to each other until a garbage collection


def _rejection(
    failure: int, scope: Any, auth: Any, allow_query_token: bool, query_string: bytes | None, secret: Any
) -> Exception:
    """Return the error for a request without a valid token, and record a rejected one."""
    try:
        if auth is not None:
            return auth.rejection(failure, scope, allow_query_token)  # type: ignore[no-any-return]
        if failure == UNUSABLE_SECRET:
            return unusable_secret()
        if failure == INVALID_TOKEN:
            from fastware.auth.rejected_tokens import record_rejected_token  # noqa: PLC0415 - not needed before

            record_rejected_token(scope, query_string, SESSION_COOKIE, secret, {})
        return unauthorized(failure)
    finally:
        scope = auth = query_string = secret = None  # error reporters show the local variables of frames


def require_role(role: str, *other_roles: str, allow_query_token: bool = True) -> Callable[[Any], dict[str, Any]]:
    """Return a dependency: :func:`get_current_user`, for users with *role* or one of *other_roles*.

    Usage: ``@router.get("/admin", deps={"user": require_role("admin")})``, and in FastAPI
    ``Depends(require_role("admin"))``.

    The dependency raises ``HTTPError``: 403 if the user has another role, 401 without a valid token. In tests, an
    override of ``get_current_user`` also replaces its user.
    """
    dependencies = _with_query_token if allow_query_token else _without_query_token
    return dependencies.require((role, *other_roles))


_current_user = cast(Dependency, get_current_user)
_user_of = _current_user.plain
_user_without_query_token = functools.partial(_user_of, allow_query_token=False)
_with_query_token = RoleDependencies(lambda roles: RoleDependency(_current_user, roles, _user_of))
_without_query_token = RoleDependencies(lambda roles: RoleDependency(_current_user, roles, _user_without_query_token))
