"""Errors of user stores."""


class UserExistsError(ValueError):
    """The username already exists."""


class UserNotFoundError(LookupError):
    """There is no user with this username."""


class UserFileError(ValueError):
    """The user file is invalid. The message names the path and the place, and shows no value."""
