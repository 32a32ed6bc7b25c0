"""Missing, short and guessable secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from fastware.cli.doctor.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

_VARIABLE: Final = "FASTWARE_JWT_SECRET"
_NEW_SECRET: Final = "Create another one with: fastware secret"
_MIN_LENGTH: Final = 32
_MIN_DISTINCT: Final = 8
"""Of 28 million random secrets of 32 hexadecimal digits, one has fewer."""

_WORDS: Final = (
    "changeme",
    "change-me",
    "change_me",
    "example",
    "insecure",
    "placeholder",
    "password",
    "replace",
    "secret",
    "your-",
    "your_",
)
_PUBLISHED: Final = frozenset(
    (
        # FastAPI's tutorial, "OAuth2 with Password (and hashing), Bearer with JWT tokens"
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        # RFC 7515, appendix A.1
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    )
)


def check_secret(of_application: Sequence[tuple[str, Sequence[str | bytes]]]) -> Iterator[Finding]:
    """Yield what is wrong with the secret in the environment, and with those of the application, if it has any."""
    if os.environ.get(_VARIABLE, "").strip() or not of_application:
        yield from _in_environment()
    for place, secrets in of_application:
        yield from _problems(place, secrets)


def weakness(secret: bytes) -> str | None:
    """Return why *secret* is easy to guess, or ``None``. The reason does not show it."""
    text = secret.decode("latin-1")
    if len(secret) < _MIN_LENGTH:
        return f"has {len(secret)} bytes; HS256 needs {_MIN_LENGTH} (RFC 7518 section 3.2)"
    if text in _PUBLISHED:
        return "is published in a tutorial"
    if text in (text + text)[1:-1]:
        return "repeats a shorter text"
    if len(set(text)) < _MIN_DISTINCT and not text.isdecimal():
        return f"has only {len(set(text))} different characters"
    word = next((word for word in _WORDS if word in text.lower()), None)
    if word is not None:
        return f'contains "{word}": it is a text, and not random'
    steps = sum(abs(ord(second) - ord(first)) <= 1 for first, second in pairwise(text))
    if steps > 2 * len(text) // 3:
        return "is a sequence of neighboring characters"
    return None


def _in_environment() -> Iterator[Finding]:
    from fastware._engine.token_errors import HOW_TO_CREATE_ONE  # noqa: PLC0415
    from fastware.auth import Auth, ConfigurationError  # noqa: PLC0415

    auth = problem = None
    try:
        auth = Auth.from_env()
    except (ConfigurationError, ValueError) as error:
        problem = str(error)
    if auth is not None:
        yield from _problems(f"the environment variable {_VARIABLE}", auth._secrets)
    elif problem is not None and _VARIABLE in problem:
        fix = f"Set it to a random secret, the same for all workers: export {_VARIABLE}=$(fastware secret)"
        yield Finding("secret", "error", problem.removesuffix(f"; {HOW_TO_CREATE_ONE}") + ".", fix)
    elif problem is not None:
        yield Finding("settings", "error", problem, "Correct or unset the variable (docs/api.md, Auth.from_env).")


def _problems(place: str, secrets: Sequence[str | bytes]) -> Iterator[Finding]:
    for number, secret in enumerate(secrets, start=1):
        problem = weakness(secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret)
        if problem is not None:
            which = f"Secret {number} of {len(secrets)}" if len(secrets) > 1 else "The secret"
            yield Finding("secret", "error", f"{which} in {place} {problem}.", _NEW_SECRET)
