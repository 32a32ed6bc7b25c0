"""A target: one parser, fed with bytes, and what its answer is compared with."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """*check* raises :class:`Disagreement`, or anything else, where the answer is not right.

    *words* are what the fuzzer puts into inputs, beside what it finds out by itself.
    """

    name: str
    compared_with: str
    check: Callable[[bytes], None]
    words: tuple[bytes, ...] = ()
    longest: int = 1_024


class Disagreement(AssertionError):  # noqa: N818 - a finding
    """Two answers differ, or one is none that may be given."""


def expect(is_right: bool, problem: str, *shown: object) -> None:
    if not is_right:
        raise Disagreement("\n  ".join([problem, *map(repr, shown)]))
