"""docs/buckets.svg: memory a key, and how long checks last while keys arrive and while they go stale."""

from pathlib import Path
from typing import Any

from matplotlib.ticker import FuncFormatter

from benches import drawing
from benches.contenders import OURS, RUST
from benches.duration import duration

from .goals import GOALS
from .summary import PHASES

_POINTS = (("p50", "|", 9), ("p99.9", "o", 6), ("worst, smallest", "D", 6))


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw the *results* of a run, as they stand in its JSON."""
    figures = results["figures"]
    figure, panels = drawing.draw(1, 3, size=(16, 1.9 + 0.55 * len(figures)))
    _draw_memory(panels[0], figures)
    _draw_goals(panels[0], "bytes a key", 1)
    for panel, phase in zip(panels[1:], PHASES, strict=True):
        _draw_latencies(panel, phase, figures)
        _draw_goals(panel, phase, 1e-9)
    panels[1].set_yticklabels([])
    panels[2].set_yticklabels([])
    figure.suptitle(f"{results['keys']:,} rate-limit keys", x=0.01, ha="left", fontsize=15, fontweight="bold")
    machine = results["machine"]
    foot = f"{machine['implementation']} {machine['python']}, {machine['cores']} cores of {machine['processor']}"
    figure.supxlabel(foot, fontsize=8, color=drawing.GREY)
    drawing.save(figure, path)


def _draw_goals(panel, about: str, unit: float) -> None:
    """Draw a dotted line where the Rust engine's figures *about* this panel are to end."""
    for most in {goal.most for goal in GOALS if about in goal.figure}:
        panel.axvline(most * unit, color=drawing.COLOURS[RUST], linestyle=":", linewidth=1)
    panel.plot([], [], color=drawing.COLOURS[RUST], linestyle=":", linewidth=1, label="goals of the Rust engine")
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3, columnspacing=1.2, handletextpad=0.4)


def _colours(figures: dict[str, Any]) -> list[str]:
    peers = iter(drawing.PEER_COLOURS)
    return [drawing.COLOURS[name] if name in OURS else next(peers) for name in figures]


def _draw_memory(panel, figures: dict[str, dict[str, float]]) -> None:
    names, colours = [*figures], _colours(figures)
    for offset, figure, alpha, label in (
        (-0.2, "live bytes a key", 1.0, "while live"),
        (0.2, "stale bytes a key", 0.45, "two periods after the last hit"),
    ):
        values = [figures[name][figure] for name in names]
        bars = panel.barh([place + offset for place in range(len(names))], values, 0.36, color=colours, alpha=alpha)
        panel.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
        panel.barh([0], [0], color=drawing.GREY, alpha=alpha, label=label)
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    panel.set_title("Bytes a key, the key included")
    panel.margins(x=0.12)


def _draw_latencies(panel, phase: str, figures: dict[str, dict[str, float]]) -> None:
    for place, (own, colour) in enumerate(zip(figures.values(), _colours(figures), strict=True)):
        ends = [own[f"{phase}: p50"], own[f"{phase}: worst, largest"]]
        panel.plot([value / 1e9 for value in ends], [place] * 2, color=colour, linewidth=1.2, alpha=0.6)
        for point, marker, size in _POINTS:
            panel.plot(own[f"{phase}: {point}"] / 1e9, place, color=colour, marker=marker, markersize=size)
    for point, marker, size in _POINTS:
        label = "smallest worst of the runs" if "worst" in point else point
        panel.plot([], [], color=drawing.GREY, marker=marker, markersize=size, linewidth=0, label=label)
    panel.plot([], [], color=drawing.GREY, linewidth=1.2, label="to the largest worst")
    panel.set_xscale("log")
    panel.set_ylim(len(figures) - 0.4, -0.6)
    panel.set_yticks(range(len(figures)), [*figures])
    panel.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: duration(seconds * 1.0000001)))
    panel.set_title(f"A single check while keys are {phase}")
