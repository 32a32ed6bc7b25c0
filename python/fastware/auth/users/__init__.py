"""User stores."""

from fastware.auth.users.changes import User
from fastware.auth.users.errors import UserExistsError, UserFileError, UserNotFoundError
from fastware.auth.users.json_file import JSONFileUserStore
from fastware.auth.users.store import UserStore

__all__ = ["JSONFileUserStore", "User", "UserExistsError", "UserFileError", "UserNotFoundError", "UserStore"]
