"""Finds out whether a file is a mount point of its own, which cannot be replaced."""

from __future__ import annotations

import os
import re
from typing import Final

_MOUNTS: Final = "/proc/self/mountinfo"

MOUNT_THE_FOLDER: Final = (
    "it is a mount point of its own, which a save cannot replace; mount its folder instead, "
    "such as `docker run -v ./data:/app/data` with the file in /app/data"
)


def is_mount_point(path: str | os.PathLike[str]) -> bool:
    """Return whether the file that *path* leads to is a mount point of its own (Linux; elsewhere ``False``).

    ``os.path.ismount`` does not find a file that is mounted from the same file system (proc_pid_mountinfo(5)).
    """
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            points = [line.split(" ")[4] for line in file]
    except FileNotFoundError:
        return False
    return os.path.realpath(path) in map(_unescaped, points)


def _unescaped(point: str) -> str:
    """Return the path of a mount point, in which spaces, tabs, newlines and backslashes are octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point)
