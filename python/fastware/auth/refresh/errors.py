"""The errors for a refresh token that is rejected. The client gets the same response for each reason."""

from __future__ import annotations

from typing import Any

from fastware.errors import HTTPError

_CHALLENGE = 'Bearer realm="api", error="invalid_token", error_description="The refresh token is invalid or expired"'


class RefreshTokenError(HTTPError):
    """The ``HTTPError`` 401 for a refresh token that is unknown, expired or revoked."""

    def __init__(self) -> None:
        super().__init__(401, "Invalid or expired refresh token", {"WWW-Authenticate": _CHALLENGE})


class RefreshTokenReusedError(RefreshTokenError):
    """A refresh token was used again after its grace. Its family has ended: the token may have been copied.

    Attributes:
        username: the user of the family. The response does not show it.
        data: what the application passed to ``issue``, for example the session, to revoke its access tokens.

    """

    def __init__(self, username: str, data: Any = None) -> None:
        super().__init__()
        self.username = username
        self.data = data
