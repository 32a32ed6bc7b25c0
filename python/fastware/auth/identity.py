"""Who makes a request: dependencies that find and check its token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fastware._engine import engine
from fastware.auth.cookies import SESSION_COOKIE
from fastware.auth.tokens import Secrets
from fastware.errors import HTTPError
from fastware.request import Request

_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_HOW_TO_CONFIGURE = (
    'let the lifespan yield {"config": {"jwt_secret": ...}}, at least 32 random bytes as str or bytes; '
    'it is read as request.state["config"]["jwt_secret"]'
)


def get_current_user(request: Any, *, allow_query_token: bool = True) -> dict[str, Any]:
    """Return the claims of the token that *request* presents.

    The token is the first of these that is not empty: ``Authorization: Bearer``, the ``session`` cookie, the ``token``
    query parameter. The secret, or the sequence of secrets, is ``request.state["config"]["jwt_secret"]``.

    A valid token is believed until it expires: it outlives a logout, the user's deletion and a change of role. Give
    ``create_token`` few hours, or look the user up, where that matters.

    Args:
        request: anything with an ASGI ``scope`` and a ``state``.
        allow_query_token: query strings end up in access logs and browser histories; ``False``, here or as
            ``config["allow_query_token"]``, turns the query parameter off.

    Raises:
        HTTPError: 401 where there is no valid token; 500 where no usable secret is configured.

    """
    try:
        # Of our own requests the state is a view of the scope's, which need not be made for this.
        state = request.scope["state"] if type(request) is Request else request.state
        config = state["config"]
        secret = config["jwt_secret"]
    except (AttributeError, LookupError, TypeError):
        config, secret = {}, None
    if not secret:
        state = config = None
        raise _unconfigured("No JWT secret is configured")
    scope = request.scope
    claims = engine.identify(scope["headers"], SESSION_COOKIE, secret)
    if claims is None and allow_query_token and config.get("allow_query_token", True):
        claims = _claims_of_query(scope.get("query_string", b""), secret)
    if claims is None or claims is False:
        is_fit = claims is None or engine.has_fit_secret(secret)
        # Reporters of errors show what the frames of a traceback hold.
        state = config = secret = scope = None
        raise _refusal(claims, is_fit)
    return claims


def require_role(role: str, *other_roles: str, allow_query_token: bool = True) -> Callable[[Any], dict[str, Any]]:
    """Return a dependency that is :func:`get_current_user` for users of *role*, or of any of *other_roles*.

    Usage: ``@router.get("/admin", deps={"user": require_role("admin")})``

    The dependency raises ``HTTPError``: 403 where the token's role is another, 401 where there is no valid token.
    """
    roles = (role, *other_roles)
    if not all(isinstance(name, str) for name in roles):
        raise TypeError('roles must be str: require_role("admin", "editor")')

    def current_user_with_role(request: Any) -> dict[str, Any]:
        claims = get_current_user(request, allow_query_token=allow_query_token)
        if claims.get("role") not in roles:
            raise HTTPError(403, f"Requires role: {' or '.join(roles)}")
        return claims

    return current_user_with_role


def _claims_of_query(query_string: bytes, secret: Secrets) -> dict[str, Any] | Literal[False] | None:
    token = engine.credential((), query_string, SESSION_COOKIE, True)
    if token is None:
        return None
    claims = engine.verify_token(token, secret)
    return False if claims is None else claims


def _refusal(claims: Literal[False] | None, is_fit: bool) -> HTTPError:
    if not is_fit:
        return _unconfigured("The JWT secret is not usable")
    return HTTPError(401, "Not authenticated" if claims is None else "Invalid or expired token", _CHALLENGE)


def _unconfigured(problem: str) -> HTTPError:
    return HTTPError(500, f"{problem}: {_HOW_TO_CONFIGURE}")
