"""What the client of a WebSocket gets when its handler ends, normally or with an error.

Before the WebSocket is accepted, that is an HTTP response, where the server supports it (the ASGI extension "WebSocket
Denial Response"); other servers send a bare 403. Afterwards it is a close code (RFC 6455 section 7.4).
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from fastware.asgi import Message, Receive, Scope, Send
from fastware.core.error_responses import log_error, response_to
from fastware.core.websocket import MAX_REASON_SIZE, NORMAL_CLOSURE, WebSocketDisconnect
from fastware.errors import HTTPError

POLICY_VIOLATION: Final = 1008
INTERNAL_ERROR: Final = 1011


class Watch:
    """Passes the messages of a WebSocket on, and records its state.

    Attributes:
        is_connected: the client's request to connect is received.
        is_accepted: the WebSocket is accepted.
        is_ended: it is rejected or closed, or the client has gone.

    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.is_connected = False
        self.is_accepted = False
        self.is_ended = False

    async def receive(self) -> Message:
        """Receive the next message."""
        message = await self._receive()
        self.is_connected = True
        self.is_ended = self.is_ended or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        """Send *message*."""
        if message["type"] == "websocket.accept":
            self.is_accepted = True
        elif message["type"] != "websocket.send":
            self.is_ended = True
        await self._send(message)


async def finish(conversation: Awaitable[None], scope: Scope, watch: Watch) -> None:
    """Await *conversation*, and close or reject the WebSocket if it is still open then."""
    try:
        await conversation
    except Exception as error:  # noqa: BLE001 - any error of a handler closes the WebSocket
        await answer(error, scope, watch)
    else:
        await _end(scope, watch)


async def answer(error: Exception, scope: Scope, watch: Watch) -> None:
    """Close or reject the WebSocket because of *error*."""
    if _is_disconnect(error):
        await _end(scope, watch)
    elif not watch.is_accepted:
        await _reject(error, scope, watch)
    elif isinstance(error, HTTPError) and isinstance(error.detail, str):
        log_error(error, scope)
        await _close(watch, POLICY_VIOLATION, _reason(error.detail))
    else:
        log_error(error, scope)
        await _close(watch, INTERNAL_ERROR, "Internal server error")


def _is_disconnect(error: BaseException) -> bool:
    """Return whether *error* is a disconnect, or a group of them, which a task group raises."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_disconnect, error.exceptions))
    return isinstance(error, WebSocketDisconnect)


async def _end(scope: Scope, watch: Watch) -> None:
    if watch.is_accepted:
        await _close(watch, NORMAL_CLOSURE, "")
    else:
        await _reject(HTTPError(403, "The WebSocket was not accepted"), scope, watch)


async def _reject(error: Exception, scope: Scope, watch: Watch) -> None:
    response = response_to(error, scope)
    if not watch.is_ended and not watch.is_connected:
        await watch.receive()
    if watch.is_ended:
        return
    with suppress(OSError):  # the client has gone
        if "websocket.http.response" in (scope.get("extensions") or {}):
            start = {"status": response.status, "headers": response.raw_headers}
            await watch.send({"type": "websocket.http.response.start", **start})
            await watch.send({"type": "websocket.http.response.body", "body": response.body})
        else:
            await watch.send({"type": "websocket.close", "code": POLICY_VIOLATION})


async def _close(watch: Watch, code: int, reason: str) -> None:
    if not watch.is_ended:
        with suppress(OSError):  # the client has gone
            await watch.send({"type": "websocket.close", "code": code, "reason": reason})


def _reason(detail: str) -> str:
    """Return as much of *detail* as a close message can hold."""
    return detail.encode("utf-8", "replace")[:MAX_REASON_SIZE].decode("utf-8", "ignore")
