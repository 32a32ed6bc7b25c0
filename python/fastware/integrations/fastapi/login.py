"""The login route: checks a password, returns a token, and sets the session cookies."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final, Literal

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from fastware._engine.arguments import as_expires_in
from fastware._engine.contract import Secrets
from fastware.asgi import Message, Receive
from fastware.auth.client_keys import ClientAddress, client_address
from fastware.auth.cross_site import cross_site_detail
from fastware.auth.csrf_tokens import create_csrf_token, csrf_keys
from fastware.auth.login import authenticate, check_guard
from fastware.auth.login_guard import LoginGuard
from fastware.auth.session_cookies import set_session_cookies
from fastware.auth.settings import Auth
from fastware.auth.users import UserStore
from fastware.cookies import SameSite
from fastware.core.body import read_body
from fastware.core.request import Request as BodyReader
from fastware.errors import HTTPError
from fastware.integrations.fastapi.arguments import auth_error

MAX_BODY_SIZE: Final = 65_536
"""Maximum size of the body of a login, in bytes."""

_JSON: Final = "application/json"
_DIRECT: Final = client_address()
_FORM: Final = "application/x-www-form-urlencoded"


class Credentials(msgspec.Struct):
    """The fields of a JSON body."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "<Credentials>"


def login_route(  # noqa: PLR0913 - the options of the cookies
    auth: Auth,
    store: UserStore,
    *,
    guard: LoginGuard | None = None,
    address: ClientAddress = _DIRECT,
    expires_in: float | timedelta | None = None,
    max_age: float | timedelta | Literal["exp"] | None = None,
    csrf_secret: Secrets | None = None,
    secure: bool | None = None,
    domain: str | None = None,
    path: str = "/",
    samesite: SameSite | None = "lax",
    partitioned: bool = False,
) -> APIRouter:
    """Return a router with ``POST /login``: ``app.include_router(login_route(auth, store))``.

    The body is JSON or a form with ``username`` and ``password``. The response has the ``username`` and the ``token``,
    which is also the ``access_token`` that the Authorize button of ``/docs`` reads (RFC 6749 section 5.1). It sets the
    session cookies, with the names that *auth* reads. A form that a page of another origin sends gets the token, but no
    cookies: otherwise that page could log a visitor in to an account of its choice (OWASP Cross-Site Request Forgery
    Prevention Cheat Sheet, "Login CSRF").

    A wrong username or password is a 401, after the same work for each username. A body that is malformed, over 64 KiB,
    or neither JSON nor a form is a 400, 413 or 415. The event loop is not blocked. Logins beyond those that bcrypt
    can check within ten seconds get a 503 with ``Retry-After``.

    Exempt the path from ``CSRFMiddleware``, and pass a *guard*.

    Args:
        auth: the settings, which sign the token.
        store: the users.
        guard: a :class:`~fastware.auth.LoginGuard`, which limits the attempts per user and per address of the client.
            Further attempts get a 429 with ``Retry-After``.
        address: :func:`~fastware.auth.client_address`, which finds the address of the client behind proxies. By
            default it is the one that the server gives in the scope.
        expires_in: lifetime of the token and of the cookies in seconds, a number or a ``timedelta``. By default, the
            token is valid for 30 days, and the cookies end with the browser session.
        max_age: lifetime of the cookies, if it is another one; ``"exp"`` for that of the token.
        csrf_secret: the ``secret`` of ``CSRFMiddleware``: the CSRF token is then made for the session, with
            :func:`~fastware.auth.create_csrf_token`.
        secure: send the cookies over HTTPS only. By default, that is so if the request came over HTTPS: behind a proxy,
            pass ``True``, or let the server read ``X-Forwarded-Proto``.
        domain: as the following ones, an option of :func:`~fastware.auth.set_session_cookies`.
        path: the URL path prefix that the cookies are sent to.
        samesite: ``"none"`` needs ``secure=True``.
        partitioned: needs ``secure=True``.

    Raises:
        TypeError: an argument has another type.
        ValueError: *expires_in* is not positive, *csrf_secret* is not usable, or an option of the cookies excludes
            another one.

    """
    try:
        csrf_tokens = _CSRFTokens(csrf_secret)
    finally:
        del csrf_secret  # error reporters show the local variables of a traceback's frames
    error = auth_error(auth, "login_route(Auth(...), store)")
    if error is not None:
        del auth  # error reporters show the local variables of a traceback's frames
        raise error
    if not callable(getattr(store, "afind_user", None)):
        raise TypeError(f"store must be a fastware.auth.UserStore, not {type(store).__name__}")
    check_guard(guard)
    if not isinstance(address, ClientAddress):
        raise TypeError(f"address must be client_address(...), not {type(address).__name__}")
    lifetime = None if expires_in is None else as_expires_in(expires_in)
    if lifetime is not None and lifetime <= 0:
        raise ValueError("expires_in must be at least one second")
    if max_age is None:
        max_age = lifetime
    options: dict[str, Any] = {
        "host_prefix": auth.host_prefix,
        "domain": domain,
        "path": path,
        "samesite": samesite,
        "partitioned": partitioned,
    }
    # Raises now, if ever.
    set_session_cookies("", "", max_age=None if max_age == "exp" else max_age, secure=bool(secure), **options)
    router = APIRouter()

    @router.post("/login", response_model=None, openapi_extra={"requestBody": _REQUEST_BODY}, responses=_RESPONSES)
    async def login(request: Request) -> JSONResponse:
        """Exchange a username and a password for a token, and start a browser session."""
        body = await _read_body(request)
        credentials = _credentials_in(body)
        client = address.of(request) or "unknown"
        # Before the password is checked: a change of it, or of the role, in the meantime revokes the token.
        session = await auth.anew_session(credentials.username)
        try:
            user = await authenticate(store, credentials.username, credentials.password, guard=guard, address=client)
        finally:
            del credentials  # error reporters show the local variables of a traceback's frames
        if user is None:
            raise HTTPError(401, "Invalid credentials", {"WWW-Authenticate": 'Bearer realm="api"'})
        token = await auth.acreate_token(user["username"], user["role"], expires_in=lifetime, session=session)
        if _is_of_another_site(body):
            return _response(token, user["username"], [])
        cookies = set_session_cookies(
            token,
            csrf_tokens.new(token),
            max_age=max_age,
            secure=request.scope.get("scheme") == "https" if secure is None else secure,
            **options,
        )
        return _response(token, user["username"], cookies)

    return router


class _CSRFTokens:
    """Makes the CSRF tokens of logins: random, or signed with *secret* for one session."""

    __slots__ = ("_secret",)

    def __init__(self, secret: Secrets | None) -> None:
        try:
            if secret is not None:
                csrf_keys(secret, 3)  # raises now, and not at the first login
            self._secret = secret
        finally:
            secret = None  # error reporters show the local variables of a traceback's frames

    def new(self, token: str) -> str:
        return secrets.token_urlsafe(32) if self._secret is None else create_csrf_token(token, self._secret)


async def _read_body(request: Request) -> BodyReader:
    return BodyReader(request.scope, await read_body(request.scope, _receive_of(request), MAX_BODY_SIZE))


def _credentials_in(body: BodyReader) -> Credentials:
    content_type = _content_type(body)
    if content_type == _JSON:
        return body.decode(Credentials)
    if content_type == _FORM:
        return Credentials(body.form["username"], body.form["password"])
    raise HTTPError(415, f"Expected {_JSON} or {_FORM}")


def _content_type(body: BodyReader) -> str:
    return body.header("content-type", _JSON).partition(";")[0].strip().lower()


def _is_of_another_site(body: BodyReader) -> bool:
    """Return whether a page of another origin sends the body, as the browser says (W3C Fetch Metadata section 2.3).

    JSON of another origin has passed a CORS preflight, unless the header is absent: a page may send a ``Blob`` without
    a type.
    """
    is_preflighted = body.header("content-type") and _content_type(body) == _JSON
    return not is_preflighted and cross_site_detail(body.scope) is not None


def _receive_of(request: Request) -> Receive:
    """Return a ``receive`` for the body, which a dependency of the router may have read already."""
    chunks = request.stream()

    async def receive() -> Message:
        try:
            chunk = await anext(chunks, None)
        except ClientDisconnect:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    return receive


def _response(token: str, username: str, cookies: list[str]) -> JSONResponse:
    response = JSONResponse(
        {"token": token, "username": username, "access_token": token, "token_type": "bearer"},
        headers={"Cache-Control": "no-store"},  # RFC 6749 section 5.1
    )
    for cookie in cookies:
        response.headers.append("Set-Cookie", cookie)
    return response


# The OpenAPI document. These are plain dicts: a model would take its name from the models of the application.


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _error(description: str) -> dict[str, Any]:
    schema = _object({"detail": {"type": "string"}}, ["detail"])
    return {"description": description, "content": {_JSON: {"schema": schema}}}


_TEXT: Final = {"type": "string"}
_CREDENTIALS: Final = {"username": _TEXT, "password": {"type": "string", "format": "password"}}
_GRANT: Final = {"grant_type": {"type": "string", "enum": ["password"]}}  # RFC 6749 section 4.3.2; not required here
_REQUEST_BODY: Final = {
    "required": True,
    "content": {
        _JSON: {"schema": _object(_CREDENTIALS, ["username", "password"])},
        _FORM: {"schema": _object(_GRANT | _CREDENTIALS, ["username", "password"])},
    },
}
_SESSION: Final = _object(
    {"token": _TEXT, "username": _TEXT, "access_token": _TEXT, "token_type": {"type": "string", "enum": ["bearer"]}},
    ["token", "username", "access_token", "token_type"],
)
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The token; the session cookies are set", "content": {_JSON: {"schema": _SESSION}}},
    400: _error("The body is malformed"),
    401: _error("The username or the password is wrong"),
    413: _error("The body is too large"),
    415: _error("The body is of another type"),
    429: _error("Too many attempts; the header Retry-After has the seconds to wait"),
    503: _error("Too many logins at once; the header Retry-After has the seconds to wait"),
}
