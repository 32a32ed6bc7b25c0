"""Tokens made by hand, with the standard library only: any bytes may stand in header and payload."""

import base64
import hashlib
import hmac
import json

HEADER = b'{"alg":"HS256","typ":"JWT"}'
SECRET = "a secret of the tests, 32 bytes or more"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sign_segments(header, payload, secret=SECRET):
    """Sign two segments as they are."""
    signing_input = f"{header}.{payload}".encode("utf-8", "surrogatepass")
    key = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    return f"{header}.{payload}.{base64url(hmac.new(key, signing_input, hashlib.sha256).digest())}"


def sign_bytes(payload, *, header=HEADER, secret=SECRET):
    """Sign a header and a payload given as bytes."""
    return sign_segments(base64url(header), base64url(payload), secret)


def sign_claims(claims, *, header=None, secret=SECRET):
    """Sign a header and claims given as dicts."""
    header_bytes = HEADER if header is None else json.dumps(header).encode("utf-8")
    return sign_bytes(json.dumps(claims).encode("utf-8"), header=header_bytes, secret=secret)


def payload_of(token):
    """The payload's bytes, the signature unchecked."""
    segment = token.split(".")[1]
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def header_of(token):
    """The header's bytes, the signature unchecked."""
    segment = token.split(".")[0]
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
