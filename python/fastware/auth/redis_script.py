"""A script that Redis or Valkey runs."""

from __future__ import annotations

import hashlib
from typing import Final


class Script:
    """A Lua script, which the server runs atomically. It has the server's copy after its first run there."""

    __slots__ = ("digest", "text")

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self.digest: Final = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
