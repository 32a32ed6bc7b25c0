"""Secrets with marks in them, and the search for the marks in any output."""

import base64
import secrets
import string

PIECE = 8
"""Characters of the shortest piece of a mark that is found."""

_LETTERS = string.ascii_letters + string.digits
_URL_SAFE = str.maketrans("+/", "-_")


def new_mark(length=24):
    """Return a text that no output contains by chance."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _pieces(text):
    return {text[start : start + PIECE] for start in range(len(text) - PIECE + 1)}


def _base64(octets):
    """Yield the pieces of *octets* in the base64 of a longer text, which depend on their position in it."""
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + octets + b"x" * 3).decode("ascii")[4:-8]
        yield from _pieces(encoded) | _pieces(encoded.translate(_URL_SAFE))


def _spellings(mark):
    """Return the pieces of *mark* in each form in which an output may contain them."""
    octets = mark.encode("utf-8")
    slices = [octets[start : start + PIECE] for start in range(len(octets) - PIECE + 1)]
    return {
        "text": _pieces(mark),
        "swapped case": _pieces(mark.swapcase()),
        "backwards": _pieces(mark[::-1]),
        "hex": {spelled for piece in slices for spelled in (piece.hex(), piece.hex().upper())},
        "hex with separators": {piece.hex(separator) for piece in slices for separator in " :-"},
        "base64": set(_base64(octets)),
        "\\x escapes": {"".join(f"\\x{octet:02x}" for octet in piece) for piece in slices},
        "\\u escapes": {"".join(f"\\u{octet:04x}" for octet in piece) for piece in slices},
        "percent escapes": {"".join(f"%{octet:02X}" for octet in piece) for piece in slices},
        "numbers": {", ".join(map(str, piece)) for piece in slices},
        "UTF-16": {"\\x00".join(piece.decode("latin-1")) for piece in slices},
    }


class Marks:
    """A set of marks, each with the name of the secret that contains it."""

    def __init__(self):
        self._found_by_piece = {}

    def add(self, name, mark):
        """Search for *mark*, the secret *name* or a part of it, from now on. Returns *mark*."""
        for form, pieces in _spellings(mark).items():
            self._found_by_piece |= dict.fromkeys(pieces, (name, form))
        return mark

    def found_in(self, output):
        """Return ``(name, form)`` of each secret that *output*, text or bytes, contains."""
        text = output.decode("latin-1") if isinstance(output, bytes) else output
        return sorted({found for piece, found in self._found_by_piece.items() if piece in text})
