"""The arguments that name the storage of sessions: ``storage`` or ``path``, and ``revocations``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from fastware.auth.refresh.families import FamilyStorage
    from fastware.auth.tickets import TicketStorage

# `Any`: a client of redis-py, which need not be installed.
Storage: TypeAlias = "str | os.PathLike[str] | Any | None"


def families_in(storage: Storage) -> FamilyStorage:
    """Return the families of refresh tokens in *storage*. Raises as :func:`is_redis` and :func:`path_of` do."""
    if is_redis(storage):
        from fastware.auth.refresh.redis_families import RedisFamilies  # noqa: PLC0415

        return RedisFamilies(storage)
    if is_url(storage):
        from fastware.auth.refresh.sql_families import SQLFamilies  # noqa: PLC0415

        return SQLFamilies(str(storage))
    from fastware.auth.refresh.sqlite_families import SQLiteFamilies  # noqa: PLC0415

    return SQLiteFamilies(_path_or_memory(storage))


def tickets_in(storage: Storage) -> TicketStorage:
    """Return the tickets in *storage*. Raises as :func:`is_redis` and :func:`path_of` do."""
    if is_redis(storage):
        from fastware.auth.redis_tickets import RedisTicketStorage  # noqa: PLC0415

        return RedisTicketStorage(storage)
    if is_url(storage):
        from fastware.auth.sql_tickets import SQLTicketStorage  # noqa: PLC0415

        return SQLTicketStorage(str(storage))
    from fastware.auth.sqlite_tickets import SQLiteTickets  # noqa: PLC0415

    return SQLiteTickets(_path_or_memory(storage))


def is_redis(storage: object) -> bool:
    """Return whether *storage* is the URL of a Redis server, or a client of redis-py."""
    if isinstance(storage, str):
        from fastware.auth.redis_clients import URL_SCHEMES  # noqa: PLC0415

        return storage.lower().startswith(URL_SCHEMES)
    return callable(getattr(storage, "execute_command", None))


def path_of(name: str, storage: object, *, others: str = "", instead_of_url: str = "") -> str:
    """Return the path of a SQLite file.

    Args:
        name: the argument.
        storage: its value.
        others: what the argument accepts besides a path.
        instead_of_url: what to use for a URL.

    Raises:
        TypeError: *storage* is an object of another type.
        ValueError: it is empty, or a URL. The message does not show it: a URL may contain a password.

    """
    path = os.fspath(storage) if isinstance(storage, (str, os.PathLike)) else None
    if not isinstance(path, str):
        raise TypeError(f"{name} must be the path of a SQLite file{others}, not {type(storage).__name__}")
    if not path:
        raise ValueError(f"{name} is empty; pass the path of a SQLite file{others}")
    if is_url(path):
        raise ValueError(f"{name} is a URL; pass the path of a SQLite file{instead_of_url}")
    return path


def _path_or_memory(storage: object) -> str | None:
    others = ", the URL of Redis or a database, a client of redis-py, or None"
    return None if storage is None else path_of("storage", storage, others=others)


def is_url(storage: object) -> bool:
    """Return whether *storage* is a URL, not a path."""
    return isinstance(storage, str) and "://" in storage


def checked_revocations(revocations: Any) -> Any:
    """Return *revocations*. Raises ``TypeError`` if it is neither ``None`` nor a list of revoked tokens."""
    if revocations is not None:
        from fastware.auth.revocations import Revocations  # noqa: PLC0415 - only for applications that revoke tokens

        if not isinstance(revocations, Revocations):
            name = type(revocations).__name__
            raise TypeError(f"revocations must be an object such as MemoryRevocations(), not {name}")
    return revocations
