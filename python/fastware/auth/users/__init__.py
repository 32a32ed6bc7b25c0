"""User stores."""

from fastware.auth.users.json_file import JSONFileUserStore
from fastware.auth.users.records import UserFileError
from fastware.auth.users.store import User, UserStore

__all__ = ["JSONFileUserStore", "User", "UserFileError", "UserStore"]
