"""Checks the username and the password of a login."""

from __future__ import annotations

from typing import Final

from fastware._internal.threads import run_in_thread
from fastware.auth.passwords import _HASH, averify_password
from fastware.auth.users import User, UserStore

_NO_PASSWORD: Final = "$2b$12$UvTnfUNYADzbjYrtYpOjVO9hGiIjdY3JBcBU6SmSwK1pjebfFV45G"
"""A hash of a random password that nobody has. It is checked for users that do not exist, so that the response time
does not reveal which usernames exist (OWASP Authentication Cheat Sheet)."""


async def check_credentials(store: UserStore, username: str, password: str) -> User | None:
    """Return the record of *username* without the hash, or ``None`` for an unknown user or a wrong password.

    The event loop is not blocked. The work is the same for each username: one search and one check of a hash.
    """
    try:
        user = await run_in_thread(store.find_user, username)
        password_hash = (user["password_hash"] if user else None) or ""  # a user of another login may have none
        has_hash = bool(_HASH.match(password_hash))
        is_valid = await averify_password(password, password_hash if has_hash else _NO_PASSWORD)
        if not user or not has_hash or not is_valid:
            return None
        return {name: value for name, value in user.items() if name != "password_hash"}
    finally:
        password = password_hash = ""  # error reporters show the local variables of a traceback's frames
        user = None
