"""Formats tables, durations and the machine for the checks and benchmarks."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """Return a table for a terminal: *text_columns* columns of text on the left, then numbers."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    lines = []
    for row in (titles, *rows):
        cells = [f"{cell:{'<' if n < text_columns else '>'}{widths[n]}}" for n, cell in enumerate(row)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Return *seconds* with three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def machine() -> str:
    """Return the Python version and the processor, for the line below a table."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text("utf-8").splitlines() if cpu.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    return f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores of {processor}"
