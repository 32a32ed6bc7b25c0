"""Users in a JSON file, which people can read and edit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastware.auth.users.durable_file import make_lock, replace_file
from fastware.auth.users.records import check_users, read_users, users_as_json
from fastware.auth.users.store import User, UserStore

if TYPE_CHECKING:
    from pathlib import Path


class JSONFileUserStore(UserStore):
    """Users in a JSON array at *path*. A missing file means that there are no users.

    Each user is an object of strings: ``username``, ``password_hash``, ``role``, ``created_at`` (ISO 8601, UTC), and
    further fields. Each call reads the whole file: it is meant for thousands of users, not for a hundred thousand.

    A save is atomic and durable: a reader finds the old users or the new ones, even if the process is killed. Threads
    and processes that share the file lose no update; the lock is an empty file beside it, ``<name>.lock``. The
    file is readable and writable by its owner only. A symbolic link is followed, not replaced. On Windows a save raises
    ``PermissionError`` while another process has the file open.

    Args:
        path: the file. Missing parent folders are created.

    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        from pathlib import Path  # noqa: PLC0415 - a sixth of the import time of fastware.auth

        self.path: Path = Path(path)

    def load_users(self) -> list[User]:
        """Return all users.

        Raises:
            UserFileError: the file is not a JSON array of users. The message says where the first error is.
            OSError: the file cannot be read.

        """
        try:
            return read_users(self.path)
        except FileNotFoundError:
            return []

    def save_users(self, users: list[User]) -> None:
        """Replace all users.

        Raises:
            UserFileError: *users* is not a list of users.
            OSError: the file cannot be written, and is unchanged. If only its folder cannot be synced, the file has
                the new users, but a power failure may restore the old ones.

        """
        check_users(users, "the users to save")
        content = users_as_json(users)
        with self._exclusive():
            replace_file(self._target(), content)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with super()._exclusive():
            target = self._target()
            target.parent.mkdir(parents=True, exist_ok=True)
            from filelock import FileLock  # noqa: PLC0415 - importing it takes longer than importing fastware.auth

            lock = f"{target}.lock"
            make_lock(lock, target)
            with FileLock(lock, mode=0o600, is_singleton=True):
                yield

    def _target(self) -> Path:
        """Return the file that the path leads to, through symbolic links."""
        try:
            # Strict: a link that temporarily cannot be read must not be replaced by a file.
            target = os.path.realpath(self.path, strict=True)
        except FileNotFoundError:
            target = os.path.realpath(self.path)
        return type(self.path)(target)
