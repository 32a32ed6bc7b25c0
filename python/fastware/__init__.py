"""fastware: authentication for ASGI applications, and the small ASGI core that it is shown on.

The heart is :mod:`fastware.auth`.
"""

from typing import Any

from fastware.app import App, create_app
from fastware.cookies import delete_cookie, set_cookie
from fastware.errors import HTTPError
from fastware.request import Request, State
from fastware.responses import HTMLResponse, JSONResponse, Response, TextResponse, send_error
from fastware.routing import Router

__version__: str

__all__ = [
    "App",
    "HTMLResponse",
    "HTTPError",
    "JSONResponse",
    "Request",
    "Response",
    "Router",
    "State",
    "TextResponse",
    "__version__",
    "create_app",
    "delete_cookie",
    "send_error",
    "set_cookie",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - reading metadata takes longer than the whole import

        return globals().setdefault(name, version("fastware"))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
