"""What is compared, in two classes: the first byte differs, or the last. Both are refused, at one and the same cost."""

import base64
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benches.requests import BROWSER_HEADERS
from benches.tokens import SECRET, signed

CLASSES = ("first", "last")
ENGINES = {"Rust": "fastware._engine._rust", "Python": "fastware._engine.pure"}

_CLAIMS = {"sub": "alice", "role": "admin", "iat": 1_750_000_000, "exp": 4_000_000_000}
_CSRF_TOKEN = b"q3mXz0oN8yK5vT2rB7wL4sJ1hG6fD9aP" * 8
_COOKIE = (b"cookie", b"csrf_token=" + _CSRF_TOKEN)
_LONG = bytes(range(256)) * 16


@dataclass(frozen=True)
class Comparison:
    """*call* takes one of the inputs that *make_input* makes of where they differ (``first``, ``last``)."""

    name: str
    call: Callable[[Any], Any]
    make_input: Callable[[str], Any]
    refusal: Any
    leaks: bool = False
    """Whether it is there to be found out: a harness that does not find it out says nothing of the others."""


def changed(secret: bytes, where: str) -> bytes:
    """Return *secret* with another byte in the first place or in the last."""
    at = 0 if where == "first" else len(secret) - 1
    return secret[:at] + bytes([secret[at] ^ 1]) + secret[at + 1 :]


def aligned(data: bytes) -> bytes:
    """Return a copy of *data* at the beginning of a cache line: searches take more steps elsewhere."""
    copies = []
    while not copies or id(copies[-1]) % 64:
        copies.append(bytes(bytearray(data)))
        if len(copies) > 10_000:
            raise RuntimeError("no copy begins a cache line")
    return copies[-1]


def forged_token(where: str) -> str:
    """Return a token whose signature is wrong in one byte, and spelled as it should be."""
    signing_input, _, segment = signed(_CLAIMS).rpartition(".")
    signature = changed(base64.urlsafe_b64decode(segment + "="), where)
    return f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def forged_submission(where: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request whose CSRF token is wrong in one byte."""
    return [*BROWSER_HEADERS, _COOKIE, (b"x-csrf-token", aligned(changed(_CSRF_TOKEN, where)))]


def of_an_engine(name: str) -> list[Comparison]:
    """Return the comparisons of secrets that an engine makes."""
    engine = importlib.import_module(ENGINES[name])
    return [
        Comparison(f"{name}: signature", lambda token: engine.verify_token(token, SECRET), forged_token, None),
        Comparison(f"{name}: CSRF token", engine.csrf_verdict, forged_submission, 2),
    ]


def controls() -> list[Comparison]:
    """Return comparisons that end where the secrets differ, and one whose classes are one and the same."""
    return [
        Comparison(
            "control: one class", lambda other: other == _LONG, lambda _: aligned(changed(_LONG, "last")), False
        ),
        Comparison(
            "control: loop", _equal_by_a_loop, lambda where: aligned(changed(_CSRF_TOKEN, where)), False, leaks=True
        ),
        Comparison(
            "control: 4 KB ==", lambda other: other == _LONG, lambda w: aligned(changed(_LONG, w)), False, leaks=True
        ),
    ]


def _equal_by_a_loop(other: bytes) -> bool:
    return all(one == another for one, another in zip(_CSRF_TOKEN, other, strict=True))
