"""mypy checks this file, nothing runs it: each engine module has the types of the contract."""

from fastware._engine import _rust, pure
from fastware._engine.contract import Engine

rust: Engine = _rust
python: Engine = pure
