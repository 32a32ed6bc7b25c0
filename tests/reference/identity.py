"""The claims of a request: the rule of ``identify``."""

from typing import Any

from tests.reference import headers, secrets, tokens

NO_TOKEN, INVALID_TOKEN, UNUSABLE_SECRET = 0, 1, 2


def identify(
    request_headers: headers.Headers, query_string: bytes | None, cookie_name: str, secret: Any, **expected: Any
) -> dict[str, Any] | int:
    """Return the claims, or one of the three constants."""
    token = headers.credential(request_headers, query_string, cookie_name)
    if token is None:
        return NO_TOKEN
    claims = tokens.verified(token, secret, **expected)
    if claims is not None:
        return claims
    several = secret if isinstance(secret, (list, tuple)) else [secret]
    return INVALID_TOKEN if any(map(secrets.is_usable, several)) else UNUSABLE_SECRET
