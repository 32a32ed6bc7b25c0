"""The settings of an application's authentication in one object."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from fastware._engine import engine
from fastware._engine.arguments import as_expected, as_leeway, as_secrets
from fastware._engine.contract import MIN_SECRET_LENGTH, Secrets
from fastware._engine.token_errors import HOW_TO_CREATE_ONE, secret_error, warn_if_short
from fastware._internal.framework_dependency import Dependency
from fastware.auth.challenges import unauthorized
from fastware.auth.configuration import Settings
from fastware.auth.roles import RoleDependencies, RoleDependency
from fastware.auth.session_cookies import session_cookie_name
from fastware.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import timedelta

    from fastware.auth.token_report import TokenReport

identify = engine.identify


class Auth(Settings):
    """The settings of an application's authentication: immutable, and safe to share between threads.

    Usage::

        auth = Auth(os.environ["JWT_SECRET"], leeway=10)

        token = auth.create_token("ada", "admin", expires_in=3600)
        claims = auth.verify_token(token)

        @router.get("/profile", deps={"user": auth.current_user})
        async def profile(user): ...

    If the lifespan yields ``{"config": {"auth": auth}}``, ``get_current_user`` and ``require_role`` use these settings.

    Args:
        secret: at least 32 random bytes, as ``str`` (UTF-8) or ``bytes``, or a sequence of secrets: the first signs,
            each verifies. A shorter one causes an ``InsecureKeyLengthWarning``.
        leeway: seconds by which the clocks of servers may differ, as a number or a ``timedelta`` (RFC 7519 section
            4.1.4).
        audience: the audience of the tokens (``aud``), or several: tokens are created for the first and accepted for
            each (RFC 7519 section 4.1.3).
        issuer: the issuer of the tokens (``iss``, RFC 7519 section 4.1.1).
        allow_query_token: read ``?token=`` too. Query strings end up in access logs and browser histories.
        host_prefix: the session cookie is ``__Host-session``, which other subdomains cannot set (RFC 6265bis section
            4.1.3.2), instead of ``session``.

    Raises:
        TypeError: an argument has another type. The message names the argument and never shows a secret.
        ValueError: an argument is invalid, for example a secret that is empty or a PEM key.

    """

    __slots__ = (
        "__weakref__",
        "_claims",
        "_cookie_name",
        "_options",
        "_roles",
        "_secrets",
        "allow_query_token",
        "audience",
        "current_user",
        "host_prefix",
        "issuer",
        "leeway",
    )

    leeway: float
    audience: tuple[str, ...] | None
    issuer: str | None
    allow_query_token: bool
    host_prefix: bool
    current_user: Callable[[Any], Awaitable[dict[str, Any]]]
    """An ``async`` dependency: what :meth:`identify` returns for the request."""

    _secrets: tuple[str | bytes, ...]
    _options: dict[str, Any]
    _claims: dict[str, Any]
    _cookie_name: str
    _roles: RoleDependencies[RoleDependency]

    def __init__(
        self,
        secret: Secrets,
        *,
        leeway: float | timedelta = 0,
        audience: str | Collection[str] | None = None,
        issuer: str | None = None,
        allow_query_token: bool = False,
        host_prefix: bool = False,
    ) -> None:
        values: Any = None
        try:
            for name, flag in (("allow_query_token", allow_query_token), ("host_prefix", host_prefix)):
                if not isinstance(flag, bool):
                    raise TypeError(f"{name} must be a bool, not {type(flag).__name__}")
            secrets = _checked_secrets(secret)
            warn_if_short(_shortest(secrets), 2)
            seconds, audiences, exact_issuer = as_expected(leeway, audience, issuer)
            if audiences and isinstance(audience, (set, frozenset)):
                audiences = tuple(sorted(audiences))  # tokens are created for the same audience in every process
            options = {"leeway": seconds, "audience": audiences, "issuer": exact_issuer}
            current_user = Dependency(self.identify, is_async=True)
            values = {
                **options,
                "allow_query_token": allow_query_token,
                "host_prefix": host_prefix,
                "current_user": current_user,
                "_secrets": secrets,
                "_options": {name: value for name, value in options.items() if value not in (None, 0.0)},
                "_claims": ({} if exact_issuer is None else {"iss": exact_issuer})
                | ({"aud": audiences[0]} if audiences else {}),
                "_cookie_name": session_cookie_name(host_prefix),
                "_roles": RoleDependencies(
                    lambda roles: RoleDependency(current_user, roles, self.identify, is_async=True)
                ),
            }
            for name in values:
                object.__setattr__(self, name, values[name])
        finally:
            secret = secrets = values = None  # type: ignore[assignment] # error reporters show the locals of frames

    @classmethod
    def from_env(cls, prefix: str = "FASTWARE_", **options: Any) -> Auth:
        """Return the settings in the environment variables that begin with *prefix*.

        ``JWT_SECRET`` is required: one secret of at least 32 bytes, or several separated by commas or newlines, of
        which the first signs. ``JWT_LEEWAY`` (seconds), ``JWT_AUDIENCE`` and ``JWT_ISSUER`` are optional.

        Args:
            prefix: ``"FASTWARE_"`` reads ``FASTWARE_JWT_SECRET``.
            options: further arguments of :class:`Auth`, which replace those of the environment.

        Raises:
            ConfigurationError: the secret is missing or too short, or a variable is invalid. The message names the
                variable and shows how to create a secret.

        """
        found: dict[str, Any] = {}
        for name in ("audience", "issuer"):
            value = os.environ.get(f"{prefix}JWT_{name.upper()}", "").strip()
            if value:
                found[name] = value
        leeway = os.environ.get(f"{prefix}JWT_LEEWAY", "").strip()
        if leeway:
            found["leeway"] = _leeway_in_environment(f"{prefix}JWT_LEEWAY", leeway)
        return cls(_secrets_in_environment(f"{prefix}JWT_SECRET"), **(found | options))

    def create_token(
        self,
        username: str,
        role: str,
        *,
        expires_in: float | timedelta | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a signed token: :func:`~fastware.auth.create_token` with these settings.

        Args:
            username: the subject, ``sub``.
            role: the role, ``role``.
            expires_in: lifetime in seconds, a number or a ``timedelta``; 30 days by default.
            claims: further claims. ``iss`` and ``aud`` are set by these settings, if they are configured.

        Raises:
            TypeError: an argument has another type.
            ValueError: an argument is invalid, or *claims* has a claim that is set already.

        """
        if self._claims and (claims is None or isinstance(claims, Mapping)):
            further = dict(claims or {})
            for name in self._claims:
                if name in further:
                    raise ValueError(f"{name} is set by the settings of Auth; leave it out of claims")
            claims = self._claims | further
        try:
            return engine.create_token(username, role, self._secrets, expires_in=expires_in, claims=claims)
        except (TypeError, ValueError) as failure:
            error = failure.with_traceback(None)  # the frames of the pure-Python engine hold the secrets
        try:
            raise error
        finally:
            del error  # the frame and the error would refer to each other until a garbage collection

    def verify_token(self, token: str) -> dict[str, Any] | None:
        """Return the claims of *token*, or ``None``: :func:`~fastware.auth.verify_token` with these settings."""
        return engine.verify_token(token, self._secrets, **self._options)

    def inspect_token(self, token: str) -> TokenReport:
        """Return why *token* is accepted or rejected: :func:`~fastware.auth.inspect_token` with these settings."""
        from fastware.auth.token_report import inspect_token  # noqa: PLC0415 - for the log and the command line only

        return inspect_token(token, self._secrets, **self._options)

    def identify(self, request: Any) -> dict[str, Any]:
        """Return the claims of the token that *request* presents.

        Args:
            request: any object with an ASGI ``scope`` (HTTP or WebSocket), or the scope itself.

        Raises:
            HTTPError: 401 without a valid token.
            TypeError: *request* has no ASGI scope.

        """
        scope = getattr(request, "scope", request)
        has_scope = type(scope) is dict or isinstance(scope, Mapping)
        claims = self.claims_or_failure(scope) if has_scope else None
        if isinstance(claims, dict):
            return claims
        error: Exception
        if claims is None:
            error = TypeError(f"expected a request with an ASGI scope, or the scope, not {type(request).__name__}")
        else:
            error = unauthorized(claims)
        # Error reporters show the local variables of a traceback's frames.
        request = scope = None
        try:
            raise error
        finally:
            del error  # the frame and the error would refer to each other until a garbage collection

    def claims_or_failure(self, scope: Mapping[str, Any], allow_query_token: bool = True) -> dict[str, Any] | int:
        """Return the claims of the token in *scope*, or why there are none, like ``Engine.identify``."""
        query_string = scope.get("query_string", b"") if self.allow_query_token and allow_query_token else None
        if self._options:
            return identify(scope["headers"], query_string, self._cookie_name, self._secrets, **self._options)
        return identify(scope["headers"], query_string, self._cookie_name, self._secrets)

    def require_role(self, role: str, *other_roles: str) -> Callable[[Any], Awaitable[dict[str, Any]]]:
        """Return an ``async`` dependency: :attr:`current_user`, for users with *role* or one of *other_roles*.

        It raises ``HTTPError``: 403 if the user has another role, 401 without a valid token. Equal arguments return the
        same object. In tests, an override of ``current_user`` also replaces its user.
        """
        return self._roles.require((role, *other_roles))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Auth is immutable; create another one to change {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("Auth is immutable")

    def __copy__(self) -> Auth:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Auth:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Auth holds secrets and cannot be pickled; create one in each process")

    def __repr__(self) -> str:
        # Without the secrets.
        names = ("leeway", "audience", "issuer", "allow_query_token", "host_prefix")
        return f"<Auth: {', '.join(f'{name}={getattr(self, name)!r}' for name in names)}>"


def _checked_secrets(secret: Any) -> tuple[str | bytes, ...]:
    secrets = as_secrets(secret)
    is_sequence = isinstance(secrets, (list, tuple))
    every: Any = tuple(secrets) if is_sequence else (secrets,)
    error = None if every else secret_error(())
    for index, each in enumerate(every):
        if error is None and not engine.has_usable_secret(each):
            error = secret_error(each, f"secret[{index}]" if is_sequence else "secret")
    if error is not None:
        secret = secrets = every = each = None  # error reporters show the local variables of a traceback's frames
        raise error
    return every  # type: ignore[no-any-return]


def _shortest(secrets: tuple[str | bytes, ...]) -> int:
    return min(len(secret.encode() if isinstance(secret, str) else secret) for secret in secrets)


def _secrets_in_environment(name: str) -> list[str]:
    secrets = [secret.strip() for secret in os.environ.get(name, "").replace(",", "\n").splitlines()]
    secrets = [secret for secret in secrets if secret]
    lengths = [len(os.fsencode(secret)) for secret in secrets]
    if not lengths:
        problem = "is not set"
    elif min(lengths) < MIN_SECRET_LENGTH:
        problem = f"has a secret of {min(lengths)} bytes; it needs at least {MIN_SECRET_LENGTH}"
        problem += " (commas and newlines separate several secrets)" if len(lengths) > 1 else ""
    elif not all(map(engine.has_usable_secret, secrets)):
        problem = "has an SSH, DER or JWK key, or text that is not UTF-8, in place of a secret"
    else:
        return secrets
    secrets.clear()  # error reporters show the local variables of a traceback's frames
    raise ConfigurationError(f"The environment variable {name} {problem}; {HOW_TO_CREATE_ONE}")


def _leeway_in_environment(name: str, text: str) -> float:
    try:
        return as_leeway(float(text))
    except ValueError:
        pass
    raise ConfigurationError(f"The environment variable {name} must be a number of seconds from 0 to 2**53")
