"""Whether a server can be used: after a failure, no call waits for it until one has been answered."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING, Final

from fastware._internal.fork import give_lock

if TYPE_CHECKING:
    import logging

RETRY_AFTER: Final = 1.0
"""Seconds between the calls that find out whether the server can be used again."""


class Outage:
    """The state of one server. The first failure of an outage is logged, and its end.

    Args:
        server: what the log calls the server.

    """

    _lock: threading.Lock

    def __init__(self, server: str) -> None:
        self._server = server
        self._retry_at = 0.0
        give_lock(self, threading.Lock)

    def must_wait(self) -> bool:
        """Return whether the server must not be used now. One call per second may try."""
        if not self._retry_at:
            return False
        with self._lock:
            now = monotonic()
            if now < self._retry_at:
                return True
            if self._retry_at:
                self._retry_at = now + RETRY_AFTER
            return False

    def failed(self, reason: str) -> None:
        """Note that a call failed."""
        with self._lock:
            is_new = not self._retry_at
            self._retry_at = monotonic() + RETRY_AFTER
        if is_new:
            logger = logger_of_auth()
            logger.error("%s cannot be used: %s", self._server, reason)

    def ended(self) -> None:
        """Note that a call was answered."""
        if not self._retry_at:
            return
        with self._lock:
            was_out, self._retry_at = bool(self._retry_at), 0.0
        if was_out:  # another thread may have been first
            logger = logger_of_auth()
            logger.info("%s can be used again", self._server)


def logger_of_auth() -> logging.Logger:
    """Return the logger ``fastware.auth``."""
    import logging  # noqa: PLC0415 - not needed while the server answers

    return logging.getLogger("fastware.auth")
