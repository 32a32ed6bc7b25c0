"""The response to an error of a handler, a dependency or a middleware."""

from __future__ import annotations

import logging

from fastware.asgi import Scope
from fastware.core.responses import JSONResponse, Response
from fastware.errors import HTTPError

logger = logging.getLogger("fastware")


def response_to(error: Exception, scope: Scope) -> Response:
    """Return the response to *error*: that of an ``HTTPError``, else a bare 500. Log failures of the server."""
    try:
        return _response(error, scope)
    except Exception as invalid:  # noqa: BLE001 - an HTTPError with an invalid header, detail or status
        return _response(invalid, scope)


def log_error(error: Exception, scope: Scope) -> None:
    """Log *error*, unless it is one of the client."""
    kind = scope.get("method", "WEBSOCKET")
    if not isinstance(error, HTTPError):
        # The traceback goes to the log, and no part of it to the client.
        logger.error("Unhandled exception in %s %r", kind, scope["path"], exc_info=error)
    elif error.status_code >= 500:
        logger.error("%s %r: %s", kind, scope["path"], error)


def _response(error: Exception, scope: Scope) -> Response:
    log_error(error, scope)
    if not isinstance(error, HTTPError):
        error = HTTPError(500, "Internal server error")
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
