"""Tokens, true and false, and the headers that carry them."""

import base64
import json
import random
from urllib.parse import quote

from fastware.auth import create_token

from . import settings
from .ledger import SEEDS

Header = tuple[str, str]

TOKENS = {name: create_token(name, role, settings.SECRET) for name, role in SEEDS.items()}
ADMIN = ("Authorization", f"Bearer {TOKENS['ada']}")
CSRF_COOKIE = f"csrf_token={settings.CSRF_TOKEN}"
CSRF_HEADER = ("X-CSRF-Token", settings.CSRF_TOKEN)


def bearer(token: str) -> Header:
    return ("Authorization", f"Bearer {token}")


def session(token: str) -> Header:
    return ("Cookie", f"theme=dark; session={token}")


def session_with_csrf(token: str) -> tuple[Header, Header]:
    return ("Cookie", f"session={token}; {CSRF_COOKIE}"), CSRF_HEADER


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


_OTHER_SECRET = "not the one of the server, and long enough"
_HEAD, _PAYLOAD, _SIGNATURE = TOKENS["ada"].split(".")
_CLAIMS = {"sub": "ada", "role": "admin", "iat": 0, "exp": 2**40}

FALSE_TOKENS = (
    create_token("ada", "admin", _OTHER_SECRET),
    create_token("ada", "admin", settings.SECRET, expires_hours=-1),
    f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(_CLAIMS)}.",
    f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(_CLAIMS)}.{_SIGNATURE}",
    f"{_segment({'alg': 'HS512', 'typ': 'JWT'})}.{_PAYLOAD}.{_SIGNATURE}",
    f"{_HEAD}.{_segment(_CLAIMS)}.{_SIGNATURE}",
    f"{_HEAD}.{_PAYLOAD}",
    f"{_HEAD}.{_PAYLOAD}.",
    f"{_HEAD}.{_PAYLOAD}.{_SIGNATURE}=",
    f"{_HEAD}.{_PAYLOAD}.{_SIGNATURE}.{_SIGNATURE}",
    f"{_HEAD}.{_PAYLOAD}.{_SIGNATURE[:-2]}",
    "a.b.c",
    "...",
    "null",
    "x" * 60_000,
    f"{_HEAD}.{'A' * 50_000}.{_SIGNATURE}",
    "." * 10_000,
    "\xe9\xff.\xa0.\xad",
)


def false_token(chance: random.Random) -> str:
    """Return one of those, or a true one with a character changed."""
    if chance.random() < 0.5:
        return chance.choice(FALSE_TOKENS)
    token = chance.choice(list(TOKENS.values()))
    place = chance.randrange(len(token))
    other = chance.choice([letter for letter in "AZaz09-_.~%" if letter != token[place]])
    return f"{token[:place]}{other}{token[place + 1 :]}"


def in_query(token: str) -> str:
    return f"?token={quote(token, encoding='latin-1')}"
