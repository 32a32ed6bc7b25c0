"""The settings of an application's authentication in one object."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from fastware._engine import engine
from fastware._engine.arguments import as_expected
from fastware._engine.contract import INVALID_TOKEN, NO_TOKEN, UNUSABLE_SECRET, Secrets
from fastware._internal.framework_dependency import Dependency
from fastware.auth import session_claims
from fastware.auth.challenges import REVOKED, unauthorized
from fastware.auth.configuration import Settings
from fastware.auth.environment import options_in_environment, secrets_in_environment
from fastware.auth.roles import RoleDependencies, RoleDependency
from fastware.auth.secret_arguments import checked_secrets
from fastware.auth.session_cookies import session_cookie_name
from fastware.auth.storage_arguments import checked_revocations
from fastware.auth.ticket_parameter import claims_of_ticket, has_ticket
from fastware.errors import HTTPError

if TYPE_CHECKING:
    from datetime import timedelta

    from fastware.auth.revocations import Revocations
    from fastware.auth.tickets import Tickets
    from fastware.auth.token_report import TokenReport

identify = engine.identify


class Auth(Settings):
    """The settings of an application's authentication. They are immutable, and safe to share between threads.

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
        revocations: the list of revoked tokens, which are rejected, for example a ``SQLiteRevocations``. New tokens get
            the claims ``sid`` and ``rev``.
        tickets: a :class:`~fastware.auth.Tickets`: ``current_user`` also accepts ``?ticket=`` in the URL of a WebSocket
            or an event stream.

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
        "revocations",
        "tickets",
    )

    leeway: float
    audience: tuple[str, ...] | None
    issuer: str | None
    allow_query_token: bool
    host_prefix: bool
    revocations: Revocations | None
    tickets: Tickets | None
    current_user: Callable[[Any], Awaitable[dict[str, Any]]]
    """An ``async`` dependency, whose value is what :meth:`identify` returns for the request."""

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
        revocations: Revocations | None = None,
        tickets: Tickets | None = None,
    ) -> None:
        values: Any = None
        try:
            for name, flag in (("allow_query_token", allow_query_token), ("host_prefix", host_prefix)):
                if not isinstance(flag, bool):
                    raise TypeError(f"{name} must be a bool, not {type(flag).__name__}")
            secrets = checked_secrets(secret, 2)
            seconds, audiences, exact_issuer = as_expected(leeway, audience, issuer)
            checked_revocations(revocations)
            _check_tickets(tickets)
            if audiences and isinstance(audience, (set, frozenset)):
                audiences = tuple(sorted(audiences))  # tokens are created for the same audience in every process
            options = {"leeway": seconds, "audience": audiences, "issuer": exact_issuer}
            current_user = Dependency(self.identify, is_async=True)
            if tickets is not None:
                current_user.resolve = self._resolve
            values = {
                **options,
                "allow_query_token": allow_query_token,
                "host_prefix": host_prefix,
                "revocations": revocations,
                "tickets": tickets,
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
            if revocations is not None:
                revocations.accept_leeway(seconds)
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
        found = options_in_environment(prefix)
        return cls(secrets_in_environment(f"{prefix}JWT_SECRET"), **(found | options))

    def create_token(
        self,
        username: str,
        role: str,
        *,
        expires_in: float | timedelta | None = None,
        claims: Mapping[str, Any] | None = None,
        session: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a signed token: :func:`~fastware.auth.create_token` with these settings.

        With ``revocations``, it starts a session: the token has the claims ``sid`` and ``rev``. The revocation number
        of the user is read from the storage. In ``async`` code use :meth:`acreate_token`.

        Args:
            username: the subject, ``sub``.
            role: the role, ``role``.
            expires_in: lifetime in seconds, a number or a ``timedelta``; 30 days by default.
            claims: further claims. ``iss``, ``aud``, ``sid`` and ``rev`` are set by these settings, if they are
                configured.
            session: what :meth:`new_session` returned. The token belongs to this session. ``revocations.revoke`` lists
                a session for the lifetime of one token: docs/sessions.md says how to end later tokens too.

        Raises:
            TypeError: an argument has another type.
            ValueError: an argument is invalid, or *claims* has a claim that is set already.
            StorageError: the revocations cannot be read.

        """
        if session is None:
            session = self.new_session(username)
        own = session_claims.checked_session(session, self.revocations is not None)
        return self._sign(username, role, expires_in, self._with_own(claims, own))

    async def acreate_token(
        self,
        username: str,
        role: str,
        *,
        expires_in: float | timedelta | None = None,
        claims: Mapping[str, Any] | None = None,
        session: Mapping[str, Any] | None = None,
    ) -> str:
        """Do what :meth:`create_token` does, without blocking the event loop."""
        if session is None:
            session = await self.anew_session(username)
        own = session_claims.checked_session(session, self.revocations is not None)
        return self._sign(username, role, expires_in, self._with_own(claims, own))

    def new_session(self, username: str) -> dict[str, Any]:
        """Return the claims ``sid`` and ``rev`` of a new session of *username*; without ``revocations``, no claims.

        Call it before the password is checked, and pass the result to :meth:`create_token`: if the password changes in
        between, the token is revoked. Keep the result as ``data`` of the refresh token, so that the tokens of one login
        are one session.

        Raises:
            TypeError: *username* is not a ``str``.
            StorageError: the revocations cannot be read.

        """
        return {} if self.revocations is None else session_claims.new_session(self.revocations.revision(username))

    async def anew_session(self, username: str) -> dict[str, Any]:
        """Do what :meth:`new_session` does, without blocking the event loop."""
        if self.revocations is None:
            return {}
        return session_claims.new_session(await self.revocations.arevision(username))

    def renew_token(self, claims: Mapping[str, Any], *, expires_in: float | timedelta | None = None) -> str:
        """Return a new token of the same session, with the user, the role and the further claims of *claims*.

        The new token is revoked together with the others of its session, and with those of its user.

        Args:
            claims: the claims of a valid token: what :meth:`identify` and :meth:`verify_token` return.
            expires_in: lifetime in seconds, a number or a ``timedelta``; by default that of the token of *claims*. A
                longer one is stored in ``revocations``: in ``async`` code use :meth:`arenew_token`.

        Raises:
            HTTPError: 401 if the token has expired or was revoked since, 503 if the revocations cannot be checked.
            TypeError: an argument has another type.
            ValueError: *claims* has no ``sub`` or no ``role``, or *expires_in* is out of range.
            StorageError: the revocations cannot be read, or the longer lifetime cannot be stored.

        """
        seconds = session_claims.lifetime_of_renewed(claims, expires_in)
        revision = 0
        if self.revocations is not None:
            if "rev" not in claims:
                revision = self.revocations.revision(claims["sub"])
            self.revocations.note_longer_session(claims, seconds)
        return self._renewed(claims, seconds, revision)

    async def arenew_token(self, claims: Mapping[str, Any], *, expires_in: float | timedelta | None = None) -> str:
        """Do what :meth:`renew_token` does, without blocking the event loop."""
        seconds = session_claims.lifetime_of_renewed(claims, expires_in)
        revision = 0
        if self.revocations is not None:
            if "rev" not in claims:
                revision = await self.revocations.arevision(claims["sub"])
            await self.revocations.anote_longer_session(claims, seconds)
        return self._renewed(claims, seconds, revision)

    def _renewed(self, claims: Mapping[str, Any], seconds: int, revision: int) -> str:
        is_revoked = self.revocations is not None and self.revocations.is_revoked(claims)
        if is_revoked or session_claims.has_expired(claims, self.leeway):
            raise unauthorized(INVALID_TOKEN)
        # The session of a token of the function `create_token` begins here.
        session = {} if self.revocations is None else session_claims.new_session(revision)
        session |= session_claims.session_of(claims) if session else {}
        kept = session_claims.kept_claims(claims).items()
        further = {name: value for name, value in kept if name not in self._claims and name not in session}
        return self._sign(claims["sub"], claims["role"], seconds, self._with_own(further, session))

    def _with_own(self, claims: Mapping[str, Any] | None, session: dict[str, Any]) -> Mapping[str, Any] | None:
        """Return the further *claims* together with those of these settings and of the *session*."""
        own = self._claims | session if session else self._claims
        if not own or not (claims is None or isinstance(claims, Mapping)):
            return claims  # the engine rejects another type
        further = dict(claims or {})
        for name in own:
            if name in further:
                raise ValueError(f"{name} is set by the settings of Auth; leave it out of claims")
        return own | further

    def _sign(
        self, username: str, role: str, expires_in: float | timedelta | None, claims: Mapping[str, Any] | None
    ) -> str:
        try:
            return engine.create_token(username, role, self._secrets, expires_in=expires_in, claims=claims)
        except (TypeError, ValueError) as failure:
            error = failure.with_traceback(None)  # the frames of the pure-Python engine hold the secrets
        try:
            raise error
        finally:
            del error  # the frame and the error would refer to each other until a garbage collection

    def verify_token(self, token: str) -> dict[str, Any] | None:
        """Return the claims of *token*, or ``None``: :func:`~fastware.auth.verify_token` with these settings.

        It also returns ``None`` for a revoked token, and for every token while the revocations cannot be read.
        """
        claims = engine.verify_token(token, self._secrets, **self._options)
        if claims is None or self.revocations is None:
            return claims
        try:
            return None if self.revocations.is_revoked(claims) else claims
        except HTTPError:  # the 503 that a request gets
            return None

    def inspect_token(self, token: str) -> TokenReport:
        """Return why *token* is accepted or rejected: :func:`~fastware.auth.inspect_token` with these settings."""
        from fastware.auth.token_report import checked_for_revocation, inspect_token  # noqa: PLC0415 - for logs only

        report = inspect_token(token, self._secrets, **self._options)
        return report if self.revocations is None else checked_for_revocation(report, self.revocations)

    def identify(self, request: Any) -> dict[str, Any]:
        """Return the claims of the token that *request* presents.

        Args:
            request: any object with an ASGI ``scope`` (HTTP or WebSocket), or the scope itself.

        Raises:
            HTTPError: 401 without a valid token, 503 while the revocations cannot be read.
            TypeError: *request* has no ASGI scope.

        """
        scope = getattr(request, "scope", request)
        has_scope = type(scope) is dict or isinstance(scope, Mapping)
        try:
            claims = self.claims_or_failure(scope) if has_scope else None
        except BaseException:
            request = scope = None  # error reporters show the local variables of a traceback's frames
            raise
        if isinstance(claims, dict):
            return claims
        error: Exception
        if claims is None:
            error = TypeError(f"expected a request with an ASGI scope, or the scope, not {type(request).__name__}")
        else:
            error = self.rejection(claims, scope)
        # Error reporters show the local variables of a traceback's frames.
        request = scope = None
        try:
            raise error
        finally:
            del error  # the frame and the error would refer to each other until a garbage collection

    def claims_or_failure(self, scope: Mapping[str, Any], allow_query_token: bool = True) -> dict[str, Any] | int:
        """Return the claims of the token in *scope*, or why there are none: ``REVOKED``, or as ``Engine.identify``."""
        query_string = scope.get("query_string", b"") if self.allow_query_token and allow_query_token else None
        if self._options:
            claims = identify(scope["headers"], query_string, self._cookie_name, self._secrets, **self._options)
        else:
            claims = identify(scope["headers"], query_string, self._cookie_name, self._secrets)
        if self.revocations is None or type(claims) is int:
            return claims
        try:
            return REVOKED if self.revocations.is_revoked(claims) else claims  # type: ignore[arg-type]
        except BaseException:
            scope = query_string = claims = None  # type: ignore[assignment]
            raise

    def rejection(self, failure: int, scope: Mapping[str, Any], allow_query_token: bool = True) -> HTTPError:
        """Return the error for a *failure* of :meth:`claims_or_failure`, and record a rejected token."""
        if failure not in (NO_TOKEN, UNUSABLE_SECRET):
            from fastware.auth.rejected_tokens import record_rejected_token  # noqa: PLC0415 - not needed before

            query_string = scope.get("query_string", b"") if self.allow_query_token and allow_query_token else None
            record_rejected_token(scope, query_string, self._cookie_name, self._secrets, self._options)
        return unauthorized(failure)

    async def _resolve(self, request: Any) -> dict[str, Any]:
        """Return what :meth:`identify` returns. Without a token, redeem the ticket in the query string."""
        scope = getattr(request, "scope", request)
        try:
            token = None
            if self.tickets is not None and has_ticket(scope):
                query_string = scope["query_string"] if self.allow_query_token else None
                token = engine.credential(scope["headers"], query_string, self._cookie_name)
                if token is None:
                    return await claims_of_ticket(self.tickets, self.revocations, scope)
            return self.identify(request)
        finally:
            request = scope = query_string = token = None  # error reporters show the local variables of frames

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


def _check_tickets(tickets: object) -> None:
    if tickets is None:
        return
    from fastware.auth.tickets import Tickets  # noqa: PLC0415 - only for applications that issue tickets

    if not isinstance(tickets, Tickets):
        raise TypeError(f"tickets must be a fastware.auth.Tickets, not {type(tickets).__name__}")
