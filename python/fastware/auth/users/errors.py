"""Errors of user stores."""


class UserExistsError(ValueError):
    """A user of this name exists already."""


class UserNotFoundError(LookupError):
    """There is no user of this name."""


class UserFileError(ValueError):
    """The user file is invalid. The message names the path and the place, and shows no value of the content."""
