"""Errors that are answers to the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class HTTPError(Exception):
    """An error that the client is told about: the response is *status_code* with ``{"detail": detail}`` as JSON.

    Args:
        status_code: HTTP status, 400 to 599.
        detail: what the client may know.
        headers: further response headers, for example ``{"Retry-After": "5"}``.

    """

    def __init__(self, status_code: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        # Without Exception.__init__, which would cost as much as the rest: Exception.__new__ has kept the arguments.
        self.status_code = status_code
        self.detail = detail
        self.headers = {**headers} if headers else {}

    def __str__(self) -> str:
        return f"{self.status_code} {self.detail}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status_code}, {self.detail!r}, {self.headers!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status_code, self.detail, self.headers)


class _MissingError(HTTPError):
    """What the handler reads is not in what the client sent."""

    kind: ClassVar[str]

    def __init__(self, name: object) -> None:
        super().__init__(400, f"Missing {self.kind}: {name}")
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name,)


class MissingFieldError(_MissingError, KeyError):
    """A field that the handler reads is missing: a 400, and a ``KeyError`` for those who catch one."""

    kind = "field"


class MissingItemError(_MissingError, IndexError):
    """An item that the handler reads is missing: a 400, and an ``IndexError`` for those who catch one."""

    kind = "item"


class CompoundValueError(HTTPError, TypeError):
    """The handler looks up an object or array, which is no key: a 400, and a ``TypeError`` for those who catch one."""

    def __init__(self, found: str) -> None:
        super().__init__(400, f"Expected a single value, found {found}")
        self.found = found

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.found,)
