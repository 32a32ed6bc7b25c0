"""The requests that are made, and the JSON that every server must answer."""

import json
from dataclasses import dataclass, field
from typing import Any

from benches.tokens import CLAIMS, signed

_TOKEN = signed(CLAIMS)
_CSRF_TOKEN = "q3mXz0oN8yK5vT2rB7wL4sJ1hG6fD9aP"
_ORDER = {"item": "a book", "quantity": 2}


@dataclass(frozen=True)
class RequestKind:
    """*title* is what tables call it."""

    title: str
    method: str
    path: str
    expected: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


KINDS = (
    RequestKind("open route", "GET", "/status", {"status": "ok"}),
    RequestKind(
        "profile, Bearer token",
        "GET",
        "/profile",
        {"username": CLAIMS["sub"], "role": CLAIMS["role"]},
        {"Authorization": f"Bearer {_TOKEN}"},
    ),
    RequestKind(
        "POST with everything",
        "POST",
        "/orders",
        {"username": CLAIMS["sub"], **_ORDER},
        {
            "Cookie": f"theme=dark; session={_TOKEN}; csrf_token={_CSRF_TOKEN}",
            "X-CSRF-Token": _CSRF_TOKEN,
            "Content-Type": "application/json",
        },
        json.dumps(_ORDER),
    ),
)
