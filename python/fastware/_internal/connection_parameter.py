"""A parameter that the framework fills with the request or the WebSocket."""

from __future__ import annotations

import functools
import sys
from inspect import Parameter
from typing import Annotated, Any, ForwardRef

from fastware._internal.limit_scope import RESPONSE


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


class ConnectionAndResponse(ConnectionParameter):
    """A parameter that FastAPI fills with the connection, and with it records its response for the data of a handler.

    FastAPI gives that response to dependencies only, so there the parameter is one.
    """

    __slots__ = ()

    @property
    def annotation(self) -> Any:
        """A dependency if FastAPI is loaded."""
        return _recorded_response() if "fastapi" in sys.modules else super().annotation


@functools.cache
def _recorded_response() -> Any:
    from fastapi import Depends, Response  # noqa: PLC0415
    from starlette.requests import HTTPConnection  # noqa: PLC0415

    async def record_response(connection: Any, response: Any) -> Any:
        connection.scope[RESPONSE] = response
        return connection

    record_response.__annotations__ = {"connection": HTTPConnection, "response": Response}
    return Annotated[Any, Depends(record_response)]


def _type_of_scope() -> Any:
    return getattr(sys.modules.get("litestar.types"), "Scope", Any)


def annotate_scope(function: Any, annotated: Any, name: str) -> None:
    """Give *function* the annotations of *annotated*, and for its parameter *name* that of a scope.

    Litestar reads them, and expects its own ``Scope``: it is looked up when the annotation is evaluated.
    """
    source = f"{_type_of_scope.__name__}()"
    scope = ForwardRef(source, module=__name__)
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations  # noqa: PLC0415

        def annotate(format: Format, /) -> dict[str, Any]:
            annotations = get_annotations(annotated, format=format)
            return {**annotations, name: source if format == Format.STRING else scope}

        function.__annotate__ = annotate
    else:
        function.__annotations__ = {**getattr(annotated, "__annotations__", {}), name: scope}
