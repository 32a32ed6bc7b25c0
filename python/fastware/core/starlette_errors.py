"""The responses to the errors that Starlette's ``StaticFiles`` raises.

``StaticFiles`` is an ASGI application, but raises its 404 and 405 as Starlette's ``HTTPException``, for the application
around it to respond. Mounted here, it gets the response that Starlette sends.
"""

from __future__ import annotations

import sys
from typing import Any

from fastware.core.responses import Response, TextResponse
from fastware.errors import HTTPError


def starlette_response(error: Any) -> Response | None:
    """Return Starlette's response to *error*, or ``None`` if it is no ``HTTPException`` of Starlette."""
    kind = getattr(sys.modules.get("starlette.exceptions"), "HTTPException", None)
    # Where Starlette is in use, HTTPError is a subclass.
    if kind is None or not isinstance(error, kind) or isinstance(error, HTTPError):
        return None
    return TextResponse(error.detail, error.status_code, error.headers)
