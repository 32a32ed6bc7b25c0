"""What the server saw of each request, and what it sent back, for the page to show."""

from __future__ import annotations

import itertools
import logging
import re
from collections import deque
from collections.abc import Container, Iterable
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, Final

import msgspec

from fastware.asgi import ASGIApp, Message, Receive, Scope, Send
from fastware.demo.check_times import TIMES

KEPT: Final = 60
_BODY_LIMIT: Final = 4096
_SECRET: Final = re.compile(
    r"(?:\b(?:session|csrf_token|token|password)=|x-csrf-token: |\bauthorization: bearer )(?P<field>[^;&\s]+)"
    r'|"(?:token|password)"\s*:\s*"(?P<json>(?:[^"\\]|\\.)+)',
    re.IGNORECASE,
)

Part = tuple[str, bool]
"""A part of a message, and whether it is a secret, which the page masks."""


class Exchange(msgspec.Struct):
    """A request and its response."""

    number: int
    method: str
    path: str
    status: int
    request: list[Part]
    response: list[Part]
    nanoseconds: dict[str, int]
    audit: list[str]


class Exchanges:
    """The last exchanges, numbered from 1."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)

    def since(self, number: int) -> list[Exchange]:
        """Return the exchanges that are kept after the one with *number*; all, if it is from before a restart."""
        if self._kept and number > self._kept[-1].number:
            number = 0
        return [exchange for exchange in self._kept if exchange.number > number]

    def add(self, scope: Scope, body: bytes, started: Message, answered: bytes, events: list[str]) -> None:
        """Keep the exchange of a request and the response that *started* with a status and headers."""
        self._kept.append(
            Exchange(
                next(self._numbers),
                scope["method"],
                scope["path"],
                started["status"],
                _parts(_request_text(scope, body)),
                _parts(_response_text(started, answered)),
                scope[TIMES],
                events,
            )
        )


class Recorder:
    """ASGI middleware that adds each exchange to *exchanges*, except those of the paths in *unrecorded*."""

    def __init__(self, app: ASGIApp, exchanges: Exchanges, unrecorded: Container[str]) -> None:
        self._app = app
        self._exchanges = exchanges
        self._unrecorded = unrecorded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and keep it with its response."""
        if scope["type"] != "http" or scope["path"] in self._unrecorded:
            await self._app(scope, receive, send)
            return
        submitted, answered = bytearray(), bytearray()
        started: Message = {"status": 500, "headers": []}

        async def watched_receive() -> Message:
            message = await receive()
            submitted.extend(message.get("body", b"")[: _BODY_LIMIT - len(submitted)])
            return message

        async def watched_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = message
            answered.extend(message.get("body", b"")[: _BODY_LIMIT - len(answered)])
            await send(message)

        scope = {**scope, TIMES: {}}
        events: list[str] = []
        token = _events.set(events)
        try:
            await self._app(scope, watched_receive, watched_send)
        finally:
            _events.reset(token)
            self._exchanges.add(scope, bytes(submitted), started, bytes(answered), events)


class AuditTrail(logging.Handler):
    """Keeps the audit events of a request with its exchange."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the event."""
        events = _events.get()
        if events is not None:
            events.append(record.getMessage())


_events: ContextVar[list[str] | None] = ContextVar("_events", default=None)


def follow_audit_events() -> None:
    """Let the exchanges have the audit events, which are log records of the level INFO."""
    audit_events = logging.getLogger("fastware.auth")
    audit_events.setLevel(logging.INFO)
    audit_events.addHandler(AuditTrail())
    audit_events.propagate = False  # the terminal shows the curl lines


def _request_text(scope: Scope, body: bytes) -> str:
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    line = f"{scope['method']} {scope['path']}{_text(query)} HTTP/{scope['http_version']}"
    announced = any(name == b"content-length" and value != b"0" for name, value in scope["headers"])
    unread = "(The body was not read: the headers were enough.)" if announced and not body else ""
    return _message(line, scope["headers"], unread or _text(body))


def _response_text(started: Message, body: bytes) -> str:
    status = started["status"]
    return _message(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", started["headers"], _text(body))


def _message(first_line: str, headers: Iterable[tuple[bytes, bytes]], body: str) -> str:
    lines = [first_line, *(f"{_text(name)}: {_text(value)}" for name, value in headers)]
    return "\n".join([*lines, "", body] if body else lines)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _parts(text: str) -> list[Part]:
    """Return *text* in parts, so that each secret is a part of its own."""
    parts: list[Part] = []
    end = 0
    for found in _SECRET.finditer(text):
        group: Any = found.lastgroup
        start = found.start(group)
        parts += [(text[end:start], False), (found[group], True)]
        end = found.end(group)
    return [*parts, (text[end:], False)]
