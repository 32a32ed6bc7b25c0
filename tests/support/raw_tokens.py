"""Signed tokens with any bytes as header and payload, made with the standard library only."""

import base64
import hashlib
import hmac
import json

HEADER = b'{"alg":"HS256","typ":"JWT"}'
SECRET = "a secret of the tests, 32 bytes or more"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sign_segments(header, payload, secret=SECRET):
    """Return a token of two segments that are not changed, and their signature."""
    signing_input = f"{header}.{payload}".encode("utf-8", "surrogatepass")
    key = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    return f"{header}.{payload}.{base64url(hmac.new(key, signing_input, hashlib.sha256).digest())}"


def sign_bytes(payload, *, header=HEADER, secret=SECRET):
    """Return a signed token of a header and a payload in bytes."""
    return sign_segments(base64url(header), base64url(payload), secret)


def sign_claims(claims, *, header=None, secret=SECRET):
    """Return a signed token of a header and claims in dicts."""
    header_bytes = HEADER if header is None else json.dumps(header).encode("utf-8")
    return sign_bytes(json.dumps(claims).encode("utf-8"), header=header_bytes, secret=secret)


def payload_of(token):
    """Return the bytes of the payload, without a check of the signature."""
    segment = token.split(".")[1]
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def header_of(token):
    """Return the bytes of the header, without a check of the signature."""
    segment = token.split(".")[0]
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


PAYLOAD = b'{"sub":"alice"}'
CLAIMS = {"sub": "alice"}
TOKEN = sign_bytes(PAYLOAD)
HEAD, BODY, SIGNATURE = TOKEN.split(".")
