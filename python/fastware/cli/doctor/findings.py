"""What a check returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to fix.

    Attributes:
        check: the name of the check, a row of the table in docs/command-line.md.
        severity: ``"error"`` if something fails or is open to an attack, otherwise ``"warning"``.
        message: what is wrong, in a sentence without a secret.
        fix: what to do.

    """

    check: str
    severity: Literal["error", "warning"]
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to know, which needs no fix."""

    name: str
    text: str
