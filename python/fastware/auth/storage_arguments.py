"""The arguments that name the storage of sessions: ``storage`` or ``path``, and ``revocations``."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

Storage: TypeAlias = "str | os.PathLike[str] | None"


def path_or_memory(storage: object) -> str | None:
    """Return the path of a SQLite file, or ``None`` for a database in memory. Raises as :func:`path_of` does."""
    return None if storage is None else path_of("storage", storage)


def path_of(name: str, storage: object) -> str:
    """Return the path of a SQLite file.

    Raises:
        TypeError: *storage*, the argument *name*, is an object of another type.
        ValueError: it is empty, or a URL. The message does not show it: a URL may contain a password.

    """
    path = os.fspath(storage) if isinstance(storage, (str, os.PathLike)) else None
    if not isinstance(path, str):
        raise TypeError(f"{name} must be the path of a SQLite file, not {type(storage).__name__}")
    is_url = "://" in path
    if is_url or not path:
        problem = "a URL" if is_url else "empty"
        raise ValueError(f"{name} is {problem}; this version stores in a SQLite file on this machine: pass its path")
    return path


def checked_revocations(revocations: Any) -> Any:
    """Return *revocations*. Raises ``TypeError`` if it is neither ``None`` nor a list of revoked tokens."""
    if revocations is not None:
        from fastware.auth.revocations import Revocations  # noqa: PLC0415 - only for applications that revoke tokens

        if not isinstance(revocations, Revocations):
            name = type(revocations).__name__
            raise TypeError(f"revocations must be an object such as MemoryRevocations(), not {name}")
    return revocations
