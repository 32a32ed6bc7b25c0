"""The pure-Python engine: the engine contract on PyJWT and the standard library."""

from fastware._engine.pure.buckets import TokenBuckets
from fastware._engine.pure.headers import cookie, cookies, credential, csrf_verdict, header
from fastware._engine.pure.tokens import has_fit_secret, sign, verify

NAME = "python"

__all__ = [
    "NAME",
    "TokenBuckets",
    "cookie",
    "cookies",
    "credential",
    "csrf_verdict",
    "has_fit_secret",
    "header",
    "sign",
    "verify",
]
