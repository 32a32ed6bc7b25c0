"""A job that several contenders do, and the answer that all of them must give before any is timed."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from .contenders import RUST

Call = Callable[[], Any]
Contender = Callable[..., Call]
"""Takes the job's inputs and returns the call to time."""


def ask_once(contender: Contender, *inputs: Any) -> Any:
    return contender(*inputs)()


@dataclass(frozen=True)
class Job:
    """What is done, by whom, and what must come out.

    *trial* asks a contender for its answer in a form that can be compared with *expected*; it is not timed.
    The time of *baseline*, where one is named, is subtracted from the others. *left_out* says why a contender that
    a reader would look for does not take part.
    """

    title: str
    contenders: Mapping[str, Contender]
    inputs: tuple[Any, ...]
    expected: Any
    trial: Callable[..., Any] = ask_once
    baseline: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> dict[str, str]:
        """Fail unless all contenders give the right answer; return those that are missing, with the reason."""
        missing = {}
        for name, contender in self.contenders.items():
            try:
                answer = self.trial(contender, *self.inputs)
            except ImportError as error:
                if name == RUST and os.environ.get("FASTWARE_REQUIRE_RUST") == "1":
                    raise
                missing[name] = str(error).partition(";")[0].partition(", but")[0]
                continue
            if type(answer) is not type(self.expected) or answer != self.expected:
                pytest.fail(f"{self.title}: {name} answered {answer!r:.300}, right is {self.expected!r:.300}", False)
        return missing


def each_contender(*jobs: Job) -> pytest.MarkDecorator:
    """Run the test once for each contender of each job, the contenders of a job one after another."""
    pairs = [
        pytest.param(job, name, id=f"{job.title}-{name}".replace(" ", "_")) for job in jobs for name in job.contenders
    ]
    return pytest.mark.parametrize(("job", "contender"), pairs)
