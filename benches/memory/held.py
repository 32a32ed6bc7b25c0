"""What the process holds: blocks of Python's own allocator, bytes of the C library's, references, pages in RAM."""

import ctypes
import sys
from dataclasses import astuple, dataclass, fields

from benches.bucket_memory.memory import resident_bytes


@dataclass(frozen=True)
class Held:
    """What is held at a moment, or what more is held than at another."""

    blocks: int
    """Of Python's allocator (``sys.getallocatedblocks``): objects of up to 512 bytes."""
    allocated: int
    """Bytes of the C library's ``malloc``: larger objects, and what Rust keeps. 0 where it does not tell."""
    resident: int
    """Bytes in RAM; they include what is mapped past ``malloc``, the buckets of the Rust engine."""
    references: int
    """``sys.gettotalrefcount`` of a debug build; 0 elsewhere."""

    def __sub__(self, before: "Held") -> "Held":
        return Held(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))


BOUNDS = Held(blocks=200, allocated=64 * 1024, resident=1024 * 1024, references=2_000)
"""How much more may be held after all calls than before them, however many they were: what the buckets that happen to
be kept, and the free lists of Python, vary by."""


def beyond(growth: Held) -> list[str]:
    """Return in which respects *growth* is more than the bounds."""
    return [field.name for field in fields(Held) if getattr(growth, field.name) > getattr(BOUNDS, field.name)]


def held() -> Held:
    """Return what is held now, garbage aside."""
    resident = resident_bytes()  # collects first
    references = getattr(sys, "gettotalrefcount", int)()
    return Held(sys.getallocatedblocks(), _allocated(), resident, references)


class _MallInfo(ctypes.Structure):
    # malloc.h of the GNU C library, 2.33 or later
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd")]
    _fields_ += [(name, ctypes.c_size_t) for name in ("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]


def _allocated() -> int:
    if _mallinfo is None:
        return 0
    told = _mallinfo()
    return told.uordblks + told.hblkhd


try:
    _mallinfo = ctypes.CDLL(None).mallinfo2
    _mallinfo.restype = _MallInfo
except (AttributeError, OSError, TypeError):
    _mallinfo = None
