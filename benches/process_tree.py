"""The processes below one, as Linux tells of them."""

import contextlib
import os
from pathlib import Path


def descendants(process_id: int) -> list[int]:
    """Return the ids of all processes below *process_id*."""
    found = []
    for task in Path(f"/proc/{process_id}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text(encoding="ascii").split()]
    return [each for child in found for each in (child, *descendants(child))]


def resident_bytes(process_id: int) -> int:
    """Return what the process has in RAM."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
