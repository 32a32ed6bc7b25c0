"""Refresh tokens: opaque tokens that are replaced at each use."""

from fastware.auth.refresh.errors import RefreshTokenError, RefreshTokenReusedError
from fastware.auth.refresh.tokens import Refreshed, RefreshTokens

__all__ = ["RefreshTokenError", "RefreshTokenReusedError", "RefreshTokens", "Refreshed"]
