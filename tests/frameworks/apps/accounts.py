"""What the applications share: a secret, two users, and the login."""

import secrets
from dataclasses import dataclass

from fastware import HTTPError
from fastware.auth import create_token, hash_password, set_session_cookies, verify_password

SECRET = "a secret of at least 32 bytes for the frameworks"
PASSWORD = "correct horse"
ROLES = {"ada": "admin", "bob": "user"}

_HASHED = hash_password(PASSWORD, cost=4)


@dataclass
class Credentials:
    username: str
    password: str


@dataclass
class Session:
    token: str
    cookies: list[str]


def log_in(username: str, password: str) -> Session:
    if username not in ROLES or not verify_password(password, _HASHED):
        raise HTTPError(401, "Invalid credentials")
    token = create_token(username, ROLES[username], SECRET, expires_hours=1)
    return Session(token, set_session_cookies(token, secrets.token_urlsafe(32)))
