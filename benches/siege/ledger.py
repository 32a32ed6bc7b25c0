"""What the besiegers were told of the users that they created and deleted, and whether the file agrees."""

import json
from collections import Counter
from pathlib import Path

from fastware.auth import verify_password

from . import settings

SEEDS = {"ada": "admin", "grace": "user", "Zoë": "user"}
"""Users that are there from the beginning, and their roles."""


class Ledger:
    """Users by what is known of them: after a lost answer a user may be there or not."""

    def __init__(self) -> None:
        self.created: set[str] = set(SEEDS)
        self.deleted: set[str] = set()
        self.unknown: set[str] = set()
        self.tried = 0

    def new_name(self) -> str:
        self.tried += 1
        return f"user-{self.tried}"

    def note_created(self, username: str) -> None:
        self.created.add(username)

    def note_deleted(self, username: str) -> None:
        self.created.discard(username)
        self.deleted.add(username)

    def note_unknown(self, username: str) -> None:
        self.created.discard(username)
        self.unknown.add(username)

    def complaints(self, path: Path) -> list[str]:
        """Return what is wrong with the user file in the end."""
        # Read without the package, which refuses a file that has a name twice.
        try:
            users = json.loads(path.read_text("utf-8"))
            names = Counter(user["username"] for user in users)
            hashes = {user["username"]: user["password_hash"] for user in users}
        except (ValueError, TypeError, KeyError) as error:
            return [f"the user file holds something else than users: {error!r}"]
        wrong = {
            "stand there twice": {name for name, count in names.items() if count > 1},
            "were created, as a 201 said, and are lost": self.created - names.keys(),
            "were deleted, as a 204 said, and are there": self.deleted & names.keys(),
            "are there, and nobody created them": names.keys() - self.created - self.deleted - self.unknown,
            "have another password": {name for name in self._sample() if not _has_its_password(name, hashes)},
        }
        return [f"users {what}: {sorted(found)[:10]}" for what, found in wrong.items() if found]

    def _sample(self) -> list[str]:
        return sorted(self.created)[:20]


def _has_its_password(username: str, hashes: dict[str, str]) -> bool:
    return username not in hashes or verify_password(settings.password_of(username), hashes[username])
