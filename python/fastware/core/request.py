"""The request: a connection with a method and a body, which is read in advance."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from fastware.asgi import Scope
from fastware.core.client_data import decode_fields, decode_json, decode_typed_json
from fastware.core.connection import Connection
from fastware.errors import HTTPError

ValueT = TypeVar("ValueT")

_UNREAD: Final = object()


class Request(Connection):
    """An HTTP request.

    Attributes:
        scope: the ASGI scope.
        body: the whole body, bytes; empty for GET and HEAD.
        path_params: the values of the path's ``{name}`` parameters.

    """

    __slots__ = ("body",)

    # Class attributes, so that creating a request does not have to set them.
    _json: Any = _UNREAD
    _form: dict[str, str] | None = None

    def __init__(self, scope: Scope, body: bytes = b"", path_params: dict[str, Any] | None = None) -> None:
        self.scope = scope
        self.body = body
        self.path_params: dict[str, Any] = {} if path_params is None else path_params

    @property
    def method(self) -> str:
        """The method, uppercase."""
        return str(self.scope["method"])

    @property
    def json(self) -> Any:
        """The body, a JSON object or array.

        Reading a missing field or item (``request.json["name"]``, at any depth), or a field of an array, raises a 400
        that names it. Values are not checked: use :meth:`decode` for a body with types.

        Raises:
            HTTPError: 400 if the body is not a JSON object or array, or is nested more than 100 levels deep.

        """
        if self._json is _UNREAD:
            self._json = decode_json(self.body)
        return self._json

    def decode(self, type: type[ValueT]) -> ValueT:
        """Return the JSON body as a value of *type*, checked.

        Usage::

            class Login(msgspec.Struct):
                username: str
                password: str

            login = request.decode(Login)

        Args:
            type: any type that msgspec decodes: a ``msgspec.Struct``, a dataclass, a ``TypedDict``, ``list[int]``.

        Raises:
            HTTPError: 400 with the path of the first invalid field, or if the body is not JSON.

        """
        return decode_typed_json(self.body, type)

    @property
    def text(self) -> str:
        """The body, decoded as UTF-8. Raises ``HTTPError`` 400 if it is not UTF-8."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        raise HTTPError(400, "The body is not UTF-8")

    @property
    def form(self) -> dict[str, str]:
        """The fields of an ``application/x-www-form-urlencoded`` body; the last of duplicate fields counts.

        Reading a missing field is a 400 that names it.

        Raises:
            HTTPError: 415 for another content type, 400 for a malformed body or more than 1,000 fields.

        """
        if self._form is None:
            content_type = self.header("content-type").partition(";")[0].strip().lower()
            if content_type != "application/x-www-form-urlencoded":
                raise HTTPError(415, "Expected application/x-www-form-urlencoded")
            self._form = decode_fields(self.body)
        return self._form
