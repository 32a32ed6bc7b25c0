"""The applications that are served, and by what."""

import importlib.util
from dataclasses import dataclass, field

from benches.contenders import PYTHON, RUST

FASTAPI = "FastAPI + PyJWT"


@dataclass(frozen=True)
class Contender:
    """*program* serves *target*."""

    program: str
    target: str
    environment: dict[str, str] = field(default_factory=dict)


_FASTWARE, _FASTAPI = "benches.soak.fastware_app:app", "benches.soak.fastapi_app:app"

_CONTENDERS = {
    RUST: Contender("granian", _FASTWARE, {"FASTWARE_ENGINE": "rust"}),
    PYTHON: Contender("granian", _FASTWARE, {"FASTWARE_ENGINE": "python"}),
    FASTAPI: Contender("granian", _FASTAPI),
}
_ON_UVICORN = {
    f"{RUST}, uvicorn": Contender("uvicorn", _FASTWARE, {"FASTWARE_ENGINE": "rust"}),
    f"{FASTAPI}, uvicorn": Contender("uvicorn", _FASTAPI),
}


def contenders(with_uvicorn: bool) -> dict[str, Contender]:
    """Return the contenders of a run; without the Rust engine, where this installation has none."""
    every = {**_CONTENDERS, **(_ON_UVICORN if with_uvicorn else {})}
    if importlib.util.find_spec("fastware._engine._rust"):
        return every
    return {name: contender for name, contender in every.items() if not name.startswith(RUST)}
