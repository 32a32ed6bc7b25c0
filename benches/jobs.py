"""Jobs: what several contenders do, the result that all of them must return before any is timed, and the goal."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from benches.timing import Call

RUST = "fastware (Rust)"
PYTHON = "fastware (Python)"
BY_HAND = "by hand"
STARLETTE = "Starlette"
OURS = (RUST, PYTHON)

Contender = Callable[..., Call]
"""Takes the inputs of a job, and returns the call to time."""


def on_both_engines(contender: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Return *contender* twice: its first argument is the name of the engine."""
    return {RUST: partial(contender, "rust"), PYTHON: partial(contender, "python")}


def _call_once(contender: Contender, *inputs: Any) -> Any:
    return contender(*inputs).result()


@dataclass(frozen=True)
class Job:
    """A job, its contenders, the expected result, and the *goal* of the Rust engine in R.

    If *size* is set, the size of the input in bytes, the goal is in nanoseconds per byte. *read* returns the result of
    a contender in a form that can be compared with *expected*. *left_out* says why a contender does not take part.
    """

    title: str
    contenders: Mapping[str, Contender]
    inputs: tuple[Any, ...]
    expected: Any
    read: Callable[..., Any] = _call_once
    goal: float | None = None
    size: int = 0
    left_out: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> dict[str, str]:
        """Fail unless every contender returns the expected result; return those that are missing, with the reason."""
        missing = {}
        for name, contender in self.contenders.items():
            try:
                result = self.read(contender, *self.inputs)
            except Exception as error:  # a peer that is not installed, or has changed, is not our failure
                if name in OURS and not _may_be_missing(name, error):
                    raise
                missing[name] = f"{type(error).__name__}: {error!s:.80}"
                continue
            if type(result) is not type(self.expected) or result != self.expected:
                pytest.fail(f"{self.title}: {name} returned {result!r:.300}, expected {self.expected!r:.300}", False)
        return missing


def _may_be_missing(name: str, error: Exception) -> bool:
    return isinstance(error, ImportError) and name == RUST and os.environ.get("FASTWARE_REQUIRE_RUST") != "1"


def each_contender(*jobs: Job) -> pytest.MarkDecorator:
    """Run the test once for each contender of each job."""
    pairs = [pytest.param(job, name, id=f"{job.title}-{name}") for job in jobs for name in job.contenders]
    return pytest.mark.parametrize(("job", "contender"), pairs)
