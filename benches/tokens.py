"""Tokens made with the standard library only: what every contender must make, and must accept."""

import base64
import hmac
import json
import time

SECRET = "8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6Ue4Pd-"
LIFETIME = 720 * 3_600

NOW = int(time.time())
CLAIMS = {"sub": "alice", "role": "admin", "iat": NOW, "exp": NOW + LIFETIME}


def signed(claims):
    """The HS256 JWT of *claims* (RFC 7515 section 3.1)."""
    header = _segment(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode("ascii"))
    payload = _segment(json.dumps(claims, separators=(",", ":")).encode("ascii"))
    signature = _segment(hmac.digest(SECRET.encode("ascii"), f"{header}.{payload}".encode("ascii"), "sha256"))
    return f"{header}.{payload}.{signature}"


def forged(token):
    """*token* with another signature of the right shape."""
    signing_input, _, signature = token.rpartition(".")
    return f"{signing_input}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def opened(token):
    """Header and claims of *token*, whose signature must be right."""
    header, payload, signature = token.split(".")
    right = _segment(hmac.digest(SECRET.encode("ascii"), f"{header}.{payload}".encode("ascii"), "sha256"))
    if signature != right:
        raise ValueError("the signature is wrong")
    return _decoded(header), _decoded(payload)


def _decoded(segment):
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def _segment(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
