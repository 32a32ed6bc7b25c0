"""What must not be in a server's log: tracebacks, and secrets."""

from pathlib import Path

from . import settings
from .credentials import TOKENS

_TOKEN_HEAD = TOKENS["ada"].partition(".")[0]
_FORBIDDEN = {
    "a traceback": "Traceback",
    "an error of the application": "Unhandled exception",
    "a secret or password": settings.MARK,
    "a token": _TOKEN_HEAD,
}
_LINES_SHOWN = 25


def complaints(log: Path) -> list[str]:
    """Return what stands in *log* and should not, with the lines around the first place."""
    text = log.read_text("utf-8", "replace")
    return [
        f"the log has {what}, {text.count(sign)} times:\n{_around(text, sign)}"
        for what, sign in _FORBIDDEN.items()
        if sign in text
    ]


def _around(text: str, sign: str) -> str:
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if sign in line)
    return "\n".join(f"    | {line[:300]}" for line in lines[max(0, place - 2) : place + _LINES_SHOWN])
