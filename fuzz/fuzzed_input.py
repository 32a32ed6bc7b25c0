"""The bytes that a fuzzer gives, taken as what a target needs.

Fields stand in front, each ended by a record separator but the last; choices are taken from the end, a byte each, so
that a longer field leaves them as they are. Seeds can be read and written by hand, and no fuzzer is needed to replay.
"""

from collections.abc import Sequence
from typing import TypeVar

FIELD_END = b"\x1e"

T = TypeVar("T")


class FuzzedInput:
    """Take the choices first: fields are what is left."""

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
        """So many fields; those that are not there are empty."""
        fields = self._left.split(FIELD_END, count - 1)
        return fields + [b""] * (count - len(fields))

    def all_fields(self) -> list[bytes]:
        return self._left.split(FIELD_END)


def as_text(octets: bytes) -> str:
    """Any text, lone surrogates included."""
    return octets.decode("utf-8", "surrogateescape")


def as_headers(fields: list[bytes]) -> list[tuple[bytes, bytes]]:
    """ASGI headers, of fields like ``cookie:a=1``; a field without a colon is a name."""
    return [(name, value) for name, _, value in (field.partition(b":") for field in fields)]
