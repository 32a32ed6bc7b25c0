"""Opens files that only their owner may use."""

from __future__ import annotations

import errno
import os
import stat

from fastware.auth.storage_error import StorageError


def open_private(path: str) -> int:
    """Return a descriptor of the file at *path*, created with the mode 0600, together with its folder.

    Raises:
        StorageError: it cannot be opened, is a link or no file, or another user owns it.

    """
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        link = "; pass the path of the file that the link leads to" if error.errno == errno.ELOOP else ""
        raise StorageError(f"{path}: {error.strerror}{link}") from None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
        return descriptor
    os.close(descriptor)
    raise StorageError(f"{path}: it must be a file that belongs to the user who runs this process")
