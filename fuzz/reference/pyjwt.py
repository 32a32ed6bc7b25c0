"""What PyJWT makes of a token, and where the engine contract is stricter."""

import json
import math
import re
import warnings
from typing import Any

import jwt

from fuzz.reference import secrets

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+\Z")
_SPARE_BITS = {0: 0, 2: 4, 3: 2}
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def claims(token: str, secret: str | bytes, leeway: float = 0.0) -> dict[str, Any] | None:
    """The claims, or ``None`` where PyJWT refuses, in whichever way."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return jwt.decode(token, secret, algorithms=["HS256"], leeway=leeway)
    except Exception:  # noqa: BLE001 - not only its own errors: an exp of Infinity, a lone surrogate
        return None


def stricter_rule(token: str, secret: str | bytes) -> str | None:
    """The rule of the engine contract by which a token is refused that PyJWT accepts."""
    if len(token) > 65_536:
        return "longer than 65,536 characters"
    segments = token.split(".")
    if len(segments) != 3 or not all(map(_is_canonical, segments)):
        return "three segments of canonical base64url"
    if not secrets.is_fit(secret):
        return "an unfit secret"
    texts = [jwt.utils.base64url_decode(segment) for segment in segments[:2]]
    if not all(map(_is_strict_json, texts)):
        return "strict JSON"
    read = json.loads(texts[1])
    if any(type(read[name]) not in (int, float) for name in ("exp", "nbf", "iat") if name in read):
        return "dates are numbers"
    header = json.loads(texts[0])
    if "crit" in header and "b64" not in header:
        return "what is critical is present"
    return None


def _is_canonical(segment: str) -> bool:
    spare = _SPARE_BITS.get(len(segment) % 4)
    return bool(_SEGMENT.match(segment)) and spare is not None and _ALPHABET.index(segment[-1]) % 2**spare == 0


def _is_strict_json(text: bytes) -> bool:
    """UTF-8, no lone surrogate, no NaN or Infinity, in the bounds; members that are overridden count too."""
    try:
        read = json.loads(
            text.decode("utf-8"),
            parse_float=_finite,
            parse_int=_short,
            parse_constant=_refused,
            object_pairs_hook=_Members,
        )
    except (ValueError, RecursionError):
        return False
    return _is_in_bounds(read, 0)


class _Members(list[tuple[str, Any]]):
    """The members of an object, equal names included."""


def _finite(literal: str) -> float:
    return float(literal) if math.isfinite(float(literal)) else _refused(literal)


def _short(literal: str) -> int:
    return int(literal) if len(literal) <= 4_300 else _refused(literal)


def _refused(literal: str) -> Any:
    raise ValueError(literal)


def _is_in_bounds(value: Any, depth: int) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if not isinstance(value, list):
        return True
    parts = [part for member in value for part in member] if isinstance(value, _Members) else value
    return depth < 64 and all(_is_in_bounds(part, depth + 1) for part in parts)
