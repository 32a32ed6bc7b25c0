"""Users in a JSON file, which can be read and edited by hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fastware.auth.storage_arguments import is_url
from fastware.auth.users.changes import User
from fastware.auth.users.durable_file import replace_file
from fastware.auth.users.errors import user_exists, user_not_found
from fastware.auth.users.file_users import FileUsers, as_parts
from fastware.auth.users.lock_file import TIMEOUT, locked
from fastware.auth.users.records import check_users
from fastware.auth.users.store import UserStore
from fastware.auth.users.user_cache import UserCache

if TYPE_CHECKING:
    from pathlib import Path

    from fastware.auth.users.store import UserRevocations

_OF_ONE_STORE: Final = ("_cache", "_filename", "_path")


class JSONFileUserStore(UserStore):
    """Users in a JSON array at *path*. A missing file means that there are no users.

    Each user is an object of strings: ``username``, ``password_hash``, ``role``, ``created_at`` (ISO 8601, UTC), and
    further fields. :meth:`find_user` reads the file again only if it has changed, and parses what differs. It keeps the
    users and the file in memory, about 750 bytes for each user.

    A save is atomic and durable: a reader finds the old users or the new ones, even if the process is killed. Threads
    and processes that share the file lose no update; the lock is an empty file beside it, ``<name>.lock``. A call that
    waits for the lock for ten seconds raises ``TimeoutError``. A symbolic link is followed, not replaced. On Windows a
    save raises ``PermissionError`` while another process has the file open.

    The file is readable and writable by its owner only. If its group has access and others have none (mode 0640 or
    0660), a save keeps the group and its access. Any other mode becomes 0600.

    Args:
        path: the file. Missing parent folders are created.
        revocations: revokes the tokens of a user, see :class:`UserStore`.

    Raises:
        ValueError: *path* is a URL. The message does not show it: it may contain a password.

    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Note whether the subclass loads users from elsewhere: :meth:`find_user` must then do so too."""
        super().__init_subclass__(**kwargs)
        cls._loads_otherwise = cls.load_users is not JSONFileUserStore.load_users

    _loads_otherwise = False
    _cache: UserCache
    _path: Path
    _filename: str

    def __init__(self, path: str | os.PathLike[str], *, revocations: UserRevocations | None = None) -> None:
        from pathlib import Path  # noqa: PLC0415 - a sixth of the import time of fastware.auth

        if is_url(path):
            del path  # error reporters show the local variables of a traceback's frames
            raise ValueError("path is a URL; pass the path of a file, or use SQLUserStore for a database")
        super().__init__(revocations=revocations)
        self.path = Path(path)

    def _set_up(self) -> None:
        super()._set_up()
        self._cache = UserCache()

    def __getstate__(self) -> dict[str, Any]:
        others = {name: value for name, value in super().__getstate__().items() if name not in _OF_ONE_STORE}
        return {"path": self.path, **others}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @path.setter
    def path(self, path: Path) -> None:
        self._path, self._filename = path, os.fspath(path)

    def load_users(self) -> list[User]:
        """Return all users.

        Raises:
            UserFileError: the file is not a JSON array of users. The message says where the first error is.
            OSError: the file cannot be read.

        """
        pieces = self._cache.read(self._filename).pieces
        return [user.copy() for piece in pieces for user in piece.users.values()]

    def find_user(self, username: str) -> User | None:
        """Return a copy of the user *username*, or ``None``. The file is read again only if it has changed.

        Raises:
            UserFileError: the file is not a JSON array of users.
            OSError: the file cannot be read.

        """
        if self._loads_otherwise or "load_users" in self.__dict__:
            return super().find_user(username)
        user = _found(self._cache.users_in(self._filename), username)
        return None if user is None else user.copy()

    def save_users(self, users: list[User]) -> None:
        """Replace all users.

        Raises:
            UserFileError: *users* is not a list of users.
            OSError: the file cannot be written, and is unchanged. If only its folder cannot be synced, the file has
                the new users, but a power failure may restore the old ones.

        """
        check_users(users, "the users to save")
        parts = as_parts(users)
        with self._exclusive():
            replace_file(self._target(), parts)

    def _insert_user(self, user: User) -> None:
        if self._has_another_storage():
            super()._insert_user(user)
            return
        with self._exclusive():
            file = self._cache.read(self._filename)
            if user["username"] in file.by_name:
                raise user_exists(user["username"])
            self._save(file, user["username"], user)

    def _change_user(self, username: str, change: Callable[[User], User]) -> tuple[User, User]:
        if self._has_another_storage():
            return super()._change_user(username, change)
        with self._exclusive():
            file = self._cache.read(self._filename)
            before = _found(file.by_name, username)
            if before is None:
                raise user_not_found(username)
            after = change(before.copy())
            if after != before:
                self._save(file, username, after)
            return before.copy(), after

    def _remove_user(self, username: str) -> None:
        if self._has_another_storage():
            super()._remove_user(username)
            return
        with self._exclusive():
            file = self._cache.read(self._filename)
            if _found(file.by_name, username) is None:
                raise user_not_found(username)
            self._save(file, username, None)

    def _save(self, file: FileUsers, username: str, user: User | None) -> None:
        if user is not None:
            check_users([user], "the user to save")
        replace_file(self._target(), file.changed(username, user))

    def _has_another_storage(self) -> bool:
        """Return whether a subclass or a test replaces ``load_users`` or ``save_users``, which a change then calls."""
        methods = (JSONFileUserStore.load_users, JSONFileUserStore.save_users)
        return any(getattr(getattr(self, each.__name__), "__func__", None) is not each for each in methods)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        lock = self._lock  # a forked child gets another one
        if not lock.acquire(timeout=TIMEOUT):
            raise TimeoutError(f"{self.path}: another thread has been changing users for {TIMEOUT:.0f} seconds")
        try:
            target = self._target()
            target.parent.mkdir(parents=True, exist_ok=True)
            with locked(target):
                yield
        finally:
            lock.release()

    def _target(self) -> Path:
        """Return the file that the path leads to, through symbolic links."""
        try:
            # Strict: a link that temporarily cannot be read must not be replaced by a file.
            target = os.path.realpath(self.path, strict=True)
        except FileNotFoundError:
            target = os.path.realpath(self.path)
        return type(self.path)(target)


def _found(users: Mapping[str, User], username: str) -> User | None:
    try:
        return users.get(username)
    except TypeError:  # not hashable
        return None
