"""Settings that the application and the clients share."""

MARK = "Marked4Secrecy"
"""A part of every secret and password: a log that contains it contains a secret."""

SECRET = f"{MARK}-8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6"
CSRF_TOKEN = f"{MARK}-Yx7Lw3Zc9Nb5"
MAX_BODY_SIZE = 256 * 1024
PER_SECOND = 2
PER_HOUR = 20
ROLES = {"ada": "admin", "grace": "user", "Zoë": "user"}
"""The users that exist at the start."""

USERS_FILE = "STRESS_USERS_FILE"
WORKERS_FOLDER = "STRESS_WORKERS_FOLDER"
"""Environment variables. Each worker that starts leaves a file in the folder, named after its process."""


def password_of(username: str) -> str:
    return f"{MARK} {username}"[:72]
