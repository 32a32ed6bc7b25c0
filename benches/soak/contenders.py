"""The applications that are served, and by what."""

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

CONTENDERS = {
    RUST: Contender("granian", _FASTWARE, {"FASTWARE_ENGINE": "rust"}),
    PYTHON: Contender("granian", _FASTWARE, {"FASTWARE_ENGINE": "python"}),
    FASTAPI: Contender("granian", _FASTAPI),
}
ON_UVICORN = {
    f"{RUST}, uvicorn": Contender("uvicorn", _FASTWARE, {"FASTWARE_ENGINE": "rust"}),
    f"{FASTAPI}, uvicorn": Contender("uvicorn", _FASTAPI),
}
