"""Public errors and warnings, and the response to an error."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from fastware._internal.framework_errors import FrameworkError, adopt_framework_errors
from fastware._internal.http_syntax import raw_header
from fastware.asgi import Send


class HTTPError(FrameworkError):
    """An error that becomes a response: *status_code*, with ``{"detail": detail}`` as JSON.

    In FastAPI, Starlette and Litestar it is an ``HTTPException`` of the framework, which answers it without a
    registered handler. In a WebSocket that is not accepted yet, it denies the handshake.

    Args:
        status_code: HTTP status, 400 to 599.
        detail: text for the client.
        headers: further response headers, for example ``{"Retry-After": "5"}``.

    """

    # What Litestar reads: no further content, and the code that closes an accepted WebSocket (RFC 6455 section 7.4.1).
    extra = None
    code = 1008

    def __init__(self, status_code: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        adopt_framework_errors(HTTPError)
        self.status_code = status_code
        self.detail = detail
        self.headers = {**headers} if headers else {}

    def __str__(self) -> str:
        return f"{self.status_code} {self.detail}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status_code}, {self.detail!r}, {self.headers!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Without calling `__init__`: that of a subclass may take other arguments.
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[HTTPError], args: tuple[Any, ...]) -> HTTPError:
    error = kind.__new__(kind)
    error.args = args  # `OSError.__new__` does not set them for a class with its own `__init__`
    return error


class ConfigurationError(RuntimeError):
    """The application is not configured correctly. The message says what to set.

    Clients get a bare 500: the message is for the log.
    """


class InsecureKeyLengthWarning(UserWarning):
    """The secret is shorter than the 32 bytes that HS256 requires (RFC 7518 section 3.2)."""


class PerProcessLimitWarning(UserWarning):
    """A rate limit or ``LoginGuard`` counts in the memory of each of several worker processes."""


async def send_error(send: Send, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
    """Send the response ``{"detail": detail}``, for example to reject a request in middleware.

    Raises:
        ValueError: a header name or value is not allowed in HTTP (RFC 9110 section 5), or *detail* has a lone
            surrogate.

    """
    raw_headers = [raw_header(name, value) for name, value in (headers or {}).items()]
    body = _error_body(detail)
    own = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    names = {name for name, _ in raw_headers}
    raw_headers += [header for header in own if header[0] not in names]
    await send({"type": "http.response.start", "status": status, "headers": raw_headers})
    await send({"type": "http.response.body", "body": body})


def _error_body(detail: str) -> bytes:
    # The error is raised outside the `except`: the error of the codec contains the text.
    try:
        return _json_encoder()({"detail": detail}).encode("utf-8")
    except UnicodeEncodeError:
        pass
    raise ValueError("detail has a lone surrogate, which UTF-8 cannot encode")


@functools.cache
def _json_encoder() -> Callable[[Any], str]:
    import json  # noqa: PLC0415 - not needed to verify a token

    return json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
