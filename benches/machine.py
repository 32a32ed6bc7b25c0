"""What a reader must know of the machine that measured."""

import os
import platform
import sys
from pathlib import Path


def describe() -> dict[str, object]:
    """Return the facts that stand in every JSON of results."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def sentence() -> str:
    """Return the same in a line, for the foot of a table or chart."""
    facts = describe()
    return (
        f"{facts['implementation']} {facts['python']}{'' if facts['gil'] else ' without the GIL'}, "
        f"{facts['cores']} cores of {facts['processor']}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
