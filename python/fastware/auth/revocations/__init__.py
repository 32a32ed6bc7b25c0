"""Lists of revoked tokens, for :class:`~fastware.auth.Auth`, user stores, refresh tokens and tickets."""

from fastware.auth.revocations.base import Revocations, RevocationsUnavailableError
from fastware.auth.revocations.memory import MemoryRevocations
from fastware.auth.revocations.redis import RedisRevocations
from fastware.auth.revocations.sqlite import SQLiteRevocations

__all__ = ["MemoryRevocations", "RedisRevocations", "Revocations", "RevocationsUnavailableError", "SQLiteRevocations"]
