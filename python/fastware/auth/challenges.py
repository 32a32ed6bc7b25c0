"""The errors for requests without a valid token, or without a required role (RFC 6750 section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastware._engine.contract import NO_TOKEN
from fastware.errors import HTTPError

REVOKED: Final = 3
"""What ``Auth.claims_or_failure`` returns for a revoked token, beside the failures of ``Engine.identify``."""

_REALM: Final = 'Bearer realm="api"'
# The description does not say which check failed: that would help to forge a token.
_INVALID_TOKEN: Final = f'{_REALM}, error="invalid_token", error_description="The token is invalid or expired"'
_INSUFFICIENT_SCOPE: Final = f'{_REALM}, error="insufficient_scope"'


def unauthorized(failure: int) -> HTTPError:
    """Return the error for a *failure* of ``Auth.claims_or_failure``."""
    if failure == NO_TOKEN:
        return HTTPError(401, "Not authenticated", {"WWW-Authenticate": _REALM})
    return HTTPError(401, "Invalid or expired token", {"WWW-Authenticate": _INVALID_TOKEN})


def forbidden(roles: tuple[str, ...], claims: Mapping[str, Any], scope: Mapping[str, Any] | None) -> HTTPError:
    """Return the error for the user of *claims*, who has none of *roles*, and record it as an audit event.

    The request's *scope* is ``None`` if it is not known, as for the value of an override in tests.
    """
    from fastware.auth import audit  # noqa: PLC0415 - not needed before the first event

    required = f"Requires role: {' or '.join(roles)}"
    username = claims.get("sub")
    audit.record(
        "access_denied",
        username=username if isinstance(username, str) else None,
        address=audit.address_of(scope or {}),
        reason=required,
    )
    return HTTPError(403, required, {"WWW-Authenticate": _INSUFFICIENT_SCOPE})
