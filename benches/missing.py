"""Why a contender does not take part."""

import re
from importlib.metadata import requires

from packaging.requirements import Requirement


def reason(error: Exception) -> str:
    """What *error*, raised by a contender that was asked for its answer, says to the reader of the table."""
    if not isinstance(error, ImportError):
        return f"{type(error).__name__}: {error!s:.100}"
    marker = _marker_that_leaves_out(error.name or "")
    if marker:
        return f"only for {marker}"
    return str(error).partition(";")[0].partition(", but")[0]


def _marker_that_leaves_out(module: str) -> str:
    """The environment marker by which this Python gets no *module*, or ``""``."""
    for text in requires("fastware") or ():
        requirement = Requirement(text)
        is_the_one = requirement.name.replace("-", "_").startswith(module.partition(".")[0])
        if module and is_the_one and requirement.marker and not requirement.marker.evaluate({"extra": "peers"}):
            marker = str(requirement.marker).partition(" and extra")[0].replace('"', "")
            return re.sub(r"python_(full_)?version", "Python", marker)
    return ""
