"""Secrets with marks in them, and the search for the marks in whatever may have let one out."""

import base64
import secrets
import string
from dataclasses import dataclass, field

PIECE = 8
"""Characters of the shortest piece of a mark that is looked for."""

_LETTERS = string.ascii_letters + string.digits


def new_mark(length=24):
    """A text that stands nowhere by chance."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _pieces(text, length):
    return {text[start : start + length] for start in range(len(text) - length + 1)}


def _base64(mark):
    """The mark in the base64 of a longer text: where it begins decides which of three spellings it has."""
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + mark + b"x" * 3).decode("ascii")
        whole = encoded[4 : len(encoded) - 8]
        yield from _pieces(whole, PIECE)
        yield from _pieces(whole.translate(str.maketrans("+/", "-_")), PIECE)


def spellings(mark):
    """The pieces of *mark*, a text, by the name of the form that they are spelled in."""
    octets = mark.encode("utf-8")
    slices = [octets[start : start + PIECE] for start in range(len(octets) - PIECE + 1)]
    return {
        "text": _pieces(mark, PIECE),
        "text in another case": {piece.swapcase() for piece in _pieces(mark, PIECE)},
        "text backwards": _pieces(mark[::-1], PIECE),
        "hex": {piece.hex() for piece in slices} | {piece.hex().upper() for piece in slices},
        "hex with separators": {piece.hex(between) for piece in slices for between in " :-"},
        "base64": set(_base64(octets)),
        "\\x escapes": {"".join(f"\\x{octet:02x}" for octet in piece) for piece in slices},
        "\\u escapes": {"".join(f"\\u{octet:04x}" for octet in piece) for piece in slices},
        "percent escapes": {"".join(f"%{octet:02X}" for octet in piece) for piece in slices},
        "numbers": {", ".join(map(str, piece)) for piece in slices},
        "UTF-16": {"\\x00".join(piece.decode("latin-1")) for piece in slices},
    }


@dataclass
class Marks:
    """Marks by the name of the secret that holds them."""

    _needles: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    def add(self, name, mark):
        """Look for *mark*, the secret *name* or a part of it, from now on."""
        for form, pieces in spellings(mark).items():
            self._needles |= dict.fromkeys(pieces, (name, form))
        return mark

    def found_in(self, output):
        """Which secrets *output*, text or bytes, lets out: their names, and the forms that they stand there in."""
        text = output.decode("latin-1") if isinstance(output, bytes) else output
        return sorted({found for needle, found in self._needles.items() if needle in text})
