"""Revoked tokens in a SQLite file, which all processes of a machine share."""

from __future__ import annotations

import os

from fastware.auth.revocations.memory import MemoryRevocations


class SQLiteRevocations(MemoryRevocations):
    """A list of revoked tokens in the SQLite database at *path*."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
