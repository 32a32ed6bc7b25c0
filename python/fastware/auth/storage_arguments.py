"""The arguments ``storage`` and ``revocations`` of refresh tokens and tickets."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

Storage: TypeAlias = "str | os.PathLike[str] | None"


def path_of(storage: object) -> str | None:
    """Return the path of a SQLite file, or ``None`` for a database in memory.

    Raises:
        TypeError: *storage* is an object of another type.
        ValueError: it is empty, or a URL. The message does not show it: a URL may contain a password.

    """
    if storage is None:
        return None
    path = os.fspath(storage) if isinstance(storage, (str, os.PathLike)) else None
    if not isinstance(path, str):
        raise TypeError(f"storage must be the path of a SQLite file, or None (memory), not {type(storage).__name__}")
    is_url = "://" in path
    if is_url or not path:
        raise ValueError(
            f"storage is {'a URL' if is_url else 'empty'}; this version stores in a SQLite file (pass its path) or in "
            "the memory of the process (pass None)"
        )
    return path


def checked_revocations(revocations: Any) -> Any:
    """Return *revocations*. Raises ``TypeError`` if it is neither ``None`` nor an object that revokes users."""
    if revocations is not None and not hasattr(revocations, "revoke_user"):
        name = type(revocations).__name__
        raise TypeError(f"revocations must be an object such as MemoryRevocations(), or None, not {name}")
    return revocations
