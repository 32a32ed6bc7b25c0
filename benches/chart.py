"""Draw docs/benchmarks.svg from the JSON of a run: ``python -m benches.chart run.json docs/benchmarks.svg``.

A bar for each engine and for the best peer, in R on a logarithmic scale, and a mark for the goal.
"""

import json
import math
import sys
from html import escape
from pathlib import Path
from typing import Any

from benches.jobs import OURS, PYTHON, RUST

_JOBS = (
    "create token",
    "verify token: valid",
    "verify token: forged signature",
    "verify token: 4 KB of claims",
    "header: 15th of 20",
    "cookie: one of 8, 600 bytes",
    "rate limit: added to a handler, one hot key",
    "csrf: POST that passes",
    "request: GET with Bearer token",
    "request: POST, session, CSRF, limit",
)
_COLORS = {RUST: "#b7410e", PYTHON: "#3776ab", "best peer": "#9a9a9a"}
_LEFT, _WIDTH, _ROW, _BAR = 290, 560, 52, 13
_LEAST, _MOST = 0.01, 200.0


def draw(results: list[dict[str, Any]]) -> str:
    """Return the SVG of *results*, the ``extra_info`` of pytest-benchmark's JSON."""
    rows = [[each for each in results if each["job"] == job] for job in _JOBS]
    height = 90 + _ROW * len(rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 130} {height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        _text(20, 28, "Time in R, one hmac.digest of 150 bytes; less is better", 'font-size="17" font-weight="bold"'),
    ]
    for place, (name, color) in enumerate(_COLORS.items()):
        lines.append(f'<rect x="{_LEFT + 150 * place}" y="42" width="12" height="12" fill="{color}"/>')
        lines.append(_text(_LEFT + 18 + 150 * place, 53, name))
    lines.append(_text(_LEFT + 450, 53, "| goal of the Rust engine"))
    for power in range(-2, 3):
        x = _x(10.0**power)
        lines.append(f'<path d="M{x:.0f} 66V{height - 20}" stroke="#ddd"/>')
        lines.append(_text(x, height - 6, f"{10.0**power:g}", 'text-anchor="middle" fill="#666"'))
    for number, row in enumerate(rows):
        lines += _bars(70 + _ROW * number, row)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _bars(top: int, row: list[dict[str, Any]]) -> list[str]:
    by_name = {each["contender"]: each for each in row}
    best = min((each for each in row if each["contender"] not in OURS), key=lambda each: each["r"], default=None)
    lines = [_text(_LEFT - 10, top + 26, row[0]["job"], 'text-anchor="end"')] if row else []
    bars = [(name, by_name[name]["r"], "") for name in OURS if name in by_name]
    bars += [("best peer", best["r"], f" {best['contender']}")] if best else []
    for place, (name, value, label) in enumerate(bars):
        y = top + 4 + (_BAR + 1) * place
        lines.append(f'<path d="M{_LEFT} {y}H{_x(value):.0f}v{_BAR}H{_LEFT}z" fill="{_COLORS[name]}"/>')
        goal = by_name[name].get("goal", 0) if name in by_name else 0
        lines.append(_text(_x(max(value, goal)) + 4, y + 11, f"{value:.3g}{label}", 'font-size="11"'))
        if goal:
            lines.append(f'<path d="M{_x(goal):.0f} {top}v20" stroke="black" stroke-width="2"/>')
    return lines


def _x(value: float) -> float:
    return _LEFT + _WIDTH * math.log(max(value, _LEAST) / _LEAST) / math.log(_MOST / _LEAST)


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y}" {attributes}>{escape(text)}</text>'


if __name__ == "__main__":
    run, picture = map(Path, sys.argv[1:])
    benchmarks = json.loads(run.read_text("utf-8"))["benchmarks"]
    picture.write_text(draw([each["extra_info"] for each in benchmarks if "job" in each["extra_info"]]), "utf-8")
