"""What the besiegers were told of the users that they created and deleted, and whether the file agrees."""

import json
from collections import Counter
from pathlib import Path

from fastware.auth import JSONFileUserStore, verify_password

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
        names = Counter(user["username"] for user in json.loads(path.read_text("utf-8")))
        users = {user["username"]: user for user in JSONFileUserStore(path).load_users()}
        sample = [*SEEDS, *sorted(self.created)[:20]]
        wrong = {
            "stand there twice": [name for name, count in names.items() if count > 1],
            "were created, as a 201 said, and are lost": self.created - names.keys(),
            "were deleted, as a 204 said, and are there": self.deleted & names.keys(),
            "are there, and nobody created them": names.keys() - self.created - self.deleted - self.unknown,
            "have another password": [
                name
                for name in sample
                if name in users and not verify_password(settings.password_of(name), users[name]["password_hash"])
            ],
        }
        return [f"users {what}: {sorted(found)[:10]}" for what, found in wrong.items() if found]
