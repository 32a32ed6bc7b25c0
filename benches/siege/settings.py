"""What the served application and its besiegers both know."""

from typing import Final

MARK: Final = "Marked4Secrecy"
"""Stands in every secret and password: where it is in a log, a secret was logged."""

SECRET: Final = f"{MARK}-8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6"
CSRF_TOKEN: Final = f"{MARK}-Yx7Lw3Zc9Nb5"

USERS_FILE: Final = "SIEGE_USERS_FILE"
WORKERS_FOLDER: Final = "SIEGE_WORKERS_FOLDER"
"""Environment variables. In the folder each worker that ever started leaves a file that is named as its process."""

PER_SECOND: Final = 2
PER_HOUR: Final = 20
"""The rate limits of the application."""

MAX_BODY_SIZE: Final = 256 * 1024


def password_of(username: str) -> str:
    """Return the password of any user here."""
    return f"{MARK} {username}"[:72]
