"""Only a page of this machine may talk to the demo, which shows its passwords."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Final

from fastware._internal.coroutines import returns_coroutine
from fastware.asgi import ASGIApp, Receive, Scope, Send
from fastware.errors import send_error

# Browsers resolve *.localhost to this machine without asking a name server (RFC 6761 section 6.3).
_LOCAL: Final = re.compile(rb"(127\.0\.0\.1|(?:[a-z0-9-]+\.)*localhost)(?::[0-9]{1,5})?", re.IGNORECASE)


def host_name(scope: Scope) -> str | None:
    """Return the name in the ``Host`` header if it is a name of this machine, also without the header."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"127.0.0.1")
    found = _LOCAL.fullmatch(host)
    return found[1].decode("ascii").lower() if found else None


class LocalOnly:
    """ASGI middleware that answers 421 to a ``Host`` that is no name of this machine.

    The demo listens on the loopback interface only. A page on the internet still reaches it if its own name resolves to
    127.0.0.1 (DNS rebinding), but such a request has that name as its ``Host``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    @returns_coroutine
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, or send a 421."""
        if scope["type"] == "http" and host_name(scope) is None:
            return send_error(send, 421, "The demo is for this machine only: open it at 127.0.0.1 or localhost")
        return self.app(scope, receive, send)
