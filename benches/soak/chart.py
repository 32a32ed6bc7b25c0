"""docs/soak.svg: requests a second, 99th percentile and memory of each server."""

from pathlib import Path
from typing import Any

from benches import chart
from benches.contenders import OURS

_OURS_ELSEWHERE = "#e3a384"


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw the *results* of a run, as they stand in its JSON."""
    every, memory = results["figures"], results["memory"]
    colours = _colours([*memory])
    figure, panels = chart.draw(1, 3, size=(16, 5))
    _draw_bars(panels[0], "Requests a second", every, colours, "requests_a_second", 1, "{:,.0f}")
    _draw_bars(panels[1], "99th percentile of the latency, ms", every, colours, "p99", 1e3, "{:.1f}")
    by_moment = {
        f"{moment} the load": {name: {"bytes": own[moment]} for name, own in memory.items()}
        for moment in ("before", "after")
    }
    _draw_bars(panels[2], "Memory of the server, MB", by_moment, colours, "bytes", 1e-6, "{:.0f}")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=len(labels), fontsize=9)
    machine, plan = results["machine"], results["plan"]
    foot = (
        f"{plan['slices']} slices of {plan['seconds']} s each, {plan['connections']} connections, one worker; "
        f"{machine['implementation']} {machine['python']}, {machine['cores']} cores of {machine['processor']}"
    )
    figure.text(0.995, 0.012, foot, ha="right", va="bottom", fontsize=8, color=chart.GREY)
    figure.suptitle("Whole servers under load", x=0.01, ha="left", fontsize=15, fontweight="bold")
    chart.save(figure, path)


def _colours(names: list[str]) -> dict[str, str]:
    peers = iter(chart.PEER_COLOURS)
    ours = {name: chart.COLOURS[name] for name in names if name in OURS}
    elsewhere = {name: _OURS_ELSEWHERE for name in names if name not in OURS and name.startswith("fastware")}
    return {name: ours.get(name) or elsewhere.get(name) or next(peers) for name in names}


def _draw_bars(panel, title: str, groups, colours: dict[str, str], figure: str, unit: float, form: str) -> None:
    width = 0.86 / len(colours)
    for index, (name, colour) in enumerate(colours.items()):
        places = [place + index * width for place in range(len(groups))]
        values = [own[name][figure] * unit for own in groups.values()]
        bars = panel.bar(places, values, width * 0.94, color=colour, label=name)
        panel.bar_label(bars, labels=[form.format(value) for value in values], fontsize=8, padding=2)
    panel.set_xticks([place + (len(colours) - 1) * width / 2 for place in range(len(groups))], [*groups])
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    panel.grid(visible=False, axis="x")
    panel.set_title(title)
