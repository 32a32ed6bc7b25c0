"""Mounted applications: other ASGI applications that serve the paths under a prefix.

Their requests, WebSockets and exceptions are their own: nothing here reads a body or responds to an error, except for
the errors that Starlette's ``StaticFiles`` leaves to the application around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from fastware.asgi import ASGIApp, Message, Receive, Scope, Send, path_within_app
from fastware.core.starlette_errors import starlette_response

_MARK: Final = "_fastware_raised_by_mounted_application"


@dataclass(frozen=True, slots=True)
class Mount:
    """An application and the prefix of its paths, which is empty for every path."""

    prefix: str
    app: ASGIApp = field(repr=False)  # the repr of another application may show anything

    def matches(self, path: str) -> bool:
        """Return whether *path* is the prefix, or begins with its segments."""
        end = len(self.prefix)
        return path.startswith(self.prefix) and path[end : end + 1] in ("", "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with the prefix as a part of its ``root_path``."""
        has_started = False

        async def watched_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(_scope_within(self.prefix, scope), receive, watched_send)
        except Exception as error:
            response = None if has_started or scope["type"] != "http" else starlette_response(error)
            if response is None:
                error.__dict__[_MARK] = True
                raise
            await response(scope, receive, send)


class Mounts:
    """Mounted applications. The one with the longest matching prefix serves a path."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        """Raise ``ValueError`` for a duplicate prefix."""
        self._longest_first = sorted(mounts, key=lambda mount: len(mount.prefix), reverse=True)
        prefixes = [mount.prefix for mount in self._longest_first]
        for prefix in prefixes:
            if prefixes.count(prefix) > 1:
                raise ValueError(f"two applications are mounted at {prefix or '/'}")

    def find(self, path: str) -> Mount | None:
        """Return the mounted application for *path*, or ``None``."""
        return next((mount for mount in self._longest_first if mount.matches(path)), None)


def is_raised_by_mount(error: BaseException) -> bool:
    """Return whether a mounted application raised *error*, or one of a group of errors.

    The error itself is marked, because middleware in between may raise it again in another task.
    """
    if isinstance(error, BaseExceptionGroup):
        return any(map(is_raised_by_mount, error.exceptions))
    return _MARK in error.__dict__


def _scope_within(prefix: str, scope: Scope) -> Scope:
    """Return the scope of the mounted application. Its path stays complete, including the ``root_path`` (ASGI)."""
    root_path = scope.get("root_path", "").rstrip("/")
    changes: dict[str, Any] = {"root_path": root_path + prefix}
    path: str = scope["path"]
    if root_path and path_within_app(scope) == path:
        # The server, or the proxy before it, has left out the root path.
        changes["path"] = root_path + path
        if scope.get("raw_path") is not None:
            changes["raw_path"] = quote(root_path).encode("ascii") + scope["raw_path"]
    return {**scope, **changes}
