"""A target: a function that takes bytes and raises if a result is wrong."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fuzz import ROOT

REGRESSIONS = ROOT / "fuzz" / "regressions"

FIELD_END = b"\x1e"

Check = Callable[[bytes], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """A function that raises ``Finding``, or anything else, for a wrong result, and the inputs to start from."""

    name: str
    compared_with: str
    check: Check
    seeds: tuple[bytes, ...]

    def regressions(self) -> list[bytes]:
        """Return the inputs of former findings."""
        return [path.read_bytes() for path in sorted((REGRESSIONS / self.name).glob("*"))]


TARGETS: dict[str, Target] = {}
"""The targets of the Python side, by name."""


def target(name: str, compared_with: str, seeds: Iterable[bytes]) -> Callable[[Check], Check]:
    """Return a decorator that adds a target."""

    def add(check: Check) -> Check:
        TARGETS[name] = Target(name, compared_with, check, tuple(seeds))
        return check

    return add


class Finding(AssertionError):  # noqa: N818 - a finding is the purpose, not an error of the fuzzer
    """A wrong result."""


def expect(is_right: bool, problem: str, *shown: object) -> None:
    if not is_right:
        raise Finding("\n  ".join([problem, *map(repr, shown)]))


class Input:
    """The bytes of a fuzzer, read as fields and choices.

    Fields are at the front, each but the last ended by a record separator. Choices are taken from the end, so that a
    longer field does not change them. Take the choices first: the fields are the rest.
    """

    def __init__(self, data: bytes) -> None:
        self._left = data

    def choice(self, options: Sequence[T]) -> T:
        return options[self.number(0, len(options) - 1)]

    def flag(self) -> bool:
        return self.choice((False, True))

    def number(self, least: int, most: int) -> int:
        size = ((most - least).bit_length() + 7) // 8
        taken, self._left = (self._left[-size:], self._left[:-size]) if size else (b"", self._left)
        return least + int.from_bytes(taken, "big") % (most - least + 1)

    def is_used_up(self) -> bool:
        return not self._left

    def fields(self, count: int) -> list[bytes]:
        """Return *count* fields; a missing field is empty, and the last one takes the rest."""
        fields = self._left.split(FIELD_END, count - 1)
        return fields + [b""] * (count - len(fields))

    def all_fields(self) -> list[bytes]:
        return self._left.split(FIELD_END)


def as_text(octets: bytes) -> str:
    """Return *octets* as text, with lone surrogates for invalid UTF-8."""
    return octets.decode("utf-8", "surrogateescape")


def as_headers(fields: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Return ASGI headers, from fields such as ``cookie:a=1``."""
    return [(name, value) for name, _, value in (field.partition(b":") for field in fields)]
