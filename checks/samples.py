"""Tokens, headers and ASGI scopes for the checks and the benchmarks, made with the standard library only."""

import functools
import hmac
import json
import marshal
import random
import string
import time

from raw_tokens import base64url, sign_bytes

SECRET = "8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6Ue4Pd-"
CSRF_TOKEN = "q3mXz0oN8yK5vT2rB7wL4sJ1hG6fD9aP"
LIFETIME = 720 * 3_600


def claims_at(now: int) -> dict[str, object]:
    """Return the claims of a token that was created at *now*."""
    return {"sub": "alice", "role": "admin", "iat": now, "exp": now + LIFETIME}


def large_claims_at(now: int) -> dict[str, object]:
    """Return 4 KB of claims: 180 short strings and a nested object."""
    return {
        **claims_at(now),
        "organisation": {"id": 4711, "name": "Müller & Söhne", "verified": True, "parent": None},
        "permissions": [f"project:{number:04}:{verb}" for number in range(60) for verb in ("read", "write", "admin")],
    }


NOW = int(time.time())
CLAIMS = claims_at(NOW)


def signed(claims: dict[str, object]) -> str:
    """Return the HS256 JWT of *claims* (RFC 7515 section 3.1)."""
    return sign_bytes(json.dumps(claims, separators=(",", ":")).encode("ascii"), secret=SECRET)


def forged(token: str) -> str:
    """Return *token* with another well-formed signature."""
    signing_input, _, signature = token.rpartition(".")
    return f"{signing_input}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def bearer(token: str) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + token.encode("ascii")


def signed_csrf_token(session: bytes, key: bytes) -> str:
    """Return a CSRF token of *session* that *key* signed, with 16 fixed bytes in place of random ones."""
    random_part = bytes(range(16))
    message = b"".join(len(part).to_bytes(4, "big") + part for part in (session, random_part))
    return ".".join(map(base64url, (random_part, hmac.digest(key, message, "sha256"))))


BROWSER_HEADERS = [
    (b"host", b"shop.example.com"),
    (b"connection", b"keep-alive"),
    (b"cache-control", b"max-age=0"),
    (b"sec-ch-ua", b'"Chromium";v="130", "Not?A_Brand";v="99"'),
    (b"sec-ch-ua-mobile", b"?0"),
    (b"sec-ch-ua-platform", b'"Linux"'),
    (b"upgrade-insecure-requests", b"1"),
    (
        b"user-agent",
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    ),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    (b"sec-fetch-site", b"same-origin"),
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-user", b"?1"),
    (b"sec-fetch-dest", b"document"),
    (b"referer", b"https://shop.example.com/basket"),
    (b"x-request-id", b"0f8e1f0c-9f0a-4f8e-8a53-0b1d8c6a3c11"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"accept-language", b"de-DE,de;q=0.9,en;q=0.8"),
    (b"x-forwarded-for", b"203.0.113.7"),
    (b"x-forwarded-proto", b"https"),
    (b"x-real-ip", b"203.0.113.7"),
]


def cookie_header(count: int, size: int, name: str, value: str) -> bytes:
    """Return a Cookie header of *count* cookies and *size* bytes; the cookie *name* is in the middle."""
    wanted = f"{name}={value}"
    others = count - 1
    length, rest = divmod(size - len(wanted) - 2 * others, others)
    pairs = [_pair(index, length) for index in range(others)]
    pairs[-1] += "x" * rest
    pairs.insert(count // 2, wanted)
    return "; ".join(pairs).encode("ascii")


def cookie_beside(others: int, name: str, value: str) -> bytes:
    """Return a Cookie header with *name* among *others* of ordinary length."""
    return cookie_header(others + 1, len(name) + len(value) + 80 * others, name, value)


def _pair(index: int, length: int) -> str:
    start = f"_tracker{index}="
    letters = random.Random(index).choices(string.ascii_letters + string.digits + ".-_", k=length - len(start))
    return start + "".join(letters)


def scope_maker(method: str, path: str, headers: list[tuple[bytes, bytes]], **more):
    """Return a function that makes a new ASGI scope with new headers and dicts, as a server does."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("203.0.113.7", 50000),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
        **more,
    }
    return functools.partial(marshal.loads, marshal.dumps(scope))  # the fastest deep copy
