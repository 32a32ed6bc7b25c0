"""The pure-Python engine: implements the engine contract with PyJWT and the standard library."""

from fastware._engine.pure.buckets import TokenBuckets
from fastware._engine.pure.csrf import CSRFCheck
from fastware._engine.pure.headers import cookie, cookies, credential, header
from fastware._engine.pure.identity import identify
from fastware._engine.pure.secrets import has_usable_secret
from fastware._engine.pure.shared_buckets import SharedTokenBuckets
from fastware._engine.pure.tokens import create_token, verify_token

NAME = "python"

__all__ = [
    "NAME",
    "CSRFCheck",
    "SharedTokenBuckets",
    "TokenBuckets",
    "cookie",
    "cookies",
    "create_token",
    "credential",
    "has_usable_secret",
    "header",
    "identify",
    "verify_token",
]
