"""Draw a run: ``python -m benches.chart run.json benchmarks.svg``. Needs matplotlib."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from . import drawing
from .contenders import BY_HAND, PYTHON, RUST
from .number import shown
from .result import Result, read

_JOBS = {
    "create token": "create a token",
    "verify token: valid": "verify a valid token",
    "verify token: forged signature": "verify a forged one",
    "verify token: 4 KB of claims": "verify one with 4 KB of claims",
    "cookie: one of 8, 600 bytes": "one cookie of 8",
    "cookie: one of 36, 3.8 KB": "one cookie of 36",
    "header: 15th of 20": "a header, 15th of 20",
    "rate limit: added to a handler, one hot key": "rate limit, added to a handler",
    "rate limit: handler and limit, 100,000 keys": "handler and limit, 100,000 keys",
    "rate limit: refused call": "a call that is refused",
    "csrf: POST that passes": "CSRF protection, added to a POST",
    "request: what auth adds to GET": "what auth adds to a request",
    "request: GET with Bearer token": "whole request, Bearer token",
    "request: POST, session, CSRF, limit": "whole request, session, CSRF, limit",
}
"""The main rows, and what the chart calls them."""

_PEER_COLOUR, _GOAL_COLOUR = "#a3a3a3", "#111827"
_BEST_PEERS = 2
_WELL_KNOWN = ("PyJWT", "Starlette", "limits", "starlette-csrf", "Starlette + PyJWT", "FastAPI + PyJWT")
_TITLE_HEIGHT = 1.9
_COLUMNS = 2


@dataclass(frozen=True)
class _Group:
    """The bars of one job."""

    title: str
    results: list[Result]

    @property
    def height(self) -> float:
        return _TITLE_HEIGHT + len(self.results)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.chart", description="Draw a run of `make bench`.")
    parser.add_argument("run", help="JSON of the run")
    parser.add_argument("picture", help="where to write it; the ending chooses the format")
    options = parser.parse_args()
    draw(read(options.run), options.picture)


def draw(results: list[Result], path: str) -> None:
    """Draw the main rows of *results* to *path*. The same results give the same SVG, to the byte."""
    columns = _columns(_groups(results))
    height = max(sum(group.height for group in column) for column in columns)
    size = (11, 1 + 0.17 * height)
    figure, all_axes = drawing.draw(1, _COLUMNS, size=size)
    for axes, column in zip(all_axes, columns, strict=True):
        _dress(axes, height)
        _draw_column(axes, column)
    _explain(figure)
    drawing.save(figure, Path(path))


def _groups(results: list[Result]) -> list[_Group]:
    groups = [_Group(title, _shown([each for each in results if each.job == job])) for job, title in _JOBS.items()]
    return [group for group in groups if group.results]


def _shown(results: list[Result]) -> list[Result]:
    """Both engines, the best peers, and those that everybody knows; the quickest of the peers first."""
    ours = [result for name in (RUST, PYTHON) for result in results if result.contender == name]
    peers = sorted((result for result in results if result not in ours), key=lambda result: result.value)
    return ours + [peer for index, peer in enumerate(peers) if index < _BEST_PEERS or peer.contender in _WELL_KNOWN]


def _columns(groups: list[_Group]) -> list[list[_Group]]:
    """*groups* in their order, in columns of about the same height."""
    share = sum(group.height for group in groups) / _COLUMNS
    columns: list[list[_Group]] = [[] for _ in range(_COLUMNS)]
    done = 0.0
    for group in groups:
        columns[min(int((done + group.height / 2) / share), _COLUMNS - 1)].append(group)
        done += group.height
    return columns


def _draw_column(axes, groups):
    top = 0.0
    for group in groups:
        axes.text(_LEAST * 1.05, top + _TITLE_HEIGHT - 1, group.title, va="center", fontweight="bold", zorder=4)
        for index, result in enumerate(group.results):
            _draw_bar(axes, result, top + _TITLE_HEIGHT + index)
        top += group.height


def _draw_bar(axes, result, position):
    axes.barh(position, result.value, 0.78, color=_colour(result), zorder=2)
    right = max(result.value, result.goal or 0)
    axes.text(right * 1.12, position, f"{shown(result.value)}  {_name(result)}", va="center", fontsize=8, zorder=4)
    if result.goal is not None:
        axes.plot((result.goal,) * 2, (position - 0.5, position + 0.5), color=_GOAL_COLOUR, linewidth=2.2, zorder=5)


def _colour(result):
    return drawing.COLOURS.get(result.contender, _PEER_COLOUR)


def _name(result):
    return {RUST: "Rust engine", PYTHON: "Python engine", BY_HAND: "by hand"}.get(result.contender, result.contender)


def _dress(axes, height):
    axes.set_xscale("log")
    axes.set_xlim(_LEAST, 5_000)
    axes.set_ylim(height + 0.3, 0.2)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.tick_params(axis="x", which="minor", length=0)


_LEAST = 0.02
"""Where the bars begin: a logarithmic axis has no zero."""


def _explain(figure):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure.legend(
        handles=[
            Patch(color=drawing.COLOURS[RUST], label="fastware, Rust engine"),
            Patch(color=drawing.COLOURS[PYTHON], label="fastware, Python engine"),
            Patch(color=_PEER_COLOUR, label="the best peers, and the best known"),
            Line2D([], [], color=_GOAL_COLOUR, linewidth=2.2, label="goal of the Rust engine"),
        ],
        loc="outside upper center",
        ncols=4,
        frameon=False,
    )
    figure.supxlabel("R, the time of one hmac.digest of 150 bytes. Logarithmic; less is better.", fontsize=9)


if __name__ == "__main__":
    main()
