"""The lock that the processes that change a user file share: an empty file beside it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from fastware.auth.users.durable_file import OwnerError, share
from fastware.auth.users.mounts import MOUNT_THE_FOLDER, is_mount_point

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

TIMEOUT: Final = 10.0
"""Seconds to wait for another thread or process that changes users."""

_READ_ONLY: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_LOCKS: Final = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock of the file *target*. A thread that holds it may take it again.

    Raises:
        TimeoutError: another process has held the lock for ten seconds.
        OSError: there is no lock on this file system, or the lock file cannot be opened.

    """
    lock = _acquire(f"{target}.lock", target)
    try:
        yield
    finally:
        lock.release()


def _acquire(name: str, target: Path) -> BaseFileLock:
    from filelock import FileLock, Timeout  # noqa: PLC0415 - importing it takes longer than importing fastware.auth

    try:
        _make(name, target)
        # A soft lock excludes only processes that fell back to one too, and takes the file that `_make` leaves for a
        # lock that is held. The mode is that of `_make`.
        lock = FileLock(name, timeout=TIMEOUT, fallback_to_soft=False, is_singleton=True)
        lock.acquire()
        return lock
    except Timeout:
        reason = f"another process has been changing users for {TIMEOUT:.0f} seconds"
        problem: OSError = TimeoutError(errno.ETIMEDOUT, reason, name)
    except OwnerError:
        raise
    except OSError as error:
        problem = _explained(error, name, target)
    raise problem


def _make(name: str, target: Path) -> None:
    """Create the lock file if it is missing, for the users of the system who may change *target*."""
    # The access of an existing file is not changed: it may be a link to another file, made by the owner of the folder.
    with suppress(FileExistsError):
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            share(descriptor, target)
        except OwnerError:
            os.unlink(name)  # the owner could not lock it
            raise
        finally:
            os.close(descriptor)


def _explained(error: OSError, name: str, target: Path) -> OSError:
    """Return *error* with the file, the reason and the fix."""
    reason = error.strerror or str(error)
    if error.errno in _NO_LOCKS:
        reason += ": this file system has no locks, without which changes get lost; keep the user file on a local disk"
    elif error.errno in _READ_ONLY and os.path.lexists(name):
        reason += f": this lock file needs the owner, group and mode of {target.name}"
    elif error.errno in _READ_ONLY and is_mount_point(target):
        reason += f": {target} cannot be changed: {MOUNT_THE_FOLDER}"
    elif error.errno in _READ_ONLY:
        reason += ": a change of users creates files in this folder, which must be writable"
    return OSError(error.errno, reason, name)
