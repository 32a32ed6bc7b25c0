"""Authentication for Starlette: a backend for its ``AuthenticationMiddleware``, and a decorator for handlers.

Usage::

    auth = Auth.from_env()

    @requires("admin")
    async def reports(request): ...

    app = Starlette(
        routes=[Route("/reports", reports)],
        middleware=[Middleware(AuthenticationMiddleware, backend=AuthBackend(auth))],
    )
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import Any, Final, TypeVar, cast

if find_spec("starlette") is None:
    raise ImportError(
        "fastware.integrations.starlette needs the package starlette: pip install starlette", name="starlette"
    )

from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response

from fastware._engine.contract import INVALID_TOKEN, NO_TOKEN
from fastware._internal.names import name_of
from fastware._internal.request_parameter import request_parameter
from fastware.auth import Auth, get_current_user
from fastware.auth.challenges import forbidden, unauthorized
from fastware.errors import ConfigurationError, HTTPError

__all__ = ["AuthBackend", "TokenUser", "requires"]

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])

_REJECTION: Final = "fastware.rejection"
"""The key of a scope under which :class:`AuthBackend` stores why it found no user: an ``HTTPError``."""


class TokenUser(BaseUser):
    """The user of a valid token: ``request.user``.

    Attributes:
        claims: the claims of the token.

    """

    def __init__(self, claims: dict[str, Any]) -> None:
        self.claims = claims

    @property
    def is_authenticated(self) -> bool:
        """``True``."""
        return True

    @property
    def display_name(self) -> str:
        """The username, which is the claim ``sub``, or ``""`` without one."""
        return str(self.claims.get("sub", ""))

    @property
    def identity(self) -> str:
        """The username."""
        return self.display_name


class AuthBackend(AuthenticationBackend):
    """Identifies the user of a request: ``Middleware(AuthenticationMiddleware, backend=AuthBackend(auth))``.

    The user of a valid token is ``request.user``, a :class:`TokenUser`, and ``request.auth.scopes`` is
    ``["authenticated", role]``. Without a valid token the user is Starlette's ``UnauthenticatedUser``, and there are no
    scopes. A request without usable settings raises ``ConfigurationError``, which Starlette answers with a bare 500.

    Args:
        auth: the settings; by default those that ``get_current_user`` finds.

    Raises:
        TypeError: *auth* is not an ``Auth``.

    """

    def __init__(self, auth: Auth | None = None) -> None:
        if auth is not None and not isinstance(auth, Auth):
            raise TypeError(f"auth must be a fastware.auth.Auth, not {type(auth).__name__}")
        # Called with `scope`, as frameworks do, both return a coroutine.
        self._current_user = cast(Callable[..., Any], get_current_user if auth is None else auth.current_user)

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """Return the scopes and the user of the token in *conn*, or ``None`` without a valid one."""
        try:
            claims = await self._current_user(scope=conn)
        except HTTPError as error:
            # A traceback would refer to the connection, and so the scope to itself, until a garbage collection.
            conn.scope[_REJECTION] = error.with_traceback(None)
            return None
        role = claims.get("role")
        scopes = ["authenticated", role] if isinstance(role, str) else ["authenticated"]
        return AuthCredentials(scopes), TokenUser(claims)

    @staticmethod
    def on_error(conn: HTTPConnection, exc: Exception) -> Response:
        """Return the response to an ``AuthenticationError`` of a subclass: 401 with a challenge (RFC 6750 section 3).

        Usage: ``Middleware(AuthenticationMiddleware, backend=backend, on_error=backend.on_error)``. Starlette's default
        is a 400. The text of the error is shown to the client.
        """
        error = unauthorized(INVALID_TOKEN)
        return PlainTextResponse(str(exc) or error.detail, status_code=error.status_code, headers=error.headers)


def requires(*roles: str) -> Callable[[HandlerT], HandlerT]:
    """Return a decorator for handlers that only users of one of *roles* may call; without roles, authenticated users.

    It decorates ``async`` and plain functions that take the request or the WebSocket, and methods of endpoint classes.
    A role is one of ``request.auth.scopes``, as in ``starlette.authentication.requires``. That decorator requires all
    of its scopes, and its response is a 403 without a challenge.

    Raises:
        TypeError: a role is not a ``str``, as in ``@requires`` without parentheses, or the handler takes no request.

    The decorated handler raises ``HTTPError``: 401 without a user, 403 if the user has none of the roles, both with a
    challenge (RFC 6750 section 3). Before a WebSocket is accepted, they deny the handshake. Without an
    ``AuthenticationMiddleware``, the handler raises ``ConfigurationError``.

    """
    if not all(isinstance(role, str) for role in roles):
        raise TypeError('requires takes roles, which are str: @requires("admin"), or @requires() for any user')

    def decorate(handler: HandlerT) -> HandlerT:
        if isinstance(handler, type) or request_parameter(handler) is None:
            raise TypeError(f"requires decorates a function or method that takes the request, not {name_of(handler)}")
        if not _is_async(handler):

            @functools.wraps(handler)
            def call(*args: Any, **kwargs: Any) -> Any:
                _check(roles, _scope_of(handler, (*args, *kwargs.values())))
                return handler(*args, **kwargs)

            return cast(HandlerT, call)

        @functools.wraps(handler)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            _check(roles, _scope_of(handler, (*args, *kwargs.values())))
            return await handler(*args, **kwargs)

        return cast(HandlerT, call_async)

    return decorate


def _is_async(handler: Callable[..., Any]) -> bool:
    return any(map(inspect.iscoroutinefunction, (handler, getattr(handler, "__call__", None))))  # noqa: B004


def _scope_of(handler: Callable[..., Any], arguments: Iterable[Any]) -> Mapping[str, Any]:
    """Return the scope of the request or the WebSocket among the *arguments* of a call."""
    for argument in arguments:
        if isinstance(argument, HTTPConnection):
            return argument.scope
    raise TypeError(f"{name_of(handler)} was called without its request")


def _check(roles: tuple[str, ...], scope: Mapping[str, Any]) -> None:
    error = _error_for(roles, scope)
    if error is None:
        return
    try:
        raise error
    finally:
        del error, scope  # error reporters show the local variables of a traceback's frames


def _error_for(roles: tuple[str, ...], scope: Mapping[str, Any]) -> Exception | None:
    if "user" not in scope or "auth" not in scope:
        return ConfigurationError(
            "requires needs the user of the request: add Middleware(AuthenticationMiddleware, "
            "backend=AuthBackend(auth)) to the middleware of the application"
        )
    if not scope["user"].is_authenticated:
        rejection = scope.get(_REJECTION)
        # Copied, because the traceback of a raised error would refer to the scope.
        return unauthorized(NO_TOKEN) if rejection is None else copy.copy(rejection)
    if roles and not any(role in scope["auth"].scopes for role in roles):
        return forbidden(roles, getattr(scope["user"], "claims", {}), scope)
    return None
