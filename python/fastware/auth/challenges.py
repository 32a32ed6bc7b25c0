"""The errors for requests without a valid token, or without a required role (RFC 6750 section 3)."""

from __future__ import annotations

from typing import Final

from fastware._engine.contract import NO_TOKEN
from fastware.errors import HTTPError

_REALM: Final = 'Bearer realm="api"'
# The description does not say which check failed: that would help to forge a token.
_INVALID_TOKEN: Final = f'{_REALM}, error="invalid_token", error_description="The token is invalid or expired"'
_INSUFFICIENT_SCOPE: Final = f'{_REALM}, error="insufficient_scope"'


def unauthorized(failure: int) -> HTTPError:
    """Return the error for a *failure* of ``Engine.identify``: ``NO_TOKEN`` or ``INVALID_TOKEN``."""
    if failure == NO_TOKEN:
        return HTTPError(401, "Not authenticated", {"WWW-Authenticate": _REALM})
    return HTTPError(401, "Invalid or expired token", {"WWW-Authenticate": _INVALID_TOKEN})


def forbidden(roles: tuple[str, ...]) -> HTTPError:
    """Return the error for a user who has none of *roles*."""
    return HTTPError(403, f"Requires role: {' or '.join(roles)}", {"WWW-Authenticate": _INSUFFICIENT_SCOPE})
