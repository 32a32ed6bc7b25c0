"""The runs of a limiter in a few figures."""

import statistics
from typing import Any

PHASES = ("arriving", "going stale")


def figures(wall: list[dict[str, Any]], cpu: list[dict[str, Any]]) -> dict[str, float]:
    """Return medians over the runs; of memory the largest, of the worst calls the smallest and the largest.

    A worst call holds whatever else the machine did in its time, so that the smallest of several is nearest to what
    the limiter itself does. The runs that *cpu* measured count only the time in which the thread was running.
    """
    runs = [*wall, *cpu]
    result: dict[str, float] = {
        "live bytes a key": max(run["live_bytes_a_key"] for run in runs),
        "stale bytes a key": max(run["stale_bytes_a_key"] for run in runs),
        "clock": _median(wall, "clock"),
    }
    for phase in (*PHASES, "nothing"):
        summaries = [run[phase.replace(" ", "_")] for run in wall]
        for point in ("p50", "p99", "p99.9"):
            result[f"{phase}: {point}"] = _median(summaries, point)
        result[f"{phase}: worst, smallest"] = min(each["worst"] for each in summaries)
        result[f"{phase}: worst, largest"] = max(each["worst"] for each in summaries)
        if cpu:
            worst = [run[phase.replace(" ", "_")]["worst"] for run in cpu]
            result[f"{phase}: worst, CPU time, smallest"] = min(worst)
            result[f"{phase}: worst, CPU time, largest"] = max(worst)
    return result


def _median(runs: list[dict[str, Any]], name: str) -> float:
    return statistics.median(run[name] for run in runs)
