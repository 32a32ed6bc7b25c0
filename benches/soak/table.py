"""The figures of a run, and tables of them."""

import statistics
from collections import Counter

from benches.duration import duration
from benches.machine import sentence
from benches.performance_page import markdown_table

from .contenders import FASTAPI
from .request_kinds import KINDS
from .soak import Plan, Soaked

TITLES = ("request", "server", "requests a second", f"times {FASTAPI}", "p50", "p99", "failures")
MEMORY_TITLES = ("server", "MB before", "MB after")


def figures(soaked: dict[str, Soaked]) -> dict[str, dict[str, dict[str, object]]]:
    """Return, by kind of request and server, medians over the slices and the sum of failures."""
    return {kind.title: {name: _figures(soaked, name, kind.title) for name in soaked} for kind in KINDS}


def _figures(soaked: dict[str, Soaked], name: str, kind: str) -> dict[str, object]:
    slices = soaked[name].slices[kind]
    # Slice by slice, since neighbours met the same noise.
    ratios = [
        own.requests_a_second / peer.requests_a_second
        for own, peer in zip(slices, soaked[FASTAPI].slices[kind], strict=True)
    ]
    return {
        "requests_a_second": statistics.median(each.requests_a_second for each in slices),
        "times_fastapi": statistics.median(ratios),
        "p50": statistics.median(each.p50 for each in slices),
        "p99": statistics.median(each.p99 for each in slices),
        "worst": max(each.worst for each in slices),
        "failures": dict(sum((Counter(each.failures) for each in slices), Counter())),
    }


def rows(every) -> list[tuple[str, ...]]:
    return [
        (
            kind,
            name,
            f"{own['requests_a_second']:,.0f}",
            f"{own['times_fastapi']:.1f}",
            duration(own["p50"]),
            duration(own["p99"]),
            ", ".join(f"{count} x {failure}" for failure, count in own["failures"].items()) or "0",
        )
        for kind, by_name in every.items()
        for name, own in by_name.items()
    ]


def memory_rows(soaked: dict[str, Soaked]) -> list[tuple[str, ...]]:
    return [(name, f"{own.bytes_before / 1e6:.1f}", f"{own.bytes_after / 1e6:.1f}") for name, own in soaked.items()]


def markdown(every, soaked: dict[str, Soaked], plan: Plan) -> str:
    """Return what stands in the page."""
    note = (
        f"{plan.slices} slices of {plan.seconds} s for each server and request, {plan.connections} connections; "
        f"medians over the slices. {sentence()}."
    )
    return "\n\n".join(
        (markdown_table(TITLES, rows(every), texts=2), markdown_table(MEMORY_TITLES, memory_rows(soaked)), note)
    )
