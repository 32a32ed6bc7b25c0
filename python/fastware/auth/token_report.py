"""Says why a token is rejected. Both engines share this Python code, which is not on a hot path and needs no PyJWT."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fastware._engine.arguments import Expected, as_expected, as_secrets, as_text
from fastware._engine.contract import MAX_TOKEN_LENGTH, Duration, Secrets
from fastware._engine.pure import base64url, jose_header
from fastware._engine.pure import claims as claim_rules
from fastware._engine.pure.secrets import keys_of
from fastware._engine.pure.tokens import SIGNATURE_LENGTH
from fastware._engine.token_json import read_claims, read_jose_header
from fastware.errors import HTTPError

if TYPE_CHECKING:
    from fastware.auth.revocations import Revocations

_MAX_SHOWN_SECONDS: Final = 10**12

_HEADER_PROBLEMS: Final = {
    "JSON": ("malformed", "The header is not a JSON object within the limits."),
    "alg": ("wrong algorithm", "The algorithm of the token is not HS256."),
    "kid": ("malformed", "The header is invalid: kid is not a string."),
    "b64": ("malformed", "The header is invalid: b64 is false."),
    "crit": ("malformed", "The header is invalid: crit names an extension that is not supported."),
}


@dataclass(frozen=True, slots=True)
class TokenReport:
    """Whether a token is valid, and if not, why. Its truth value is ``valid``.

    Attributes:
        valid: whether ``verify_token`` accepts the token.
        reason: ``None`` for a valid token; otherwise the first that applies of ``"unusable secret"``, ``"too long"``,
            ``"malformed"``, ``"wrong algorithm"``, ``"bad signature"``, ``"invalid claims"``, ``"not yet valid"``,
            ``"issued in the future"``, ``"expired"``, ``"wrong audience"``, ``"wrong issuer"``, ``"revoked"`` and
            ``"revocations unavailable"``.
        message: a sentence for logs, without the token, the secret and the claims, except for times.
        claims: the claims of a valid token, otherwise ``None``.
        signed_claims: the claims if the signature is valid and the payload is a JSON object, otherwise ``None``.

    """

    valid: bool
    reason: str | None
    message: str
    claims: dict[str, Any] | None = field(repr=False, hash=False)
    signed_claims: dict[str, Any] | None = field(repr=False, hash=False)

    def __bool__(self) -> bool:
        """Return whether the token is valid."""
        return self.valid


def inspect_token(
    token: str,
    secret: Secrets,
    *,
    leeway: Duration = 0.0,
    audience: str | Collection[str] | None = None,
    issuer: str | None = None,
) -> TokenReport:
    """Return a :class:`TokenReport`, which says why ``verify_token`` accepts or rejects *token*.

    The report is for logs and the command line. Do not show it to the client. The arguments, and the exceptions for
    invalid options, are those of ``verify_token``. Only the header is decoded before the signature is verified.
    """
    try:
        expected = as_expected(leeway, audience, issuer)
    except Exception:
        token = secret = ""  # error reporters show the local variables of a traceback's frames
        raise
    keys = _usable_keys(secret)
    if not keys:
        return _rejected("unusable secret", "The secret is empty, of another type, or a PEM, SSH, DER or JWK key.")
    problem = _problem_before_the_payload(token, keys)
    if problem is not None:
        return _rejected(*problem)
    now = float(time.time())
    claims = _object_in(str.encode(token, "ascii").split(b".")[1], read_claims)
    if claims is None:
        return _rejected("invalid claims", "The payload is not a JSON object within the limits.")
    found = claim_rules.problem(claims, now, expected)
    if found is None:
        return TokenReport(True, None, "The token is valid.", claims, claims)
    reason, name = found
    return _rejected(reason, _message(reason, name, claims, now, expected), claims)


def checked_for_revocation(report: TokenReport, revocations: Revocations) -> TokenReport:
    """Return *report*, or the report of a token that *revocations* reject."""
    if report.claims is None:
        return report
    try:
        is_revoked = revocations.is_revoked(report.claims)
    except HTTPError:
        return _rejected("revocations unavailable", "The revocations cannot be read.", report.claims)
    return _rejected("revoked", "The token was revoked.", report.claims) if is_revoked else report


def _rejected(reason: str, message: str, signed_claims: dict[str, Any] | None = None) -> TokenReport:
    return TokenReport(False, reason, message, None, signed_claims)


def _usable_keys(secret: object) -> list[bytes]:
    try:
        return [key for key in keys_of(as_secrets(secret)) if key is not None]
    except Exception:  # noqa: BLE001 - a sequence of another class may raise anything
        return []


def _problem_before_the_payload(token: object, keys: list[bytes]) -> tuple[str, str] | None:
    """Return the reason and the message if the token is rejected without its payload."""
    text = as_text(token)
    if text is None:
        return "malformed", f"The token must be str, not {type(token).__name__}."
    if len(text) > MAX_TOKEN_LENGTH:
        return "too long", f"The token is longer than {MAX_TOKEN_LENGTH} characters."
    octets = text.encode("utf-8", "surrogatepass")
    segments = octets.split(b".")
    if len(segments) != 3:
        return "malformed", f"The token must have 3 segments, separated by dots, not {len(segments)}."
    for name, segment in zip(("header", "payload", "signature"), segments, strict=True):
        if not base64url.is_canonical(segment):
            return "malformed", f"The {name} is empty or not canonical base64url."
    header = _object_in(segments[0], read_jose_header)
    parameter = "JSON" if header is None else jose_header.problem(header)
    if parameter is not None:
        return _HEADER_PROBLEMS[parameter]
    if not _is_signed(octets.rpartition(b".")[0], base64url.decode(segments[2]), keys):
        return "bad signature", "The signature is wrong: the token was changed, or signed with another secret."
    return None


def _is_signed(signing_input: bytes, signature: bytes, keys: list[bytes]) -> bool:
    return len(signature) == SIGNATURE_LENGTH and any(
        hmac.compare_digest(hmac.digest(key, signing_input, "sha256"), signature) for key in keys
    )


def _object_in(segment: bytes, read: Callable[[bytes], dict[str, Any]]) -> dict[str, Any] | None:
    try:
        return read(base64url.decode(segment))
    except (ValueError, RecursionError):
        return None


def _message(reason: str, name: str, claims: dict[str, Any], now: float, expected: Expected) -> str:
    if reason == "invalid claims":
        return f"The claim {name} must be a {'string' if name in ('sub', 'jti') else 'number'}."
    if reason == "wrong audience":
        if expected[1] is None:
            return "The token is for an audience, and no audience is expected."
        return "The token is for another audience." if claims.get("aud") else "The token is for no audience."
    if reason == "wrong issuer":
        return "The token has another issuer." if "iss" in claims else "The token has no issuer."
    if not claim_rules.is_valid_clock(now, expected[0]):
        return "The clock, with the leeway, is outside of 64 bits."
    seconds = abs(int(claims[name]) - math.floor(now))
    time_span = f"{seconds} second{'' if seconds == 1 else 's'}"
    if seconds > _MAX_SHOWN_SECONDS:
        time_span = f"more than {_MAX_SHOWN_SECONDS} seconds"
    if reason == "expired":
        return f"The token expired {time_span} ago."
    if reason == "not yet valid":
        return f"The token is not valid yet; it will be in {time_span}."
    return f"The token was issued {time_span} in the future; one of the clocks is wrong."
