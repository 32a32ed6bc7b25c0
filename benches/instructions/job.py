"""A call whose instructions are counted, and the answer that it must give before they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    name: str
    call: Callable[[], Any]
    expected: Any
    calls: int = 400
    """How many are counted: enough that what happens once, such as the growth of a heap, does not show."""


NOTHING = Job("nothing", lambda: None, None)
"""The loop and the call of a lambda, which are in the counts of all jobs."""
