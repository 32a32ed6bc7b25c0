"""mypy checks that each engine module has the types of the contract. This file is not run."""

from fastware._engine import _rust, pure
from fastware._engine.contract import Engine

rust: Engine = _rust
python: Engine = pure
