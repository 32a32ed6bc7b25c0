"""Lookup in ASGI headers. These are the engine's own functions."""

from __future__ import annotations

from fastware._engine import engine

_get_asgi_header = engine.header
_get_asgi_cookie = engine.cookie
