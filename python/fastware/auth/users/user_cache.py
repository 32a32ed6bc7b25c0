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
from fastware.auth.users.records import parse_users

_Stamp = tuple[int, int, int, int, int]

_MARGIN: Final = 0.2
_COARSE_MARGIN: Final = 3.0
"""Seconds in which two changes of a file may get the same time: some ticks of a kernel, of at most 10 ms; two seconds
of FAT, one of ext3 and HFS+. A time without a fraction is taken for one of the latter."""


class _Reading:
    """What a file contained when it had *stamp*. ``certain`` is the stamp if no other content can have it."""

    __slots__ = ("certain", "content", "first_seen", "stamp", "users")

    def __init__(
        self,
        users: Mapping[str, User],
        stamp: _Stamp | None,
        content: bytes | None,
        first_seen: float,
        certain: _Stamp | None = None,
    ) -> None:
        self.users, self.stamp, self.content, self.first_seen = users, stamp, content, first_seen
        self.certain = certain


class UserCache:
    """The users of one file, safe to share between threads.

    A change of the file is seen at once: by its inode, size and times, and by its content while a further change could
    leave these as they are ("racy git", https://git-scm.com/docs/racy-git). That time counts from when the stamp is
    first seen, so that the clock of the file system may differ from ours.
    """

    _lock: threading.Lock

    def __init__(self) -> None:
        self._last = _Reading({}, None, None, 0.0)
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
            return last.users
        with self._lock:
            try:
                self._last = reading = self._read(path)
            except FileNotFoundError:
                return {}
        return reading.users

    def _read(self, path: str) -> _Reading:
        last, begin = self._last, monotonic()
        with open(path, "rb") as file:
            stamp, seen = _stamp_of(fstat(file.fileno())), monotonic()
            if stamp == last.certain:  # another thread has just read it
                return last
            content = file.read()
            is_whole = stamp == _stamp_of(fstat(file.fileno()))
        if content != last.content:
            users, problem = parse_users(content)
            if problem is not None:
                del content, users
                raise UserFileError(f"{path}{problem}")
            return _Reading({user["username"]: user for user in users}, stamp, content, seen)
        if not is_whole or stamp != last.stamp:
            return _Reading(last.users, stamp, content, seen)
        if begin - last.first_seen < _margin(stamp):
            return last
        # A change after the beginning of this reading would have another time than the stamp.
        return _Reading(last.users, stamp, None, last.first_seen, certain=stamp)


def _stamp_of(status: stat_result) -> _Stamp:
    return status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev


def _margin(stamp: _Stamp) -> float:
    return _COARSE_MARGIN if stamp[0] % 10_000_000 == 0 else _MARGIN
