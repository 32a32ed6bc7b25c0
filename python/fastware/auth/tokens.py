"""JSON Web Tokens (RFC 7519) signed with HMAC-SHA256. These are the engine's own functions."""

from __future__ import annotations

from fastware._engine import engine

create_token = engine.create_token
verify_token = engine.verify_token
