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
    """A refresh token was used again after its grace. Its family is revoked: someone may have copied the token.

    Attributes:
        username: whose token it is. The response does not show it.
        data: the data of the login, for example its session, whose tokens the application may revoke.

    """

    def __init__(self, username: str, data: Any = None) -> None:
        super().__init__()
        self.username = username
        self.data = data
