"""Authentication in the OpenAPI document: the schemes, and the operations that need a token."""

from __future__ import annotations

import copy
from typing import Any, Final, cast

from litestar.config.app import AppConfig
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Components, SecurityScheme

from fastware.integrations.litestar.guards import RoleGuard

_SECURITY: Final[tuple[dict[str, list[str]], ...]] = ({"bearer": []}, {"cookie": []})
"""The security requirements of an operation: either scheme is enough."""


def add_security_schemes(app_config: AppConfig, cookie: str) -> None:
    """Add the two schemes to the document. *cookie* is the name of the cookie with the token."""
    if app_config.openapi_config is None:
        return
    schemes = {
        "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
        "cookie": SecurityScheme(type="apiKey", security_scheme_in="cookie", name=cookie),
    }
    # The default is one object for all applications.
    config = app_config.openapi_config = copy.copy(app_config.openapi_config)
    components = config.components if isinstance(config.components, list) else [config.components]
    config.components = [Components(security_schemes=cast(Any, schemes)), *components]


def describe(handler: HTTPRouteHandler, has_user: bool) -> None:
    """Add the security requirements and the error responses of *handler* to the OpenAPI document."""
    guards = [guard for guard in handler.resolve_guards() if isinstance(guard, RoleGuard)]
    if not guards and not has_user:
        return
    # A handler is received once for each of its paths, and again when another handler is added to one of them.
    known = [requirement for layer in handler.ownership_layers for requirement in cast(Any, layer).security or ()]
    handler.security = [*(handler.security or ()), *(each for each in _SECURITY if each not in known)]
    errors: list[type[HTTPException]] = [NotAuthorizedException]
    if any(guard.roles for guard in guards):
        errors.append(PermissionDeniedException)
    raises = handler.raises or ()
    handler.raises = [*raises, *(each for each in errors if each not in raises)]
