"""What must be true after the attack: outcomes, users, rate limits, memory and the log."""

import contextlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from checks.processes import resident_bytes
from checks.stress.client import LOST, Kind, Outcome
from checks.stress.settings import MARK, ROLES, SECRET, password_of
from fastware.auth import create_token, verify_password

MAX_GROWTH = 8_000_000
"""Bytes by which a worker may grow after the warm-up: allocators settle, and users are created and deleted."""


@dataclass
class Tally:
    """Outcomes by kind of request, and failures with their number and some examples."""

    outcomes: dict[str, Counter[Outcome]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(counts.total() for counts in self.outcomes.values())

    def note(self, kind: Kind, outcome: Outcome) -> None:
        """Count an outcome; it is a failure if the kind does not allow it."""
        self.outcomes.setdefault(kind.name, Counter())[outcome] += 1
        if outcome not in kind.outcomes and outcome != LOST:
            self.fail(f"{kind.name}: {outcome}, expected {', '.join(sorted(map(str, kind.outcomes)))}")

    def fail(self, failure: str, example: str = "") -> None:
        self.failures.setdefault(failure, []).append(example)

    def complaints(self) -> list[str]:
        return [
            "; ".join([f"{what} ({len(examples)} times)", *filter(None, examples[:3])])
            for what, examples in self.failures.items()
        ]


@dataclass
class Users:
    """The users that exist, no longer exist, or may exist, according to the responses."""

    created: set[str] = field(default_factory=lambda: set(ROLES))
    deleted: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    tried: int = 0

    def new_name(self) -> str:
        self.tried += 1
        return f"user-{self.tried}"

    def complaints(self, path: Path) -> list[str]:
        """Return what is wrong with the user file at the end."""
        # Read without the package, which rejects a file with a duplicate name.
        try:
            users = json.loads(path.read_text("utf-8"))
            names = Counter(user["username"] for user in users)
            hashes = {user["username"]: user["password_hash"] for user in users}
        except (ValueError, TypeError, KeyError) as error:
            return [f"the user file contains something other than users: {error!r}"]
        sample = [name for name in sorted(self.created)[:20] if name in hashes]
        wrong = {
            "are duplicates": {name for name, count in names.items() if count > 1},
            "were created, as a 201 said, and are lost": self.created - names.keys(),
            "were deleted, as a 204 said, and still exist": self.deleted & names.keys(),
            "exist, and were never created": names.keys() - self.created - self.deleted - self.unknown,
            "have another password": {n for n in sample if not verify_password(password_of(n), hashes[n])},
        }
        return [f"users {what}: {sorted(found)[:10]}" for what, found in wrong.items() if found]


@dataclass(frozen=True)
class Limit:
    """*capacity* calls per *period* seconds, in each worker."""

    capacity: int
    period: int


@dataclass
class Admissions:
    """Counts of the calls that rate-limited handlers admitted and rejected."""

    admitted: Counter[tuple[str, Limit]] = field(default_factory=Counter)
    rejected: int = 0

    def note(self, key: str, limit: Limit, status: int) -> None:
        self.admitted[key, limit] += status == 200
        self.rejected += status == 429

    def complaints(self, started: int, workers: int, seconds: float) -> list[str]:
        """Return the keys that were admitted too often: each worker *started* with a full bucket, *workers* at once."""
        complaints = []
        for (key, limit), count in self.admitted.items():
            most = int(limit.capacity * (started + workers * seconds / limit.period))
            if count > most:
                complaints.append(f"{key} was admitted {count} times, {started} workers can admit {most}")
        return complaints


@dataclass
class Memory:
    """Resident bytes of each worker, sample by sample."""

    samples: dict[int, list[int]] = field(default_factory=dict)
    warm: dict[int, int] = field(default_factory=dict)

    def sample(self, workers: Iterable[int]) -> None:
        for worker in workers:
            with contextlib.suppress(OSError):
                self.samples.setdefault(worker, []).append(resident_bytes(worker))

    def end_warm_up(self) -> None:
        """Record the memory of the workers, except for those that started late: they still grow."""
        longest = max(map(len, self.samples.values()), default=0)
        self.warm = {worker: max(sizes) for worker, sizes in self.samples.items() if len(sizes) > longest * 0.8}

    def growth(self, living: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Return the bytes after the warm-up and at the end, of the workers that were alive throughout."""
        return {worker: (self.warm[worker], self.samples[worker][-1]) for worker in living if worker in self.warm}


_FORBIDDEN_IN_LOGS = {
    "a traceback": "Traceback",
    "an error of the application": "Unhandled exception",
    "a secret or password": MARK,
    "a token": create_token("ada", "admin", SECRET).partition(".")[0],
}


def log_complaints(log: Path) -> list[str]:
    """Return what *log* must not contain, each with the lines around its first occurrence."""
    text = log.read_text("utf-8", "replace")
    complaints = []
    for what, sign in _FORBIDDEN_IN_LOGS.items():
        if sign in text:
            lines = text.splitlines()
            place = next(number for number, line in enumerate(lines) if sign in line)
            around = "\n".join(f"    | {line[:300]}" for line in lines[max(0, place - 2) : place + 25])
            complaints.append(f"the log has {what}, {text.count(sign)} times:\n{around}")
    return complaints
