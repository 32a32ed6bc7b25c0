"""Users in a JSON file that can be read and edited by hand."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from fastware.auth.users import REQUIRED_FIELDS, User, UserStore

_ANY_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class UserFileError(ValueError):
    """The user file does not hold users. The message names the path and the place, and shows nothing of the content."""


class JSONFileUserStore(UserStore):
    """Users in a JSON array at *path*. No file: no users.

    A save is atomic and durable: a reader, and whoever comes after a process that was killed, finds the old users or
    the new ones. Threads and processes that share the file lose no update; the lock is an empty file beside it,
    ``<name>.lock``. The file is readable and writable by its owner only. A symbolic link is followed, not replaced.

    Args:
        path: the file; missing parent folders are made.

    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def load_users(self) -> list[User]:
        """Return all users.

        Raises:
            UserFileError: the file is not a JSON array of users, with the place of the first thing wrong.
            OSError: the file cannot be read.

        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return _parse(content, self.path)

    def save_users(self, users: list[User]) -> None:
        """Replace all users.

        Raises:
            UserFileError: *users* are not users.
            OSError: the file cannot be written; it is as it was.

        """
        _check_users(users, "the users to save")
        content = (json.dumps(users, ensure_ascii=False, indent=2) + "\n").encode("utf-8")
        with self._exclusive():
            _replace(self._target(), content)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with super()._exclusive():
            target = self._target()
            target.parent.mkdir(parents=True, exist_ok=True)
            from filelock import FileLock  # noqa: PLC0415 - takes longer to import than all of fastware.auth

            with FileLock(f"{target}.lock", mode=0o600, is_singleton=True):
                yield

    def _target(self) -> Path:
        """The file itself, where the path is a symbolic link."""
        return Path(os.path.realpath(self.path))


def _parse(content: bytes, path: Path) -> list[User]:
    try:
        users = json.loads(content.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise UserFileError(f"{path}, line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise UserFileError(f"{path}, byte {error.start}: not UTF-8") from None
    except RecursionError:
        raise UserFileError(f"{path}: nested too deep") from None
    _check_users(users, str(path))
    checked: list[User] = users
    return checked


def _check_users(users: Any, where: str) -> None:
    if not isinstance(users, list):
        raise UserFileError(f"{where}: expected a JSON array of users, found {type(users).__name__}")
    usernames: set[str] = set()
    for number, user in enumerate(users, start=1):
        place = f"{where}, user {number}"
        _check_user(user, place)
        if user["username"] in usernames:
            raise UserFileError(f"{place}: a user of this name stands above")
        usernames.add(user["username"])


def _check_user(user: Any, place: str) -> None:
    if not isinstance(user, dict):
        raise UserFileError(f"{place}: expected an object, found {type(user).__name__}")
    for field in REQUIRED_FIELDS:
        if field not in user:
            raise UserFileError(f"{place}: {field!r} is missing")
    for field, value in user.items():
        if not isinstance(field, str) or not isinstance(value, str):
            raise UserFileError(f"{place}: {field!r} must be a string, not {type(value).__name__}")
        try:
            (field + value).encode("utf-8")
        except UnicodeEncodeError:
            raise UserFileError(f"{place}: {field!r} has a lone surrogate") from None


def _replace(target: Path, content: bytes) -> None:
    """Replace *target* by *content* in one step, on disk when this returns. The caller holds the lock."""
    before = _status(target)
    if before is not None and not before.st_mode & _ANY_WRITE:
        raise PermissionError(f"{target} is read-only; make it writable to change users")
    prefix = f".{target.name}."
    for leftover in target.parent.glob(f"{prefix}*.tmp"):
        # Of a process that was killed: nobody else writes while we hold the lock.
        leftover.unlink(missing_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _keep_owner(file.fileno(), before)
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_folder(target.parent)


def _status(target: Path) -> os.stat_result | None:
    try:
        return target.stat()
    except FileNotFoundError:
        return None


def _keep_owner(descriptor: int, before: os.stat_result | None) -> None:
    """An administrator who edits users must not lock the server out of its file."""
    if before is not None and hasattr(os, "fchown") and os.geteuid() == 0:
        os.fchown(descriptor, before.st_uid, before.st_gid)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
