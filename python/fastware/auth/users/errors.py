"""Errors of user stores."""


class UserExistsError(ValueError):
    """The username already exists."""


class UserNotFoundError(LookupError):
    """There is no user with this username."""


class UserFileError(ValueError):
    """The user file is invalid. The message names the path and the place, and shows no value."""


def user_exists(username: str) -> UserExistsError:
    """Return the error about a username that already exists."""
    return UserExistsError(f"user {username!r} already exists")


def user_not_found(username: str) -> UserNotFoundError:
    """Return the error about a username that does not exist."""
    return UserNotFoundError(f"user {username!r} not found")
