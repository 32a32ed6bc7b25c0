"""The WebSocket: messages in both directions, until one side closes it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from inspect import Parameter
from typing import Any, Final, NoReturn

from fastware._internal.http_syntax import raw_header
from fastware._internal.request_parameter import named_parameters
from fastware.asgi import Message, Receive, Scope, Send
from fastware.core.client_data import decode_any_json
from fastware.core.connection import Connection
from fastware.core.responses import encode_json
from fastware.errors import HTTPError

NORMAL_CLOSURE: Final = 1000
UNSUPPORTED_DATA: Final = 1003
NO_STATUS: Final = 1005
ABNORMAL_CLOSURE: Final = 1006
INVALID_DATA: Final = 1007
"""The codes of RFC 6455 section 7.4.1."""

MAX_REASON_SIZE: Final = 123
"""Bytes of a close reason in UTF-8 (RFC 6455 section 5.5: a control frame has 125, and the code takes two)."""

_SENDABLE_CODES: Final = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))
"""The codes of RFC 6455 section 7.4, without those that only report what happened (1005, 1006, 1015)."""


class WebSocketDisconnect(Exception):  # noqa: N818 - the name that other frameworks use
    """The WebSocket is closed by the client, by a lost connection, or because a message was invalid.

    A handler need not catch it: it ends the handler, and nothing is logged.

    Attributes:
        code: the close code (RFC 6455 section 7.4); 1005 without one, 1006 for a lost connection.
        reason: the reason that was sent with the code, or an empty text.

    """

    def __init__(self, code: int = NO_STATUS, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".rstrip()


class WebSocket(Connection):
    """A WebSocket connection.

    Messages are received with the ``receive_*`` methods, or with ``async for``, which yields the text (``str``) and
    binary messages (``bytes``) until the WebSocket is closed. Their maximum size is a setting of the server.

    Attributes:
        scope: the ASGI scope.
        path_params: the values of the path's ``{name}`` parameters.

    """

    __slots__ = ("_receive", "_send")

    # Class attributes, so that creating a WebSocket does not have to set them.
    _is_accepted = False
    _is_closed = False
    _disconnect: tuple[int, str] | None = None

    def __init__(self, scope: Scope, receive: Receive, send: Send, path_params: dict[str, Any] | None = None) -> None:
        self.scope = scope
        self.path_params: dict[str, Any] = {} if path_params is None else path_params
        self._receive = receive
        self._send = send

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, the preferred one first."""
        return list(self.scope.get("subprotocols", ()))

    async def accept(self, subprotocol: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        """Accept the connection.

        To reject it, raise an ``HTTPError`` instead.

        Args:
            subprotocol: one of :attr:`subprotocols`.
            headers: further headers of the response. Some servers ignore them.

        Raises:
            RuntimeError: the WebSocket is accepted or closed.
            ValueError: the client does not offer *subprotocol*, or a header is not allowed in HTTP.
            WebSocketDisconnect: the client has gone.

        """
        if self._is_accepted or self._is_closed:
            raise RuntimeError(f"the WebSocket is {'closed' if self._is_closed else 'accepted already'}")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError("the client does not offer this subprotocol: choose one of websocket.subprotocols")
        raw_headers = [raw_header(name, value) for name, value in (headers or {}).items()]
        await self._next_message("websocket.connect")
        self._is_accepted = True
        await self._send_to_client({"type": "websocket.accept", "subprotocol": subprotocol, "headers": raw_headers})

    async def receive_text(self) -> str:
        """Return the next message, a text. A binary message closes the WebSocket with 1003.

        Raises:
            WebSocketDisconnect: the WebSocket is closed.
            RuntimeError: the WebSocket is not accepted, or this side has closed it.

        """
        message = await self._receive_message()
        if isinstance(message, str):
            return message
        return await self._fail(UNSUPPORTED_DATA, "Expected a text message")

    async def receive_bytes(self) -> bytes:
        """Return the next message, which is binary. A text closes the WebSocket with 1003.

        Raises:
            WebSocketDisconnect: the WebSocket is closed.
            RuntimeError: the WebSocket is not accepted, or this side has closed it.

        """
        message = await self._receive_message()
        if isinstance(message, bytes):
            return message
        return await self._fail(UNSUPPORTED_DATA, "Expected a binary message")

    async def receive_json(self) -> Any:
        """Return the JSON value in the next message, a text or binary one. Invalid JSON closes the WebSocket with 1007.

        As in ``request.json``, reading a missing field or item raises an ``HTTPError`` that names it, and the depth is
        limited to 100 levels.

        Raises:
            WebSocketDisconnect: the WebSocket is closed.
            RuntimeError: the WebSocket is not accepted, or this side has closed it.

        """
        message = await self._receive_message()
        try:
            return decode_any_json(message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message)
        except HTTPError:
            message = ""
        return await self._fail(INVALID_DATA, "Invalid JSON")

    async def send_text(self, text: str) -> None:
        """Send a text message.

        Raises:
            WebSocketDisconnect: the client has gone. Some servers do not report it to a sender, only to a receiver.
            RuntimeError: the WebSocket is not accepted, or this side has closed it.

        """
        _check_type("the text of send_text", text, str)
        await self._send_message({"type": "websocket.send", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message. Raises what :meth:`send_text` raises."""
        _check_type("the data of send_bytes", data, bytes)
        await self._send_message({"type": "websocket.send", "bytes": data})

    async def send_json(self, value: Any) -> None:
        """Send anything that msgspec encodes, as JSON in a text message. Raises what :meth:`send_text` raises."""
        await self.send_text(encode_json(value).decode("utf-8"))

    async def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the WebSocket. If it is not accepted, the client gets a 403. If it is closed, nothing happens.

        Args:
            code: 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4).
            reason: text for the client, at most 123 bytes of UTF-8.

        Raises:
            ValueError: *code* or *reason* is not allowed.

        """
        if code not in _SENDABLE_CODES:
            raise ValueError("a close code is 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4)")
        _check_type("the reason of close", reason, str)
        if len(reason.encode("utf-8", "surrogatepass")) > MAX_REASON_SIZE:
            raise ValueError(f"a close reason has at most {MAX_REASON_SIZE} bytes of UTF-8 (RFC 6455 section 5.5)")
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(OSError, WebSocketDisconnect):  # the client has gone
            if not self._is_accepted:
                await self._next_message("websocket.connect")
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def __aiter__(self) -> WebSocket:
        return self

    async def __anext__(self) -> str | bytes:
        if self._is_closed:
            raise StopAsyncIteration
        try:
            return await self._receive_message()
        except WebSocketDisconnect:
            pass
        raise StopAsyncIteration

    async def _receive_message(self) -> str | bytes:
        self._check_open("receive")
        message = await self._next_message("websocket.receive")
        text: str | None = message.get("text")
        if text is not None:
            return text
        data: bytes = message["bytes"]
        return data

    async def _send_message(self, message: Message) -> None:
        self._check_open("send")
        await self._send_to_client(message)

    async def _next_message(self, kind: str) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._end(message.get("code", NO_STATUS), message.get("reason") or "")
        if message["type"] != kind:
            raise RuntimeError(f"expected {kind}, not {message['type']}")
        return message

    async def _send_to_client(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:  # servers raise it if the client has gone (ASGI, "Disconnected Client - send exception")
            self._end(ABNORMAL_CLOSURE, "")

    def _check_open(self, action: str) -> None:
        if self._disconnect is not None:
            raise WebSocketDisconnect(*self._disconnect)
        if self._is_closed:
            raise RuntimeError(f"the WebSocket is closed: it cannot {action}")
        if not self._is_accepted:
            raise RuntimeError(f"the WebSocket cannot {action} yet: await websocket.accept() first")

    async def _fail(self, code: int, reason: str) -> NoReturn:
        await self.close(code, reason)
        self._end(code, reason)

    def _end(self, code: int, reason: str) -> NoReturn:
        self._is_closed = True
        self._disconnect = code, reason
        raise WebSocketDisconnect(code, reason)


def websocket_parameter(function: Callable[..., Any], supplied: Container[str]) -> Parameter | None:
    """Return the parameter of *function* that is annotated as a WebSocket or named ``websocket``, or ``None``."""
    parameters = [parameter for parameter in named_parameters(function) if parameter.name not in supplied]
    annotated = [parameter for parameter in parameters if _is_websocket(parameter.annotation)]
    named = [parameter for parameter in parameters if parameter.name == "websocket"]
    return next(iter([*annotated, *named]), None)


def _is_websocket(annotation: Any) -> bool:
    # It may be text, or from Python 3.14 on a `ForwardRef`, if the class is imported for type checkers only.
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", None)
    return annotation is WebSocket or (name is not None and name.rpartition(".")[2] == WebSocket.__name__)


def _check_type(name: str, argument: object, type_: type) -> None:
    if not isinstance(argument, type_):
        raise TypeError(f"{name} must be {type_.__name__}, not {type(argument).__name__}")
