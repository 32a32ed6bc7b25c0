"""The results as a table."""

from collections.abc import Iterable

from benches.duration import duration
from benches.machine import sentence
from benches.performance_page import markdown_table

from .series import Line

TITLES = ("what grows", "engine", "from", "to", "time at the largest", "exponent", "")


def verdict(line: Line, limit: float) -> str:
    return "linear" if line.exponent <= limit else "NOT linear"


def rows(lines: Iterable[Line], limit: float) -> list[tuple[str, ...]]:
    return [
        (
            line.series.title,
            line.engine,
            f"{min(line.times):,}",
            f"{max(line.times):,} {line.series.unit}",
            duration(line.times[max(line.times)]),
            f"{round(line.exponent, 2) + 0.0:.2f}",  # + 0.0 takes the sign of a zero away
            verdict(line, limit),
        )
        for line in lines
    ]


def thread_rows(operations: dict[str, dict[int, float]]) -> list[tuple[str, ...]]:
    return [
        (engine, *(f"{value / 1e6:.2f} M/s" for value in by_threads.values()))
        for engine, by_threads in operations.items()
    ]


def thread_titles(operations: dict[str, dict[int, float]]) -> tuple[str, ...]:
    numbers = next(iter(operations.values()))
    return ("take, one table of 100,000 keys", *(f"{number} thread{'s'[: number > 1]}" for number in numbers))


def markdown(lines: list[Line], operations: dict[str, dict[int, float]], limit: float) -> str:
    """Return what stands in the page."""
    worst = max(lines, key=lambda line: line.exponent)
    parts = [
        f"The greatest exponent is {worst.exponent:.2f} ({worst.series.title}, {worst.engine} engine).",
        markdown_table(TITLES[:-1], [row[:-1] for row in rows(lines, limit)], texts=2),
        markdown_table(thread_titles(operations), thread_rows(operations)),
        f"{sentence()}.",
    ]
    return "\n\n".join(parts)
