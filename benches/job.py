"""A job that several contenders do, and the answer that all of them must give before any is timed."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from .call import Call
from .contenders import OURS, RUST
from .goal import Goal
from .missing import reason

Contender = Callable[..., Any]
"""Takes the job's inputs and returns the :class:`~.call.Call` to time."""


def ask_once(contender: Contender, *inputs: Any) -> Any:
    call: Call = contender(*inputs)
    return call.answer()


@dataclass(frozen=True)
class Job:
    """What is done, by whom, what must come out, and what it may cost the Rust engine.

    *trial* asks a contender for its answer in a form that can be compared with *expected*; it is not timed. *left_out*
    says why a contender that a reader would look for does not take part.
    """

    title: str
    contenders: Mapping[str, Contender]
    inputs: tuple[Any, ...]
    expected: Any
    trial: Callable[..., Any] = ask_once
    goal: Goal | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    unit = "R"

    def check(self) -> dict[str, str]:
        """Fail unless all contenders give the right answer; return those that are missing, with the reason."""
        missing = {}
        for name, contender in self.contenders.items():
            try:
                answer = self.trial(contender, *self.inputs)
            except Exception as error:  # a peer that is not there, or has changed, is no failure of ours
                if name in OURS and not _is_excused(name, error):
                    raise
                missing[name] = reason(error)
                continue
            if type(answer) is not type(self.expected) or answer != self.expected:
                pytest.fail(f"{self.title}: {name} answered {answer!r:.300}, right is {self.expected!r:.300}", False)
        return missing


@dataclass(frozen=True)
class Quantity(Job):
    """A job whose result is not a time, such as the bytes that a bucket takes.

    A contender returns a function that takes no argument and returns a number in *unit*; it is called once.
    """

    unit: str = ""


def _is_excused(name: str, error: Exception) -> bool:
    """Whether one of our engines may be missing: Rust, where it is not built and nobody insists on it."""
    return isinstance(error, ImportError) and name == RUST and os.environ.get("FASTWARE_REQUIRE_RUST") != "1"


def each_contender(*jobs: Job) -> pytest.MarkDecorator:
    """Run the test once for each contender of each job, the contenders of a job one after another."""
    pairs = [
        pytest.param(job, name, id=f"{job.title}-{name}".replace(" ", "_")) for job in jobs for name in job.contenders
    ]
    return pytest.mark.parametrize(("job", "contender"), pairs)
