"""docs/soak.svg: requests a second, 99th percentile and memory of each server."""

from pathlib import Path
from typing import Any

from benches import drawing


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw the *results* of a run, as they stand in its JSON."""
    every, memory = results["figures"], results["memory"]
    figure, panels = drawing.draw(1, 3, size=(16, 5))
    _draw_bars(panels[0], "Requests a second", every, "requests_a_second", 1, "{:,.0f}")
    _draw_bars(panels[1], "99th percentile of the latency, ms", every, "p99", 1e3, "{:.1f}")
    by_moment = {
        f"{moment} the load": {name: {"bytes": own[moment]} for name, own in memory.items()}
        for moment in ("before", "after")
    }
    _draw_bars(panels[2], "Memory of the server, MB", by_moment, "bytes", 1e-6, "{:.0f}")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=len(labels), fontsize=9)
    machine, plan = results["machine"], results["plan"]
    foot = (
        f"{plan['slices']} slices of {plan['seconds']} s each, {plan['connections']} connections, one worker; "
        f"{machine['implementation']} {machine['python']}, {machine['cores']} cores of {machine['processor']}"
    )
    figure.text(0.995, 0.012, foot, ha="right", va="bottom", fontsize=8, color=drawing.GREY)
    figure.suptitle("Whole servers under load", x=0.01, ha="left", fontsize=15, fontweight="bold")
    drawing.save(figure, path)


def _colour(name: str) -> tuple[str, float]:
    """Return colour and opacity: the same application under another server is paler."""
    application, _, elsewhere = name.partition(", ")
    colour = drawing.COLOURS.get(application, drawing.PEER_COLOURS[0])
    return colour, drawing.OPACITY_OF_A_VARIANT if elsewhere else 1.0


def _draw_bars(panel, title: str, groups, figure: str, unit: float, form: str) -> None:
    names = [*next(iter(groups.values()))]
    width = 0.86 / len(names)
    for index, name in enumerate(names):
        colour, opacity = _colour(name)
        places = [place + index * width for place in range(len(groups))]
        values = [own[name][figure] * unit for own in groups.values()]
        bars = panel.bar(places, values, width * 0.94, color=colour, alpha=opacity, label=name)
        panel.bar_label(bars, labels=[form.format(value) for value in values], fontsize=8, padding=2)
    panel.set_xticks([place + (len(names) - 1) * width / 2 for place in range(len(groups))], [*groups])
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    panel.grid(visible=False, axis="x")
    panel.set_title(title)
