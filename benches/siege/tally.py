"""Counts of outcomes by kind of request, and what went wrong."""

from collections import Counter

from .kind import LOST, Kind, Outcome

_EXAMPLES = 3


class Tally:
    """What the besiegers saw."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Counter[Outcome]] = {}
        self.failures: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}

    @property
    def total(self) -> int:
        return sum(counts.total() for counts in self.outcomes.values())

    def note(self, kind: Kind, outcome: Outcome) -> None:
        """Count an outcome; one that is not expected of its kind is a failure."""
        self.outcomes.setdefault(kind.name, Counter())[outcome] += 1
        if outcome not in kind.outcomes and outcome != LOST:
            expected = ", ".join(sorted(map(str, kind.outcomes)))
            self.fail(f"{kind.name}: {outcome}, expected {expected}")

    def fail(self, failure: str, example: str = "") -> None:
        self.failures[failure] += 1
        examples = self._examples.setdefault(failure, [])
        if example and len(examples) < _EXAMPLES:
            examples.append(example)

    def complaints(self) -> list[str]:
        return [
            f"{failure} ({count} times{''.join(f'; {example}' for example in self._examples[failure])})"
            for failure, count in self.failures.items()
        ]
