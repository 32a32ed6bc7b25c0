"""JSON Web Tokens (RFC 7519) signed with HMAC-SHA256, straight from the engine."""

from __future__ import annotations

from fastware._engine import engine
from fastware._engine.contract import Secret, Secrets
from fastware._engine.refusals import InsecureKeyLengthWarning

create_token = engine.create_token
verify_token = engine.verify_token

__all__ = ["InsecureKeyLengthWarning", "Secret", "Secrets", "create_token", "verify_token"]
