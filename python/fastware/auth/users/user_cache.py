"""The users of a file by their names, read again when the file may have changed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from os import fstat, stat, stat_result
from time import monotonic
from typing import Final

from fastware._internal.fork import give_lock
from fastware.auth.users.changes import User
from fastware.auth.users.errors import UserFileError
from fastware.auth.users.file_users import NO_USERS, FileUsers, parse_file

_Stamp = tuple[int, int, int, int, int]

_MARGIN: Final = 0.2
_COARSE_MARGIN: Final = 3.0
"""Seconds in which two changes of a file may get the same time: some ticks of a kernel, of at most 10 ms; two seconds
of FAT, one of ext3 and HFS+. A time without a fraction is taken for one of the latter."""


class _Reading:
    """The users of the file *path* when it had *stamp*. ``certain`` is the stamp if no other content can have it."""

    __slots__ = ("begun", "by_name", "certain", "first_seen", "path", "stamp", "users")

    def __init__(
        self,
        users: FileUsers,
        path: str | None = None,
        stamp: _Stamp | None = None,
        first_seen: float = 0.0,
        begun: float = 0.0,
        certain: _Stamp | None = None,
    ) -> None:
        self.users, self.by_name, self.path, self.stamp = users, users.by_name, path, stamp
        self.first_seen, self.begun, self.certain = first_seen, begun, certain


class UserCache:
    """The users of one file, safe to share between threads.

    A change of the file is seen at once: by its inode, size and times, and by its content while a further change could
    leave these as they are ("racy git", https://git-scm.com/docs/racy-git). That time counts from when the stamp is
    first seen, so that the clock of the file system may differ from ours.
    """

    _lock: threading.Lock

    def __init__(self) -> None:
        self._last = _Reading(NO_USERS)
        give_lock(self, threading.Lock)

    def users_in(self, path: str) -> Mapping[str, User]:
        """Return the users in the file *path* by their names. The caller does not change them.

        Raises:
            UserFileError: the file is not a JSON array of users.
            OSError: the file cannot be read.

        """
        last = self._last
        try:
            status = stat(path)
        except FileNotFoundError:
            return {}
        # Not `_stamp_of(status)`: the call takes a twentieth of the time of a look-up.
        if last.certain == (status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev):
            return last.by_name
        asked = monotonic()
        with self._lock:
            # Threads that have waited share a reading that began after they asked.
            if self._last.begun <= asked or self._last.path != path:
                try:
                    self._last = self._read(path, trusts_times=True)
                except FileNotFoundError:
                    return {}
            return self._last.by_name

    def read(self, path: str) -> FileUsers:
        """Return the users in the file *path*, whose content is read again. The caller does not change them.

        The times that a network file system shows may be late, and a change must be based on the current users.

        Raises:
            UserFileError: the file is not a JSON array of users.
            OSError: the file cannot be read.

        """
        with self._lock:
            try:
                self._last = self._read(path, trusts_times=False)
            except FileNotFoundError:
                return NO_USERS
            return self._last.users

    def _read(self, path: str, *, trusts_times: bool) -> _Reading:
        last, begun = self._last, monotonic()
        with open(path, "rb") as file:
            stamp, seen = _stamp_of(fstat(file.fileno())), monotonic()
            if trusts_times and stamp == last.certain:  # another thread has just read it
                return last
            content = file.read()
            is_whole = stamp == _stamp_of(fstat(file.fileno()))
        users, problem = parse_file(content, last.users)
        if problem is not None:
            del content
            raise UserFileError(f"{path}{problem}")
        if users is not last.users or not is_whole or stamp != last.stamp:
            return _Reading(users, path, stamp, seen, begun)
        # A change after the beginning of this reading has another time than the stamp if that is old enough.
        certain = stamp if begun - last.first_seen >= _margin(stamp) else None
        return _Reading(users, path, stamp, last.first_seen, begun, certain)


def _stamp_of(status: stat_result) -> _Stamp:
    return status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev


def _margin(stamp: _Stamp) -> float:
    return _COARSE_MARGIN if stamp[0] % 10_000_000 == 0 else _MARGIN
