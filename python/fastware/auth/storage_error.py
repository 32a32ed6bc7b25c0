"""The error of a file, database or server that cannot be used."""

from __future__ import annotations

from time import monotonic
from typing import Final

from fastware.errors import HTTPError

_SECONDS_BETWEEN_RECORDS: Final = 60.0


class StorageError(HTTPError, OSError):
    """503: users, sessions or limits cannot be read or written. The message names the file or the server, and why.

    The response does not have the message. The logger ``fastware.auth`` records it, once a minute while it is the same.

    Args:
        message: for the log and the command line. It contains no password.

    """

    def __init__(self, message: str) -> None:
        super().__init__(503, "Storage unavailable; try again later", {"Retry-After": "5"})
        self.args = (message,)
        _record(message)

    def __str__(self) -> str:
        return str(self.args[0])

    def __repr__(self) -> str:
        return f"StorageError({self.args[0]!r})"


_latest = ("", 0.0)


def _record(message: str) -> None:
    global _latest  # noqa: PLW0603 - at worst, two threads record the same message
    recorded, at = _latest
    if message == recorded and monotonic() < at + _SECONDS_BETWEEN_RECORDS:
        return
    _latest = message, monotonic()
    import logging  # noqa: PLC0415 - not needed while the storage works

    logger = logging.getLogger("fastware.auth")
    logger.error("%s", message)
