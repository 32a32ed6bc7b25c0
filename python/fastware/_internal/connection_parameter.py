"""A parameter that the framework fills with the request or the WebSocket."""

from __future__ import annotations

import sys
from inspect import Parameter
from typing import Any


class ConnectionParameter(Parameter):
    """A parameter that FastAPI fills with the connection, because of its annotation, and never shows to clients.

    The annotation is looked up when it is read: FastAPI may be imported after the function is decorated. Litestar fills
    a parameter named ``scope`` by its name. fastware's core recognizes the class of the parameter.
    """

    __slots__ = ()

    @property
    def annotation(self) -> Any:
        """``starlette.requests.HTTPConnection`` if Starlette is loaded."""
        return getattr(sys.modules.get("starlette.requests"), "HTTPConnection", Any)
