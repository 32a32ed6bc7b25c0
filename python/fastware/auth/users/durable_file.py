"""Replaces a file atomically and durably, and creates the lock file that its writers share."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_ANY_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def replace_file(target: Path, content: bytes) -> None:
    """Replace *target* with *content* in one step; it is on disk when this returns. The caller holds the lock."""
    import tempfile  # noqa: PLC0415 - not needed to read users

    before = _status(target)
    if before is not None and not before.st_mode & _ANY_WRITE:
        raise PermissionError(f"{target} is read-only; make it writable to change users")
    _remove_leftovers(target)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _give_to_owner(file.fileno(), target)
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_folder(target.parent)


def make_lock(lock: str, target: Path) -> None:
    """As root, create a missing lock file for the owner of *target*, so that the owner's server can use it."""
    if not _is_root():
        return
    with suppress(FileExistsError):
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            _give_to_owner(descriptor, target)
        finally:
            os.close(descriptor)


def _remove_leftovers(target: Path) -> None:
    """Remove the temporary files of killed processes. While this process holds the lock, none is in use."""
    is_ours = re.compile(rf"\.{re.escape(target.name)}\.[a-z0-9_]{{8}}\.tmp").fullmatch  # as tempfile names them
    for name in filter(is_ours, os.listdir(target.parent)):
        with suppress(FileNotFoundError):
            os.unlink(target.parent / name)


def _status(target: Path) -> os.stat_result | None:
    try:
        return target.stat()
    except FileNotFoundError:
        return None


def _give_to_owner(descriptor: int, target: Path) -> None:
    """As root, give the file to the owner of *target*, or of its folder, so that the owner's server keeps access."""
    if _is_root():
        owner = _status(target) or target.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
