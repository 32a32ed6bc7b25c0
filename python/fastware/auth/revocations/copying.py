"""Copies a list of revoked tokens to another storage, so that tokens stay revoked when an application moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastware.auth.revocations.base import Revocations


def copy_revocations(source: Revocations, target: Revocations) -> tuple[int, int]:
    """Copy all entries of *source* to *target*, which keeps its own.

    An entry of both lists is kept until the later end, and a user of both has the larger number. So a second copy
    changes nothing, except for what was revoked since the first.

    Returns:
        the number of entries of tokens and sessions, and that of users.

    Raises:
        StorageError: a list cannot be read or written. Some entries may be copied; repeat the call.

    """
    source._list_stored()
    tokens, users = source._listed_entries()
    target.accept_leeway(source._leeway)  # first, because it decides which entries have ended
    target._merge(tokens, users)
    return len(tokens), len(users)
