"""The session cookie in the OpenAPI document.

FastAPI shows one security scheme per dependency. A second dependency for the cookie would take as long as the check of
the token, in each request. So the cookie is added to the document instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI

from fastware.auth.session_cookies import session_cookie_name
from fastware.auth.settings import Auth
from fastware.integrations.fastapi.scheme import BEARER, COOKIE_NAME, PASSWORD

Document = dict[str, Any]

_OUR_SCHEMES: Final = (BEARER, PASSWORD)
_ORIGINAL: Final = "_without_cookies"


def describe(app: FastAPI, *, host_prefix: bool | None = None) -> None:
    """Show the session cookie in the OpenAPI document of *app*, as an alternative to the bearer token.

    ``app.openapi`` is replaced with a function that adds the cookie to the result, so routes may be added later. A
    mounted application has its own document.

    Args:
        app: the application.
        host_prefix: whether the cookie of ``CurrentUser`` is ``__Host-session`` instead of ``session``. Pass it if the
            lifespan yields the settings; those of ``app.state.config`` and of ``FastAPIAuth`` are read.

    Raises:
        TypeError: *app* is not a ``FastAPI``.

    """
    if not isinstance(app, FastAPI):
        raise TypeError(f"app must be a FastAPI application, not {type(app).__name__}: describe(app)")
    original: Callable[[], Document] = getattr(app.openapi, _ORIGINAL, app.openapi)

    def openapi() -> Document:
        has_prefix = _host_prefix_of(app) if host_prefix is None else host_prefix
        document = original()
        _add_cookies(document, session_cookie_name(has_prefix))
        return document

    setattr(openapi, _ORIGINAL, original)
    app.openapi = openapi  # type: ignore[method-assign]


def _host_prefix_of(app: FastAPI) -> bool:
    config = getattr(app.state, "config", None)
    auth = config.get("auth") if isinstance(config, Mapping) else None
    return isinstance(auth, Auth) and auth.host_prefix


def _add_cookies(document: Document, default_name: str) -> None:
    """Add the cookie to each requirement of a token, unless it is there already: FastAPI keeps its document."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    keys = {
        ours: _key_of_cookie(schemes, schemes[ours].get(COOKIE_NAME, default_name))
        for ours in _OUR_SCHEMES
        if ours in schemes
    }
    for owner in (document, *_operations(document)):
        requirements = owner.get("security", [])
        for requirement in tuple(requirements):
            for ours in keys.keys() & requirement.keys():
                others = {name: scopes for name, scopes in requirement.items() if name != ours}
                alternative = {keys[ours]: [], **others}
                if alternative not in requirements:
                    requirements.append(alternative)


def _key_of_cookie(schemes: Document, name: str) -> str:
    """Return the key of the scheme for the cookie *name*, which is added under a key that no other scheme has."""
    cookie = {"type": "apiKey", "in": "cookie", "name": name}
    key, number = "cookie", 1
    while schemes.setdefault(key, cookie) != cookie:
        number += 1
        key = f"cookie{number}"
    return key


def _operations(document: Document) -> Iterator[Document]:
    for path in document.get("paths", {}).values():
        yield from (operation for operation in path.values() if isinstance(operation, dict))
