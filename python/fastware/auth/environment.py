"""Reads the settings of an ``Auth`` from environment variables."""

from __future__ import annotations

import os
from typing import Any

from fastware._engine import engine
from fastware._engine.arguments import as_leeway
from fastware._engine.contract import MIN_SECRET_LENGTH
from fastware._engine.token_errors import HOW_TO_CREATE_ONE
from fastware.errors import ConfigurationError


def options_in_environment(prefix: str) -> dict[str, Any]:
    """Return the options of ``Auth`` in the variables that begin with *prefix*, without the secret.

    Raises:
        ConfigurationError: a variable is invalid. The message names it.

    """
    found: dict[str, Any] = {}
    for name in ("audience", "issuer"):
        value = os.environ.get(f"{prefix}JWT_{name.upper()}", "").strip()
        if value:
            found[name] = value
    leeway = os.environ.get(f"{prefix}JWT_LEEWAY", "").strip()
    if leeway:
        found["leeway"] = _leeway_in_environment(f"{prefix}JWT_LEEWAY", leeway)
    return found


def secrets_in_environment(name: str) -> list[str]:
    """Return the secrets in the variable *name*, separated by commas or newlines.

    Raises:
        ConfigurationError: there is none, or one is too short or unusable. The message shows how to create one.

    """
    secrets = [secret.strip() for secret in os.environ.get(name, "").replace(",", "\n").splitlines()]
    secrets = [secret for secret in secrets if secret]
    lengths = [len(os.fsencode(secret)) for secret in secrets]
    if not lengths:
        problem = "is not set"
    elif min(lengths) < MIN_SECRET_LENGTH:
        problem = f"has a secret of {min(lengths)} bytes; it needs at least {MIN_SECRET_LENGTH}"
        problem += " (commas and newlines separate several secrets)" if len(lengths) > 1 else ""
    elif not all(map(engine.has_usable_secret, secrets)):
        problem = "has an SSH, DER or JWK key, or text that is not UTF-8, in place of a secret"
    else:
        return secrets
    secrets.clear()  # error reporters show the local variables of a traceback's frames
    raise ConfigurationError(f"The environment variable {name} {problem}; {HOW_TO_CREATE_ONE}")


def _leeway_in_environment(name: str, text: str) -> float:
    try:
        return as_leeway(float(text))
    except ValueError:
        pass
    raise ConfigurationError(f"The environment variable {name} must be a number of seconds from 0 to 2**53")
