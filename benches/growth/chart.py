"""docs/growth.svg: a panel for each operation, both engines in it, and a straight line to hold against them."""

from itertools import groupby
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from benches import drawing
from benches.contenders import PYTHON, RUST
from benches.duration import duration

_NAMES = {"rust": RUST, "python": PYTHON}
_COLOURS = {engine: drawing.COLOURS[name] for engine, name in _NAMES.items()}
_MARKERS = "os^Dv<>PX*hpd"
_PANEL_NAMES = {"cookies": "by number", "bytes of Cookie": "hostile, by size"}


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw the *results* of a run, as they stand in its JSON."""
    figure, panels = drawing.draw(2, 4, size=(17, 10.4))
    groups = groupby(results["series"], key=lambda line: (line["operation"], line["unit"]))
    for panel, ((operation, unit), lines) in zip(panels, groups, strict=False):
        _draw_lines(panel, operation, unit, [*lines])
    _draw_threads(panels[6], results["operations_a_second_by_threads"])
    _explain(panels[7], results)
    figure.suptitle("How the cost grows", x=0.01, ha="left", fontsize=15, fontweight="bold")
    drawing.save(figure, path)


def _draw_lines(panel, operation: str, unit: str, lines: list[dict[str, Any]]) -> None:
    shapes = [*dict.fromkeys(line["shape"] for line in lines)]
    markers = dict(zip(shapes, _MARKERS, strict=False))
    for line in lines:
        seconds = [nanoseconds / 1e9 for nanoseconds in line["nanoseconds"]]
        colour, marker = _COLOURS[line["engine"]], markers[line["shape"]]
        panel.plot(line["sizes"], seconds, color=colour, marker=marker, markersize=4, linewidth=1.1, alpha=0.85)
    _draw_slope_one(panel, lines)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_title(f"{operation} {_PANEL_NAMES.get(unit, '')}".strip())
    panel.set_xlabel(unit)
    panel.yaxis.set_major_locator(LogLocator(numticks=12))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: duration(seconds * 1.0000001)))
    panel.xaxis.set_major_formatter(FuncFormatter(_count))
    handles = [_key(markers[shape], f"{_short(shape)}  {_exponents(shape, lines)}") for shape in shapes]
    panel.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1, handlelength=1)


def _draw_slope_one(panel, lines: list[dict[str, Any]]) -> None:
    """Draw what a linear cost looks like, below all lines' right ends."""
    left, right = min(lines[0]["sizes"]), max(max(line["sizes"]) for line in lines)
    highest = max(max(line["nanoseconds"]) for line in lines) / 1e9 * 2
    lowest = min(min(line["nanoseconds"]) for line in lines) / 1e9
    left = max(left, right * lowest / highest)
    panel.plot([left, right], [highest * left / right, highest], color=drawing.GREY, linestyle=":", linewidth=1)


def _count(size: float, _: int) -> str:
    return f"{size / 1e6:.0f} M" if size >= 1e6 else f"{size / 1e3:.0f} k" if size >= 1e3 else f"{size:.0f}"


def _key(marker: str, label: str) -> Line2D:
    return Line2D([], [], color=drawing.GREY, marker=marker, markersize=4, linewidth=0, label=label)


def _short(shape: str) -> str:
    return shape.removeprefix("hostile: ")


def _exponents(shape: str, lines: list[dict[str, Any]]) -> str:
    # + 0.0 takes the sign of a zero away.
    return " / ".join(f"{round(line['exponent'], 2) + 0.0:.2f}" for line in lines if line["shape"] == shape)


def _draw_threads(panel, operations: dict[str, dict[str, int]]) -> None:
    width = 0.8 / max(1, len(operations))
    for index, (engine, by_threads) in enumerate(operations.items()):
        places = [place + index * width for place in range(len(by_threads))]
        bars = panel.bar(places, [value / 1e6 for value in by_threads.values()], width * 0.92, color=_COLOURS[engine])
        panel.bar_label(bars, fmt="%.2f", fontsize=8)
        panel.set_xticks([place + (len(operations) - 1) * width / 2 for place in range(len(by_threads))], by_threads)
    panel.grid(visible=False, axis="x")
    panel.set_title("TokenBuckets.take by threads")
    panel.set_xlabel("threads on one table of 100,000 keys")
    panel.set_ylabel("million calls a second, all threads")


def _explain(panel, results: dict[str, Any]) -> None:
    panel.axis("off")
    engines = [*dict.fromkeys(line["engine"] for line in results["series"])]
    handles = [Line2D([], [], color=_COLOURS[engine], linewidth=3, label=_NAMES[engine]) for engine in engines]
    handles.append(Line2D([], [], color=drawing.GREY, linestyle=":", label="a linear cost"))
    panel.legend(handles=handles, loc="upper left", fontsize=10)
    machine = results["machine"]
    gil = "With the GIL, threads take turns:\nthey cannot do more than one can." if machine["gil"] else "Without a GIL."
    order = " / ".join(map(str.capitalize, engines))
    text = (
        f"Below each panel: the measured exponents\n({order}), the slope over the upper half\n"
        f"of the range. 1 is linear, less is fixed cost;\nabove {results['limit']} counts as not linear.\n\n"
        f"Each point is the best of many short rounds.\n\n{gil}\n\n"
        f"{machine['implementation']} {machine['python']},\n{machine['cores']} cores of {machine['processor']}"
    )
    panel.text(0.02, 0.66, text, va="top", fontsize=10, color="#333333", linespacing=1.4)
