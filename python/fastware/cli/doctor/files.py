"""The access to a file that only its owner may read and write: the user file, the revocations."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from fastware.cli.doctor.findings import Finding

_NO_LOCKS: Final = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP)


def check_access(path: Path, *further: Callable[[Path], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield what is wrong with the access to the file that *path* leads to, and what *further* checks of it find."""
    try:
        file = Path(os.path.realpath(path))
        yield from check_folder(file)
        if file.is_file():
            yield from check_mode(file)
            yield from check_owner(file)
        for check in further:
            yield from check(file)
    except OSError as error:
        message = f"{os.fsdecode(error.filename or path)} cannot be examined: {error.strerror}."
        yield Finding("folder", "error", message, "Run the server and this command as the owner of the folder.")


def check_mode(file: Path) -> Iterator[Finding]:
    """Yield who else may read or write *file*."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if os.name == "nt":
        return
    fix = f"chmod 600 {_quoted(file)}"
    if mode & stat.S_IRWXO:
        yield Finding("file-mode", "error", f"Every user of the machine may open {file} (mode {mode:04o}).", fix)
    if not mode & stat.S_IWUSR:
        yield Finding("file-mode", "error", f"{file} is read-only (mode {mode:04o}): no change can be saved.", fix)


def check_owner(file: Path) -> Iterator[Finding]:
    """Yield whether another user than the server's owns *file*."""
    if not hasattr(os, "geteuid"):
        return
    me, owner, owner_of_folder = os.geteuid(), file.stat().st_uid, file.parent.stat().st_uid
    if me not in (0, owner):
        message = f"{file} belongs to {_user(owner)}, and this command runs as {_user(me)}."
        fix = f"Run the server and this command as one user, the owner: chown {_user(me)} {_quoted(file)}"
        yield Finding("file-owner", "error", message, fix)
    elif owner == 0 and owner_of_folder != 0:
        message = f"{file} belongs to root, and its folder to {_user(owner_of_folder)}: a server that runs as "
        message += f"{_user(owner_of_folder)} cannot open the file."
        yield Finding("file-owner", "warning", message, f"chown {_user(owner_of_folder)} {_quoted(file)}")


def check_mount(file: Path) -> Iterator[Finding]:
    """Yield whether *file* is a mount point, which cannot be replaced."""
    from fastware.auth.users.mounts import is_mount_point  # noqa: PLC0415

    if file.is_file() and is_mount_point(file):
        message = f"{file} is a mount point of its own: a save cannot replace it."
        yield Finding("mount", "error", message, f"Mount its folder instead: docker run -v ./data:{file.parent}")


def check_folder(file: Path) -> Iterator[Finding]:
    """Yield whether the folder of *file* is read-only, or open to every user of the machine."""
    folder = next(each for each in file.parents if each.exists())
    if not folder.is_dir():
        yield Finding("folder", "error", f"{folder} is not a folder.", "Choose another path.")
    elif not os.access(folder, os.W_OK | os.X_OK):
        message = f"The folder {folder} is not writable: a save creates the file and {file.name}.lock in it."
        yield Finding("folder", "error", message, f"Make {folder} writable for the user that runs the server.")
    else:
        mode = folder.stat().st_mode
        if os.name != "nt" and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            message = f"Every user of the machine may replace files in {folder}."
            yield Finding("folder", "error", message, f"chmod o-w {_quoted(folder)}")


def check_lock(file: Path) -> Iterator[Finding]:
    """Yield whether the lock file of *file* cannot be opened, or its file system has no locks."""
    lock = file.with_name(f"{file.name}.lock")
    if lock.is_symlink() or (lock.exists() and not lock.is_file()):
        message = f"{lock} is not a regular file, and cannot be the lock of {file.name}."
        yield Finding("lock", "error", message, "Remove it.")
    elif lock.exists() and not os.access(lock, os.R_OK | os.W_OK):
        message = f"{lock} belongs to {_user(lock.stat().st_uid)}, and cannot be locked by {_user(_me())}."
        yield Finding("lock", "error", message, f"Remove {lock}: the next save creates a new one.")
    elif (problem := _problem_of_locks(file.parent)) is not None:
        message = f"The file system of {file.parent} has no locks ({problem}): processes cannot share the user file."
        yield Finding("lock", "error", message, "Put the file on a local disk.")


def _problem_of_locks(folder: Path) -> str | None:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        # Others are no answer: NFS locks no folder.
        return error.strerror if error.errno in _NO_LOCKS else None
    finally:
        os.close(descriptor)
    return None


def _quoted(path: Path) -> str:
    import shlex  # noqa: PLC0415 - only for a finding

    return shlex.quote(str(path))


def _me() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def _user(number: int) -> str:
    try:
        import pwd  # noqa: PLC0415 - not on Windows

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}"
