"""How often each key of a rate-limited handler was let in, beside what its buckets can have given."""

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """*capacity* calls per *period* seconds, in each worker."""

    capacity: int
    period: int

    def most(self, incarnations: int, workers: int, seconds: float) -> int:
        """Return how many calls of a key *workers* at once can let in, when each of *incarnations* begins full."""
        return int(self.capacity * (incarnations + workers * seconds / self.period))


class Admissions:
    """Answers of rate-limited handlers by key: the limit goes with it."""

    def __init__(self) -> None:
        self.admitted: Counter[tuple[str, Limit]] = Counter()
        self.refused: Counter[tuple[str, Limit]] = Counter()

    def note(self, key: str, limit: Limit, status: int) -> None:
        if status in (200, 429):
            (self.admitted if status == 200 else self.refused)[key, limit] += 1

    def complaints(self, incarnations: int, workers: int, seconds: float) -> list[str]:
        """Return the keys that were let in too often."""
        return [
            f"the key {key} was admitted {count} times; {incarnations} buckets of {limit.capacity}, refilled in "
            f"{limit.period} s, {workers} at once for {seconds:.1f} s, give {most}"
            for (key, limit), count in self.admitted.items()
            if count > (most := limit.most(incarnations, workers, seconds))
        ]
