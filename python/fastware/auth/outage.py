"""Whether a server can be used: after a failure, no call waits for it until one has been answered."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Final

from fastware._internal.fork import give_lock

RETRY_AFTER: Final = 1.0
"""Seconds between the calls that find out whether the server can be used again."""


class Outage:
    """The state of one server.

    Args:
        longest_try: seconds that a call may take which finds out whether the server can be used again.

    """

    _lock: threading.Lock

    def __init__(self, longest_try: float = 0.0) -> None:
        self._longest_try = longest_try
        self._retry_at = 0.0
        give_lock(self, threading.Lock)

    def must_wait(self) -> bool:
        """Return whether the server must not be used now. One call may try after each pause."""
        if not self._retry_at:
            return False
        with self._lock:
            now = monotonic()
            if now < self._retry_at:
                return True
            if self._retry_at:
                self._retry_at = now + self._longest_try + RETRY_AFTER  # the next call, if this one does not return
            return False

    def failed(self) -> bool:
        """Note that a call failed. Return whether an outage begins."""
        with self._lock:
            is_new = not self._retry_at
            self._retry_at = monotonic() + RETRY_AFTER
        return is_new

    def ended(self) -> bool:
        """Note that a call was answered. Return whether an outage ends."""
        if not self._retry_at:
            return False
        with self._lock:  # another thread may have been first
            was_out, self._retry_at = bool(self._retry_at), 0.0
        return was_out
