"""What a rejected request gets: the sentence for the client, the audit event, and the response."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

from fastware._engine.contract import (
    CSRF_CROSS_SITE,
    CSRF_MISMATCH,
    CSRF_MISSING,
    CSRF_NULL_ORIGIN,
    CSRF_ORIGIN,
    CSRF_WRONG_SESSION,
)
from fastware.asgi import Message, Receive, Scope, Send
from fastware.auth import audit
from fastware.errors import send_error

POLICY_VIOLATION: Final = 1008

ORIGIN_DETAILS: Final = {
    CSRF_CROSS_SITE: "Cross-site request: the browser says in Sec-Fetch-Site that a page of another origin sent it. "
    "If that page is yours, add its origin to trusted_origins",
    CSRF_ORIGIN: "Cross-origin request: Origin differs from Host. If that origin is yours, add it to trusted_origins; "
    "a proxy must pass on the Host that the browser sent",
    CSRF_NULL_ORIGIN: "Cross-origin request: Origin is null, which trusted_origins cannot contain. "
    "Sandboxed frames, data: URLs and redirects of any site send it",
}
"""Why a request is cross-site. No sentence has text from the request."""

DETAILS: Final = ORIGIN_DETAILS | {
    CSRF_MISSING: "Missing CSRF token",
    CSRF_MISMATCH: "CSRF token mismatch",
    CSRF_WRONG_SESSION: "CSRF token mismatch: the token is not signed for this session",
}


def record_rejection(scope: Any, detail: str) -> None:
    """Record the audit event of a rejected request."""
    if audit.is_recorded("csrf_rejected"):
        audit.record("csrf_rejected", address=audit.address_of(scope), reason=detail)


def reject(scope: Scope, receive: Receive, send: Send, detail: str) -> Awaitable[None]:
    """Record the rejected request, and return the 403."""
    record_rejection(scope, detail)
    if scope["type"] == "websocket":
        can_respond = "websocket.http.response" in (scope.get("extensions") or {})
        return _deny_websocket(receive, send, detail if can_respond else None)
    return send_error(send, 403, detail)


async def _deny_websocket(receive: Receive, send: Send, detail: str | None) -> None:
    """Deny the handshake: with the response if the server can send one, otherwise with its bare 403."""

    async def send_in_handshake(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    if (await receive())["type"] != "websocket.connect":
        return  # the client has gone
    try:
        if detail is None:
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await send_error(send_in_handshake, 403, detail)
    except OSError:
        pass  # the client has gone meanwhile
