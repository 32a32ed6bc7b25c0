"""The figures as tables."""

from benches.duration import duration
from benches.machine import sentence
from benches.performance_page import markdown_table

from .goals import GOALS
from .summary import PHASES

TITLES = (
    "limiter",
    "live, bytes a key",
    "stale, bytes a key",
    *(f"{phase}: {point}" for phase in PHASES for point in ("p50", "p99.9", "worst call")),
)
NOTHING = "nothing: the machine itself"
GOAL_TITLES = ("goal of the Rust engine", "at most", "measured", "")


def rows(figures: dict[str, dict[str, float]]) -> list[tuple[str, ...]]:
    table = [
        (name, f"{own['live bytes a key']:.0f}", f"{own['stale bytes a key']:.0f}", *_latencies(own, PHASES))
        for name, own in figures.items()
    ]
    nothing = next(iter(figures.values()))
    return [*table, (NOTHING, "-", "-", *_latencies(nothing, ("nothing",) * len(PHASES)))]


def goal_rows(own: dict[str, float]) -> list[tuple[str, ...]]:
    """Return a row for each goal; *own* are the figures of the Rust engine."""
    return [
        (goal.figure, _with_unit(goal.most, goal.unit), _with_unit(own[goal.figure], goal.unit), verdict)
        for goal in GOALS
        for verdict in [goal.verdict(own[goal.figure])]
    ]


def cpu_rows(figures: dict[str, dict[str, float]]) -> list[tuple[str, ...]]:
    """Return the worst calls in CPU time, of the limiters for which it was measured."""
    return [
        (name, *(_range(own, f"{phase}: worst, CPU time") for phase in PHASES))
        for name, own in figures.items()
        if f"{PHASES[0]}: worst, CPU time, smallest" in own
    ]


CPU_TITLES = ("worst call, CPU time of the thread", *PHASES)


def markdown(figures: dict[str, dict[str, float]], notes: list[str], rust: str) -> str:
    """Return what stands in the page."""
    parts = [markdown_table(TITLES, rows(figures))]
    if rust in figures:
        parts.append(markdown_table(GOAL_TITLES, goal_rows(figures[rust])))
    parts.append(markdown_table(CPU_TITLES, cpu_rows(figures)))
    clock = next(iter(figures.values()))["clock"]
    parts.append(" ".join((*notes, f"Reading the clock is {clock:.0f} ns of each latency. {sentence()}.")))
    return "\n\n".join(parts)


def _latencies(own: dict[str, float], phases: tuple[str, ...]) -> list[str]:
    return [
        cell
        for phase in phases
        for cell in (
            duration(own[f"{phase}: p50"] / 1e9),
            duration(own[f"{phase}: p99.9"] / 1e9),
            _range(own, f"{phase}: worst"),
        )
    ]


def _range(own: dict[str, float], figure: str) -> str:
    smallest, largest = (duration(own[f"{figure}, {end}"] / 1e9) for end in ("smallest", "largest"))
    return smallest if smallest == largest else f"{smallest} to {largest}"


def _with_unit(value: float, unit: str) -> str:
    return duration(value / 1e9) if unit == "ns" else f"{value:.1f} {unit}"
