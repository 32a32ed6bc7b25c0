"""fastware: authentication for ASGI applications, and a small ASGI core.

The main part is :mod:`fastware.auth`. The names here are loaded on first use, so ``import fastware.auth`` does not load
the core.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastware.cookies import CookieSizeWarning, delete_cookie, set_cookie
    from fastware.core.app import App, create_app
    from fastware.core.request import Request
    from fastware.core.responses import HTMLResponse, JSONResponse, Response, TextResponse
    from fastware.core.routing import Router
    from fastware.core.state import State
    from fastware.core.threads import in_thread
    from fastware.core.websocket import WebSocket, WebSocketDisconnect
    from fastware.errors import ConfigurationError, HTTPError, send_error

    __version__: str

__all__ = [
    "App",
    "ConfigurationError",
    "CookieSizeWarning",
    "HTMLResponse",
    "HTTPError",
    "JSONResponse",
    "Request",
    "Response",
    "Router",
    "State",
    "TextResponse",
    "WebSocket",
    "WebSocketDisconnect",
    "__version__",
    "create_app",
    "delete_cookie",
    "in_thread",
    "send_error",
    "set_cookie",
]

_MODULES = {
    "fastware.cookies": ("CookieSizeWarning", "delete_cookie", "set_cookie"),
    "fastware.core.app": ("App", "create_app"),
    "fastware.core.request": ("Request",),
    "fastware.core.responses": ("HTMLResponse", "JSONResponse", "Response", "TextResponse"),
    "fastware.core.routing": ("Router",),
    "fastware.core.state": ("State",),
    "fastware.core.threads": ("in_thread",),
    "fastware.core.websocket": ("WebSocket", "WebSocketDisconnect"),
    "fastware.errors": ("ConfigurationError", "HTTPError", "send_error"),
}


if not TYPE_CHECKING:  # type checkers see the names above, and no others

    def __getattr__(name: str) -> Any:
        import importlib  # noqa: PLC0415

        if name == "__version__":
            return globals().setdefault(name, importlib.import_module("importlib.metadata").version("fastware"))
        for module, names in _MODULES.items():
            if name in names:
                return globals().setdefault(name, getattr(importlib.import_module(module), name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
