"""Replaces a file atomically and durably."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from fastware.auth.users.mounts import MOUNT_THE_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

_ANY_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def replace_file(target: Path, parts: Iterable[bytes]) -> None:
    """Replace *target* with *parts* in one step; it is on disk when this returns. The caller holds the lock."""
    import tempfile  # noqa: PLC0415 - not needed to read users

    before = _status(target)
    if before is not None and not before.st_mode & _ANY_WRITE:
        raise PermissionError(f"{target} is read-only; make it writable to change users")
    _remove_leftovers(target)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            file.flush()
            share(file.fileno(), target)
            os.fsync(file.fileno())
        _replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_folder(target.parent)


def _replace(name: str, target: Path) -> None:
    try:
        os.replace(name, target)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        raise OSError(error.errno, f"{error.strerror}: {MOUNT_THE_FOLDER}", str(target)) from None


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


def share(descriptor: int, target: Path) -> None:
    """Give a new file the owner of *target*, and its group if others have no access to *target*.

    If others have access, the mode was not chosen: it is that of the usual umask. A group is kept together with its
    access, or not at all.
    """
    before = _status(target)
    if _is_root():  # the server of the file's owner keeps access
        _give(descriptor, before or target.parent.stat(), target)
    group = before.st_mode & stat.S_IRWXG & ~stat.S_IXGRP if before and not before.st_mode & stat.S_IRWXO else 0
    if before and group:
        with suppress(PermissionError):  # only a member may give a file to a group
            os.fchown(descriptor, -1, before.st_gid)
            os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR | group)


def _give(descriptor: int, owner: os.stat_result, target: Path) -> None:
    try:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except PermissionError as error:
        reason = f"{error.strerror}: root cannot give the file to its owner here (CAP_CHOWN); "
        raise OwnerError(error.errno, f"{reason}run as the user {owner.st_uid}, who owns it", str(target)) from None


class OwnerError(PermissionError):
    """Root may not give a file to another user, for example in a container without CAP_CHOWN."""


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
