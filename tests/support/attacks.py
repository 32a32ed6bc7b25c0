"""The rows of the corpus of hostile input: what is given, what comes of it, by which rule, and who knows of it."""

from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Attack:
    """One row. *source* is where the input is known from; see ``tests/attacks/test_sources.py`` for its forms."""

    name: str
    rule: str
    source: str
    given: Any
    answer: Any = None


def parameters(*tables):
    """The rows of the tables as parameters of a test, each marked with the rule that it names."""
    return [
        pytest.param(attack, id=attack.name, marks=[pytest.mark.rule(attack.rule), pytest.mark.attack(attack)])
        for table in tables
        for attack in table
    ]
