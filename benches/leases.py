"""Simulate leases: how many round trips they save, and which share of the limit they leave unspent.

Workers run the code of ``RedisBuckets`` in virtual time, and share one bucket of a model of the server, which answers
at once. An exact bucket gets the same calls. Prints tables; with a path, draws a picture:
``python -m benches.leases docs/leases.svg``. The exit status is 1 if the workers admit more than the exact bucket, or
less without a lease.
"""

import math
import random
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

from checks.tables import table

from fastware._engine import engine
from fastware.auth.buckets import redis_limit
from fastware.auth.buckets.redis_limit import RedisLimit
from fastware.auth.buckets.redis_scripts import Amounts

_LIMIT = 1_000
_PERIOD = 60 * 10**9
_PERIODS = 10
_WORKERS = (4, 16, 1_000)
_LEASES = (1, 2, 5, 10, 20, 50, 100)
"""Up to a tenth of the limit, the largest that ``RedisBuckets`` takes."""


class Figures(NamedTuple):
    """Round trips per call, the share of the tokens that an exact bucket admits but the workers do not, and errors."""

    round_trips: float
    stranded: float
    beyond: int


# The server, and the workers


class _Server:
    """Executes the script ``TAKE`` for one key, as Redis does, at the virtual time *now* in nanoseconds."""

    def __init__(self) -> None:
        self.now = 0
        self.calls = 0
        self._arrival = 0
        """The moment when the bucket is full, in units of ``1 / limit`` nanoseconds."""

    def time(self) -> int:
        return self.now

    def call(self, script: Any, key: str, *arguments: bytes | int | str) -> list[int]:
        """Return the number of tokens taken, and the time until the bucket is full, as the script does."""
        self.calls += 1
        unit = 1_000 * _LIMIT
        wanted, *_ = numbers = [int(each) for each in arguments[5::3]]
        level, granted = max(self._arrival - self.now * _LIMIT, 0), 0
        for number in numbers:
            if level + number * _PERIOD <= _LIMIT * _PERIOD:
                level, granted = level + number * _PERIOD, granted + number
            if granted >= wanted:
                break
        self._arrival = self.now * _LIMIT + level
        return [granted, *divmod(level, unit)]


def _workers(count: int, lease: int, server: _Server) -> list[RedisLimit]:
    """Return limits as *count* workers have them."""
    amounts, without = Amounts(_LIMIT, _PERIOD), SimpleNamespace(server_answered=lambda: None)
    return [RedisLimit(server, "limit:", amounts, lease, without) for _ in range(count)]


# The loads: the moments of the calls, in nanoseconds


def _steady(share: float) -> Iterator[int]:
    """Yield calls at random moments, on average *share* of the limit in each period."""
    drawn, now = random.Random(1), 0.0
    while now < _PERIODS * _PERIOD:
        yield int(now)
        now += drawn.expovariate(share * _LIMIT / _PERIOD)


def _bursts() -> Iterator[int]:
    """Yield all calls of every second period within a second."""
    for number in range(0, _PERIODS, 2):
        for call in range(_LIMIT):
            yield number * _PERIOD + call * 10**9 // _LIMIT


_LOADS = {
    "half the limit": lambda: _steady(0.5),
    "at the limit": lambda: _steady(1.0),
    "twice the limit": lambda: _steady(2.0),
    "ten times the limit": lambda: _steady(10.0),
    "the whole limit in one second": _bursts,
}


def simulate(load: str, workers: int, lease: int) -> Figures:
    """Send each call of *load* to a random one of the *workers*, and to one exact bucket."""
    server, chosen = _Server(), random.Random(2)
    exact = engine.TokenBuckets(_LIMIT, _PERIOD)
    all_workers = _workers(workers, lease, server)
    calls = admitted = of_exact = 0
    with mock.patch.object(redis_limit, "monotonic_ns", server.time):
        for server.now in _LOADS[load]():
            calls += 1
            of_exact += exact.take("client", server.now) == 0
            admitted += chosen.choice(all_workers).take("client") == 0
    return Figures(server.calls / calls, 1 - admitted / of_exact, admitted - of_exact)


# The picture

_COLORS = dict(zip(_LOADS, ("#3776ab", "#2e8b57", "#b7410e", "#8a2be2", "#000000"), strict=True))
_DASHES = {4: "6 4", 16: "none"}
_LEFT, _TOP, _WIDTH, _HEIGHT, _GAP = 70, 100, 360, 290, 90


class _Panel(NamedTuple):
    """A diagram of one figure, on logarithmic scales from *least* to *most*; less is drawn as *least*."""

    title: str
    figure: str
    left: int
    least: float
    most: float
    ticks: dict[float, str]

    def x(self, lease: float) -> float:
        return self.left + _WIDTH * math.log(lease) / math.log(_LEASES[-1])

    def y(self, value: float) -> float:
        return _TOP + _HEIGHT * math.log(self.most / max(value, self.least)) / math.log(self.most / self.least)


_PANELS = (
    _Panel(
        "Round trips per call",
        "round_trips",
        _LEFT,
        0.01,
        1,
        {1: "1", 0.3: "0.3", 0.1: "0.1", 0.03: "0.03", 0.01: "0.01"},
    ),
    _Panel(
        "Share of the admissible calls that is rejected",
        "stranded",
        _LEFT + _WIDTH + _GAP,
        0.0001,
        1,
        {1: "100 %", 0.1: "10 %", 0.01: "1 %", 0.001: "0.1 %", 0.0001: "0"},
    ),
)


def draw(results: dict[tuple[str, int, int], Figures]) -> str:
    """Return the SVG of what :func:`simulate` returned for each load, number of workers and lease."""
    width, height = _PANELS[-1].left + _WIDTH + 30, _TOP + _HEIGHT + 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        _text(
            _LEFT, 26, f"Leases of one client of a limit of {_LIMIT:,} a minute", 'font-size="17" font-weight="bold"'
        ),
    ]
    left = _LEFT
    for load, color in _COLORS.items():
        lines += [f'<path d="M{left} 44h22" stroke="{color}" stroke-width="3"/>', _text(left + 28, 49, load)]
        left += 56 + round(6.3 * len(load))
    for number, (workers, dash) in enumerate(_DASHES.items()):
        lines.append(
            f'<path d="M{_LEFT + 110 * number} 66h22" stroke="#444" stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        lines.append(_text(_LEFT + 28 + 110 * number, 71, f"{workers} workers"))
    for panel in _PANELS:
        lines += _axes(panel)
        for (load, workers), points in _curves(results, panel).items():
            path = "L".join(f"{panel.x(lease):.0f} {panel.y(value):.0f}" for lease, value in points)
            style = f'fill="none" stroke="{_COLORS[load]}" stroke-width="2" stroke-dasharray="{_DASHES[workers]}"'
            lines.append(f'<path d="M{path}" {style}/>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _axes(panel: _Panel) -> Iterator[str]:
    yield _text(panel.left, _TOP - 8, panel.title, 'font-weight="bold"')
    for value, label in panel.ticks.items():
        y = panel.y(value)
        yield f'<path d="M{panel.left} {y:.0f}h{_WIDTH}" stroke="#ddd"/>'
        yield _text(panel.left - 6, y + 4, label, 'text-anchor="end" fill="#666"')
    for lease in _LEASES:
        yield f'<path d="M{panel.x(lease):.0f} {_TOP}v{_HEIGHT}" stroke="#eee"/>'
        yield _text(panel.x(lease), _TOP + _HEIGHT + 18, f"{lease}", 'text-anchor="middle" fill="#666"')
    yield _text(panel.left + _WIDTH / 2, _TOP + _HEIGHT + 40, "lease, in tokens", 'text-anchor="middle" fill="#666"')


def _curves(
    results: dict[tuple[str, int, int], Figures], panel: _Panel
) -> dict[tuple[str, int], list[tuple[int, float]]]:
    return {
        (load, workers): [(lease, getattr(results[load, workers, lease], panel.figure)) for lease in _LEASES]
        for load in _LOADS
        for workers in _DASHES
    }


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {attributes}>{escape(text)}</text>'


def main() -> int:
    combinations = [(load, workers, lease) for load in _LOADS for workers in _WORKERS for lease in _LEASES]
    results = {each: simulate(*each) for each in combinations}
    for title, figure, shown in (
        ("round trips per call", "round_trips", "{:.3f}"),
        ("admissible calls that are rejected", "stranded", "{:.2%}"),
    ):
        rows = [
            (load, f"{workers:,}", *(shown.format(getattr(results[load, workers, lease], figure)) for lease in _LEASES))
            for load in _LOADS
            for workers in _WORKERS
        ]
        print(f"{table((title, 'workers', *(f'lease {lease}' for lease in _LEASES)), rows)}\n")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(draw(results), "utf-8")
    is_wrong = any(each.beyond > 0 or (lease == 1 and each.stranded) for (_, _, lease), each in results.items())
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
