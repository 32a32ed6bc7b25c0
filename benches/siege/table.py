"""Tables of a siege."""

from collections import Counter
from typing import Any

from benches.machine import sentence
from benches.performance_page import markdown_table

from . import settings
from .kind import Outcome
from .kinds import KINDS
from .siege import Besieged, Plan


def kind_rows(every: dict[str, Besieged]) -> list[tuple[str, ...]]:
    """Return, for each kind of request, how often each outcome came, server by server."""
    return [
        (kind.name, *(_counts(found.tally.outcomes.get(kind.name, Counter())) for found in every.values()))
        for kind in KINDS
    ]


def _counts(counts: Counter[Outcome]) -> str:
    return ", ".join(f"{outcome} × {counts[outcome]:,}" for outcome in sorted(counts, key=str))


def sum_rows(every: dict[str, Besieged]) -> list[tuple[str, ...]]:
    """Return the sums, server by server."""
    rows = {
        "answers": lambda found: f"{found.tally.total:,}",
        "answers a second": lambda found: f"{found.tally.total / found.seconds:,.0f}",
        "seconds": lambda found: f"{found.seconds:.0f}",
        "workers killed": lambda found: f"{found.kills}",
        "server restarted": lambda found: f"{found.restarts}",
        "users tried": lambda found: f"{found.users_tried:,}",
        "rate-limited calls admitted, refused": lambda found: f"{found.admitted:,}, {found.refused:,}",
        f"by one worker, {settings.PER_HOUR} an hour: admitted, refused": lambda found: "{}, {}".format(*found.exact),
        "MB of the workers that lived through, after the warm-up and at the end": lambda found: ", ".join(
            f"{before / 1e6:.1f} → {after / 1e6:.1f}" for before, after in found.memory.values()
        ),
        "wrong": lambda found: f"{len(found.complaints)}",
    }
    return [(title, *(text(found) for found in every.values())) for title, text in rows.items()]


def markdown(every: dict[str, Besieged], plan: Plan) -> str:
    """Return what stands in the page."""
    names = [*every]
    note = (
        f"{plan.workers} workers, {plan.besiegers} besiegers, {plan.seconds:.0f} s each, a kill about every "
        f"{plan.seconds_between_kills:g} s. {sentence()}."
    )
    sums = markdown_table(("", *names), sum_rows(every))
    return "\n\n".join((sums, markdown_table(("request", *names), kind_rows(every), texts=1 + len(names)), note))


def results(every: dict[str, Besieged]) -> dict[str, Any]:
    """Return what stands in the JSON."""
    return {
        name: {
            "seconds": found.seconds,
            "answers": found.tally.total,
            "kills": found.kills,
            "restarts": found.restarts,
            "incarnations": found.incarnations,
            "users_tried": found.users_tried,
            "admitted": found.admitted,
            "refused": found.refused,
            "exact": found.exact,
            "memory": [*found.memory.values()],
            "complaints": found.complaints,
            "outcomes": {
                kind: {str(outcome): count for outcome, count in sorted(counts.items(), key=lambda pair: str(pair[0]))}
                for kind, counts in found.tally.outcomes.items()
            },
        }
        for name, found in every.items()
    }
