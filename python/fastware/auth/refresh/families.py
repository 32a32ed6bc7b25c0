"""A family of refresh tokens, and what a storage of families does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from fastware.auth.opaque_tokens import OpaqueToken


@dataclass(frozen=True, slots=True)
class Family:
    """The tokens that follow one login: each is the successor of the one before.

    Attributes:
        username: the user who logged in.
        data: the JSON of the application's data.
        key: the key of the successors.
        revision: the user's revocation number at the login.
        issued_at: when the first token was issued, in seconds since the epoch.
        rotated_at: when the current token was issued.
        ends_at: when the last token expires; 0 if the family was revoked.
        rotations: the number of tokens that were replaced.
        current: the hash of the only unused token.
        previous: the hash of the one before; empty before the first rotation.
        id: the storage's number for the family; 0 before it is stored.
        last_end: when the family ends at the latest, however often it is rotated.

    """

    username: str
    data: str = field(repr=False)
    key: bytes = field(repr=False)
    revision: int
    issued_at: float
    rotated_at: float
    ends_at: float
    rotations: int
    current: bytes = field(repr=False)
    previous: bytes = field(repr=False)
    id: int = 0
    last_end: float = 0.0


class FamilyStorage(Protocol):
    """Where families are stored. Each method is atomic for other threads and processes.

    The storage knows every token of a family until the family ends. It then removes them a few at a time.
    """

    def add(self, family: Family) -> None:
        """Store a new family with its first token."""
        ...

    def find(self, token: OpaqueToken) -> Family | None:
        """Return the family of *token*, which may have ended; ``None`` if the token is unknown."""
        ...

    def advance(self, family: Family, successor: OpaqueToken, now: float, ends_at: float) -> bool:
        """Replace the current token. ``False``: it is no longer that of *family*, and nothing changes."""
        ...

    def end(self, family: Family) -> bool:
        """Revoke the family. ``False``: it had been revoked already."""
        ...

    def end_user(self, username: str) -> None:
        """Revoke every family of the user."""
        ...
