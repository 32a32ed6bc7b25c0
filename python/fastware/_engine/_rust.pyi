"""The compiled engine. Each call is specified in ``contract.py``."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, final

from fastware._engine.contract import Duration, Headers, Secrets

__all__ = [
    "CSRF_CROSS_SITE",
    "CSRF_FORM",
    "CSRF_MISMATCH",
    "CSRF_MISSING",
    "CSRF_NULL_ORIGIN",
    "CSRF_ORIGIN",
    "CSRF_PASSED",
    "CSRF_WRONG_SESSION",
    "DEFAULT_EXPIRES_HOURS",
    "INVALID_TOKEN",
    "MAX_BUCKET_CAPACITY",
    "MAX_BUCKET_PERIOD",
    "MAX_INTEGER_LENGTH",
    "MAX_JSON_DEPTH",
    "MAX_LEEWAY",
    "MAX_TOKEN_LENGTH",
    "MIN_BUCKET_PERIOD",
    "MIN_SECRET_LENGTH",
    "NAME",
    "NO_TOKEN",
    "SECONDS_PER_HOUR",
    "SHARED_CLAIMS_AT",
    "SHARED_EPOCH_AT",
    "SHARED_GROUP",
    "SHARED_KEY_AT",
    "SHARED_SLOTS_AT",
    "UNUSABLE_SECRET",
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

NAME: str

CSRF_CROSS_SITE: int
CSRF_FORM: int
CSRF_MISMATCH: int
CSRF_MISSING: int
CSRF_NULL_ORIGIN: int
CSRF_ORIGIN: int
CSRF_PASSED: int
CSRF_WRONG_SESSION: int
DEFAULT_EXPIRES_HOURS: int
INVALID_TOKEN: int
MAX_BUCKET_CAPACITY: int
MAX_BUCKET_PERIOD: int
MAX_INTEGER_LENGTH: int
MAX_JSON_DEPTH: int
MAX_LEEWAY: int
MAX_TOKEN_LENGTH: int
MIN_BUCKET_PERIOD: int
MIN_SECRET_LENGTH: int
NO_TOKEN: int
SHARED_CLAIMS_AT: int
SHARED_EPOCH_AT: int
SHARED_GROUP: int
SHARED_KEY_AT: int
SHARED_SLOTS_AT: int
SECONDS_PER_HOUR: int
UNUSABLE_SECRET: int

@final
class CSRFCheck:
    def __new__(
        cls,
        *,
        session_cookie: str,
        csrf_cookie: str,
        check_origin: bool,
        trusted_origins: Sequence[bytes] = (),
        keys: Sequence[bytes] = (),
        form: bool = False,
    ) -> CSRFCheck: ...
    def verdict(self, headers: Headers, needs_token: bool) -> int: ...
    def verdict_of_form(self, headers: Headers, submitted: bytes) -> int: ...

@final
class TokenBuckets:
    def __new__(cls, capacity: int, period: int) -> TokenBuckets: ...
    def take(self, key: str, now: int | None = None, cost: int = 1) -> int: ...
    def take_counted(self, key: str, now: int | None = None, cost: int = 1) -> tuple[int, int, int]: ...
    def give_back(self, key: str, now: int | None = None, cost: int = 1) -> None: ...
    def take_by_client(self, request: Any, cost: int = 1) -> int: ...
    def reset(self, key: str | None = None) -> None: ...
    def __len__(self) -> int: ...

@final
class SharedTokenBuckets:
    def __new__(cls, memory: Any, limit_at: int, capacity: int, period: int) -> SharedTokenBuckets: ...
    def take(self, key: str, cost: int = 1, now: int | None = None) -> int: ...
    def take_counted(self, key: str, cost: int = 1, now: int | None = None) -> tuple[int, int, int]: ...
    def give_back(self, key: str, cost: int = 1, now: int | None = None) -> None: ...
    def take_by_client(self, request: Any, cost: int = 1) -> int: ...
    def reset(self, key: str | None = None) -> None: ...

def has_usable_secret(secrets: object) -> bool: ...
def create_token(
    username: str,
    role: str,
    secret: Secrets,
    expires_hours: int = 720,
    *,
    expires_in: Duration | None = None,
    claims: Mapping[str, Any] | None = None,
) -> str: ...
def verify_token(
    token: str,
    secret: Secrets,
    *,
    leeway: Duration = 0.0,
    audience: str | Collection[str] | None = None,
    issuer: str | None = None,
) -> dict[str, Any] | None: ...
def header(headers: Headers, name: bytes) -> bytes: ...
def cookie(headers: Headers, cookie_name: str) -> str: ...
def cookies(headers: Headers) -> dict[str, str]: ...
def credential(headers: Headers, query_string: bytes | None, cookie_name: str) -> str | None: ...
def identify(
    headers: Headers,
    query_string: bytes | None,
    cookie_name: str,
    secret: Secrets,
    *,
    leeway: Duration = 0.0,
    audience: str | Collection[str] | None = None,
    issuer: str | None = None,
) -> dict[str, Any] | int: ...
