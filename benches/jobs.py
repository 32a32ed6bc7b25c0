"""A job that several contenders do, the answer that all of them must give before any is timed, and its goal."""

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


def _answer_once(contender: Contender, *inputs: Any) -> Any:
    return contender(*inputs).answer()


@dataclass(frozen=True)
class Job:
    """What is done, by whom, the expected answer, and the *goal* of the Rust engine in R.

    Where the input has *size* bytes, the goal is in nanoseconds a byte. *ask* returns a contender's answer in a form
    that can be compared with *expected*. *left_out* says why a contender does not take part.
    """

    title: str
    contenders: Mapping[str, Contender]
    inputs: tuple[Any, ...]
    expected: Any
    ask: Callable[..., Any] = _answer_once
    goal: float | None = None
    size: int = 0
    left_out: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> dict[str, str]:
        """Fail unless every contender gives the right answer; return those that are missing, with the reason."""
        missing = {}
        for name, contender in self.contenders.items():
            try:
                answer = self.ask(contender, *self.inputs)
            except Exception as error:  # a peer that is not installed, or has changed, is not our failure
                if name in OURS and not _may_be_missing(name, error):
                    raise
                missing[name] = f"{type(error).__name__}: {error!s:.80}"
                continue
            if type(answer) is not type(self.expected) or answer != self.expected:
                pytest.fail(f"{self.title}: {name} returned {answer!r:.300}, expected {self.expected!r:.300}", False)
        return missing


def _may_be_missing(name: str, error: Exception) -> bool:
    return isinstance(error, ImportError) and name == RUST and os.environ.get("FASTWARE_REQUIRE_RUST") != "1"


def each_contender(*jobs: Job) -> pytest.MarkDecorator:
    """Run the test once for each contender of each job."""
    pairs = [pytest.param(job, name, id=f"{job.title}-{name}") for job in jobs for name in job.contenders]
    return pytest.mark.parametrize(("job", "contender"), pairs)
