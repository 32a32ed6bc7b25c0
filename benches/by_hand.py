"""Code that people write instead of using a library: short, fast enough, and correct for ordinary input."""

import hmac
import json
import math
import re
import time
from urllib.parse import parse_qs


def header(headers, name):
    for header_name, value in headers:
        if header_name == name:
            return value
    return b""


def cookie(headers, cookie_name):
    for pair in header(headers, b"cookie").decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == cookie_name:
            is_quoted = value.startswith('"') and value.endswith('"')
            return re.sub(r"\\(.)", r"\1", value[1:-1]) if is_quoted else value
    return ""


def credential(scope):
    headers = scope["headers"]
    scheme, _, token = header(headers, b"authorization").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    return cookie(headers, "session") or parse_qs(scope["query_string"].decode("latin-1")).get("token", [None])[0]


class DictBuckets:
    """Token buckets in a dict, without a lock. A key is never removed."""

    def __init__(self, capacity, seconds):
        self._capacity = capacity
        self._per_second = capacity / seconds
        self._buckets = {}

    def take(self, key):
        """Take a token; return 0, or the seconds to wait for one."""
        now = time.monotonic()
        tokens, updated = self._buckets.get(key, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - updated) * self._per_second)
        if tokens < 1:
            return math.ceil((1 - tokens) / self._per_second)
        self._buckets[key] = (tokens - 1, now)
        return 0


class CSRFMiddleware:
    """The double-submit cookie, in plain ASGI."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            headers = scope["headers"]
            expected = cookie(headers, "csrf_token").encode("latin-1")
            submitted = header(headers, b"x-csrf-token")
            if not expected or not submitted:
                await _send_403(send, "Missing CSRF token")
                return
            if not hmac.compare_digest(expected, submitted):
                await _send_403(send, "CSRF token mismatch")
                return
        await self.app(scope, receive, send)


async def _send_403(send, detail):
    body = json.dumps({"detail": detail}).encode("utf-8")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode("ascii"))]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
